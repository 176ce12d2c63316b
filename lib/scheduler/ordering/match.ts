/** Stage 17: orderings meet the actions they speak of (spec/scheduler-1 section D.3). */
import { Role } from "../../status/roles.ts";
import { roleOf } from "../../status/tree.ts";
import { type Action, opKey, parseKey, Task } from "../actions/action.ts";
import { actionsOfTask, findActions, requestAction } from "../actions/table.ts";
import type { Book, Rsc } from "../board.ts";
import type { Ordering, OrderingSide, ProbeFan } from "../constraints/model.ts";
import { Rel, relate } from "./relation.ts";

/** Actions of one side, oldest first; a key made for another id is tried with the resource's own. */
function actionsOf(side: OrderingSide, rsc: Rsc): readonly Action[] {
  const { key, task } = side;
  if (task !== undefined) return actionsOfTask(rsc, task);
  if (key === undefined) return [];
  const found = findActions(rsc, key);
  if (found.length > 0) return found;
  const parsed = parseKey(key);
  if (parsed === undefined || parsed.resourceId === rsc.id) return found;
  return findActions(rsc, opKey(rsc.id, parsed.task, parsed.intervalMs));
}

/** An action that nobody planned: optional and without a node, so that it cannot run. */
function makeFirst(book: Book, rsc: Rsc, key: string): readonly Action[] {
  const parsed = parseKey(key);
  if (parsed === undefined) return [];
  const role = roleOf(rsc, true);
  if (parsed.task === Task.stop && role === Role.stopped) return [];
  if (parsed.task === Task.demote && role === Role.unpromoted) return [];
  const own = opKey(rsc.id, parsed.task, parsed.intervalMs);
  return [requestAction(book, rsc, own, parsed.task, undefined, true)];
}

function relateThen(first: Action, ordering: Ordering): void {
  const { then } = ordering;
  let { flags } = ordering;
  const actions = then.action !== undefined ? [then.action] : actionsOf(then, then.rsc!);
  if (first.rsc !== undefined && first.rsc === then.rsc && first.migrationAbort) {
    flags &= ~Rel.firstImpliesThen;
  }
  for (const action of actions) relate(first, action, flags);
}

function applyOrdering(book: Book, ordering: Ordering): void {
  const { first, then } = ordering;
  if (first.action !== undefined) {
    relateThen(first.action, ordering);
    return;
  }
  const { rsc, key } = first;
  if (rsc === undefined || key === undefined) return;
  let actions = actionsOf(first, rsc);
  if (actions.length === 0) {
    if (rsc === then.rsc) return;
    actions = makeFirst(book, rsc, key);
  }
  for (const action of actions) relateThen(action, ordering);
}

function applyFan({ target, probes }: ProbeFan): void {
  for (const task of [Task.start, Task.reload]) {
    for (const then of actionsOfTask(target, task)) {
      for (const probe of probes) relate(probe, then, Rel.plain);
    }
  }
}

export function applyOrderings(book: Book): void {
  const { orderings, probeFans } = book;
  let next = 0;
  for (let i = 0; i <= orderings.length; i++) {
    for (; probeFans[next]?.position === i; next++) applyFan(probeFans[next]!);
    if (i < orderings.length) applyOrdering(book, orderings[i]!);
  }
}
