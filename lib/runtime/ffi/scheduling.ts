/**
 * The scheduling class of a daemon that must not be late: a token that waits for a busy machine looks like a dead node.
 * All threads of the process go into it together: one that waits for a helper of the garbage collector, which waits for a
 * processor, would be as late as before. Children start in the ordinary class.
 */
import { ptr } from "bun:ffi";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { openLibc } from "./libc.ts";

const libc = openLibc({
  sched_setscheduler: { args: ["i32", "i32", "ptr"], returns: "i32" },
});

const SCHED_RR = 2;
const SCHED_RESET_ON_FORK = 0x40000000;
/** sched_get_priority_min and _max of SCHED_RR on Linux. */
const LOWEST_PRIORITY = 1;
const HIGHEST_PRIORITY = 99;
const THREADS = "/proc/self/task";

/** Where a process is moved to the root of the control groups: version 2, then version 1. */
const ROOT_GROUPS = ["/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/cpu/cgroup.procs"];

const done = new Set<string>();

/** As system.priority of corosync.conf gives it. */
export type Priority = "max" | "min" | number;

function realtimePriority(priority: Priority): number {
  if (priority === "max") return HIGHEST_PRIORITY;
  if (priority === "min") return LOWEST_PRIORITY;
  return Math.max(LOWEST_PRIORITY, Math.min(HIGHEST_PRIORITY, priority));
}

/** In the ordinary class: niceness of this process. False when the system does not allow it. */
export function runOrdinary(priority: Priority): boolean {
  const { PRIORITY_HIGHEST, PRIORITY_LOW } = constants.priority;
  const nice = priority === "max" ? PRIORITY_HIGHEST : priority === "min" ? PRIORITY_LOW : priority;
  try {
    setPriority(nice);
    return true;
  } catch {
    return false;
  }
}

/** Leaves the control group that the service manager gave us, whose budget may allow no realtime class. */
export function moveToRootGroup(): boolean {
  return ROOT_GROUPS.some((path) => {
    try {
      if (!existsSync(path)) return false;
      writeFileSync(path, String(process.pid));
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Puts every thread that is not there yet into the realtime class. Threads come and go, so call it again now and then.
 * False when the system does not allow it.
 */
export function runRealtime(priority: Priority): boolean {
  const parameters = new Int32Array([realtimePriority(priority)]);
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
