/**
 * Relations between two actions (spec/scheduler-1 section D.1). A relation is a set of properties kept in one number;
 * their names are here. Before- and after-side keep their own copies: disabling concerns the side of `then` only.
 */
import type { Action } from "../actions/action.ts";

export const Rel = {
  none: 0,
  /** Ordered if both happen. */
  plain: 1 << 0,
  /** First required ⇒ then required (REQ). */
  firstImpliesThen: 1 << 1,
  /** Then required and unmigratable ⇒ first unmigratable (BACK). */
  thenImpliesFirst: 1 << 2,
  /** Like thenImpliesFirst, if then's resource is promoted (BACKP). */
  promotedImpliesFirst: 1 << 3,
  /** First unrunnable ⇒ then unrunnable (BLK). */
  unrunnableBlocks: 1 << 4,
  /** Restart link inside and between resources (RST). */
  restart: 1 << 5,
  /** One-directional mandatory user ordering (ASYM). */
  asymmetric: 1 << 6,
  /** First is runnable only if then is runnable and migratable (MIGBLK). */
  unmigratableBlocksFirst: 1 << 7,
  /** First unrunnable ⇒ then stops being pseudo and migratable (ELSE). */
  unrunnableUnmasksThen: 1 << 8,
  /** firstImpliesThen, on first's node (REQSAME). */
  firstImpliesThenSameNode: 1 << 9,
  /** Then needs a minimum of runnable firsts (MIN). */
  minimumRunnable: 1 << 10,
  /** unrunnableBlocks, unless first's resource is active: then nothing (NEST). */
  nestedRemote: 1 << 11,
  /** Serialize marker (SER). */
  serialize: 1 << 12,
  /** Void when both actions are on different nodes (SAME). */
  sameNode: 1 << 13,
  /** Only on the same node or migration target (SAMET); used alone. */
  sameNodeOrTarget: 1 << 14,
  /** Only if first is required and on the same node (REQSAMEN); used alone. */
  requiredOnSameNode: 1 << 15,
  /** First required and runnable ⇒ then appears in the graph (GRAPHT). */
  graphsThen: 1 << 16,
  /** Then required ⇒ first appears in the graph (GRAPHF). */
  graphsFirst: 1 << 17,
  /** A guest's content may be ordered against its launcher (GUEST). */
  guestAllowed: 1 << 18,
  /** Then required ⇒ first becomes optional (CANCELF). */
  thenCancelsFirst: 1 << 19,
  /** Only if first is not part of a migration (UNMIG). */
  firstNotMigrating: 1 << 20,
} as const;

export class Relation {
  readonly first: Action;
  readonly then: Action;
  /** Properties as seen from `then`; 0 when disabled. */
  flags: number;
  /** Properties as created, seen from `first`. */
  readonly created: number;
  /** Already written as an input of the graph. */
  printed = false;
  /** The next older relation of the same pair, each with other properties. */
  readonly older: Relation | undefined;

  constructor(first: Action, then: Action, flags: number, older: Relation | undefined) {
    this.first = first;
    this.then = then;
    this.flags = flags;
    this.created = flags;
    this.older = older;
  }

  has(property: number): boolean {
    return (this.flags & property) !== 0;
  }
}

/** A side with fewer relations than this is looked through; where both have more, the later action gets an index. */
const INDEXED_FROM = 12;

/** The newest relation of a pair. Both sides know it, so the one with few relations is asked. */
function newestBetween(first: Action, then: Action): Relation | undefined {
  const { after } = first;
  if (after.length < INDEXED_FROM) {
    for (let i = after.length - 1; i >= 0; i--) {
      const relation = after[i]!;
      if (relation.then === then) return relation;
    }
    return undefined;
  }
  const { before } = then;
  if (before.length < INDEXED_FROM) {
    for (let i = before.length - 1; i >= 0; i--) {
      const relation = before[i]!;
      if (relation.first === first) return relation;
    }
    return undefined;
  }
  if (then.relationsByFirst === undefined) {
    then.relationsByFirst = new Map(before.map((relation) => [relation.first, relation]));
  }
  return then.relationsByFirst.get(first);
}

/**
 * Relates two actions. A relation that shares any property with an existing one of the same pair is ignored.
 * Returns whether it was added.
 */
export function relate(first: Action, then: Action, flags: number): boolean {
  if (flags === Rel.none || first === then) return false;
  const newest = newestBetween(first, then);
  for (let known = newest; known !== undefined; known = known.older) {
    if ((known.created & flags) !== 0) return false;
  }
  const relation = new Relation(first, then, flags, newest);
  then.relationsByFirst?.set(first, relation);
  first.addAfter(relation);
  then.addBefore(relation);
  return true;
}
