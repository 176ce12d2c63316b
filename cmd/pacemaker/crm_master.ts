/** crm_master: the promotion score of a resource on a node, as its agent sets it (spec/outputs-and-tools.md D16). */
import { CrmError } from "../../lib/base/error.ts";
import { Exit } from "../../lib/base/exit.ts";
import { value } from "../../lib/cli/option-makers.ts";
import { parseOptions } from "../../lib/cli/options.ts";
import {
  defineTool,
  type ParsedOptions,
  type Session,
  type ToolResult,
} from "../../lib/cli/tool.ts";
import attributeTool from "./crm_attribute.ts";
import { attributeOptions } from "./crm-attribute-options.ts";

/** The tool is crm_attribute with the name filled in. */
async function run(given: ParsedOptions, session: Session): Promise<ToolResult> {
  const resource = given.value("resource") ?? session.env["OCF_RESOURCE_INSTANCE"];
  if (resource === undefined || resource === "") {
    const text = "This tool is for resource agents, or needs a resource with -r/--resource";
    throw new CrmError(text, Exit.usage);
  }
  const words = [`--promotion=${resource}`, `--lifetime=${given.value("lifetime") ?? "reboot"}`];
  const node = given.value("node");
  if (node !== undefined) words.push(`--node=${node}`);
  const update = given.value("update");
  if (update !== undefined) words.push(`--update=${update}`);
  else words.push(given.flag("delete") ? "--delete" : "--query");
  if (given.flag("quiet")) words.push("--quiet");
  return attributeTool.run(parseOptions(attributeOptions, words), session);
}

const SHARED: ReadonlySet<string> = new Set([
  "query",
  "update",
  "delete",
  "lifetime",
  "node",
  "quiet",
  "verbose",
]);

export default defineTool({
  name: "crm_master",
  summary: "the promotion score of a resource on a node",
  usage: "[-G | -v SCORE | -D] [-r RESOURCE] [-N NODE] [-l LIFETIME]",
  options: [
    ...attributeOptions.filter((option) => SHARED.has(option.key)),
    value(
      "resource",
      "r",
      "RESOURCE",
      "Resource that is meant (agents need not say it)",
      "Selection",
    ),
  ],
  run,
});
