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
