/**
 * What one colocation does to its dependent: to its node scores, or to its promotion priority when it is already placed
 * (spec/scheduler-2 section 8). The answer is the change of the promotion priority.
 */
import { addScores, INFINITY, type Score } from "../../base/score.ts";
import { Role, type Role as RoleValue } from "../../status/roles.ts";
import type { ResourceState } from "../../status/state.ts";
import { anyPart, roleOf, topOf } from "../../status/tree.ts";
import type { Book, Node, Rsc } from "../board.ts";
import type { Colocation } from "../constraints/model.ts";
import { attributeOn, sameValue } from "./attributes.ts";
import { commit } from "./commit.ts";
import { sortNodes } from "./compare-nodes.ts";
import { hasUsableNode, singleLocation } from "./tables.ts";

type Effect = "nothing" | "role" | "location";

const isBlocked = (part: ResourceState): boolean => part.blocked;

/** A bundle's container is judged by the role of what runs in it. */
function roleResource(rsc: Rsc): Rsc {
  if (!rsc.replicaContainer) return rsc;
  const replica = rsc.parent?.bundle?.replicas.find((r) => r.container === rsc);
  return replica?.child ?? rsc;
}

/** What a colocation affects right now. `preview` ignores what is assigned already. */
export function effectOf(
  dependent: Rsc,
  primary: Rsc,
  colocation: Colocation,
  preview: boolean,
): Effect {
  if (!preview && primary.unassigned) return "nothing";
  const d = roleResource(dependent);
  const p = roleResource(primary);
  const { dependentRole, primaryRole } = colocation;
  if (dependentRole >= Role.unpromoted && topOf(d).promotable && !d.unassigned) {
    return "role";
  }
  if (!preview && !d.unassigned) return "nothing";
  if (dependentRole !== Role.unknown && dependentRole !== d.nextRole) return "nothing";
  if (primaryRole !== Role.unknown && primaryRole !== p.nextRole) return "nothing";
  return "location";
}

/** Location effect of a primary that is one primitive. */
function applyToScores(book: Book, dependent: Rsc, primary: Rsc, c: Colocation): void {
  const host = primary.assigned;
  if (host === undefined && c.score < 0) return;
  const work = dependent.allowed.copy();
  const wanted = host === undefined ? undefined : attributeOn(primary, host, c.attribute);
  for (const node of book.nodesByIndex) {
    if (!work.has(node.index)) continue;
    if (host === undefined) {
      work.add(node.index, -c.score);
    } else if (sameValue(attributeOn(dependent, node, c.attribute), wanted)) {
      if (c.score < INFINITY) work.add(node.index, c.score);
    } else if (c.score >= INFINITY) work.add(node.index, -INFINITY);
  }
  if (Math.abs(c.score) >= INFINITY || hasUsableNode(book, work)) dependent.allowed = work;
}

function addPriority(rsc: Rsc, delta: Score): Score {
  rsc.priority = addScores(delta, rsc.priority);
  return delta;
}

/** Role effect of a primary that is one primitive: may the dependent be promoted? */
function applyToPriority(dependent: Rsc, primary: Rsc, c: Colocation): Score {
  const place = dependent.assigned;
  if (place === undefined) return 0;
  const host = primary.assigned;
  if (host !== undefined) {
    if (c.primaryRole !== Role.unknown && c.primaryRole !== roleResource(primary).nextRole)
      return 0;
  }
  const wanted = host === undefined ? undefined : attributeOn(primary, host, c.attribute);
  if (!sameValue(attributeOn(dependent, place, c.attribute), wanted)) {
    const forbids = c.score >= INFINITY && c.dependentRole === Role.promoted;
    return forbids ? addPriority(dependent, -c.score) : 0;
  }
  return addPriority(dependent, c.dependentRole === Role.unpromoted ? -c.score : c.score);
}

function applyToPrimitive(book: Book, dependent: Rsc, primary: Rsc, c: Colocation): Score {
  switch (effectOf(dependent, primary, c, false)) {
    case "nothing":
      return 0;
    case "role":
      return applyToPriority(dependent, primary, c);
    case "location":
      applyToScores(book, dependent, primary, c);
      return 0;
  }
}

function applyToGroup(book: Book, dependent: Rsc, group: Rsc, c: Colocation): Score {
  if (group.unassigned) return 0;
  if (group.collocated) {
    const member = c.score >= INFINITY ? group.children.at(-1) : group.children[0];
    return member === undefined ? 0 : applyToPrimitive(book, dependent, member, c);
  }
  if (c.score >= INFINITY) return 0;
  let total = 0;
  for (const member of group.children) {
    total = addScores(total, applyToPrimitive(book, dependent, member, c));
  }
  return total;
}

/** Applies it against one instance, whatever the instance is. */
function applyToInstance(book: Book, dependent: Rsc, instance: Rsc, c: Colocation): Score {
  return instance.variant === "group"
    ? applyToGroup(book, dependent, instance, c)
    : applyToPrimitive(book, dependent, instance, c);
}

/** Instances of a clone, or containers of a bundle. */
export function instancesOf(rsc: Rsc): readonly Rsc[] {
  return rsc.bundle === undefined ? rsc.children : rsc.bundle.replicas.map((r) => r.container);
}

/** Most instances per node. */
function nodeMaxOf(rsc: Rsc): number {
  return rsc.bundle?.replicasPerHost ?? rsc.clone?.nodeMax ?? 1;
}

export interface CompatibilityQuery {
  /** Role the instance must have; Role.unknown = any. */
  readonly role: RoleValue;
  readonly current: boolean;
  /** Compare nodes by this attribute instead of by identity. */
  readonly attribute?: string;
}

function matchesNode(rsc: Rsc, instance: Rsc, node: Node, query: CompatibilityQuery): boolean {
  const place = singleLocation(instance, query.current);
  if (place === undefined) return false;
  if (place !== node) {
    if (query.attribute === undefined) return false;
    const wanted = attributeOn(rsc, node, query.attribute);
    if (!sameValue(wanted, attributeOn(instance, place, query.attribute))) return false;
  }
  if (query.role !== Role.unknown && roleOf(instance, query.current) !== query.role) return false;
  return !anyPart(instance, isBlocked);
}

/** An instance of a clone or bundle on the same node as a resource (spec/scheduler-2 section 8.7). */
export function compatibleInstance(
  book: Book,
  rsc: Rsc,
  collective: Rsc,
  query: CompatibilityQuery,
): Rsc | undefined {
  const place = singleLocation(rsc, query.current);
  const nodes = place === undefined ? sortNodes(book, rsc.allowed, undefined) : [place];
  for (const node of nodes) {
    for (const instance of instancesOf(collective)) {
      if (matchesNode(rsc, instance, node, query)) return instance;
    }
  }
  return undefined;
}

function scoreOnAssigned(instance: Rsc): Score {
  if (instance.children.length === 0) return instance.assignedScore;
  const placed = instance.children.find((c) => c.assigned !== undefined);
  return placed === undefined ? 0 : scoreOnAssigned(placed);
}

/** Only nodes with an instance in the wanted role count (spec/scheduler-2 section 8.5 step 1). */
function applyToRole(book: Book, dependent: Rsc, clone: Rsc, c: Colocation): void {
  const hosts = new Map<Node, Rsc>();
  for (const instance of clone.children) {
    const host = singleLocation(instance, false);
    if (host === undefined || roleOf(instance, false) !== c.primaryRole) continue;
    if (!hosts.has(host)) hosts.set(host, instance);
    if (c.score >= INFINITY) continue;
    const wanted = attributeOn(instance, host, c.attribute);
    for (const node of book.nodesByIndex) {
      if (!dependent.allowed.has(node.index)) continue;
      if (sameValue(attributeOn(dependent, node, c.attribute), wanted)) {
        dependent.allowed.add(node.index, c.score);
      }
    }
  }
  const bothPromoted = c.dependentRole === Role.promoted && c.primaryRole === Role.promoted;
  if (c.score < INFINITY || bothPromoted) return;
  for (const node of book.nodesByIndex) {
    if (!dependent.allowed.has(node.index)) continue;
    const instance = hosts.get(node);
    const bonus = instance === undefined ? -INFINITY : scoreOnAssigned(instance);
    dependent.allowed.add(node.index, bonus);
  }
}

function keepOnly(book: Book, dependent: Rsc, hosts: ReadonlySet<Node>): void {
  for (const node of book.nodesByIndex) {
    if (dependent.allowed.has(node.index) && !hosts.has(node)) {
      dependent.allowed.add(node.index, -INFINITY);
    }
  }
}

function interleaves(primary: Rsc, c: Colocation): boolean {
  const { dependent } = c;
  if (dependent.variant !== "clone" && dependent.variant !== "bundle") return false;
  const wanted =
    dependent.clone?.interleave ?? dependent.meta.get("interleave")?.toLowerCase() === "true";
  return wanted && nodeMaxOf(dependent) === nodeMaxOf(primary);
}

function applyToClone(book: Book, dependent: Rsc, clone: Rsc, c: Colocation): Score {
  if (clone.unassigned) return 0;
  if (clone.promotable && c.primaryRole !== Role.unknown) {
    if (dependent.unassigned) {
      applyToRole(book, dependent, clone, c);
      return 0;
    }
    if (c.dependentRole === Role.promoted) {
      const query = { role: c.primaryRole, current: false, attribute: c.attribute };
      if (compatibleInstance(book, dependent, clone, query) !== undefined) {
        return addPriority(dependent, c.score);
      }
      if (c.score < INFINITY) return 0;
      dependent.priority = -INFINITY;
      return -INFINITY;
    }
  }
  if (interleaves(clone, c)) {
    const query = { role: Role.unknown, current: false };
    const instance = compatibleInstance(book, dependent, clone, query);
    if (instance !== undefined) return applyToInstance(book, dependent, instance, c);
    if (c.score >= INFINITY) commit(book, dependent, undefined, true, true);
    return 0;
  }
  if (c.score >= INFINITY) {
    const hosts = new Set<Node>();
    for (const instance of clone.children) {
      const host = singleLocation(instance, false);
      if (host !== undefined && !anyPart(instance, isBlocked)) hosts.add(host);
    }
    keepOnly(book, dependent, hosts);
    return 0;
  }
  let total = 0;
  for (const instance of clone.children) {
    total = addScores(total, applyToInstance(book, dependent, instance, c));
  }
  return total;
}

/** Host of a bundle's node; other nodes stand for themselves. */
function hostOf(node: Node): Node | undefined {
  return node.isGuest ? node.connection?.launcher?.assigned : node;
}

function compatibleContainer(book: Book, dependent: Rsc, bundle: Rsc): Rsc | undefined {
  const place = singleLocation(dependent, false);
  const nodes = place === undefined ? sortNodes(book, dependent.allowed, undefined) : [place];
  for (const node of nodes) {
    const host = hostOf(node);
    if (host === undefined) continue;
    for (const container of instancesOf(bundle)) {
      const query = { role: Role.unknown, current: false };
      if (matchesNode(dependent, container, host, query)) return container;
    }
  }
  return undefined;
}

function applyToBundle(book: Book, dependent: Rsc, bundle: Rsc, c: Colocation): Score {
  if (bundle.unassigned) return 0;
  if (c.dependent.variant === "clone" || c.dependent.variant === "bundle") {
    const container = compatibleContainer(book, dependent, bundle);
    if (container !== undefined) return applyToPrimitive(book, dependent, container, c);
    if (c.score >= INFINITY) commit(book, dependent, undefined, true, true);
    return 0;
  }
  let total = 0;
  const hosts = new Set<Node>();
  for (const replica of bundle.bundle?.replicas ?? []) {
    const { container, child } = replica;
    if (c.score < INFINITY) {
      total = addScores(total, applyToPrimitive(book, dependent, container, c));
      continue;
    }
    const host = singleLocation(container, false);
    if (host === undefined || anyPart(container, isBlocked)) continue;
    if (c.primaryRole >= Role.promoted && child === undefined) continue;
    if (c.primaryRole >= Role.promoted && child!.nextRole < Role.promoted) continue;
    hosts.add(host);
  }
  if (c.score >= INFINITY) keepOnly(book, dependent, hosts);
  return total;
}

/** Applies a colocation to a dependent primitive (or to the member that decides for a group). */
export function applyColocation(book: Book, dependent: Rsc, primary: Rsc, c: Colocation): Score {
  if (dependent.variant === "group") return applyOnGroup(book, dependent, primary, c);
  switch (primary.variant) {
    case "primitive":
      return applyToPrimitive(book, dependent, primary, c);
    case "group":
      return applyToGroup(book, dependent, primary, c);
    case "clone":
      return applyToClone(book, dependent, primary, c);
    case "bundle":
      return applyToBundle(book, dependent, primary, c);
  }
}

function applyOnGroup(book: Book, group: Rsc, primary: Rsc, c: Colocation): Score {
  let delta = 0;
  if (group.collocated) {
    const first = group.children[0];
    if (first !== undefined) delta = applyColocation(book, first, primary, c);
  } else if (c.score < INFINITY) {
    for (const member of group.children) {
      delta = addScores(delta, applyToPrimitive(book, member, primary, c));
    }
  }
  if (delta !== 0) group.priority = addScores(delta, group.priority);
  return delta;
}
