/** Which relations become inputs in the graph, and which actions appear at all (spec/scheduler-1 section E.3). */
import { type Action, Task } from "../actions/action.ts";
import type { Book } from "../board.ts";
import { Rel, type Relation } from "../ordering/relation.ts";

/** Is this action one that the graph shows? */
export function isGraphed(action: Action): boolean {
  if (!action.runnable) return false;
  if (action.optional && !action.alwaysInGraph) return false;
  const { rsc, node } = action;
  if (rsc !== undefined && !rsc.managed && action.task !== Task.monitor) {
    const interval = action.meta.get("interval");
    if (interval === undefined || interval === "0") return false;
  }
  if (action.pseudo || action.task === Task.stonith || action.task === Task.shutdown) return true;
  if (node === undefined) return false;
  if (action.onDc) return true;
  if (node.isGuest && !node.remoteReset) return true;
  return node.online && !node.unclean;
}

const WEAK = Rel.plain | Rel.graphsThen | Rel.graphsFirst;

/** Same node or migration target: judged by where things really happen. */
function holdsAtTarget(rel: Relation): boolean {
  const { first, then } = rel;
  if (then.task === Task.migrateTo) {
    return first.node === then.rsc?.assigned;
  }
  if (first.node !== then.node) return false;
  return !first.optional;
}

/** Rules 2 to 12; a relation that can never hold is disabled. */
export function isInput(rel: Relation): boolean {
  if (rel.printed) return true;
  const { first, then, flags } = rel;
  if (flags === Rel.none) return false;
  if (!first.runnable) {
    if ((flags & ~WEAK) === 0) return false;
    if (rel.has(Rel.minimumRunnable) || rel.has(Rel.unmigratableBlocksFirst)) return false;
  }
  if (rel.has(Rel.firstNotMigrating) && first.migratable) return false;
  if (flags === Rel.plain && first.migratable && first.key.endsWith("_stop_0")) return false;
  if (flags === Rel.sameNodeOrTarget) {
    if (!holdsAtTarget(rel)) {
      rel.flags = Rel.none;
      return false;
    }
  } else if (flags === Rel.requiredOnSameNode) {
    const apart = first.node !== undefined && then.node !== undefined && first.node !== then.node;
    if (apart || first.optional) {
      rel.flags = Rel.none;
      return false;
    }
  } else if (
    first.rsc !== undefined &&
    first.rsc !== then.rsc &&
    first.rsc.failed &&
    !first.rsc.managed &&
    first.key.endsWith("_stop_0") &&
    then.rsc?.variant === "clone"
  ) {
    return false;
  }
  if (first.optional && !first.alwaysInGraph && !first.inGraph && !isGraphed(first)) return false;
  return true;
}

/** Sorts inputs by id and unites relations from the same action. */
export function mergeInputs(action: Action): void {
  if (action.inputsMerged) return;
  action.inputsMerged = true;
  const { before } = action;
  if (before.length < 2) return;
  const newestFirst: Relation[] = [];
  for (let i = before.length - 1; i >= 0; i--) newestFirst.push(before[i]!);
  newestFirst.sort((a, b) => a.first.id - b.first.id);
  const merged: Relation[] = [];
  for (const rel of newestFirst) {
    const last = merged.at(-1);
    if (last !== undefined && last.first === rel.first) {
      last.flags |= rel.flags;
      last.printed ||= rel.printed;
    } else merged.push(rel);
  }
  action.before = merged;
}

/** Stage 18's end: relations that must not count (spec/scheduler-1 section D.6). */
export function dropInvalid(book: Book): void {
  const { actions } = book;
  const hasGuests = book.nodesByIndex.some((node) => node.isGuest);
  for (let i = actions.length - 1; i >= 0; i--) {
    const then = actions[i]!;
    if (!hasGuests && then.task !== Task.migrateTo) continue;
    for (let j = then.before.length - 1; j >= 0; j--) {
      const rel = then.before[j]!;
      if (rel.flags === Rel.none) continue;
      if (crossesLauncher(rel) || closesLoop(rel)) rel.flags = Rel.none;
    }
  }
}

/** What runs inside a guest cannot wait for, or hold up, the guest's own launcher. */
function crossesLauncher(rel: Relation): boolean {
  if (rel.has(Rel.guestAllowed)) return false;
  const { first, then } = rel;
  if (first.rsc === undefined || then.rsc === undefined) return false;
  const node = first.node;
  return node?.isGuest === true && node.connection?.launcher === then.rsc;
}

function closesLoop(rel: Relation): boolean {
  if (rel.flags !== Rel.sameNodeOrTarget || rel.then.task !== Task.migrateTo) return false;
  return leadsBack(rel, rel.first, rel.then, new Set());
}

function leadsBack(rel: Relation, at: Action, goal: Action, seen: Set<Action>): boolean {
  if (seen.has(at) || !isInput(rel)) return false;
  if (at === goal) return true;
  seen.add(at);
  for (let i = at.before.length - 1; i >= 0; i--) {
    const input = at.before[i]!;
    if (leadsBack(input, input.first, goal, seen)) return true;
  }
  return false;
}
