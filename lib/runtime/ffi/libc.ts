/**
 * The C library's calls that Bun does not offer, and nothing else. Only the other files of this folder use the raw symbols;
 * they hand out checked objects (HOUSE: bounded views over mapped memory).
 */
import { dlopen, type Pointer, read } from "bun:ffi";

const library = dlopen("libc.so.6", {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  listen: { args: ["i32", "i32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i64" },
  sendmmsg: { args: ["i32", "ptr", "u32", "i32"], returns: "i32" },
  recvfrom: { args: ["i32", "ptr", "u64", "i32", "ptr", "ptr"], returns: "i64" },
  close: { args: ["i32"], returns: "i32" },
  mmap: { args: ["ptr", "u64", "i32", "i32", "i32", "i64"], returns: "i64" },
  munmap: { args: ["ptr", "u64"], returns: "i32" },
  posix_fallocate: { args: ["i32", "i64", "i64"], returns: "i32" },
  open: { args: ["ptr", "i32", "u32"], returns: "i32" },
  read: { args: ["i32", "ptr", "u64"], returns: "i64" },
  write: { args: ["i32", "ptr", "u64"], returns: "i64" },
  access: { args: ["ptr", "i32"], returns: "i32" },
  isatty: { args: ["i32"], returns: "i32" },
  lseek: { args: ["i32", "i64", "i32"], returns: "i64" },
  sem_init: { args: ["ptr", "i32", "u32"], returns: "i32" },
  sem_post: { args: ["ptr"], returns: "i32" },
  sem_trywait: { args: ["ptr"], returns: "i32" },
  sem_clockwait: { args: ["ptr", "i32", "ptr"], returns: "i32" },
  sem_getvalue: { args: ["ptr", "ptr"], returns: "i32" },
  localtime_r: { args: ["ptr", "ptr"], returns: "ptr" },
  clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
  sched_setscheduler: { args: ["i32", "i32", "ptr"], returns: "i32" },
  signal: { args: ["i32", "u64"], returns: "u64" },
  execve: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
  madvise: { args: ["u64", "u64", "i32"], returns: "i32" },
  mlock2: { args: ["u64", "u64", "u32"], returns: "i32" },
  __errno_location: { args: [], returns: "ptr" },
});

export const libc = library.symbols;

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
  const location = library.symbols.__errno_location();
  return location === null ? 0 : read.i32(location as Pointer, 0);
}

/** A call failed: which one and with what errno. */
export class SystemError extends Error {
  override readonly name = "SystemError";
  readonly errno: number;
  constructor(call: string, code: number) {
    super(`${call}: errno ${code}`);
    this.errno = code;
  }
}

/** Throws SystemError when `result` is negative; returns it otherwise. */
export function checked(call: string, result: number): number {
  if (result < 0) throw new SystemError(call, errno());
  return result;
}
