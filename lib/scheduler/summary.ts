/**
 * What a schedule is going to do, per node and per resource, as data (spec/scheduler-1 and outputs-and-tools section A5).
 * The words for it live in lib/view/transition.ts.
 */
import { Role, type Role as RoleValue } from "../status/roles.ts";
import { currentNode } from "../status/tree.ts";
import { type Action, Task } from "./actions/action.ts";
import { findActions } from "./actions/table.ts";
import type { Book, Node, Rsc } from "./board.ts";

export interface NodeItem {
  readonly kind: "fence" | "shutdown";
  readonly node: string;
  /** Launcher of a guest node. */
  readonly launcher: string | undefined;
  /** off, reboot or on. */
  readonly operation: string | undefined;
  readonly reason: string | undefined;
}

export type Verb =
  | "Start"
  | "Stop"
  | "Promote"
  | "Demote"
  | "Re-promote"
  | "Restart"
  | "Reload"
  | "Recover"
  | "Move"
  | "Migrate";

export interface ResourceItem {
  readonly verb: Verb;
  readonly resource: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly role: RoleValue;
  readonly nextRole: RoleValue;
  readonly reason: string | undefined;
  readonly blocked: boolean;
}

export interface Summary {
  readonly nodes: readonly NodeItem[];
  readonly resources: readonly ResourceItem[];
}

function nodeItems(book: Book): NodeItem[] {
  const items: NodeItem[] = [];
  for (let i = book.actions.length - 1; i >= 0; i--) {
    const action = book.actions[i]!;
    if (action.rsc !== undefined || action.optional || action.node === undefined) continue;
    const isFence = action.task === Task.stonith;
    if (!isFence && action.task !== Task.shutdown) continue;
    const { node } = action;
    items.push({
      kind: isFence ? "fence" : "shutdown",
      node: node.name,
      launcher: node.isGuest ? node.connection?.launcher?.id : undefined,
      operation: action.meta.get("stonith_action"),
      reason: action.reason,
    });
  }
  return items;
}

/** Actions of a resource that the decision looks at. */
interface Planned {
  readonly start: Action | undefined;
  readonly stop: Action | undefined;
  readonly promote: Action | undefined;
  readonly demote: Action | undefined;
  readonly migrate: Action | undefined;
}

/** Oldest action of this task; with a node, on it or without any yet (which it then takes); without one, anywhere. */
function planned(rsc: Rsc, task: string, node: Node | undefined): Action | undefined {
  return findActions(rsc, rsc.keyOf(task), node)[0];
}

function plannedOf(rsc: Rsc, current: Node | undefined, next: Node | undefined): Planned {
  const on = (task: string): Action | undefined =>
    next === undefined ? undefined : planned(rsc, task, next);
  const start = on(Task.start);
  let stop = planned(rsc, Task.stop, start?.runnable === true ? current : undefined);
  if (stop === undefined && rsc.stopUnexpected) stop = planned(rsc, Task.stop, undefined);
  return {
    start,
    stop,
    promote: on(Task.promote),
    demote: on(Task.demote),
    migrate: on(Task.migrateFrom),
  };
}

interface Subject {
  readonly rsc: Rsc;
  readonly role: RoleValue;
  readonly current: Node | undefined;
  readonly next: Node | undefined;
  readonly items: ResourceItem[];
}

function add(
  s: Subject,
  verb: Verb,
  from: Node | undefined,
  to: Node | undefined,
  action: Action | undefined,
  source: Action | undefined,
): void {
  s.items.push({
    verb,
    resource: s.rsc.id,
    from: from?.name,
    to: to?.name,
    role: s.role,
    nextRole: s.rsc.nextRole,
    reason: (source ?? action)?.reason,
    blocked: action !== undefined && !action.runnable,
  });
}

function summarizeSameRole(s: Subject, p: Planned): void {
  const { rsc, current, next } = s;
  const moving = current !== undefined && next !== undefined && current !== next;
  if (p.migrate?.runnable === true && current !== undefined) {
    add(s, "Migrate", current, next, p.start, undefined);
  } else if (rsc.reload) add(s, "Reload", current, next, p.start, undefined);
  else if (p.start === undefined || p.start.optional) {
    const again = p.demote?.optional === false && p.promote?.optional === false;
    if (again) add(s, "Re-promote", current, next, p.promote, p.demote);
  } else if (!p.start.runnable) {
    const source = p.stop?.reason === undefined ? p.start : p.stop;
    add(s, "Stop", current, undefined, p.stop, source);
  } else if (moving) {
    add(s, rsc.failed ? "Recover" : "Move", current, next, p.stop, undefined);
  } else if (rsc.failed) add(s, "Recover", current, undefined, p.stop, undefined);
  else add(s, "Restart", current, next, p.start, undefined);
}

function summarizeNewRole(s: Subject, p: Planned): void {
  const { rsc, current, next, role } = s;
  const moving = current !== undefined && next !== undefined && current !== next;
  const unstartable = p.start !== undefined && !p.start.runnable;
  if (p.stop !== undefined && (rsc.nextRole === Role.stopped || unstartable)) {
    for (const node of rsc.active) {
      const stop = planned(rsc, Task.stop, node);
      const source = stop?.reason === undefined ? p.start : stop;
      add(s, "Stop", node, undefined, stop, source);
    }
  } else if (p.stop !== undefined && rsc.failed && rsc.stopIfFailed) {
    add(s, "Recover", current, next, p.stop, p.start);
  } else if (moving) add(s, "Move", current, next, p.stop, undefined);
  else if (rsc.reload) add(s, "Reload", current, next, p.start, undefined);
  else if (p.stop !== undefined && !p.stop.optional) {
    add(s, "Restart", current, next, p.start, undefined);
  } else if (role === Role.promoted) add(s, "Demote", current, next, p.demote, undefined);
  else if (rsc.nextRole === Role.promoted) add(s, "Promote", current, next, p.promote, undefined);
  else if (role === Role.stopped && rsc.nextRole > Role.stopped) {
    add(s, "Start", current, next, p.start, undefined);
  }
}

function summarizePrimitive(rsc: Rsc, items: ResourceItem[]): void {
  const current = currentNode<Node>(rsc);
  const next = rsc.assigned;
  if (rsc.removed && current === undefined) return;
  if (!rsc.managed || (current === undefined && next === undefined)) return;
  const role = rsc.role === Role.stopped && rsc.active.length > 0 ? Role.started : rsc.role;
  const subject: Subject = { rsc, role, current, next, items };
  const p = plannedOf(rsc, current, next);
  if (role === rsc.nextRole) summarizeSameRole(subject, p);
  else summarizeNewRole(subject, p);
}

function visit(rsc: Rsc, items: ResourceItem[]): void {
  if (rsc.variant === "primitive") {
    summarizePrimitive(rsc, items);
    return;
  }
  if (rsc.bundle !== undefined) {
    for (const replica of rsc.bundle.replicas) {
      for (const part of [replica.ip, replica.container, replica.connection, replica.child]) {
        if (part !== undefined) visit(part, items);
      }
    }
    return;
  }
  for (const c of rsc.children) visit(c, items);
}

export function summarize(book: Book): Summary {
  const resources: ResourceItem[] = [];
  for (const rsc of book.resources) visit(rsc, resources);
  return { nodes: nodeItems(book), resources };
}
