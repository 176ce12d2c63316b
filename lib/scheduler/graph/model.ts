/**
 * The transition graph as data: what must be done, by whom, after what (spec/scheduler-1, the graph's XML).
 * The scheduler produces it, lib/transition drives it, lib/view prints it.
 */

/** Whom an action concerns; for resource operations only. */
export interface GraphPrimitive {
  readonly id: string;
  /** Instance name of a clone member as the graph writes it, where it differs. */
  readonly longId?: string;
  readonly standard: string;
  readonly provider?: string;
  readonly agent: string;
}

/** Where an action takes place. */
export interface GraphNode {
  readonly id: string;
  readonly name: string;
}

export type ActionKind = "rsc_op" | "crm_event" | "pseudo_event";

/** Value of an attribute in all actions of a form: a text, or what the node of each is called, or its id. */
export type FormValue = string | { readonly ofNode: keyof GraphNode };

/** What many actions have in common: all but their ids and nodes, so that a printer makes the common text once. */
export interface ActionForm {
  readonly kind: ActionKind;
  readonly operation: string;
  readonly operationKey: string;
  readonly internalKey: string | undefined;
  readonly primitive: GraphPrimitive;
  /** In written order. */
  readonly attributes: ReadonlyMap<string, FormValue>;
}

/** One action. `attributes` is the graph's `<attributes>` element: parameters and CRM_meta_* words, in written order. */
export interface GraphAction {
  readonly id: number;
  readonly kind: ActionKind;
  /** start, stop, monitor, cancel, do_shutdown, stonith, clear_failcount, lrm_delete, maintenance_nodes, … */
  readonly operation: string;
  /** operation_key, e.g. `webip_monitor_10000`. */
  readonly operationKey: string;
  readonly internalKey?: string | undefined;
  /** on_node / on_node_uuid. */
  readonly node?: GraphNode | undefined;
  /** router_node: who carries it out for a guest or remote node. */
  readonly router?: string | undefined;
  readonly primitive?: GraphPrimitive | undefined;
  readonly attributes: ReadonlyMap<string, string>;
  /** The form that it has in common with others, if any; `attributes` are made from it on demand. */
  readonly form?: ActionForm | undefined;
  /** Ids of nodes that this action takes down. */
  readonly downed: readonly string[];
  /** shutdown-lock: epoch seconds since which the resource is locked to its node. */
  readonly shutdownLock?: number | undefined;
  /** Node ids of a maintenance_nodes action. */
  readonly maintenance?: readonly string[] | undefined;
  /** Those of them that enter maintenance; the others leave it. */
  readonly maintenanceOn?: readonly string[] | undefined;
}

/** Actions of one step and the actions that must be complete before. */
export interface Synapse {
  readonly id: number;
  readonly priority: number;
  readonly actions: readonly GraphAction[];
  readonly inputs: readonly GraphAction[];
}

/** The whole graph; `attributes` are those of `<transition_graph>` in written order (cluster-delay, batch-limit, …). */
export interface TransitionGraph {
  readonly attributes: ReadonlyMap<string, string>;
  readonly synapses: readonly Synapse[];
}
