/**
 * Assigning the instances of a clone or the containers of a bundle: their order, keeping them where they are, the rest
 * (spec/scheduler-2 section 11).
 */
import { mergeSort } from "../../base/collections.ts";
import { INFINITY } from "../../base/score.ts";
import { NodeTable } from "../../status/node-table.ts";
import { anyPart, currentNode } from "../../status/tree.ts";
import { influences, thisWithOf, withThisOf } from "../assign/colocations.ts";
import { unassign } from "../assign/commit.ts";
import { factorOf, mergeScores } from "../assign/merge.ts";
import { addScore, isUsable } from "../assign/tables.ts";
import type { Book, Node, Rsc } from "../board.ts";
import { because } from "../causes.ts";

/** Number at the end of an instance's or container's id. */
function numberOf(rsc: Rsc): number {
  const match = /[:-](\d+)$/.exec(rsc.id);
  return match === null ? 0 : Number(match[1]);
}

/** What everything colocated with an instance thinks of the node where it is (section 11.3). */
function colocationScore(book: Book, instance: Rsc, node: Node): number {
  let table = new NodeTable(book.nodesByIndex.length);
  table.set(node.index, node.baseScore);
  const flags = { nonNegative: false, active: false, follow: "with-this" } as const;
  for (const c of thisWithOf(book, instance)) {
    table = mergeScores(book, c.primary, instance, table, c, factorOf(c), flags);
  }
  for (const c of withThisOf(book, instance)) {
    if (!influences(c, instance)) continue;
    const kept = { ...flags, nonNegative: true };
    table = mergeScores(book, c.dependent, instance, table, c, factorOf(c), kept);
  }
  return table.score(node.index);
}

/** The current node where it is allowed; `refused` when it is not. */
function allowedCurrent(instance: Rsc): {
  readonly node: Node | undefined;
  readonly refused: boolean;
} {
  const node = currentNode<Node>(instance);
  if (node === undefined) return { node, refused: false };
  const { allowed } = instance;
  if (allowed.has(node.index) && allowed.score(node.index) >= 0) return { node, refused: false };
  return { node: undefined, refused: true };
}

/** true first; 0 when both are the same. */
function preferTrue(a: boolean, b: boolean): number {
  if (a === b) return 0;
  return a ? -1 : 1;
}

/** The order of section 11.2; it is not transitive, so only `mergeSort` may be used with it. */
export function instanceComparator(book: Book, collective: Rsc): (a: Rsc, b: Rsc) => number {
  const scores = new Map<Rsc, number>();
  const scoreOf = (instance: Rsc, node: Node): number => {
    let known = scores.get(instance);
    if (known === undefined) {
      known = colocationScore(book, instance, node);
      scores.set(instance, known);
    }
    return known;
  };
  return (a, b) => {
    if (a.active.length > 0 && b.active.length > 0) {
      const fewer = a.active.length - b.active.length;
      if (fewer !== 0) return fewer;
    }
    const left = allowedCurrent(a);
    const right = allowedCurrent(b);
    const refused = preferTrue(!left.refused, !right.refused);
    if (refused !== 0) return refused;
    if (a.priority !== b.priority) return b.priority - a.priority;
    const x = left.node;
    const y = right.node;
    if (x === undefined || y === undefined) return preferTrue(x !== undefined, y !== undefined);
    const usable = preferTrue(isUsable(x), isUsable(y));
    if (usable !== 0) return usable;
    const table = collective.allowed;
    const known = preferTrue(table.has(x.index), table.has(y.index));
    if (known !== 0 || !table.has(x.index)) return known;
    const count = table.count(x.index) - table.count(y.index);
    if (count !== 0) return count;
    const isFailed = (rsc: Rsc): boolean => anyPart(rsc, (part) => part.failed);
    const failed = preferTrue(!isFailed(a), !isFailed(b));
    if (failed !== 0) return failed;
    const score = scoreOf(b, y) - scoreOf(a, x);
    return score !== 0 ? score : numberOf(a) - numberOf(b);
  };
}

export function sortInstances(book: Book, collective: Rsc, instances: readonly Rsc[]): Rsc[] {
  return mergeSort(instances, instanceComparator(book, collective));
}

interface Limits {
  readonly max: number;
  readonly nodeMax: number;
}

/** Forbids an instance the nodes where it cannot run right now. */
function banUnavailable(book: Book, collective: Rsc, instance: Rsc, nodeMax: number): void {
  const table = collective.allowed;
  for (const node of book.nodesByIndex) {
    const { index } = node;
    if (!instance.allowed.has(index)) continue;
    const full =
      instance.removed ||
      !isUsable(node) ||
      !table.has(index) ||
      table.score(index) < 0 ||
      table.count(index) >= nodeMax;
    if (!full) continue;
    instance.allowed.setScore(index, -INFINITY);
    for (const c of instance.children) {
      if (c.allowed.has(index)) c.allowed.setScore(index, -INFINITY);
    }
  }
}

type Saved = Map<Rsc, NodeTable>;

function saveTables(rsc: Rsc, into: Saved = new Map()): Saved {
  into.set(rsc, rsc.allowed.copy());
  for (const c of rsc.children) saveTables(c, into);
  return into;
}

function restoreTables(saved: Saved): void {
  for (const [rsc, table] of saved) rsc.allowed = table.copy();
}

/** Node that an instance should keep, if it deserves an early try. */
function preferredNode(collective: Rsc, instance: Rsc, optimal: number): Node | undefined {
  if (instance.active.length === 0 || instance.failed) return undefined;
  const node = currentNode<Node>(instance);
  if (node === undefined || !isUsable(node) || node.baseScore < 0) return undefined;
  return collective.allowed.count(node.index) < optimal ? node : undefined;
}

/** Tries to keep an instance where it is, better nodes being reserved for others (section 11.4). */
function tryToKeep(
  book: Book,
  collective: Rsc,
  instance: Rsc,
  node: Node,
  nodeMax: number,
  available: number,
): boolean {
  const { allowed } = instance;
  if (!allowed.has(node.index) || allowed.score(node.index) < 0 || !isUsable(node)) return false;
  const saved = saveTables(instance);
  const table = collective.allowed;
  collective.allowed = table.copy();
  let kept = false;
  for (let reserved = 0; reserved < available; reserved++) {
    because(
      book,
      instance,
      () => ({ kind: "instances" }),
      () => banUnavailable(book, collective, instance, nodeMax),
    );
    const chosen = book.kind(instance).assign(book, instance, node, false);
    if (chosen !== undefined) collective.allowed.addCount(chosen.index, 1);
    if (chosen === node) {
      kept = true;
      break;
    }
    restoreTables(saved);
    if (chosen === undefined) {
      instance.unassigned = true;
      break;
    }
    unassign(instance);
  }
  collective.allowed = table;
  if (kept) table.addCount(node.index, 1);
  return kept;
}

/** Assigns instances (already sorted) within the limits. */
export function assignInstances(
  book: Book,
  collective: Rsc,
  instances: readonly Rsc[],
  { max, nodeMax }: Limits,
): void {
  const table = collective.allowed;
  table.clearCounts();
  const usable = book.nodesByIndex.filter((n) => table.has(n.index) && isUsable(n)).length;
  const optimal = usable > 0 ? Math.max(1, Math.floor(max / usable)) : 1;
  let assigned = 0;
  for (const instance of instances) {
    if (assigned >= max) break;
    if (!instance.unassigned) continue;
    const node = preferredNode(collective, instance, optimal);
    if (node === undefined) continue;
    if (tryToKeep(book, collective, instance, node, nodeMax, max - assigned)) assigned++;
  }
  for (const instance of instances) {
    if (!instance.unassigned) continue;
    if (assigned >= max) {
      for (const node of book.nodes) addScore(instance, node, -INFINITY);
      continue;
    }
    because(
      book,
      instance,
      () => ({ kind: "instances" }),
      () => banUnavailable(book, collective, instance, nodeMax),
    );
    const chosen = book.kind(instance).assign(book, instance, undefined, true);
    if (chosen === undefined) continue;
    collective.allowed.addCount(chosen.index, 1);
    assigned++;
  }
}
