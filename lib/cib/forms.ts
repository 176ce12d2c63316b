/**
 * Shapes that a table of attributes and children cannot say: "either this or that". One function for each kind of element
 * that has such a rule; it returns what is wrong, or undefined.
 */
import { attr, type XmlElement } from "../xml/node.ts";

type Form = (node: XmlElement, parent: XmlElement | undefined) => string | undefined;

const CLASSES: ReadonlySet<string> = new Set([
  "ocf",
  "lsb",
  "service",
  "systemd",
  "stonith",
  "heartbeat",
  "upstart",
  "nagios",
]);

function has(node: XmlElement, name: string): boolean {
  return node.attrs.has(name);
}

function count(node: XmlElement, ...names: readonly string[]): number {
  return node.children.filter((c) => names.includes(c.name)).length;
}

/** "exactly one of a, b, c" as a sentence, unless it is so. */
function oneOf(what: string, choices: readonly (readonly [string, boolean])[]): string | undefined {
  const given = choices.filter(([, present]) => present);
  if (given.length === 1) return undefined;
  const names = choices.map(([name]) => name).join(", ");
  if (given.length === 0) return `${what} needs one of: ${names}`;
  return `${what} has ${given.map(([name]) => name).join(" and ")}; only one of them is allowed`;
}

function agent(node: XmlElement): string | undefined {
  if (has(node, "template")) {
    const extra = ["class", "provider", "type"].find((name) => has(node, name));
    return extra === undefined ? undefined : `${extra} comes from the template, remove it here`;
  }
  const resourceClass = attr(node, "class") ?? "";
  if (!CLASSES.has(resourceClass)) {
    return `"${resourceClass}" is no class of agents; allowed: ${[...CLASSES].join(", ")}`;
  }
  if (resourceClass === "ocf") {
    return has(node, "provider") ? undefined : "agents of class ocf need a provider";
  }
  return has(node, "provider") ? `agents of class ${resourceClass} have no provider` : undefined;
}

function oneChild(node: XmlElement): string | undefined {
  const found = count(node, "primitive", "group");
  return found === 1 ? undefined : `<${node.name}> needs exactly one primitive or group`;
}

const FORMS: Readonly<Record<string, Form>> = {
  primitive: agent,
  template: agent,
  clone: oneChild,
  master: oneChild,
  bundle: (node) =>
    oneOf("a bundle", [
      ["docker", count(node, "docker") > 0],
      ["podman", count(node, "podman") > 0],
      ["rkt", count(node, "rkt") > 0],
    ]),
  op: (node) =>
    has(node, "start-delay") && has(node, "interval-origin")
      ? "start-delay and interval-origin exclude each other"
      : undefined,
  nvpair: (node, parent) =>
    parent?.name === "cluster_property_set" && !has(node, "value") && !has(node, "id-ref")
      ? "a cluster option needs a value"
      : undefined,
  "port-mapping": (node) =>
    oneOf("a port-mapping", [
      ["port", has(node, "port")],
      ["range", has(node, "range")],
    ]),
  "storage-mapping": (node) =>
    oneOf("a storage-mapping", [
      ["source-dir", has(node, "source-dir")],
      ["source-dir-root", has(node, "source-dir-root")],
    ]),
  rsc_location: (node) =>
    oneOf("a location constraint", [
      ["rsc", has(node, "rsc")],
      ["rsc-pattern", has(node, "rsc-pattern")],
      ["resource_set", count(node, "resource_set") > 0],
    ]) ??
    oneOf("a location constraint", [
      ["node with score", has(node, "node") && has(node, "score")],
      ["rule", count(node, "rule") > 0],
    ]),
  rsc_colocation: (node) =>
    oneOf("a colocation", [
      ["rsc with with-rsc", has(node, "rsc") && has(node, "with-rsc")],
      ["resource_set", count(node, "resource_set") > 0],
    ]),
  rsc_order: (node) =>
    has(node, "score") && has(node, "kind")
      ? "score and kind exclude each other"
      : oneOf("an ordering", [
          ["first with then", has(node, "first") && has(node, "then")],
          ["resource_set", count(node, "resource_set") > 0],
        ]),
  rsc_ticket: (node) =>
    oneOf("a ticket constraint", [
      ["rsc", has(node, "rsc")],
      ["resource_set", count(node, "resource_set") > 0],
    ]),
  resource_set: (node) =>
    has(node, "id-ref") || count(node, "resource_ref") > 0
      ? undefined
      : "a resource_set needs at least one resource_ref",
  rule: (node) =>
    has(node, "id-ref") || node.children.length > 0
      ? undefined
      : "a rule needs at least one condition",
};

/** What is wrong with the shape of an element, or undefined. */
export function formProblem(node: XmlElement, parent: XmlElement | undefined): string | undefined {
  return FORMS[node.name]?.(node, parent);
}

/** Attributes that must name an id of the configuration, by element ("*" for all). */
const REFERENCES: Readonly<Record<string, readonly string[]>> = {
  rsc_location: ["rsc"],
  rsc_colocation: ["rsc", "with-rsc"],
  rsc_order: ["first", "then"],
  rsc_ticket: ["rsc"],
  resource_ref: ["id"],
  primitive: ["template"],
  role: ["id"],
};

const NONE: readonly string[] = [];

/** The attributes of an element that refer to an id. */
export function referencesOf(node: XmlElement): readonly string[] {
  const own = REFERENCES[node.name] ?? NONE;
  return has(node, "id-ref") ? [...own, "id-ref"] : own;
}
