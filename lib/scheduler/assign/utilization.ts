/** Capacities of nodes against what a resource and its mandatory companions need (spec/scheduler-2 section 15). */
import { INFINITY } from "../../base/score.ts";
import { isBundled } from "../../status/tree.ts";
import type { Book, Node, Rsc } from "../board.ts";
import { effectOf } from "./apply.ts";
import { thisWithOf, withThisOf } from "./colocations.ts";
import { compareCapacity } from "./compare-nodes.ts";
import { addScore, isUsable } from "./tables.ts";

type Amounts = Map<string, number>;

function add(into: Amounts, rsc: Rsc): void {
  for (const [name, value] of rsc.utilization) into.set(name, (into.get(name) ?? 0) + value);
}

function fits(node: Node, wanted: ReadonlyMap<string, number>): boolean {
  for (const [name, value] of wanted) if (value > (node.capacity.get(name) ?? 0)) return false;
  return true;
}

/** Everything that must be on the same node, the newest find first. */
function colocatedSet(book: Book, asked: Rsc): Rsc[] {
  const found: Rsc[] = [];
  const visit = (rsc: Rsc): void => {
    if (found.includes(rsc)) return;
    if (rsc.variant === "group" && (rsc.collocated || rsc.parent?.variant === "clone")) {
      found.unshift(rsc);
      for (const member of rsc.children) visit(member);
      return;
    }
    visitLinks(rsc);
  };
  const counts = (score: number): boolean => score >= INFINITY;
  const visitLinks = (rsc: Rsc): void => {
    found.unshift(rsc);
    for (const c of thisWithOf(book, rsc)) {
      if (c.primary === asked || !counts(c.score)) continue;
      if (effectOf(rsc, c.primary, c, true) === "location") visit(c.primary);
    }
    for (const c of withThisOf(book, rsc)) {
      if (c.dependent === asked || !counts(c.score)) continue;
      if (rsc.variant === "clone" && c.dependent.variant !== "clone") continue;
      if (effectOf(c.dependent, rsc, c, true) === "location") visit(c.dependent);
    }
  };
  visit(asked);
  return found;
}

function sumClone(into: Amounts, clone: Rsc, set: readonly Rsc[]): void {
  for (const instance of clone.children) {
    if (set.includes(instance)) return;
    if (instance.children.some((member) => set.includes(member))) {
      sumGroup(into, instance, []);
      return;
    }
  }
  const first = clone.children[0];
  if (first === undefined) return;
  if (first.children.length > 0) sumGroup(into, first, []);
  else add(into, first);
}

function sumGroup(into: Amounts, group: Rsc, set: readonly Rsc[]): void {
  const members =
    group.collocated || group.parent?.variant === "clone"
      ? group.children
      : group.children.slice(0, 1);
  for (const member of members) {
    if (member.unassigned && !set.includes(member)) add(into, member);
  }
}

/** What the unassigned part of the set needs together. */
function sumOf(set: readonly Rsc[]): Amounts {
  const total: Amounts = new Map();
  for (const rsc of set) {
    if (!rsc.unassigned) continue;
    if (rsc.variant === "primitive") add(total, rsc);
    else if (rsc.variant === "group") sumGroup(total, rsc, set);
    else if (rsc.variant === "clone") sumClone(total, rsc, set);
    else {
      const container = rsc.bundle?.replicas[0]?.container;
      if (container !== undefined) add(total, container);
    }
  }
  return total;
}

function banUnfit(book: Book, rsc: Rsc, wanted: ReadonlyMap<string, number>): void {
  for (const node of book.nodesByIndex) {
    if (!rsc.allowed.has(node.index) || !isUsable(node)) continue;
    if (!fits(node, wanted)) addScore(rsc, node, -INFINITY);
  }
}

/** Bans nodes without room. When no node has room for all, answers the most capable one. */
export function checkCapacity(book: Book, rsc: Rsc): Node | undefined {
  if (book.options.placementStrategy === "default") return undefined;
  const total = sumOf(colocatedSet(book, rsc));
  let capable: Node | undefined;
  let anyFits = false;
  for (const node of book.nodes) {
    if (!rsc.allowed.has(node.index)) continue;
    if (!isUsable(node) || rsc.allowed.score(node.index) < 0) continue;
    if (fits(node, total)) anyFits = true;
    if (capable === undefined || compareCapacity(node, capable) < 0) capable = node;
  }
  if (anyFits) {
    banUnfit(book, rsc, total);
    return undefined;
  }
  banUnfit(book, rsc, rsc.utilization);
  return capable;
}

/** Notes what every node has left, before and after assignment; a bundle's nodes have nothing to give. */
export function noteCapacities(book: Book, label: "Original" | "Remaining"): void {
  if (book.settings.traceUtilization !== true) return;
  for (const node of book.nodes) {
    if (node.connection !== undefined && isBundled(node.connection)) continue;
    book.note({
      step: "capacity",
      resource: undefined,
      node: node.name,
      score: undefined,
      values: new Map(node.capacity),
      label,
    });
  }
}
