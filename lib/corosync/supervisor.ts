/**
 * Starts pacemakerd and keeps it running, under `service { name: pacemaker ver: 0 }` (HOUSE, decisions; safety rule 9). When
 * it dies it is started again: at once the first time, then after growing pauses. At the end it is stopped before the
 * node leaves the ring, so that it can move its resources away.
 */
import type { CancelTimer, LogEffect, Millis, SetTimer } from "../base/core.ts";
import { limits } from "../base/limits.ts";
import type { CorosyncOptions, StartProcess, StopProcess } from "./api.ts";
import { pluginLine } from "./log-lines.ts";

export type SupervisorEvent =
  /** The node is a member and services answer. */
  | { readonly kind: "ready" }
  | { readonly kind: "stop" }
  | { readonly kind: "process-started"; readonly pid: number }
  | {
      readonly kind: "process-exited";
      readonly pid: number;
      readonly exit: number | undefined;
      readonly signal: string | undefined;
    }
  | { readonly kind: "timer"; readonly name: string };

export type SupervisorEffect =
  | StartProcess
  | StopProcess
  /** Everything this supervisor started is gone, after `stop`. */
  | { readonly kind: "stopped" }
  | SetTimer
  | CancelTimer
  | LogEffect;

const NAME = "pacemakerd";
const RESPAWN = "supervisor.respawn";
const ESCALATE = "supervisor.escalate";
const REMIND = "supervisor.remind";
const REMIND_MS = 30_000;
const FIRST_BACKOFF_MS = 1000;
/** Having run this long, its next death counts as the first. */
const STEADY_MS = 60_000;
/** pacemakerd says that another one runs: it has outlived our predecessor and is still stopping its resources. */
const EXIT_RUNNING = 100;

export class Supervisor {
  private readonly env: Readonly<Record<string, string>>;
  private state: "idle" | "starting" | "running" | "waiting" | "stopping" | "done" = "idle";
  private pid = 0;
  private startedAt: Millis = 0;
  private backoffMs = 0;
  private out: SupervisorEffect[] = [];

  /** @param env what pacemakerd is told: log file and form. */
  constructor(env: Readonly<Record<string, string>>) {
    this.env = env;
  }

  step(now: Millis, event: SupervisorEvent): readonly SupervisorEffect[] {
    this.out = [];
    switch (event.kind) {
      case "ready":
        if (this.state === "idle") this.start(now);
        break;
      case "stop":
        this.onStop();
        break;
      case "process-started":
        this.pid = event.pid;
        if (this.state === "starting") this.state = "running";
        this.say("info", "spawn_child", `Forked child ${event.pid} for process ${NAME}`);
        break;
      case "process-exited":
        this.onExit(now, event);
        break;
      case "timer":
        this.onTimer(now, event.name);
        break;
    }
    return this.out;
  }

  private say(level: LogEffect["level"], origin: string, text: string): void {
    this.out.push(pluginLine(level, origin, text));
  }

  private start(now: Millis): void {
    this.state = "starting";
    this.startedAt = now;
    this.out.push({ kind: "start-process", name: NAME, args: ["-f"], env: this.env });
  }

  private onStop(): void {
    this.out.push({ kind: "cancel-timer", name: RESPAWN });
    if (this.state === "running" || this.state === "starting") {
      this.state = "stopping";
      this.say("notice", "pcmk_shutdown", "Shuting down Pacemaker");
      this.say("notice", "stop_child", `Sent -15 to ${NAME}: [${this.pid}]`);
      this.out.push(
        { kind: "stop-process", name: NAME, signal: "SIGTERM" },
        { kind: "set-timer", name: ESCALATE, delayMs: limits.managerStopMs },
        { kind: "set-timer", name: REMIND, delayMs: REMIND_MS },
      );
      return;
    }
    if (this.state === "stopping") return;
    this.state = "done";
    this.out.push({ kind: "stopped" });
  }

  private onExit(now: Millis, event: Extract<SupervisorEvent, { kind: "process-exited" }>): void {
    const { exit, signal, pid } = event;
    if (this.state === "stopping") {
      this.state = "done";
      this.out.push(
        { kind: "cancel-timer", name: ESCALATE },
        { kind: "cancel-timer", name: REMIND },
      );
      this.say("notice", "pcmk_shutdown", `${NAME} confirmed stopped`);
      this.say("notice", "pcmk_shutdown", "Shutdown complete");
      this.out.push({ kind: "stopped" });
      return;
    }
    if (this.state === "done" || this.state === "idle") return;
    const how =
      exit === undefined
        ? `terminated with signal ${signal ?? "unknown"} (pid=${pid})`
        : `exited (pid=${pid}, rc=${exit})`;
    const level = exit === 0 || exit === EXIT_RUNNING ? "notice" : "error";
    this.say(level, "pcmk_wait_dispatch", `Child process ${NAME} ${how}`);
    if (exit === EXIT_RUNNING) {
      this.waitFor(FIRST_BACKOFF_MS);
      return;
    }
    if (now - this.startedAt >= STEADY_MS) this.backoffMs = 0;
    const delayMs = this.backoffMs;
    this.backoffMs = Math.min(limits.managerBackoffMs, Math.max(FIRST_BACKOFF_MS, delayMs * 2));
    const text = `Respawning failed child process: ${NAME}`;
    this.say("notice", "pcmk_wait_dispatch", text);
    if (delayMs === 0) this.start(now);
    else this.waitFor(delayMs);
  }

  private waitFor(delayMs: Millis): void {
    this.state = "waiting";
    this.out.push({ kind: "set-timer", name: RESPAWN, delayMs });
  }

  private onTimer(now: Millis, name: string): void {
    if (name === RESPAWN && this.state === "waiting") this.start(now);
    if (this.state !== "stopping") return;
    if (name === REMIND) {
      const text = `Still waiting for ${NAME} (pid=${this.pid}) to terminate...`;
      this.say("notice", "pcmk_shutdown", text);
      this.out.push({ kind: "set-timer", name: REMIND, delayMs: REMIND_MS });
    } else if (name === ESCALATE) {
      const text = `Child ${NAME} taking too long to terminate, sending SIGKILL`;
      this.say("error", "pcmk_shutdown", text);
      this.out.push({ kind: "stop-process", name: NAME, signal: "SIGKILL" });
    }
  }
}

/** What pacemakerd needs to write into the same log, in the same form. */
export function supervisedEnvironment({
  config,
}: CorosyncOptions): Readonly<Record<string, string>> {
  const { logfile, toLogfile } = config.logging;
  return {
    QUORATE_LOGFORM: config.form,
    ...(toLogfile && logfile !== undefined ? { QUORATE_LOGFILE: logfile } : {}),
  };
}
