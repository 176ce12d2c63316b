/** Opens the board and turns what reading the status implied into actions, in the order found (HOUSE section 4). */
import type { ClusterStatus, Intent } from "../status/state.ts";
import { Task } from "./actions/action.ts";
import { clearFailCount } from "./actions/cleanup.ts";
import { fenceNode, fenceOperation } from "./actions/fence.ts";
import { findActions, requestAction } from "./actions/table.ts";
import type { ScheduleOptions } from "./api.ts";
import { Book, type Rsc, type Variants } from "./board.ts";
import { clearLock } from "./criteria/criteria.ts";
import { Rel, relate } from "./ordering/relation.ts";

function replay(book: Book, intent: Intent): void {
  const node = book.nodeCopy(intent.node);
  if (intent.kind === "fence") {
    fenceOperation(book, node, undefined, true, intent.reason, intent.priorityDelay);
    return;
  }
  const rsc = book.copyOf(intent.resource);
  if (rsc === undefined) return;
  switch (intent.kind) {
    case "recurring":
      requestAction(book, rsc, intent.key, intent.task, node, true);
      return;
    case "stop":
      requestAction(book, rsc, rsc.keyOf(Task.stop), Task.stop, node, false);
      return;
    case "demote":
      requestAction(book, rsc, rsc.keyOf(Task.demote), Task.demote, node, false);
      return;
    case "stop-optional":
      for (const stop of findActions(rsc, rsc.keyOf(Task.stop), node)) stop.optional = true;
      return;
    case "lock-expired":
      clearLock(book, rsc, node);
      return;
    case "clear-failcount":
      clearAfterFencing(book, rsc, intent);
  }
}

function clearAfterFencing(
  book: Book,
  rsc: Rsc,
  intent: Extract<Intent, { kind: "clear-failcount" }>,
): void {
  const clear = clearFailCount(book, rsc, book.nodeCopy(intent.node), intent.reason);
  if (!intent.afterFencing) return;
  const remote = book.nodes.find((node) => node.name === rsc.id);
  if (remote === undefined) return;
  const fence = fenceOperation(book, remote, undefined, true, undefined, false);
  relate(fence, clear, Rel.firstImpliesThen);
}

export function openBook(
  status: ClusterStatus,
  settings: ScheduleOptions,
  variants: Variants,
): Book {
  const book = new Book(status, settings, variants);
  book.fence = (node, reason) => fenceNode(book, node, reason, false);
  for (const intent of status.intents) replay(book, intent);
  return book;
}
