/** Bun's event loop around a Unix datagram socket of ours: one callback for each datagram (spec/ipc/ipc.md section 1.8). */
import { closeFd } from "./ffi/socket.ts";

export interface DatagramHandle {
  /** -1 once the socket is closed. */
  readonly fd: number;
  close(): void;
}

interface AdoptOptions {
  readonly fd: number;
  readonly socket: {
    data(socket: unknown, data: Uint8Array): void;
    close(): void;
    error(): void;
  };
}

/** Hands `fd` to Bun, which reads and finally closes it. */
export function adoptDatagram(
  fd: number,
  onMessage: (message: Uint8Array) => void,
): DatagramHandle {
  let closed = false;
  let adopted: { end(): void; terminate(): void } | undefined;
  const connect = Bun.connect as unknown as (
    options: AdoptOptions,
  ) => Promise<{ end(): void; terminate(): void }>;
  const finish = () => {
    closed = true;
  };
  connect({
    fd,
    socket: {
      data: (_socket, data) => {
        if (!closed) onMessage(new Uint8Array(data));
      },
      close: finish,
      error: finish,
    },
  }).then(
    (socket) => {
      adopted = socket;
      if (closed) socket.terminate();
    },
    () => closeFd(fd),
  );
  return {
    get fd() {
      return closed ? -1 : fd;
    },
    close: () => {
      closed = true;
      adopted?.terminate();
    },
  };
}
