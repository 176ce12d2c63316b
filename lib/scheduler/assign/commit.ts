/** Making and undoing assignments (spec/scheduler-2 section 7.3). */
import { Role } from "../../status/roles.ts";
import { Task } from "../actions/action.ts";
import type { Book, Node, Rsc } from "../board.ts";
import { isUsable } from "./tables.ts";

const MAX_INT = 2 ** 31 - 1;

function addCapacity(node: Node, rsc: Rsc, sign: 1 | -1): void {
  for (const [name, value] of rsc.utilization) {
    const have = node.capacity.get(name);
    if (have === undefined) continue;
    node.capacity.set(name, Math.max(-MAX_INT, Math.min(MAX_INT, have + sign * value)));
  }
}

/** What was planned for a resource that will not run: stops are needed, starts and monitors impossible. */
function settleUnassigned(rsc: Rsc): void {
  for (const action of rsc.actions) {
    if (action.task === Task.stop) action.optional = false;
    else if (action.task === Task.start) action.runnable = false;
    else if (action.meta.has("interval")) {
      const target = action.meta.get("op_target_rc");
      if (target !== "7") action.runnable = false;
    }
  }
}

/**
 * Assigns a resource (its children too) to a node or to none. `force` skips the test whether the node may be used;
 * `final` false means that the caller may undo it. Answers whether anything changed.
 */
export function commit(
  book: Book,
  rsc: Rsc,
  node: Node | undefined,
  force: boolean,
  final: boolean,
): boolean {
  if (rsc.children.length > 0) {
    let changed = false;
    for (const c of rsc.children) if (commit(book, c, node, force, final)) changed = true;
    return changed;
  }
  const before = rsc.assigned;
  let chosen = node;
  if (!force && chosen !== undefined) {
    const banned = rsc.allowed.score(chosen.index) < 0;
    if (banned || (!chosen.isGuest && !isUsable(chosen))) {
      chosen = undefined;
      if (final) rsc.nextRole = Role.stopped;
    }
  }
  if (!rsc.unassigned) unassign(rsc);
  rsc.unassigned = false;
  if (chosen === undefined) {
    if (final) {
      rsc.nextRole = Role.stopped;
      settleUnassigned(rsc);
    }
    return before !== undefined;
  }
  rsc.assigned = chosen;
  // An unmanaged resource is not placed by its table, so its node's own score counts.
  rsc.assignedScore = force ? chosen.baseScore : rsc.allowed.score(chosen.index);
  rsc.allowed.addCount(chosen.index, 1);
  chosen.assignedResources.push(rsc);
  chosen.assignedCount++;
  addCapacity(chosen, rsc, -1);
  noteUtilization(book, rsc, chosen);
  return before !== chosen;
}

function noteUtilization(book: Book, rsc: Rsc, node: Node): void {
  if (book.settings.traceUtilization !== true) return;
  book.note({
    step: "utilization",
    resource: rsc.id,
    node: node.name,
    score: undefined,
    values: rsc.utilization,
  });
}

/** Takes an assignment back. Score tables are left alone. */
export function unassign(rsc: Rsc): void {
  rsc.unassigned = true;
  if (rsc.children.length > 0) {
    for (const c of rsc.children) unassign(c);
    return;
  }
  const node = rsc.assigned;
  if (node === undefined) return;
  rsc.assigned = undefined;
  const at = node.assignedResources.indexOf(rsc);
  if (at >= 0) node.assignedResources.splice(at, 1);
  node.assignedCount--;
  addCapacity(node, rsc, 1);
}
