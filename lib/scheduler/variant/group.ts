/** Groups (spec/scheduler-2 section 10; spec/scheduler-1 sections C.7, D.4 and D.8). */
import { INFINITY } from "../../base/score.ts";
import { isTruthy } from "../../status/options.ts";
import { Role } from "../../status/roles.ts";
import { topOf } from "../../status/tree.ts";
import { type Action, Flag, Task } from "../actions/action.ts";
import { actionsOfTask, requestAction } from "../actions/table.ts";
import { addThisWith, addWithThis } from "../assign/colocations.ts";
import { noteScores } from "../assign/notes.ts";
import type { Book, Node, Rsc } from "../board.ts";
import { colocate } from "../constraints/colocation.ts";
import type { Colocation } from "../constraints/model.ts";
import { order } from "../constraints/ordering.ts";
import { addLocationScores } from "../criteria/criteria.ts";
import { evaluatePrimitive } from "../ordering/primitive-rules.ts";
import { Rel } from "../ordering/relation.ts";
import type { Change, Variant } from "./variant.ts";

/** Task of the members behind a group's or clone's action: "running" is the sum of starts. */
export function memberTask(task: string): string {
  switch (task) {
    case Task.running:
      return Task.start;
    case Task.stopped:
      return Task.stop;
    case Task.promoted:
      return Task.promote;
    case Task.demoted:
      return Task.demote;
    default:
      return task;
  }
}

function assign(book: Book, rsc: Rsc, prefer: Node | undefined, final: boolean): Node | undefined {
  if (!rsc.unassigned) return rsc.assigned;
  if (rsc.assigning) return undefined;
  rsc.assigning = true;
  const first = rsc.children[0];
  if (first !== undefined) rsc.role = first.role;
  noteScores(book, "group", rsc, true);
  let node: Node | undefined;
  for (const member of rsc.children) {
    const chosen = book.kind(member).assign(book, member, prefer, final);
    if (node === undefined) node = chosen;
  }
  if (first !== undefined) rsc.nextRole = first.nextRole;
  rsc.assigning = false;
  rsc.unassigned = false;
  return rsc.collocated ? node : undefined;
}

interface Links {
  readonly down: number;
  readonly post: number;
}

function orderMember(book: Book, group: Rsc, member: Rsc, links: Links, promotable: boolean): void {
  const after = Rel.unrunnableBlocks | Rel.firstImpliesThen | Rel.graphsThen;
  if (promotable) {
    order(book, group, Task.demote, member, Task.demote, links.down);
    order(book, member, Task.demote, group, Task.demoted, links.post);
    order(book, member, Task.promote, group, Task.promoted, after);
    order(book, group, Task.promote, member, Task.promote, Rel.graphsFirst);
  }
  order(book, group, Task.stop, member, Task.stop, links.down);
  order(book, member, Task.stop, group, Task.stopped, links.post);
  order(book, group, Task.start, member, Task.start, Rel.graphsFirst);
  order(book, member, Task.start, group, Task.running, after);
}

interface Chain {
  previous: Rsc | undefined;
  /** Last member seen that is active. */
  lastActive: Rsc | undefined;
}

function orderInChain(
  book: Book,
  group: Rsc,
  member: Rsc,
  chain: Chain,
  promotable: boolean,
): void {
  const strong = Rel.firstImpliesThen | Rel.unrunnableBlocks;
  if (!group.ordered) {
    order(book, group, Task.start, member, Task.start, strong | Rel.graphsFirst);
    if (promotable) {
      order(book, group, Task.promote, member, Task.promote, strong | Rel.graphsFirst);
    }
    return;
  }
  const { previous } = chain;
  if (previous === undefined) return;
  order(book, previous, Task.start, member, Task.start, strong);
  order(book, member, Task.stop, previous, Task.stop, Rel.plain | Rel.restart);
  if (member.active.length > 0 && previous.active.length === 0) {
    order(
      book,
      member,
      Task.stop,
      previous,
      Task.start,
      Rel.thenImpliesFirst | Rel.unrunnableBlocks,
    );
  }
  if (promotable) {
    order(book, previous, Task.promote, member, Task.promote, strong);
    order(book, member, Task.demote, previous, Task.demote, Rel.plain);
  }
}

function createConstraints(book: Book, group: Rsc): void {
  order(book, group, Task.stop, group, Task.stopped, Rel.unrunnableBlocks);
  order(book, group, Task.stopped, group, Task.start, Rel.plain);
  order(book, group, Task.start, group, Task.running, Rel.unrunnableBlocks);
  const promotable = topOf(group).promotable;
  const chain: Chain = { previous: undefined, lastActive: undefined };
  for (const member of group.children) {
    book.kind(member).createConstraints(book, member);
    const { previous } = chain;
    if (group.collocated && previous !== undefined) {
      colocate(book, {
        id: "#group-members",
        dependent: member,
        primary: previous,
        score: INFINITY,
        influence: member.critical,
      });
    }
    const first = previous === undefined && group.ordered;
    const links: Links = {
      down: Rel.graphsFirst | (first ? Rel.plain : 0),
      post: first ? Rel.firstImpliesThen : Rel.graphsThen,
    };
    orderMember(book, group, member, links, promotable);
    orderInChain(book, group, member, chain, promotable);
    const { lastActive } = chain;
    if (
      lastActive !== undefined &&
      previous !== undefined &&
      member.active.length > 0 &&
      previous.active.length === 0
    ) {
      order(book, member, Task.stop, lastActive, Task.stop, Rel.plain);
    }
    if (member.active.length > 0) chain.lastActive = member;
    chain.previous = member;
  }
}

function pseudo(book: Book, group: Rsc, task: string): void {
  const action = requestAction(book, group, group.keyOf(task), task, undefined, true);
  action.flags |= Flag.pseudo | Flag.runnable;
}

function createActions(book: Book, group: Rsc): void {
  for (const member of group.children) book.kind(member).createActions(book, member);
  for (const task of [Task.start, Task.running, Task.stop, Task.stopped]) pseudo(book, group, task);
  if (isTruthy(group.meta.get("promotable")) || topOf(group).promotable) {
    for (const task of [Task.demote, Task.demoted, Task.promote, Task.promoted]) {
      pseudo(book, group, task);
    }
  }
}

function newestAction(rsc: Rsc, task: string, node: Node | undefined): Action | undefined {
  const known = actionsOfTask(rsc, task);
  for (let i = known.length - 1; i >= 0; i--) {
    const action = known[i]!;
    if (node === undefined || action.node === node) return action;
  }
  return undefined;
}

function flagsOf(book: Book, action: Action, node: Node | undefined): number {
  const group = action.rsc!;
  let flags = Flag.optional | Flag.runnable | Flag.pseudo;
  const task = memberTask(action.task);
  for (const member of group.children) {
    const planned = newestAction(member, task, node);
    if (planned === undefined) {
      if (task !== Task.stop && task !== Task.demote) flags &= ~Flag.runnable;
      continue;
    }
    const seen = book.kind(member).flagsOf(book, planned, node);
    if ((flags & Flag.optional) !== 0 && (seen & Flag.optional) === 0) {
      flags &= ~Flag.optional;
      action.optional = false;
    }
    if (task !== action.task && (flags & Flag.runnable) !== 0 && (seen & Flag.runnable) === 0) {
      flags &= ~Flag.runnable;
      action.runnable = false;
    }
  }
  return flags;
}

/** Only asked for by the last member (or the group): the whole group must be up. */
function collectWithThis(book: Book, group: Rsc, asker: Rsc, into: Colocation[]): void {
  if (asker !== group && asker !== group.children.at(-1)) return;
  addWithThis(group.withThis, into);
  const { parent } = group;
  if (parent !== undefined) book.kind(parent).collectWithThis(book, parent, asker, into);
  if (!group.collocated) return;
  for (const member of group.children) {
    if (member !== asker) book.kind(member).collectWithThis(book, member, asker, into);
  }
}

/** Asked for by the first member (or the group): it decides for all. */
function collectThisWith(book: Book, group: Rsc, asker: Rsc, into: Colocation[]): void {
  if (asker === group || asker === group.children[0]) {
    addThisWith(group.thisWith, into);
    const { parent } = group;
    if (parent !== undefined) book.kind(parent).collectThisWith(book, parent, asker, into);
    if (!group.collocated) return;
    for (const member of group.children) {
      if (member !== asker) book.kind(member).collectThisWith(book, member, asker, into);
    }
    return;
  }
  for (const member of group.children) {
    if (member === asker) return;
    if (member.managed) continue;
    addThisWith(
      group.thisWith.filter((c) => c.score >= INFINITY),
      into,
    );
    return;
  }
}

function mergeChange(into: Change, made: Change): void {
  into.first ||= made.first;
  into.then ||= made.then;
}

export const group: Variant = {
  assign,
  createConstraints,
  createActions,
  collectThisWith,
  collectWithThis,
  flagsOf,

  createProbe(book, rsc, node) {
    let made = false;
    for (const member of rsc.children) {
      if (book.kind(member).createProbe(book, member, node)) made = true;
    }
    return made;
  },

  applyLocation(book, rsc, location) {
    if (location.role !== Role.unknown && location.role !== rsc.nextRole) return;
    addLocationScores(rsc, location);
    rsc.children.forEach((member, i) => {
      if (rsc.collocated && i > 0) {
        const silent = location.nodes.map(({ node }) => ({ node, score: 0 }));
        book.kind(member).applyLocation(book, member, { ...location, nodes: silent });
      } else book.kind(member).applyLocation(book, member, location);
    });
  },

  evaluate(book, evaluation) {
    const { then, node } = evaluation;
    const change = evaluatePrimitive(evaluation);
    if (change.then && then.rsc?.parent !== undefined) book.update(then);
    for (const member of then.rsc?.children ?? []) {
      const planned = newestAction(member, then.task, node);
      if (planned === undefined) continue;
      mergeChange(change, book.kind(member).evaluate(book, { ...evaluation, then: planned }));
    }
    return change;
  },

  addToGraph(book, rsc, emit) {
    for (let i = rsc.actions.length - 1; i >= 0; i--) emit(rsc.actions[i]!);
    for (const member of rsc.children) book.kind(member).addToGraph(book, member, emit);
  },
};
