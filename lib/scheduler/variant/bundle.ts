/** Bundles (spec/scheduler-2 sections 6 and 14; spec/scheduler-1 sections C.5, C.7, D.4). */
import { INFINITY } from "../../base/score.ts";
import { Role } from "../../status/roles.ts";
import type { Replica } from "../../status/state.ts";
import { Task } from "../actions/action.ts";
import { firstAction } from "../actions/table.ts";
import { addThisWith, addWithThis } from "../assign/colocations.ts";
import { noteScores } from "../assign/notes.ts";
import type { Book, Node, Rsc } from "../board.ts";
import { colocate } from "../constraints/colocation.ts";
import type { Colocation, Location } from "../constraints/model.ts";
import { addOrdering, order } from "../constraints/ordering.ts";
import { addLocationScores, reachedThreshold } from "../criteria/criteria.ts";
import { Rel } from "../ordering/relation.ts";
import { makeStartStop, pseudoAction } from "./collective-actions.ts";
import { assignInstances, sortInstances } from "./instances.ts";
import { collectiveFlags, evaluateCollective } from "./interleave.ts";
import type { Variant } from "./variant.ts";

function replicasOf(bundle: Rsc): readonly Replica<Rsc>[] {
  return bundle.bundle?.replicas ?? [];
}

function containersOf(bundle: Rsc): Rsc[] {
  return replicasOf(bundle).map((replica) => replica.container);
}

/** The clone of what runs inside, if anything does. */
export function bundledClone(bundle: Rsc): Rsc | undefined {
  return bundle.children.find((c) => c.variant === "clone");
}

/** Address, connection and content of one replica follow its container. */
function assignReplica(book: Book, replica: Replica<Rsc>, prefer: Node | undefined): void {
  const { container, ip, connection, child } = replica;
  if (ip !== undefined) book.kind(ip).assign(book, ip, prefer, true);
  const host = container.assigned;
  if (connection !== undefined && host?.connection !== undefined) {
    colocate(book, {
      id: "#replica-remote-with-host-remote",
      dependent: connection,
      primary: host.connection,
      score: INFINITY,
      influence: true,
    });
  }
  if (connection !== undefined) book.kind(connection).assign(book, connection, prefer, true);
  if (child === undefined || replica.node === undefined) return;
  const own = book.nodesByIndex[replica.node]!;
  for (const node of book.nodesByIndex) {
    if (!child.allowed.has(node.index)) continue;
    if (node !== own) child.allowed.setScore(node.index, -INFINITY);
    else if (!reachedThreshold(book, child, node)) child.allowed.setScore(node.index, INFINITY);
  }
  const clone = child.parent;
  if (clone === undefined) return;
  clone.assigning = true;
  book.kind(child).assign(book, child, own, true);
  clone.assigning = false;
}

/** Repeats everything at each call, score notes included (section 14.6). */
function assign(book: Book, bundle: Rsc, prefer: Node | undefined, _final: boolean): undefined {
  // Its own content may be colocated with it.
  if (bundle.assigning) return;
  noteScores(book, "bundle", bundle, true);
  bundle.assigning = true;
  const replicas = replicasOf(bundle);
  const containers = sortInstances(book, bundle, containersOf(bundle));
  const nodeMax = bundle.bundle?.replicasPerHost ?? 1;
  assignInstances(book, bundle, containers, { max: replicas.length, nodeMax });
  for (const replica of replicas) assignReplica(book, replica, prefer);
  const clone = bundledClone(bundle);
  if (clone !== undefined) {
    const own = new Set(replicas.map((replica) => replica.node));
    for (const node of book.nodesByIndex) {
      if (!clone.allowed.has(node.index)) continue;
      clone.allowed.setScore(node.index, own.has(node.index) ? 0 : -INFINITY);
    }
    book.kind(clone).assign(book, clone, prefer, true);
  }
  bundle.assigning = false;
  bundle.unassigned = false;
}

function orderReplica(book: Book, bundle: Rsc, replica: Replica<Rsc>): void {
  const { container, ip, connection, child } = replica;
  book.kind(container).createConstraints(book, container);
  order(book, bundle, Task.start, container, Task.start, Rel.unrunnableBlocks | Rel.graphsFirst);
  if (child !== undefined) order(book, bundle, Task.stop, child, Task.stop, Rel.graphsFirst);
  order(book, bundle, Task.stop, container, Task.stop, Rel.graphsFirst);
  order(book, container, Task.start, bundle, Task.running, Rel.graphsThen);
  order(book, container, Task.stop, bundle, Task.stopped, Rel.graphsThen);
  if (ip !== undefined) {
    book.kind(ip).createConstraints(book, ip);
    const guest = Rel.guestAllowed;
    order(book, ip, Task.start, container, Task.start, Rel.unrunnableBlocks | guest);
    order(book, container, Task.stop, ip, Task.stop, Rel.thenImpliesFirst | guest);
    colocate(book, {
      id: "#ip-with-container",
      dependent: ip,
      primary: container,
      score: INFINITY,
      influence: true,
    });
  }
  if (connection !== undefined) book.kind(connection).createConstraints(book, connection);
}

function createConstraints(book: Book, bundle: Rsc): void {
  const own = (first: string, then: string, flags: number): void =>
    order(book, bundle, first, bundle, then, flags);
  for (const replica of replicasOf(bundle)) orderReplica(book, bundle, replica);
  const clone = bundledClone(bundle);
  if (clone === undefined) return;
  const down = (first: string, then: string): void =>
    order(book, bundle, first, clone, then, Rel.graphsFirst);
  const up = (first: string, then: string): void =>
    order(book, clone, first, bundle, then, Rel.graphsThen);
  down(Task.start, Task.start);
  up(Task.running, Task.running);
  down(Task.stop, Task.stop);
  up(Task.stopped, Task.stopped);
  book.kind(clone).createConstraints(book, clone);
  if (!clone.promotable) return;
  own(Task.stopped, Task.start, Rel.plain);
  own(Task.stopped, Task.promote, Rel.plain);
  own(Task.demoted, Task.stop, Rel.plain);
  own(Task.demoted, Task.start, Rel.plain);
  own(Task.demoted, Task.promote, Rel.plain);
  own(Task.running, Task.promote, Rel.plain);
  own(Task.demote, Task.demoted, Rel.plain);
  down(Task.demote, Task.demote);
  up(Task.demoted, Task.demoted);
  down(Task.promote, Task.promote);
  up(Task.promoted, Task.promoted);
}

function createActions(book: Book, bundle: Rsc): void {
  const create = (rsc: Rsc | undefined): void => {
    if (rsc !== undefined) book.kind(rsc).createActions(book, rsc);
  };
  for (const replica of replicasOf(bundle)) {
    create(replica.ip);
    create(replica.container);
    create(replica.connection);
  }
  makeStartStop(book, bundle, containersOf(bundle));
  const clone = bundledClone(bundle);
  if (clone === undefined) return;
  create(clone);
  if (!clone.promotable) return;
  for (const [task, priority] of [
    [Task.promote, 0],
    [Task.promoted, INFINITY],
    [Task.demote, 0],
    [Task.demoted, INFINITY],
  ] as const) {
    pseudoAction(book, bundle, task, true, true).priority = priority;
  }
}

/** A replica's connection is only looked for where its container will be. */
function probeConnection(book: Book, replica: Replica<Rsc>, node: Node): boolean {
  const { connection, container } = replica;
  if (connection === undefined) return false;
  if (!book.kind(connection).createProbe(book, connection, node)) return false;
  const probe = firstAction(connection, connection.keyOf(Task.monitor), node);
  if (probe !== undefined) {
    addOrdering(book, container.side(Task.start), probe.side, Rel.nestedRemote);
  }
  return true;
}

/** Where a host holds one replica, no container starts before others have been looked for there. */
function probeContainer(book: Book, bundle: Rsc, replica: Replica<Rsc>, node: Node): boolean {
  const { container } = replica;
  if (!book.kind(container).createProbe(book, container, node)) return false;
  if ((bundle.bundle?.replicasPerHost ?? 1) !== 1) return true;
  for (const other of replicasOf(bundle)) {
    if (other === replica || other.container === container) continue;
    addOrdering(
      book,
      container.side(Task.monitor),
      other.container.side(Task.start),
      Rel.plain | Rel.sameNode,
    );
  }
  return true;
}

function createProbe(book: Book, bundle: Rsc, node: Node): boolean {
  let made = false;
  for (const replica of replicasOf(bundle)) {
    const { ip, child } = replica;
    if (ip !== undefined && book.kind(ip).createProbe(book, ip, node)) made = true;
    if (child !== undefined && replica.node === node.index) {
      if (book.kind(child).createProbe(book, child, node)) made = true;
    }
    if (probeContainer(book, bundle, replica, node)) made = true;
    if (probeConnection(book, replica, node)) made = true;
  }
  return made;
}

function applyLocation(book: Book, bundle: Rsc, location: Location): void {
  if (location.role === Role.unknown || location.role === bundle.nextRole) {
    addLocationScores(bundle, location);
  }
  for (const { container, ip } of replicasOf(bundle)) {
    book.kind(container).applyLocation(book, container, location);
    if (ip !== undefined) book.kind(ip).applyLocation(book, ip, location);
  }
  const clone = bundledClone(bundle);
  if (clone === undefined) return;
  if (location.role !== Role.promoted && location.role !== Role.unpromoted) return;
  book.kind(clone).applyLocation(book, clone, location);
  clone.locations.push(location);
}

/** On whose behalf the bundle's own colocations count (section 6). */
function speaksFor(bundle: Rsc, asker: Rsc): boolean {
  if (asker === bundle || asker.replicaContainer) return true;
  const clone = bundledClone(bundle);
  if (clone === undefined || !clone.promotable) return false;
  if (asker === clone) return clone.rolesBegun;
  return asker.parent === clone && !asker.unassigned;
}

function collectThisWith(_book: Book, bundle: Rsc, asker: Rsc, into: Colocation[]): void {
  if (speaksFor(bundle, asker)) addThisWith(bundle.thisWith, into);
}

function collectWithThis(_book: Book, bundle: Rsc, asker: Rsc, into: Colocation[]): void {
  if (speaksFor(bundle, asker)) addWithThis(bundle.withThis, into);
}

const BY_CONTENT: ReadonlySet<string> = new Set([
  Task.promote,
  Task.promoted,
  Task.demote,
  Task.demoted,
  Task.notify,
  Task.notified,
]);

export const bundle: Variant = {
  assign,
  createConstraints,
  createActions,
  createProbe,
  applyLocation,
  collectThisWith,
  collectWithThis,

  flagsOf(book, action, node) {
    const rsc = action.rsc!;
    const clone = bundledClone(rsc);
    const instances =
      clone !== undefined && BY_CONTENT.has(action.task) ? clone.children : containersOf(rsc);
    return collectiveFlags(book, action, instances, node);
  },

  evaluate: evaluateCollective,

  addToGraph(book, rsc, emit) {
    const clone = bundledClone(rsc);
    if (clone !== undefined) book.kind(clone).addToGraph(book, clone, emit);
    for (const { container, connection, ip } of replicasOf(rsc)) {
      for (const part of [ip, container, connection]) {
        if (part !== undefined) book.kind(part).addToGraph(book, part, emit);
      }
    }
    // Its own pseudo-actions come with the rest of the cluster's, after all resources.
  },
};
