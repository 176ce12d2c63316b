/**
 * Orderings before their actions exist: adding one, with the equivalents that live migration needs
 * (spec/scheduler-1 sections D.1 and D.3).
 */
import { isWithin } from "../../status/tree.ts";
import { type Action, parseKey, Task } from "../actions/action.ts";
import type { Book, Rsc } from "../board.ts";
import { Rel } from "../ordering/relation.ts";
import type { OrderingSide } from "./model.ts";

/** An ordering between anything (`Action.side`, `Rsc.side`); kept in order of creation. */
export function addOrdering(
  book: Book,
  first: OrderingSide,
  then: OrderingSide,
  flags: number,
): void {
  if (first.action === undefined && first.rsc === undefined) return;
  if (then.action === undefined && then.rsc === undefined) return;
  book.orderings.push({ first, then, flags });
  addMigrationEquivalents(book, first, then, flags);
}

/**
 * Orders a probe before the start and the reload of its resource (or the clone of that). There are as many such orderings as
 * resources times nodes, so those that would stand in the list without others between them are one object.
 */
export function orderProbe(book: Book, probe: Action, target: Rsc, flags: number): void {
  if (flags !== Rel.plain) {
    addOrdering(book, probe.side, target.side(Task.start), flags);
    addOrdering(book, probe.side, target.side(Task.reload), Rel.plain);
    return;
  }
  const position = book.orderings.length;
  let fan = target.probeFan;
  if (fan === undefined || fan.position !== position) {
    fan = { position, target, probes: [] };
    target.probeFan = fan;
    book.probeFans.push(fan);
  }
  fan.probes.push(probe);
}

/** Orders the task of one resource before that of another (or the same). */
export function order(
  book: Book,
  first: Rsc,
  firstTask: string,
  then: Rsc,
  thenTask: string,
  flags: number,
): void {
  addOrdering(book, first.side(firstTask), then.side(thenTask), flags);
}

/** Orders an action before a task of a resource. */
export function orderActionBefore(
  book: Book,
  first: Action,
  then: Rsc,
  thenTask: string,
  flags: number,
): void {
  addOrdering(book, first.side, then.side(thenTask), flags);
}

/** Orders a task of a resource before an action. */
export function orderTaskBefore(
  book: Book,
  first: Rsc,
  firstTask: string,
  then: Action,
  flags: number,
): void {
  addOrdering(book, first.side(firstTask), then.side, flags);
}

function taskOf(side: OrderingSide): string | undefined {
  if (side.action !== undefined) return side.action.task;
  if (side.task !== undefined) return side.task;
  return side.key === undefined ? undefined : parseKey(side.key)?.task;
}

/** Moves have two halves that the other resource's actions must be ordered against too. */
function addMigrationEquivalents(
  book: Book,
  first: OrderingSide,
  then: OrderingSide,
  flags: number,
): void {
  const f = first.rsc;
  const t = then.rsc;
  if (f === undefined || t === undefined || f === t || flags === Rel.none) return;
  if (!f.migratable && !t.migratable) return;
  if (isWithin(f, t) || isWithin(t, f)) return;
  const firstTask = taskOf(first);
  const thenTask = taskOf(then);
  const add = (one: string, two: string, properties: number): void => {
    book.orderings.push({
      first: f.side(one),
      then: t.side(two),
      flags: properties,
    });
  };
  const unlessMigrating = Rel.plain | (f.migratable ? Rel.firstNotMigrating : 0);
  if (firstTask === Task.start && thenTask === Task.start) {
    if (f.migratable && t.migratable) add(Task.migrateFrom, Task.migrateTo, Rel.plain);
    if (t.migratable) add(Task.start, Task.migrateTo, unlessMigrating);
  } else if (firstTask === Task.stop && thenTask === Task.stop && t.migratable) {
    add(Task.stop, Task.migrateTo, unlessMigrating);
    if (t.partialTarget !== undefined) add(Task.stop, Task.migrateFrom, unlessMigrating);
  } else if (firstTask === Task.promote && thenTask === Task.start && t.migratable) {
    add(Task.promote, Task.migrateTo, Rel.plain);
  } else if (firstTask === Task.demote && thenTask === Task.stop && t.migratable) {
    add(Task.demote, Task.migrateTo, Rel.plain);
    if (t.partialTarget !== undefined) add(Task.demote, Task.migrateFrom, Rel.plain);
  }
}
