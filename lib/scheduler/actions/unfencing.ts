/** Unfencing: devices must be switched on for a node before resources that need it start (spec/scheduler-1 section C.12). */
import type { Book, Node, Rsc } from "../board.ts";
import { Rel, relate } from "../ordering/relation.ts";
import type { Action } from "./action.ts";
import { fenceOperation } from "./fence.ts";
import { isUnfencingDevice } from "./fence-devices.ts";

export function isUnfenced(node: Node): boolean {
  const value = node.attributes.get("#node-unfenced");
  return value !== undefined && value !== "0";
}

function canUnfence(node: Node): boolean {
  return node.online && !node.unclean && !node.shutdown;
}

/** A change of a device makes unfencing necessary: on its node, or else wherever the device may run. */
export function triggerUnfencing(
  book: Book,
  rsc: Rsc | undefined,
  node: Node | undefined,
  reason: string,
  dependency: Action | undefined,
): void {
  if (!book.unfencingInUse) return;
  if (rsc !== undefined && !isUnfencingDevice(rsc)) return;
  if (node !== undefined && canUnfence(node)) {
    const unfence = fenceOperation(book, node, "on", false, reason, false);
    if (dependency !== undefined) relate(unfence, dependency, Rel.plain);
    return;
  }
  if (rsc === undefined) return;
  for (const each of book.nodes) {
    if (rsc.allowed.has(each.index) && canUnfence(each)) {
      triggerUnfencing(book, rsc, each, reason, dependency);
    }
  }
}

/** Orders an action behind unfencing of its node. */
export function orderAfterUnfencing(
  book: Book,
  rsc: Rsc,
  node: Node,
  action: Action,
  flags: number,
): void {
  const applies = rsc.needsUnfencing || (rsc.fenceDevice && book.unfencingInUse);
  if (!applies) return;
  const unfence = fenceOperation(book, node, "on", true, undefined, false);
  relate(unfence, action, flags);
  if (!isUnfenced(node)) {
    const reason = `required by ${rsc.id} ${action.task}`;
    triggerUnfencing(book, undefined, node, reason, undefined);
  }
}
