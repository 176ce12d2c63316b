/** crm_node: what the cluster knows of its nodes, and how to forget one (spec/outputs-and-tools.md D9, spec/ipc 3.8). */
import { compareNames, mergeSort } from "../../lib/base/collections.ts";
import { CrmError } from "../../lib/base/error.ts";
import { Exit } from "../../lib/base/exit.ts";
import { Errno, exitOfResult, resultText } from "../../lib/base/result-code.ts";
import { helpText } from "../../lib/cli/help.ts";
import { flag, value } from "../../lib/cli/option-makers.ts";
import {
  defineTool,
  type OptionSpec,
  type ParsedOptions,
  type Session,
  type Tool,
  type ToolResult,
} from "../../lib/cli/tool.ts";
import { connectAttributes } from "../../lib/client/attributes.ts";
import { connectCib } from "../../lib/client/cib.ts";
import { type ControllerNode, connectController } from "../../lib/client/controller.ts";
import { connectFencer } from "../../lib/client/fencer.ts";
import { connectLauncher } from "../../lib/client/pacemakerd.ts";
import { element } from "../../lib/xml/node.ts";
import { daemonResult, reach } from "./daemon-connection.ts";
import { OUTPUT_OPTIONS, PlainError, type ToolOutput, withOutput } from "./tool-output.ts";

const DANGEROUS =
  "The supplied command is considered dangerous.  To prevent accidental destruction of the " +
  "cluster, the --force flag is required in order to proceed.";

function command(key: string, short: string, help: string): OptionSpec {
  return { key, long: [key], short: [short], kind: "flag", help, group: "Commands" };
}

const options: readonly OptionSpec[] = [
  command("cluster-id", "i", "Show this node's id in the cluster"),
  command("list", "l", "Show all nodes the cluster knows: id, name, state"),
  command("name", "n", "Show this node's name in the cluster"),
  command("partition", "p", "Show the names of the nodes in this partition"),
  command("quorum", "q", "Show 1 if this partition has quorum, else 0"),
  value("name-for-id", "N", "ID", "Show the name of the node with this id", "Commands"),
  value(
    "remove",
    "R",
    "NAME",
    "Forget a stopped node that is already gone from the ring's configuration",
    "Commands",
  ),
  flag("force", "f", "Do it although it is dangerous", "Additional"),
  flag("quiet", "Q", "Say less", "Additional"),
  ...OUTPUT_OPTIONS,
];

const COMMANDS = new Set([
  "cluster-id",
  "list",
  "name",
  "partition",
  "quorum",
  "name-for-id",
  "remove",
]);

/** Asks the controller and closes the connection afterwards. */
async function ask<T>(
  session: Session,
  question: (controller: Awaited<ReturnType<typeof connectController>>) => Promise<T>,
): Promise<T> {
  const controller = await reach("controller", connectController(session));
  try {
    return await question(controller);
  } catch (error) {
    const rc = daemonResult(error);
    if (rc === undefined) throw error;
    throw new PlainError(`error: ${resultText(rc)}`, exitOfResult(rc));
  } finally {
    controller.close();
  }
}

async function showNodes(
  session: Session,
  output: ToolOutput,
  partitionOnly: boolean,
): Promise<ToolResult> {
  const nodes = await ask(session, (controller) => controller.nodes());
  const shown = mergeSort(
    partitionOnly ? nodes.filter((node) => node.state === "member") : nodes,
    (a, b) => compareNames(a.name, b.name),
  );
  const line = ({ id, name, state }: ControllerNode) => `${id} ${name} ${state}\n`;
  output.raw(
    partitionOnly ? `${shown.map((node) => `${node.name} `).join("")}\n` : shown.map(line).join(""),
  );
  output.xml(
    element(
      "nodes",
      {},
      shown.map(({ id, name, state }) => element("node", { id, name, state })),
    ),
  );
  return output.finish(Exit.ok);
}

async function showNode(
  session: Session,
  output: ToolOutput,
  id: string | undefined,
  field: "id" | "name",
): Promise<ToolResult> {
  const node = await ask(session, (controller) => controller.nodeInfo(id));
  if (node === undefined) {
    output.error("Node is not known to cluster");
    return output.finish(Exit.noHost);
  }
  output.line(node[field]);
  output.xml(element("node-info", field === "id" ? { nodeid: node.id } : { uname: node.name }));
  return output.finish(Exit.ok);
}

async function showName(session: Session, output: ToolOutput): Promise<ToolResult> {
  // Inside a bundle or on a remote node an agent learns its node from its environment.
  const given = session.env["OCF_RESKEY_CRM_meta_on_node"];
  if (given === undefined || given === "") return showNode(session, output, undefined, "name");
  output.line(given);
  output.xml(element("node-info", { uname: given }));
  return output.finish(Exit.ok);
}

async function showQuorum(session: Session, output: ToolOutput): Promise<ToolResult> {
  const node = await ask(session, (controller) => controller.nodeInfo());
  const quorate = node?.hasQuorum === true;
  output.line(quorate ? "1" : "0");
  output.xml(element("cluster-info", { quorum: String(quorate) }));
  return output.finish(Exit.ok);
}

/** Takes the node out of the daemons' memories, its attributes, the list of nodes and the status. */
async function removeNode(session: Session, output: ToolOutput, node: string): Promise<ToolResult> {
  const isId = /^[1-9]\d*$/.test(node);
  const name = isId ? undefined : node;
  const id = isId ? node : undefined;
  const controller = await reach("controller", connectController(session));
  await controller.removeNodeCache(name, id);
  controller.close();
  const fencer = await reach("fencer", connectFencer(session));
  await fencer.removeNodeCache(name, id);
  fencer.close();
  const attributes = await reach("attribute manager", connectAttributes(session));
  await attributes.removePeer(name, id);
  attributes.close();
  const launcher = await reach("launcher", connectLauncher(session));
  await launcher.removeNodeCache(name, id);
  launcher.close();
  const cib = await reach("CIB manager", connectCib(session));
  try {
    for (const [section, element_] of [
      ["nodes", "node"],
      ["status", "node_state"],
    ] as const) {
      const data = element(element_, { id, uname: name });
      const { rc } = await cib.call({ op: "cib_delete", section, data });
      if (rc !== 0 && rc !== Errno.ENXIO) {
        throw new CrmError(
          `Could not remove ${node} from ${section}: ${resultText(rc)}`,
          exitOfResult(rc),
        );
      }
    }
  } finally {
    cib.close();
  }
  return output.finish(Exit.ok);
}

async function run(
  given: ParsedOptions,
  session: Session,
  output: ToolOutput,
): Promise<ToolResult> {
  const last = given.order.findLast((option) => COMMANDS.has(option.key));
  if (last === undefined || given.positionals.length > 0) {
    return { exit: Exit.usage, err: helpText(tool) };
  }
  switch (last.key) {
    case "list":
      return showNodes(session, output, false);
    case "partition":
      return showNodes(session, output, true);
    case "cluster-id":
      return showNode(session, output, undefined, "id");
    case "name-for-id":
      return showNode(session, output, last.value, "name");
    case "quorum":
      return showQuorum(session, output);
    case "remove":
      if (!given.flag("force")) {
        output.error(DANGEROUS);
        return output.finish(Exit.unsafe);
      }
      return removeNode(session, output, last.value);
    default:
      return showName(session, output);
  }
}

const tool: Tool = defineTool({
  name: "crm_node",
  summary: "show what the cluster knows of its nodes",
  usage: "COMMAND [OPTION ...]",
  description: "Shows ids, names and states of the cluster's nodes, or forgets a node for good.",
  options,
  run: (given, session) => withOutput(given, session, (output) => run(given, session, output)),
});

export default tool;
