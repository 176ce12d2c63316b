/** Deleting histories and fail counts that nothing needs any more (spec/scheduler-1 sections B.13 and D.8). */
import { leafFailCount } from "../../status/failcounts.ts";
import type { Book, Node, Rsc } from "../board.ts";
import { addOrdering, order } from "../constraints/ordering.ts";
import { Rel } from "../ordering/relation.ts";
import { type Action, Task } from "./action.ts";
import { requestAction } from "./table.ts";

/** Removes a resource's history from a node, between its stop and its start. */
export function scheduleCleanup(book: Book, rsc: Rsc, node: Node): void {
  if (rsc.failed || node.unclean || !node.online) return;
  requestAction(book, rsc, rsc.keyOf(Task.remove), Task.remove, node, false);
  order(book, rsc, Task.stop, rsc, Task.remove, Rel.plain);
  order(book, rsc, Task.remove, rsc, Task.start, Rel.plain);
}

export function clearFailCount(book: Book, rsc: Rsc, node: Node, reason: string): Action {
  const key = rsc.keyOf(Task.clearFailCount);
  const action = requestAction(book, rsc, key, Task.clearFailCount, node, false);
  action.setMeta("op_no_wait", "true");
  action.explain(reason);
  return action;
}

/** Stage 13: removed resources leave no fail counts behind. */
export function clearRemovedFailCounts(book: Book): void {
  if (!book.options.stopRemovedResources) return;
  for (const rsc of book.resources) {
    if (!rsc.removed || rsc.variant !== "primitive") continue;
    for (const node of book.nodes) {
      if (!node.online || leafFailCount(book, node, rsc, true).count === 0) continue;
      const clear = clearFailCount(book, rsc, node, "it is orphaned");
      addOrdering(book, clear.side, rsc.side(Task.stop), Rel.plain);
    }
  }
}
