/**
 * One task of a resource as a side of orderings, with what is asked of it again and again: its key, its actions, and what
 * the configuration says of it. Probes of large clusters are ten thousands of actions of few sides.
 */
import type { OperationDefinition } from "../../status/operations.ts";
import type { Action } from "../actions/action.ts";
import type { ActionMeta } from "../actions/action-meta.ts";
import type { Rsc } from "../board.ts";
import type { OrderingSide } from "./model.ts";

/** An operation as configured, in the form that actions take over. */
export interface TaskDefinition {
  readonly op: OperationDefinition["op"];
  readonly meta: ActionMeta;
}

export class TaskSide implements OrderingSide {
  readonly rsc: Rsc;
  readonly task: string;
  /** ID_TASK_0 */
  readonly key: string;
  readonly action = undefined;
  /** The list of `rsc.actionsByKey` under this key, once there is one. */
  actions: Action[] | undefined;
  /** undefined as long as nobody asked, and where it depends on the node. */
  definition: TaskDefinition | undefined;

  constructor(rsc: Rsc, task: string, key: string) {
    this.rsc = rsc;
    this.task = task;
    this.key = key;
  }
}
