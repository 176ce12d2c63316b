/** ocf:pacemaker:Stateful: a resource with two roles that is nothing but a file; tells the cluster its promotion scores. */
import { Exit } from "../../../lib/base/exit.ts";
import { selfCommand } from "../../../lib/runtime/command-line.ts";
import { type AgentCall, defineAgent } from "../../agent.ts";
import { dropState, readState, statePath, writeState } from "../state-file.ts";

/** Score of an instance that is promoted, and of one that could be. */
const SCORE = { promoted: "10", unpromoted: "5" } as const;
type Role = keyof typeof SCORE;

/** Tells the attribute manager how much this instance wants to be promoted; undefined: not at all. */
async function tellScore(call: AgentCall, role: Role | undefined): Promise<void> {
  const words = role === undefined ? ["-D"] : ["-v", SCORE[role]];
  const done = await call.run([...selfCommand(), "crm_master", "-l", "reboot", ...words]);
  if (done.exit !== 0) call.say(`crm_master: ${done.stderr.trim()}`);
}

function role(call: AgentCall): Role | undefined {
  const text = readState(statePath(call, "Stateful"));
  return text === "promoted" || text === "unpromoted" ? text : undefined;
}

async function become(call: AgentCall, next: Role): Promise<number> {
  writeState(statePath(call, "Stateful"), next);
  await tellScore(call, next);
  return Exit.ok;
}

async function monitor(call: AgentCall): Promise<number> {
  const now = role(call);
  if (now === undefined) return Exit.notRunning;
  if (!call.probe) return now === "promoted" ? Exit.promoted : Exit.ok;
  await tellScore(call, now);
  return now === "promoted" ? Exit.promoted : Exit.ok;
}

export default defineAgent({
  provider: "pacemaker",
  name: "Stateful",
  version: "1.0",
  short: "A resource with two roles that does nothing",
  long: "Remembers in a file whether it is promoted, and tells the cluster its promotion score. For trying out promotable clones.",
  parameters: [
    {
      name: "state",
      type: "string",
      unique: true,
      default: "",
      short: "State file",
      long: "The file that holds the role. Default: one below /run/resource-agents.",
    },
  ],
  actions: [
    {
      name: "start",
      timeoutS: 20,
      run: (call) => (role(call) === "promoted" ? Exit.promoted : become(call, "unpromoted")),
    },
    {
      name: "stop",
      timeoutS: 20,
      run: async (call) => {
        await tellScore(call, undefined);
        dropState(statePath(call, "Stateful"));
        return Exit.ok;
      },
    },
    {
      name: "promote",
      timeoutS: 10,
      run: (call) => (role(call) === undefined ? Exit.notRunning : become(call, "promoted")),
    },
    {
      name: "demote",
      timeoutS: 10,
      run: (call) => (role(call) === undefined ? Exit.notRunning : become(call, "unpromoted")),
    },
    {
      name: "monitor",
      timeoutS: 20,
      intervalS: 10,
      depth: 0,
      role: "Promoted",
      run: monitor,
    },
    { name: "monitor", timeoutS: 20, intervalS: 11, depth: 0, role: "Unpromoted", run: monitor },
    { name: "notify", timeoutS: 5, run: () => Exit.ok },
    { name: "validate-all", timeoutS: 20, run: () => Exit.ok },
  ],
});
