/**
 * Asks the kernel to back this process's heap with huge pages. The first touch of each 4 KiB page costs more than what a tool
 * does with it: a small tool touches a thousand of them, and on a large input pages of 2 MiB spare a quarter to a half of the
 * processor time. Only for processes that end soon: a daemon's resident memory would grow by what it never uses.
 */
import { ptr } from "bun:ffi";
import { openLibc } from "./libc.ts";

const libc = openLibc({ madvise: { args: ["u64", "u64", "i32"], returns: "i32" } });

/** madvise(2). */
const MADV_HUGEPAGE = 14;
const HUGE_PAGE_BYTES = 2 * 1024 * 1024;
/** The allocator reserves its range whole; what lies beyond its end is not mapped, and passed over by the kernel. */
const RANGE_BYTES = 1024 * 1024 * 1024;
/** The allocator serves a buffer of this size, as it serves the engine's heap; smaller ones come from that heap. */
const BUFFER_BYTES = 4096;

/** Only a wish: where the kernel does not offer it, the process runs as it would have without. */
export function preferHugePages(): void {
  const here = ptr(new Uint8Array(BUFFER_BYTES));
  libc.madvise(here - (here % HUGE_PAGE_BYTES), RANGE_BYTES, MADV_HUGEPAGE);
}
