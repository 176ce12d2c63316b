/**
 * crm_attribute and crm_resource --list-options: what can be configured, with types, defaults and help.
 * Differs: the descriptions are our own.
 */
import { Exit } from "../../lib/base/exit.ts";
import { fencingParameters } from "../../lib/cib/fencing-parameters.ts";
import { resourceMeta } from "../../lib/cib/meta.ts";
import { type ClusterOption, clusterOptions } from "../../lib/cib/options.ts";
import { element, type XmlElement } from "../../lib/xml/node.ts";
import type { ToolOutput } from "./tool-output.ts";

type Option = Omit<ClusterOption, "aliases">;

/** Options that belong together. */
interface OptionList {
  /** Its name in XML. */
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly options: readonly Option[];
}

const LISTS = {
  cluster: {
    name: "cluster-options",
    title: "Cluster options",
    about: "What holds for the whole cluster: the properties in crm_config.",
    options: clusterOptions,
  },
  primitive: {
    name: "primitive-meta",
    title: "Primitive meta-attributes",
    about: "What the cluster, not the agent, wants to know of a primitive.",
    options: resourceMeta.filter((meta) => meta.only === undefined),
  },
  fencing: {
    name: "fence-attributes",
    title: "Fencing resource common parameters",
    about: "Parameters that the fencer itself reads, whatever the agent.",
    options: fencingParameters,
  },
} satisfies Readonly<Record<string, OptionList>>;

/** Prints all options of a list, or in text only those that an administrator should use. Always succeeds. */
export function listOptions(output: ToolOutput, name: keyof typeof LISTS, all: boolean): number {
  const list: OptionList = LISTS[name];
  const notes = list.options.map((o) => o.note);
  const plain = list.options.filter((o) => o.note !== "advanced" && o.note !== "deprecated");
  output.line(`${list.title}\n\n${list.about}\n`);
  writeOptions(output, plain, "  ");
  if (all && notes.includes("advanced")) {
    output.line("  * ADVANCED OPTIONS:\n");
    writeOptions(output, withNote(list, "advanced"), "    ");
  }
  if (all && notes.includes("deprecated")) {
    output.line("  * DEPRECATED OPTIONS (will be removed in a future release):\n");
    writeOptions(output, withNote(list, "deprecated"), "    ");
  }
  output.xml(
    element("resource-agent", { name: list.name, version: "1" }, [
      element("version", {}, [], "1.1"),
      element("longdesc", { lang: "en" }, [], list.about),
      element("shortdesc", { lang: "en" }, [], list.title),
      element("parameters", {}, list.options.map(parameterElement)),
    ]),
  );
  return Exit.ok;
}

function withNote(list: OptionList, note: Option["note"]): readonly Option[] {
  return list.options.filter((option) => option.note === note);
}

function writeOptions(output: ToolOutput, options: readonly Option[], indent: string): void {
  for (const option of options) {
    const generated = option.note === "generated" ? " (generated)" : "";
    output.line(`${indent}* ${option.name}: ${option.help}${generated}`);
    output.line(`${indent}  * Possible values: ${valuesText(option)}\n`);
  }
}

function valuesText(option: Option): string {
  if (option.values !== undefined) {
    return option.values
      .map((value) => (value === option.default ? `"${value}" (default)` : `"${value}"`))
      .join(", ");
  }
  return option.default === undefined
    ? `${option.type} (no default)`
    : `${option.type} (default: ${option.default})`;
}

function parameterElement(option: Option): XmlElement {
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
