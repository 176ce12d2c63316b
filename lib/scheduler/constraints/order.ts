/** Unpacking rsc_order: simple forms and sets (spec/scheduler-1 section D.2). */
import { parseScore } from "../../base/score.ts";
import type { OrderConstraint, ResourceSet } from "../../cib/model.ts";
import { isTruthy, parseBoolean } from "../../status/options.ts";
import { attr, type XmlElement } from "../../xml/node.ts";
import { Flag, Task } from "../actions/action.ts";
import { requestAction } from "../actions/table.ts";
import type { Book, Rsc } from "../board.ts";
import { Rel } from "../ordering/relation.ts";
import { constraintResource, expandMembers, expansionOf, isCollection } from "./lookup.ts";
import { order, orderActionBefore, orderTaskBefore } from "./ordering.ts";

type Kind = "Mandatory" | "Optional" | "Serialize";
type Symmetry = "symmetric" | "asymmetric" | "inverse";

const INVERSE: Readonly<Record<string, string>> = {
  start: Task.stop,
  stop: Task.start,
  promote: Task.demote,
  demote: Task.promote,
  promoted: Task.demoted,
  demoted: Task.promoted,
  running: Task.stopped,
  stopped: Task.running,
};

function kindOf(book: Book, xml: XmlElement, id: string): Kind {
  const text = attr(xml, "kind");
  if (text === undefined) {
    const score = attr(xml, "score");
    return score !== undefined && parseScore(score) === 0 ? "Optional" : "Mandatory";
  }
  if (text === "Mandatory" || text === "Optional" || text === "Serialize") return text;
  book.tell(
    "error",
    "pcmk__config_err",
    `Resetting 'kind' for constraint ${id} to 'Mandatory' because '${text}' is not valid`,
  );
  return "Mandatory";
}

function symmetryOf(xml: XmlElement, kind: Kind, inherited: string | undefined): Symmetry {
  const text = attr(xml, "symmetrical") ?? inherited;
  if (parseBoolean(text) === false) return "asymmetric";
  return kind === "Serialize" ? "asymmetric" : "symmetric";
}

/** Properties of a relation for a kind (spec/scheduler-1 section D.2). */
function properties(kind: Kind, firstTask: string, symmetry: Symmetry): number {
  switch (kind) {
    case "Optional":
      return Rel.plain;
    case "Serialize":
      return Rel.serialize;
    case "Mandatory":
      switch (symmetry) {
        case "asymmetric":
          return Rel.plain | Rel.asymmetric;
        case "inverse":
          return Rel.plain | Rel.thenImpliesFirst;
        case "symmetric": {
          const blocks =
            firstTask === Task.start ||
            firstTask === Task.promote ||
            firstTask === Task.migrateFrom;
          return Rel.plain | Rel.firstImpliesThen | (blocks ? Rel.unrunnableBlocks : 0);
        }
      }
  }
}

/** A pseudo-action that stands for "enough of these". */
function gate(book: Book, name: string, minimum: number) {
  const action = requestAction(book, undefined, name, name, undefined, true);
  action.flags |= Flag.pseudo;
  action.requiredRunnable = minimum;
  return action;
}

/** How many instances of a clone must be up before what follows; 0 = the clone as a whole. */
function minimumOf(rsc: Rsc, xml: XmlElement): number {
  if (rsc.variant !== "clone") return 0;
  const min = rsc.clone?.min ?? 0;
  if (min > 0) return min;
  return parseBoolean(attr(xml, "require-all")) === false ? 1 : 0;
}

function orderSimple(book: Book, constraint: OrderConstraint): void {
  const { xml, id } = constraint;
  const kind = kindOf(book, xml, id);
  const symmetry = symmetryOf(xml, kind, undefined);
  const first = constraintResource(book, constraint.first);
  const then = constraintResource(book, constraint.then);
  if (first === undefined || then === undefined) return;
  const firstTask = attr(xml, "first-action") ?? Task.start;
  const thenTask = attr(xml, "then-action") ?? firstTask;
  const flags = properties(kind, firstTask, symmetry);
  const minimum = minimumOf(first, xml);
  if (minimum > 0) {
    const pseudo = gate(book, `clone-one-or-more:${id}`, minimum);
    for (const instance of first.children) {
      orderTaskBefore(book, instance, firstTask, pseudo, Rel.minimumRunnable | Rel.graphsThen);
    }
    orderActionBefore(book, pseudo, then, thenTask, flags | Rel.unrunnableBlocks);
  } else order(book, first, firstTask, then, thenTask, flags);
  if (symmetry !== "symmetric") return;
  const invertedThen = INVERSE[thenTask];
  const invertedFirst = INVERSE[firstTask];
  if (invertedThen === undefined || invertedFirst === undefined) return;
  order(book, then, invertedThen, first, invertedFirst, properties(kind, invertedThen, "inverse"));
}

/** A set with its members resolved; undefined when one is unknown. */
interface OpenSet {
  readonly set: ResourceSet;
  readonly members: readonly Rsc[];
}

function openSet(book: Book, set: ResourceSet): OpenSet | undefined {
  const members: Rsc[] = [];
  for (const id of expandMembers(book, set)) {
    const rsc = constraintResource(book, id);
    if (rsc === undefined) return undefined;
    members.push(rsc);
  }
  return { set, members };
}

function actionOf(set: ResourceSet): string {
  return attr(set.xml, "action") ?? Task.start;
}

/** Orders the members of one set. */
function orderWithin(
  book: Book,
  constraint: OrderConstraint,
  open: OpenSet,
  parentKind: Kind,
  parentSymmetry: string | undefined,
): void {
  const { set, members } = open;
  if (members.length < 2) return;
  const hasKind = attr(set.xml, "kind") !== undefined || attr(set.xml, "score") !== undefined;
  const kind =
    attr(set.xml, "kind") !== undefined || hasKind
      ? kindOf(book, set.xml, constraint.id)
      : parentKind;
  const sequentialText = attr(set.xml, "sequential");
  const sequential = sequentialText === undefined || isTruthy(sequentialText);
  const symmetry = symmetryOf(set.xml, kind, parentSymmetry);
  const task = actionOf(set);
  const flags = properties(kind, task, symmetry);
  members.forEach((rsc, i) => {
    if (kind === "Serialize") {
      for (const later of members.slice(i + 1)) order(book, rsc, task, later, task, flags);
    } else if (sequential && i > 0) order(book, members[i - 1]!, task, rsc, task, flags);
  });
  const inverted = INVERSE[task];
  if (symmetry === "asymmetric" || inverted === undefined || !sequential) return;
  const inverseFlags = properties(kind, inverted, "inverse");
  members.forEach((rsc, i) => {
    if (i > 0) order(book, rsc, inverted, members[i - 1]!, inverted, inverseFlags);
  });
}

/** Orders one set before another; `inverse` means with inverted actions. */
function orderBetween(book: Book, s1: OpenSet, s2: OpenSet, kind: Kind, symmetry: Symmetry): void {
  let firstTask = actionOf(s1.set);
  let thenTask = actionOf(s2.set);
  const isInverse = symmetry === "inverse";
  if (isInverse) {
    const a = INVERSE[firstTask];
    const b = INVERSE[thenTask];
    if (a === undefined || b === undefined) return;
    firstTask = a;
    thenTask = b;
  }
  const requireText = attr(s1.set.xml, "require-all");
  let requireAll = requireText === undefined || isTruthy(requireText);
  if (firstTask === Task.stop || firstTask === Task.demote) requireAll = true;
  const flags = properties(kind, firstTask, symmetry);
  if (!requireAll) {
    const pseudo = gate(book, `one-or-more:${s1.set.id}`, 1);
    for (const rsc of s1.members) {
      orderTaskBefore(book, rsc, firstTask, pseudo, Rel.minimumRunnable | Rel.graphsThen);
    }
    for (const rsc of s2.members) {
      orderActionBefore(book, pseudo, rsc, thenTask, flags | Rel.unrunnableBlocks);
    }
    return;
  }
  const ends = (open: OpenSet, last: boolean): readonly Rsc[] => {
    if (!isTruthy(attr(open.set.xml, "sequential"))) return open.members;
    const one = last ? open.members.at(-1) : open.members[0];
    return one === undefined ? [] : [one];
  };
  for (const first of ends(s1, !isInverse)) {
    for (const then of ends(s2, isInverse)) order(book, first, firstTask, then, thenTask, flags);
  }
}

function orderSets(book: Book, constraint: OrderConstraint, sets: readonly ResourceSet[]): void {
  const { xml, id } = constraint;
  const kind = kindOf(book, xml, id);
  const symmetry = symmetryOf(xml, kind, undefined);
  let previous: OpenSet | undefined;
  for (const set of sets) {
    const open = openSet(book, set);
    if (open === undefined) return;
    orderWithin(book, constraint, open, kind, attr(xml, "symmetrical"));
    if (previous !== undefined) {
      orderBetween(book, previous, open, kind, symmetry);
      if (symmetry === "symmetric") orderBetween(book, open, previous, kind, "inverse");
    }
    previous = open;
  }
}

/** A simple constraint that names a template or tag becomes two sets. */
function asSets(book: Book, constraint: OrderConstraint): readonly ResourceSet[] | undefined {
  const { first, then, xml } = constraint;
  const firstMany = isCollection(book, first);
  const thenMany = isCollection(book, then);
  if ((!firstMany && !thenMany) || first === undefined || then === undefined) return undefined;
  const firstTask = attr(xml, "first-action");
  const make = (id: string, many: boolean, task: string | undefined): ResourceSet => {
    const attrs = new Map<string, string>([["id", id]]);
    if (many) attrs.set("sequential", "false");
    if (task !== undefined) attrs.set("action", task);
    const members = many ? (expansionOf(book, id) ?? []) : [id];
    return { id, members, xml: { name: "resource_set", attrs, children: [] } };
  };
  const thenTask = attr(xml, "then-action");
  return [make(first, firstMany, firstTask), make(then, thenMany, thenTask)];
}

export function unpackOrder(book: Book, constraint: OrderConstraint): void {
  const sets = constraint.sets.length > 0 ? constraint.sets : asSets(book, constraint);
  if (sets !== undefined) orderSets(book, constraint, sets);
  else orderSimple(book, constraint);
}
