/** Clones (spec/scheduler-2 section 12; spec/scheduler-1 sections C.5, C.7, D.8). Promotion is in promotable.ts. */
import { Discovery } from "../../status/node-table.ts";
import { Role } from "../../status/roles.ts";
import { leavesOf } from "../../status/tree.ts";
import { Task } from "../actions/action.ts";
import { makeNotifications } from "../actions/notify.ts";
import { byNumber } from "../actions/probes.ts";
import { addThisWith, addWithThis, thisWithOf, withThisOf } from "../assign/colocations.ts";
import { mergeDependent } from "../assign/merge.ts";
import { noteScores } from "../assign/notes.ts";
import type { Book, Node, Rsc } from "../board.ts";
import { order } from "../constraints/ordering.ts";
import { addLocationScores } from "../criteria/criteria.ts";
import { Rel } from "../ordering/relation.ts";
import { makePromoteDemote, makeStartStop } from "./collective-actions.ts";
import { assignInstances, sortInstances } from "./instances.ts";
import { collectiveFlags, evaluateCollective } from "./interleave.ts";
import { addPromotionScores, chooseRoles, resetPriorities } from "./promotable.ts";
import type { Variant } from "./variant.ts";

function assign(book: Book, clone: Rsc, prefer: Node | undefined, final: boolean): undefined {
  if (!clone.unassigned || clone.assigning) return;
  clone.assigning = true;
  if (clone.promotable) addPromotionScores(book, clone);
  for (const c of thisWithOf(book, clone)) {
    book.kind(c.primary).assign(book, c.primary, prefer, final);
  }
  for (const c of withThisOf(book, clone)) mergeDependent(book, clone, c);
  noteScores(book, "clone", clone, true);
  clone.children = sortInstances(book, clone, clone.children);
  const traits = clone.clone!;
  assignInstances(book, clone, clone.children, traits);
  if (clone.promotable) chooseRoles(book, clone);
  clone.unassigned = false;
  clone.assigning = false;
}

function createConstraints(book: Book, clone: Rsc): void {
  const own = (first: string, then: string, flags: number): void =>
    order(book, clone, first, clone, then, flags);
  own(Task.stopped, Task.start, Rel.plain);
  own(Task.start, Task.running, Rel.unrunnableBlocks);
  own(Task.stop, Task.stopped, Rel.unrunnableBlocks);
  if (clone.promotable) {
    own(Task.demoted, Task.stop, Rel.plain);
    own(Task.running, Task.promote, Rel.unrunnableBlocks);
  }
  const ordered = clone.clone?.ordered === true;
  if (ordered) clone.children = byNumber(clone);
  clone.children.forEach((instance, i) => {
    book.kind(instance).createConstraints(book, instance);
    order(book, clone, Task.start, instance, Task.start, Rel.unrunnableBlocks | Rel.graphsFirst);
    order(book, instance, Task.start, clone, Task.running, Rel.graphsThen);
    order(book, clone, Task.stop, instance, Task.stop, Rel.graphsFirst);
    order(book, instance, Task.stop, clone, Task.stopped, Rel.graphsThen);
    if (!ordered) return;
    for (const later of clone.children.slice(i + 1)) {
      order(book, instance, Task.start, later, Task.start, Rel.plain);
      order(book, later, Task.stop, instance, Task.stop, Rel.plain);
    }
  });
  if (clone.promotable) orderPromotion(book, clone, own, ordered);
}

function orderPromotion(
  book: Book,
  clone: Rsc,
  own: (first: string, then: string, flags: number) => void,
  ordered: boolean,
): void {
  own(Task.stopped, Task.start, Rel.plain);
  own(Task.stopped, Task.promote, Rel.plain);
  own(Task.demoted, Task.stop, Rel.plain);
  own(Task.demoted, Task.start, Rel.plain);
  own(Task.demoted, Task.promote, Rel.plain);
  own(Task.running, Task.promote, Rel.plain);
  own(Task.demote, Task.demoted, Rel.plain);
  let previous: Rsc | undefined;
  for (const instance of clone.children) {
    order(book, instance, Task.demote, instance, Task.promote, Rel.plain);
    order(book, clone, Task.promote, instance, Task.promote, Rel.plain);
    order(book, instance, Task.promote, clone, Task.promoted, Rel.plain);
    if (ordered && previous !== undefined) {
      order(book, previous, Task.promote, instance, Task.promote, Rel.plain);
    }
    order(book, clone, Task.demote, instance, Task.demote, Rel.graphsFirst);
    order(book, instance, Task.demote, clone, Task.demoted, Rel.graphsThen);
    if (ordered && previous !== undefined) {
      order(book, instance, Task.demote, previous, Task.demote, Rel.plain);
    }
    previous = instance;
  }
}

function createActions(book: Book, clone: Rsc): void {
  for (const instance of clone.children) book.kind(instance).createActions(book, instance);
  makeStartStop(book, clone, clone.children);
  if (!clone.promotable) return;
  for (const instance of clone.children) book.kind(instance).createActions(book, instance);
  makePromoteDemote(book, clone);
  resetPriorities(clone);
}

function isKnownOn(instance: Rsc, node: Node): boolean {
  if (instance.known.has(node.index)) return true;
  if (instance.variant === "primitive") return false;
  return leavesOf(instance).some((leaf) => leaf.known.has(node.index));
}

function isPlannedOn(instance: Rsc, node: Node): boolean {
  if (instance.variant === "primitive") return instance.assigned === node;
  return leavesOf(instance).some((leaf) => leaf.assigned === node);
}

/** The instance whose probe tells about the node: one known there, one that will be there, or the first. */
function instanceToProbe(clone: Rsc, node: Node): Rsc | undefined {
  let planned: Rsc | undefined;
  for (const instance of clone.children) {
    if (isKnownOn(instance, node)) return instance;
    if (planned === undefined && isPlannedOn(instance, node)) planned = instance;
  }
  return planned ?? clone.children[0];
}

function createProbe(book: Book, clone: Rsc, node: Node): boolean {
  if (clone.exclusiveDiscovery) {
    const { allowed } = clone;
    if (!allowed.has(node.index) || allowed.mode(node.index) !== Discovery.exclusive) {
      allowed.remove(node.index);
      return false;
    }
  }
  clone.children = byNumber(clone);
  if (clone.unique) {
    let made = false;
    for (const instance of clone.children) {
      if (book.kind(instance).createProbe(book, instance, node)) made = true;
    }
    return made;
  }
  const chosen = instanceToProbe(clone, node);
  return chosen !== undefined && book.kind(chosen).createProbe(book, chosen, node);
}

export const clone: Variant = {
  assign,
  createConstraints,
  createActions,
  createProbe,

  applyLocation(book, rsc, location) {
    if (location.role === Role.unknown || location.role === rsc.nextRole) {
      addLocationScores(rsc, location);
    }
    for (const c of rsc.children) book.kind(c).applyLocation(book, c, location);
  },

  collectThisWith(book, rsc, asker, into) {
    addThisWith(rsc.thisWith, into);
    const { parent } = rsc;
    if (parent !== undefined) book.kind(parent).collectThisWith(book, parent, asker, into);
  },

  collectWithThis(book, rsc, asker, into) {
    addWithThis(rsc.withThis, into);
    const { parent } = rsc;
    if (parent !== undefined) book.kind(parent).collectWithThis(book, parent, asker, into);
  },

  flagsOf(book, action, node) {
    return collectiveFlags(book, action, action.rsc!.children, node);
  },

  evaluate: evaluateCollective,

  addToGraph(book, rsc, emit) {
    for (let i = rsc.actions.length - 1; i >= 0; i--) {
      collectiveFlags(book, rsc.actions[i]!, rsc.children, undefined);
    }
    if (rsc.notify) makeNotifications(book, rsc, rsc.notifications);
    for (const c of rsc.children) book.kind(c).addToGraph(book, c, emit);
    for (let i = rsc.actions.length - 1; i >= 0; i--) emit(rsc.actions[i]!);
  },
};
