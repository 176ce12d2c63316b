/**
 * crm_attribute --list-options=cluster: the cluster's options with types, defaults and help.
 * Differs: the descriptions are our own.
 */
import { Exit } from "../../lib/base/exit.ts";
import { type ClusterOption, clusterOptions } from "../../lib/cib/options.ts";
import type { ToolResult } from "../../lib/cli/tool.ts";
import { element } from "../../lib/xml/node.ts";
import type { ToolOutput } from "./tool-output.ts";

/** Prints all options, or those that an administrator should use. */
export function listClusterOptions(output: ToolOutput, all: boolean): ToolResult {
  const shown = clusterOptions.filter(
    (o) => all || output.isXml || (o.note !== "advanced" && o.note !== "deprecated"),
  );
  output.line("Cluster options\n");
  for (const option of shown) {
    const note = option.note === undefined ? "" : ` (${option.note})`;
    output.line(`  * ${option.name}: ${option.help}${note}`);
    output.line(`    * Possible values: ${valuesText(option)}\n`);
  }
  output.xml(
    element("resource-agent", { name: "cluster-options", version: "1" }, [
      element("version", {}, [], "1.1"),
      element("parameters", {}, shown.map(parameterElement)),
    ]),
  );
  return output.finish(Exit.ok);
}

function valuesText(option: ClusterOption): string {
  if (option.values !== undefined) {
    return option.values
      .map((value) => (value === option.default ? `"${value}" (default)` : `"${value}"`))
      .join(", ");
  }
  return option.default === undefined
    ? `${option.type} (no default)`
    : `${option.type} (default: ${option.default})`;
}

function parameterElement(option: ClusterOption) {
  const values = option.values?.map((value) => element("option", { value })) ?? [];
  return element(
    "parameter",
    {
      name: option.name,
      advanced: option.note === "advanced" ? "1" : "0",
      generated: option.note === "generated" ? "1" : "0",
    },
    [
      ...(option.note === "deprecated" ? [element("deprecated")] : []),
      element("shortdesc", { lang: "en" }, [], option.help),
      element("content", { type: option.type, default: option.default }, values),
    ],
  );
}
