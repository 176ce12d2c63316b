/**
 * Node scores before assignment, in this order: shutdown locks, locations, stickiness, then per node bans for failures
 * and for exclusive discovery (spec/scheduler-2 sections 1.4, 4.4, 4.5, 4.7, 19, 20.2).
 */
import { INFINITY } from "../../base/score.ts";
import { failCountWithLaunched, hasFailures, secondsOf } from "../../status/failcounts.ts";
import { Discovery } from "../../status/node-table.ts";
import { toInteger } from "../../status/nodes.ts";
import { topOf, uniqueOrTop } from "../../status/tree.ts";
import { Task } from "../actions/action.ts";
import { firstAction, requestAction } from "../actions/table.ts";
import { addScore, baseMode } from "../assign/tables.ts";
import type { Book, Node, Rsc } from "../board.ts";
import { because } from "../causes.ts";

export function applyNodeCriteria(book: Book): void {
  if (book.options.shutdownLock) for (const rsc of book.resources) lock(book, rsc);
  for (let i = book.locations.length - 1; i >= 0; i--) {
    const location = book.locations[i]!;
    const { id, rsc } = location;
    because(
      book,
      rsc,
      () =>
        id === book.options.healthStrategy
          ? { kind: "health", strategy: id }
          : { kind: "location", constraint: id },
      () => book.kind(rsc).applyLocation(book, rsc, location),
    );
  }
  for (const rsc of book.resources) addStickiness(book, rsc);
  for (const node of book.nodes) {
    const failures = hasFailures(node);
    for (const rsc of book.resources) {
      if (failures) banAfterFailures(book, rsc, node);
      if (!rsc.exclusiveDiscovery) continue;
      because(
        book,
        rsc,
        () => ({ kind: "discovery" }),
        () => banUndiscovered(rsc, node),
      );
    }
  }
}

/** Sums a location's scores into one table and raises discovery modes. */
export function addLocationScores(
  rsc: Rsc,
  location: {
    readonly nodes: readonly { readonly node: Node; readonly score: number }[];
    readonly discovery: Discovery;
  },
  score?: number,
): void {
  const table = rsc.allowed;
  for (const entry of location.nodes) {
    const { node } = entry;
    const { index } = node;
    const given = score ?? entry.score;
    if (table.has(index)) table.add(index, given);
    else table.set(index, given, baseMode(node));
    if (table.mode(index) < location.discovery) {
      table.raiseMode(index, location.discovery);
      if (location.discovery === Discovery.exclusive) rsc.exclusiveDiscovery = true;
    }
  }
}

/** A resource that was stopped only because its node shuts down waits for that node (spec/scheduler-1 section B.10). */
function lock(book: Book, rsc: Rsc): void {
  if (rsc.variant === "group") for (const member of rsc.children) lock(book, member);
  if (rsc.variant !== "primitive" || rsc.fenceDevice) return;
  if (rsc.remoteConnection && rsc.launcher === undefined) return;
  if (rsc.lockNode !== undefined && rsc.active.length > 0) {
    clearLock(book, rsc, rsc.lockNode);
    rsc.lockNode = undefined;
    rsc.lockTime = 0;
  } else if (rsc.lockNode === undefined && rsc.active.length === 1) {
    const node = rsc.active[0]!;
    if (!node.shutdown || node.unclean) return;
    rsc.lockNode = node;
    const time = toInteger(node.attributes.get("shutdown"));
    rsc.lockTime = time > 0 ? time : book.now;
  }
  if (rsc.lockNode === undefined) return;
  const limit = secondsOf(book.options.shutdownLockLimitMs);
  if (limit > 0) book.recheckAt(rsc.lockTime + limit + 1);
  const lockedTo = rsc.lockNode;
  because(
    book,
    rsc,
    () => ({ kind: "shutdown-lock", lockedTo: lockedTo.name }),
    () => {
      for (const node of book.nodes) if (node !== lockedTo) addScore(rsc, node, -INFINITY);
    },
  );
}

/** Deletes the history that carries a lock. */
export function clearLock(book: Book, rsc: Rsc, node: Node): void {
  const key = rsc.keyOf(Task.lrmDelete);
  requestAction(book, rsc, key, Task.lrmDelete, node, false);
}

function addStickiness(book: Book, rsc: Rsc): void {
  if (rsc.children.length > 0) {
    for (const c of rsc.children) addStickiness(book, c);
    return;
  }
  if (!rsc.managed || rsc.stickiness < 1 || rsc.active.length !== 1) return;
  const node = rsc.active[0]!;
  if (!book.options.symmetric && !rsc.allowed.has(node.index)) return;
  because(
    book,
    rsc,
    () => ({ kind: "stickiness" }),
    () => addScore(rsc, node, rsc.stickiness),
  );
}

/** Has a leaf failed so often on a node that it may not run there any more? */
export function reachedThreshold(book: Book, rsc: Rsc, node: Node): boolean {
  if (rsc.migrationThreshold === 0 || rsc.failureIgnored) return false;
  if (firstAction(rsc, rsc.keyOf(Task.clearFailCount), node) !== undefined) return false;
  const count = failCountWithLaunched(book, node, rsc);
  return count > 0 && count >= rsc.migrationThreshold;
}

function banAfterFailures(book: Book, rsc: Rsc, node: Node): void {
  if (rsc.children.length > 0) {
    for (const c of rsc.children) banAfterFailures(book, c, node);
    return;
  }
  if (!reachedThreshold(book, rsc, node)) return;
  const banned = uniqueOrTop(rsc);
  because(
    book,
    banned,
    () => ({
      kind: "failures",
      failCount: failCountWithLaunched(book, node, rsc),
      threshold: rsc.migrationThreshold,
    }),
    () => addScore(banned, node, -INFINITY),
  );
}

function banUndiscovered(rsc: Rsc, node: Node): void {
  if (!rsc.exclusiveDiscovery && !topOf(rsc).exclusiveDiscovery) return;
  for (const c of rsc.children) banUndiscovered(c, node);
  const { allowed } = rsc;
  if (allowed.has(node.index) && allowed.mode(node.index) !== Discovery.exclusive) {
    allowed.setScore(node.index, -INFINITY);
  }
}
