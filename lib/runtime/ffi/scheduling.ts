/**
 * The scheduling class of a daemon that must not be late: a token that waits for a busy machine looks like a dead node.
 * All threads of the process go into it together: one that waits for a helper of the garbage collector, which waits for a
 * processor, would be as late as before. Children start in the ordinary class.
 */
import { ptr } from "bun:ffi";
import { readdirSync } from "node:fs";
import { libc } from "./libc.ts";

const SCHED_RR = 2;
const SCHED_RESET_ON_FORK = 0x40000000;
/** sched_get_priority_max(SCHED_RR) on Linux. */
const HIGHEST_PRIORITY = 99;
const THREADS = "/proc/self/task";

const done = new Set<string>();

/**
 * Puts every thread that is not there yet into the realtime class. Threads come and go, so call it again now and then.
 * False when the system does not allow it.
 */
export function runRealtime(): boolean {
  const parameters = new Int32Array([HIGHEST_PRIORITY]);
  const threads = readdirSync(THREADS);
  let allowed = true;
  for (const thread of threads) {
    if (done.has(thread)) continue;
    const policy = SCHED_RR | SCHED_RESET_ON_FORK;
    if (libc.sched_setscheduler(Number(thread), policy, ptr(parameters)) === 0) done.add(thread);
    else allowed = false;
  }
  for (const thread of done) if (!threads.includes(thread)) done.delete(thread);
  return allowed;
}
