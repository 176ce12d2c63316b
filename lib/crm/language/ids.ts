/**
 * Ids of elements that were typed without one (spec/crm-commands.md, "Generated ids"). An edited object keeps the ids it
 * had: its parts are found again by name, interval and role, or by their place.
 */
import { attr, element, type XmlElement } from "../../xml/node.ts";
import { LanguageError } from "./syntax.ts";

/** Elements that never get an id of their own making: they name another object, or the CIB gives them none. */
const WITHOUT_ID = new Set([
  "resource_ref",
  "role_ref",
  "role",
  "obj_ref",
  "operations",
  "fencing-topology",
  "docker",
  "podman",
  "rkt",
  "network",
  "storage",
  "select",
  "select_nodes",
  "select_fencing",
  "select_resources",
  "select_attributes",
]);

/** Elements named after the one above and a number, with their first number. */
const NUMBERED: ReadonlyMap<string, number> = new Map([
  ["resource_set", 0],
  ["acl_permission", 0],
  ["attribute", 0],
  ["recipient", 1],
]);

interface Place {
  /** Newer shells name expressions after their rule and number rights. */
  readonly modern: boolean;
  /** Id of the object itself. */
  readonly owner: string;
  readonly ownerIsConstraint: boolean;
  /** Id of the element above. */
  readonly parent: string;
}

/** All ids below `root`, the root's own included. References are no ids. */
export function collectIds(root: XmlElement, into: Set<string> = new Set()): Set<string> {
  const id = root.attrs.get("id");
  if (id !== undefined && !isReference(root.name)) into.add(id);
  for (const child of root.children) collectIds(child, into);
  return into;
}

function isReference(name: string): boolean {
  return name === "resource_ref" || name === "role_ref" || name === "obj_ref" || name === "role";
}

/** The first of `wanted`, `wanted-0`, `wanted-1`, … that is free; it is taken then. */
export function freeId(wanted: string, taken: Set<string>): string {
  let id = wanted;
  for (let n = 0; taken.has(id); n++) id = `${wanted}-${n}`;
  taken.add(id);
  return id;
}

/**
 * A copy of `draft` in which every element that needs an id has one.
 * @param old the object as it was, whose ids are kept where the parts match
 * @param taken ids that are in use, those of `old` included; the new ones are added
 * @throws LanguageError when an id given by hand belongs to another element
 */
export function assignIds(
  draft: XmlElement,
  old: XmlElement | undefined,
  taken: Set<string>,
  modern = false,
): XmlElement {
  const kept = old === undefined ? new Set<string>() : collectIds(old);
  const owner =
    attr(draft, "id") ?? (old === undefined ? undefined : attr(old, "id")) ?? draft.name;
  const place = { modern, owner, ownerIsConstraint: draft.name.startsWith("rsc_"), parent: owner };
  const build = (node: XmlElement, before: XmlElement | undefined, at: Place): XmlElement => {
    const id = ownId(node, before, at, kept, taken);
    const below = { ...at, parent: id ?? at.parent };
    const used = new Set<XmlElement>();
    const children = node.children.map((child) => {
      const match = before === undefined ? undefined : matching(child, node, before, used);
      if (match !== undefined) used.add(match);
      return build(child, match, below);
    });
    const attrs = new Map(id === undefined ? node.attrs : [...node.attrs, ["id", id]]);
    return before === undefined
      ? element(node.name, attrs, children, node.text)
      : likeBefore(element(node.name, attrs, children, node.text), before);
  };
  return build(draft, old, place);
}

/** The element with its attributes in their former order; the former element itself when nothing else differs. */
function likeBefore(made: XmlElement, before: XmlElement): XmlElement {
  const known = [...before.attrs.keys()].filter((name) => made.attrs.has(name));
  const fresh = [...made.attrs.keys()].filter((name) => !before.attrs.has(name));
  const attrs = new Map([...known, ...fresh].map((name) => [name, made.attrs.get(name) ?? ""]));
  const unchanged =
    made.name === before.name &&
    made.text === before.text &&
    attrs.size === before.attrs.size &&
    [...attrs].every(([name, value]) => before.attrs.get(name) === value) &&
    made.children.length === before.children.length &&
    made.children.every((c, index) => c === before.children[index]);
  return unchanged ? before : element(made.name, attrs, made.children, made.text);
}

function ownId(
  node: XmlElement,
  before: XmlElement | undefined,
  place: Place,
  kept: ReadonlySet<string>,
  taken: Set<string>,
): string | undefined {
  const given = attr(node, "id");
  if (isReference(node.name)) return given;
  if (given !== undefined) {
    if (taken.has(given) && !kept.has(given)) {
      throw new LanguageError(`${given}: id is already in use`);
    }
    taken.add(given);
    return given;
  }
  if (WITHOUT_ID.has(node.name) || attr(node, "id-ref") !== undefined) return undefined;
  const former = before === undefined ? undefined : attr(before, "id");
  if (former !== undefined) return former;
  const first = NUMBERED.get(node.name);
  if (first !== undefined) {
    for (let n = first; ; n++) {
      const word = node.name === "recipient" ? "recipient-" : "";
      const id = `${place.parent}-${word}${n}`;
      if (!taken.has(id)) return taken.add(id) && id;
    }
  }
  return freeId(wantedId(node, place), taken);
}

function wantedId(node: XmlElement, place: Place): string {
  switch (node.name) {
    case "nvpair":
      return `${place.parent}-${attr(node, "name") ?? "nvpair"}`;
    case "op":
      return `${place.owner}-${attr(node, "name")}-${attr(node, "interval") ?? "0"}`;
    case "expression":
    case "date_expression":
      return `${ruleOwner(place)}-expression`;
    case "date_spec":
    case "duration":
      return `${ruleOwner(place)}-${node.name}`;
    case "fencing-level":
      return "fencing";
    case "node":
      return attr(node, "uname") ?? "node";
    default:
      return `${place.parent}-${node.name}`;
  }
}

/** Before newer shells, what a constraint's rule says was named after the constraint. */
function ruleOwner(place: Place): string {
  return place.ownerIsConstraint && !place.modern ? place.owner : place.parent;
}

/** The part of the old object that the new part stands for. */
function matching(
  child: XmlElement,
  parent: XmlElement,
  before: XmlElement,
  used: ReadonlySet<XmlElement>,
): XmlElement | undefined {
  const candidates = before.children.filter((c) => c.name === child.name && !used.has(c));
  const same = (...names: readonly string[]) =>
    candidates.find((c) => names.every((n) => attr(c, n) === attr(child, n)));
  switch (child.name) {
    case "nvpair":
      return same("name");
    case "op":
      return same("name", "interval", "role");
    case "fencing-level":
      return same("target", "target-pattern", "target-attribute", "target-value", "index");
    case "read":
    case "write":
    case "deny":
    case "acl_permission":
      return same("kind", "xpath", "ref", "reference", "tag", "object-type", "attribute");
    default: {
      // By place among the elements of the same name.
      const index = parent.children.filter((c) => c.name === child.name).indexOf(child);
      const given = attr(child, "id");
      const byId =
        given === undefined ? undefined : candidates.find((c) => attr(c, "id") === given);
      return byId ?? before.children.filter((c) => c.name === child.name).at(index);
    }
  }
}
