/** Clocks. Cores see the monotonic one only, as `now`. */
import type { Millis } from "../base/core.ts";

/** Monotonic milliseconds since the process started. */
export function monotonicMs(): Millis {
  return performance.now();
}

/** Wall clock, milliseconds since the epoch. */
export function epochMs(): number {
  return Date.now();
}

/** Resolves after `ms`. */
export function sleepMs(ms: number): Promise<void> {
  return Bun.sleep(ms);
}
