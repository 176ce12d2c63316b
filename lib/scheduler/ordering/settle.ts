/**
 * The fixpoint: relations change what is required and what can run until nothing changes any more
 * (spec/scheduler-1 section D.4). Only this file and its helpers in this folder change flags after creation.
 */
import { assert } from "../../base/assert.ts";
import { isWithin } from "../../status/tree.ts";
import { type Action, Flag, notifyKey, Task } from "../actions/action.ts";
import { actionsOfTask, firstAction } from "../actions/table.ts";
import { singleLocation } from "../assign/tables.ts";
import type { Book, Node, Rsc } from "../board.ts";
import { hasRequiredPart } from "../variant/interleave.ts";
import type { Change } from "../variant/variant.ts";
import { blockDependents } from "./blocked.ts";
import { Rel, type Relation, relate } from "./relation.ts";

/** No schedule needs more rounds for one action than this; more means a loop of our own making. */
const MAX_DEPTH = 5_000;

const COMPLETED: Readonly<Record<string, string>> = {
  stop: Task.stopped,
  stopped: Task.stopped,
  start: Task.running,
  running: Task.running,
  promote: Task.promoted,
  promoted: Task.promoted,
  demote: Task.demoted,
  demoted: Task.demoted,
};

/** A collective's action is complete only when its "…ed" action is; others wait for that one. */
function completionOf(first: Action): Action {
  const { rsc } = first;
  if (rsc === undefined || rsc.variant === "primitive" || first.intervalMs > 0) return first;
  const completed = COMPLETED[first.task];
  if (completed === undefined) return first;
  const notifies = rsc.notify && (rsc.variant === "clone" || rsc.variant === "bundle");
  if (!notifies) return actionsOfTask(rsc, completed)[0] ?? first;
  return firstAction(rsc, notifyKey(rsc.id, "confirmed-post", completed)) ?? first;
}

/** Node at which an action takes place, for comparing both sides. */
function placeOf(action: Action): Node | undefined {
  const { rsc } = action;
  if (rsc?.variant === "group" && action.task === Task.start) {
    return singleLocation(rsc, false) ?? action.node;
  }
  return action.node;
}

/** Flags as the other side sees them. */
function seenFlags(book: Book, action: Action, node: Node | undefined): number {
  const { rsc } = action;
  if (rsc === undefined) return action.flags;
  const kind = book.kind(rsc);
  const anywhere = kind.flagsOf(book, action, undefined);
  if (node === undefined || rsc.variant !== "clone") return anywhere;
  return kind.flagsOf(book, action, node) | (anywhere & Flag.runnable);
}

/** Lets the kind of `owner` apply one property. */
function applyTo(
  book: Book,
  owner: Rsc,
  rel: Relation,
  first: Action,
  node: Node | undefined,
  firstFlags: number,
  filter: number,
  property: number,
  change: Change,
): void {
  const made = book
    .kind(owner)
    .evaluate(book, { first, then: rel.then, node, firstFlags, filter, property });
  change.first ||= made.first;
  change.then ||= made.then;
}

/** The properties that `then`'s resource applies, in order, with the aspects they may read. */
const THEN_PROPERTIES: readonly { readonly property: number; readonly filter: number }[] = [
  { property: Rel.firstImpliesThen, filter: Flag.optional },
  { property: Rel.restart, filter: Flag.optional | Flag.runnable },
  { property: Rel.thenImpliesFirst, filter: Flag.optional },
  { property: Rel.promotedImpliesFirst, filter: Flag.optional },
  { property: Rel.minimumRunnable, filter: Flag.runnable },
  { property: Rel.nestedRemote, filter: Flag.runnable },
  { property: Rel.unrunnableBlocks, filter: Flag.runnable },
  { property: Rel.unmigratableBlocksFirst, filter: Flag.runnable },
  { property: Rel.unrunnableUnmasksThen, filter: Flag.runnable },
  { property: Rel.plain, filter: Flag.runnable },
  { property: Rel.asymmetric, filter: Flag.runnable },
];

/** Effects on an action that belongs to no resource. */
function applyWithoutResource(rel: Relation, property: number, firstFlags: number): Change {
  const { then } = rel;
  const before = then.flags;
  switch (property) {
    case Rel.firstImpliesThen:
      if ((firstFlags & Flag.optional) === 0) then.optional = false;
      break;
    case Rel.unrunnableBlocks:
      if ((firstFlags & Flag.runnable) === 0) then.runnable = false;
      break;
    case Rel.minimumRunnable:
      if ((firstFlags & Flag.runnable) !== 0) {
        then.runnableFirsts++;
        if (then.runnableFirsts >= then.requiredRunnable) then.runnable = true;
      }
      // Judged as a whole at the end of the update.
      return { first: false, then: false };
  }
  return { first: false, then: then.flags !== before };
}

function applyBack(
  book: Book,
  rel: Relation,
  node: Node | undefined,
  firstFlags: number,
  change: Change,
): void {
  const { first } = rel;
  if (first.rsc !== undefined) {
    applyTo(
      book,
      first.rsc,
      rel,
      first,
      node,
      firstFlags,
      Flag.optional,
      Rel.thenImpliesFirst,
      change,
    );
  } else if ((firstFlags & Flag.optional) === 0 && first.runnable) {
    first.runnable = false;
    change.first = true;
  }
}

function evaluate(book: Book, rel: Relation, firstFlags: number): Change {
  const change: Change = { first: false, then: false };
  const { first, then } = rel;
  let { node } = then;
  if (rel.has(Rel.firstImpliesThenSameNode)) {
    rel.flags = (rel.flags & ~Rel.firstImpliesThenSameNode) | Rel.firstImpliesThen;
    node = first.node;
  }
  for (const { property, filter } of THEN_PROPERTIES) {
    if ((rel.flags & property) === 0) continue;
    if (property === Rel.thenImpliesFirst) {
      applyBack(book, rel, node, firstFlags, change);
      continue;
    }
    if (then.rsc === undefined) {
      const made = applyWithoutResource(rel, property, firstFlags);
      change.then ||= made.then;
      continue;
    }
    let asked: number = property;
    if (property === Rel.nestedRemote) {
      if ((firstFlags & Flag.runnable) === 0 && (first.rsc?.active.length ?? 0) > 0) {
        rel.flags = Rel.none;
        return change;
      }
      asked = Rel.unrunnableBlocks;
    }
    applyTo(book, then.rsc, rel, first, node, firstFlags, filter, asked, change);
  }
  if (first.runnable && rel.has(Rel.graphsThen) && !first.optional) then.alwaysInGraph = true;
  if (rel.has(Rel.graphsFirst) && !then.optional) first.alwaysInGraph = true;
  const strong = Rel.firstImpliesThen | Rel.thenImpliesFirst | Rel.restart;
  if (
    rel.has(strong) &&
    first.rsc !== undefined &&
    !first.rsc.managed &&
    first.rsc.blocked &&
    !first.runnable &&
    first.task === Task.stop &&
    then.runnable
  ) {
    then.runnable = false;
    change.then = true;
  }
  return change;
}

function updateAfter(book: Book, action: Action): void {
  for (let i = action.after.length - 1; i >= 0; i--) updateAction(book, action.after[i]!.then);
}

/** One relation of `then`; answers whether `then` changed. */
function updateOver(book: Book, rel: Relation): boolean {
  const { first, then } = rel;
  if (rel.flags === Rel.none) return false;
  const firstPlace = placeOf(first);
  const thenPlace = placeOf(then);
  if (
    rel.has(Rel.sameNode) &&
    firstPlace !== undefined &&
    thenPlace !== undefined &&
    firstPlace !== thenPlace
  ) {
    rel.flags = Rel.none;
    return false;
  }
  if (rel.has(Rel.thenCancelsFirst) && !then.optional) {
    first.optional = true;
    if (first.task === Task.reload && first.rsc !== undefined) first.rsc.reload = false;
  }
  const related =
    first.rsc !== undefined && then.rsc !== undefined && isWithin(then.rsc, first.rsc);
  const effective =
    first.rsc !== undefined && then.rsc !== undefined && !related ? completionOf(first) : first;
  if (effective !== first) {
    if (!relate(effective, then, rel.flags)) return false;
    rel.flags = Rel.none;
    return true;
  }
  const firstFlags = seenFlags(book, first, thenPlace);
  if (then.rsc !== undefined) seenFlags(book, then, firstPlace);
  const change = evaluate(book, rel, firstFlags);
  if (change.first) {
    updateAfter(book, first);
    updateAction(book, first);
  }
  return change.then;
}

/** Has it parts that it looks at when it is asked? Other actions are what their flags say. */
function isCollective(action: Action): boolean {
  return action.rsc !== undefined && action.rsc.variant !== "primitive";
}

/**
 * A relation that only orders two actions, as most do (a probe and a start): that changes neither of them, nor what parts of
 * theirs make of them. Clones of groups and bundles are left out: these let their parts look at parts in turn.
 */
function isMereOrder(rel: Relation): boolean {
  if (rel.flags !== Rel.plain || isCollective(rel.first)) return false;
  const { rsc } = rel.then;
  if (rsc === undefined || rsc.variant === "primitive" || rsc.variant === "group") return true;
  return rsc.variant === "clone" && rsc.children[0]?.variant === "primitive";
}

/** Must an action look at its parts for the next mere order, not at all, or at those on the node of the first action? */
type Look = "due" | "done" | "on node";

/** All that a mere order does: its second action looks at its parts, once as long as nothing else happens. */
function lookAtParts(book: Book, { first, then }: Relation, look: Look): Look {
  if (look === "done" || !isCollective(then)) return "done";
  seenFlags(book, then, placeOf(first));
  if (look === "on node") return look;
  // One on the node may be required although the newest, wherever it is, is not.
  return then.rsc!.variant === "clone" && then.optional && hasRequiredPart(then)
    ? "on node"
    : "done";
}

/** Brings an action in line with everything before it, and then everything after it. */
export function updateAction(book: Book, then: Action): void {
  book.updateDepth++;
  assert(book.updateDepth < MAX_DEPTH, `ordering does not settle at ${then.key}`);
  const before = then.flags;
  if (then.requiredRunnable > 0) {
    then.runnableFirsts = 0;
    then.runnable = false;
  }
  let changed = false;
  let look: Look = "due";
  for (let i = then.before.length - 1; i >= 0; i--) {
    const rel = then.before[i]!;
    if (isMereOrder(rel)) {
      look = lookAtParts(book, rel, look);
      continue;
    }
    look = "due";
    if (updateOver(book, rel)) changed = true;
  }
  if (then.requiredRunnable > 0) changed = then.flags !== before;
  if (changed) {
    if ((before & Flag.runnable) !== 0 && !then.runnable) blockDependents(book, then, updateAction);
    updateAction(book, then);
    updateAfter(book, then);
  }
  book.updateDepth--;
}

/** All of stage 18 but the dropping of relations: blocked colocations first, then every action, newest first. */
export function settleFlags(book: Book, afterBlocking: () => void): void {
  book.update = (action) => updateAction(book, action);
  const count = book.actions.length;
  for (let i = count - 1; i >= 0; i--) blockDependents(book, book.actions[i]!, updateAction);
  afterBlocking();
  for (let i = count - 1; i >= 0; i--) {
    const action = book.actions[i]!;
    if (action.before.length > 0 || action.requiredRunnable > 0) updateAction(book, action);
  }
}
