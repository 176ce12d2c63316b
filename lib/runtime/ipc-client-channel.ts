/** The client's end of a connection's channels, whatever carries them. */
export interface ClientChannel {
  /** True when each request wants a byte on the stream socket, and events come with one. */
  readonly wakesByStream: boolean;
  /** "again": full, or the server's flow control says wait. */
  send(message: Uint8Array): "written" | "again" | "too-large" | "broken";
  /** Looks `spins` times without waiting, then waits up to `blockMs` on the thread (0 = not at all). */
  takeResponse(spins: number, blockMs: number): Uint8Array | "empty" | "broken";
  takeEvent(): Uint8Array | "empty" | "broken";
  close(): void;
}

/** Requests of cpg that multicast: whole messages and fragments of one (spec/ipc section 2.2). */
const CPG_MULTICASTS = [2, 12];

/**
 * Must the client wait with this request? Level 1 holds everything back; level 2 only multicasts of cpg, everything else
 * passes, as libqb's clients have it (spec/ipc section 1.4).
 * @param basePath of the connection's channel, which names its service.
 */
export function isHeldBack(level: number, basePath: string, message: Uint8Array): boolean {
  if (level !== 2) return level === 1;
  return basePath.endsWith("-cpg") && CPG_MULTICASTS.includes(message[0] ?? 0);
}
