/** From what a process returned to OCF words (spec/runtime.md 3.3, 3.4, 3.8). */
import type { JobDoneEvent } from "../api.ts";
import { OpStatus } from "../controller/history.ts";
import { exitReason } from "./environment.ts";

export interface AgentResult {
  readonly rc: number;
  readonly status: number;
  readonly exitReason: string;
}

function lsbStatus(exit: number): number {
  switch (exit) {
    case 0:
      return 0;
    case 1:
    case 2:
    case 3:
      return 7;
    case 150:
      return 5;
    case 151:
      return 4;
    default:
      return 1;
  }
}

/** Exit code of an agent as an OCF code. systemctl speaks LSB, so `systemd` is read like it. */
export function ocfCode(standard: string, operation: string, exit: number): number {
  if (standard !== "ocf") {
    if (operation === "monitor") return lsbStatus(exit);
    return exit <= 7 ? exit : 1;
  }
  return exit <= 9 || exit === 190 || exit === 191 ? exit : 1;
}

function seconds(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

/** rc, op-status and reason of a finished run. */
export function agentResult(
  event: JobDoneEvent,
  standard: string,
  operation: string,
  agent: string,
  timeoutMs: number,
): AgentResult {
  if (event.missing === "not-installed") {
    return {
      rc: 5,
      status: OpStatus.notInstalled,
      exitReason: `${agent}: No such file or directory`,
    };
  }
  if (event.missing === "not-permitted") {
    return { rc: 4, status: OpStatus.error, exitReason: `${agent}: Permission denied` };
  }
  if (event.timedOut) {
    const reason = `Resource agent did not complete within ${seconds(timeoutMs)}`;
    return { rc: 1, status: OpStatus.timeout, exitReason: reason };
  }
  if (event.exit === undefined) {
    return {
      rc: 1,
      status: OpStatus.error,
      exitReason: "Resource agent interrupted by a signal",
    };
  }
  return {
    rc: ocfCode(standard, operation, event.exit),
    status: OpStatus.done,
    exitReason: standard === "ocf" ? exitReason(event.stderr) : "",
  };
}
