/** crm_resource: questions and orders about resources (spec/outputs-and-tools D8). Each command has its file in resource/. */
import { CrmError } from "../../lib/base/error.ts";
import { Exit } from "../../lib/base/exit.ts";
import { exitCode, exitOfResult } from "../../lib/base/result-code.ts";
import type { CibDoc } from "../../lib/cib/document.ts";
import { flag, list, optional, value } from "../../lib/cli/option-makers.ts";
import {
  defineTool,
  type OptionSpec,
  type ParsedOptions,
  type Session,
  type ToolResult,
} from "../../lib/cli/tool.ts";
import { CibSourceError, resultCodeOf } from "../../lib/client/cib-error.ts";
import { type CibSource, openCib } from "../../lib/client/cib-source.ts";
import { readStatus } from "../../lib/status/status.ts";
import { element } from "../../lib/xml/node.ts";
import { listOptions } from "./list-options.ts";
import {
  AGENT_ACTIONS,
  agentOptionProblem,
  runNamedAgent,
  runResourceAgent,
} from "./resource/agent-action.ts";
import { AGENT_QUESTIONS, answerAgents } from "./resource/agent-lists.ts";
import { listConstraints } from "./resource/constraints.ts";
import { change, configId, type ResourceContext, wantedResource } from "./resource/context.ts";
import { digests } from "./resource/digests.ts";
import { cleanUp, fail, waitSettled } from "./resource/history.ts";
import { deleteParameter, setParameter } from "./resource/parameters.ts";
import {
  getParameter,
  listOperations,
  listRaw,
  list as listResources,
  locate,
  queryXml,
  why,
} from "./resource/queries.ts";
import { ban, clear, move } from "./resource/relocate.ts";
import { restart } from "./resource/restart.ts";
import { logStatus } from "./status-log.ts";
import { OUTPUT_OPTIONS, type ToolOutput, withOutput } from "./tool-output.ts";

const QUERIES = "Queries";
const COMMANDS = "Commands";
const LOCATIONS = "Locations";
const ADVANCED = "Advanced";
const ADDITIONAL = "Additional";

const options: readonly OptionSpec[] = [
  flag("list", "L", "List all resources with their state (the default)", QUERIES),
  flag("list-raw", "l", "Ids of all primitives and instances", QUERIES),
  flag("list-cts", "c", "Accepted for compatibility: as --list-raw", QUERIES),
  flag("list-operations", "O", "Operations since the last stop", QUERIES),
  flag("list-all-operations", "o", "All operations on record", QUERIES),
  flag("query-xml", "q", "XML of a resource, templates filled in", QUERIES),
  flag("query-xml-raw", "w", "XML of a resource as configured", QUERIES),
  value("get-parameter", "g", "NAME", "Value of a parameter", QUERIES),
  flag("locate", "W", "Where a resource runs", QUERIES),
  flag("constraints", "a", "Constraints of a resource", QUERIES),
  flag("stack", "A", "The same, through all colocations", QUERIES),
  flag("list-standards", undefined, "Standards that this host has agents of", QUERIES),
  flag("list-ocf-providers", undefined, "Providers of ocf agents", QUERIES),
  value("list-agents", undefined, "STD[:PROVIDER]", "Agents of a standard", QUERIES),
  value("list-ocf-alternatives", undefined, "TYPE", "Providers of an ocf agent", QUERIES),
  value("list-options", undefined, "TYPE", "What primitive or fencing resources may have", QUERIES),
  value("show-metadata", undefined, "SPEC", "What an agent says of itself", QUERIES),
  flag("why", "Y", "Why resources do not run", QUERIES),
  flag("cleanup", "C", "Forget failures, so that the state is checked again", COMMANDS),
  flag("refresh", "R", "Forget the whole history, so that the state is checked again", COMMANDS),
  optional("validate", undefined, "LEVEL", "Let the agent check its parameters here", COMMANDS),
  value("set-parameter", "p", "NAME", "Set a parameter (with -v)", COMMANDS),
  value("delete-parameter", "d", "NAME", "Remove a parameter", COMMANDS),
  flag("move", "M", "Move a resource to --node, or away from where it is", LOCATIONS),
  flag("ban", "B", "Keep a resource off a node", LOCATIONS),
  flag("clear", "U", "Remove what --move and --ban created", LOCATIONS),
  flag("expired", "e", "With --clear: only what has expired", LOCATIONS),
  value("lifetime", "u", "DURATION", "How long it shall hold (ISO 8601)", LOCATIONS),
  {
    key: "promoted",
    long: ["promoted", "master"],
    kind: "flag",
    help: "Only the promoted role",
    group: LOCATIONS,
  },
  flag("delete", "D", "Remove a resource from the configuration (with -t)", ADVANCED),
  optional("force-check", undefined, "LEVEL", "Run the agent's monitor here", ADVANCED),
  flag("force-start", undefined, "Run the agent's start here, past the cluster", ADVANCED),
  flag("force-stop", undefined, "Run the agent's stop here, past the cluster", ADVANCED),
  flag("force-promote", undefined, "Run the agent's promote here, past the cluster", ADVANCED),
  flag("force-demote", undefined, "Run the agent's demote here, past the cluster", ADVANCED),
  value("class", undefined, "STANDARD", "Standard of the agent to run (without -r)", ADDITIONAL),
  value("agent", undefined, "TYPE", "The agent to run (without -r)", ADDITIONAL),
  value("provider", undefined, "NAME", "Provider of the agent to run (without -r)", ADDITIONAL),
  list("option", undefined, "NAME=VALUE", "Another value for a parameter of the agent", ADDITIONAL),
  flag("digests", undefined, "Parameter digests of an operation on --node", ADVANCED),
  flag("fail", "F", "Count a resource as failed on --node", ADVANCED),
  flag("restart", undefined, "Stop a resource and start it again", ADVANCED),
  flag("wait", undefined, "Wait until the cluster has settled", ADVANCED),
  value("node", "N", "NODE", "Only this node", ADDITIONAL),
  {
    ...value("host-uname", "H", "NODE", "The same as --node", ADDITIONAL),
    key: "node",
    hidden: true,
  },
  flag("recursive", undefined, "Follow colocations", ADDITIONAL),
  value("resource-type", "t", "ELEMENT", "primitive, group, clone, …", ADDITIONAL),
  value("parameter-value", "v", "VALUE", "Value to set", ADDITIONAL),
  flag("meta", "m", "A meta-attribute instead of a parameter", ADDITIONAL),
  flag("utilization", "z", "A utilization value instead of a parameter", ADDITIONAL),
  flag("element", undefined, "An attribute of the resource's element", ADDITIONAL),
  value("operation", "n", "NAME", "Clean up only this operation", ADDITIONAL),
  value("interval", "I", "TIME", "Clean up only this interval", ADDITIONAL),
  value("set-name", "s", "ID", "Use this attribute set", ADDITIONAL),
  value("nvpair", "i", "ID", "Use this pair", ADDITIONAL),
  value("timeout", "T", "TIME", "Give up after", ADDITIONAL),
  flag("all", undefined, "With --list-options: advanced ones too", ADDITIONAL),
  flag("force", "f", "Do it all the same", ADDITIONAL),
  flag("quiet", "Q", "Only the values", ADDITIONAL),
  value("resource", "r", "ID", "The resource", ADDITIONAL),
  value("xml-file", "x", "FILE", "Use the CIB in FILE", ADDITIONAL),
  ...OUTPUT_OPTIONS,
];

async function remove(context: ResourceContext): Promise<number> {
  const type = context.given.value("resource-type");
  if (context.given.value("resource") === undefined) {
    throw new CrmError("Must supply a resource ID with -r/--resource", Exit.usage);
  }
  if (type === undefined)
    throw new CrmError("You need to specify a resource type with -t", Exit.usage);
  const data = element(type, { id: configId(wantedResource(context)) });
  await change(context, { op: "cib_delete", section: "resources", data });
  return Exit.ok;
}

type Command = (context: ResourceContext, value: string) => number | Promise<number>;

/** The command words, each with what carries it out; the last one given counts. */
const COMMAND_TABLE: Readonly<Record<string, Command>> = {
  list: listResources,
  "list-raw": listRaw,
  "list-cts": listRaw,
  "list-operations": (c) => listOperations(c, false),
  "list-all-operations": (c) => listOperations(c, true),
  "query-xml": (c) => queryXml(c, false),
  "query-xml-raw": (c) => queryXml(c, true),
  "get-parameter": getParameter,
  locate,
  constraints: (c) => listConstraints(c, false),
  stack: (c) => listConstraints(c, true),
  why,
  cleanup: (c) => cleanUp(c, true),
  refresh: (c) => cleanUp(c, false),
  "set-parameter": setParameter,
  "delete-parameter": deleteParameter,
  move,
  ban,
  clear,
  delete: remove,
  digests,
  fail,
  restart,
  wait: waitSettled,
  ...Object.fromEntries(
    Object.keys(AGENT_ACTIONS).map((name): [string, Command] => [
      name,
      (c, level) => runResourceAgent(c, name, level),
    ]),
  ),
};

interface Chosen {
  readonly name: string;
  readonly command: Command;
  readonly value: string;
}

function commandOf(given: ParsedOptions): Chosen {
  const last = given.order.findLast((o) => Object.hasOwn(COMMAND_TABLE, o.key));
  const name = last?.key ?? "list";
  return { name, command: COMMAND_TABLE[name] ?? listResources, value: last?.value ?? "" };
}

async function opened(given: ParsedOptions, session: Session): Promise<CibSource> {
  try {
    return await openCib(session, { file: given.value("xml-file") });
  } catch (error) {
    const rc = resultCodeOf(error);
    if (rc === undefined) throw error;
    const exit = exitOfResult(rc);
    const head = `Could not connect to the CIB: ${(error as Error).message}`;
    throw new CrmError(`${head}\nError performing operation: ${exitCode(exit).text}`, exit);
  }
}

async function currentCib(source: CibSource, output: ToolOutput): Promise<CibDoc> {
  try {
    return await source.document();
  } catch (error) {
    if (!(error instanceof CibSourceError)) throw error;
    output.error(`Could not obtain the current CIB: ${error.message}`);
    const text = `Error performing operation: ${exitCode(error.exit).text}`;
    throw new CrmError(text, error.exit);
  }
}

async function run(given: ParsedOptions, session: Session): Promise<ToolResult> {
  const list = given.value("list-options");
  // As the parser of options would refuse it: as text, whatever the format.
  if (list !== undefined && list !== "primitive" && list !== "fencing") {
    throw new CrmError("Error parsing option --list-options", Exit.usage);
  }
  return withOutput(given, session, async (output) => {
    if (given.positionals.length > 0 && !given.flag("digests")) {
      const words = given.positionals.map(
        (w, i) => `[${i + 1} of ${given.positionals.length}] ${w}`,
      );
      throw new CrmError(`non-option ARGV-elements:\n${words.join("\n")}`, Exit.usage);
    }
    if (given.flag("expired") && !given.flag("clear")) {
      throw new CrmError("--expired requires --clear or -U", Exit.usage);
    }
    if (list !== undefined) {
      return output.finish(listOptions(output, list, given.flag("all")));
    }
    const question = given.order.findLast((o) => Object.hasOwn(AGENT_QUESTIONS, o.key));
    if (question !== undefined) {
      const { key, value: subject } = question;
      return output.finish(await answerAgents(session, output, key, subject));
    }
    const { name, command, value: word } = commandOf(given);
    const problem = agentOptionProblem(given, name);
    if (problem !== undefined) throw new CrmError(problem, Exit.usage);
    if (given.value("agent") !== undefined) {
      return output.finish(await runNamedAgent(given, session, output, name, word));
    }
    const source = await opened(given, session);
    try {
      const now = Math.floor(session.now() / 1000);
      const status = readStatus(await currentCib(source, output), now);
      logStatus(given, session, status);
      return output.finish(await command({ given, session, source, output, status }, word));
    } finally {
      source.close();
    }
  });
}

export default defineTool({
  name: "crm_resource",
  summary: "Ask about resources, and give orders about them",
  usage: "[command] [options]",
  options,
  run,
});
