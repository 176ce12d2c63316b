/** What must be with something that cannot run cannot run either (spec/scheduler-1 section D.7, -2 section 8.9). */
import { INFINITY } from "../../base/score.ts";
import { Role } from "../../status/roles.ts";
import { topOf } from "../../status/tree.ts";
import { type Action, Task } from "../actions/action.ts";
import { withThisOf } from "../assign/colocations.ts";
import type { Book, Rsc } from "../board.ts";

export type Update = (book: Book, action: Action) => void;

function newestByTask(rsc: Rsc, task: string): Action | undefined {
  for (let i = rsc.actions.length - 1; i >= 0; i--) {
    const action = rsc.actions[i]!;
    if (action.task === task) return action;
  }
  return undefined;
}

function blockOne(book: Book, rsc: Rsc, task: string, cause: Rsc, update: Update): void {
  for (let i = rsc.actions.length - 1; i >= 0; i--) {
    const action = rsc.actions[i]!;
    if (action.task !== task || !action.runnable) continue;
    action.runnable = false;
    if (action.rsc !== cause) action.explain(`colocation with ${cause.id}`);
    blockDependents(book, action, update);
    update(book, action);
  }
  for (const c of rsc.children) blockOne(book, c, task, cause, update);
}

export function blockDependents(book: Book, action: Action, update: Update): void {
  const own = action.rsc;
  if (own === undefined || action.runnable) return;
  if (action.task !== Task.start && action.task !== Task.promote) return;
  const top = topOf(own);
  const rsc = top.parent?.variant === "bundle" ? top.parent : top;
  for (const c of rsc.children) {
    const planned = newestByTask(c, action.task);
    if (planned === undefined || planned.runnable) return;
  }
  for (const colocation of withThisOf(book, rsc)) {
    if (colocation.score < INFINITY) continue;
    if (action.task === Task.promote && colocation.primaryRole !== Role.promoted) continue;
    const task = colocation.dependentRole === Role.promoted ? Task.promote : Task.start;
    blockOne(book, colocation.dependent, task, own, update);
  }
}
