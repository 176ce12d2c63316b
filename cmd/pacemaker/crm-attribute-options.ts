/** The options of crm_attribute. */
import type { OptionSpec } from "../../lib/cli/tool.ts";
import { OUTPUT_OPTIONS } from "./tool-output.ts";

function flag(
  key: string,
  long: readonly string[],
  short: readonly string[],
  help: string,
  group: string,
): OptionSpec {
  return { key, long, short, kind: "flag", help, group };
}

function value(
  key: string,
  long: readonly string[],
  short: readonly string[],
  word: string,
  help: string,
  group: string,
): OptionSpec {
  return { key, long, short, kind: "value", value: word, help, group };
}

export const attributeOptions: readonly OptionSpec[] = [
  flag("all", ["all"], ["a"], "With --list-options: advanced and deprecated ones too", "Selection"),
  value("id", ["id", "attr-id"], ["i"], "XMLID", "Id of the nvpair that is meant", "Selection"),
  value(
    "name",
    ["name", "attr-name"],
    ["n"],
    "NAME",
    "Name of the attribute or option",
    "Selection",
  ),
  value("pattern", ["pattern"], ["P"], "PATTERN", "All names that match", "Selection"),
  {
    key: "promotion",
    long: ["promotion"],
    short: ["p"],
    kind: "optional",
    value: "RESOURCE",
    help: "Promotion score of this resource on the node",
    group: "Selection",
  },
  value("set-name", ["set-name"], ["s"], "SET", "Only in the set with this id", "Selection"),
  value(
    "list-options",
    ["list-options"],
    ["L"],
    "TYPE",
    "List the options of the cluster",
    "Commands",
  ),
  flag("delete", ["delete"], ["D"], "Delete the attribute", "Commands"),
  flag("query", ["query", "get-value"], ["G"], "Print the value (the default)", "Commands"),
  value("update", ["update", "attr-value"], ["v"], "VALUE", "Set the value", "Commands"),
  value(
    "default",
    ["default"],
    ["d"],
    "VALUE",
    "What a query prints when there is no value",
    "Additional",
  ),
  value("lifetime", ["lifetime"], ["l"], "LIFETIME", "reboot or forever", "Additional"),
  value(
    "node",
    ["node", "node-uname"],
    ["N", "U"],
    "NODE",
    "Node that is meant (default: this one)",
    "Additional",
  ),
  value(
    "type",
    ["type"],
    ["t"],
    "SECTION",
    "Part of the configuration that is meant",
    "Additional",
  ),
  {
    key: "score",
    long: ["score"],
    kind: "flag",
    help: "Understand value++ and value+=N (always on)",
  },
  value("wait", ["wait"], ["W"], "HOW", "no, local or cluster", "Additional"),
  flag("utilization", ["utilization"], ["z"], "Utilization of the node", "Additional"),
  flag("quiet", ["quiet"], ["q", "Q"], "Print the value only", "Additional"),
  ...OUTPUT_OPTIONS,
];
