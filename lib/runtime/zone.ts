/** The machine's time zone, as the C library knows it; it belongs to the runtime, not to lib/time. */
import { brokenDownZone } from "./ffi/time.ts";

/** Seconds east of UTC at an instant. */
export function zoneOffset(epoch: number): number {
  // Date would load all of ICU for it, which takes longer than a small tool runs; it serves the instants the C library refuses.
  return brokenDownZone(epoch) ?? -new Date(epoch * 1000).getTimezoneOffset() * 60;
}
