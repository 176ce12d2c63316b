/**
 * One thing to do (spec/scheduler-1 section C.1). Actions are only ever appended; ids follow creation. Flags may change
 * until the graph is made.
 */
import type { Node, Rsc } from "../board.ts";
import type { OrderingSide } from "../constraints/model.ts";
import type { GraphAction } from "../graph/model.ts";
import type { Relation } from "../ordering/relation.ts";
import type { ActionMeta } from "./action-meta.ts";

export type Need = "nothing" | "quorum" | "fencing";

export const Task = {
  start: "start",
  running: "running",
  stop: "stop",
  stopped: "stopped",
  promote: "promote",
  promoted: "promoted",
  demote: "demote",
  demoted: "demoted",
  monitor: "monitor",
  cancel: "cancel",
  notify: "notify",
  notified: "notified",
  migrateTo: "migrate_to",
  migrateFrom: "migrate_from",
  reload: "reload-agent",
  stonith: "stonith",
  shutdown: "do_shutdown",
  lrmDelete: "lrm_delete",
  remove: "delete",
  clearFailCount: "clear_failcount",
} as const;

/** Bits of an action that orderings read and change. */
export const Flag = {
  optional: 1 << 0,
  runnable: 1 << 1,
  pseudo: 1 << 2,
  migratable: 1 << 3,
} as const;

/** Most actions come after nothing: they share this list. */
const NO_RELATIONS: readonly Relation[] = [];

function withRelation(known: readonly Relation[], relation: Relation): readonly Relation[] {
  if (known === NO_RELATIONS) return [relation];
  (known as Relation[]).push(relation);
  return known;
}

export class Action {
  readonly id: number;
  readonly key: string;
  /** Becomes "cancel" when a recurring operation is cancelled. */
  task: string;
  readonly intervalMs: number;
  readonly rsc: Rsc | undefined;
  node: Node | undefined;
  /** Flag bits. */
  flags: number;
  alwaysInGraph = false;
  /** A recurring operation to be started anew. */
  reschedule = false;
  /** The stop of a migration that went wrong. */
  migrationAbort = false;
  /** May run on the controller, whatever the state of its node. */
  onDc = false;
  inGraph = false;
  inputsMerged = false;
  /** What the graph says of it where others wait for it. */
  described: GraphAction | undefined;
  reason: string | undefined;
  meta: ActionMeta;
  /** Parameters of this operation only; undefined until a node is known. */
  extra: ReadonlyMap<string, string> | undefined;
  needs: Need = "nothing";
  /** Priority of its synapse. */
  priority = 0;
  /** How many of its first actions must be runnable; 0 = no such rule. */
  requiredRunnable = 0;
  runnableFirsts = 0;
  /** Task that a cancel cancels. */
  cancelledTask: string | undefined;
  /** Relations with what comes before and after, oldest first. */
  before: readonly Relation[] = NO_RELATIONS;
  after: readonly Relation[] = NO_RELATIONS;
  /** The newest relation in `before` from each action, once there are many (ordering/relation.ts). */
  relationsByFirst: Map<Action, Relation> | undefined;

  private ownSide: OrderingSide | undefined;

  constructor(
    id: number,
    key: string,
    task: string,
    intervalMs: number,
    rsc: Rsc | undefined,
    node: Node | undefined,
    meta: ActionMeta,
    flags: number,
  ) {
    this.id = id;
    this.key = key;
    this.task = task;
    this.intervalMs = intervalMs;
    this.rsc = rsc;
    this.node = node;
    this.meta = meta;
    this.flags = flags;
  }

  get optional(): boolean {
    return (this.flags & Flag.optional) !== 0;
  }

  set optional(value: boolean) {
    this.set(Flag.optional, value);
  }

  get runnable(): boolean {
    return (this.flags & Flag.runnable) !== 0;
  }

  set runnable(value: boolean) {
    this.set(Flag.runnable, value);
  }

  get pseudo(): boolean {
    return (this.flags & Flag.pseudo) !== 0;
  }

  set pseudo(value: boolean) {
    this.set(Flag.pseudo, value);
  }

  get migratable(): boolean {
    return (this.flags & Flag.migratable) !== 0;
  }

  set migratable(value: boolean) {
    this.set(Flag.migratable, value);
  }

  /** This action as a side of orderings; made once. */
  get side(): OrderingSide {
    this.ownSide ??= { rsc: this.rsc, key: this.key, task: undefined, action: this };
    return this.ownSide;
  }

  setMeta(name: string, value: string): void {
    this.meta = this.meta.with(name, value);
  }

  addBefore(relation: Relation): void {
    this.before = withRelation(this.before, relation);
  }

  addAfter(relation: Relation): void {
    this.after = withRelation(this.after, relation);
  }

  /** The first reason stays. */
  explain(reason: string): void {
    if (this.reason === undefined) this.reason = reason;
  }

  private set(flag: number, on: boolean): void {
    this.flags = on ? this.flags | flag : this.flags & ~flag;
  }
}

/** RESOURCE_TASK_INTERVAL */
export function opKey(resourceId: string, task: string, intervalMs = 0): string {
  return `${resourceId}_${task}_${intervalMs}`;
}

/** RESOURCE_TYPE_notify_TASK_0 */
export function notifyKey(resourceId: string, type: string, task: string): string {
  return `${resourceId}_${type}_notify_${task}_0`;
}

export interface ParsedKey {
  readonly resourceId: string;
  readonly task: string;
  readonly intervalMs: number;
}

const TASK_AT_END =
  /^(.+?)_((?:pre|post|confirmed-pre|confirmed-post)_notify_[a-z]+|migrate_to|migrate_from|[^_]+)_(\d+)$/;

/** Takes an operation key apart; undefined when it is none. */
export function parseKey(key: string): ParsedKey | undefined {
  const interval = key.lastIndexOf("_");
  if (interval <= 0) return undefined;
  const head = key.slice(0, interval);
  const notify = /^(.+)_((?:pre|post|confirmed-pre|confirmed-post)_notify_[a-z]+)$/.exec(head);
  if (notify !== null) {
    return {
      resourceId: notify[1]!,
      task: notify[2]!,
      intervalMs: Number(key.slice(interval + 1)),
    };
  }
  const migrate = /^(.+)_(migrate_to|migrate_from)$/.exec(head);
  if (migrate !== null) {
    return {
      resourceId: migrate[1]!,
      task: migrate[2]!,
      intervalMs: Number(key.slice(interval + 1)),
    };
  }
  const match = TASK_AT_END.exec(key);
  if (match === null) return undefined;
  const at = head.lastIndexOf("_");
  return {
    resourceId: head.slice(0, at),
    task: head.slice(at + 1),
    intervalMs: Number(match[3]),
  };
}
