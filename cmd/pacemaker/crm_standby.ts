/** crm_standby: take a node out of service and back (spec/outputs-and-tools.md D16). */
import { CrmError } from "../../lib/base/error.ts";
import { Exit } from "../../lib/base/exit.ts";
import { Errno, exitOfResult } from "../../lib/base/result-code.ts";
import { type AttributeSelector, findNode } from "../../lib/cib/attributes.ts";
import { flag, value } from "../../lib/cli/option-makers.ts";
import {
  defineTool,
  type ParsedOptions,
  type Session,
  type ToolResult,
} from "../../lib/cli/tool.ts";
import { attr } from "../../lib/xml/node.ts";
import { AttributeAccess } from "./attribute-access.ts";
import { OUTPUT_OPTIONS, type ToolOutput, withOutput } from "./tool-output.ts";

type Lifetime = "forever" | "reboot";

function lifetimeOf(given: ParsedOptions): Lifetime | undefined {
  const word = given.value("lifetime");
  if (word === undefined || word === "forever" || word === "reboot") return word;
  throw new CrmError(`'${word}' is no lifetime: use reboot or forever`, Exit.usage);
}

function selectorFor(access: AttributeAccess, name: string, lifetime: Lifetime): AttributeSelector {
  const node = findNode(access.root, name);
  if (node === undefined) {
    throw new CrmError(`Could not map name=${name} to a UUID`, exitOfResult(Errno.ENXIO));
  }
  return {
    section: lifetime === "forever" ? "nodes" : "status",
    nodeId: node.id,
    nodeName: node.name,
    name: "standby",
  };
}

/** The permanent value if there is one, else the transient, else off. */
function query(
  given: ParsedOptions,
  output: ToolOutput,
  access: AttributeAccess,
  name: string,
): ToolResult {
  const wanted = lifetimeOf(given);
  let scope = wanted === "forever" ? "nodes" : "status";
  let value: string | undefined;
  for (const lifetime of wanted === undefined ? (["forever", "reboot"] as const) : [wanted]) {
    const selector = selectorFor(access, name, lifetime);
    const [found] = access.find(selector);
    if (found === undefined) continue;
    value = attr(found.pair, "value");
    scope = selector.section;
    break;
  }
  value ??= "off";
  output.line(given.flag("quiet") ? value : `scope=${scope}  name=standby value=${value}`);
  return output.finish(Exit.ok);
}

async function remove(
  output: ToolOutput,
  access: AttributeAccess,
  name: string,
  wanted: Lifetime | undefined,
): Promise<ToolResult> {
  for (const lifetime of wanted === undefined ? (["forever", "reboot"] as const) : [wanted]) {
    const selector = selectorFor(access, name, lifetime);
    for (const found of access.find(selector)) {
      await access.delete(selector, found);
      const id = attr(found.pair, "id") ?? "";
      output.line(`Deleted ${selector.section} attribute: id=${id} name=standby`);
    }
  }
  return output.finish(Exit.ok);
}

async function run(given: ParsedOptions, session: Session): Promise<ToolResult> {
  return withOutput(given, session, async (output) => {
    const access = await AttributeAccess.open(session);
    try {
      const name = given.value("node") ?? session.hostName;
      const value = given.value("update");
      if (value !== undefined) {
        const selector = selectorFor(access, name, lifetimeOf(given) ?? "forever");
        const [existing] = access.find(selector);
        await access.set(selector, existing, value);
        return output.finish(Exit.ok);
      }
      if (given.flag("delete")) return await remove(output, access, name, lifetimeOf(given));
      return query(given, output, access, name);
    } finally {
      access.close();
    }
  });
}

export default defineTool({
  name: "crm_standby",
  summary: "take a node out of service, or bring it back",
  usage: "[-G | -v on|off | -D] [-N NODE] [-l LIFETIME]",
  options: [
    {
      key: "query",
      long: ["query", "get-value"],
      short: ["G"],
      kind: "flag",
      help: "Print whether the node is in standby (the default)",
      group: "Commands",
    },
    value(
      "update",
      "v",
      "VALUE",
      "on (or true): nothing runs there any more; off: it serves again",
      "Commands",
    ),
    flag("delete", "D", "Remove the attribute, so the node serves again", "Commands"),
    {
      key: "node",
      long: ["node", "node-uname"],
      short: ["N", "U"],
      kind: "value",
      value: "NODE",
      help: "Node that is meant (default: this one)",
      group: "Additional",
    },
    value(
      "lifetime",
      "l",
      "LIFETIME",
      "reboot: until the node restarts; forever: until told otherwise",
      "Additional",
    ),
    value("id", "i", "ID", "Accepted for compatibility", "Additional"),
    {
      key: "quiet",
      long: ["quiet"],
      short: ["q", "Q"],
      kind: "flag",
      help: "Print the value only",
      group: "Additional",
    },
    ...OUTPUT_OPTIONS,
  ],
  run,
});
