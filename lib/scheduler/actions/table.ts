/**
 * The one way to get an action: find it by key or make it, then judge anew whether it may run
 * (spec/scheduler-1 sections C.1 and C.2). The order of creation is the order of ids.
 */

import { canFence } from "../../status/fencing.ts";
import { defineOperation, operationParameters } from "../../status/operations.ts";
import { Role } from "../../status/roles.ts";
import { isActive } from "../../status/tree.ts";
import type { Book, Node, Rsc } from "../board.ts";
import type { TaskDefinition, TaskSide } from "../constraints/task-side.ts";
import { Action, Flag, type Need, parseKey, Task } from "./action.ts";
import { ActionMeta } from "./action-meta.ts";

/**
 * Actions of a resource by key, oldest first. With a node: those on it, and those without a node yet, which then take
 * this node.
 */
export function findActions(rsc: Rsc, key: string, node?: Node): Action[] {
  return matching(named(rsc.actionsByKey, key), node);
}

/** Keys differ in more than case: an action is kept by its key as it is, and in lower case. */
function named(table: ReadonlyMap<string, Action[]>, key: string): Action[] | undefined {
  return table.get(key) ?? table.get(key.toLowerCase());
}

function matching(known: readonly Action[] | undefined, node: Node | undefined): Action[] {
  if (known === undefined) return [];
  if (node === undefined) return [...known];
  const found: Action[] = [];
  for (const action of known) {
    if (action.node === undefined) action.node = node;
    if (action.node === node) found.push(action);
  }
  return found;
}

/** Actions of a resource by key that really have this node already (no adoption). */
export function actionsOn(rsc: Rsc, key: string, node: Node): Action[] {
  const known = named(rsc.actionsByKey, key);
  return known === undefined ? [] : known.filter((action) => action.node === node);
}

/**
 * First action of a resource with a key and maybe a node; no adoption: actions without a node match only when no node is
 * asked for.
 */
export function firstAction(rsc: Rsc, key: string, node?: Node): Action | undefined {
  const known = named(rsc.actionsByKey, key);
  if (known === undefined) return undefined;
  if (node === undefined) return known[0];
  return known.find((action) => action.node === node);
}

/** The oldest that `matching` finds. */
function oldest(known: readonly Action[] | undefined, node: Node | undefined): Action | undefined {
  if (known === undefined || node === undefined) return known?.[0];
  let found: Action | undefined;
  for (const action of known) {
    if (action.node === undefined) action.node = node;
    if (found === undefined && action.node === node) found = action;
  }
  return found;
}

/** Actions of one side, oldest first; undefined as long as there is none. */
function listOf(side: TaskSide): Action[] | undefined {
  side.actions ??= named(side.rsc.actionsByKey, side.key);
  return side.actions;
}

/** Actions of a resource with the key ID_TASK_0, oldest first. */
export function actionsOfTask(rsc: Rsc, task: string): readonly Action[] {
  return listOf(rsc.side(task)) ?? NONE;
}

const NONE: readonly Action[] = [];

/** Adds an action under its key, see `named`. */
function append(table: Map<string, Action[]>, key: string, action: Action): void {
  const lower = key.toLowerCase();
  const known = table.get(lower);
  if (known !== undefined) known.push(action);
  else table.set(lower, [action]);
  if (lower !== key) table.set(key, table.get(lower)!);
}

const NOT_CONFIGURED: TaskDefinition = { op: undefined, meta: new ActionMeta(new Map()) };

/** What the configuration says of an action: notifications of all kinds are one operation. */
function definitionOf(
  book: Book,
  rsc: Rsc,
  key: string,
  task: string,
  intervalMs: number,
  node: Node | undefined,
): TaskDefinition {
  const asNotify = key.includes("_notify_");
  const found = defineOperation(book.surroundings, rsc, node, task, intervalMs, asNotify);
  return { op: found.op, meta: new ActionMeta(found.meta) };
}

/** `definitionOf` for the actions of one side; only those of fence devices depend on the node. */
function definitionAt(book: Book, side: TaskSide, node: Node | undefined): TaskDefinition {
  const { rsc, key, task } = side;
  if (rsc.fenceDevice) return definitionOf(book, rsc, key, task, 0, node);
  side.definition ??= definitionOf(book, rsc, key, task, 0, node);
  return side.definition;
}

function needsOf(rsc: Rsc | undefined, task: string): Need {
  if (rsc === undefined || (task !== Task.start && task !== Task.promote)) return "nothing";
  if (rsc.needsFencing) return "fencing";
  return rsc.needsQuorum ? "quorum" : "nothing";
}

/** `side` where the key is that of the resource's action of this task. */
function makeAction(
  book: Book,
  rsc: Rsc | undefined,
  side: TaskSide | undefined,
  key: string,
  task: string,
  node: Node | undefined,
  optional: boolean,
): Action {
  const intervalMs = side !== undefined ? 0 : (parseKey(key)?.intervalMs ?? 0);
  let definition = NOT_CONFIGURED;
  if (side !== undefined) definition = definitionAt(book, side, node);
  else if (rsc !== undefined) definition = definitionOf(book, rsc, key, task, intervalMs, node);
  const flags = Flag.runnable | (optional ? Flag.optional : 0);
  const id = book.actions.length + 1;
  const action = new Action(id, key, task, intervalMs, rsc, node, definition.meta, flags);
  if (rsc !== undefined && node !== undefined) {
    action.extra = operationParameters(book.surroundings, node, definition.op);
  }
  action.onDc = task === Task.lrmDelete;
  action.needs = needsOf(rsc, task);
  book.actions.push(action);
  if (rsc === undefined) append(book.actionsByKey, key, action);
  else {
    rsc.actions.push(action);
    const known = side === undefined ? undefined : listOf(side);
    if (known === undefined) append(rsc.actionsByKey, key, action);
    else known.push(action);
  }
  return action;
}

/** Finds or makes an action. Asking "optional" never makes a required action optional. */
export function requestAction(
  book: Book,
  rsc: Rsc | undefined,
  key: string,
  task: string,
  node: Node | undefined,
  optional: boolean,
): Action {
  const own = rsc?.side(task);
  const side = own?.key === key ? own : undefined;
  const known = side !== undefined ? listOf(side) : named((rsc ?? book).actionsByKey, key);
  const action = oldest(known, node) ?? makeAction(book, rsc, side, key, task, node, optional);
  const unmanaged =
    rsc !== undefined &&
    action.node !== undefined &&
    !action.pseudo &&
    !rsc.managed &&
    !action.meta.has("interval");
  if (unmanaged) action.optional = true;
  else if (!optional) action.optional = false;
  if (rsc !== undefined) {
    if (action.node !== undefined && action.extra === undefined) {
      const { op } = definitionOf(book, rsc, action.key, task, action.intervalMs, action.node);
      action.extra = operationParameters(book.surroundings, action.node, op);
    }
    judgeRunnable(book, action, rsc);
  }
  return action;
}

/** Quorum policy that holds for a resource; a demoted one may stay up without quorum. */
function policyFor(book: Book, rsc: Rsc): string {
  if (book.quorate) return "ignore";
  if (book.noQuorumPolicy !== "demote") return book.noQuorumPolicy;
  if (rsc.role === Role.promoted || rsc.role === Role.unpromoted) {
    if (rsc.nextRole > Role.unpromoted) rsc.nextRole = Role.unpromoted;
    return "ignore";
  }
  return "stop";
}

function judgeRunnable(book: Book, action: Action, rsc: Rsc): void {
  if (action.pseudo) return;
  const { node } = action;
  if (node === undefined) {
    action.runnable = false;
    return;
  }
  if (!action.onDc && !node.online && (!node.isGuest || node.remoteReset)) {
    action.runnable = false;
    if (action.task === Task.stop && rsc.managed && !node.unclean) {
      book.fence(node, "stop is unrunnable");
    }
    return;
  }
  if (!action.onDc && node.pending) {
    action.runnable = false;
    return;
  }
  if (action.needs === "nothing") {
    action.reason = undefined;
    action.runnable = !(node.isGuest && !canFence(book, node));
    return;
  }
  judgeQuorum(book, action, rsc);
}

function judgeQuorum(book: Book, action: Action, rsc: Rsc): void {
  switch (policyFor(book, rsc)) {
    case "stop":
      action.runnable = false;
      action.reason = "no quorum";
      return;
    case "freeze":
      if (!isActive(rsc, true) || rsc.nextRole > rsc.role) {
        action.runnable = false;
        action.reason = "quorum freeze";
      }
      return;
    default:
      action.runnable = true;
  }
}
