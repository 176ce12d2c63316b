/**
 * How the preferences of what is colocated with a resource reach it, along chains (spec/scheduler-2 section 9): the
 * hardest part of placement. Factors are single precision, as every product is rounded at once.
 */
import { addScores, INFINITY } from "../../base/score.ts";
import type { NodeTable } from "../../status/node-table.ts";
import type { Book, Node, Rsc } from "../board.ts";
import type { Colocation } from "../constraints/model.ts";
import { attributeOn } from "./attributes.ts";
import { influences, thisWithOf, withThisOf } from "./colocations.ts";
import { hasUsableNode, isUsable } from "./tables.ts";

/** A node that cannot be used, but only for now: lives inside one merge and is turned into 1 at its end. */
const UNUSABLE = -100_000_000;

export interface MergeFlags {
  /** Negative totals may not ban a node. */
  readonly nonNegative: boolean;
  /** A merge that leaves no usable node is undone. */
  readonly active: boolean;
  /** Which colocations are followed from the source. */
  readonly follow: "with-this" | "this-with";
}

export function factorOf(colocation: Colocation): number {
  return Math.fround(colocation.score / INFINITY);
}

/** Best score of the source by attribute value; only nodes that can be used count. */
function bestByValue(
  book: Book,
  source: Rsc,
  table: NodeTable,
  attribute: string,
): (value: string | undefined, node: Node) => number {
  const best = new Map<string, number>();
  const keyOf = (value: string | undefined): string =>
    value === undefined ? "" : `=${value.toLowerCase()}`;
  for (const node of book.nodesByIndex) {
    if (!table.has(node.index) || !isUsable(node)) continue;
    const key = keyOf(attributeOn(source, node, attribute));
    const known = best.get(key);
    const score = table.score(node.index);
    if (known === undefined || score > known) best.set(key, score);
  }
  return (value) => best.get(keyOf(value)) ?? -INFINITY;
}

/** The source's table, with its group's locations when an inner member is the configured dependent. */
function sourceTable(book: Book, source: Rsc, rec: Colocation): NodeTable {
  const group = source.parent;
  const inner =
    source === rec.dependent &&
    rec.explicit &&
    group?.variant === "group" &&
    group.children[0] !== source;
  if (!inner) return source.allowed;
  const kept = source.allowed;
  source.allowed = kept.copy();
  for (const location of group.locations) book.kind(source).applyLocation(book, source, location);
  const scratch = source.allowed;
  source.allowed = kept;
  return scratch;
}

function allowedOnOne(book: Book, rsc: Rsc): boolean {
  let n = 0;
  for (const node of book.nodesByIndex) {
    if (rsc.allowed.has(node.index) && rsc.allowed.score(node.index) >= 0) n++;
  }
  return n === 1;
}

/** factor × score, rounded half away from zero; never 0 for a score that is not. */
function attenuate(factor: number, score: number): number {
  const product = Math.fround(factor * score);
  const delta = Math.trunc(product >= 0 ? product + 0.5 : product - 0.5);
  if (delta !== 0 || score === 0) return delta;
  return factor > 0 ? 1 : -1;
}

function addMatchingScores(
  book: Book,
  source: Rsc,
  target: Rsc,
  work: NodeTable,
  rec: Colocation,
  factor: number,
  nonNegative: boolean,
): void {
  const best = bestByValue(book, source, sourceTable(book, source, rec), rec.attribute);
  for (const node of book.nodesByIndex) {
    if (!work.has(node.index)) continue;
    const current = work.score(node.index);
    const score = best(attributeOn(target, node, rec.attribute), node);
    if (factor < 0 && score < 0) {
      const counts =
        rec.primary.stickiness < -score && influences(rec) && allowedOnOne(book, rec.dependent);
      if (!counts) continue;
    }
    if (current === UNUSABLE) continue;
    const sum = addScores(attenuate(factor, score), current);
    if (nonNegative && sum < 0 && current > 0) work.setScore(node.index, UNUSABLE);
    else if (nonNegative && sum < 0 && current === 0) continue;
    else work.setScore(node.index, sum);
  }
}

function releaseUnusable(book: Book, work: NodeTable): void {
  for (const node of book.nodesByIndex) {
    if (work.has(node.index) && work.score(node.index) === UNUSABLE) work.setScore(node.index, 1);
  }
}

/**
 * The table of `target` with the scores of `source` merged in, and of everything colocated with it in turn. Without a
 * colocation it previews the source's own wishes: `table` is its allowed table.
 */
export function mergeScores(
  book: Book,
  source: Rsc,
  target: Rsc,
  table: NodeTable,
  rec: Colocation | undefined,
  factor: number,
  flags: MergeFlags,
): NodeTable {
  if (source.updating) return table;
  source.updating = true;
  const result =
    source.variant === "group"
      ? mergeMember(book, source, target, table, rec, factor, flags)
      : mergeOne(book, source, target, table, rec, factor, flags);
  source.updating = false;
  return result;
}

function mergeMember(
  book: Book,
  group: Rsc,
  target: Rsc,
  table: NodeTable,
  rec: Colocation | undefined,
  factor: number,
  flags: MergeFlags,
): NodeTable {
  if (rec === undefined) {
    // The last member reaches the others and the group's own dependencies through the member chain.
    const last = group.children.at(-1);
    return last === undefined
      ? table
      : mergeScores(book, last, last, last.allowed, rec, factor, flags);
  }
  const first = group.children[0];
  return first === undefined ? table : mergeScores(book, first, target, table, rec, factor, flags);
}

function mergeOne(
  book: Book,
  source: Rsc,
  target: Rsc,
  table: NodeTable,
  rec: Colocation | undefined,
  factor: number,
  flags: MergeFlags,
): NodeTable {
  let work = table.copy();
  if (rec !== undefined) {
    addMatchingScores(book, source, target, work, rec, factor, flags.nonNegative);
  }
  if (hasUsableNode(book, work)) {
    const following = flags.follow === "this-with";
    const list = following ? thisWithOf(book, source) : withThisOf(book, source);
    for (const c of list) {
      if (!following && !influences(c)) continue;
      const other = following ? c.primary : c.dependent;
      const product = Math.fround(factor * factorOf(c));
      work = mergeScores(book, other, target, work, c, product, { ...flags, active: true });
    }
  } else if (flags.active) return table;
  if (flags.nonNegative) releaseUnusable(book, work);
  return work;
}

/** A dependent's preferences reach the resource that is being assigned (spec/scheduler-2 section 9.1). */
export function mergeDependent(book: Book, rsc: Rsc, rec: Colocation): void {
  if (!influences(rec)) return;
  rsc.allowed = mergeScores(book, rec.dependent, rsc, rsc.allowed, rec, factorOf(rec), {
    nonNegative: rsc.variant === "clone",
    active: true,
    follow: "with-this",
  });
}

/** What a resource would like, its own dependencies followed; for sorting resources (spec/scheduler-2 section 2.2). */
export function previewScores(book: Book, rsc: Rsc): NodeTable {
  return mergeScores(book, rsc, rsc, rsc.allowed, undefined, 1, {
    nonNegative: false,
    active: false,
    follow: "this-with",
  });
}
