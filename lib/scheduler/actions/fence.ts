/** Fencing operations as actions, and what wanting one implies (spec/scheduler-1 sections B.2 and C.11). */

import { secondsOf } from "../../status/failcounts.ts";
import { canFence } from "../../status/fencing.ts";
import type { Book, Node } from "../board.ts";
import type { Action } from "./action.ts";
import { Task } from "./action.ts";
import { addUnfencingDigests } from "./fence-devices.ts";
import { requestAction } from "./table.ts";

/** Seconds by which fencing of the most valuable partition is delayed (spec/scheduler-1 section C.11). */
function priorityDelay(book: Book, node: Node): number {
  const configured = secondsOf(book.options.priorityFencingDelayMs);
  if (configured === 0 || node.isRemote || node.online) return 0;
  const members = book.nodesByIndex.filter((n) => !n.isRemote);
  const online = members.filter((n) => n.online).length;
  if (online > Math.floor(members.length / 2)) return 0;
  const priorities = members.map((n) => n.priority);
  const top = Math.max(...priorities);
  if (Math.min(...priorities) === top || node.priority < top) return 0;
  return configured;
}

/** The fencing operation of a node, made optional; required only when the node can be fenced. */
export function fenceOperation(
  book: Book,
  node: Node,
  operation: string | undefined,
  optional: boolean,
  reason: string | undefined,
  delay: boolean,
): Action {
  const kind = operation ?? book.options.fencingAction;
  const key = `stonith-${node.name}-${kind}`;
  const isNew = !book.actionsByKey.has(key.toLowerCase());
  const action = requestAction(book, undefined, key, Task.stonith, node, true);
  if (isNew) {
    action.setMeta("on_node", node.name);
    action.setMeta("on_node_uuid", node.id);
    action.setMeta("stonith_action", kind);
    if (book.unfencingInUse) addUnfencingDigests(book, node, action, kind);
  }
  if (
    book.options.priorityFencingDelayMs > 0 &&
    (delay || action.meta.has("priority-fencing-delay"))
  ) {
    action.setMeta("priority-fencing-delay", String(priorityDelay(book, node)));
  }
  if (!optional && canFence(book, node)) action.optional = false;
  if (reason !== undefined) action.explain(reason);
  return action;
}

/**
 * Wants a node fenced: marks what that implies and makes the operation, optional as yet. Whether the node is still unclean
 * when all is placed decides (shutdown.ts): a remote node may be reached from elsewhere.
 */
export function fenceNode(book: Book, node: Node, reason: string, delay: boolean): void {
  if (node.isGuest) {
    const launcher = node.connection?.launcher;
    if (launcher === undefined || launcher.failed || !launcher.managed) return;
    node.remoteReset = true;
    launcher.failed = true;
    launcher.stopIfFailed = true;
    return;
  }
  if (node.connection?.removedLaunched === true) {
    node.connection.failed = true;
    node.connection.stopIfFailed = true;
    return;
  }
  if (node.isRemote) {
    if (node.connection === undefined || node.connection.managed) node.remoteReset = true;
    node.unclean = true;
    fenceOperation(book, node, undefined, true, reason, false);
    return;
  }
  if (node.unclean) return;
  node.unclean = true;
  fenceOperation(book, node, undefined, true, reason, delay);
}
