/** The C library's knowledge of time zones. */
import { ptr } from "bun:ffi";
import { openLibc } from "./libc.ts";

const libc = openLibc({
  localtime_r: { args: ["ptr", "ptr"], returns: "ptr" },
});

/** Bytes of `struct tm` with room to spare, and where tm_gmtoff stands (64-bit Linux). */
const TM_BYTES = 64;
const OFFSET_AT = 40;

/** Seconds east of UTC at `epoch`, here; undefined for a year that the C library cannot write. */
export function brokenDownZone(epoch: number): number | undefined {
  const time = new BigInt64Array([BigInt(Math.floor(epoch))]);
  const tm = new Uint8Array(TM_BYTES);
  if (libc.localtime_r(ptr(time), ptr(tm)) === null) return undefined;
  return Number(new DataView(tm.buffer).getBigInt64(OFFSET_AT, true));
}
