/** crmadmin: questions to the controller and the launcher, and the list of nodes (spec/outputs-and-tools.md D13). */
import { CrmError } from "../../lib/base/error.ts";
import { Exit } from "../../lib/base/exit.ts";
import { Errno, exitOfResult, resultText } from "../../lib/base/result-code.ts";
import { helpText } from "../../lib/cli/help.ts";
import { flag, optional, value } from "../../lib/cli/option-makers.ts";
import {
  defineTool,
  type OptionSpec,
  type ParsedOptions,
  type Session,
  type Tool,
  type ToolResult,
} from "../../lib/cli/tool.ts";
import { openCib } from "../../lib/client/cib-source.ts";
import { connectController } from "../../lib/client/controller.ts";
import { connectLauncher, LAUNCHER_STATES } from "../../lib/client/pacemakerd.ts";
import { parseTimeoutMs } from "../../lib/time/interval.ts";
import { element } from "../../lib/xml/node.ts";
import { daemonResult, reach } from "./daemon-connection.ts";
import { type ListedNode, listedNodes, NODE_KINDS, type NodeKind } from "./listed-nodes.ts";
import { OUTPUT_OPTIONS, PlainError, type ToolOutput, withOutput } from "./tool-output.ts";

const DEFAULT_TIMEOUT_MS = 30_000;

const options: readonly OptionSpec[] = [
  value("status", "S", "NODE", "Show the state of a node's controller", "Commands"),
  flag("pacemakerd", "P", "Show the state of this node's manager", "Commands"),
  flag("dc_lookup", "D", "Show which node coordinates the cluster", "Commands"),
  optional(
    "nodes",
    "N",
    "TYPES",
    "Show the configured nodes of these types: all (default), cluster, guest, remote",
    "Commands",
  ),
  { key: "health", long: ["health"], short: ["H"], kind: "flag", help: "", hidden: true },
  value("timeout", "t", "TIME", "How long to wait for an answer", "Additional"),
  flag("bash-export", "B", "With --nodes: as `export NAME=ID`", "Additional"),
  value(
    "ipc-name",
    "i",
    "NAME",
    "With --pacemakerd: the name to introduce ourselves by",
    "Additional",
  ),
  flag("quiet", "q", "Show only the answer itself", "Additional"),
  ...OUTPUT_OPTIONS,
];

interface Question {
  readonly session: Session;
  readonly output: ToolOutput;
  readonly quiet: boolean;
  readonly timeoutMs: number;
}

/** Puts a question to the controller of a node, or of the cluster. */
async function pingController({ session, output, timeoutMs }: Question, node?: string) {
  const controller = await reach("controller", connectController(session));
  try {
    return await controller.ping(node, timeoutMs);
  } catch (error) {
    if (daemonResult(error) === Errno.ETIMEDOUT) {
      output.error(`error: No reply received from controller before timeout (${timeoutMs}ms)`);
    }
    throw error;
  } finally {
    controller.close();
  }
}

async function showDc(question: Question): Promise<ToolResult> {
  const { output, quiet } = question;
  const { node } = await pingController(question);
  output.line(quiet ? node : `Designated Controller is: ${node}`);
  output.xml(element("dc", { node_name: node }));
  return output.finish(Exit.ok);
}

async function showStatus(question: Question, wanted: string): Promise<ToolResult> {
  const { output, quiet } = question;
  const { node, state, result } = await pingController(question, wanted);
  output.line(quiet ? state : `Controller on ${node} in state ${state}: ${result}`);
  output.xml(element("crmd", { node_name: node, state, result }));
  return output.finish(Exit.ok);
}

/** 2026-11-24 23:36:57Z */
function stampText(epochSeconds: number): string {
  return `${new Date(epochSeconds * 1000).toISOString().slice(0, 19).replace("T", " ")}Z`;
}

async function showLauncher(question: Question, name: string | undefined): Promise<ToolResult> {
  const { session, output, quiet, timeoutMs } = question;
  const host = name === undefined ? session : { ...session, program: name };
  const launcher = await reach("launcher", connectLauncher(host));
  try {
    const { subsystem, state, updated } = await launcher.ping(timeoutMs);
    const when = updated === undefined ? "at unknown time" : stampText(updated);
    const words = LAUNCHER_STATES[state] ?? "Invalid pacemakerd state";
    output.line(
      quiet
        ? state
        : `Status of ${subsystem}: '${words}' (${updated === undefined ? when : `last updated ${when}`})`,
    );
    output.xml(element("pacemakerd", { sys_from: subsystem, state, last_updated: when }));
    return output.finish(Exit.ok);
  } finally {
    launcher.close();
  }
}

function nodeLine(node: ListedNode, quiet: boolean, asExport: boolean): string {
  if (asExport) return `export ${node.name}=${node.id}`;
  return quiet ? node.name : `${node.kind} node: ${node.name} (${node.id})`;
}

async function showNodes(
  { session, output, quiet }: Question,
  types: string,
  asExport: boolean,
): Promise<ToolResult> {
  const words = types.split(",");
  const all = types === "" || words.includes("all");
  const kinds: readonly NodeKind[] = all ? NODE_KINDS : NODE_KINDS.filter((k) => words.includes(k));
  const source = await openCib(session, { readOnly: true });
  try {
    const nodes = listedNodes(await source.document(), kinds);
    if (nodes.length === 0) output.line("No nodes configured");
    for (const node of nodes) output.line(nodeLine(node, quiet, asExport));
    const rows = nodes.map(({ kind, name, id }) => element("node", { type: kind, name, id }));
    output.xml(element("nodes", {}, rows));
    return output.finish(Exit.ok);
  } finally {
    source.close();
  }
}

const COMMANDS = new Set(["status", "pacemakerd", "dc_lookup", "nodes"]);

async function run(
  given: ParsedOptions,
  session: Session,
  output: ToolOutput,
): Promise<ToolResult> {
  const timeout = given.value("timeout");
  const timeoutMs = timeout === undefined ? DEFAULT_TIMEOUT_MS : parseTimeoutMs(timeout);
  if (timeoutMs === undefined) throw new CrmError("Error parsing option -t", Exit.usage);
  if (given.flag("health")) output.error("Cluster-wide health option not supported");
  const last = given.order.findLast((option) => COMMANDS.has(option.key));
  if (last === undefined || given.positionals.length > 1) {
    output.error("error: Must specify a command option");
    if (!output.isXml) output.error(`\n${helpText(tool).trimEnd()}`);
    return output.finish(Exit.usage);
  }
  const question = { session, output, quiet: given.flag("quiet"), timeoutMs };
  // The value of -N may be a word of its own.
  const types = last.value === "" ? (given.positionals[0] ?? "") : last.value;
  try {
    switch (last.key) {
      case "status":
        return await showStatus(question, last.value);
      case "pacemakerd":
        return await showLauncher(question, given.value("ipc-name"));
      case "dc_lookup":
        return await showDc(question);
      default:
        return await showNodes(question, types, given.flag("bash-export"));
    }
  } catch (error) {
    const rc = daemonResult(error);
    const failed = (text: string, exit: number) => {
      output.error(`error: Command failed: ${text}`);
      return output.finish(exit);
    };
    if (error instanceof PlainError) {
      output.error(error.message);
      return failed(error.message.replace(/^.*: /, ""), error.exit);
    }
    if (rc === undefined) throw error;
    return failed(resultText(rc), exitOfResult(rc));
  }
}

const tool: Tool = defineTool({
  name: "crmadmin",
  summary: "ask the controller, the launcher and the list of nodes",
  usage: "COMMAND [OPTION ...]",
  description: "Shows who coordinates the cluster, in which state its daemons are, and its nodes.",
  options,
  run: (given, session) => withOutput(given, session, (output) => run(given, session, output)),
});

export default tool;
