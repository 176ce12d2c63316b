/**
 * What the clients of the manager's services share (spec/ipc/ipc.md section 3.1): framed XML, one response per request that
 * wants one, everything else as events, and waiting for an event.
 */
import { CrmError, isRejection } from "../base/error.ts";
import { exitOfResult, fromLegacy, resultText } from "../base/result-code.ts";
import {
  decodePacemakerFrame,
  encodePacemakerFrame,
  PacemakerFlag,
} from "../wire/ipc/pacemaker.ts";
import { attr, child, element, type XmlElement } from "../xml/node.ts";
import { parseXml } from "../xml/parse.ts";
import { writeXml } from "../xml/write.ts";
import { type IpcConnection, IpcError, type IpcTransport } from "./transport.ts";

/** What a client needs of its surroundings; every Session is one. */
export interface ClientHost {
  readonly program: string;
  readonly pid: number;
  readonly ipc: IpcTransport;
  sleep(ms: number): Promise<void>;
  /** Takes a line for stderr that the manager wants people to read. */
  warn?(text: string): void;
}

/** The manager answered with an error of its own: its result code, text and exit code (spec D0.2, D0.3). */
export class ManagerError extends CrmError {
  /** Result code as in lib/base/result-code.ts. */
  readonly rc: number;
  constructor(rc: number, what?: string) {
    const text = resultText(rc);
    super(what === undefined ? text : `${what}: ${text}`, exitOfResult(rc));
    this.rc = rc;
  }
}

/** Throws ManagerError for a number from the wire that is not 0. */
export function checkLegacy(legacy: number, what?: string): void {
  const rc = fromLegacy(legacy);
  if (rc !== 0) throw new ManagerError(rc, what);
}

/** Ids are the process's, not the connection's. */
let lastRequestId = 0;
/** References are the process's too. */
let lastReference = 0;

const CLIENT_MESSAGE_BYTES = 128 * 1024;
export const EVENT_TIMEOUT_MS = 30_000;

interface Waiter {
  readonly matches: (event: XmlElement) => boolean;
  readonly resolve: (event: XmlElement | IpcError) => void;
}

/** One connection to a service of the manager. */
export class PacemakerConnection {
  readonly host: ClientHost;
  readonly service: string;
  /** Every event that nobody waited for, in order. */
  onEvent: ((event: XmlElement) => void) | undefined;
  /** Called once when the manager is gone. */
  onClose: (() => void) | undefined;
  readonly #connection: IpcConnection;
  readonly #waiters = new Set<Waiter>();
  #open = true;

  constructor(host: ClientHost, service: string, connection: IpcConnection) {
    this.host = host;
    this.service = service;
    this.#connection = connection;
    connection.onEvent = (message) => this.#onMessage(message);
    connection.onClose = () => {
      this.#open = false;
      const error = new IpcError("closed", `IPC service ${service} went away`);
      for (const waiter of [...this.#waiters]) waiter.resolve(error);
      this.onClose?.();
    };
  }

  /** Who serves; the tools accept only root and the manager's own user. */
  get server(): IpcConnection["server"] {
    return this.#connection.server;
  }

  /** Largest message this connection holds. */
  get maxMessageBytes(): number {
    return this.#connection.maxMessageBytes;
  }

  /** Bytes a request takes on the wire. */
  sizeOf(request: XmlElement): number {
    return encodePacemakerFrame({ id: 0, flags: 0, text: oneLine(request) }).length;
  }

  /** Sends without wanting a response. */
  async post(request: XmlElement): Promise<void> {
    await this.#connection.send(this.#frame(request, 0).bytes);
  }

  /** Sends and takes the response. */
  async request(request: XmlElement, timeoutMs = EVENT_TIMEOUT_MS): Promise<XmlElement> {
    const { bytes, id } = this.#frame(request, PacemakerFlag.response);
    let message = await this.#connection.request(bytes, timeoutMs);
    for (;;) {
      const frame = decodePacemakerFrame(message);
      if (isRejection(frame)) throw new IpcError("protocol", frame.text);
      if (frame.id === id) return parseXml(frame.text, `answer of ${this.service}`);
      // A lower id is a second answer to an earlier request (Pacemaker 2.1.5 sends one after cib_upgrade).
      if (frame.id > id || this.#connection.receive === undefined) {
        throw new IpcError("protocol", `${this.service} answered ${frame.id} instead of ${id}`);
      }
      message = await this.#connection.receive(timeoutMs);
    }
  }

  /**
   * Waits for the event that `matches`. Call it before the request is sent, await it afterwards.
   * Rejects with IpcError "timeout" or "closed".
   */
  waitFor(
    matches: (event: XmlElement) => boolean,
    timeoutMs = EVENT_TIMEOUT_MS,
  ): Promise<XmlElement> {
    const found = new Promise<XmlElement>((resolve, reject) => {
      const waiter: Waiter = {
        matches,
        resolve: (event) => {
          this.#waiters.delete(waiter);
          if (event instanceof IpcError) reject(event);
          else resolve(event);
        },
      };
      if (!this.#open) {
        reject(new IpcError("closed", `IPC service ${this.service} went away`));
        return;
      }
      this.#waiters.add(waiter);
      const late = new IpcError("timeout", `IPC service ${this.service} does not answer`);
      this.host.sleep(timeoutMs).then(() => waiter.resolve(late));
    });
    // The caller awaits it after sending; should the sending fail, nobody else would take the rejection.
    found.catch(() => {});
    return found;
  }

  close(): void {
    this.#open = false;
    this.#connection.close();
  }

  #frame(request: XmlElement, flags: number): { bytes: Uint8Array; id: number } {
    const id = ++lastRequestId;
    return {
      bytes: encodePacemakerFrame({ id, flags, text: oneLine(request) }),
      id,
    };
  }

  #onMessage(message: Uint8Array): void {
    const frame = decodePacemakerFrame(message);
    if (isRejection(frame)) return;
    let event: XmlElement;
    try {
      event = parseXml(frame.text, `event of ${this.service}`);
    } catch {
      // A broken event cannot be answered; the daemon's own log tells of it.
      return;
    }
    for (const waiter of this.#waiters) {
      if (!waiter.matches(event)) continue;
      waiter.resolve(event);
      return;
    }
    this.onEvent?.(event);
  }
}

function oneLine(request: XmlElement): string {
  return writeXml(request, { indent: false });
}

/** Connects to a service of the manager. Rejects with IpcError. */
export async function connectManager(
  host: ClientHost,
  service: string,
  maxMessageBytes = CLIENT_MESSAGE_BYTES,
): Promise<PacemakerConnection> {
  const connection = await host.ipc.connect(service, { maxMessageBytes });
  return new PacemakerConnection(host, service, connection);
}

/** Status of an `<ack>` or `<nack>`; undefined for anything else. */
export function ackStatus(answer: XmlElement): number | undefined {
  if (answer.name !== "ack" && answer.name !== "nack") return undefined;
  const status = Number(attr(answer, "status"));
  return Number.isInteger(status) ? status : undefined;
}

/** Everything but the data of a message of the crmd family (spec 3.3). */
export interface EnvelopeFields {
  readonly task: string;
  readonly to?: string;
  readonly from: string;
  readonly host?: string;
  readonly attrs?: Readonly<Record<string, string>>;
  readonly data?: XmlElement;
}

/** A request to the controller, fencer or launcher in their common envelope. Returns it with its reference. */
export function envelope(
  host: ClientHost,
  fields: EnvelopeFields,
): { readonly xml: XmlElement; readonly reference: string } {
  const reference = `${fields.task}-${host.program}-${host.pid}-${lastReference++}`;
  const xml = element(
    "create_request_adv",
    {
      origin: host.program,
      t: "crmd",
      version: FEATURE_SET,
      subt: "request",
      reference,
      crm_task: fields.task,
      crm_sys_to: fields.to,
      crm_sys_from: fields.from,
      crm_host_to: fields.host,
      ...fields.attrs,
    },
    fields.data === undefined ? [] : [element("crm_xml", {}, [fields.data])],
  );
  return { xml, reference };
}

/** The feature set that we speak (HOUSE: versions). */
export const FEATURE_SET = "3.16.1";

/** The data inside `<crm_xml>`, `<cib_calldata>` or `<st_calldata>`; undefined when there is none. */
export function dataOf(message: XmlElement, wrapper: string): XmlElement | undefined {
  return child(message, wrapper)?.children[0];
}
