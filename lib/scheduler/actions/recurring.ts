/** Recurring operations: start, keep, cancel (spec/scheduler-1 section C.6). */
import { Rc } from "../../status/history.ts";
import { intervalOf, isEnabled, operationsOf } from "../../status/operations.ts";
import { parseRole, Role, type Role as RoleValue } from "../../status/roles.ts";
import { attr, idOf, type XmlElement } from "../../xml/node.ts";
import type { Book, Node, Rsc } from "../board.ts";
import { addOrdering } from "../constraints/ordering.ts";
import { Rel } from "../ordering/relation.ts";
import { type Action, opKey, Task } from "./action.ts";
import { actionsOn, findActions, requestAction } from "./table.ts";

const NEVER_RECUR: ReadonlySet<string> = new Set([
  Task.start,
  Task.stop,
  Task.promote,
  Task.demote,
  Task.reload,
  Task.migrateTo,
  Task.migrateFrom,
]);

interface Recurring {
  readonly name: string;
  readonly intervalMs: number;
  readonly key: string;
  /** undefined when the operation names no role. */
  readonly role: RoleValue | undefined;
}

/** Operations that may recur; two of the same name and interval rule each other out. */
function recurringOf(rsc: Rsc): Recurring[] {
  const counts = new Map<string, number>();
  const named = (op: XmlElement): string => `${attr(op, "name")} ${intervalOf(op)}`;
  for (const op of operationsOf(rsc)) counts.set(named(op), (counts.get(named(op)) ?? 0) + 1);
  const found: Recurring[] = [];
  for (const op of operationsOf(rsc)) {
    const name = attr(op, "name");
    const intervalMs = intervalOf(op);
    if (intervalMs === 0 || idOf(op) === "" || name === undefined) continue;
    if (NEVER_RECUR.has(name) || counts.get(named(op))! > 1 || !isEnabled(op)) continue;
    const text = attr(op, "role");
    const role = text === undefined ? undefined : parseRole(text);
    if (text !== undefined && role === undefined) continue;
    found.push({ name, intervalMs, key: opKey(rsc.id, name, intervalMs), role });
  }
  return found;
}

/** Turns the recurring action into its cancellation. */
export function cancelAction(
  book: Book,
  rsc: Rsc,
  name: string,
  intervalMs: number,
  node: Node,
): Action {
  const cancel = requestAction(book, rsc, opKey(rsc.id, name, intervalMs), name, node, false);
  cancel.cancelledTask = name;
  cancel.task = Task.cancel;
  cancel.setMeta("operation", name);
  cancel.setMeta("interval", String(intervalMs));
  // With an interval of its own it is carried out even for an unmanaged resource.
  cancel.optional = false;
  return cancel;
}

function orderCancelBefore(book: Book, cancel: Action, rsc: Rsc, task: string): void {
  addOrdering(book, cancel.side, rsc.side(task), Rel.unrunnableBlocks);
}

function cancelForRoleChange(book: Book, rsc: Rsc, op: Recurring, node: Node): void {
  const cancel = cancelAction(book, rsc, op.name, op.intervalMs, node);
  const isUp = rsc.role === Role.started || rsc.role === Role.unpromoted;
  if (isUp && rsc.nextRole === Role.promoted) orderCancelBefore(book, cancel, rsc, Task.promote);
  else if (isUp && rsc.nextRole === Role.stopped) orderCancelBefore(book, cancel, rsc, Task.stop);
  else if (rsc.role === Role.promoted) orderCancelBefore(book, cancel, rsc, Task.demote);
}

function matchesRole(rsc: Rsc, op: Recurring): boolean {
  if (op.role === undefined) return rsc.nextRole !== Role.promoted;
  return op.role === rsc.nextRole;
}

function isAlreadyRunning(rsc: Rsc, op: Recurring, node: Node | undefined): boolean {
  if (node === undefined) return false;
  return actionsOn(rsc, op.key, node).some((action) => !action.reschedule);
}

function makeForActive(
  book: Book,
  rsc: Rsc,
  op: Recurring,
  start: Action,
  node: Node | undefined,
): void {
  if (op.role === Role.stopped) return;
  const running = start.optional && isAlreadyRunning(rsc, op, node);
  if (!matchesRole(rsc, op)) {
    if (running && node !== undefined) cancelForRoleChange(book, rsc, op, node);
    return;
  }
  const action = requestAction(book, rsc, op.key, op.name, node, running);
  if (!start.runnable) action.runnable = false;
  else if (node === undefined || !node.online || node.unclean) action.runnable = false;
  if (rsc.nextRole === Role.promoted) action.meta = action.meta.expecting(Rc.promoted);
  if (node !== undefined && !rsc.managed) return;
  const behind = (task: string, flags: number): void =>
    addOrdering(book, rsc.side(task), action.side, flags);
  behind(Task.start, Rel.firstImpliesThen | Rel.unrunnableBlocks);
  behind(Task.reload, Rel.firstImpliesThen | Rel.unrunnableBlocks);
  if (rsc.nextRole === Role.promoted) behind(Task.promote, Rel.plain | Rel.unrunnableBlocks);
  else if (rsc.role === Role.promoted) behind(Task.demote, Rel.plain | Rel.unrunnableBlocks);
}

/** Monitors that watch for the resource where it must not be. */
function makeForInactive(book: Book, rsc: Rsc, op: Recurring, assigned: Node | undefined): void {
  if (op.role !== Role.stopped || !rsc.unique) return;
  for (const node of book.nodes) {
    if (node === assigned) {
      cancelOnAssigned(book, rsc, op, node);
      continue;
    }
    const optional = actionsOn(rsc, op.key, node).length > 0;
    const action = requestAction(book, rsc, op.key, op.name, node, optional);
    action.meta = action.meta.expecting(Rc.notRunning);
    if (rsc.managed) orderBehindProbes(rsc, action, node, book);
    orderBehindStops(rsc, action, node, book);
    if (!node.online || node.unclean) action.runnable = false;
  }
}

function cancelOnAssigned(book: Book, rsc: Rsc, op: Recurring, node: Node): void {
  if (!isAlreadyRunning(rsc, op, node)) return;
  const cancel = cancelAction(book, rsc, op.name, op.intervalMs, node);
  if (rsc.nextRole === Role.started || rsc.nextRole === Role.unpromoted) {
    orderCancelBefore(book, cancel, rsc, Task.start);
  }
}

function orderBehindProbes(rsc: Rsc, action: Action, node: Node, book: Book): void {
  for (const probe of findActions(rsc, rsc.keyOf(Task.monitor), node)) {
    addOrdering(book, probe.side, action.side, Rel.unrunnableBlocks);
  }
}

function orderBehindStops(rsc: Rsc, action: Action, node: Node, book: Book): void {
  for (const stop of findActions(rsc, rsc.keyOf(Task.stop), node)) {
    if (!stop.runnable) action.runnable = false;
    if (!stop.optional && !rsc.managed && !action.optional) action.optional = true;
    if (rsc.managed) {
      addOrdering(book, stop.side, action.side, Rel.firstImpliesThen | Rel.unrunnableBlocks);
    }
  }
}

export function makeRecurring(book: Book, rsc: Rsc): void {
  if (rsc.blocked || rsc.maintenance) return;
  const node = rsc.assigned;
  const wanted =
    node !== undefined && !node.maintenance && (rsc.nextRole !== Role.stopped || !rsc.managed);
  const start = wanted
    ? requestAction(book, rsc, rsc.keyOf(Task.start), Task.start, node, true)
    : undefined;
  for (const op of recurringOf(rsc)) {
    if (start !== undefined) makeForActive(book, rsc, op, start, node);
    makeForInactive(book, rsc, op, node);
  }
}
