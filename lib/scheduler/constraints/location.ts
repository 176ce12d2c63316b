/** Unpacking location constraints (spec/scheduler-1 section D.10; spec/scheduler-2 sections 4.1 to 4.3). */
import { parseScore, type Score } from "../../base/score.ts";
import type { LocationConstraint } from "../../cib/model.ts";
import { expandSubmatches } from "../../rules/rule.ts";
import { Discovery } from "../../status/node-table.ts";
import { rulePasses } from "../../status/nvsets.ts";
import { parametersOf } from "../../status/parameters.ts";
import { parseRole, Role } from "../../status/roles.ts";
import { currentNode } from "../../status/tree.ts";
import { attr, type XmlElement } from "../../xml/node.ts";
import type { Book, Node, Rsc } from "../board.ts";
import { constraintResource, expandMembers, expandName, isCollection } from "./lookup.ts";
import type { Location } from "./model.ts";

/** Role filter of a location; undefined = the text is invalid. */
function roleFilter(text: string | undefined): Role | undefined {
  if (text === undefined) return Role.unknown;
  const role = parseRole(text);
  if (role === Role.promoted || role === Role.stopped) return role;
  return role === undefined ? undefined : Role.unknown;
}

function discoveryOf(text: string | undefined): Discovery {
  switch (text?.toLowerCase()) {
    case "never":
      return Discovery.never;
    case "exclusive":
      return Discovery.exclusive;
    default:
      return Discovery.always;
  }
}

/** The node whose attribute a score-attribute reads: the host for a guest whose resource asks so. */
function attributeNode(rsc: Rsc, node: Node): Node {
  if (rsc.meta.get("container-attribute-target") !== "host" || !node.isGuest) return node;
  const launcher = node.connection?.launcher;
  return (launcher === undefined ? undefined : currentNode<Node>(launcher)) ?? node;
}

type Submatches = readonly (string | undefined)[] | undefined;

function ruleScores(
  book: Book,
  rsc: Rsc,
  rule: XmlElement,
  submatches: Submatches,
): { readonly node: Node; readonly score: Score }[] {
  const scoreAttribute = attr(rule, "score-attribute");
  const fixed = parseScore(attr(rule, "score") ?? "") ?? 0;
  const found: { node: Node; score: Score }[] = [];
  for (const node of book.nodes) {
    const passes = rulePasses(book.surroundings, rule, {
      nodeAttribute: (name) => node.attributes.get(name),
      resourceParameter: (name) => parametersOf(book.surroundings, rsc, node).get(name),
      resourceMeta: (name) => rsc.meta.get(name),
      ...(submatches === undefined ? {} : { submatches }),
    });
    if (!passes) continue;
    if (scoreAttribute === undefined) {
      found.push({ node, score: fixed });
      continue;
    }
    const name = expandSubmatches(scoreAttribute, submatches);
    const text = attributeNode(rsc, node).attributes.get(name);
    const score = text === undefined || text === "" ? undefined : parseScore(text);
    if (score !== undefined) found.push({ node, score });
  }
  return found.reverse();
}

interface Wish {
  readonly constraint: LocationConstraint;
  readonly role: string | undefined;
  readonly score: string | undefined;
}

function addLocation(book: Book, location: Location): void {
  book.locations.push(location);
  location.rsc.locations.push(location);
  if (location.discovery === Discovery.exclusive) location.rsc.exclusiveDiscovery = true;
}

function locate(book: Book, rsc: Rsc, wish: Wish, submatches: Submatches): void {
  const { xml, id, rule } = wish.constraint;
  const discovery = discoveryOf(attr(xml, "resource-discovery"));
  const nodeName = attr(xml, "node");
  if (nodeName !== undefined && wish.score !== undefined) {
    const role = roleFilter(wish.role);
    const node = book.nodes.find((n) => n.name.toLowerCase() === nodeName.toLowerCase());
    if (node === undefined || role === undefined) return;
    const score = parseScore(wish.score) ?? 0;
    addLocation(book, { id, rsc, role, discovery, nodes: [{ node, score }] });
    return;
  }
  if (rule === undefined) return;
  const role = roleFilter(wish.role ?? attr(rule, "role"));
  if (role === undefined) return;
  const nodes = ruleScores(book, rsc, rule, submatches);
  addLocation(book, { id, rule, rsc, role, discovery, nodes });
}

/** POSIX classes in the few forms that differ from ours. */
function posixPattern(pattern: string): RegExp | undefined {
  const classes: Readonly<Record<string, string>> = {
    alpha: "a-zA-Z",
    digit: "0-9",
    alnum: "a-zA-Z0-9",
    upper: "A-Z",
    lower: "a-z",
    space: "\\s",
    punct: "!-\\/:-@\\[-`{-~",
    xdigit: "0-9A-Fa-f",
    blank: " \\t",
  };
  const source = pattern.replace(/\[:([a-z]+):\]/g, (all, name: string) => classes[name] ?? all);
  try {
    return new RegExp(source);
  } catch {
    return undefined;
  }
}

function locatePattern(book: Book, constraint: LocationConstraint, pattern: string): void {
  const inverted = pattern.startsWith("!");
  const regex = posixPattern(inverted ? pattern.slice(1) : pattern);
  if (regex === undefined) return;
  const { xml } = constraint;
  const wish: Wish = { constraint, role: attr(xml, "role"), score: attr(xml, "score") };
  for (const rsc of book.resources) {
    const match = regex.exec(rsc.id);
    if ((match === null) !== inverted) continue;
    locate(book, rsc, wish, match === null ? undefined : [...match]);
  }
}

export function unpackLocation(book: Book, constraint: LocationConstraint): void {
  const { xml } = constraint;
  if (constraint.pattern !== undefined) {
    locatePattern(book, constraint, constraint.pattern);
    return;
  }
  const role = attr(xml, "role");
  const score = attr(xml, "score");
  const each = (id: string, wish: Wish): void => {
    const rsc = constraintResource(book, id);
    if (rsc !== undefined) locate(book, rsc, wish, undefined);
  };
  if (constraint.sets.length > 0) {
    for (const set of constraint.sets) {
      const wish: Wish = {
        constraint,
        role: attr(set.xml, "role") ?? role,
        score: attr(set.xml, "score") ?? score,
      };
      for (const id of expandMembers(book, set)) each(id, wish);
    }
    return;
  }
  const { resource } = constraint;
  if (resource === undefined) return;
  const names = isCollection(book, resource) ? expandName(book, resource) : [resource];
  for (const id of names) each(id, { constraint, role, score });
}
