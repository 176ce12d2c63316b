/** Closed process groups of the ring (spec/ipc/ipc.md section 2.2). */
import { messageId } from "../wire/ipc/header.ts";
import {
  type CpgEvent,
  type CpgMember,
  type CpgRequest,
  cpgResponseIdOf,
  decodeCpgEvent,
  decodeCpgIterated,
  decodeCpgIterator,
  decodeCpgLocal,
  decodeCpgMembership,
  encodeCpgRequest,
} from "../wire/ipc/services-cpg.ts";
import { exchange, exchangeOk, withRetries } from "./corosync.ts";
import type { IpcConnection, IpcTransport } from "./transport.ts";

/** A group's process somewhere in the ring. */
export interface CpgProcess {
  readonly group: string;
  readonly nodeId: number;
  readonly pid: number;
}

/** Below this, one multicast request carries the message; above, fragments do (spec 2.2). */
const FRAGMENT_HEADER_BYTES = 1024;
/** Place of a fragment in its message. */
const PART = { first: 1, middle: 2, last: 3 } as const;

export class CpgClient {
  readonly connection: IpcConnection;
  /** Called for each event in the ring's order. Set it before `join`. Fragments arrive put together. */
  onEvent: ((event: CpgEvent) => void) | undefined;
  /** Fragments by sender, until the last one is there. */
  readonly #partial = new Map<string, { parts: Uint8Array[]; bytes: number; total: number }>();

  constructor(connection: IpcConnection) {
    this.connection = connection;
    connection.onEvent = (message) => {
      const event = decodeCpgEvent(message);
      if (event === undefined) return;
      if (event.event === "partial") this.#onPartial(event);
      else this.onEvent?.(event);
    };
  }

  /**
   * Joins a group; the configuration that contains us arrives as an event.
   * @param withRing also deliver the ring's membership, now and at each change.
   * Throws CorosyncError tryAgain while the ring synchronises.
   */
  async join(group: string, pid: number, withRing = false): Promise<void> {
    await this.#exchangeOk({ op: "join", group, pid, flags: withRing ? 1 : 0 });
  }

  async leave(group: string, pid: number): Promise<void> {
    await this.#exchangeOk({ op: "leave", group, pid });
  }

  /**
   * Sends to the group in agreed order. There is no answer: the message comes back as an event.
   * @param pause given, fragments that the ring does not take now are tried again until it does.
   */
  async multicast(data: Uint8Array, pause?: (ms: number) => Promise<void>): Promise<void> {
    const room = this.connection.maxMessageBytes - FRAGMENT_HEADER_BYTES;
    if (data.length <= room) {
      await this.connection.send(encodeCpgRequest({ op: "multicast", data }));
      return;
    }
    for (let at = 0; at < data.length; at += room) {
      const end = Math.min(at + room, data.length);
      const part = at === 0 ? PART.first : end === data.length ? PART.last : PART.middle;
      const piece = data.subarray(at, end);
      const send = () =>
        this.#exchangeOk({ op: "partial", totalBytes: data.length, part, data: piece });
      await (pause === undefined ? send() : withRetries(send, pause, Number.POSITIVE_INFINITY));
    }
  }

  async localNodeId(): Promise<number> {
    return decodeCpgLocal(await this.#exchangeOk({ op: "local" }));
  }

  async membership(group: string): Promise<readonly CpgMember[]> {
    return decodeCpgMembership(await this.#exchangeOk({ op: "membership", group }));
  }

  /** All groups with their processes. */
  async processes(): Promise<readonly CpgProcess[]> {
    return this.#iterate(3);
  }

  /** Names of all groups. */
  async groups(): Promise<readonly string[]> {
    return (await this.#iterate(1)).map((entry) => entry.group);
  }

  /** Leaves all groups in order, then closes. */
  async finalize(): Promise<void> {
    await this.#exchangeOk({ op: "finalize" });
    this.connection.close();
  }

  close(): void {
    this.connection.close();
  }

  async #iterate(what: 1 | 3): Promise<readonly CpgProcess[]> {
    const handle = decodeCpgIterator(await this.#exchangeOk({ op: "iterate", group: "", what }));
    const found: CpgProcess[] = [];
    for (;;) {
      const entry = decodeCpgIterated(await this.#exchange({ op: "iterate-next", handle }));
      if (entry === undefined) break;
      found.push(entry);
    }
    await this.#exchange({ op: "iterate-end", handle });
    return found;
  }

  #onPartial(event: Extract<CpgEvent, { event: "partial" }>): void {
    const { group, nodeId, pid } = event;
    const key = `${nodeId}/${pid}/${group}`;
    if (event.part === PART.first) {
      this.#partial.set(key, { parts: [], bytes: 0, total: event.totalBytes });
    }
    const open = this.#partial.get(key);
    if (open === undefined || open.bytes + event.data.length > open.total) return;
    open.parts.push(event.data);
    open.bytes += event.data.length;
    if (event.part !== PART.last) return;
    this.#partial.delete(key);
    const data = new Uint8Array(open.bytes);
    let at = 0;
    for (const part of open.parts) {
      data.set(part, at);
      at += part.length;
    }
    this.onEvent?.({ event: "deliver", group, nodeId, pid, data });
  }

  #exchange(request: CpgRequest): Promise<Uint8Array> {
    const bytes = encodeCpgRequest(request);
    const id = cpgResponseIdOf(messageId(bytes));
    return exchange(this.connection, `cpg ${request.op}`, bytes, id);
  }

  #exchangeOk(request: CpgRequest): Promise<Uint8Array> {
    const bytes = encodeCpgRequest(request);
    const id = cpgResponseIdOf(messageId(bytes));
    return exchangeOk(this.connection, `cpg ${request.op}`, bytes, id);
  }
}

export async function connectCpg(ipc: IpcTransport): Promise<CpgClient> {
  return new CpgClient(await ipc.connect("cpg"));
}
