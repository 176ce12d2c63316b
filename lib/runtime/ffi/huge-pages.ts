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
/** Gathers the small pages that are there already into a huge one, at once. */
const MADV_COLLAPSE = 25;
const HUGE_PAGE_BYTES = 2 * 1024 * 1024;
/** The allocator reserves its range whole; what lies beyond its end is not mapped, and passed over by the kernel. */
const RANGE_BYTES = 1024 * 1024 * 1024;
/** The allocator serves a buffer of this size as it serves the engine; a small one lies among the engine's objects. */
const LARGE_BUFFER = 4096;
const SMALL_BUFFER = 16;

/** Where the huge page begins that a buffer of this size would lie in. */
function hugePageOf(bytes: number): number {
  const address = ptr(new Uint8Array(bytes));
  return address - (address % HUGE_PAGE_BYTES);
}

/** Only a wish: where the kernel does not offer it, the process runs as it would have without. */
export function preferHugePages(): void {
  const heap = hugePageOf(LARGE_BUFFER);
  libc.madvise(heap, RANGE_BYTES, MADV_HUGEPAGE);
  // These are begun in small pages, and most of what a small tool needs goes into the rest of them.
  libc.madvise(heap, 2 * HUGE_PAGE_BYTES, MADV_COLLAPSE);
  libc.madvise(hugePageOf(SMALL_BUFFER), HUGE_PAGE_BYTES, MADV_COLLAPSE);
}
