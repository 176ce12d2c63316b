/**
 * Operation histories: parsing, sorting by age, the window of what is active (spec/scheduler-1 section B.5).
 */
import { mergeSort } from "../base/collections.ts";
import { Exit } from "../base/exit.ts";
import { attr, idOf, type XmlElement } from "../xml/node.ts";
import type { NodeState, Operation, ResourceHistory } from "./state.ts";

/** Result codes of agents that the history speaks of. */
export const Rc = {
  ok: Exit.ok,
  error: Exit.error,
  invalidParameter: Exit.invalidParameter,
  unimplemented: Exit.unimplemented,
  insufficientPrivileges: Exit.insufficientPrivileges,
  notInstalled: Exit.notInstalled,
  notConfigured: Exit.notConfigured,
  notRunning: Exit.notRunning,
  promoted: Exit.promoted,
  failedPromoted: Exit.failedPromoted,
  degraded: Exit.degraded,
  degradedPromoted: Exit.degradedPromoted,
  unknown: Exit.none,
} as const;

/** How an operation ended (op-status). */
export const OpStatus = {
  pending: -1,
  done: 0,
  cancelled: 1,
  timeout: 2,
  notSupported: 3,
  error: 4,
  errorHard: 5,
  errorFatal: 6,
  notInstalled: 7,
  notConnected: 8,
  invalid: 9,
  noFenceDevice: 10,
  noSecrets: 11,
} as const;

/** Integer of an attribute, or the fallback when it is missing or none. */
function integer(node: XmlElement, name: string, fallback: number): number {
  const value = Number.parseInt(attr(node, name) ?? "", 10);
  return Number.isNaN(value) ? fallback : value;
}

interface TransitionKey {
  readonly transition: number;
  readonly uuid: string;
}

/** Parts of ACTION:TRANSITION:TARGET_RC:UUID. */
function parseTransitionKey(text: string | undefined): TransitionKey | undefined {
  const match = /^(-?\d+):(-?\d+):(-?\d+):(.+)$/.exec(text ?? "");
  if (match === null) return undefined;
  return { transition: Number(match[2]), uuid: match[4]! };
}

/** The key inside STATUS:RC;KEY. */
function parseMagic(text: string | undefined): TransitionKey | undefined {
  const match = /^-?\d+:-?\d+;(.*)$/.exec(text ?? "");
  return match === null ? undefined : parseTransitionKey(match[1]);
}

/** The expected result alone: every entry is asked for it. */
const TARGET_RC = /^-?\d+:-?\d+:(-?\d+):./;

function expectedRcOf(xml: XmlElement): number {
  const match = TARGET_RC.exec(attr(xml, "transition-key") ?? "");
  return match === null ? -1 : Number(match[1]);
}

export function parseOperation(xml: XmlElement): Operation {
  const rcChange = integer(xml, "last-rc-change", -1);
  return {
    xml,
    id: idOf(xml),
    key: attr(xml, "operation_key") ?? "",
    task: attr(xml, "operation") ?? "",
    intervalMs: Math.max(0, integer(xml, "interval", 0)),
    callId: integer(xml, "call-id", -1),
    rc: integer(xml, "rc-code", Number.NaN),
    status: integer(xml, "op-status", Number.NaN),
    lastRcChange: rcChange < 0 ? undefined : rcChange,
    expectedRc: expectedRcOf(xml),
  };
}

/** One side has no call id yet: transitions decide which is newer. */
function comparePending(a: Operation, b: Operation): number {
  const left = parseMagic(attr(a.xml, "transition-magic"));
  const right = parseMagic(attr(b.xml, "transition-magic"));
  if (left === undefined || right === undefined) return 0;
  const sameRun = left.uuid.toLowerCase() === right.uuid.toLowerCase();
  if (!sameRun || left.transition === right.transition) {
    return a.callId === -1 ? 1 : -1;
  }
  if (left.transition === -1) return 1;
  if (right.transition === -1) return -1;
  return left.transition < right.transition ? -1 : 1;
}

/** Negative when a is older. */
export function compareAge(a: Operation, b: Operation): number {
  const sameNode = attr(a.xml, "on_node") === attr(b.xml, "on_node");
  if (sameNode && a.id === b.id) return 0;
  if (a.callId === -1 && b.callId === -1) return 0;
  if (sameNode && a.callId >= 0 && b.callId >= 0 && a.callId !== b.callId) {
    return a.callId < b.callId ? -1 : 1;
  }
  if (a.callId >= 0 && b.callId >= 0) {
    if (a.lastRcChange === undefined || b.lastRcChange === undefined) return 0;
    return a.lastRcChange - b.lastRcChange;
  }
  return comparePending(a, b);
}

const IS_START = new Set(["start", "migrate_from"]);

/** Where what runs now began: the last start, or what stands for one; and the last successful stop. */
function activeWindow(operations: readonly Operation[]): { start: number; stop: number } {
  let start = -1;
  let stop = -1;
  let impliedMonitor = -1;
  let impliedRole = -1;
  for (let i = 0; i < operations.length; i++) {
    const op = operations[i]!;
    if (op.task === "stop" && op.status === OpStatus.done) stop = i;
    else if (IS_START.has(op.task)) start = i;
    else if (op.task === "monitor" && impliedMonitor <= stop) {
      if (op.rc === Rc.ok || op.rc === Rc.promoted) impliedMonitor = i;
    } else if (op.task === "promote" || op.task === "demote") impliedRole = i;
  }
  if (start === -1) start = impliedRole !== -1 ? impliedRole : impliedMonitor;
  return { start, stop };
}

/** Reads one `lrm_resource`; entries start in reverse document order, so that ties leave the last first. */
export function parseHistory(node: NodeState, xml: XmlElement): ResourceHistory {
  const entries: Operation[] = [];
  for (let i = xml.children.length - 1; i >= 0; i--) {
    const entry = xml.children[i]!;
    if (entry.name === "lrm_rsc_op") entries.push(parseOperation(entry));
  }
  const operations = entries.length < 2 ? entries : mergeSort(entries, compareAge);
  const { start, stop } = activeWindow(operations);
  return { node, id: idOf(xml), xml, operations, startIndex: start, stopIndex: stop };
}
