/**
 * Runs programs: agents, fence agents, alerts, helpers (spec/runtime.md sections 3.4 and 3.9). Each gets a process group of
 * its own (Differs: a session too, as Bun offers only that), /dev/null as stdin, pipes for its output.
 *
 * A program is done when its process has ended, not when its pipes close: an agent that starts a daemon leaves them open.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { monotonicMs } from "./clock.ts";
import { diskErrorCode } from "./disk.ts";

export interface RunOptions {
  readonly argv: readonly string[];
  /** The whole environment; default ours. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly stdin?: string;
  /** From the start of the process. Undefined: no limit. */
  readonly timeoutMs?: number;
  /** Between SIGTERM and SIGKILL at a timeout; 0 (default) kills at once, as the original does. */
  readonly graceMs?: number;
  /** Bytes kept of each stream; what exceeds them is read and dropped. */
  readonly outputBytes?: number;
  /** At a timeout or `kill`, leave the rest of the group alone. */
  readonly killOnlyProcess?: boolean;
}

export interface RunResult {
  /** Exit code; undefined when a signal ended it or it could not be started. */
  readonly exit: number | undefined;
  readonly signal: string | undefined;
  readonly timedOut: boolean;
  /** `kill` was called before it ended. */
  readonly killed: boolean;
  /** errno word when it could not be started: ENOENT, EACCES, … */
  readonly error: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

export interface RunningProgram {
  /** 0 when it could not be started. */
  readonly pid: number;
  readonly done: Promise<RunResult>;
  /** Ends the whole group now. */
  kill(): void;
}

const DEFAULT_OUTPUT_BYTES = 10 * 1024 * 1024;
/** After the end of the process: how long the pipes may stay silent, and how long all of it may take. */
const QUIET_MS = 20;
const DRAIN_MS = 500;

class Capture {
  readonly #chunks: Uint8Array[] = [];
  readonly #limit: number;
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(chunk: Uint8Array): void {
    const room = this.#limit - this.#bytes;
    if (room <= 0) return;
    const kept = chunk.length <= room ? chunk : chunk.subarray(0, room);
    this.#chunks.push(kept);
    this.#bytes += kept.length;
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString("utf8");
  }
}

class Run implements RunningProgram {
  readonly pid: number;
  readonly done: Promise<RunResult>;
  readonly #options: RunOptions;
  readonly #child: ChildProcess | undefined;
  readonly #stdout: Capture;
  readonly #stderr: Capture;
  readonly #started = monotonicMs();
  #resolve: (result: RunResult) => void = () => {};
  #timers: NodeJS.Timeout[] = [];
  #timedOut = false;
  #killed = false;
  #ended = false;
  #finished = false;
  #lastOutput = 0;

  constructor(options: RunOptions) {
    this.#options = options;
    const limit = options.outputBytes ?? DEFAULT_OUTPUT_BYTES;
    this.#stdout = new Capture(limit);
    this.#stderr = new Capture(limit);
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    try {
      this.#child = this.#spawn();
    } catch (error) {
      this.pid = 0;
      this.#finish(undefined, undefined, diskErrorCode(error));
      return;
    }
    this.pid = this.#child.pid ?? 0;
    this.#watch(this.#child);
  }

  kill(): void {
    if (this.#ended) return;
    this.#killed = true;
    this.#signal("SIGKILL");
  }

  #spawn(): ChildProcess {
    const { argv, env, cwd, uid, gid, stdin } = this.#options;
    const [program = "", ...args] = argv;
    return spawn(program, args, {
      detached: true,
      stdio: [stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      ...(env === undefined ? {} : { env: { ...env } }),
      ...(cwd === undefined ? {} : { cwd }),
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
  }

  #watch(child: ChildProcess): void {
    const collect = (capture: Capture) => (chunk: Uint8Array) => {
      this.#lastOutput = monotonicMs();
      capture.add(chunk);
    };
    child.stdout?.on("data", collect(this.#stdout));
    child.stderr?.on("data", collect(this.#stderr));
    child.stdout?.on("error", () => {});
    child.stderr?.on("error", () => {});
    child.stdin?.on("error", () => {});
    child.stdin?.end(this.#options.stdin ?? "");
    child.on("error", (error) => this.#finish(undefined, undefined, diskErrorCode(error)));
    child.on("exit", (exit, signal) => this.#onExit(exit ?? undefined, signal ?? undefined));
    child.on("close", (exit, signal) => this.#finish(exit ?? undefined, signal ?? undefined));
    if (this.#options.timeoutMs !== undefined) {
      this.#timers.push(setTimeout(() => this.#onTimeout(), this.#options.timeoutMs));
    }
  }

  #onTimeout(): void {
    if (this.#ended) return;
    this.#timedOut = true;
    const grace = this.#options.graceMs ?? 0;
    if (grace <= 0) {
      this.#signal("SIGKILL");
      return;
    }
    this.#signal("SIGTERM");
    this.#timers.push(setTimeout(() => this.#signal("SIGKILL"), grace));
  }

  /** To the group while its leader lives, so that the number cannot be another's already. */
  #signal(signal: "SIGTERM" | "SIGKILL"): void {
    if (this.#ended || this.pid <= 0) return;
    try {
      process.kill(this.#options.killOnlyProcess === true ? this.pid : -this.pid, signal);
    } catch {
      // It has just ended by itself.
    }
  }

  /** The process is gone; what it wrote last may still be in the pipes. */
  #onExit(exit: number | undefined, signal: string | undefined): void {
    this.#ended = true;
    const ended = monotonicMs();
    const look = () => {
      const now = monotonicMs();
      const quiet = now - Math.max(this.#lastOutput, ended) >= QUIET_MS;
      if (quiet || now - ended >= DRAIN_MS) this.#finish(exit, signal);
      else this.#timers.push(setTimeout(look, QUIET_MS / 4));
    };
    this.#timers.push(setTimeout(look, QUIET_MS));
  }

  #finish(exit: number | undefined, signal: string | undefined, error?: string): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#ended = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#child?.stdout?.destroy();
    this.#child?.stderr?.destroy();
    this.#child?.unref();
    this.#resolve({
      exit: signal === undefined ? exit : undefined,
      signal,
      timedOut: this.#timedOut,
      killed: this.#killed,
      error,
      stdout: this.#stdout.text(),
      stderr: this.#stderr.text(),
      ms: Math.round(monotonicMs() - this.#started),
    });
  }
}

/** Starts a program. Never throws: what went wrong is in the result. */
export function runProgram(options: RunOptions): RunningProgram {
  return new Run(options);
}
