/**
 * What members of our CPG group say to each other: one JSON header line, then a body (XML text, or nothing).
 * Everything here was sent by another process: decode checks every field and answers a Rejection, never throws.
 * HOUSE "Safety rules of the manager"; spec/runtime.md 10.3.
 */
import { isRejection, type Rejection, reject } from "../base/error.ts";
import type { Votes } from "./api.ts";

/** Text that names one membership: ring id and processes (membership.ts makes it). */
export type Label = string;
/** Ring node id and the round at which it joined the history. */
export type Joined = readonly (readonly [nodeId: number, seq: number])[];

/** Rule 2: what a member has. Body: its own `transient_attributes`, or nothing. */
export interface Statement {
  readonly kind: "statement";
  readonly label: Label;
  readonly uname: string;
  /** Just started: has run nothing, knows no status. */
  readonly fresh: boolean;
  /** Comes straight from a quorate membership, so it has every acknowledged change. */
  readonly established: boolean;
  /** Its CIB is more than the empty one it was born with. */
  readonly hasHistory: boolean;
  readonly quorateSeq: number;
  readonly quoratePosition: number;
  readonly promised: number;
  readonly adminEpoch: number;
  readonly epoch: number;
  readonly numUpdates: number;
  readonly digest: string;
  readonly joined: Joined;
  readonly body: string;
}

/** Rule 2: the donor's state. Body: the whole CIB. */
export interface State {
  readonly kind: "state";
  readonly label: Label;
  readonly quorateSeq: number;
  readonly quoratePosition: number;
  readonly joined: Joined;
  readonly names: readonly (readonly [nodeId: number, uname: string])[];
  readonly body: string;
}

/** Rule 3: a member's own history. Body: its `lrm` element. */
export interface Publish {
  readonly kind: "publish";
  readonly label: Label;
  /** Keys of operations that run at this moment. */
  readonly inFlight: readonly string[];
  /** How loaded its machine is (controller/throttle.ts), and its processors. */
  readonly load: number;
  readonly cores: number;
  readonly body: string;
}

/** A member's load has another level than it last said. */
export interface Load {
  readonly kind: "load";
  readonly label: Label;
  readonly load: number;
  readonly cores: number;
}

/** A CIB operation of a client. Body: the call data, or nothing. */
export interface Request {
  readonly kind: "request";
  readonly id: number;
  readonly op: string;
  readonly section: string;
  readonly callOptions: number;
  readonly user: string;
  readonly client: string;
  /** Epoch seconds at the origin. */
  readonly now: number;
  /** Seconds east of UTC at the origin, for cib-last-written. */
  readonly offset: number;
  readonly body: string;
}

/** Said to oneself: these changes were delivered while the membership stood, as this word comes back in it (durable.ts). */
export interface Seen {
  readonly kind: "seen";
  readonly label: Label;
  readonly upTo: number;
}

/** Rule 4: everything up to this configuration change is on this member's disk. */
export interface Persisted {
  readonly kind: "persisted";
  readonly label: Label;
  readonly upTo: number;
}

/** This member's disk takes nothing; it counts no more until it reports again. */
export interface DiskTrouble {
  readonly kind: "disk-trouble";
  readonly label: Label;
  /** The errno word. */
  readonly reason: string;
}

/** The controller's word on quorum in this membership; sets have-quorum and dc-uuid, and the quorate sequence. */
export interface QuorumMark {
  readonly kind: "quorum-mark";
  readonly label: Label;
  readonly quorate: boolean;
  /** The managers here hold a quorum of votes by themselves: the round's number may go to their disks. */
  readonly backed: boolean;
  /** Votes that must have a change on disk; 0 = every member must. */
  readonly needed: number;
  readonly votes: Votes;
}

/** Rule 6: run an operation. Body: the action element of the graph. */
export interface Order {
  readonly kind: "order";
  readonly label: Label;
  readonly to: number;
  readonly key: string;
  readonly now: number;
  readonly body: string;
}

/** An operation's result. Body: one `lrm_resource` with its entries. */
export interface Result {
  readonly kind: "result";
  readonly key: string;
  readonly resource: string;
  readonly operation: string;
  readonly intervalMs: number;
  readonly rc: number;
  readonly status: number;
  readonly targetRc: number;
  readonly onFail: string;
  readonly now: number;
  readonly body: string;
}

/** An answer without history: refused, cancelled, deleted. */
export interface Ack {
  readonly kind: "ack";
  readonly key: string;
  readonly rc: number;
  readonly status: number;
}

/** A transient attribute. No value: it goes. `pattern`: all existing names that match. */
export interface AttributeUpdate {
  readonly kind: "attribute";
  readonly node: string;
  readonly name: string;
  readonly value?: string;
  readonly pattern: boolean;
}

/** Forget fail counts of a resource (or of all) on a node; `operation` and `intervalMs` narrow it. */
export interface ClearFailure {
  readonly kind: "clear-failure";
  readonly node: string;
  readonly resource: string;
  readonly operation: string;
  readonly intervalMs: number;
  /** Also the entry `RSC_last_failure_0`, as a graph's clear_failcount does. */
  readonly dropEntry: boolean;
}

/** A tool asks a node to forget (`delete`) or fail (`fail`) a resource. Body: the rsc_op of the tool. */
export interface ExecutorRequest {
  readonly kind: "executor-request";
  readonly to: number;
  readonly task: "delete" | "fail" | "forget-all";
  readonly resource: string;
  readonly key: string;
  readonly client: string;
  readonly now: number;
  readonly body: string;
}

/** The owner has forgotten: one resource, an entry of it, or everything (resource ""). */
export interface HistoryDeleted {
  readonly kind: "history-deleted";
  readonly resource: string;
  readonly entry: string;
  readonly key: string;
  /** A tool's clean-up sets last-lrm-refresh; 0 = not. */
  readonly refresh: number;
}

/** do_shutdown: the node may leave. */
export interface LeaveGranted {
  readonly kind: "leave-granted";
  readonly label: Label;
  readonly to: number;
}

/** A clean leave, said by the leaver as its last word. */
export interface Goodbye {
  readonly kind: "goodbye";
}

export type Message =
  | Statement
  | State
  | Publish
  | Load
  | Request
  | Seen
  | Persisted
  | DiskTrouble
  | QuorumMark
  | Order
  | Result
  | Ack
  | AttributeUpdate
  | ClearFailure
  | ExecutorRequest
  | HistoryDeleted
  | LeaveGranted
  | Goodbye;

type FieldType = "text" | "integer" | "truth" | "optional-text" | "pairs" | "names" | "texts";

/** Fields of each kind; `body` travels behind the header. */
const FIELDS: Readonly<Record<Message["kind"], Readonly<Record<string, FieldType>>>> = {
  statement: {
    label: "text",
    uname: "text",
    fresh: "truth",
    established: "truth",
    hasHistory: "truth",
    quorateSeq: "integer",
    quoratePosition: "integer",
    promised: "integer",
    adminEpoch: "integer",
    epoch: "integer",
    numUpdates: "integer",
    digest: "text",
    joined: "pairs",
  },
  state: {
    label: "text",
    quorateSeq: "integer",
    quoratePosition: "integer",
    joined: "pairs",
    names: "names",
  },
  publish: { label: "text", inFlight: "texts", load: "integer", cores: "integer" },
  load: { label: "text", load: "integer", cores: "integer" },
  request: {
    id: "integer",
    op: "text",
    section: "text",
    callOptions: "integer",
    user: "text",
    client: "text",
    now: "integer",
    offset: "integer",
  },
  seen: { label: "text", upTo: "integer" },
  persisted: { label: "text", upTo: "integer" },
  "disk-trouble": { label: "text", reason: "text" },
  "quorum-mark": {
    label: "text",
    quorate: "truth",
    backed: "truth",
    needed: "integer",
    votes: "pairs",
  },
  order: { label: "text", to: "integer", key: "text", now: "integer" },
  result: {
    key: "text",
    resource: "text",
    operation: "text",
    intervalMs: "integer",
    rc: "integer",
    status: "integer",
    targetRc: "integer",
    onFail: "text",
    now: "integer",
  },
  ack: { key: "text", rc: "integer", status: "integer" },
  attribute: { node: "text", name: "text", value: "optional-text", pattern: "truth" },
  "clear-failure": {
    node: "text",
    resource: "text",
    operation: "text",
    intervalMs: "integer",
    dropEntry: "truth",
  },
  "executor-request": {
    to: "integer",
    task: "text",
    resource: "text",
    key: "text",
    client: "text",
    now: "integer",
  },
  "history-deleted": {
    resource: "text",
    entry: "text",
    key: "text",
    refresh: "integer",
  },
  "leave-granted": { label: "text", to: "integer" },
  goodbye: {},
};

const HAS_BODY: ReadonlySet<string> = new Set([
  "statement",
  "state",
  "publish",
  "request",
  "order",
  "result",
  "executor-request",
]);

function isPair(value: unknown, second: "number" | "string"): boolean {
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    Number.isSafeInteger(value[0]) &&
    typeof value[1] === second
  );
}

const CHECKS: Readonly<Record<FieldType, (value: unknown) => boolean>> = {
  text: (v) => typeof v === "string",
  integer: (v) => Number.isSafeInteger(v),
  truth: (v) => typeof v === "boolean",
  "optional-text": (v) => v === undefined || typeof v === "string",
  pairs: (v) => Array.isArray(v) && v.every((p) => isPair(p, "number")),
  names: (v) => Array.isArray(v) && v.every((p) => isPair(p, "string")),
  texts: (v) => Array.isArray(v) && v.every((t) => typeof t === "string"),
};

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false });
const NEWLINE = 10;

/** Header line and body as bytes. */
export function encodeMessage(message: Message): Uint8Array {
  const { body, ...header } = "body" in message ? message : { ...message, body: "" };
  return encoder.encode(`${JSON.stringify(header)}\n${body}`);
}

function parseHeader(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return value as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}

/** A message of our group, or why it is none. */
export function decodeMessage(bytes: Uint8Array): Message | Rejection {
  const end = bytes.indexOf(NEWLINE);
  if (end < 0) return reject("message", "no header line");
  const header = parseHeader(decoder.decode(bytes.subarray(0, end)));
  if (header === undefined) return reject("message", "the header is no JSON object");
  const kind = header["kind"];
  const fields =
    typeof kind === "string" && Object.hasOwn(FIELDS, kind)
      ? FIELDS[kind as Message["kind"]]
      : undefined;
  if (fields === undefined) return reject("message", `unknown kind ${JSON.stringify(kind)}`);
  const message: Record<string, unknown> = { kind };
  for (const [name, type] of Object.entries(fields)) {
    const value = header[name];
    if (!CHECKS[type](value)) return reject("message", `${kind}: ${name} is no ${type}`);
    if (value !== undefined) message[name] = value;
  }
  if (HAS_BODY.has(kind as string)) message["body"] = decoder.decode(bytes.subarray(end + 1));
  return message as unknown as Message;
}

/** Decode or undefined, for callers that only count bad messages. */
export function tryDecode(bytes: Uint8Array): Message | undefined {
  const message = decodeMessage(bytes);
  return isRejection(message) ? undefined : message;
}
