/**
 * Files and descriptors without node:fs, for what every tool does: read a file, write one, print. Calls that fail say so and
 * no more; who wants to know why asks node:fs.
 */
import { ptr } from "bun:ffi";
import { checked, Errno, errno, openLibc } from "./libc.ts";

const libc = openLibc({
  close: { args: ["i32"], returns: "i32" },
  open: { args: ["ptr", "i32", "u32"], returns: "i32" },
  read: { args: ["i32", "ptr", "u64"], returns: "i64" },
  write: { args: ["i32", "ptr", "u64"], returns: "i64" },
  access: { args: ["ptr", "i32"], returns: "i32" },
  isatty: { args: ["i32"], returns: "i32" },
});

const O_RDONLY = 0;
const O_WRONLY = 1;
const O_RDWR = 2;
const O_CREAT = 0o100;
const O_TRUNC = 0o1000;
const O_CLOEXEC = 0o2000000;
const DEFAULT_MODE = 0o666;
/** Most files of small tools are shorter; larger ones cost a few copies, which is nothing beside parsing them. */
const FIRST_BYTES = 64 * 1024;
const GROWTH = 4;
const EPIPE = 32;

/** A path as the C library reads it; undefined for one that it would cut. */
function cPath(path: string): Uint8Array | undefined {
  return path.includes("\0") ? undefined : new TextEncoder().encode(`${path}\0`);
}

/** A descriptor, or undefined. */
function open(path: string, flags: number, mode = 0): number | undefined {
  const name = cPath(path);
  if (name === undefined) return undefined;
  const fd = libc.open(ptr(name), flags | O_CLOEXEC, mode);
  return fd < 0 ? undefined : fd;
}

/** A descriptor for reading and writing a file that exists; undefined when it cannot be had. */
export function openForUpdate(path: string): number | undefined {
  return open(path, O_RDWR);
}

export function isThere(path: string): boolean {
  const name = cPath(path);
  return name !== undefined && libc.access(ptr(name), 0) === 0;
}

export function isTerminalDescriptor(fd: number): boolean {
  return libc.isatty(fd) === 1;
}

/** All bytes of a file, pipe or device; undefined when they cannot be read. */
export function readFileBytes(path: string): Uint8Array | undefined {
  const fd = open(path, O_RDONLY);
  if (fd === undefined) return undefined;
  try {
    let bytes = new Uint8Array(FIRST_BYTES);
    for (let length = 0; ; ) {
      const count = Number(libc.read(fd, ptr(bytes, length), bytes.length - length));
      if (count === 0) return bytes.subarray(0, length);
      if (count < 0) {
        if (errno() === Errno.EINTR) continue;
        return undefined;
      }
      length += count;
      if (length < bytes.length) continue;
      const larger = new Uint8Array(bytes.length * GROWTH);
      larger.set(bytes);
      bytes = larger;
    }
  } finally {
    libc.close(fd);
  }
}

/** Writes a file whole, in place; false when that failed. */
export function writeFileBytes(path: string, bytes: Uint8Array, mode = DEFAULT_MODE): boolean {
  try {
    return writeFilePieces(path, [bytes], mode);
  } catch {
    return false;
  }
}

/**
 * Writes a file whole, in place, while its pieces are made. False when it cannot be opened; then no piece has been asked for.
 * Throws SystemError.
 */
export function writeFilePieces(
  path: string,
  pieces: Iterable<Uint8Array>,
  mode = DEFAULT_MODE,
): boolean {
  const fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
  if (fd === undefined) return false;
  try {
    for (const piece of pieces) writeBytes(fd, piece);
    return true;
  } finally {
    libc.close(fd);
  }
}

/** Writes all bytes, however little a pipe takes at once. A reader that has gone is no error. Throws SystemError. */
export function writeBytes(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    const count = Number(libc.write(fd, ptr(bytes, at), bytes.length - at));
    if (count >= 0) {
      at += count;
      continue;
    }
    const code = errno();
    if (code === EPIPE) return;
    if (code === Errno.EAGAIN) Bun.sleepSync(1);
    else if (code !== Errno.EINTR) checked("write", count);
  }
}
