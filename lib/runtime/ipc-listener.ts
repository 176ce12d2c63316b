/** What a libqb server needs around its sockets: Bun's loop around descriptors of ours, and the sweep of dead servers' files. */
import { readdirSync } from "node:fs";
import { closeFd } from "./ffi/socket.ts";
import { CHANNEL_FOLDER_PREFIX, removeChannelFolder } from "./ipc-channel.ts";
import { processLives } from "./pidfile.ts";

/** Bun 1.4 shows the descriptor of a socket; its type package does not. */
export function descriptorOf(socket: object): number {
  return (socket as { readonly fd: number }).fd;
}

/** Bun.listen on a socket of ours (its type package lacks `fd`). Bun owns the descriptor afterwards. */
export function adoptListener<Data>(
  fd: number,
  socket: Bun.SocketHandler<Data>,
): { stop(close: boolean): void } {
  const listen = Bun.listen as unknown as (options: {
    fd: number;
    socket: Bun.SocketHandler<Data>;
  }) => { stop(close: boolean): void };
  try {
    return listen({ fd, socket });
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

/** Removes what servers left behind that were killed: folders qb-PID-… of which PID does not live any more. */
export function sweepDeadServers(folder: string): void {
  for (const name of readdirSync(folder)) {
    const match = /^(\d+)-\d+-\d+-/.exec(name.slice(CHANNEL_FOLDER_PREFIX.length));
    if (!name.startsWith(CHANNEL_FOLDER_PREFIX) || match === null) continue;
    if (!processLives(Number(match[1]))) removeChannelFolder(`${folder}/${name}`);
  }
}
