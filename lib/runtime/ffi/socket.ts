/**
 * Unix sockets that Bun cannot make itself: libqb's abstract names are padded to 110 bytes (spec/ipc/ipc.md section 1.1).
 * The descriptors made here are adopted by Bun.listen({fd}) and Bun.connect({fd}), which then own and close them.
 */
import { ptr } from "bun:ffi";
import { encodeSocketAddress, SOCKET_ADDRESS_BYTES } from "../../wire/ipc/setup.ts";
import { checked, errno, openLibc, SystemError } from "./libc.ts";

const libc = openLibc({
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  listen: { args: ["i32", "i32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i64" },
  close: { args: ["i32"], returns: "i32" },
});

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const NONBLOCK_CLOEXEC = 0o4000 | 0o2000000;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_PASSCRED = 16;
const SO_PEERCRED = 17;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** Who is at the other end of a stream socket, as the kernel says. */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** Closes a descriptor that Bun has not adopted. */
export function closeFd(fd: number): void {
  libc.close(fd);
}

function setInt(fd: number, option: number, value: number): number {
  return libc.setsockopt(fd, SOL_SOCKET, option, ptr(new Int32Array([value])), 4);
}

/** IP_RECVERR of IPPROTO_IP, IPV6_RECVERR of IPPROTO_IPV6. */
const ERROR_REPORTS: readonly (readonly [number, number])[] = [
  [0, 11],
  [41, 25],
];

/**
 * Stops the kernel from reporting "port unreachable" on a UDP socket, which Bun asks for: the report takes the place of the
 * next send, to whomever it goes, so that one dead peer would make us lose datagrams to the living ones.
 */
export function ignoreUnreachable(fd: number): void {
  for (const [protocol, option] of ERROR_REPORTS) {
    libc.setsockopt(fd, protocol, option, ptr(new Int32Array([0])), 4);
  }
}

/** Runs `use` on a new socket and closes it when that throws. */
function newSocket(type: number, use: (fd: number) => void): number {
  const fd = checked("socket", libc.socket(AF_UNIX, type | NONBLOCK_CLOEXEC, 0));
  try {
    use(fd);
  } catch (error) {
    libc.close(fd);
    throw error;
  }
  return fd;
}

/** A listening stream socket. `address` is whole (encodeSocketAddress). Throws SystemError. */
export function listenStream(address: Uint8Array, backlog: number): number {
  return newSocket(SOCK_STREAM, (fd) => {
    checked("bind", libc.bind(fd, ptr(address), SOCKET_ADDRESS_BYTES));
    checked("setsockopt", setInt(fd, SO_PASSCRED, 1));
    checked("listen", libc.listen(fd, backlog));
  });
}

/** A connected stream socket. Throws SystemError (ECONNREFUSED when nobody listens). */
export function connectStream(address: Uint8Array): number {
  return newSocket(SOCK_STREAM, (fd) => {
    checked("connect", libc.connect(fd, ptr(address), SOCKET_ADDRESS_BYTES));
  });
}

/**
 * A datagram socket bound to `local` and, if given, connected to `remote`; its buffers hold one message of `messageBytes`.
 * Throws SystemError.
 */
export function datagramSocket(
  local: Uint8Array,
  remote: Uint8Array | undefined,
  messageBytes: number,
): number {
  return newSocket(SOCK_DGRAM, (fd) => {
    checked("bind", libc.bind(fd, ptr(local), SOCKET_ADDRESS_BYTES));
    raiseBuffers(fd, messageBytes);
    if (remote !== undefined) {
      checked("connect", libc.connect(fd, ptr(remote), SOCKET_ADDRESS_BYTES));
    }
  });
}

/** Connects a datagram socket; false when nobody has bound `remote` yet. */
export function connectDatagram(fd: number, remote: Uint8Array): boolean {
  return libc.connect(fd, ptr(remote), SOCKET_ADDRESS_BYTES) === 0;
}

/** A datagram socket connected to the socket file `path`; undefined when nobody listens there. */
export function datagramClient(path: string, bufferBytes: number): number | undefined {
  const address = encodeSocketAddress(path, "file");
  if (address === undefined) return undefined;
  try {
    return newSocket(SOCK_DGRAM, (fd) => {
      raiseBuffers(fd, bufferBytes);
      checked("connect", libc.connect(fd, ptr(address), SOCKET_ADDRESS_BYTES));
    });
  } catch (error) {
    if (error instanceof SystemError) return undefined;
    throw error;
  }
}

/** Sends a datagram, or the first bytes on a new stream, now; 0 or an errno (EAGAIN: the peer's queue is full). */
export function sendMessage(fd: number, message: Uint8Array): number {
  const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  const sent = libc.sendto(fd, ptr(message), message.length, flags, null, 0);
  return Number(sent) < 0 ? errno() : 0;
}

/** Raises send and receive buffer to `bytes` if they are lower; past the system's limit when privileged. */
export function raiseBuffers(fd: number, bytes: number): void {
  for (const [force, plain] of [
    [SO_SNDBUFFORCE, SO_SNDBUF],
    [SO_RCVBUFFORCE, SO_RCVBUF],
  ] as const) {
    if (socketBufferBytes(fd, plain) >= bytes) continue;
    if (setInt(fd, force, bytes) < 0) setInt(fd, plain, bytes);
  }
}

function socketBufferBytes(fd: number, option: number): number {
  const value = new Int32Array(1);
  const length = new Uint32Array([4]);
  checked("getsockopt", libc.getsockopt(fd, SOL_SOCKET, option, ptr(value), ptr(length)));
  return value[0]!;
}

/** Credentials of the peer at its connect or listen. Throws SystemError when `fd` is no stream socket. */
export function peerCredentials(fd: number): PeerCredentials {
  const ucred = new Int32Array(3);
  const length = new Uint32Array([12]);
  if (libc.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ptr(ucred), ptr(length)) < 0) {
    throw new SystemError("getsockopt(SO_PEERCRED)", errno());
  }
  return { pid: ucred[0]!, uid: ucred[1]! >>> 0, gid: ucred[2]! >>> 0 };
}
