/** ocf:heartbeat:anything: any program that stays in the foreground, started, watched and ended by its pid. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Exit } from "../../../lib/base/exit.ts";
import { type AgentCall, defineAgent } from "../../agent.ts";
import { endProcess, pidFrom } from "../process.ts";

/** Part of the stop timeout that is left for the program to end by itself. */
const PATIENCE = 2 / 3;
const DEFAULT_STOP_MS = 20_000;

function pidPath(call: AgentCall): string {
  const given = call.parameter("pidfile");
  return given === "" ? `/run/resource-agents/anything_${call.instance}.pid` : given;
}

async function start(call: AgentCall): Promise<number> {
  const file = pidPath(call);
  if (pidFrom(file) !== undefined) return Exit.ok;
  const program = call.parameter("binfile");
  if (Bun.which(program) === null) {
    return call.fail(Exit.notInstalled, `binfile="${program}" is no program on this node`);
  }
  // The options are a shell's words, as an administrator would type them.
  const line = `exec "$0" ${call.parameter("cmdline_options")}`;
  const user = call.parameter("user");
  const shell = ["sh", "-c", line, program];
  const argv = user === "root" || user === "" ? shell : ["runuser", "-u", user, "--", ...shell];
  const pid = call.spawnDetached(argv, {
    stdout: call.parameter("logfile"),
    stderr: call.parameter("errlogfile"),
    cwd: call.parameter("workdir"),
  });
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${pid}\n`);
  await call.sleep(200);
  if (pidFrom(file) !== undefined) return Exit.ok;
  return call.fail(Exit.error, `${program} ended at once`);
}

async function monitor(call: AgentCall): Promise<number> {
  if (pidFrom(pidPath(call)) === undefined) return Exit.notRunning;
  const hook = call.parameter("monitor_hook");
  if (hook === "" || call.probe) return Exit.ok;
  const done = await call.run(["sh", "-c", hook]);
  return done.exit === 0 ? Exit.ok : call.fail(Exit.error, `monitor_hook ended with ${done.exit}`);
}

async function stop(call: AgentCall): Promise<number> {
  const asked = call.number("stop_timeout") * 1000;
  const patience = asked > 0 ? asked : (call.timeoutMs ?? DEFAULT_STOP_MS) * PATIENCE;
  if (await endProcess(call, pidPath(call), patience)) return Exit.ok;
  return call.fail(Exit.error, `${call.parameter("binfile")} does not end`);
}

export default defineAgent({
  provider: "heartbeat",
  name: "anything",
  version: "1.0",
  short: "Any program that stays in the foreground",
  long: "Starts a program in the background, watches its process and ends it. For services without an agent of their own.",
  parameters: [
    {
      name: "binfile",
      type: "string",
      required: true,
      default: "",
      short: "The program",
      long: "Full name of the program. It must not put itself into the background.",
    },
    {
      name: "cmdline_options",
      type: "string",
      default: "",
      short: "Its options",
      long: "Words for the program, as typed to a shell.",
    },
    {
      name: "workdir",
      type: "string",
      default: "",
      short: "Working directory",
      long: "The directory in which the program runs.",
    },
    {
      name: "pidfile",
      type: "string",
      default: "",
      short: "Pid file",
      long: "Where the process number is kept. Default: one below /run/resource-agents.",
    },
    {
      name: "logfile",
      type: "string",
      default: "",
      short: "File for its output",
      long: "The program's standard output is appended here.",
    },
    {
      name: "errlogfile",
      type: "string",
      default: "",
      short: "File for its errors",
      long: "The program's standard error is appended here.",
    },
    {
      name: "user",
      type: "string",
      default: "root",
      short: "User",
      long: "The user who runs the program.",
    },
    {
      name: "monitor_hook",
      type: "string",
      default: "",
      short: "Check command",
      long: "A shell command that each monitor runs; the resource has failed when it does not end with 0.",
    },
    {
      name: "stop_timeout",
      type: "integer",
      default: "0",
      short: "Patience at stop, seconds",
      long: "Seconds between the request to end and the kill. 0: two thirds of the stop timeout.",
    },
  ],
  actions: [
    { name: "start", timeoutS: 20, run: start },
    { name: "stop", timeoutS: 20, run: stop },
    { name: "monitor", timeoutS: 20, intervalS: 10, depth: 0, run: monitor },
    { name: "validate-all", timeoutS: 5, run: () => Exit.ok },
  ],
});
