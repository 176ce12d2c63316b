/**
 * The server's end of one client's channels, whatever carries them (spec/ipc/ipc.md sections 1.4 and 1.5). Each connection
 * has a folder of its own below /dev/shm that belongs to the client.
 */
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
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
/** What may lie in such a folder. Nothing else is ever removed. */
const CHANNEL_FILE = /^qb-(?:control-.*|(?:request|response|event)-.*-(?:header|data))$/;

/**
 * Makes the folder of a connection: PREFIX server-client-descriptor-random. It is ours alone until `handOver`: who owns a
 * folder below /dev/shm can put a link in its place, and we would create or chown files wherever the link leads.
 */
export function makeChannelFolder(
  parent: string,
  client: PeerCredentials,
  descriptor: number,
): string {
  const name = `${CHANNEL_FOLDER_PREFIX}${process.pid}-${client.pid}-${descriptor}-`;
  return mkdtempSync(`${parent}/${name}`);
}

/** Gives the finished folder to the client. No path below it may be trusted afterwards. */
export function handOver(folder: string, access: ChannelAccess): void {
  chmodSync(folder, 0o770);
  if (access.uid !== process.geteuid!() || access.gid !== process.getegid!()) {
    chownSync(folder, access.uid, access.gid);
  }
}

/** Removes a folder with the files we know; one that holds anything else stays. Never follows where the client leads. */
export function removeChannelFolder(folder: string): void {
  try {
    for (const name of readdirSync(folder)) {
      if (CHANNEL_FILE.test(name)) unlinkSync(`${folder}/${name}`);
    }
    rmdirSync(folder);
  } catch {
    // The client has removed or changed it; what is left belongs to the client.
  }
}
