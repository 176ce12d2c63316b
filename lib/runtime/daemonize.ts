/**
 * How a daemon goes into the background: the command starts itself again, detached, and waits for a report over a pipe that
 * it is ready, so that an init script's exit code tells the truth.
 */
import { nodeFs } from "./builtin.ts";

/** Set in the child's environment: the descriptor to report on. */
const REPORT_VARIABLE = "QUORATE_STARTUP_REPORT";
const REPORT_DESCRIPTOR = 3;
const READY = "ready";

export interface DaemonStart {
  /** 0 when the daemon reported that it is ready. */
  readonly exit: number;
  /** What it said instead; empty when it is ready. */
  readonly message: string;
  readonly pid: number;
}

/**
 * Starts `argv` as a daemon and waits until it reports, ends, or `timeoutMs` has passed.
 * @param argv whole command, e.g. [...selfCommand(), "corosync", "-f"].
 */
export async function startDaemon(
  argv: readonly string[],
  timeoutMs: number,
): Promise<DaemonStart> {
  const { spawn } = await import("node:child_process");
  const [program = "", ...args] = argv;
  const child = spawn(program, args, {
    detached: true,
    stdio: ["ignore", "ignore", "ignore", "pipe"],
    env: { ...process.env, [REPORT_VARIABLE]: String(REPORT_DESCRIPTOR) },
  });
  const pid = child.pid ?? 0;
  let report = "";
  return new Promise((resolve) => {
    const finish = (exit: number, message: string) => {
      clearTimeout(timer);
      child.unref();
      const pipe = child.stdio[REPORT_DESCRIPTOR];
      if (pipe !== null && pipe !== undefined && "destroy" in pipe) pipe.destroy();
      resolve({ exit, message, pid });
    };
    const timer = setTimeout(
      () => finish(1, `not ready after ${Math.round(timeoutMs / 1000)} s`),
      timeoutMs,
    );
    child.stdio[REPORT_DESCRIPTOR]?.on("data", (data: Uint8Array) => {
      report += Buffer.from(data).toString("utf8");
      if (!report.endsWith("\n")) return;
      const text = report.trimEnd();
      finish(text === READY ? 0 : 1, text === READY ? "" : text);
    });
    child.on("error", (error) => finish(1, error.message));
    child.on("exit", (exit, signal) => {
      // The report may be right behind.
      setTimeout(() => finish(exit || 1, report.trimEnd() || `ended by ${signal ?? exit}`), 50);
    });
  });
}

/** True in a process that startDaemon started and that has not reported yet. */
export function isStartedAsDaemon(): boolean {
  return process.env[REPORT_VARIABLE] !== undefined;
}

/** Tells the waiting command that this daemon is ready, or, with a text, why it ends. Without one waiting: nothing. */
export function reportStartup(failure?: string): void {
  const descriptor = Number(process.env[REPORT_VARIABLE] ?? "");
  delete process.env[REPORT_VARIABLE];
  if (!Number.isInteger(descriptor) || descriptor < REPORT_DESCRIPTOR) return;
  try {
    nodeFs().writeSync(
      descriptor,
      `${failure === undefined ? READY : failure.replaceAll("\n", " ")}\n`,
    );
    nodeFs().closeSync(descriptor);
  } catch {
    // Nobody waits any more.
  }
}
