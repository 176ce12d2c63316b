/** Stage 16: nodes to fence or to shut down, and everything else ordered around that (spec/scheduler-1 section C.11). */
import { canFence } from "../../status/fencing.ts";
import { isAnonymousClone, isBundled, leavesOf, topOf } from "../../status/tree.ts";
import type { Book, Node, Rsc } from "../board.ts";
import { Rel, relate } from "../ordering/relation.ts";
import { type Action, Flag, Task } from "./action.ts";
import { fenceOperation } from "./fence.ts";
import { notifyFencedStop } from "./notify.ts";
import { findActions, requestAction } from "./table.ts";

function anyManaged(book: Book): boolean {
  return book.resources.some(anyManagedPart);
}

function anyManagedPart(rsc: Rsc): boolean {
  return rsc.managed || rsc.children.some(anyManagedPart);
}

export function fenceAndShutdown(book: Book): void {
  const mayFence = anyManaged(book);
  const fencings: Action[] = [];
  const shutdowns: Action[] = [];
  let dcDown: Action | undefined;
  for (const node of book.nodes) {
    if (node.isGuest) {
      if (node.remoteReset && mayFence && canFence(book, node)) fenceGuest(book, node);
      continue;
    }
    let down: Action | undefined;
    if (node.unclean && mayFence && canFence(book, node)) {
      down = fenceOperation(book, node, undefined, false, "node is unclean", false);
      orderAroundFencing(book, node, down);
      if (!node.isDc) fencings.push(down);
    } else if (!node.isRemote && node.online && node.shutdown) {
      down = shutDown(book, node);
      if (!node.isDc) shutdowns.push(down);
    }
    if (node.isDc && down !== undefined) dcDown = down;
  }
  orderDcLast(book, dcDown, fencings, shutdowns);
}

/** The controller goes last, as it directs the others. */
function orderDcLast(
  book: Book,
  dcDown: Action | undefined,
  fencings: readonly Action[],
  shutdowns: readonly Action[],
): void {
  if (!book.options.concurrentFencing) {
    for (let i = 1; i < fencings.length; i++) relate(fencings[i - 1]!, fencings[i]!, Rel.plain);
  }
  if (dcDown === undefined) return;
  if (dcDown.task === Task.shutdown) {
    for (const shutdown of shutdowns) relate(shutdown, dcDown, Rel.plain);
  }
  const last = book.options.concurrentFencing ? fencings : fencings.slice(-1);
  for (const fencing of last) relate(fencing, dcDown, Rel.plain);
}

function shutDown(book: Book, node: Node): Action {
  const key = `${Task.shutdown}-${node.name}`;
  const action = requestAction(book, undefined, key, Task.shutdown, node, false);
  action.setMeta("op_no_wait", "true");
  for (const stop of book.actions) {
    const { rsc } = stop;
    if (rsc === undefined || stop.task !== Task.stop || stop.node !== node) continue;
    if (rsc.maintenance || node.maintenance) continue;
    if (!rsc.managed && !rsc.blocked) continue;
    stop.optional = false;
    relate(stop, action, Rel.plain | Rel.unrunnableBlocks);
  }
  return action;
}

/** A guest is "fenced" by what happens to its launcher. */
function fenceGuest(book: Book, node: Node): void {
  const connection = node.connection;
  const launcher = connection?.launcher;
  let operation = "off";
  let stop: Action | undefined;
  if (launcher !== undefined) {
    stop = newest(launcher, Task.stop);
    if (newest(launcher, Task.start) !== undefined) operation = "reboot";
  }
  const fence = fenceOperation(book, node, operation, false, "guest is unclean", false);
  fence.flags |= Flag.pseudo | Flag.runnable;
  const strong = Rel.firstImpliesThen | Rel.unrunnableBlocks;
  if (stop?.pseudo === true && stop.node !== undefined) {
    const host = fenceOperation(book, stop.node, undefined, false, undefined, false);
    relate(host, fence, strong);
  } else if (stop !== undefined) {
    relate(stop, fence, strong);
  } else if (connection !== undefined) {
    const own = newest(connection, Task.stop);
    if (own !== undefined) relate(own, fence, Rel.plain);
  }
  orderAroundFencing(book, node, fence);
}

function newest(rsc: Rsc, task: string): Action | undefined {
  for (let i = rsc.actions.length - 1; i >= 0; i--) {
    if (rsc.actions[i]!.task === task) return rsc.actions[i];
  }
  return undefined;
}

function orderAroundFencing(book: Book, node: Node, fence: Action): void {
  for (const top of book.resources) {
    for (const rsc of leavesOf(top)) {
      if (!rsc.managed) continue;
      orderStartsAfter(rsc, fence, node);
      implyStops(book, rsc, node, fence);
      implyDemotes(rsc, node, fence);
    }
  }
}

function isKnownOn(rsc: Rsc, node: Node): boolean {
  if (rsc.known.has(node.index)) return true;
  const { parent } = rsc;
  return parent !== undefined && isAnonymousClone(parent) && parent.known.has(node.index);
}

function orderStartsAfter(rsc: Rsc, fence: Action, node: Node): void {
  for (let i = rsc.actions.length - 1; i >= 0; i--) {
    const action = rsc.actions[i]!;
    if (action.needs === "fencing") relate(fence, action, Rel.plain);
    else if (action.needs === "quorum" && action.task === Task.start) {
      if (rsc.allowed.has(node.index) && !isKnownOn(rsc, node)) {
        relate(fence, action, Rel.plain | Rel.unrunnableBlocks);
      }
    }
  }
}

/** Fencing stops what runs there. */
function implyStops(book: Book, rsc: Rsc, node: Node, fence: Action): void {
  const stops = findActions(rsc, rsc.keyOf(Task.stop), node);
  if (stops.length === 0) return;
  const ordered = rsc.needsFencing || node.isGuest;
  const top = topOf(rsc);
  const topStop = newest(top, Task.stop);
  for (const stop of stops) {
    stop.flags |= Flag.pseudo | Flag.runnable;
    if (ordered) {
      // Inside a bundle the clone's stop stands for its instances', as the graph would have a loop otherwise.
      if (!isBundled(rsc)) relate(fence, stop, Rel.guestAllowed);
      if (topStop !== undefined) relate(fence, topStop, Rel.guestAllowed);
    }
    if (rsc.notify) notifyFencedStop(book, rsc, top, fence, node);
  }
}

function implyDemotes(rsc: Rsc, node: Node, fence: Action): void {
  for (const demote of findActions(rsc, rsc.keyOf(Task.demote), node)) {
    if (!(demote.node?.online === false || demote.node?.unclean === true || rsc.failed)) continue;
    demote.flags |= Flag.pseudo | Flag.runnable;
    if (isBundled(rsc)) continue;
    if (rsc.needsFencing || node.isGuest) relate(fence, demote, Rel.plain);
  }
}
