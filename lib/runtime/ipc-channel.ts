/**
 * The server's end of one client's channels, whatever carries them (spec/ipc/ipc.md sections 1.4 and 1.5). Each connection
 * has a folder of its own below /dev/shm that belongs to the client.
 */
import { chmodSync, chownSync, mkdtempSync, rmSync } from "node:fs";
import type { PeerCredentials } from "./ffi/socket.ts";

/** "again": full now, try later. "broken": the client damaged the channel; drop it. */
export type ChannelResult = "written" | "again" | "broken";

export interface ServerChannel {
  /** The three path fields of the setup response. */
  readonly paths: readonly [string, string, string];
  /** The next request; shared memory only, datagrams announce themselves. */
  take(): Uint8Array | "empty" | "broken";
  respond(message: Uint8Array): ChannelResult;
  sendEvent(message: Uint8Array): ChannelResult;
  /** True when each event wants a byte on the stream socket. */
  readonly wakesByStream: boolean;
  setFlow(level: 0 | 1 | 2): void;
  close(): void;
}

/** Owner, group and mode of the files a client opens. */
export interface ChannelAccess {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** What a channel is made for. */
export interface ChannelRequest {
  readonly service: string;
  readonly folder: string;
  readonly maxMessageBytes: number;
  readonly access: ChannelAccess;
}

/** Prefix of every server's folders; the dead owner's pid is what the sweep looks at. */
export const CHANNEL_FOLDER_PREFIX = "qb-";

/** Makes the folder of a connection: PREFIX server-client-descriptor-random, 0770, owned by the client. */
export function makeChannelFolder(
  parent: string,
  client: PeerCredentials,
  descriptor: number,
  access: ChannelAccess,
): string {
  const name = `${CHANNEL_FOLDER_PREFIX}${process.pid}-${client.pid}-${descriptor}-`;
  const folder = mkdtempSync(`${parent}/${name}`);
  try {
    chmodSync(folder, 0o770);
    giveTo(folder, access);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return folder;
}

/** Hands a path to the client when it is not already the client's. */
export function giveTo(path: string, access: ChannelAccess): void {
  if (access.uid !== process.geteuid!() || access.gid !== process.getegid!()) {
    chownSync(path, access.uid, access.gid);
  }
}
