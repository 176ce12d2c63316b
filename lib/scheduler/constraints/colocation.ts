/** Unpacking colocations, and adding implied ones (spec/scheduler-2 section 5). */
import { compareBytes, insertSorted } from "../../base/collections.ts";
import { INFINITY, parseScore, type Score } from "../../base/score.ts";
import type { ColocationConstraint, ResourceSet } from "../../cib/model.ts";
import { isTruthy, parseBoolean } from "../../status/options.ts";
import { parseRole, Role } from "../../status/roles.ts";
import { VARIANT_RANK } from "../../status/state.ts";
import { attr } from "../../xml/node.ts";
import { Task } from "../actions/action.ts";
import type { Book, Rsc } from "../board.ts";
import { Rel } from "../ordering/relation.ts";
import { constraintResource, expandMembers, expansionOf, isCollection } from "./lookup.ts";
import type { Colocation } from "./model.ts";
import { order } from "./ordering.ts";

/** Which colocation counts first: by the resource on the other side (spec/scheduler-2 section 5.2). */
function compareSides(a: Rsc, b: Rsc): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  const rank = VARIANT_RANK[b.variant] - VARIANT_RANK[a.variant];
  if (rank !== 0) return rank;
  if (a.variant === "clone" && a.promotable !== b.promotable) return a.promotable ? -1 : 1;
  return compareBytes(a.id, b.id);
}

export function compareByPrimary(a: Colocation, b: Colocation): number {
  return compareSides(a.primary, b.primary);
}

export function compareByDependent(a: Colocation, b: Colocation): number {
  return compareSides(a.dependent, b.dependent);
}

/** The role a colocation names; Started means any. Undefined = invalid. */
function colocationRole(text: string | undefined): Role | undefined {
  if (text === undefined) return Role.unknown;
  const role = parseRole(text);
  return role === Role.started ? Role.unknown : role;
}

export interface NewColocation {
  readonly id: string;
  readonly dependent: Rsc;
  readonly primary: Rsc;
  readonly score: Score;
  readonly attribute?: string | undefined;
  readonly dependentRole?: Role;
  readonly primaryRole?: Role;
  readonly explicit?: boolean;
  readonly influence: boolean;
}

/** Registers a colocation with both resources; score 0 means nothing. */
export function colocate(book: Book, made: NewColocation): void {
  if (made.score === 0 || made.dependent === made.primary) return;
  const colocation: Colocation = {
    id: made.id,
    dependent: made.dependent,
    primary: made.primary,
    score: made.score,
    attribute: made.attribute ?? "#uname",
    dependentRole: made.dependentRole ?? Role.unknown,
    primaryRole: made.primaryRole ?? Role.unknown,
    explicit: made.explicit ?? false,
    influence: made.influence,
  };
  insertSorted(made.dependent.thisWith, colocation, compareByPrimary);
  insertSorted(made.primary.withThis, colocation, compareByDependent);
  if (colocation.score <= -INFINITY) {
    orderApart(
      book,
      colocation.dependent,
      colocation.dependentRole,
      colocation.primary,
      colocation.primaryRole,
    );
    orderApart(
      book,
      colocation.primary,
      colocation.primaryRole,
      colocation.dependent,
      colocation.dependentRole,
    );
  }
}

function losing(role: Role): readonly string[] {
  if (role === Role.promoted) return [Task.demote];
  if (role === Role.unpromoted) return [Task.stop, Task.promote];
  return [Task.stop];
}

function gaining(role: Role): readonly string[] {
  if (role === Role.promoted) return [Task.promote];
  if (role === Role.unpromoted) return [Task.start, Task.demote];
  return [Task.start];
}

/** One must leave a node before the other may come. */
function orderApart(book: Book, first: Rsc, firstRole: Role, then: Rsc, thenRole: Role): void {
  for (const leave of losing(firstRole)) {
    for (const come of gaining(thenRole)) {
      order(book, first, leave, then, come, Rel.requiredOnSameNode);
    }
  }
}

function influenceOf(constraint: ColocationConstraint, dependent: Rsc): boolean {
  return parseBoolean(attr(constraint.xml, "influence")) ?? dependent.critical;
}

function isSequential(set: ResourceSet): boolean {
  const text = attr(set.xml, "sequential");
  return text === undefined || isTruthy(text);
}

/** Colocations inside one set. */
function withinSet(
  book: Book,
  constraint: ColocationConstraint,
  set: ResourceSet,
  score: Score,
): void {
  if (!isSequential(set)) return;
  const role = colocationRole(attr(set.xml, "role")) ?? Role.unknown;
  const members: Rsc[] = [];
  for (const id of expandMembers(book, set)) {
    const rsc = constraintResource(book, id);
    if (rsc === undefined) return;
    const group = (attr(set.xml, "ordering") ?? "group") === "group";
    const add = (dependent: Rsc, primary: Rsc): void =>
      colocate(book, {
        id: set.id,
        dependent,
        primary,
        score,
        dependentRole: role,
        primaryRole: role,
        explicit: true,
        influence: influenceOf(constraint, dependent),
      });
    const previous = members.at(-1);
    if (score < 0) for (const earlier of members) add(rsc, earlier);
    else if (previous !== undefined && group) add(rsc, previous);
    else if (previous !== undefined) add(previous, rsc);
    members.push(rsc);
  }
}

/** Colocations of one set (dependent) with the next (primary). */
function betweenSets(
  book: Book,
  constraint: ColocationConstraint,
  dependents: ResourceSet,
  primaries: ResourceSet,
  score: Score,
): void {
  const ends = (set: ResourceSet, end: "first" | "last"): readonly string[] => {
    const members = expandMembers(book, set);
    if (!isSequential(set)) return members;
    const one = end === "first" ? members[0] : members.at(-1);
    return one === undefined ? [] : [one];
  };
  const dependentRole = colocationRole(attr(dependents.xml, "role")) ?? Role.unknown;
  const primaryRole = colocationRole(attr(primaries.xml, "role")) ?? Role.unknown;
  for (const dependentId of ends(dependents, "first")) {
    const dependent = constraintResource(book, dependentId);
    if (dependent === undefined) continue;
    for (const primaryId of ends(primaries, "last")) {
      const primary = constraintResource(book, primaryId);
      if (primary === undefined) continue;
      colocate(book, {
        id: constraint.id,
        dependent,
        primary,
        score,
        dependentRole,
        primaryRole,
        explicit: true,
        influence: influenceOf(constraint, dependent),
      });
    }
  }
}

export function unpackColocation(book: Book, constraint: ColocationConstraint): void {
  const { xml, sets } = constraint;
  const score = parseScore(attr(xml, "score") ?? "") ?? 0;
  if (sets.length > 0) {
    sets.forEach((set, i) => {
      const own = parseScore(attr(set.xml, "score") ?? "") ?? score;
      withinSet(book, constraint, set, own);
      const previous = sets[i - 1];
      if (previous !== undefined) betweenSets(book, constraint, previous, set, score);
    });
    return;
  }
  const dependentIsMany = isCollection(book, constraint.dependent);
  const primaryIsMany = isCollection(book, constraint.primary);
  if (dependentIsMany && primaryIsMany) return;
  const dependents = dependentIsMany
    ? expansionOf(book, constraint.dependent ?? "")!
    : [constraint.dependent];
  const primaries = primaryIsMany
    ? expansionOf(book, constraint.primary ?? "")!
    : [constraint.primary];
  const dependentRole = colocationRole(attr(xml, "rsc-role"));
  const primaryRole = colocationRole(attr(xml, "with-rsc-role"));
  for (const dependentId of dependents) {
    const dependent = constraintResource(book, dependentId);
    if (dependent === undefined) continue;
    for (const primaryId of primaries) {
      const primary = constraintResource(book, primaryId);
      if (primary === undefined) continue;
      colocate(book, {
        id: constraint.id,
        dependent,
        primary,
        score,
        attribute: attr(xml, "node-attribute"),
        dependentRole: dependentRole ?? Role.unknown,
        primaryRole: primaryRole ?? Role.unknown,
        explicit: true,
        influence: influenceOf(constraint, dependent),
      });
    }
  }
}
