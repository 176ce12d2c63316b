/** The real `AgentCall`: parameters from OCF_RESKEY_*, programs of this machine, words to stderr (spec/runtime.md 3.9). */
import { nodeFs } from "../lib/runtime/builtin.ts";
import { sleepMs } from "../lib/runtime/clock.ts";
import type { AgentCall, AgentDefinition } from "./agent.ts";

const YES = new Set(["1", "yes", "true", "on"]);

/** Programs that agents need lie in sbin folders, which a service's PATH may lack. */
const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const EXIT_NOT_FOUND = 127;
/** A signal ended it. */
const EXIT_SIGNALLED = 128;

function milliseconds(text: string | undefined): number | undefined {
  const value = Number(text ?? "");
  return Number.isFinite(value) && value > 0 ? value : undefined;
}

/** Builds the call of one action from an environment. */
export function agentCall(
  definition: AgentDefinition,
  action: string,
  env: Readonly<Record<string, string | undefined>>,
): AgentCall {
  const value = (name: string) => {
    const given = env[`OCF_RESKEY_${name}`];
    if (given !== undefined && given !== "") return given;
    return definition.parameters.find((p) => p.name === name)?.default ?? "";
  };
  const instance = env["OCF_RESOURCE_INSTANCE"] ?? "default";
  const prefix = env["OCF_EXIT_REASON_PREFIX"] ?? "ocf-exit-reason:";
  const path = `${env["PATH"] ?? ""}:${SYSTEM_PATH}`;
  const own: Record<string, string> = {};
  for (const [key, text] of Object.entries(env)) if (text !== undefined) own[key] = text;
  own["PATH"] = path;
  own["LC_ALL"] = "C";
  return {
    action,
    instance,
    env,
    parameter: value,
    given: (name) => (env[`OCF_RESKEY_${name}`] ?? "") !== "",
    flag: (name) => YES.has(value(name).toLowerCase()),
    number: (name) => {
      const number = Number.parseInt(value(name), 10);
      if (Number.isSafeInteger(number)) return number;
      return Number(definition.parameters.find((p) => p.name === name)?.default ?? 0);
    },
    probe: action === "monitor" && milliseconds(env["OCF_RESKEY_CRM_meta_interval"]) === undefined,
    timeoutMs: milliseconds(env["OCF_RESKEY_CRM_meta_timeout"]),
    say: (text) => console.error(`${definition.name}(${instance}): ${text}`),
    fail: (exit, reason) => {
      console.error(`${prefix}${reason}`);
      return exit;
    },
    ask: (argv) => {
      try {
        const done = Bun.spawnSync([...argv], { env: own, stdin: "ignore", stderr: "pipe" });
        return {
          exit: done.exitCode ?? EXIT_SIGNALLED,
          stdout: done.stdout.toString(),
          stderr: done.stderr.toString(),
        };
      } catch (error) {
        return { exit: EXIT_NOT_FOUND, stdout: "", stderr: `${argv[0]}: ${String(error)}` };
      }
    },
    run: async (argv) => {
      const { runProgram } = await import("../lib/runtime/spawn.ts");
      const done = await runProgram({ argv, env: own }).done;
      return {
        exit: done.exit ?? EXIT_NOT_FOUND,
        stdout: done.stdout,
        stderr: done.error === undefined ? done.stderr : `${argv[0]}: ${done.error}`,
      };
    },
    spawnDetached: (argv, options = {}) => {
      const open = (file: string | undefined) =>
        file === undefined || file === "" ? "ignore" : nodeFs().openSync(file, "a", 0o640);
      const out = open(options.stdout);
      const err = open(options.stderr);
      try {
        const child = Bun.spawn([...argv], {
          detached: true,
          stdio: ["ignore", out, err],
          env: own,
          ...(options.cwd === undefined || options.cwd === "" ? {} : { cwd: options.cwd }),
        });
        child.unref();
        return child.pid;
      } catch {
        return 0;
      } finally {
        for (const fd of [out, err]) if (typeof fd === "number") nodeFs().closeSync(fd);
      }
    },
    sleep: sleepMs,
  };
}
