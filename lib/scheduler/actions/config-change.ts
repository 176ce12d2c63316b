/**
 * Stage 9: has the configuration changed since operations ran? Restart, reload, reschedule or cancel
 * (spec/scheduler-1 section B.13).
 */
import { operationDigests } from "../../status/digests.ts";
import { leafFailCount } from "../../status/failcounts.ts";
import { findOperation } from "../../status/operations.ts";
import { isPlaceholderConnection } from "../../status/results.ts";
import type { Operation, ResourceHistory } from "../../status/state.ts";
import { currentNode, isAnonymousClone, topOf } from "../../status/tree.ts";
import { intervalWords } from "../../time/interval.ts";
import { attr } from "../../xml/node.ts";
import { isUsable } from "../assign/tables.ts";
import type { Book, Node, Rsc } from "../board.ts";
import { addOrdering } from "../constraints/ordering.ts";
import { Rel } from "../ordering/relation.ts";
import { opKey, Task } from "./action.ts";
import { clearFailCount, scheduleCleanup } from "./cleanup.ts";
import { isUnfencingDevice } from "./fence-devices.ts";
import { cancelAction } from "./recurring.ts";
import { requestAction } from "./table.ts";
import { triggerUnfencing } from "./unfencing.ts";

/** Operations whose parameters are compared when they do not recur. */
const CHECKED_ONCE: ReadonlySet<string> = new Set([
  Task.monitor,
  Task.start,
  Task.promote,
  Task.migrateFrom,
]);

/** Did the failure on record happen with other parameters than the connection has now? */
function checkPostponedFailures(book: Book): void {
  for (const { resource, node: where, operation: op } of book.status.postponedFailures) {
    const rsc = book.copyOf(resource);
    const node = book.nodeCopy(where);
    if (rsc === undefined) continue;
    const run = (): void => {
      const digests = digestsOf(book, rsc, node, op);
      if (digests.verdict === "match" || digests.verdict === "unknown") return;
      clearFailCount(book, rsc, node, "remote parameters have changed");
    };
    book.deferredChecks.push({ rsc, run });
  }
}

function digestsOf(book: Book, rsc: Rsc, node: Node, op: Operation) {
  const expired = book.status.expiredMonitors.has(op.xml);
  const host = rsc.launcher === undefined ? undefined : hostOf(rsc.launcher);
  return operationDigests(
    book.surroundings,
    rsc,
    node,
    op.task,
    op.intervalMs,
    op.xml,
    expired,
    host,
  );
}

export function checkConfigChanges(book: Book): void {
  checkPostponedFailures(book);
  const byNode = new Map<number, ResourceHistory[]>();
  for (const history of book.status.histories) {
    const list = byNode.get(history.node.index);
    if (list === undefined) byNode.set(history.node.index, [history]);
    else list.push(history);
  }
  const owners = ownersByName(book);
  for (const node of book.nodes) {
    if (!node.maintenance && !isUsable(node)) continue;
    for (const history of byNode.get(node.index) ?? []) {
      for (const rsc of owners.get(history.id) ?? []) {
        checkHistory(book, rsc, node, history);
      }
    }
  }
}

/** Primitives by id and by history id, the last match first. */
function ownersByName(book: Book): ReadonlyMap<string, readonly Rsc[]> {
  const owners = new Map<string, Rsc[]>();
  const add = (name: string, rsc: Rsc): void => {
    const list = owners.get(name);
    if (list === undefined) owners.set(name, [rsc]);
    else if (!list.includes(rsc)) list.unshift(rsc);
  };
  const visit = (rsc: Rsc): void => {
    if (rsc.variant === "primitive") {
      add(rsc.id, rsc);
      if (rsc.historyId !== undefined) add(rsc.historyId, rsc);
    }
    for (const c of rsc.children) visit(c);
  };
  for (const rsc of book.resources) visit(rsc);
  return owners;
}

/** Class, provider or type differ from what the history was made with. */
function agentChanged(
  book: Book,
  rsc: Rsc,
  node: Node,
  history: ResourceHistory,
  active: boolean,
): boolean {
  if (rsc.config.kind !== "primitive") return false;
  const { standard, provider, agent } = rsc.config;
  let differences = differs(agent, history, "type") ? 1 : 0;
  if (differs(standard, history, "class")) differences++;
  if (differs(provider, history, "provider")) differences++;
  for (let i = 0; i < differences; i++) {
    triggerUnfencing(book, rsc, node, "Device definition changed", undefined);
  }
  if (differences > 0 && active) {
    requestAction(book, rsc, rsc.keyOf(Task.stop), Task.stop, node, false);
    rsc.startPending = true;
  }
  return differences > 0;
}

/** An empty text and none are the same. */
function differs(now: string | undefined, history: ResourceHistory, name: string): boolean {
  return (now ?? "") !== (attr(history.xml, name) ?? "");
}

function checkHistory(book: Book, rsc: Rsc, node: Node, history: ResourceHistory): void {
  if (rsc.removed) {
    if (!isAnonymousClone(topOf(rsc))) scheduleCleanup(book, rsc, node);
    return;
  }
  const active = rsc.active.includes(node);
  if (agentChanged(book, rsc, node, history, active)) scheduleCleanup(book, rsc, node);
  if (!active) return;
  if (history.startIndex < history.stopIndex) return;
  for (let i = Math.max(0, history.startIndex); i < history.operations.length; i++) {
    const op = history.operations[i]!;
    if (op.intervalMs > 0 && (rsc.maintenance || node.maintenance)) {
      scheduleCancel(book, rsc, node, op, "maintenance mode");
      continue;
    }
    if (op.intervalMs === 0 && !CHECKED_ONCE.has(op.task)) continue;
    if (isPlaceholderConnection(rsc)) {
      book.deferredChecks.push({ rsc, run: () => checkOne(book, rsc, node, op) });
    } else checkOne(book, rsc, node, op);
  }
}

function checkOne(book: Book, rsc: Rsc, node: Node, op: Operation): void {
  if (!checkDefinition(book, rsc, node, op)) return;
  if (leafFailCount(book, node, rsc, true).count !== 0) {
    clearFailCount(book, rsc, node, "resource parameters have changed");
  }
}

function scheduleCancel(book: Book, rsc: Rsc, node: Node, op: Operation, reason: string): void {
  const cancel = cancelAction(book, rsc, op.task, op.intervalMs, node);
  cancel.explain(reason);
  cancel.setMeta("call_id", String(op.callId));
  addOrdering(book, rsc.side(Task.stop), cancel.side, Rel.plain);
}

/** True when the operation is not any more what the configuration asks for. */
function checkDefinition(book: Book, rsc: Rsc, node: Node, op: Operation): boolean {
  if (op.intervalMs > 0) {
    const configured = findOperation(rsc, op.task, op.intervalMs, false);
    if (configured === undefined) {
      if (book.options.cancelRemovedActions) {
        scheduleCancel(book, rsc, node, op, "orphan");
      }
      return true;
    }
  }
  const digests = digestsOf(book, rsc, node, op);
  if (digests.verdict === "match") return false;
  if (digests.onlyPrivateChanged) {
    const what = `${intervalWords(op.intervalMs)}-interval ${op.task} for ${rsc.id}`;
    const magic = attr(op.xml, "transition-magic") ?? "";
    const text = `Only 'private' parameters to ${what} on ${node.name} changed: ${magic}`;
    book.tell("info", "pcmk__check_action_config", text);
    return false;
  }
  switch (digests.verdict) {
    case "restart":
      forceRestart(book, rsc, node, op);
      return true;
    case "mismatch":
    case "unknown":
      if (op.intervalMs > 0) reschedule(book, rsc, node, op);
      else if (attr(op.xml, "op-restart-digest") !== undefined) {
        unfence(book, rsc, node, "Device parameters changed (reload)");
        scheduleReload(book, rsc, node);
      } else forceRestart(book, rsc, node, op);
      return true;
  }
}

function hostOf(launcher: Rsc): Node | undefined {
  return launcher.assigned ?? currentNode<Node>(launcher);
}

function unfence(book: Book, rsc: Rsc, node: Node, reason: string): void {
  if (isUnfencingDevice(rsc)) triggerUnfencing(book, rsc, node, reason, undefined);
}

/** A required action without a node: whoever asks for it next gives it one. */
function forceRestart(book: Book, rsc: Rsc, node: Node, op: Operation): void {
  const task = op.intervalMs === 0 && CHECKED_ONCE.has(op.task) ? Task.start : op.task;
  const key = opKey(rsc.id, task, op.intervalMs);
  const required = requestAction(book, rsc, key, task, undefined, false);
  required.reason = "resource definition change";
  unfence(book, rsc, node, "Device parameters changed");
}

function reschedule(book: Book, rsc: Rsc, node: Node, op: Operation): void {
  unfence(book, rsc, node, "Device parameters changed (reschedule)");
  const key = opKey(rsc.id, op.task, op.intervalMs);
  requestAction(book, rsc, key, op.task, node, true).reschedule = true;
}

/** The agent can take the new parameters without a restart. */
function scheduleReload(book: Book, rsc: Rsc, node: Node): void {
  if (rsc.children.length > 0) {
    for (const c of rsc.children) scheduleReload(book, c, node);
    return;
  }
  if (!rsc.managed || rsc.failed) return;
  if (rsc.startPending) {
    requestAction(book, rsc, rsc.keyOf(Task.stop), Task.stop, node, false);
    return;
  }
  rsc.reload = true;
  const reload = requestAction(book, rsc, rsc.keyOf(Task.reload), Task.reload, node, false);
  reload.explain("resource definition change");
  for (const task of [Task.stop, Task.demote]) {
    addOrdering(book, reload.side, rsc.side(task), Rel.plain | Rel.thenCancelsFirst);
  }
}
