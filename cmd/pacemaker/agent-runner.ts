/**
 * Finds and runs resource agents (spec/runtime.md 3.8): ocf from the installed folders first, else our built-in one of that
 * name; lsb from /etc/init.d; systemd through systemctl; service is whichever of the two exists.
 */
import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import { agentKey } from "../../agents/table.ts";
import type { AlertEffect, JobDoneEvent, RunEffect } from "../../lib/pacemakerd/api.ts";
import { selfCommand } from "../../lib/runtime/command-line.ts";
import { type RunningProgram, runProgram } from "../../lib/runtime/spawn.ts";

const OCF_FOLDERS = "/usr/lib/ocf/resource.d";
const INIT_FOLDER = "/etc/init.d";
const WORKING_FOLDER = "/var/lib/pacemaker/cores";

/** The command for an action; undefined: no such agent. */
export function agentCommand(
  effect: Pick<RunEffect, "standard" | "provider" | "agent" | "action">,
  folders = OCF_FOLDERS,
): readonly string[] | undefined {
  const { standard, provider, agent, action } = effect;
  if (standard === "ocf") {
    for (const folder of folders.split(":")) {
      const path = `${folder}/${provider ?? "heartbeat"}/${agent}`;
      if (existsSync(path)) return [path, action];
    }
    if (agentKey(`ocf:${provider ?? "heartbeat"}:${agent}`) === undefined) return undefined;
    return [...selfCommand(), "agent", `ocf:${provider ?? "heartbeat"}:${agent}`, action];
  }
  const script = isAbsolute(agent) ? agent : `${INIT_FOLDER}/${agent}`;
  const unit = /\.(service|socket|mount|timer|path)$/.test(agent) ? agent : `${agent}.service`;
  const verb = action === "status" ? "is-active" : action;
  if (standard === "lsb") return existsSync(script) ? [script, action] : undefined;
  if (standard === "service" && existsSync(script)) return [script, action];
  if (standard === "service" || standard === "systemd") return ["systemctl", verb, unit];
  return undefined;
}

function plainEnvironment(): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}

/** Runs jobs and reports each once. */
export class AgentRunner {
  private readonly running = new Map<number, RunningProgram>();
  private readonly post: (event: JobDoneEvent) => void;
  private readonly environment: Readonly<Record<string, string>>;

  /** @param environment what every agent gets beside the job's own variables. */
  constructor(
    post: (event: JobDoneEvent) => void,
    environment: Readonly<Record<string, string>> = {},
  ) {
    this.post = post;
    this.environment = { ...plainEnvironment(), ...environment };
  }

  run(effect: RunEffect): void {
    const argv = agentCommand(effect);
    if (argv === undefined) {
      queueMicrotask(() => this.missing(effect.job, "not-installed"));
      return;
    }
    const program = runProgram({
      argv,
      env: { ...this.environment, ...effect.environment },
      ...(existsSync(WORKING_FOLDER) ? { cwd: WORKING_FOLDER } : {}),
      timeoutMs: effect.timeoutMs,
    });
    this.running.set(effect.job, program);
    program.done.then((result) => {
      this.running.delete(effect.job);
      if (result.error !== undefined) {
        const kind = result.error === "ENOENT" ? "not-installed" : "not-permitted";
        this.missing(effect.job, kind);
        return;
      }
      this.post({
        kind: "job-done",
        job: effect.job,
        exit: result.exit,
        timedOut: result.timedOut,
        stdout: result.stdout,
        stderr: result.stderr,
        execMs: result.ms,
      });
    });
  }

  /**
   * Runs an alert's program as the manager's user, beside everything else; resolves with what the log should say of it.
   * @param user never root: who may edit the configuration names the program.
   */
  async alert(
    { path, environment, timeoutMs }: AlertEffect,
    user: { readonly uid: number; readonly gid: number } | undefined,
  ): Promise<string | undefined> {
    if (user === undefined) return `Alert ${path} is not run: there is no user hacluster`;
    const env = { ...this.environment, ...environment };
    const { pid, done } = runProgram({ argv: [path], env, timeoutMs, ...user });
    const { error, timedOut, exit } = await done;
    if (error !== undefined) return `Alert ${path} could not be run: ${error}`;
    if (timedOut) return `Alert [${pid}] ${path} did not complete within ${timeoutMs} ms`;
    return exit === 0 ? undefined : `Alert [${pid}] completed but exited with status ${exit}`;
  }

  kill(job: number): void {
    this.running.get(job)?.kill();
  }

  private missing(job: number, missing: "not-installed" | "not-permitted"): void {
    this.post({
      kind: "job-done",
      job,
      exit: undefined,
      timedOut: false,
      missing,
      stdout: "",
      stderr: "",
      execMs: 0,
    });
  }
}
