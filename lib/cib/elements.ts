/**
 * The shape of a CIB in one table: which elements exist, which attributes and children they have, what values are allowed
 * (spec/outputs-and-tools.md D1.1; spec/scheduler-1 A). Validator, completion and help hang off it.
 *
 * Notation: attributes and children are words separated by blanks. `!` after an attribute: required. After a child: `1`
 * exactly one, `?` at most one, `+` at least one, `*` any number. `<3.0` after either: only in schemas before 3.0.
 */

import { lazy } from "../base/lazy.ts";
import { ON_FAIL } from "./on-fail.ts";
import { schemaNumber } from "./schema.ts";

/** Values an attribute may have. */
export type ValueType =
  | "text"
  | "id"
  | "score"
  | "boolean"
  | "count"
  | "port"
  | "interval"
  | readonly string[];

/** One attribute of an element. */
export interface AttrRule {
  readonly name: string;
  readonly required: boolean;
  readonly type: ValueType;
  /** First schema (as number, 3.0 = 300) that no longer has it. */
  readonly until: number | undefined;
}

/** How many children of a name an element may have. */
export interface ChildRule {
  readonly name: string;
  readonly minimum: 0 | 1;
  readonly maximum: 1 | undefined;
  readonly until: number | undefined;
}

/** One kind of element. */
export interface ElementRule {
  readonly name: string;
  readonly attrs: ReadonlyMap<string, AttrRule>;
  /** Names of the attributes that must be there. */
  readonly required: readonly string[];
  readonly children: ReadonlyMap<string, ChildRule>;
  /** Names of the children that must be there. */
  readonly needed: readonly string[];
  /** Sets of attributes of which exactly one must be complete, e.g. `id-ref` alone or `id`. */
  readonly alternatives: readonly (readonly string[])[];
  /** Anything goes below and in it (the status section is written by the cluster itself). */
  readonly open: boolean;
}

const ROLES = ["Started", "Stopped", "Promoted", "Unpromoted", "Master", "Slave"] as const;
const ACTIONS = ["start", "promote", "demote", "stop"] as const;

/** Types of attributes; what is not named is text. "element.attribute" goes before "attribute". */
const types = lazy(
  (): Readonly<Record<string, ValueType>> => ({
    id: "id",
    "node.id": "text",
    "resource_ref.id": "text",
    "obj_ref.id": "text",
    "role_ref.id": "text",
    "role.id": "text",
    "acl_target.id": "text",
    "acl_group.id": "text",
    admin_epoch: "count",
    epoch: "count",
    num_updates: "count",
    "have-quorum": "boolean",
    "no-quorum-panic": "boolean",
    "remote-tls-port": "port",
    "remote-clear-port": "port",
    score: "score",
    "node.type": ["member", "ping", "remote", "normal"],
    interval: "text",
    enabled: "boolean",
    "record-pending": "boolean",
    "op.role": ROLES,
    "op.on-fail": ON_FAIL,
    "rsc-role": ROLES,
    "with-rsc-role": ROLES,
    "resource_set.role": ROLES,
    "rsc_location.role": ROLES,
    "resource-discovery": ["always", "never", "exclusive"],
    "resource_set.action": ACTIONS,
    "first-action": ACTIONS,
    "then-action": ACTIONS,
    kind: ["Optional", "Mandatory", "Serialize"],
    "acl_permission.kind": ["read", "write", "deny"],
    symmetrical: "boolean",
    sequential: "boolean",
    "require-all": "boolean",
    ordering: ["group", "listed"],
    "loss-policy": ["stop", "demote", "fence", "freeze"],
    "boolean-op": ["or", "and"],
    "expression.operation": ["lt", "gt", "lte", "gte", "eq", "ne", "defined", "not_defined"],
    "expression.type": ["string", "integer", "number", "version"],
    "value-source": ["literal", "param", "meta"],
    "date_expression.operation": ["in_range", "gt", "lt", "date_spec"],
    "fencing-level.index": "count",
    "control-port": "port",
    "port-mapping.port": "port",
    "internal-port": "port",
    replicas: "count",
    "replicas-per-host": "count",
    "promoted-max": "count",
  }),
);

const NVSET = ["id score id-ref", "rule? nvpair*", "id-ref|id"] as const;
const RESOURCE_CONTENT = "operations? instance_attributes* meta_attributes* utilization*";
const CONTAINER = [
  "image! replicas replicas-per-host masters<4.0 promoted-max run-command network options",
  "",
] as const;
const DATE_PARTS =
  "id! hours monthdays weekdays yearsdays months weeks years weekyears moon minutes seconds yeardays";
const EMPTY = ["id!", ""] as const;

/** name → attributes, children, alternatives. */
const table = lazy(
  (): Readonly<Record<string, readonly [string, string, string?]>> => ({
    cib: [
      "validate-with! admin_epoch! epoch! num_updates! crm_feature_set have-quorum dc-uuid " +
        "remote-tls-port remote-clear-port cib-last-written no-quorum-panic update-origin " +
        "update-client update-user execution-date",
      "configuration1 status1",
    ],
    configuration: [
      "",
      "crm_config1 rsc_defaults? op_defaults? nodes1 resources1 domains? constraints1 acls? " +
        "fencing-topology? tags? alerts?",
    ],
    crm_config: ["", "cluster_property_set*"],
    rsc_defaults: ["", "meta_attributes*"],
    op_defaults: ["", "meta_attributes*"],
    cluster_property_set: NVSET,
    instance_attributes: NVSET,
    meta_attributes: NVSET,
    utilization: NVSET,
    nvpair: ["id name value id-ref", "", "id-ref|id name"],
    nodes: ["", "node*"],
    node: ["id! uname! type description score", "instance_attributes* utilization*"],
    domains: ["", "domain*"],
    domain: ["id!", "node*"],
    resources: ["", "primitive* template* group* clone* master*<4.0 bundle*"],
    primitive: [
      "id! description class provider type template",
      RESOURCE_CONTENT,
      "template|class type",
    ],
    template: ["id! description class! provider type!", RESOURCE_CONTENT],
    group: ["id! description", "instance_attributes* meta_attributes* primitive+"],
    clone: ["id! description", "instance_attributes* meta_attributes* primitive? group?"],
    master: ["id! description", "instance_attributes* meta_attributes* primitive? group?"],
    bundle: [
      "id! description",
      "instance_attributes* meta_attributes* docker? rkt?<4.0 podman? network? storage? primitive?",
    ],
    docker: CONTAINER,
    podman: CONTAINER,
    rkt: CONTAINER,
    network: ["ip-range-start control-port host-interface host-netmask add-host", "port-mapping*"],
    "port-mapping": ["id! port internal-port range", ""],
    storage: ["", "storage-mapping*"],
    "storage-mapping": ["id! source-dir source-dir-root target-dir! options", ""],
    operations: ["id id-ref", "op*"],
    op: [
      "id! name! interval! description start-delay interval-origin timeout enabled " +
        "record-pending role on-fail requires<3.0",
      "instance_attributes* meta_attributes*",
    ],
    constraints: ["", "rsc_location* rsc_colocation* rsc_order* rsc_ticket*"],
    rsc_location: [
      "id! rsc rsc-pattern role node score resource-discovery symmetrical<3.0",
      "rule* resource_set* lifetime?<4.0",
    ],
    rsc_colocation: [
      "id! score score-attribute<3.0 score-attribute-mangle<3.0 rsc with-rsc node-attribute " +
        "rsc-role with-rsc-role influence symmetrical<3.0",
      "resource_set* lifetime?<4.0",
    ],
    rsc_order: [
      "id! symmetrical require-all score kind first then first-action then-action",
      "resource_set* lifetime?<4.0",
    ],
    rsc_ticket: ["id! ticket! rsc rsc-role loss-policy", "resource_set*"],
    resource_set: [
      "id id-ref sequential ordering action role score kind require-all",
      "resource_ref*",
      "id-ref|id",
    ],
    resource_ref: EMPTY,
    lifetime: ["", "rule+"],
    rule: [
      "id id-ref score score-attribute boolean-op role",
      "expression* date_expression* rsc_expression* op_expression* rule*",
      "id-ref|id",
    ],
    expression: ["id! attribute! operation! value type value-source", ""],
    date_expression: ["id! operation start end", "duration? date_spec?"],
    duration: [DATE_PARTS.replace("id!", "id! days"), ""],
    date_spec: [DATE_PARTS, ""],
    rsc_expression: ["id! class provider type", ""],
    op_expression: ["id! name! interval", ""],
    acls: ["", "acl_target* acl_group* acl_role* acl_user*<2.0"],
    acl_target: ["id! name", "role*"],
    acl_group: ["id! name", "role*"],
    acl_user: ["id!", "role_ref* read* write* deny*"],
    role_ref: EMPTY,
    role: EMPTY,
    acl_role: ["id! description", "acl_permission* read*<2.0 write*<2.0 deny*<2.0"],
    read: ["id! xpath tag ref attribute", ""],
    write: ["id! xpath tag ref attribute", ""],
    deny: ["id! xpath tag ref attribute", ""],
    acl_permission: [
      "id! kind! xpath reference object-type attribute description",
      "",
      "xpath|reference|object-type",
    ],
    tags: ["", "tag*"],
    tag: ["id!", "obj_ref+"],
    obj_ref: EMPTY,
    alerts: ["", "alert*"],
    alert: ["id! path! description", "select? instance_attributes* meta_attributes* recipient*"],
    recipient: ["id! value! description", "instance_attributes* meta_attributes*"],
    select: ["", "select_nodes? select_fencing? select_resources? select_attributes?"],
    select_nodes: ["", ""],
    select_fencing: ["", ""],
    select_resources: ["", ""],
    select_attributes: ["", "attribute*"],
    attribute: ["id! name!", ""],
    "fencing-topology": ["", "fencing-level*"],
    "fencing-level": [
      "id! index! devices! target target-pattern target-attribute target-value",
      "",
      "target|target-pattern|target-attribute target-value",
    ],
    status: ["", ""],
  }),
);

/** Elements whose content the cluster writes itself. */
const OPEN = new Set(["status"]);

function until(word: string): readonly [string, number | undefined] {
  const [name = "", version] = word.split("<");
  return [name, version === undefined ? undefined : schemaNumber(version)];
}

function words(text: string): readonly string[] {
  return text.split(" ").filter((word) => word !== "");
}

function attrRule(elementName: string, word: string): AttrRule {
  const [marked, last] = until(word);
  const name = marked.replace("!", "");
  const type = types()[`${elementName}.${name}`] ?? types()[name] ?? "text";
  return { name, required: marked.endsWith("!"), type, until: last };
}

function childRule(word: string): ChildRule {
  const [marked, last] = until(word);
  const count = marked.at(-1);
  return {
    name: marked.slice(0, -1),
    minimum: count === "1" || count === "+" ? 1 : 0,
    maximum: count === "1" || count === "?" ? 1 : undefined,
    until: last,
  };
}

function elementRule(
  name: string,
  [attrs, children, alternatives]: readonly [string, string, string?],
): ElementRule {
  const attrRules = words(attrs).map((word) => attrRule(name, word));
  const childRules = words(children).map(childRule);
  return {
    name,
    attrs: new Map(attrRules.map((rule) => [rule.name, rule])),
    required: attrRules.filter((rule) => rule.required).map((rule) => rule.name),
    children: new Map(childRules.map((rule) => [rule.name, rule])),
    needed: childRules.filter((rule) => rule.minimum > 0).map((rule) => rule.name),
    alternatives: alternatives === undefined ? [] : alternatives.split("|").map(words),
    open: OPEN.has(name),
  };
}

const rules = new Map<string, ElementRule>();

/** The rules of an element; undefined when there is none of this name. Made when first asked for: no document has all. */
export function ruleOf(name: string): ElementRule | undefined {
  const known = rules.get(name);
  if (known !== undefined) return known;
  const row = Object.hasOwn(table(), name) ? table()[name] : undefined;
  if (row === undefined) return undefined;
  const rule = elementRule(name, row);
  rules.set(name, rule);
  return rule;
}

/** Sections that tools may name with --scope, and where they are. */
export const sectionPaths = lazy((): ReadonlyMap<string, readonly string[]> => {
  const parts = [
    "nodes",
    "resources",
    "constraints",
    "crm_config",
    "rsc_defaults",
    "op_defaults",
    "acls",
    "fencing-topology",
    "tags",
    "alerts",
  ];
  return new Map([
    ["cib", []],
    ["status", ["status"]],
    ["configuration", ["configuration"]],
    ...parts.map((name): [string, readonly string[]] => [name, ["configuration", name]]),
  ]);
});
