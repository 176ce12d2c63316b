/**
 * What each property of a relation does to two concrete actions (spec/scheduler-1 section D.4, "Primitive method"). Groups
 * and clones apply it to their own action first and then to their parts.
 */
import { Role } from "../../status/roles.ts";
import { roleOf } from "../../status/tree.ts";
import { type Action, Flag, Task } from "../actions/action.ts";
import type { Change, Evaluation } from "../variant/variant.ts";
import { Rel } from "./relation.ts";

const WORDS: Readonly<Record<number, string>> = {
  [Flag.optional]: "required",
  [Flag.runnable]: "unrunnable",
  [Flag.migratable]: "unmigrateable",
};

/** Clears a flag and remembers why, when another resource is the cause. */
export function clearBecause(action: Action, flag: number, cause: Action): void {
  if ((action.flags & flag) === 0) return;
  action.flags &= ~flag;
  if (action.rsc === cause.rsc) return;
  const who = cause.rsc === undefined ? "" : `${cause.rsc.id} `;
  action.explain(`${WORDS[flag]} ${who}${cause.task}`);
}

/** A one-way mandatory ordering whose first action cannot run. */
function applyAsymmetric(e: Evaluation): void {
  const { first, then } = e;
  if (first.runnable) return;
  const { rsc } = then;
  if (rsc !== undefined && then.optional) {
    const role = roleOf(rsc, true);
    if (then.task === Task.stop && role === Role.stopped) return;
    const settled =
      then.task === Task.start &&
      role >= Role.started &&
      rsc.active.length === 1 &&
      rsc.active[0] === then.node;
    if (settled) return;
  }
  clearBecause(then, Flag.optional, first);
  clearBecause(then, Flag.runnable, first);
}

function applyRestart(e: Evaluation): void {
  const { first, then, filter } = e;
  if (first.rsc?.variant !== "primitive" || then.rsc?.variant !== "primitive") return;
  const demanded = (filter & Flag.optional) !== 0 && !then.optional;
  const stuck =
    (filter & Flag.runnable) !== 0 && !then.runnable && then.rsc.managed && first.rsc === then.rsc;
  if (!demanded && !stuck) return;
  if (first.runnable) clearBecause(first, Flag.optional, then);
  if (!then.optional) clearBecause(first, Flag.optional, then);
  if (!then.migratable) clearBecause(first, Flag.migratable, then);
  if (!first.optional && !first.runnable) clearBecause(then, Flag.runnable, first);
}

function applyThenImpliesFirst(e: Evaluation): void {
  const { first, then, firstFlags, filter } = e;
  if ((filter & Flag.optional) === 0 || then.optional) return;
  if ((firstFlags & Flag.optional) === 0) clearBecause(first, Flag.optional, then);
  if (first.migratable && !then.migratable) clearBecause(first, Flag.migratable, then);
}

function applyPromotedImpliesFirst(e: Evaluation): void {
  const { first, then, filter } = e;
  if ((filter & Flag.optional) === 0 || then.optional) return;
  if (then.rsc?.role !== Role.promoted) return;
  clearBecause(first, Flag.optional, then);
  if (first.migratable && !then.migratable) clearBecause(first, Flag.migratable, then);
}

function applyProperty(e: Evaluation): void {
  const { first, then, firstFlags, filter } = e;
  const readsRunnable = (filter & Flag.runnable) !== 0;
  switch (e.property) {
    case Rel.asymmetric:
      applyAsymmetric(e);
      return;
    case Rel.thenImpliesFirst:
      applyThenImpliesFirst(e);
      return;
    case Rel.promotedImpliesFirst:
      applyPromotedImpliesFirst(e);
      return;
    case Rel.unmigratableBlocksFirst:
      if (!readsRunnable) return;
      if (!then.migratable || !then.runnable) clearBecause(first, Flag.runnable, then);
      if (!then.optional) clearBecause(first, Flag.optional, then);
      return;
    case Rel.unrunnableUnmasksThen:
      if (!readsRunnable || (firstFlags & Flag.runnable) !== 0) return;
      clearBecause(then, Flag.migratable, first);
      then.pseudo = false;
      return;
    case Rel.unrunnableBlocks:
      if (!readsRunnable || !then.runnable || (firstFlags & Flag.runnable) !== 0) return;
      clearBecause(then, Flag.runnable, first);
      clearBecause(then, Flag.migratable, first);
      return;
    case Rel.firstImpliesThen:
      if ((filter & Flag.optional) === 0 || (firstFlags & Flag.optional) !== 0) return;
      if (then.optional && !first.migratable) clearBecause(then, Flag.optional, first);
      return;
    case Rel.restart:
      applyRestart(e);
  }
}

/** Applies one property and tells what changed. */
export function evaluatePrimitive(e: Evaluation): Change {
  const firstBefore = e.first.flags;
  const thenBefore = e.then.flags;
  applyProperty(e);
  return { first: e.first.flags !== firstBefore, then: e.then.flags !== thenBefore };
}
