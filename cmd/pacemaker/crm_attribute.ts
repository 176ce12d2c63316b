/** crm_attribute: query, set and delete node attributes and cluster options (spec/outputs-and-tools.md D7). */
import { CrmError } from "../../lib/base/error.ts";
import { Exit } from "../../lib/base/exit.ts";
import { Errno, exitOfResult, resultText } from "../../lib/base/result-code.ts";
import {
  ATTRIBUTE_SECTIONS,
  type AttributeSection,
  type AttributeSelector,
  type FoundAttribute,
  findNode,
} from "../../lib/cib/attributes.ts";
import {
  defineTool,
  type ParsedOptions,
  type Session,
  type ToolResult,
} from "../../lib/cli/tool.ts";
import { attr, element } from "../../lib/xml/node.ts";
import { escapeText } from "../../lib/xml/write.ts";
import { AttributeAccess } from "./attribute-access.ts";
import { attributeOptions } from "./crm-attribute-options.ts";
import { listOptions } from "./list-options.ts";
import { type ToolOutput, withOutput } from "./tool-output.ts";

function usage(text: string): CrmError {
  return new CrmError(text, Exit.usage);
}

/** Name of the promotion score of a resource; its id stands after -p, alone, or in the agent's environment. */
function promotionName(given: ParsedOptions, session: Session): string {
  const attached = given.value("promotion");
  const words = given.positionals.filter((word) => word !== "");
  const resource = attached || words[0] || session.env["OCF_RESOURCE_INSTANCE"] || "";
  if (resource === "") {
    throw usage(
      "-p/--promotion must be called from an OCF resource agent or with a resource ID specified",
    );
  }
  return `master-${resource}`;
}

/** Section from -t, -l, -N and -p. */
function sectionOf(given: ParsedOptions, isPromotion: boolean): AttributeSection {
  const type = given.value("type");
  const lifetime = given.value("lifetime");
  if (type === undefined && lifetime === undefined && isPromotion) return "status";
  const word = type ?? lifetime;
  if (word === "reboot" || word === "status") return "status";
  if (word === "forever" || word === "nodes") return "nodes";
  if (word !== undefined) {
    if (ATTRIBUTE_SECTIONS.has(word)) return word as AttributeSection;
    throw usage(`'${word}' is no section with attributes: ${[...ATTRIBUTE_SECTIONS].join(", ")}`);
  }
  return given.value("node") === undefined && !given.flag("utilization") ? "crm_config" : "nodes";
}

function checkUsage(given: ParsedOptions): void {
  const { order } = given;
  const pattern = given.value("pattern");
  const isDelete = given.flag("delete");
  const isUpdate = given.value("update") !== undefined;
  const isQuery = given.flag("query");
  const promotion = order.some(({ key }) => key === "promotion");
  const name = given.value("name") ?? given.value("id") ?? (promotion ? "" : undefined);
  if (pattern !== undefined && given.value("name") !== undefined) {
    throw usage("Error: --name and --pattern cannot be used at the same time");
  }
  if (isDelete && name === undefined && pattern === undefined) {
    throw usage("Error: must specify attribute name or pattern to delete");
  }
  if (isUpdate && name === undefined && pattern === undefined) {
    throw usage("Error: must specify attribute name or pattern to update");
  }
  if (pattern !== undefined && !isDelete && !isUpdate && !isQuery) {
    throw usage("Error: pattern can only be used with delete, query, or update");
  }
  const wait = given.value("wait");
  if (wait !== undefined && !/^(no|local|cluster)$/.test(wait)) {
    throw usage("--wait= must be one of 'no', 'local', 'cluster'");
  }
}

function patternOf(text: string | undefined): RegExp | undefined {
  if (text === undefined) return undefined;
  try {
    return new RegExp(text);
  } catch {
    throw usage(`'${text}' is not a valid pattern`);
  }
}

/** Which values the options mean. Rejects when the node is unknown. */
function selectorOf(
  given: ParsedOptions,
  session: Session,
  access: AttributeAccess,
): AttributeSelector {
  const isPromotion = given.order.some(({ key }) => key === "promotion");
  const section = sectionOf(given, isPromotion);
  const name = isPromotion ? promotionName(given, session) : given.value("name");
  const base = {
    section,
    utilization: given.flag("utilization"),
    setName: given.value("set-name"),
    name,
    pattern: patternOf(given.value("pattern")),
    id: given.value("id"),
  };
  if (section !== "nodes" && section !== "status") return base;
  const nodeName =
    given.value("node") ??
    session.env["OCF_RESKEY_CRM_meta_physical_host"] ??
    session.env["OCF_RESKEY_CRM_meta_on_node"] ??
    session.hostName;
  const node = findNode(access.root, nodeName);
  if (node === undefined) {
    throw new CrmError(`Could not map name=${nodeName} to a UUID`, exitOfResult(Errno.ENXIO));
  }
  return { ...base, nodeId: node.id, nodeName: node.name };
}

function notFound(): CrmError {
  const text = `Error performing operation: ${resultText(Errno.ENXIO)}`;
  return new CrmError(text, exitOfResult(Errno.ENXIO));
}

/** Several values of one name need to be told apart by id. */
function refuseSeveral(
  output: ToolOutput,
  selector: AttributeSelector,
  found: readonly FoundAttribute[],
): ToolResult | undefined {
  if (found.length < 2 || selector.pattern !== undefined) return undefined;
  output.line(`Multiple attributes match name=${selector.name ?? ""}`);
  for (const { pair } of found) {
    output.line(`  Value: ${attr(pair, "value") ?? ""} \t(id=${attr(pair, "id") ?? ""})`);
  }
  const text = "Please choose from one of the matches below and supply the 'id' with --attr-id";
  return output.finish(Exit.multiple, text);
}

function printValue(
  given: ParsedOptions,
  output: ToolOutput,
  selector: AttributeSelector,
  name: string,
  value: string,
): void {
  const text = escapeText(value);
  if (given.flag("quiet")) output.line(text);
  else output.line(`scope=${selector.section} name=${name} value=${text}`);
  output.xml(element("attribute", { name, value, id: selector.id, scope: selector.section }));
}

function query(
  given: ParsedOptions,
  output: ToolOutput,
  access: AttributeAccess,
  selector: AttributeSelector,
): ToolResult {
  const found = access.find(selector);
  // Whoever asks for nothing in particular gets all.
  const asksForAll = selector.name === undefined && selector.id === undefined;
  const several = asksForAll ? undefined : refuseSeveral(output, selector, found);
  if (several !== undefined) return several;
  for (const { pair } of found) {
    const name = selector.name ?? attr(pair, "name") ?? "";
    printValue(given, output, selector, name, attr(pair, "value") ?? "");
  }
  if (found.length > 0) return output.finish(Exit.ok);
  const fallback = given.value("default");
  if (fallback === undefined) throw notFound();
  printValue(given, output, selector, selector.name ?? "", fallback);
  return output.finish(Exit.ok);
}

async function update(
  output: ToolOutput,
  access: AttributeAccess,
  selector: AttributeSelector,
  value: string,
): Promise<ToolResult> {
  const found = access.find(selector);
  const several = refuseSeveral(output, selector, found);
  if (several !== undefined) return several;
  if (found.length === 0) {
    if (selector.name === undefined) throw notFound();
    await access.set(selector, undefined, value);
  }
  for (const existing of found) await access.set(selector, existing, value);
  return output.finish(Exit.ok);
}

async function remove(
  output: ToolOutput,
  access: AttributeAccess,
  selector: AttributeSelector,
): Promise<ToolResult> {
  const found = access.find(selector);
  const several = refuseSeveral(output, selector, found);
  if (several !== undefined) return several;
  const isNodes = selector.section === "nodes" || selector.section === "status";
  for (const existing of found) {
    await access.delete(selector, existing);
    const id = selector.id === undefined ? attr(existing.pair, "id") : "(null)";
    const set = selector.setName === undefined ? "" : ` set=${selector.setName}`;
    const name = attr(existing.pair, "name") ?? "";
    const word = isNodes ? "attribute" : "option";
    output.line(`Deleted ${selector.section} ${word}: id=${id}${set} name=${name}`);
  }
  return output.finish(Exit.ok);
}

async function run(given: ParsedOptions, session: Session): Promise<ToolResult> {
  return withOutput(given, session, async (output) => {
    const list = given.value("list-options");
    if (list !== undefined) {
      if (list === "cluster") {
        return output.finish(listOptions(output, list, given.flag("all")));
      }
      throw usage(`Invalid --list-options value '${list}'. Allowed values: cluster`);
    }
    checkUsage(given);
    if (given.order.some(({ key }) => key === "promotion")) promotionName(given, session);
    else if (given.positionals.length > 0) {
      throw usage(`non-option ARGV-elements: ${given.positionals.join(" ")}`);
    }
    const access = await AttributeAccess.open(session);
    try {
      const selector = selectorOf(given, session, access);
      // The last command counts.
      const command = given.order.findLast(({ key }) => /^(query|update|delete)$/.test(key))?.key;
      if (command === "update") {
        const value = given.value("update") ?? "";
        return await update(output, access, selector, value);
      }
      if (command === "delete") return await remove(output, access, selector);
      return query(given, output, access, selector);
    } finally {
      access.close();
    }
  });
}

export default defineTool({
  name: "crm_attribute",
  summary: "query, set and delete node attributes and cluster options",
  usage: "-n NAME [COMMAND] [OPTION ...]",
  options: attributeOptions,
  run,
});
