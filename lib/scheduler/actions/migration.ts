/** Live migration of a primitive: may it, and with which actions (spec/scheduler-2 section 17). */
import { Role } from "../../status/roles.ts";
import { currentNode } from "../../status/tree.ts";
import type { Book, Node, Rsc } from "../board.ts";
import { addOrdering } from "../constraints/ordering.ts";
import { Rel } from "../ordering/relation.ts";
import { type Action, Flag, Task } from "./action.ts";
import { requestAction } from "./table.ts";

/** Whether a move from `from` may be a live one. */
export function canMigrate(rsc: Rsc, from: Node | undefined): boolean {
  return (
    rsc.migratable &&
    rsc.managed &&
    !rsc.failed &&
    !rsc.startPending &&
    from !== undefined &&
    !from.unclean &&
    rsc.assigned !== undefined &&
    !rsc.assigned.unclean
  );
}

function setEnds(action: Action, from: Node, to: Node): void {
  action.setMeta("migrate_source", from.name);
  action.setMeta("migrate_target", to.name);
}

/** What must happen to a dangling migration's source: a stop that leaves the target alone. */
export function abortDangling(book: Book, rsc: Rsc): void {
  for (let i = rsc.danglingSources.length - 1; i >= 0; i--) {
    const node = rsc.danglingSources[i]!;
    const stop = requestAction(book, rsc, rsc.keyOf(Task.stop), Task.stop, node, false);
    stop.migrationAbort = true;
  }
}

export function makeMigration(book: Book, rsc: Rsc, current: Node): void {
  const target = rsc.assigned;
  if (target === undefined) return;
  const start = requestAction(book, rsc, rsc.keyOf(Task.start), Task.start, target, true);
  const stop = requestAction(book, rsc, rsc.keyOf(Task.stop), Task.stop, current, true);
  start.flags |= Flag.pseudo | Flag.migratable;
  stop.flags |= Flag.migratable;
  const partial = rsc.partialTarget !== undefined;
  const own = (first: string, then: string, flags: number): void =>
    addOrdering(book, rsc.side(first), rsc.side(then), flags);
  let to: Action | undefined;
  if (!partial) {
    to = requestAction(book, rsc, rsc.keyOf(Task.migrateTo), Task.migrateTo, current, false);
  }
  const from = requestAction(
    book,
    rsc,
    rsc.keyOf(Task.migrateFrom),
    Task.migrateFrom,
    target,
    false,
  );
  from.flags |= Flag.migratable;
  if (to !== undefined) {
    to.flags |= Flag.migratable;
    to.needs = start.needs;
    own(Task.monitor, Task.migrateTo, Rel.plain);
    own(Task.migrateTo, Task.migrateFrom, Rel.plain | Rel.unmigratableBlocksFirst);
    setEnds(to, current, target);
    if (!rsc.remoteConnection) to.setMeta("record-pending", "true");
  } else {
    from.needs = start.needs;
    own(Task.monitor, Task.migrateFrom, Rel.plain);
  }
  own(Task.migrateFrom, Task.stop, Rel.plain | Rel.unmigratableBlocksFirst);
  own(
    Task.migrateFrom,
    Task.start,
    Rel.plain | Rel.unrunnableUnmasksThen | Rel.unmigratableBlocksFirst,
  );
  setEnds(from, current, target);
}

/** Nodes and permission of a move as the primitive's actions need them. */
export interface Move {
  readonly current: Node | undefined;
  readonly moving: boolean;
  readonly needStop: boolean;
  readonly migrate: boolean;
  readonly multiplyActive: boolean;
}

/** Decides how a primitive leaves where it is (spec/scheduler-1 section C.4 steps 3 to 5). */
export function planMove(rsc: Rsc): Move {
  const current = currentNode<Node>(rsc);
  const clean = rsc.active.filter((node) => node.online && !node.unclean);
  const target = rsc.assigned;
  let needStop = false;
  let migrate = false;
  const moving =
    current !== undefined &&
    target !== undefined &&
    current !== target &&
    rsc.nextRole >= Role.started;
  if (moving) {
    needStop = true;
    migrate = canMigrate(rsc, current);
  }
  const remembered = rsc.partialSource !== undefined && rsc.partialTarget !== undefined;
  const continues =
    remembered &&
    migrate &&
    rsc.active.length === 2 &&
    current === rsc.partialSource &&
    target === rsc.partialTarget;
  let multiplyActive = false;
  if (!continues) {
    if (rsc.partialSource !== undefined || rsc.partialTarget !== undefined) {
      rsc.partialSource = undefined;
      rsc.partialTarget = undefined;
      needStop = true;
      migrate = false;
    } else multiplyActive = (rsc.needsFencing ? rsc.active.length : clean.length) > 1;
  }
  if (multiplyActive) {
    if (rsc.multipleActive === "stop_start") needStop = true;
    else if (rsc.multipleActive === "stop_unexpected") {
      needStop = true;
      rsc.stopUnexpected = true;
    }
  } else rsc.stopUnexpected = false;
  return { current, moving, needStop, migrate, multiplyActive };
}
