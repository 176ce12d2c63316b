/**
 * Constraints that a primitive implies (spec/scheduler-1 section D.8): its own life cycle, unfencing, utilization, its
 * launcher. Groups and clones add theirs in variant/.
 */
import { INFINITY } from "../../base/score.ts";
import { Role } from "../../status/roles.ts";
import { topOf } from "../../status/tree.ts";
import { type Action, Flag, Task } from "../actions/action.ts";
import { fenceOperation } from "../actions/fence.ts";
import { isUnfencingDevice } from "../actions/fence-devices.ts";
import { requestAction } from "../actions/table.ts";
import type { Book, Node, Rsc } from "../board.ts";
import { Rel } from "../ordering/relation.ts";
import { colocate } from "./colocation.ts";
import { addOrdering, order, orderActionBefore, orderTaskBefore } from "./ordering.ts";

/** Nodes the resource has an entry for, in name order. */
function allowedNodes(book: Book, rsc: Rsc): Node[] {
  return book.nodes.filter((node) => rsc.allowed.has(node.index));
}

function addUnfencingOrderings(book: Book, rsc: Rsc): void {
  if (!rsc.needsUnfencing || isUnfencingDevice(rsc)) return;
  for (const node of allowedNodes(book, rsc)) {
    const unfence = fenceOperation(book, node, "on", true, undefined, false);
    orderTaskBefore(book, rsc, Task.stop, unfence, Rel.plain | Rel.sameNode);
    orderActionBefore(book, unfence, rsc, Task.start, Rel.firstImpliesThenSameNode | Rel.sameNode);
  }
}

function loadStopped(book: Book, node: Node): Action {
  const name = `load_stopped_${node.name}`;
  const action = requestAction(book, undefined, name, name, node, false);
  action.flags |= Flag.pseudo;
  return action;
}

/** Load must leave a node before new load comes. */
function addUtilizationOrderings(book: Book, rsc: Rsc): void {
  if (book.options.placementStrategy === "default" || rsc.utilization.size === 0) return;
  for (const node of rsc.active) {
    orderTaskBefore(book, rsc, Task.stop, loadStopped(book, node), Rel.sameNodeOrTarget);
  }
  for (const node of allowedNodes(book, rsc)) {
    const stopped = loadStopped(book, node);
    orderActionBefore(book, stopped, rsc, Task.start, Rel.sameNodeOrTarget);
    orderActionBefore(book, stopped, rsc, Task.migrateTo, Rel.sameNodeOrTarget);
  }
}

/** The remote node (through its connection) that a launcher is or contains, where contents are bound to it. */
function containedConnection(launcher: Rsc): Rsc | undefined {
  if (launcher.remoteConnection) return launcher;
  const parts = launcher.launched.filter((part) => part.remoteConnection);
  return parts[0];
}

function banFromRemoteNodes(book: Book, rsc: Rsc): void {
  for (const node of allowedNodes(book, rsc)) {
    if (node.connection !== undefined) rsc.allowed.setScore(node.index, -INFINITY);
  }
}

function addLauncherConstraints(book: Book, rsc: Rsc): void {
  const { launcher } = rsc;
  if (launcher === undefined) return;
  if (rsc.remoteConnection) {
    if (!rsc.nestingAllowed) banFromRemoteNodes(book, launcher);
    // A probe may find the launcher running after all.
    order(book, launcher, Task.monitor, rsc, Task.stop, Rel.plain);
  }
  const connection = containedConnection(launcher);
  if (connection !== undefined && connection !== rsc && !rsc.remoteConnection) {
    for (const node of allowedNodes(book, rsc)) {
      if (node.connection !== connection) rsc.allowed.setScore(node.index, -INFINITY);
    }
    return;
  }
  order(book, launcher, Task.start, rsc, Task.start, Rel.firstImpliesThen | Rel.unrunnableBlocks);
  order(book, rsc, Task.stop, launcher, Task.stop, Rel.thenImpliesFirst);
  colocate(book, {
    id: "#resource-with-container",
    dependent: rsc,
    primary: launcher,
    score: rsc.nestingAllowed ? 10_000 : INFINITY,
    influence: true,
  });
}

export function addPrimitiveConstraints(book: Book, rsc: Rsc): void {
  if (!rsc.managed) return;
  const own = (first: string, then: string, flags: number): void =>
    order(book, rsc, first, rsc, then, flags);
  own(Task.stop, Task.start, Rel.plain | Rel.firstImpliesThen | Rel.restart);
  if (topOf(rsc).promotable || rsc.role > Role.unpromoted) {
    own(Task.demote, Task.stop, Rel.promotedImpliesFirst);
    own(Task.start, Task.promote, Rel.unrunnableBlocks);
  }
  addOrdering(
    book,
    rsc.side(Task.lrmDelete),
    rsc.side(Task.monitor),
    Rel.sameNode | Rel.thenCancelsFirst,
  );
  addUnfencingOrderings(book, rsc);
  addUtilizationOrderings(book, rsc);
  addLauncherConstraints(book, rsc);
  if (rsc.remoteConnection || rsc.fenceDevice) banFromRemoteNodes(book, rsc);
}
