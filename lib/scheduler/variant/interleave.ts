/** Orderings between two clones (or bundles), instance by instance where they interleave (spec/scheduler-1 section D.4). */
import { isTruthy } from "../../status/options.ts";
import { Role } from "../../status/roles.ts";
import { type Action, Flag, Task } from "../actions/action.ts";
import { compatibleInstance, instancesOf } from "../assign/apply.ts";
import { commit } from "../assign/commit.ts";
import type { Book, Node, Rsc } from "../board.ts";
import { evaluatePrimitive } from "../ordering/primitive-rules.ts";
import { Rel, relate } from "../ordering/relation.ts";
import { memberTask } from "./group.ts";
import type { Change, Evaluation } from "./variant.ts";

/** What an action is about: notifications stand for what they tell of. */
function subjectOf(action: Action): string {
  const { task } = action;
  if (task !== Task.notify && task !== Task.notified) return task;
  return /_notify_([a-z]+)_0$/.exec(action.key)?.[1] ?? task;
}

/** Task of the primitives behind a collective's action. */
export function originalTask(action: Action): string {
  return memberTask(subjectOf(action));
}

export function newestByTask(rsc: Rsc, task: string, node: Node | undefined): Action | undefined {
  for (let i = rsc.actions.length - 1; i >= 0; i--) {
    const action = rsc.actions[i]!;
    if (action.task !== task) continue;
    if (node === undefined || action.node === node) return action;
  }
  return undefined;
}

function isCollective(rsc: Rsc | undefined): rsc is Rsc {
  return rsc?.variant === "clone" || rsc?.variant === "bundle";
}

function canInterleave(first: Action, then: Action): boolean {
  if (!isCollective(first.rsc) || !isCollective(then.rsc) || first.rsc === then.rsc) return false;
  const goesDown = then.key.endsWith("_stop_0") || then.key.endsWith("_demote_0");
  return isTruthy((goesDown ? first.rsc : then.rsc).meta.get("interleave"));
}

/** Part of a bundle's replica that carries out a task. */
function actor(instance: Rsc, task: string, asFirst: boolean): Rsc {
  if (!instance.replicaContainer) return instance;
  const replica = instance.parent?.bundle?.replicas.find((r) => r.container === instance);
  const child = replica?.child;
  if (child === undefined) return instance;
  if (asFirst) return task === Task.stop || task === Task.stopped ? instance : child;
  return task === Task.promote || task === Task.demote ? child : instance;
}

function instanceAction(
  action: Action,
  instance: Rsc,
  node: Node | undefined,
  asFirst: boolean,
): Action | undefined {
  const task = originalTask(action);
  const rsc = actor(instance, task, asFirst);
  return newestByTask(rsc, task, rsc.replicaContainer || rsc === instance ? node : undefined);
}

/** Without a partner a mandatory follower cannot come up. */
function unassignFollower(book: Book, e: Evaluation, instance: Rsc, current: boolean): boolean {
  if (current) return false;
  const mandatory = (e.property & (Rel.unrunnableBlocks | Rel.firstImpliesThen)) !== 0;
  if (!mandatory) return false;
  return commit(book, instance, undefined, true, true);
}

function interleave(book: Book, e: Evaluation, first: Rsc, then: Rsc): Change {
  const change: Change = { first: false, then: false };
  const { key } = e.first;
  const current = key.endsWith("_stopped_0") || key.endsWith("_demoted_0");
  const query = { role: Role.unknown, current };
  for (const instance of instancesOf(then)) {
    const partner = compatibleInstance(book, instance, first, query);
    if (partner === undefined) {
      if (unassignFollower(book, e, instance, current)) change.then = true;
      continue;
    }
    const firstAction = instanceAction(e.first, partner, e.node, true);
    const thenAction = instanceAction(e.then, instance, e.node, false);
    if (firstAction === undefined || thenAction === undefined) continue;
    if (relate(firstAction, thenAction, e.property)) {
      change.first = true;
      change.then = true;
    }
    const owner = firstAction.rsc!;
    const firstFlags = book.kind(owner).flagsOf(book, firstAction, e.node);
    const made = book.kind(thenAction.rsc!).evaluate(book, {
      ...e,
      first: firstAction,
      then: thenAction,
      firstFlags,
    });
    change.first ||= made.first;
    change.then ||= made.then;
  }
  return change;
}

function applyToInstance(book: Book, e: Evaluation, instance: Rsc): Change | undefined {
  const planned = newestByTask(instance, e.then.task, e.node);
  if (planned === undefined) return undefined;
  const flags = book.kind(instance).flagsOf(book, planned, e.node);
  if ((flags & Flag.runnable) === 0) return undefined;
  const made = book.kind(instance).evaluate(book, { ...e, then: planned });
  if (made.then) {
    for (let i = planned.after.length - 1; i >= 0; i--) book.update(planned.after[i]!.then);
  }
  return made;
}

/** The method of clones and bundles. */
export function evaluateCollective(book: Book, e: Evaluation): Change {
  const { first, then } = e;
  if (canInterleave(first, then)) return interleave(book, e, first.rsc!, then.rsc!);
  const change = evaluatePrimitive(e);
  if (change.then && then.rsc?.parent !== undefined) book.update(then);
  for (const instance of then.rsc === undefined ? [] : instancesOf(then.rsc)) {
    const made = applyToInstance(book, e, instance);
    change.first ||= made?.first === true;
    change.then ||= made?.then === true;
  }
  return change;
}

/** Some action behind that of a clone of primitives is required, on whatever node. */
export function hasRequiredPart(action: Action): boolean {
  const task = memberTask(subjectOf(action));
  const isPart = (part: Action): boolean => part.task === task && !part.optional;
  return action.rsc?.children.some((instance) => instance.actions.some(isPart)) === true;
}

/** Flags of a collective's action: required if one instance's is, runnable if one instance's is. */
export function collectiveFlags(
  book: Book,
  action: Action,
  instances: readonly Rsc[],
  node: Node | undefined,
): number {
  let flags = Flag.optional | Flag.runnable | Flag.pseudo;
  let anyRunnable = false;
  const subject = subjectOf(action);
  for (const instance of instances) {
    const isPrimitive = instance.variant === "primitive";
    const task = isPrimitive ? memberTask(subject) : subject;
    const planned = newestByTask(instance, task, isPrimitive ? node : undefined);
    if (planned === undefined) continue;
    const seen = book.kind(instance).flagsOf(book, planned, node);
    if ((flags & Flag.optional) !== 0 && (seen & Flag.optional) === 0) {
      flags &= ~Flag.optional;
      action.optional = false;
    }
    if ((seen & Flag.runnable) !== 0) anyRunnable = true;
  }
  if (!anyRunnable) {
    flags &= ~Flag.runnable;
    if (node === undefined) action.runnable = false;
  }
  return flags;
}
