/** Which colocations apply to a resource, and whether they may move it (spec/scheduler-2 section 6). */
import { insertSorted } from "../../base/collections.ts";
import type { Book, Rsc } from "../board.ts";
import { compareByDependent, compareByPrimary } from "../constraints/colocation.ts";
import type { Colocation } from "../constraints/model.ts";

/** Colocations in which the resource depends on something, most important first. */
export function thisWithOf(book: Book, rsc: Rsc): readonly Colocation[] {
  const into: Colocation[] = [];
  book.kind(rsc).collectThisWith(book, rsc, rsc, into);
  return into;
}

/** Colocations in which something depends on the resource, most important first. */
export function withThisOf(book: Book, rsc: Rsc): readonly Colocation[] {
  const into: Colocation[] = [];
  book.kind(rsc).collectWithThis(book, rsc, rsc, into);
  return into;
}

export function addThisWith(list: readonly Colocation[], into: Colocation[]): void {
  if (into.length === 0) into.push(...list);
  else for (const c of list) insertSorted(into, c, compareByPrimary);
}

export function addWithThis(list: readonly Colocation[], into: Colocation[]): void {
  if (into.length === 0) into.push(...list);
  else for (const c of list) insertSorted(into, c, compareByDependent);
}

/** May the dependent's preferences move the primary (or this instance of it)? */
export function influences(colocation: Colocation, instance: Rsc = colocation.primary): boolean {
  const { dependent } = colocation;
  if (dependent.nestingAllowed && !instance.failed && instance.active.length === 1) return false;
  return colocation.influence || instance.active.length === 0;
}
