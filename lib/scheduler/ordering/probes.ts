/** Probes come before what could disturb what they look for (spec/scheduler-1 section D.5). */

import { Role } from "../../status/roles.ts";
import { isActive, leavesOf, topOf } from "../../status/tree.ts";
import { type Action, Task } from "../actions/action.ts";
import { actionsOfTask, findActions } from "../actions/table.ts";
import { compatibleInstance } from "../assign/apply.ts";
import type { Book, Rsc } from "../board.ts";
import type { Ordering } from "../constraints/model.ts";
import { Rel, type Relation, relate } from "./relation.ts";

function isProbe(action: Action): boolean {
  return action.task === Task.monitor && action.intervalMs === 0;
}

/** An unrunnable probe keeps what is not running from starting. */
function shieldStarts(probe: Action, after: Relation): void {
  const x = after.then;
  const top = probe.rsc === undefined ? undefined : topOf(probe.rsc);
  if (x.rsc === undefined || x.rsc !== top || x.task !== Task.start) return;
  if (x.rsc.variant !== "clone" && x.rsc.variant !== "bundle") return;
  if (probe.runnable || (after.created & Rel.unrunnableBlocks) !== 0) return;
  for (let i = x.after.length - 1; i >= 0; i--) {
    const then = x.after[i]!.then;
    if (then.rsc === undefined || then.task !== Task.start) continue;
    if (isActive(then.rsc, false) || topOf(then.rsc) !== top) continue;
    relate(probe, then, Rel.plain | Rel.unrunnableBlocks);
  }
}

/** Collects the stops and demotions elsewhere that the action `x` may cause, in the order found. */
function collectRestarts(book: Book, own: Rsc, x: Action, seen: Set<Action>, into: Action[]): void {
  if (seen.has(x)) return;
  seen.add(x);
  const { rsc } = x;
  if (rsc !== undefined && rsc.variant === "primitive" && rsc !== own) {
    const task =
      x.task === Task.start ? Task.stop : x.task === Task.promote ? Task.demote : undefined;
    if (task !== undefined) {
      for (const action of actionsOfTask(rsc, task)) if (!action.pseudo) into.push(action);
    }
  }
  const interleaved = rsc?.variant === "clone" && rsc.clone?.interleave === true;
  const compatible = interleaved
    ? compatibleInstance(book, own, rsc, { role: Role.unknown, current: false })
    : undefined;
  for (let i = x.after.length - 1; i >= 0; i--) {
    const next = x.after[i]!;
    if ((next.created & Rel.firstImpliesThen) === 0) {
      if (!leadsToChild(x, next.then, own)) continue;
      if (interleaved && compatible !== undefined && next.then.rsc !== compatible) continue;
    }
    collectRestarts(book, own, next.then, seen, into);
  }
}

/** From a collective's action to that of one of its parts. */
function leadsToChild(x: Action, then: Action, own: Rsc): boolean {
  const { rsc } = x;
  if (rsc === undefined || rsc.variant === "primitive" || rsc === own.parent) return false;
  if (then.rsc === undefined || then.rsc.parent !== rsc) return false;
  return then.rsc.variant === "primitive" || then.rsc.variant === "group";
}

/** Restarts that what follows the probes of a resource may cause elsewhere wait for the probes too. */
function orderProbesOf(book: Book, rsc: Rsc): void {
  // The probes of a resource come before the same actions: what these cause is found once. Relations from probes, all
  // that is added here, lead to no restart.
  const restarts = new Map<Action, readonly Action[]>();
  const restartsAfter = (x: Action): readonly Action[] => {
    let known = restarts.get(x);
    if (known === undefined) {
      const found: Action[] = [];
      collectRestarts(book, rsc, x, new Set(), found);
      known = found;
      restarts.set(x, known);
    }
    return known;
  };
  for (const probe of rsc.actions) {
    if (!isProbe(probe)) continue;
    for (let i = probe.after.length - 1; i >= 0; i--) {
      const after = probe.after[i]!;
      shieldStarts(probe, after);
      for (const action of restartsAfter(after.then)) relate(probe, action, Rel.plain);
    }
  }
}

/** Before something is stopped for another's sake, the other's probes must have told what is there. */
function orderBehindStop(ordering: Ordering): void {
  const { first, then } = ordering;
  if (first.rsc === undefined || first.rsc === then.rsc || ordering.flags === Rel.none) return;
  const firstTask = first.action?.task ?? taskFrom(first.key, first.rsc);
  if (firstTask !== Task.stop) return;
  const launcher = first.rsc.launcher;
  const thenTask = then.action?.task ?? taskFrom(then.key, then.rsc);
  if (launcher !== undefined && launcher === then.rsc && thenTask === Task.stop) return;
  let flags: number = Rel.plain;
  for (const special of [Rel.sameNodeOrTarget, Rel.requiredOnSameNode]) {
    if ((ordering.flags & special) !== 0) flags = special;
  }
  if (flags === Rel.plain) {
    flags |= ordering.flags & (Rel.firstNotMigrating | Rel.sameNode);
  }
  const probes = probesOf(first.rsc);
  if (probes.length === 0) return;
  const actions =
    then.action !== undefined
      ? [then.action]
      : then.rsc === undefined || then.key === undefined
        ? []
        : findActions(then.rsc, then.key);
  for (const probe of probes) {
    for (const action of actions) {
      if (action.task === Task.stonith && action.meta.get("stonith_action") === "on") {
        if (action.node === probe.node) continue;
      }
      if (action.task === Task.shutdown && action.node !== probe.node) continue;
      relate(probe, action, flags);
    }
  }
}

function taskFrom(key: string | undefined, rsc: Rsc | undefined): string | undefined {
  if (key === undefined || rsc === undefined) return undefined;
  return key.startsWith(`${rsc.id}_`)
    ? key.slice(rsc.id.length + 1).replace(/_\d+$/, "")
    : undefined;
}

function probesOf(rsc: Rsc): readonly Action[] {
  return actionsOfTask(rsc, Task.monitor);
}

export function orderProbes(book: Book): void {
  for (const top of book.resources) {
    for (const rsc of leavesOf(top)) orderProbesOf(book, rsc);
  }
  for (const ordering of book.orderings) orderBehindStop(ordering);
}
