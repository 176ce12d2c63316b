/**
 * The C library's calls that Bun does not offer, and nothing else. Only the other files of this folder use the raw symbols;
 * they hand out checked objects (HOUSE: bounded views over mapped memory).
 */
import { dlopen, type FFIFunction, type Pointer, read } from "bun:ffi";

/**
 * Opens calls of the C library. Each file of this folder names its own: Bun compiles every one that is opened, and to open
 * all takes a twentieth of what a small tool runs.
 */
export function openLibc<const Calls extends Record<string, FFIFunction>>(calls: Calls) {
  return dlopen("libc.so.6", calls).symbols;
}

const { __errno_location } = openLibc({ __errno_location: { args: [], returns: "ptr" } });

/** Numbers of the errors that we distinguish or answer with (Linux, x86_64 and arm64). */
export const Errno = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EINVAL: 22,
  EMFILE: 24,
  ENOSPC: 28,
  ENOSYS: 38,
  EMSGSIZE: 90,
  EADDRINUSE: 98,
  ECONNREFUSED: 111,
  ETIMEDOUT: 110,
} as const;

/** errno of the call just made on this thread. */
export function errno(): number {
  const location = __errno_location();
  return location === null ? 0 : read.i32(location as Pointer, 0);
}

/** A call failed: which one and with what errno. */
export class SystemError extends Error {
  override readonly name = "SystemError";
  readonly errno: number;
  /** "ENOSPC", as node's errors have it; undefined for an errno that we do not distinguish. */
  readonly code: string | undefined;
  constructor(call: string, errno: number) {
    super(`${call}: errno ${errno}`);
    this.errno = errno;
    this.code = Object.entries(Errno).find(([, number]) => number === errno)?.[0];
  }
}

/** Throws SystemError when `result` is negative; returns it otherwise. */
export function checked(call: string, result: number): number {
  if (result < 0) throw new SystemError(call, errno());
  return result;
}
