/**
 * The CIB service (spec/ipc/ipc.md section 3.2): queries, changes, notifications. A synchronous call gets its reply as the
 * response; an asynchronous one as an event with its call id.
 */
import { fromLegacy } from "../base/result-code.ts";
import { type CibDoc, cibDoc } from "../cib/document.ts";
import { CallOption, CIB_NOTE, type CibOperation } from "../cib/request.ts";
import { attr, child, element, type XmlElement } from "../xml/node.ts";
import {
  ackStatus,
  type ClientHost,
  checkLegacy,
  connectManager,
  dataOf,
  EVENT_TIMEOUT_MS,
  ManagerError,
  type PacemakerConnection,
} from "./pacemaker.ts";
import { IpcError } from "./transport.ts";

export interface CibCall {
  readonly op: CibOperation;
  /** Name of a section, or an XPath with CallOption.xpath. Undefined: everything. */
  readonly section?: string;
  readonly data?: XmlElement;
  /** CallOption bits; `sync` is set unless `async` is true. */
  readonly options?: number;
  readonly async?: boolean;
  /** Only this node shall carry it out. */
  readonly host?: string;
  /** Act as this user; honoured for root and the manager's own user. */
  readonly user?: string;
  readonly timeoutMs?: number;
}

export interface CibReply {
  /** Result code as in lib/base/result-code.ts; 0 is success. */
  readonly rc: number;
  readonly data: XmlElement | undefined;
}

/** One change as subscribers see it. */
export interface CibChange {
  readonly op: string;
  readonly rc: number;
  /** `<diff format="2">`; undefined when nothing changed. */
  readonly diff: XmlElement | undefined;
}

export type CibNotification =
  | "cib_diff_notify"
  | "cib_refresh_notify"
  | "cib_pre_notify"
  | "cib_post_notify"
  | "cib_update_confirmation";

/** Which of the three doors: changes allowed, queries only, or the daemons' own. */
export type CibService = "cib_rw" | "cib_ro" | "cib_shm";

const CIB_MESSAGE_BYTES = 512 * 1024;
/** The wide connection's own call has another client id and call id; both are short. */
const WIDE_SLACK_BYTES = 1024;

export class CibClient {
  readonly connection: PacemakerConnection;
  /** Called for each change once `subscribe` is done. */
  onChange: ((change: CibChange) => void) | undefined;
  /** Called when a whole section was replaced. */
  onReplace: (() => void) | undefined;
  readonly #service: CibService;
  /** The id that the manager gave us; asked for by the first call that needs it. */
  #clientId: Promise<string> | undefined;
  readonly #notes = new Set<string>();
  #callId = 1;

  constructor(connection: PacemakerConnection, service: CibService) {
    this.connection = connection;
    this.#service = service;
    connection.onEvent = (event) => this.#onNotification(event);
  }

  /** Carries out one operation and returns what came of it; only a lost manager throws (IpcError). */
  async call(call: CibCall): Promise<CibReply> {
    const callId = String(++this.#callId);
    const sync = call.async !== true;
    const options = (call.options ?? 0) | (sync ? CallOption.sync : 0);
    // The answer to a query is the response to it: who asks only once spares a round trip.
    const clientId = sync && call.op === "cib_query" ? undefined : await this.#register();
    const request = element(
      "cib_command",
      {
        t: "cib",
        cib_async_id: clientId,
        // A manager of Pacemaker's takes the name from the first request, whichever that is.
        cib_clientname: this.connection.host.program,
        cib_op: call.op,
        cib_host: call.host,
        cib_section: call.section,
        cib_callid: callId,
        cib_user: call.user,
        cib_callopt: String(options),
      },
      call.data === undefined ? [] : [element("cib_calldata", {}, [call.data])],
    );
    const timeoutMs = call.timeoutMs ?? EVENT_TIMEOUT_MS;
    const size = call.data === undefined ? 0 : this.connection.sizeOf(request);
    if (size > this.connection.maxMessageBytes) return this.#callWide(call, size);
    if (sync) return this.#read(await this.connection.request(request, timeoutMs), callId);
    if ((options & CallOption.discardReply) !== 0) {
      await this.connection.post(request);
      return { rc: 0, data: undefined };
    }
    const reply = this.connection.waitFor(
      (event) => event.name === "cib-reply" && attr(event, "cib_callid") === callId,
      timeoutMs,
    );
    await this.connection.post(request);
    return this.#read(await reply, callId);
  }

  /** The reply as data; what the manager wants people to know goes to stderr, once (HOUSE rule 5). */
  #read(answer: XmlElement, callId: string): CibReply {
    const note = attr(answer, CIB_NOTE);
    if (note !== undefined && !this.#notes.has(note)) {
      this.#notes.add(note);
      this.connection.host.warn?.(`${this.connection.host.program}: ${note}\n`);
    }
    return readReply(answer, callId);
  }

  /** Carries out one call on a connection of its own that holds a request of this size. */
  async #callWide(call: CibCall, size: number): Promise<CibReply> {
    const wide = await connectCib(this.connection.host, this.#service, size + WIDE_SLACK_BYTES);
    if (size > wide.connection.maxMessageBytes) {
      wide.close();
      throw new IpcError("protocol", `the CIB manager takes no request of ${size} bytes`);
    }
    try {
      return await wide.call(call);
    } finally {
      wide.close();
    }
  }

  /** `call` that throws ManagerError when the result is not 0. */
  async run(call: CibCall): Promise<XmlElement | undefined> {
    const reply = await this.call(call);
    if (reply.rc !== 0) throw new ManagerError(reply.rc);
    return reply.data;
  }

  /** The whole CIB as this node has it. */
  async document(): Promise<CibDoc> {
    const root = await this.run({ op: "cib_query", options: CallOption.scopeLocal });
    if (root === undefined || root.name !== "cib") {
      throw new IpcError("protocol", "the CIB manager answered a query without a CIB");
    }
    return cibDoc(root);
  }

  /** What an XPath finds; undefined when nothing. Several matches come inside `<xpath-query>`. */
  async find(xpath: string, options = 0): Promise<XmlElement | undefined> {
    const bits = CallOption.xpath | CallOption.scopeLocal | options;
    const reply = await this.call({ op: "cib_query", section: xpath, options: bits });
    if (reply.rc === ENXIO) return undefined;
    if (reply.rc !== 0) throw new ManagerError(reply.rc);
    return reply.data;
  }

  /** Asks for events: differences by default. */
  async subscribe(type: CibNotification = "cib_diff_notify", activate = true): Promise<void> {
    await this.#register();
    const answer = await this.connection.request(
      element("cib-callback", {
        cib_op: "cib_notify",
        cib_notify_type: type,
        cib_notify_activate: activate ? "1" : "0",
      }),
    );
    checkLegacy(ackStatus(answer) ?? 0, `subscribe to ${type}`);
  }

  close(): void {
    this.connection.close();
  }

  /** Says our name, under which changes are recorded. */
  #register(): Promise<string> {
    this.#clientId ??= this.#askForId();
    return this.#clientId;
  }

  async #askForId(): Promise<string> {
    const answer = await this.connection.request(
      element("cib_command", {
        t: "cib",
        cib_op: "register",
        cib_clientname: this.connection.host.program,
        cib_callopt: String(CallOption.sync),
      }),
    );
    const id = attr(answer, "cib_clientid");
    if (id === undefined) throw new IpcError("protocol", "the CIB manager gave no client id");
    return id;
  }

  #onNotification(event: XmlElement): void {
    if (attr(event, "t") !== "cib_notify") return;
    if (attr(event, "subt") === "cib_refresh_notify") this.onReplace?.();
    if (attr(event, "subt") !== "cib_diff_notify") return;
    const result = child(event, "cib_update_result");
    this.onChange?.({
      op: attr(event, "cib_op") ?? "",
      rc: fromLegacy(Number(attr(event, "cib_rc") ?? 0)),
      diff: result === undefined ? undefined : child(result, "diff"),
    });
  }
}

const ENXIO = 6;

function readReply(answer: XmlElement, callId: string): CibReply {
  const answered = attr(answer, "cib_callid");
  if (answered !== undefined && answered !== callId) {
    throw new IpcError("protocol", `CIB call ${callId} was answered with ${answered}`);
  }
  const status = ackStatus(answer);
  if (status !== undefined) throw new IpcError("protocol", `the CIB manager refuses: ${status}`);
  const rc = fromLegacy(Number(attr(answer, "cib_rc") ?? 0));
  return { rc, data: dataOf(answer, "cib_calldata") };
}

/** Connects. Rejects with IpcError. */
export async function connectCib(
  host: ClientHost,
  service: CibService = "cib_rw",
  maxMessageBytes = CIB_MESSAGE_BYTES,
): Promise<CibClient> {
  return new CibClient(await connectManager(host, service, maxMessageBytes), service);
}
