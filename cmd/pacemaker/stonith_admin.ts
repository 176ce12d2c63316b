/**
 * stonith_admin: what can fence, what has been fenced, and fencing by hand (spec/outputs-and-tools D14). It asks the fencer of
 * this node, whoever made it. Registering devices by hand comes with our own fencer; until then it says so.
 */
import { CrmError } from "../../lib/base/error.ts";
import { Exit } from "../../lib/base/exit.ts";
import { exitOfResult, resultText } from "../../lib/base/result-code.ts";
import { flag, list, value } from "../../lib/cli/option-makers.ts";
import {
  defineTool,
  type ParsedOptions,
  type Session,
  type ToolResult,
} from "../../lib/cli/tool.ts";
import {
  connectFencer,
  type FencerClient,
  FencerOption,
  type FencingRecord,
} from "../../lib/client/fencer.ts";
import { element } from "../../lib/xml/node.ts";
import { HostAgents } from "../crm/agent-port.ts";
import { daemonResult } from "./daemon-connection.ts";
import { localTime } from "./local-time.ts";
import {
  cdataElement,
  OUTPUT_OPTIONS,
  PlainError,
  type ToolOutput,
  withOutput,
} from "./tool-output.ts";

const DEFAULT_TIMEOUT_SECONDS = 120;

/** States of a recorded operation (ipc.md 3.6). */
const DONE = 2;
const FAILED = 4;

interface Job {
  readonly given: ParsedOptions;
  readonly session: Session;
  readonly output: ToolOutput;
}

/** The fencer, or the line that says why it cannot be reached. */
async function connected<T>(job: Job, use: (fencer: FencerClient) => Promise<T>): Promise<T> {
  let fencer: FencerClient;
  try {
    fencer = await connectFencer(job.session);
  } catch (error) {
    const rc = daemonResult(error);
    if (rc === undefined) throw error;
    throw new PlainError(`Could not connect to fencer: ${resultText(rc)}`, exitOfResult(rc));
  }
  try {
    return await use(fencer);
  } finally {
    fencer.close();
  }
}

/** A list of devices with their number below. */
function showDevices({ given, output }: Job, name: string, devices: readonly string[]): number {
  for (const device of devices) output.line(device);
  if (!given.flag("quiet")) {
    output.line(`${devices.length} fence device${devices.length === 1 ? "" : "s"} found`);
  }
  const items = devices.map((device) => element("item", { name: "device" }, [], device));
  output.xml(element("list", { name, count: String(devices.length) }, items));
  return Exit.ok;
}

async function metadata({ given, session, output }: Job): Promise<number> {
  const agent = given.value("agent");
  if (agent === undefined) {
    throw new PlainError("Please specify an agent to query using -a,--agent [value]", Exit.usage);
  }
  const name = { standard: "stonith", provider: undefined, type: agent };
  const agents = new HostAgents(session);
  const text = agents.exists(name) ? await agents.metadata(name) : undefined;
  if (text === undefined) {
    throw new PlainError("Can't get fence agent meta-data: No such device", Exit.noSuch);
  }
  output.raw(text.endsWith("\n") ? text : `${text}\n`);
  output.xml(element("metadata", {}, [cdataElement("content", text)]));
  return Exit.ok;
}

const DEEDS: Readonly<Record<string, string>> = { on: "unfencing", off: "turning off" };

/** One operation in words (spec B2.4, full history). */
export function historyLine(record: FencingRecord): string {
  const deed = DEEDS[record.action] ?? (record.action === "" ? "fencing" : record.action);
  const finished = record.state === DONE || record.state === FAILED;
  const by = finished && record.delegate !== undefined ? ` by ${record.delegate}` : "";
  const end = record.state === DONE ? "successful" : record.state === FAILED ? "failed" : "pending";
  const why =
    record.state === FAILED && record.exitReason !== undefined ? ` (${record.exitReason})` : "";
  const at = finished ? ` at ${localTime(record.completed)}` : "";
  return `${deed} of ${record.target}${by} for ${record.client}@${record.origin} ${end}${why}${at}`;
}

async function history(job: Job, target: string): Promise<number> {
  const records = await connected(job, (fencer) =>
    fencer.history(target === "*" || target === "" ? undefined : target),
  );
  const { output } = job;
  for (const record of records) output.line(historyLine(record));
  output.line(`${records.length} event${records.length === 1 ? "" : "s"} found`);
  const rows = records.map((record) =>
    element("fence_event", {
      action: record.action,
      target: record.target,
      client: record.client,
      origin: record.origin,
      status: record.state === DONE ? "success" : record.state === FAILED ? "failed" : "pending",
      delegate: record.delegate,
      completed: record.completed === 0 ? undefined : localTime(record.completed),
      "exit-reason": record.exitReason,
    }),
  );
  output.xml(element("fence_history", {}, rows));
  return Exit.ok;
}

function secondsOf(given: ParsedOptions, key: string, otherwise: number): number {
  const text = given.value(key);
  if (text === undefined) return otherwise;
  if (!/^\d+$/.test(text)) throw new CrmError(`Invalid number '${text}' for --${key}`, Exit.usage);
  return Number(text);
}

/** Fences, or confirms that somebody did; waits for the end. Exit: that of the fencer's answer. */
async function fence(job: Job, target: string, action: string, verb: string): Promise<number> {
  const { given, output } = job;
  const confirmed = verb === "confirm";
  const options =
    (confirmed ? FencerOption.manualAck : 0) |
    (given.flag("as-node-id") ? FencerOption.ringNodeId : 0);
  const request = {
    target,
    action,
    options,
    timeoutSeconds: secondsOf(given, "timeout", DEFAULT_TIMEOUT_SECONDS),
    toleranceSeconds: secondsOf(given, "tolerance", 0),
    delaySeconds: secondsOf(given, "delay", 0),
  };
  const { rc, exitReason } = await connected(job, (fencer) => fencer.fence(request));
  if (rc === 0) return Exit.ok;
  const why = exitReason === undefined ? "" : ` (${exitReason})`;
  output.error(`Couldn't ${verb} ${target}: ${resultText(rc)}${why}`);
  return exitOfResult(rc);
}

type Command = (job: Job, subject: string) => Promise<number>;

const COMMANDS: Readonly<Record<string, Command>> = {
  "list-installed": async (job) => {
    const devices = new HostAgents(job.session).list("stonith", undefined);
    return showDevices(job, "installed fence devices", devices);
  },
  "list-registered": async (job) => {
    const devices = await connected(job, (fencer) => fencer.devices());
    return showDevices(job, "registered fence devices", devices);
  },
  list: async (job, target) => {
    const devices = await connected(job, (fencer) => fencer.devices(target));
    return showDevices(job, "fence devices", devices);
  },
  metadata,
  history,
  fence: (job, target) => fence(job, target, "off", "fence"),
  unfence: (job, target) => fence(job, target, "on", "unfence"),
  reboot: (job, target) => fence(job, target, "reboot", "reboot"),
  confirm: (job, target) => fence(job, target, "off", "confirm"),
};

/** Commands that need a fencer whose devices are not those of the configuration. */
const UNAVAILABLE = [
  "register",
  "deregister",
  "register-level",
  "deregister-level",
  "list-targets",
  "query",
  "last",
  "validate",
] as const;

async function run(given: ParsedOptions, session: Session): Promise<ToolResult> {
  return withOutput(given, session, async (output) => {
    const last = given.order.findLast(
      ({ key }) => Object.hasOwn(COMMANDS, key) || (UNAVAILABLE as readonly string[]).includes(key),
    );
    if (last === undefined) {
      throw new CrmError("Nothing to do: give a command, see --help", Exit.usage);
    }
    const command = COMMANDS[last.key];
    if (command === undefined) {
      const text = `--${last.key} is not available yet: devices are those of the configuration`;
      throw new CrmError(text, Exit.unimplemented);
    }
    return output.finish(await command({ given, session, output }, last.value));
  });
}

const QUERIES = "Queries";
const FENCING = "Fencing";
const LATER = "Not available yet";

export default defineTool({
  name: "stonith_admin",
  summary: "what can fence, what was fenced, fencing by hand",
  usage: "COMMAND [OPTION ...]",
  options: [
    flag("list-installed", "I", "Fence agents of this host", QUERIES),
    flag("list-registered", "L", "Devices that the fencer knows", QUERIES),
    value("list", "l", "NODE", "Devices that can fence a node", QUERIES),
    flag("metadata", "M", "What an agent says of itself (with -a)", QUERIES),
    value("history", "H", "NODE", "What was done to a node; '*' for all", QUERIES),
    value("fence", "F", "NODE", "Turn a node off", FENCING),
    value("unfence", "U", "NODE", "Turn a node on", FENCING),
    value("reboot", "B", "NODE", "Reboot a node", FENCING),
    value("confirm", "C", "NODE", "Tell the cluster that a node is down", FENCING),
    value("agent", "a", "AGENT", "The fence agent"),
    value("timeout", "t", "SECONDS", "How long it may take (120)"),
    value("delay", "y", "SECONDS", "Wait this long before"),
    value("tolerance", undefined, "SECONDS", "Nothing to do if done this recently"),
    flag("as-node-id", "n", "The node is named by its number"),
    flag("quiet", "q", "Only the names"),
    value("register", "R", "DEVICE", "Add a device", LATER),
    value("deregister", "D", "DEVICE", "Remove a device", LATER),
    value("register-level", "r", "NODE", "Add a level of the topology", LATER),
    value("deregister-level", "d", "NODE", "Remove a level of the topology", LATER),
    value("list-targets", "s", "DEVICE", "Nodes that a device can fence", LATER),
    value("query", "Q", "DEVICE", "Ask a device for its state", LATER),
    value("last", "h", "NODE", "When a node was fenced last", LATER),
    flag("validate", "K", "Check a device's parameters", LATER),
    list("option", "o", "NAME=VALUE", "Parameter of a device", LATER),
    ...OUTPUT_OPTIONS,
  ],
  run,
});
