/** What migrations in the history mean for where a resource is (spec/scheduler-1 section B.11). */
import { attr, childrenOf, type XmlElement } from "../xml/node.ts";
import { addActive } from "./active.ts";
import { compareAge, OpStatus, parseOperation, Rc } from "./history.ts";
import type { Reader } from "./reader.ts";
import { Role } from "./roles.ts";
import type { NodeState, Operation, ResourceState } from "./state.ts";

export interface MigrationEntry {
  readonly resource: ResourceState;
  readonly node: NodeState;
  readonly op: Operation;
  /** Name of the resource in the history. */
  readonly historyId: string;
}

interface Ends {
  readonly source: string;
  readonly target: string;
}

const MOVES = new Set(["start", "stop", "migrate_to", "migrate_from"]);

/** Both ends, when the entry names them and stands on the right one. */
function endsOf(e: MigrationEntry): Ends | undefined {
  const source = attr(e.op.xml, "migrate_source");
  const target = attr(e.op.xml, "migrate_target");
  if (source === undefined || target === undefined) return undefined;
  const own = e.op.task === "migrate_to" ? source : target;
  return own.toLowerCase() === e.node.name.toLowerCase() ? { source, target } : undefined;
}

function entriesOn(reader: Reader, e: MigrationEntry, node: string): readonly Operation[] {
  const history = reader.historyOn(e.historyId, node);
  return history === undefined ? [] : childrenOf(history, "lrm_rsc_op").map(parseOperation);
}

function newerMove(reader: Reader, e: MigrationEntry, node: string, than: Operation): boolean {
  return entriesOn(reader, e, node).some(
    (op) => op.xml !== than.xml && MOVES.has(op.task) && compareAge(op, than) > 0,
  );
}

function unknownOn(reader: Reader, e: MigrationEntry, node: string): boolean {
  return !entriesOn(reader, e, node).some((op) => op.rc !== Rc.unknown);
}

/** Something happened there after the migration: a move, or a monitor that found nothing. */
function newerState(
  reader: Reader,
  e: MigrationEntry,
  node: string,
  partner: Operation | undefined,
): boolean {
  const than = partner ?? e.op;
  if (newerMove(reader, e, node, than)) return true;
  return entriesOn(reader, e, node).some(
    (op) =>
      op.task === "monitor" &&
      op.rc === Rc.notRunning &&
      op.status === OpStatus.done &&
      compareAge(op, than) > 0,
  );
}

/** The other half of a migration, on the given node. */
function partnerOf(
  reader: Reader,
  e: MigrationEntry,
  node: string,
  task: string,
  ends: Ends,
): Operation | undefined {
  return entriesOn(reader, e, node).find((op) => {
    if (op.task !== task) return false;
    const matches = (xml: XmlElement, name: string, wanted: string): boolean =>
      attr(xml, name)?.toLowerCase() === wanted.toLowerCase();
    return (
      matches(op.xml, "migrate_source", ends.source) &&
      matches(op.xml, "migrate_target", ends.target)
    );
  });
}

function failForGood(resource: ResourceState): void {
  resource.failed = true;
  resource.stopIfFailed = true;
  resource.migratable = false;
}

/** A migrate_to that succeeded: finished, dangling or still half way. */
export function readMigrateTo(reader: Reader, e: MigrationEntry): void {
  const ends = endsOf(e);
  if (ends === undefined) return;
  const { resource } = e;
  const from = partnerOf(reader, e, ends.target, "migrate_from", ends);
  const sourceMoved = newerMove(reader, e, ends.source, e.op);
  if (from !== undefined && sourceMoved) return;
  const targetChanged = newerState(reader, e, ends.target, from);
  if (sourceMoved && targetChanged) return;
  if (from !== undefined && from.rc === Rc.ok && from.status === OpStatus.done) {
    resource.role = Role.stopped;
    resource.danglingSources.push(e.node);
    return;
  }
  resource.role = Role.started;
  const target = reader.nodeByName(ends.target);
  const source = reader.nodeByName(ends.source);
  if (from !== undefined && from.status !== OpStatus.pending) {
    if (target?.online === true && !targetChanged) addActive(reader, resource, target, true);
    else failForGood(resource);
    return;
  }
  if (target?.online === true && unknownOn(reader, e, ends.target)) return;
  if (target?.online === true && !targetChanged) {
    addActive(reader, resource, target, false);
    if (source?.online === true) {
      resource.partialTarget = target;
      resource.partialSource = source;
    }
  } else if (!sourceMoved) failForGood(resource);
}

/** A migrate_to that failed: it may be on either side. */
export function readFailedMigrateTo(reader: Reader, e: MigrationEntry): void {
  const ends = endsOf(e);
  if (ends === undefined) return;
  const { resource } = e;
  resource.role = Role.started;
  const from = partnerOf(reader, e, ends.target, "migrate_from", ends);
  if (unknownOn(reader, e, ends.target)) return;
  if (!newerState(reader, e, ends.target, from)) {
    const target = reader.nodeByName(ends.target);
    if (target?.online === true) addActive(reader, resource, target, false);
  } else if (!newerMove(reader, e, ends.source, e.op)) {
    resource.danglingSources.push(e.node);
  }
}

/** A migrate_from that failed: it may still be on the source. */
export function readFailedMigrateFrom(reader: Reader, e: MigrationEntry): void {
  const ends = endsOf(e);
  if (ends === undefined) return;
  const { resource } = e;
  resource.role = Role.started;
  const to = partnerOf(reader, e, ends.source, "migrate_to", ends);
  if (unknownOn(reader, e, ends.source)) return;
  if (newerState(reader, e, ends.source, to)) return;
  const source = reader.nodeByName(ends.source);
  if (source?.online === true) addActive(reader, resource, source, true);
}
