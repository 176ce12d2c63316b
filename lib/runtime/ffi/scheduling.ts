/**
 * The scheduling class of a daemon that must not be late: a token that waits for a busy machine looks like a dead node.
 * Children start in the ordinary class.
 */
import { ptr } from "bun:ffi";
import { libc } from "./libc.ts";

const SCHED_RR = 2;
const SCHED_RESET_ON_FORK = 0x40000000;
/** sched_get_priority_max(SCHED_RR) on Linux. */
const HIGHEST_PRIORITY = 99;

/** Puts this thread into the realtime class. False when the system does not allow it. */
export function runRealtime(priority = HIGHEST_PRIORITY): boolean {
  const parameters = new Int32Array([priority]);
  return libc.sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, ptr(parameters)) === 0;
}
