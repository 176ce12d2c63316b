/**
 * From schema 2.10 to 3.0 (spec/scheduler-1 A.2): cluster options with underscores get dashes, defaults move to their
 * sections, operation parameters that were options become meta-attributes, references to nvsets become copies.
 */
import { lazy } from "../base/lazy.ts";
import { findById } from "../xml/index.ts";
import { attr, child, element, withAttr, withChildren, type XmlElement } from "../xml/node.ts";
import {
  editChild,
  renameAttr,
  rewriteTree,
  someElement,
  type UpgradeStep,
} from "./upgrade-tree.ts";

const renamedOptions = lazy((): ReadonlyMap<string, string> => {
  const names = [
    "cluster_recheck_interval",
    "dc_deadtime",
    "election_timeout",
    "no_quorum_policy",
    "remove_after_stop",
    "shutdown_escalation",
    "startup_fencing",
    "stonith_action",
    "stonith_enabled",
    "stop_orphan_actions",
    "stop_orphan_resources",
    "symmetric_cluster",
  ];
  return new Map([
    ...names.map((name): [string, string] => [name, name.replaceAll("_", "-")]),
    ["transition_idle_timeout", "cluster-delay"],
    ["transition-idle-timeout", "cluster-delay"],
  ]);
});

const DROPPED_OPTIONS: ReadonlySet<string> = new Set([
  "default-migration-threshold",
  "expected-quorum-votes",
  "notification-agent",
  "notification-recipient",
]);

/** Old cluster option → meta-attribute of rsc_defaults. */
const RESOURCE_DEFAULTS: ReadonlyMap<string, string> = new Map([
  ["default-resource-stickiness", "resource-stickiness"],
  ["is-managed-default", "is-managed"],
  ["default-resource-failure-stickiness", "migration-threshold"],
]);

const OLD_STACK = /^(heartbeat|cman|(classic )?openais.*)$/i;

const PCMK_COMMAND = /^pcmk_(list|monitor|off|on|reboot|status)_cmd$/;

const OPERATION_META: ReadonlySet<string> = new Set([
  "interval-origin",
  "start-delay",
  "enabled",
  "on-fail",
  "record-pending",
  "role",
  "timeout",
]);

const NVSETS: ReadonlySet<string> = new Set([
  "cluster_property_set",
  "instance_attributes",
  "meta_attributes",
  "utilization",
]);

function nameOf(pair: XmlElement): string {
  return attr(pair, "name") ?? "";
}

function dashed(name: string): string {
  return name.replaceAll("_", "-");
}

function isMovedOption(name: string): boolean {
  const plain = dashed(name);
  return RESOURCE_DEFAULTS.has(plain) || plain === "default-action-timeout";
}

/** What schema 3.0 no longer has. */
function isOutdated(node: XmlElement): boolean {
  switch (node.name) {
    case "cluster_property_set":
      return node.children.some((pair) => optionAfter(pair) !== pair);
    case "node":
      return attr(node, "type") === "normal";
    case "rsc_colocation":
      return [...node.attrs.keys()].some((name) => name.startsWith("score-attribute"));
    case "primitive":
    case "template":
      return node.children.some(
        (set) => set.name === "instance_attributes" && set.children.some(isOldParameter),
      );
    case "meta_attributes":
      return node.children.some(
        (pair) => isOldMeta(nameOf(pair)) || nameOf(pair) === "resource-failure-stickiness",
      );
    case "op":
      return (
        attr(node, "requires") !== undefined ||
        node.children.some(
          (set) =>
            set.name === "instance_attributes" &&
            set.children.some((p) => nameOf(p) === "requires" || OPERATION_META.has(nameOf(p))),
        )
      );
    default:
      return false;
  }
}

function isOldParameter(pair: XmlElement): boolean {
  return PCMK_COMMAND.test(nameOf(pair)) || nameOf(pair) === "pcmk_arg_map";
}

function isOldMeta(name: string): boolean {
  return /^isolation/.test(name);
}

/** The step from 2.10. */
export const stepFrom2: UpgradeStep = (root, note) => {
  if (!someElement(root, isOutdated)) return root;
  const moved = { resource: new Map<string, string>(), operation: new Map<string, string>() };
  collectMoved(root, moved.resource, moved.operation);
  const rewritten = rewriteTree(root, (node, parent) => rewriteElement(node, parent, root, note));
  return editChild(rewritten, "configuration", (configuration) => {
    const resources = addDefaults(configuration, "rsc_defaults", moved.resource);
    return addDefaults(resources, "op_defaults", moved.operation);
  });
};

function collectMoved(
  root: XmlElement,
  resource: Map<string, string>,
  operation: Map<string, string>,
): void {
  const configuration = child(root, "configuration");
  const options = configuration === undefined ? undefined : child(configuration, "crm_config");
  for (const set of options?.children ?? []) {
    for (const pair of set.children) {
      const value = attr(pair, "value");
      if (value === undefined) continue;
      const name = dashed(nameOf(pair));
      if (name === "default-action-timeout") operation.set("timeout", value);
      const target = RESOURCE_DEFAULTS.get(name);
      if (target === undefined) continue;
      if (target !== "migration-threshold") resource.set(target, value);
      else if (value === "-INFINITY") resource.set(target, "1");
    }
  }
}

/** Adds meta-attributes to a defaults section, unless they are set there. */
function addDefaults(
  configuration: XmlElement,
  section: string,
  values: ReadonlyMap<string, string>,
): XmlElement {
  if (values.size === 0) return configuration;
  const existing = child(configuration, section);
  const names = new Set(existing?.children.flatMap((set) => set.children.map(nameOf)));
  const id = `_cibtr-2_${section}`;
  const pairs = [...values]
    .filter(([name]) => !names.has(name))
    .map(([name, value]) => element("nvpair", { id: `${id}-${name}`, name, value }));
  if (pairs.length === 0) return configuration;
  const set = element("meta_attributes", { id }, pairs);
  if (existing !== undefined) {
    return editChild(configuration, section, (s) => withChildren(s, [...s.children, set]));
  }
  return withChildren(configuration, [...configuration.children, element(section, {}, [set])]);
}

/** A cluster option of today, or undefined when it is gone or moves elsewhere. */
function optionAfter(pair: XmlElement): XmlElement | undefined {
  const name = nameOf(pair);
  const renamed = renamedOptions().get(name);
  if (renamed !== undefined) return withAttr(pair, "name", renamed);
  if (isMovedOption(name) || DROPPED_OPTIONS.has(dashed(name))) return undefined;
  const isStack = name === "cluster-infrastructure" || name === "cluster_infrastructure";
  return isStack && OLD_STACK.test(attr(pair, "value") ?? "") ? undefined : pair;
}

function rewriteElement(
  node: XmlElement,
  parent: XmlElement | undefined,
  root: XmlElement,
  note: (text: string) => void,
): XmlElement | undefined {
  switch (node.name) {
    case "nvpair":
      return rewritePair(node, parent);
    case "node":
      return attr(node, "type") === "normal" ? withAttr(node, "type", "member") : node;
    case "rsc_colocation":
      return [...node.attrs.keys()]
        .filter((name) => name.startsWith("score-attribute"))
        .reduce((result, name) => withAttr(result, name, undefined), node);
    case "op":
      return rewriteOperation(node, note);
    case "primitive":
    case "template":
      return withRequires(node, root);
    default:
      return NVSETS.has(node.name) ? copyReference(node, root) : node;
  }
}

function rewritePair(pair: XmlElement, parent: XmlElement | undefined): XmlElement | undefined {
  const name = nameOf(pair);
  if (parent?.name === "cluster_property_set") return optionAfter(pair);
  if (parent?.name === "instance_attributes") {
    const command = PCMK_COMMAND.exec(name);
    if (command !== null) return withAttr(pair, "name", `pcmk_${command[1]}_action`);
    if (name !== "pcmk_arg_map") return pair;
    const port = /^\s*port:([^;,\s]+)\s*$/.exec(attr(pair, "value") ?? "");
    if (port?.[1] === undefined) return undefined;
    return withAttr(withAttr(pair, "name", "pcmk_host_argument"), "value", port[1]);
  }
  if (parent?.name !== "meta_attributes") return pair;
  if (isOldMeta(name)) {
    return withAttr(withAttr(pair, "name", "target-role"), "value", "Stopped");
  }
  if (name !== "resource-failure-stickiness") return pair;
  if (attr(pair, "value") !== "-INFINITY") return undefined;
  return withAttr(withAttr(pair, "name", "migration-threshold"), "value", "1");
}

/** Options among an operation's parameters become meta-attributes; `requires` goes to the resource or nowhere. */
function rewriteOperation(op: XmlElement, note: (text: string) => void): XmlElement {
  let result = withAttr(op, "requires", undefined);
  const children: XmlElement[] = [];
  for (const set of op.children) {
    if (set.name !== "instance_attributes" || attr(set, "id-ref") !== undefined) {
      children.push(set);
      continue;
    }
    const meta = set.children.filter((pair) => OPERATION_META.has(nameOf(pair)));
    const stays = set.children.filter(
      (pair) => !OPERATION_META.has(nameOf(pair)) && nameOf(pair) !== "requires",
    );
    if (stays.length + meta.length < set.children.length && !isRoleChange(op)) {
      note(`operation ${attr(op, "id") ?? ""}: dropping requires, only start and promote have it`);
    }
    if (stays.length > 0) children.push(withChildren(set, stays));
    if (meta.length > 0) {
      const id = `_cibtr-2_${attr(set, "id") ?? ""}-meta`;
      children.push(element("meta_attributes", { id }, meta));
    }
  }
  if (children.length !== op.children.length || children.some((c, i) => c !== op.children[i])) {
    result = withChildren(result, children);
  }
  return result;
}

function isRoleChange(op: XmlElement): boolean {
  return attr(op, "name") === "start" || attr(op, "name") === "promote";
}

/** `requires` of a start or promote operation, taken from the original document, becomes the resource's. */
function withRequires(resource: XmlElement, root: XmlElement): XmlElement {
  const original = findById(root, attr(resource, "id") ?? "", resource.name);
  const operations = original === undefined ? undefined : child(original, "operations");
  for (const op of operations?.children ?? []) {
    if (!isRoleChange(op)) continue;
    const value =
      attr(op, "requires") ??
      op.children
        .filter((set) => set.name === "instance_attributes")
        .flatMap((set) => set.children)
        .map((pair) => (nameOf(pair) === "requires" ? attr(pair, "value") : undefined))
        .find((v) => v !== undefined);
    if (value === undefined) continue;
    const id = `_cibtr-2_${attr(resource, "id") ?? ""}-meta`;
    const pair = element("nvpair", { id: `${id}-requires`, name: "requires", value });
    return withChildren(resource, [
      ...resource.children,
      element("meta_attributes", { id }, [pair]),
    ]);
  }
  return resource;
}

/** A reference becomes a copy of what it named before the upgrade, with ids of its own. */
function copyReference(set: XmlElement, root: XmlElement): XmlElement {
  const ref = attr(set, "id-ref");
  if (ref === undefined) return set;
  const target = findById(root, ref, set.name);
  if (target === undefined) return set;
  const id = `_cibtr-2_${ref}`;
  const pairs = target.children.map((pair) =>
    withAttr(pair, "id", `_${id}__${attr(pair, "id") ?? ""}`),
  );
  return withChildren(withAttr(renameAttr(set, "id-ref", "id"), "id", id), pairs);
}
