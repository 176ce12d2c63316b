/** The pseudo-actions of clones and bundles (spec/scheduler-1 section C.7). */
import { INFINITY } from "../../base/score.ts";
import { isActive } from "../../status/tree.ts";
import { type Action, Flag, Task } from "../actions/action.ts";
import { makeNotification, sequencePromotion, sequenceStartStop } from "../actions/notify.ts";
import { requestAction } from "../actions/table.ts";
import type { Book, Rsc } from "../board.ts";

/** What the instances are about to do. */
interface Changes {
  starting: boolean;
  stopping: boolean;
  restarting: boolean;
  active: boolean;
}

function lookAt(rsc: Rsc, changes: Changes): void {
  if (rsc.children.length > 0) {
    for (const c of rsc.children) lookAt(c, changes);
    return;
  }
  if (isActive(rsc, false)) changes.active = true;
  let starting = false;
  let stopping = false;
  for (const action of rsc.actions) {
    if (action.optional) continue;
    if (action.task === Task.start && action.runnable) starting = true;
    if (action.task === Task.stop && (action.pseudo || action.runnable)) stopping = true;
  }
  if (starting) changes.starting = true;
  if (stopping) changes.stopping = true;
  if (starting && stopping) changes.restarting = true;
}

export function pseudoAction(
  book: Book,
  rsc: Rsc,
  task: string,
  optional: boolean,
  runnable: boolean,
): Action {
  const action = requestAction(book, rsc, rsc.keyOf(task), task, undefined, optional);
  action.flags |= Flag.pseudo;
  action.runnable = runnable;
  return action;
}

function urgent(action: Action): Action {
  action.priority = INFINITY;
  return action;
}

/** start, running, stop, stopped of a clone or bundle, with their notifications. */
export function makeStartStop(book: Book, rsc: Rsc, instances: readonly Rsc[]): void {
  const changes: Changes = {
    starting: false,
    stopping: false,
    restarting: false,
    active: false,
  };
  for (const instance of instances) lookAt(instance, changes);
  const start = pseudoAction(book, rsc, Task.start, !changes.starting, true);
  const up = changes.active || changes.starting;
  const running = urgent(pseudoAction(book, rsc, Task.running, !changes.starting, up));
  const stop = pseudoAction(book, rsc, Task.stop, !changes.stopping, true);
  const stopped = urgent(pseudoAction(book, rsc, Task.stopped, !changes.stopping, true));
  if (!changes.restarting) stop.flags |= Flag.migratable;
  if (rsc.variant !== "clone" || !rsc.notify) return;
  rsc.notifications.start = makeNotification(book, rsc, "start", start, running);
  rsc.notifications.stop = makeNotification(book, rsc, "stop", stop, stopped);
  sequenceStartStop(rsc.notifications);
}

function changesRole(rsc: Rsc, task: string): boolean {
  if (rsc.children.length > 0) return rsc.children.some((c) => changesRole(c, task));
  return rsc.actions.some((action) => action.task === task && !action.optional && action.runnable);
}

/** promote, promoted, demote, demoted of a promotable clone. */
export function makePromoteDemote(book: Book, rsc: Rsc): void {
  const promoting = rsc.children.some((c) => changesRole(c, Task.promote));
  const demoting = rsc.children.some((c) => changesRole(c, Task.demote));
  const promote = pseudoAction(book, rsc, Task.promote, !promoting, true);
  const promoted = urgent(pseudoAction(book, rsc, Task.promoted, !promoting, true));
  const told = rsc.notifications;
  if (rsc.notify) told.promote = makeNotification(book, rsc, "promote", promote, promoted);
  const demote = pseudoAction(book, rsc, Task.demote, !demoting, true);
  const demoted = urgent(pseudoAction(book, rsc, Task.demoted, !demoting, true));
  if (!rsc.notify) return;
  told.demote = makeNotification(book, rsc, "demote", demote, demoted);
  sequencePromotion(told);
}
