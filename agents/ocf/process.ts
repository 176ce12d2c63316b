/** Processes that agents start and stop, by pid file: does it live, end it and wait. */
import { readFileSync, rmSync } from "node:fs";
import { processLives } from "../../lib/runtime/pidfile.ts";
import type { AgentCall } from "../agent.ts";

const LOOK_AGAIN_MS = 100;

/** The living process a file names; undefined when there is none. */
export function pidFrom(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, "utf8").trim());
    return Number.isInteger(pid) && pid > 1 && processLives(pid) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** SIGTERM, then SIGKILL after `patienceMs`; true when it is gone. Removes the pid file. */
export async function endProcess(
  call: AgentCall,
  pidFile: string,
  patienceMs: number,
): Promise<boolean> {
  const pid = pidFrom(pidFile);
  if (pid !== undefined) {
    process.kill(pid, "SIGTERM");
    for (let waited = 0; processLives(pid) && waited < patienceMs; waited += LOOK_AGAIN_MS) {
      await call.sleep(LOOK_AGAIN_MS);
    }
    if (processLives(pid)) {
      call.say(`process ${pid} does not end at SIGTERM; killing it`);
      process.kill(pid, "SIGKILL");
      await call.sleep(LOOK_AGAIN_MS);
      if (processLives(pid)) return false;
    }
  }
  rmSync(pidFile, { force: true });
  return true;
}
