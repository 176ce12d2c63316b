/** Times as people read them: the form of ctime, in this host's zone. */
import { zoneOffset } from "../../lib/runtime/zone.ts";
import { ctimeText } from "../../lib/time/iso8601.ts";

/** "Thu Jan  1 00:00:00 1970 …" for epoch seconds. */
export function localTime(epoch: number): string {
  return ctimeText({ epoch, offset: zoneOffset(epoch) });
}
