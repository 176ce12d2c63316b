/**
 * What the typed clients need of a connection to a libqb service (spec/ipc/ipc.md section 1). lib/runtime makes real ones
 * (shared memory or socket); the simulator makes them in memory. Messages are whole libqb messages, header included.
 */

/** Who serves: from the SCM_CREDENTIALS of the setup exchange. */
export interface IpcPeer {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

export interface IpcConnection {
  readonly server: IpcPeer;
  readonly maxMessageBytes: number;
  /** Puts one request into the request channel. Rejects with IpcError when the peer is gone or stays full. */
  send(message: Uint8Array): Promise<void>;
  /** `send`, then waits for the next message of the response channel. */
  request(message: Uint8Array, timeoutMs?: number): Promise<Uint8Array>;
  /** The next message of the response channel, for services that answer a request twice. */
  receive?(timeoutMs?: number): Promise<Uint8Array>;
  /** Called for every message of the event channel, in order. Set it before the first request that may cause events. */
  onEvent: ((message: Uint8Array) => void) | undefined;
  /** Called once when the peer is gone. */
  onClose: (() => void) | undefined;
  close(): void;
}

export interface IpcTransport {
  /** Connects to a service by name ("cmap", "cib_rw", …). Rejects with IpcError. */
  connect(service: string, options?: { readonly maxMessageBytes?: number }): Promise<IpcConnection>;
}

/** `code`: "refused" nobody serves, "denied" EACCES, "again" not ready yet, "closed" the peer went away, "timeout", "protocol". */
export class IpcError extends Error {
  override readonly name = "IpcError";
  readonly code: "refused" | "denied" | "again" | "closed" | "timeout" | "protocol";
  constructor(code: IpcError["code"], message: string) {
    super(message);
    this.code = code;
  }
}
