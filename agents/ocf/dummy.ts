/** What ocf:heartbeat:Dummy and ocf:pacemaker:Dummy share: a resource that is nothing but a file, for trying things out. */
import { Exit } from "../../lib/base/exit.ts";
import type { AgentAction, AgentCall, AgentParameter } from "../agent.ts";
import { dropState, readState, statePath, writeState } from "./state-file.ts";

export const DUMMY_PARAMETERS: readonly AgentParameter[] = [
  {
    name: "state",
    type: "string",
    unique: true,
    default: "",
    short: "State file",
    long: "The file whose presence says that the resource runs. Default: one below /run/resource-agents.",
  },
  {
    name: "fake",
    type: "string",
    default: "dummy",
    reloadable: true,
    short: "A value without meaning",
    long: "Nothing reads it; change it to see the resource reload.",
  },
];

/** Seconds to wait, where the agent has the parameter op_sleep. */
async function pause(call: AgentCall): Promise<void> {
  const seconds = call.number("op_sleep");
  if (seconds > 0) await call.sleep(seconds * 1000);
}

async function start(call: AgentCall): Promise<number> {
  await pause(call);
  const node = call.env["OCF_RESKEY_CRM_meta_on_node"] ?? "";
  if (node !== "" && call.parameter("fail_start_on") === node) {
    return call.fail(Exit.error, `the parameter fail_start_on asks to fail on ${node}`);
  }
  writeState(statePath(call, "Dummy"), "running");
  return Exit.ok;
}

async function stop(call: AgentCall): Promise<number> {
  await pause(call);
  dropState(statePath(call, "Dummy"));
  return Exit.ok;
}

function monitor(call: AgentCall): number {
  return readState(statePath(call, "Dummy")) === undefined ? Exit.notRunning : Exit.ok;
}

function reload(call: AgentCall): number {
  call.say(`reloaded with fake="${call.parameter("fake")}"`);
  return Exit.ok;
}

export const DUMMY_ACTIONS: readonly AgentAction[] = [
  { name: "start", timeoutS: 20, run: start },
  { name: "stop", timeoutS: 20, run: stop },
  { name: "monitor", timeoutS: 20, intervalS: 10, depth: 0, run: monitor },
  { name: "reload", timeoutS: 20, run: reload },
  { name: "reload-agent", timeoutS: 20, run: reload },
  {
    name: "migrate_to",
    timeoutS: 20,
    run: (call) => (monitor(call) === Exit.ok ? stop(call) : Exit.error),
  },
  { name: "migrate_from", timeoutS: 20, run: start },
  { name: "validate-all", timeoutS: 20, run: () => Exit.ok },
];
