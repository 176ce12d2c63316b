/** crm_failcount: how often a resource failed on a node, and forgetting it (spec/outputs-and-tools.md D16; spec/runtime.md). */
import { CrmError } from "../../lib/base/error.ts";
import { Exit } from "../../lib/base/exit.ts";
import { Errno, exitOfResult } from "../../lib/base/result-code.ts";
import { addScores, parseScore, type Score, scoreText } from "../../lib/base/score.ts";
import { type AttributeSelector, findNode } from "../../lib/cib/attributes.ts";
import { flag, value } from "../../lib/cli/option-makers.ts";
import {
  defineTool,
  type ParsedOptions,
  type Session,
  type ToolResult,
} from "../../lib/cli/tool.ts";
import { connectAttributes } from "../../lib/client/attributes.ts";
import { parseIntervalMs } from "../../lib/time/interval.ts";
import { attr } from "../../lib/xml/node.ts";
import { AttributeAccess } from "./attribute-access.ts";
import { OUTPUT_OPTIONS, type ToolOutput, withOutput } from "./tool-output.ts";

/** What follows the resource in names of failures of one operation; "" for those of all. */
function operationSuffix(given: ParsedOptions): string {
  const operation = given.value("operation");
  if (operation === undefined) return "";
  return `#${operation}_${parseIntervalMs(given.value("interval") ?? "0") ?? 0}`;
}

/** Attribute names of a resource's failures: of one operation, or of all. */
function namePattern(given: ParsedOptions, prefix: string): RegExp {
  const resource = escaped(given.value("resource") ?? "");
  const suffix = operationSuffix(given);
  return new RegExp(`^${prefix}-${resource}${suffix === "" ? "(#.*)?" : escaped(suffix)}$`);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

function selectorFor(
  given: ParsedOptions,
  session: Session,
  access: AttributeAccess,
  prefix: string,
): AttributeSelector {
  const name = given.value("node") ?? session.hostName;
  const node = findNode(access.root, name);
  if (node === undefined) {
    throw new CrmError(`Could not map name=${name} to a UUID`, exitOfResult(Errno.ENXIO));
  }
  return {
    section: "status",
    nodeId: node.id,
    nodeName: node.name,
    pattern: namePattern(given, prefix),
  };
}

function query(
  given: ParsedOptions,
  output: ToolOutput,
  access: AttributeAccess,
  selector: AttributeSelector,
): ToolResult {
  let sum: Score = 0;
  for (const { pair } of access.find(selector)) {
    sum = addScores(sum, parseScore(attr(pair, "value") ?? "") ?? 0);
  }
  const value = scoreText(sum);
  const name = `fail-count-${given.value("resource")}${operationSuffix(given)}`;
  output.line(given.flag("quiet") ? value : `scope=status  name=${name} value=${value}`);
  return output.finish(Exit.ok);
}

/** In a running cluster the attribute manager knows which attributes belong to a failure. */
async function forget(given: ParsedOptions, session: Session): Promise<void> {
  const client = await connectAttributes(session);
  const operation = given.value("operation");
  const interval = given.value("interval");
  try {
    await client.clearFailures({
      host: given.value("node") ?? session.hostName,
      resource: given.value("resource") ?? "",
      ...(operation === undefined ? {} : { operation }),
      ...(interval === undefined ? {} : { interval }),
    });
  } finally {
    client.close();
  }
}

async function run(given: ParsedOptions, session: Session): Promise<ToolResult> {
  return withOutput(given, session, async (output) => {
    if (given.value("resource") === undefined) {
      throw new CrmError("Must supply a resource ID with -r/--resource", Exit.usage);
    }
    const update = given.value("update");
    if (update !== undefined && update !== "0") {
      throw new CrmError("A fail count can only be set to 0", Exit.usage);
    }
    const access = await AttributeAccess.open(session);
    try {
      if (!given.flag("delete") && update === undefined) {
        const selector = selectorFor(given, session, access, "fail-count");
        return query(given, output, access, selector);
      }
      if (access.source.kind === "live") {
        await forget(given, session);
        return output.finish(Exit.ok);
      }
      for (const prefix of ["fail-count", "last-failure"]) {
        const selector = selectorFor(given, session, access, prefix);
        for (const found of access.find(selector)) await access.delete(selector, found);
      }
      return output.finish(Exit.ok);
    } finally {
      access.close();
    }
  });
}

export default defineTool({
  name: "crm_failcount",
  summary: "how often a resource failed on a node",
  usage: "-r RESOURCE [-G | -D] [-N NODE]",
  options: [
    {
      key: "query",
      long: ["query", "get-value"],
      short: ["G"],
      kind: "flag",
      help: "Print the fail count (the default)",
      group: "Commands",
    },
    flag("delete", "D", "Forget the failures", "Commands"),
    value("update", "v", "0", "The same as --delete", "Commands"),
    value("resource", "r", "RESOURCE", "Resource that is meant", "Selection"),
    value("operation", "n", "OPERATION", "Only this operation's failures", "Selection"),
    value("interval", "I", "TIME", "Interval of that operation (default 0)", "Selection"),
    {
      key: "node",
      long: ["node", "node-uname"],
      short: ["N", "U"],
      kind: "value",
      value: "NODE",
      help: "Node that is meant (default: this one)",
      group: "Selection",
    },
    {
      key: "quiet",
      long: ["quiet"],
      short: ["q", "Q"],
      kind: "flag",
      help: "Print the number only",
      group: "Additional",
    },
    ...OUTPUT_OPTIONS,
  ],
  run,
});
