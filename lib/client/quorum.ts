/** Whether this partition has quorum, and its members (spec/ipc/ipc.md section 2.3). */
import { messageId } from "../wire/ipc/header.ts";
import {
  decodeQuorumEvent,
  decodeQuorumNumber,
  encodeQuorumRequest,
  type QuorumEvent,
  type QuorumRequest,
  QuorumTrack,
  quorumResponseIdOf,
} from "../wire/ipc/services-quorum.ts";
import { exchangeOk } from "./corosync.ts";
import type { IpcConnection, IpcTransport } from "./transport.ts";

export class QuorumClient {
  readonly connection: IpcConnection;
  /** Called for each event. Set it before `track`. */
  onEvent: ((event: QuorumEvent) => void) | undefined;

  constructor(connection: IpcConnection) {
    this.connection = connection;
    connection.onEvent = (message) => {
      const event = decodeQuorumEvent(message);
      if (event !== undefined) this.onEvent?.(event);
    };
  }

  async isQuorate(): Promise<boolean> {
    return (await this.#number({ op: "get-quorate" })) !== 0;
  }

  /** False when corosync has no quorum provider: everything is then always quorate. */
  async hasProvider(): Promise<boolean> {
    return (await this.#number({ op: "get-type" })) !== 0;
  }

  /** Chooses model 1, whose events carry whole ring ids and who joined and left; answers as `hasProvider`. */
  async useModelOne(): Promise<boolean> {
    return (await this.#number({ op: "get-type-of-model", model: 1 })) !== 0;
  }

  /** Reports the current state at once, and each change when `changes` is true. */
  async track(changes: boolean): Promise<void> {
    const flags = QuorumTrack.current | (changes ? QuorumTrack.changes : 0);
    await this.#exchangeOk({ op: "track", flags });
  }

  async untrack(): Promise<void> {
    await this.#exchangeOk({ op: "untrack" });
  }

  close(): void {
    this.connection.close();
  }

  async #number(request: QuorumRequest): Promise<number> {
    return decodeQuorumNumber(await this.#exchangeOk(request)).value;
  }

  #exchangeOk(request: QuorumRequest): Promise<Uint8Array> {
    const bytes = encodeQuorumRequest(request);
    const id = quorumResponseIdOf(messageId(bytes));
    return exchangeOk(this.connection, `quorum ${request.op}`, bytes, id);
  }
}

export async function connectQuorum(ipc: IpcTransport): Promise<QuorumClient> {
  return new QuorumClient(await ipc.connect("quorum"));
}
