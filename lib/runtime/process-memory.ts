/**
 * What a process asks of its memory. A tool is measured by how fast it starts, a daemon by what it holds: it calls one of these
 * before it opens anything, as they start the program anew.
 */
import { startAnewWith } from "./start-anew.ts";

/** Tools have huge pages from their start (build.ts); a ring's daemon would hold half as much again, most of it unused. */
const SMALL_PAGES = { MIMALLOC_ALLOW_THP: "0" } as const;

/**
 * Freed pages are kept for good: the allocator gives them back to the system after 10 ms, and a busy process fetches and clears
 * each anew, two thirds of the processor time of an encrypted ring under load. A wait of any length costs ten wake-ups a second.
 */
export const KEEP_FREED_MEMORY = { MIMALLOC_PURGE_DELAY: "-1" } as const;

/** For a daemon that is mostly idle. */
export function holdLittleMemory(): void {
  startAnewWith(SMALL_PAGES);
}

/** For a daemon that makes and drops buffers all the time. */
export function holdFreedMemory(): void {
  startAnewWith({ ...SMALL_PAGES, ...KEEP_FREED_MEMORY });
}
