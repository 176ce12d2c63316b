/**
 * A busy daemon makes and drops buffers all the time. The allocator gives freed pages back to the system after 10 ms, and each
 * is then fetched and cleared anew: two thirds of the processor time of an encrypted ring under load.
 */
import { startAnewWith } from "./start-anew.ts";

/** Freed pages are kept for good: a wait of any length costs ten wake-ups a second, and what was needed once will be again. */
export const KEEP_FREED_MEMORY = { MIMALLOC_PURGE_DELAY: "-1" } as const;

/** Sees to it that this process keeps freed pages for its next buffers. Call it before anything is opened. */
export function keepFreedMemory(): void {
  startAnewWith(KEEP_FREED_MEMORY);
}
