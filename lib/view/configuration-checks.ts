/**
 * Errors of a configuration that its schema cannot see: operations defined twice, values that mean nothing
 * (spec/outputs-and-tools.md C1, C2: the messages of each form). They look at the configuration only, never at the status.
 */

import { parseScore } from "../base/score.ts";
import { type ClusterOption, clusterOption } from "../cib/options.ts";
import type { ScheduleMessage } from "../scheduler/api.ts";
import { parseIntervalMs } from "../time/interval.ts";
import { attr, child, childrenOf, type XmlElement } from "../xml/node.ts";
import type { TextForm } from "./cluster.ts";

/** Everything that is wrong, in document order. */
export function configurationMessages(
  root: XmlElement,
  form: TextForm,
): readonly ScheduleMessage[] {
  const configuration = child(root, "configuration");
  if (configuration === undefined) return [];
  const resources = child(configuration, "resources");
  const found = optionMessages(child(configuration, "crm_config"), form);
  for (const resource of resources?.children ?? []) found.push(...resourceMessages(resource, form));
  return found;
}

function error(source: string, text: string): ScheduleMessage {
  return { level: "error", source, text };
}

function isTrue(value: string | undefined): boolean {
  return /^(true|on|yes|y|1)$/i.test(value ?? "");
}

/** Values of cluster options that cannot be read; the default is used instead. */
function optionMessages(options: XmlElement | undefined, form: TextForm): ScheduleMessage[] {
  const found: ScheduleMessage[] = [];
  for (const set of options?.children ?? []) {
    for (const pair of childrenOf(set, "nvpair")) {
      const name = attr(pair, "name") ?? "";
      const value = attr(pair, "value") ?? "";
      const option = clusterOption(name);
      if (option === undefined || isValidOption(option, value)) continue;
      const text =
        form === "classic"
          ? `No value specified for cluster preference: ${name}`
          : `Using default value for cluster option '${name}' because '${value}' is invalid`;
      found.push(
        form === "classic"
          ? { level: "warning", source: "process_pe_message", text }
          : error("cluster_option_value", text),
      );
    }
  }
  return found;
}

function isValidOption(option: ClusterOption, value: string): boolean {
  switch (option.type) {
    case "boolean":
      return /^(true|on|yes|y|1|false|off|no|n|0)$/i.test(value);
    case "select":
      return option.values?.includes(value) !== false;
    case "duration":
      return parseIntervalMs(value) !== undefined;
    case "score":
      return parseScore(value) !== undefined || /^(red|yellow|green)$/i.test(value);
    case "integer":
      return /^\s*[+-]?\d+/.test(value);
    case "percentage":
      return /^\d+%?$/.test(value);
    default:
      return true;
  }
}

function resourceMessages(resource: XmlElement, form: TextForm): readonly ScheduleMessage[] {
  const found: ScheduleMessage[] = [];
  if (resource.name === "clone" && isPromotable(resource)) {
    found.push(...promotableMessages(resource));
  }
  found.push(...targetRoleMessages(resource, form));
  const operations = child(resource, "operations");
  if (operations !== undefined) found.push(...operationMessages(operations, form));
  for (const member of resource.children) {
    if (/^(primitive|group)$/.test(member.name)) found.push(...resourceMessages(member, form));
  }
  return found;
}

/** Only agents of class ocf can be promoted. */
function promotableMessages(clone: XmlElement): readonly ScheduleMessage[] {
  const members = clone.children.flatMap((c) => (c.name === "group" ? c.children : [c]));
  const wrong = members.find((m) => m.name === "primitive" && !canBePromoted(m));
  if (wrong === undefined) return [];
  const id = `${attr(wrong, "id") ?? ""}:0`;
  const kind = attr(wrong, "class") ?? "";
  return [
    error(
      "native_unpack",
      `Resource ${id} is of type ${kind} and therefore cannot be used as a promotable clone resource`,
    ),
    error(
      "unpack_resources",
      `Ignoring <clone> resource '${attr(clone, "id") ?? ""}' because configuration is invalid`,
    ),
  ];
}

function canBePromoted(primitive: XmlElement): boolean {
  return attr(primitive, "template") !== undefined || attr(primitive, "class") === "ocf";
}

function isPromotable(clone: XmlElement): boolean {
  return metaValues(clone, "promotable").some(isTrue);
}

/** Values of a meta-attribute in the blocks that no rule limits. */
function metaValues(resource: XmlElement, name: string): readonly string[] {
  return childrenOf(resource, "meta_attributes")
    .filter((set) => child(set, "rule") === undefined)
    .flatMap((set) => childrenOf(set, "nvpair"))
    .filter((pair) => attr(pair, "name") === name)
    .map((pair) => attr(pair, "value") ?? "");
}

const ROLES = /^(started|stopped|promoted|unpromoted|master|slave|default|#default)$/i;

function targetRoleMessages(resource: XmlElement, form: TextForm): readonly ScheduleMessage[] {
  const id = attr(resource, "id") ?? "";
  return metaValues(resource, "target-role")
    .filter((role) => !ROLES.test(role))
    .map((role) =>
      error(
        "get_target_role",
        form === "classic"
          ? `${id}: Unknown value for target-role: ${role}`
          : `Ignoring 'target-role' for ${id} because '${role}' is not valid`,
      ),
    );
}

/** Two recurring operations of one name and interval are one to the cluster. */
function operationMessages(operations: XmlElement, form: TextForm): readonly ScheduleMessage[] {
  const found: ScheduleMessage[] = [];
  const seen = new Map<string, string>();
  for (const op of childrenOf(operations, "op")) {
    const name = attr(op, "name") ?? "";
    const id = attr(op, "id") ?? "";
    if (form === "classic" && name === "stop" && attr(op, "on-fail") === "standby") {
      const text = `on-fail=standby is not allowed for stop actions: ${id}`;
      found.push(error("unpack_operation_on_fail", text));
    }
    const interval = parseIntervalMs(attr(op, "interval") ?? "0") ?? 0;
    if (interval === 0) continue;
    const key = `${name} ${interval}`;
    const other = seen.get(key);
    if (other === undefined) seen.set(key, id);
    else found.push(...duplicateMessages(id, other, form));
  }
  return found;
}

function duplicateMessages(id: string, other: string, form: TextForm): readonly ScheduleMessage[] {
  if (form === "classic") {
    const advice = "Do not use the same (name, interval) combination more than once per resource";
    return [
      error("is_op_dup", `Operation ${id} is a duplicate of ${other}`),
      error("is_op_dup", advice),
    ];
  }
  const advice = "(do not use same name and interval combination more than once per resource)";
  return [error("is_op_dup", `Operation ${id} is duplicate of ${other} ${advice}`)];
}
