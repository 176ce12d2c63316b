/**
 * From schema 3.10 to 4.0 (spec/scheduler-1 A.2): master becomes clone, old option names and container attributes change,
 * classes that no longer exist go with all that refers to them, locations have one rule each.
 */
import { findById } from "../xml/index.ts";
import { attr, child, element, withAttr, withChildren, type XmlElement } from "../xml/node.ts";
import {
  editChild,
  renameAttr,
  rewriteTree,
  someElement,
  type UpgradeStep,
} from "./upgrade-tree.ts";

const RENAMED_OPTIONS: Readonly<Record<string, string>> = {
  "crmd-finalization-timeout": "join-finalization-timeout",
  "crmd-integration-timeout": "join-integration-timeout",
  "crmd-transition-delay": "transition-delay",
};

const GONE_CLASSES: ReadonlySet<string> = new Set(["nagios", "upstart"]);

const GONE_META: ReadonlySet<string> = new Set(["restart-type"]);
const GONE_OPERATION_META: ReadonlySet<string> = new Set(["can_fail", "role_after_failure"]);

function isOutdated(node: XmlElement): boolean {
  switch (node.name) {
    case "master":
    case "rkt":
    case "lifetime":
      return true;
    case "docker":
    case "podman":
      return attr(node, "masters") !== undefined;
    case "node":
      return attr(node, "type") === "ping";
    case "date_spec":
    case "duration":
      return attr(node, "moon") !== undefined;
    case "fencing-level":
      return Number(attr(node, "index")) > 9;
    case "primitive":
    case "template":
      return GONE_CLASSES.has(attr(node, "class") ?? "");
    case "rsc_location":
      return node.children.filter((c) => c.name === "rule").length > 1;
    case "nvpair": {
      const name = attr(node, "name") ?? "";
      return (
        (attr(node, "value") === undefined && attr(node, "id-ref") === undefined) ||
        RENAMED_OPTIONS[name] !== undefined ||
        name === "remove-after-stop" ||
        GONE_META.has(name) ||
        GONE_OPERATION_META.has(name) ||
        (name === "stonith-action" && attr(node, "value") === "poweroff")
      );
    }
    default:
      return false;
  }
}

/** The step from 3.10. */
export const stepFrom3: UpgradeStep = (root, note) => {
  if (!someElement(root, isOutdated)) return root;
  const gone = goneResources(root);
  for (const id of gone) note(`resource ${id}: its class no longer exists, dropping it`);
  const rewritten = rewriteTree(root, (node, parent) => {
    const current = rewriteElement(node, parent, gone);
    if (current === undefined || current.name !== "rsc_location") return current;
    return splitRules(current);
  });
  return banPingNodes(rewritten, root);
};

/** Ids of resources and templates of classes that are gone, and of those that would be left empty. */
function goneResources(root: XmlElement): ReadonlySet<string> {
  const gone = new Set<string>();
  const visit = (node: XmlElement): void => {
    node.children.forEach(visit);
    const id = attr(node, "id") ?? "";
    const template = attr(node, "template");
    const isGone =
      ((node.name === "primitive" || node.name === "template") &&
        (GONE_CLASSES.has(attr(node, "class") ?? "") ||
          (template !== undefined && gone.has(template)))) ||
      (node.name === "bundle" && child(node, "rkt") !== undefined) ||
      (/^(group|clone|master)$/.test(node.name) && isEmptied(node, gone));
    if (isGone) gone.add(id);
  };
  const configuration = child(root, "configuration");
  const resources = configuration === undefined ? undefined : child(configuration, "resources");
  const all = resources?.children ?? [];
  // Templates first: a primitive may stand before the template it uses.
  all.filter((c) => c.name === "template").forEach(visit);
  all.forEach(visit);
  return gone;
}

function isEmptied(node: XmlElement, gone: ReadonlySet<string>): boolean {
  const members = node.children.filter((c) => /^(primitive|group)$/.test(c.name));
  return members.length > 0 && members.every((c) => gone.has(attr(c, "id") ?? ""));
}

const RESOURCE_REFERENCES = ["rsc", "with-rsc", "first", "then"] as const;

function rewriteElement(
  node: XmlElement,
  parent: XmlElement | undefined,
  gone: ReadonlySet<string>,
): XmlElement | undefined {
  switch (node.name) {
    case "primitive":
    case "template":
    case "group":
    case "clone":
    case "bundle":
    case "resource_ref":
      return gone.has(attr(node, "id") ?? "") ? undefined : node;
    case "master":
      return gone.has(attr(node, "id") ?? "") ? undefined : promotableClone(node);
    case "docker":
    case "podman":
      return renameAttr(node, "masters", "promoted-max");
    case "node":
      return attr(node, "type") === "ping" ? withAttr(node, "type", "member") : node;
    case "date_spec":
    case "duration":
      return withAttr(node, "moon", undefined);
    case "fencing-level":
      return Number(attr(node, "index")) > 9 ? undefined : node;
    case "resource_set":
      return attr(node, "id-ref") === undefined && node.children.length === 0 && gone.size > 0
        ? undefined
        : node;
    case "rsc_location":
    case "rsc_colocation":
    case "rsc_order":
    case "rsc_ticket":
      return rewriteConstraint(node, gone);
    case "nvpair":
      return rewritePair(node, parent);
    default:
      return node;
  }
}

function promotableClone(master: XmlElement): XmlElement {
  const id = `pcmk__3_10_upgrade-${attr(master, "id") ?? ""}-meta_attributes`;
  const pair = element("nvpair", {
    id: `${id}-promotable`,
    name: "promotable",
    value: "true",
  });
  const set = element("meta_attributes", { id, score: "INFINITY" }, [pair]);
  return element("clone", master.attrs, [set, ...master.children]);
}

function rewritePair(pair: XmlElement, parent: XmlElement | undefined): XmlElement | undefined {
  const name = attr(pair, "name") ?? "";
  if (attr(pair, "value") === undefined && attr(pair, "id-ref") === undefined) return undefined;
  if (parent?.name === "meta_attributes") {
    return GONE_META.has(name) || GONE_OPERATION_META.has(name) ? undefined : pair;
  }
  if (parent?.name !== "cluster_property_set") return pair;
  const renamed = RENAMED_OPTIONS[name];
  if (renamed !== undefined) return withAttr(pair, "name", renamed);
  if (name === "remove-after-stop") return undefined;
  const isPoweroff = name === "stonith-action" && attr(pair, "value") === "poweroff";
  return isPoweroff ? withAttr(pair, "value", "off") : pair;
}

function rewriteConstraint(
  constraint: XmlElement,
  gone: ReadonlySet<string>,
): XmlElement | undefined {
  if (RESOURCE_REFERENCES.some((name) => gone.has(attr(constraint, name) ?? ""))) return undefined;
  const lifetime = child(constraint, "lifetime");
  if (lifetime === undefined) return constraint;
  const rest = constraint.children.filter((c) => c !== lifetime);
  if (constraint.name !== "rsc_location") return withChildren(constraint, rest);
  return withChildren(constraint, foldLifetime(constraint, rest, lifetime));
}

/** A lifetime's rules become a further condition of each rule, or the rule of a constraint that had none. */
function foldLifetime(
  constraint: XmlElement,
  rest: readonly XmlElement[],
  lifetime: XmlElement,
): readonly XmlElement[] {
  const limits = lifetime.children.map((rule) =>
    withAttr(withAttr(rule, "score", undefined), "score-attribute", undefined),
  );
  const prefix = `pcmk__3_10_upgrade-${attr(constraint, "id") ?? ""}`;
  const either = element("rule", { id: `${prefix}-lifetime`, "boolean-op": "or" }, limits);
  const rules = rest.filter((c) => c.name === "rule");
  if (rules.length === 0) {
    const node = attr(constraint, "node");
    const conditions =
      node === undefined
        ? []
        : [
            element("expression", {
              id: `${prefix}-node`,
              attribute: "#uname",
              operation: "eq",
              value: node,
            }),
          ];
    const attrs = { id: `${prefix}-rule`, score: attr(constraint, "score"), "boolean-op": "and" };
    return [...rest, element("rule", attrs, [...conditions, either])];
  }
  return rest.map((c) => {
    if (c.name !== "rule") return c;
    const inner = withAttr(
      withAttr(withAttr(c, "id", `${attr(c, "id") ?? ""}-inner`), "score", undefined),
      "score-attribute",
      undefined,
    );
    const outer = withAttr(withAttr(c, "boolean-op", "and"), "role", attr(c, "role"));
    return withChildren(outer, [inner, either]);
  });
}

/** One constraint for each top-level rule. */
function splitRules(location: XmlElement): XmlElement | readonly XmlElement[] {
  const rules = location.children.filter((c) => c.name === "rule");
  if (rules.length < 2) return location;
  const others = location.children.filter((c) => c.name !== "rule");
  const id = attr(location, "id") ?? "";
  return rules.map((rule, index) =>
    withChildren(withAttr(location, "id", `pcmk__3_10_upgrade-${id}-${index + 1}`), [
      ...others,
      rule,
    ]),
  );
}

/** Ping nodes become members on which nothing may run or be looked for. */
function banPingNodes(root: XmlElement, original: XmlElement): XmlElement {
  const nodes = findNodes(original).filter((node) => attr(node, "type") === "ping");
  if (nodes.length === 0) return root;
  const bans = nodes.map((node) => {
    const id = `pcmk__3_10_upgrade-ping_ban-${attr(node, "id") ?? ""}`;
    return element("rsc_location", {
      id: findById(original, id) === undefined ? id : `${id}-2`,
      "rsc-pattern": ".*",
      node: attr(node, "uname"),
      score: "-INFINITY",
      "resource-discovery": "never",
    });
  });
  return editChild(root, "configuration", (configuration) =>
    editChild(configuration, "constraints", (constraints) =>
      withChildren(constraints, [...constraints.children, ...bans]),
    ),
  );
}

function findNodes(root: XmlElement): readonly XmlElement[] {
  const configuration = child(root, "configuration");
  const nodes = configuration === undefined ? undefined : child(configuration, "nodes");
  return nodes?.children ?? [];
}
