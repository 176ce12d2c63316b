/**
 * What a process that stays asks of the engine and its allocator; build.ts sets both for tools, which are measured by how fast
 * they start. A daemon calls one of these before it opens anything, as they start the program anew.
 */
import { translateEarly } from "./jit-policy.ts";
import { startAnewWith } from "./start-anew.ts";

/**
 * Tools have huge pages, with which a ring's daemon would hold half as much again, most of it unused, and no thread that gives
 * freed memory back.
 */
const LITTLE_MEMORY = { MIMALLOC_ALLOW_THP: "0", MIMALLOC_SCAVENGER: "1" } as const;

/**
 * Freed pages are kept for good: the allocator gives them back to the system after 10 ms, and a busy process fetches and clears
 * each anew, two thirds of the processor time of an encrypted ring under load. A wait of any length costs ten wake-ups a second.
 */
export const KEEP_FREED_MEMORY = { MIMALLOC_PURGE_DELAY: "-1" } as const;

function settle(settings: Readonly<Record<string, string>>): void {
  startAnewWith(settings);
  translateEarly();
}

/** For a daemon that is mostly idle. */
export function becomeQuietDaemon(): void {
  settle(LITTLE_MEMORY);
}

/** For a daemon that makes and drops buffers all the time. */
export function becomeBusyDaemon(): void {
  settle({ ...LITTLE_MEMORY, ...KEEP_FREED_MEMORY });
}
