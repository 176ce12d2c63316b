/** Actions on remote and guest nodes wait for their connection (spec/scheduler-1 section C.10). */
import { wantsShutdown } from "../../status/nodes.ts";
import { Role } from "../../status/roles.ts";
import { currentNode } from "../../status/tree.ts";
import type { Book, Node, Rsc } from "../board.ts";
import { addOrdering } from "../constraints/ordering.ts";
import { Rel } from "../ordering/relation.ts";
import { type Action, Task } from "./action.ts";
import { fenceNode } from "./fence.ts";

export type ConnectionState = "unknown" | "alive" | "resting" | "failed" | "stopped";

/** How reachable a remote node is, and will be. */
export function connectionState(node: Node): ConnectionState {
  const connection = node.connection;
  if (connection === undefined) return "unknown";
  const host = currentNode<Node>(connection);
  if (connection.nextRole === Role.stopped || connection.assigned === undefined) {
    if (host?.unclean === true) return "failed";
    if (!connection.failed) return "stopped";
    if (
      connection.nextRole === Role.stopped &&
      connection.reconnectMs > 0 &&
      node.remoteFenced &&
      !wantsShutdown(node)
    ) {
      return "unknown";
    }
    return "failed";
  }
  if (host === undefined) return "unknown";
  if (host.unclean || !host.online) return "resting";
  if (
    connection.active.length > 1 &&
    connection.partialSource !== undefined &&
    connection.partialTarget !== undefined
  ) {
    return "resting";
  }
  return "alive";
}

function behind(book: Book, first: Rsc, firstTask: string, then: Action, flags: number): void {
  addOrdering(book, first.side(firstTask), then.side, flags | Rel.guestAllowed);
}

function before(book: Book, first: Action, then: Rsc, thenTask: string, flags: number): void {
  addOrdering(book, first.side, then.side(thenTask), flags | Rel.guestAllowed);
}

/** Recurring actions of other kinds (cancellations, for one) do not wait for a guest's connection. */
const WAITS_FOR_GUEST: ReadonlySet<string> = new Set([Task.monitor, Task.notify, Task.notified]);

function orderOnGuest(
  book: Book,
  action: Action,
  node: Node,
  connection: Rsc,
  launcher: Rsc,
): void {
  if (launcher.failed) fenceNode(book, node, "container failed", false);
  const task = action.task;
  switch (task) {
    case Task.start:
    case Task.promote:
      behind(book, launcher, Task.start, action, Rel.firstImpliesThen | Rel.unrunnableBlocks);
      behind(book, connection, Task.start, action, Rel.unrunnableBlocks);
      return;
    case Task.stop:
    case Task.demote:
    case Task.migrateFrom:
    case Task.migrateTo:
      if (!launcher.failed) before(book, action, connection, Task.stop, Rel.none);
      return;
    default:
      if (action.intervalMs > 0) {
        if (WAITS_FOR_GUEST.has(task)) {
          behind(book, connection, Task.start, action, Rel.firstImpliesThen | Rel.unrunnableBlocks);
        }
      } else behind(book, connection, Task.start, action, Rel.unrunnableBlocks);
  }
}

function orderStopOnRemote(
  book: Book,
  action: Action,
  node: Node,
  connection: Rsc,
  state: ConnectionState,
): void {
  if (state === "alive") before(book, action, connection, Task.stop, Rel.thenImpliesFirst);
  else if (state === "failed") {
    fenceNode(book, node, "resources are active but connection is unrecoverable", false);
  } else if (connection.nextRole === Role.stopped) {
    before(book, action, connection, Task.stop, Rel.thenImpliesFirst);
  } else behind(book, connection, Task.start, action, Rel.unrunnableBlocks);
}

function orderOtherOnRemote(
  book: Book,
  action: Action,
  node: Node,
  connection: Rsc,
  state: ConnectionState,
): void {
  if (action.intervalMs > 0) {
    behind(book, connection, Task.start, action, Rel.firstImpliesThen | Rel.unrunnableBlocks);
    return;
  }
  if (action.task === Task.monitor && state === "failed") {
    const reason = "resources are in unknown state and connection is unrecoverable";
    fenceNode(book, node, reason, false);
  }
  const hasHost = currentNode<Node>(connection) !== undefined;
  if (hasHost && state === "stopped") {
    before(book, action, connection, Task.stop, Rel.unrunnableBlocks);
  } else behind(book, connection, Task.start, action, Rel.unrunnableBlocks);
}

function orderOnRemote(book: Book, action: Action, node: Node, connection: Rsc): void {
  const state = connectionState(node);
  switch (action.task) {
    case Task.start:
    case Task.promote:
      behind(
        book,
        connection,
        Task.start,
        action,
        Rel.unrunnableBlocks | (state === "failed" ? Rel.firstImpliesThen : 0),
      );
      return;
    case Task.stop:
    case Task.migrateFrom:
    case Task.migrateTo:
      orderStopOnRemote(book, action, node, connection, state);
      return;
    case Task.demote:
      if (state === "resting" || state === "unknown") {
        behind(book, connection, Task.start, action, Rel.unrunnableBlocks);
      }
      return;
    default:
      orderOtherOnRemote(book, action, node, connection, state);
  }
}

/** Stage 15: newest action first; what is made meanwhile is not visited. */
export function orderRemoteActions(book: Book): void {
  if (!book.hasRemoteNodes) return;
  for (let i = book.actions.length - 1; i >= 0; i--) {
    const action = book.actions[i]!;
    const { rsc, node } = action;
    if (rsc === undefined) continue;
    if (rsc.remoteConnection && action.task === Task.clearFailCount) {
      before(book, action, rsc, Task.start, Rel.plain);
      continue;
    }
    const connection = node?.connection;
    if (node === undefined || !node.isRemote || connection === undefined || action.pseudo) continue;
    if (action.task === Task.start) {
      for (const stop of rsc.actions) {
        if (stop.task !== Task.stop || stop.node === undefined || stop.node === node) continue;
        behind(book, connection, Task.start, stop, Rel.plain);
      }
    }
    const { launcher } = connection;
    if (launcher !== undefined) orderOnGuest(book, action, node, connection, launcher);
    else orderOnRemote(book, action, node, connection);
  }
}

/** The cluster node that carries out an action on a remote or guest node. */
export function routerOf(action: Action): Node | undefined {
  const { node } = action;
  if (node === undefined || !node.isRemote || action.task === Task.stonith) return undefined;
  const connection = node.connection;
  if (connection === undefined) return undefined;
  const begins = currentNode<Node>(connection);
  const ends = connection.assigned;
  if (begins === undefined) return ends;
  if (ends === undefined || begins === ends) return begins;
  let task = action.task;
  if (task === Task.notify) task = action.meta.get("notify_operation") ?? task;
  switch (task) {
    case Task.cancel:
    case Task.stop:
    case Task.demote:
    case Task.migrateFrom:
    case Task.migrateTo: {
      const partial = connection.launcher === undefined && connection.partialTarget !== undefined;
      return partial ? ends : begins;
    }
    default:
      return ends;
  }
}
