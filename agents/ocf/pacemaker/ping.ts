/** ocf:pacemaker:ping: how many of some hosts this node reaches, as a node attribute. Needs `ping`. */
import { Exit } from "../../../lib/base/exit.ts";
import { selfCommand } from "../../../lib/runtime/command-line.ts";
import { type AgentCall, defineAgent } from "../../agent.ts";
import { dropState, readState, statePath, writeState } from "../state-file.ts";

async function reachable(call: AgentCall, host: string): Promise<boolean> {
  const seconds = String(Math.max(1, call.number("timeout")));
  const attempts = String(Math.max(1, call.number("attempts")));
  const family = host.includes(":") ? ["-6"] : [];
  const done = await call.run(["ping", "-n", "-q", "-W", seconds, "-c", attempts, ...family, host]);
  return done.exit === 0;
}

/** Pings all hosts at once and publishes the score. */
async function measure(call: AgentCall): Promise<number> {
  const hosts = call
    .parameter("host_list")
    .split(/\s+/)
    .filter((h) => h !== "");
  const answers = await Promise.all(hosts.map((host) => reachable(call, host)));
  const score = answers.filter(Boolean).length * call.number("multiplier");
  const name = ["-n", call.parameter("name"), "-U", String(score), "-d", call.parameter("dampen")];
  const done = await call.run([...selfCommand(), "attrd_updater", ...name]);
  if (done.exit !== 0) call.say(`attrd_updater: ${done.stderr.trim()}`);
  return score < call.number("failure_score")
    ? call.fail(Exit.error, `the score ${score} is below failure_score`)
    : Exit.ok;
}

export default defineAgent({
  provider: "pacemaker",
  name: "ping",
  version: "1.0",
  short: "Connection of this node to given hosts",
  long: "Counts the hosts of host_list that answer to ping and keeps the number times multiplier in a node attribute for rules.",
  parameters: [
    {
      name: "host_list",
      type: "string",
      required: true,
      default: "",
      short: "Hosts to ping",
      long: "Names or addresses of the hosts, separated by blanks.",
    },
    {
      name: "name",
      type: "string",
      default: "pingd",
      short: "Name of the attribute",
      long: "The node attribute that holds the score.",
    },
    {
      name: "multiplier",
      type: "integer",
      default: "1",
      short: "Score of one host",
      long: "What each host that answers adds to the score.",
    },
    {
      name: "dampen",
      type: "time",
      default: "5s",
      short: "Dampening",
      long: "How long the attribute manager waits for further changes.",
    },
    {
      name: "attempts",
      type: "integer",
      default: "3",
      short: "Attempts per host",
      long: "How many pings each host gets before it counts as lost.",
    },
    {
      name: "timeout",
      type: "integer",
      default: "2",
      short: "Timeout, seconds",
      long: "Seconds to wait for one answer.",
    },
    {
      name: "failure_score",
      type: "integer",
      default: "0",
      short: "Score that is a failure",
      long: "Below this score the monitor fails. 0 never fails.",
    },
    {
      name: "state",
      type: "string",
      unique: true,
      default: "",
      short: "State file",
      long: "The file whose presence says that the resource runs. Default: one below /run/resource-agents.",
    },
  ],
  actions: [
    {
      name: "start",
      timeoutS: 60,
      run: async (call) => {
        writeState(statePath(call, "ping"), "running");
        return await measure(call);
      },
    },
    {
      name: "stop",
      timeoutS: 20,
      run: async (call) => {
        dropState(statePath(call, "ping"));
        await call.run([...selfCommand(), "attrd_updater", "-D", "-n", call.parameter("name")]);
        return Exit.ok;
      },
    },
    {
      name: "monitor",
      timeoutS: 60,
      intervalS: 10,
      depth: 0,
      run: (call) =>
        readState(statePath(call, "ping")) === undefined ? Exit.notRunning : measure(call),
    },
    { name: "validate-all", timeoutS: 20, run: () => Exit.ok },
  ],
});
