/** Votes and expected votes (spec/ipc/ipc.md section 2.4). */

import { CsError } from "../wire/ipc/cs-error.ts";
import { messageError, messageId } from "../wire/ipc/header.ts";
import {
  decodeVotequorumEvent,
  decodeVotequorumInfo,
  encodeVotequorumRequest,
  type VotequorumEvent,
  type VotequorumInfo,
  type VotequorumRequest,
  votequorumResponseIdOf,
} from "../wire/ipc/services-votequorum.ts";
import { CorosyncError, exchange, exchangeOk } from "./corosync.ts";
import type { IpcConnection, IpcTransport } from "./transport.ts";

/** Bits of `track`: the state at once, and each change. */
const TRACK_CURRENT = 1;
const TRACK_CHANGES = 2;

export class VotequorumClient {
  readonly connection: IpcConnection;
  /** Called for each event. Set it before `track`. */
  onEvent: ((event: VotequorumEvent) => void) | undefined;

  constructor(connection: IpcConnection) {
    this.connection = connection;
    connection.onEvent = (message) => {
      const event = decodeVotequorumEvent(message);
      if (event !== undefined) this.onEvent?.(event);
    };
  }

  /** One node's votes; undefined when votequorum does not know it. Node 0 is the quorum device. */
  async info(nodeId: number): Promise<VotequorumInfo | undefined> {
    const bytes = encodeVotequorumRequest({ op: "get-info", nodeId });
    const id = votequorumResponseIdOf(messageId(bytes));
    const response = await exchange(this.connection, "votequorum get-info", bytes, id);
    const code = messageError(response);
    if (code === CsError.notExist) return undefined;
    if (code !== CsError.ok) throw new CorosyncError("votequorum get-info", code);
    return decodeVotequorumInfo(response);
  }

  async setExpected(votes: number): Promise<void> {
    await this.#exchangeOk({ op: "set-expected", votes });
  }

  async setVotes(votes: number, nodeId: number): Promise<void> {
    await this.#exchangeOk({ op: "set-votes", votes, nodeId });
  }

  /** Reports the nodes at once, and each change when `changes` is true. */
  async track(changes: boolean, context = 0n): Promise<void> {
    const flags = TRACK_CURRENT | (changes ? TRACK_CHANGES : 0);
    await this.#exchangeOk({ op: "track", context, flags });
  }

  async untrack(): Promise<void> {
    await this.#exchangeOk({ op: "untrack" });
  }

  close(): void {
    this.connection.close();
  }

  #exchangeOk(request: VotequorumRequest): Promise<Uint8Array> {
    const bytes = encodeVotequorumRequest(request);
    const id = votequorumResponseIdOf(messageId(bytes));
    return exchangeOk(this.connection, `votequorum ${request.op}`, bytes, id);
  }
}

export async function connectVotequorum(ipc: IpcTransport): Promise<VotequorumClient> {
  return new VotequorumClient(await ipc.connect("votequorum"));
}
