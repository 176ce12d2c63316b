/**
 * Files mapped into memory and semaphores inside them. A mapping is one object that owns descriptor, address and views;
 * `close` takes the views away before it unmaps, as a view over unmapped memory would crash the process.
 *
 * A peer that may write a file may also cut it, and touching pages beyond its end is SIGBUS, which no handler of ours can
 * catch. `intact` asks the kernel for the size; callers ask before every batch of accesses. What remains is the moment
 * between question and access, which only a client that passed the authorisation could use (libqb has the same).
 */

import { type Pointer, ptr, toArrayBuffer } from "bun:ffi";
import { assert } from "../../base/assert.ts";
import type { RingSemaphore } from "../../wire/ipc/ring.ts";
import { nodeFs } from "../builtin.ts";
import { openForUpdate } from "./file.ts";
import { checked, Errno, errno, openLibc, SystemError } from "./libc.ts";

const libc = openLibc({
  close: { args: ["i32"], returns: "i32" },
  mmap: { args: ["ptr", "u64", "i32", "i32", "i32", "i64"], returns: "i64" },
  lseek: { args: ["i32", "i64", "i32"], returns: "i64" },
  munmap: { args: ["ptr", "u64"], returns: "i32" },
  posix_fallocate: { args: ["i32", "i64", "i64"], returns: "i32" },
  sem_init: { args: ["ptr", "i32", "u32"], returns: "i32" },
  sem_post: { args: ["ptr"], returns: "i32" },
  sem_trywait: { args: ["ptr"], returns: "i32" },
  sem_clockwait: { args: ["ptr", "i32", "ptr"], returns: "i32" },
  sem_getvalue: { args: ["ptr", "ptr"], returns: "i32" },
  clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
});

const SEEK_END = 2;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const CLOCK_MONOTONIC = 1;
const SEMAPHORE_BYTES = 32;

/** Length of an open file in bytes; negative when it has none. */
function lengthOf(fd: number): number {
  return Number(libc.lseek(fd, 0, SEEK_END));
}

export class MappedFile {
  readonly bytes: number;
  #fd: number;
  #address: number;
  #buffer: ArrayBuffer | undefined;

  private constructor(fd: number, bytes: number) {
    const address = Number(libc.mmap(null, bytes, PROT_READ_WRITE, MAP_SHARED, fd, 0));
    if (address === -1) throw new SystemError("mmap", errno());
    this.bytes = bytes;
    this.#fd = fd;
    this.#address = address;
    this.#buffer = toArrayBuffer(address as Pointer, 0, bytes);
  }

  /** Makes a new file of `bytes` zero bytes whose memory is really there (no SIGBUS when the file system is full). */
  static create(path: string, bytes: number): MappedFile {
    const fd = nodeFs().openSync(path, "wx+", 0o600);
    try {
      nodeFs().ftruncateSync(fd, bytes);
      const failed = libc.posix_fallocate(fd, 0, bytes);
      if (failed !== 0) throw new SystemError("posix_fallocate", failed);
      return new MappedFile(fd, bytes);
    } catch (error) {
      libc.close(fd);
      throw error;
    }
  }

  /** Maps an existing file of at least `minimumBytes`, at most `maximumBytes`; the whole file unless it is longer. */
  static open(path: string, minimumBytes: number, maximumBytes: number): MappedFile {
    const fd = openForUpdate(path) ?? nodeFs().openSync(path, "r+");
    try {
      const size = lengthOf(fd);
      if (size < minimumBytes || size > maximumBytes) {
        throw new Error(`${path} has ${size} bytes; expected ${minimumBytes} to ${maximumBytes}`);
      }
      return new MappedFile(fd, size);
    } catch (error) {
      libc.close(fd);
      throw error;
    }
  }

  /** True when the file still has all the bytes that the views cover (or `needed` of them). */
  intact(needed = this.bytes): boolean {
    return this.#buffer !== undefined && lengthOf(this.#fd) >= needed;
  }

  /** Hands the file itself to another user, whatever its name leads to by now. */
  giveTo(owner: { readonly uid: number; readonly gid: number; readonly mode: number }): void {
    this.#live();
    nodeFs().fchmodSync(this.#fd, owner.mode);
    if (owner.uid !== process.geteuid!() || owner.gid !== process.getegid!()) {
      nodeFs().fchownSync(this.#fd, owner.uid, owner.gid);
    }
  }

  /** Byte view of a part. Never keep it beyond `close`. */
  view(offset = 0, length = this.bytes - offset): Uint8Array {
    return new Uint8Array(this.#live(), offset, length);
  }

  /** Word view from the start. Never keep it beyond `close`. */
  words(): Int32Array {
    return new Int32Array(this.#live(), 0, this.bytes >>> 2);
  }

  /** The process-shared semaphore at `offset`; `create` sets it to 0. */
  semaphore(offset: number, create: boolean): SharedSemaphore {
    assert(
      offset % 8 === 0 && offset + SEMAPHORE_BYTES <= this.bytes,
      "semaphore outside the file",
    );
    this.#live();
    const pointer = (this.#address + offset) as Pointer;
    if (create) checked("sem_init", libc.sem_init(pointer, 1, 0));
    return new SharedSemaphore(pointer, () => this.#buffer !== undefined);
  }

  close(): void {
    if (this.#buffer === undefined) return;
    this.#buffer = undefined;
    libc.munmap(this.#address as Pointer, this.bytes);
    this.#address = 0;
    libc.close(this.#fd);
    this.#fd = -1;
  }

  #live(): ArrayBuffer {
    assert(this.#buffer !== undefined, "mapping used after close");
    return this.#buffer;
  }
}

export class SharedSemaphore implements RingSemaphore {
  readonly #pointer: Pointer;
  readonly #live: () => boolean;
  readonly #value = new Int32Array(1);
  readonly #deadline = new BigInt64Array(2);

  constructor(pointer: Pointer, live: () => boolean) {
    this.#pointer = pointer;
    this.#live = live;
  }

  tryWait(): boolean {
    assert(this.#live(), "semaphore used after close");
    return libc.sem_trywait(this.#pointer) === 0;
  }

  post(): void {
    assert(this.#live(), "semaphore used after close");
    libc.sem_post(this.#pointer);
  }

  value(): number {
    assert(this.#live(), "semaphore used after close");
    libc.sem_getvalue(this.#pointer, ptr(this.#value));
    return this.#value[0]!;
  }

  /** Blocks the thread up to `ms`. For tools only; no daemon waits inside its event loop. */
  waitBlocking(ms: number): boolean {
    assert(this.#live(), "semaphore used after close");
    libc.clock_gettime(CLOCK_MONOTONIC, ptr(this.#deadline));
    const nanoseconds = this.#deadline[1]! + BigInt(Math.round(ms * 1e6));
    this.#deadline[0] = this.#deadline[0]! + nanoseconds / 1_000_000_000n;
    this.#deadline[1] = nanoseconds % 1_000_000_000n;
    for (;;) {
      const pointer = this.#pointer;
      if (libc.sem_clockwait(pointer, CLOCK_MONOTONIC, ptr(this.#deadline)) === 0) return true;
      if (errno() !== Errno.EINTR) return false;
    }
  }
}
