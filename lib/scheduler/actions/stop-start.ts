/** The single actions of a primitive's role changes (spec/scheduler-1 section C.4, "Step implementations"). */
import { Role } from "../../status/roles.ts";
import type { Book, Node, Rsc } from "../board.ts";
import { Rel, relate } from "../ordering/relation.ts";
import { Flag, Task } from "./action.ts";
import { fenceOperation } from "./fence.ts";
import { findActions, requestAction } from "./table.ts";
import { orderAfterUnfencing } from "./unfencing.ts";

/** The node where a multiply active resource is wanted anyway: it is not stopped there. */
function isExpectedNode(rsc: Rsc, node: Node | undefined): boolean {
  return (
    node !== undefined &&
    node === rsc.assigned &&
    rsc.restarting &&
    rsc.stopUnexpected &&
    rsc.nextRole > Role.stopped
  );
}

export function makeStop(book: Book, rsc: Rsc, optional: boolean): void {
  for (const node of rsc.active) {
    if (isExpectedNode(rsc, node)) continue;
    let asOptional = optional;
    if (rsc.partialTarget !== undefined) {
      if (node === rsc.partialTarget && node === rsc.assigned) continue;
      asOptional = false;
    }
    const stop = requestAction(book, rsc, rsc.keyOf(Task.stop), Task.stop, node, asOptional);
    if (rsc.assigned === undefined) stop.reason = "node availability";
    else if (rsc.restarting && rsc.stopUnexpected) stop.explain("being multiply active");
    if (!rsc.managed) stop.runnable = false;
    if (rsc.needsUnfencing) {
      const unfence = fenceOperation(book, node, "on", true, undefined, false);
      relate(stop, unfence, Rel.thenImpliesFirst);
      if (!unfence.optional && rsc.managed) stop.optional = false;
    }
  }
}

export function makeStart(book: Book, rsc: Rsc, node: Node | undefined, optional: boolean): void {
  if (node === undefined) return;
  const start = requestAction(book, rsc, rsc.keyOf(Task.start), Task.start, node, true);
  orderAfterUnfencing(book, rsc, node, start, Rel.firstImpliesThen);
  if (start.runnable && !optional) start.optional = false;
  if (isExpectedNode(rsc, node)) start.flags |= Flag.pseudo;
}

export function makePromote(book: Book, rsc: Rsc, node: Node | undefined, optional: boolean): void {
  if (node === undefined) return;
  const starts = findActions(rsc, rsc.keyOf(Task.start), node);
  const key = rsc.keyOf(Task.promote);
  if (starts.some((start) => !start.runnable)) {
    for (const promote of findActions(rsc, key, node)) promote.runnable = false;
    return;
  }
  const promote = requestAction(book, rsc, key, Task.promote, node, optional);
  if (isExpectedNode(rsc, node)) promote.flags |= Flag.pseudo;
}

export function makeDemote(book: Book, rsc: Rsc, optional: boolean): void {
  for (const node of rsc.active) {
    if (isExpectedNode(rsc, node)) continue;
    requestAction(book, rsc, rsc.keyOf(Task.demote), Task.demote, node, optional);
  }
}
