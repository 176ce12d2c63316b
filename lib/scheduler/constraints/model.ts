/** Constraints as the scheduler uses them: resolved to resources and nodes (spec/scheduler-2 sections 4 and 5, -1 section D). */

import type { Score } from "../../base/score.ts";
import type { Discovery } from "../../status/node-table.ts";
import type { Role } from "../../status/roles.ts";
import type { XmlElement } from "../../xml/node.ts";
import type { Action } from "../actions/action.ts";
import type { Node, Rsc } from "../board.ts";

export interface Location {
  readonly id: string;
  /** The rule that the scores come from, if any. */
  readonly rule?: XmlElement;
  readonly rsc: Rsc;
  /** Role.unknown = any. */
  readonly role: Role;
  readonly discovery: Discovery;
  readonly nodes: readonly { readonly node: Node; readonly score: Score }[];
}

export interface Colocation {
  readonly id: string;
  readonly dependent: Rsc;
  readonly primary: Rsc;
  readonly score: Score;
  /** Node attribute whose values must agree. */
  readonly attribute: string;
  readonly dependentRole: Role;
  readonly primaryRole: Role;
  /** Configured, not implied. */
  readonly explicit: boolean;
  /** The dependent's preferences may move an active primary. */
  readonly influence: boolean;
}

/** One side of an ordering: an action that exists, or a resource and the key of its action. */
export interface OrderingSide {
  readonly rsc: Rsc | undefined;
  readonly key: string | undefined;
  /** Where the key is ID_TASK_0 of this resource: the task. */
  readonly task?: string | undefined;
  readonly action: Action | undefined;
}

export interface Ordering {
  readonly first: OrderingSide;
  readonly then: OrderingSide;
  flags: number;
}

/** All of these probes come before the start and the reload of one resource. */
export interface ProbeFan {
  /** Number of orderings that were there before it: they are applied before it, later ones after it. */
  readonly position: number;
  readonly target: Rsc;
  readonly probes: Action[];
}

export interface TicketUse {
  readonly ticket: string;
  readonly role: Role;
  readonly lossPolicy: "fence" | "freeze" | "demote" | "stop";
  readonly granted: boolean;
  readonly standby: boolean;
}
