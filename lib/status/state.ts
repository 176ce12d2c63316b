/**
 * What the cluster is, as data: the shape that `readStatus` (status.ts) fills and that the scheduler, crm_mon, crm status
 * and crm resource read. Nothing here decides. Followed: spec/scheduler-1 sections A.7, B and J.
 *
 * How to use it from a view:
 * - `status.nodes` is in name order. Look at `online`, `unclean`, `pending`, `standby`, `standbyOnFail`, `maintenance`,
 *   `kind` ("member", "remote", "guest"), `isDc`, `attributes` (transient over configured), `running` (primitives).
 * - `status.resources` is in the scheduler's order (priority, then document; removed ones last). Each is a tree:
 *   `variant`, `children`; for leaves `role`, `active` (nodes in the order found), `failed`, `managed`, `blocked`,
 *   `maintenance`, `removed` (the original's "orphan"), `pendingAction`, `lockNode`.
 * - `status.histories` has every operation of every node, sorted oldest first; `status.failures` the failed ones.
 * - `failCount(status, resource, node)` is in failcounts.ts.
 *
 * The classes are mutable while lib/status builds them; outside they are seen through the read-only types below, and the
 * scheduler works on copies of its own (lib/scheduler/board.ts).
 */
import { INFINITY, type Score } from "../base/score.ts";
import type { Cib, Resource as ResourceConfig } from "../cib/model.ts";
import type { XmlElement } from "../xml/node.ts";
import { Discovery, NodeTable } from "./node-table.ts";
import type { ClusterOptions, NoQuorumPolicy } from "./options.ts";
import { Role } from "./roles.ts";

export type NodeKind = "member" | "remote" | "guest";

export class NodeState {
  /** Position in creation order; the key of node tables. */
  readonly index: number;
  readonly id: string;
  readonly name: string;
  kind: NodeKind;
  /** Configured, transient and built-in (#uname, …) attributes. */
  attributes: Map<string, string> = new Map();
  utilization: Map<string, number> = new Map();
  /** `<node score>`; minus INFINITY once the node is known to be offline or shutting down. */
  baseScore: Score = 0;
  /** Nodes of bundles are never probed. */
  baseDiscovery: Discovery = Discovery.always;
  isDc = false;
  online = false;
  unclean = false;
  pending = false;
  standby = false;
  /** Standby because of a failure with on-fail=standby. */
  standbyOnFail = false;
  maintenance = false;
  shutdown = false;
  /** The cluster expects it to be a member. */
  expectedUp = false;
  /** Its status entry has been taken into account. */
  seen = false;
  /** Its operation history has been read. */
  historyRead = false;
  /** Guest or remote: must be fenced (reset) through its connection. */
  remoteReset = false;
  /** Remote: already fenced since its last start. */
  remoteFenced = false;
  /** Remote: told that it is in maintenance (node_in_maintenance). */
  remoteMaintenance = false;
  probesAllowed = true;
  /** Fencing priority from the resources it runs. */
  priority = 0;
  /** Connection resource of a remote or guest node. */
  connection: ResourceState | undefined;
  /** Active primitives in the order found. */
  running: ResourceState[] = [];
  /** crm_feature_set that the node reports, for displays. */
  featureSet: string | undefined;

  constructor(index: number, id: string, name: string, kind: NodeKind) {
    this.index = index;
    this.id = id;
    this.name = name;
    this.kind = kind;
  }

  /** Reached through pacemaker-remoted. */
  get isRemote(): boolean {
    return this.kind !== "member";
  }

  get isGuest(): boolean {
    return this.kind === "guest";
  }
}

export type Variant = "primitive" | "group" | "clone" | "bundle";

export const VARIANT_RANK = { primitive: 0, group: 1, clone: 2, bundle: 3 } as const;

export type Requirement = "nothing" | "quorum" | "fencing" | "unfencing";

export type MultipleActive = "stop_start" | "stop_only" | "block" | "stop_unexpected";

/** What a clone (or the clone inside a bundle) is asked to be. */
export interface CloneTraits {
  readonly max: number;
  readonly nodeMax: number;
  readonly promotedMax: number;
  readonly promotedNodeMax: number;
  readonly min: number;
  readonly interleave: boolean;
  readonly ordered: boolean;
}

/** One replica of a bundle and the parts it is made of. */
export interface Replica<R = ResourceState> {
  readonly number: number;
  readonly container: R;
  readonly ip: R | undefined;
  readonly connection: R | undefined;
  readonly child: R | undefined;
  /** The bundle's node behind the connection. */
  readonly node: number | undefined;
  readonly address: string | undefined;
}

export interface BundleTraits<R = ResourceState> {
  readonly image: string;
  readonly technology: "docker" | "podman";
  readonly replicasPerHost: number;
  readonly replicas: readonly Replica<R>[];
}

export class ResourceState {
  /** With instance number: `rsc:0`. */
  readonly id: string;
  /** As configured, without instance number. */
  readonly name: string;
  readonly variant: Variant;
  readonly config: ResourceConfig;
  parent: ResourceState | undefined;
  children: ResourceState[] = [];
  /** Resolved meta-attributes. */
  meta: Map<string, string> = new Map();

  // What it is asked to be.
  unique = true;
  notify = false;
  promotable = false;
  critical = true;
  migratable = false;
  /** Groups: the deprecated switches, both normally true. */
  ordered = true;
  collocated = true;
  fenceDevice = false;
  /** ocf:pacemaker:remote, for a remote or guest node. */
  remoteConnection = false;
  /** A bundle's connection: its container may run on remote nodes. */
  nestingAllowed = false;
  /** A bundle's container. */
  replicaContainer = false;
  priority = 0;
  stickiness = 0;
  migrationThreshold: Score = INFINITY;
  failureTimeoutMs = 0;
  reconnectMs = 0;
  multipleActive: MultipleActive = "stop_start";
  requires: Requirement = "quorum";
  utilization: Map<string, number> = new Map();
  clone: CloneTraits | undefined;
  bundle: BundleTraits | undefined;
  /** The resource that hosts this one's node (a guest's virtual machine, a bundle's container). */
  launcher: ResourceState | undefined;
  launched: ResourceState[] = [];
  /** Number inside its clone. */
  instance: number | undefined;

  // What it is now.
  managed = true;
  maintenance = false;
  blocked = false;
  failed = false;
  /** Must be stopped because it failed. */
  stopIfFailed = false;
  failureIgnored = false;
  startPending = false;
  /** In the history but not in the configuration. */
  removed = false;
  /** A removed resource that was launched by another one. */
  removedLaunched = false;
  exclusiveDiscovery = false;
  role: Role = Role.stopped;
  nextRole: Role = Role.unknown;
  /** Nodes it may run on. */
  allowed: NodeTable;
  /** Nodes where its state is known, by index. */
  known: Set<number> = new Set();
  active: NodeState[] = [];
  pendingAction: string | undefined;
  pendingNode: NodeState | undefined;
  /** Its name in the operation history where that differs from `id`. */
  historyId: string | undefined;
  lockNode: NodeState | undefined;
  lockTime = 0;
  partialSource: NodeState | undefined;
  partialTarget: NodeState | undefined;
  /** Sources of migrations whose stop never happened, oldest first. */
  danglingSources: NodeState[] = [];

  constructor(
    id: string,
    name: string,
    variant: Variant,
    config: ResourceConfig,
    parent: ResourceState | undefined,
    capacity: number,
  ) {
    this.id = id;
    this.name = name;
    this.variant = variant;
    this.config = config;
    this.parent = parent;
    this.allowed = new NodeTable(capacity);
  }

  get needsQuorum(): boolean {
    return this.requires === "quorum";
  }

  get needsFencing(): boolean {
    return this.requires === "fencing" || this.requires === "unfencing";
  }

  get needsUnfencing(): boolean {
    return this.requires === "unfencing";
  }

  get standard(): string {
    return this.config.kind === "primitive" ? this.config.standard : "";
  }
}

/** One operation of a history. `callId` -1 and rc 193 while pending. */
export interface Operation {
  readonly xml: XmlElement;
  readonly id: string;
  readonly key: string;
  readonly task: string;
  readonly intervalMs: number;
  readonly callId: number;
  readonly rc: number;
  readonly status: number;
  /** Epoch seconds; undefined when not recorded. */
  readonly lastRcChange: number | undefined;
  readonly expectedRc: number;
}

/** The history of one resource on one node. */
export interface ResourceHistory {
  readonly node: NodeState;
  readonly id: string;
  readonly xml: XmlElement;
  /** Oldest first. */
  readonly operations: readonly Operation[];
  /** Index of the last start or its substitute, -1 when none; of the last successful stop. */
  readonly startIndex: number;
  readonly stopIndex: number;
}

export interface FailedOperation {
  readonly operation: Operation;
  readonly node: NodeState;
  readonly resource: ResourceState;
  readonly xml: XmlElement;
}

export interface PostponedFailure {
  readonly resource: ResourceState;
  readonly node: NodeState;
  readonly operation: Operation;
}

/** What reading has to say to people; `level` and `source` as the original's log. */
export interface StatusMessage {
  readonly level: "error" | "warning";
  /** Name of the rule that speaks, as the original prints it: unpack_resources, unpack_rsc_op. */
  readonly source: string;
  readonly text: string;
}

export interface TicketState {
  readonly id: string;
  granted: boolean;
  standby: boolean;
  lastGranted: number | undefined;
  readonly attributes: Map<string, string>;
}

/**
 * What reading the status already implies, in the order found. The scheduler turns each into an action first, so that
 * action ids follow the reference (spec/scheduler-1 section 0, stages 2 to 4).
 */
export type Intent =
  | {
      readonly kind: "fence";
      readonly node: NodeState;
      readonly reason: string;
      readonly priorityDelay: boolean;
    }
  | {
      readonly kind: "recurring";
      readonly resource: ResourceState;
      readonly node: NodeState;
      readonly key: string;
      readonly task: string;
    }
  | {
      readonly kind: "stop" | "demote" | "stop-optional" | "lock-expired";
      readonly resource: ResourceState;
      readonly node: NodeState;
    }
  | {
      readonly kind: "clear-failcount";
      readonly resource: ResourceState;
      readonly node: NodeState;
      readonly reason: string;
      /** Only after the remote node has been fenced. */
      readonly afterFencing: boolean;
    };

/** Everything read. See the head of this file. */
export interface ClusterStatus {
  readonly cib: Cib;
  readonly now: number;
  readonly options: ClusterOptions;
  readonly quorate: boolean;
  /** The policy that really applies: "fence" needs fencing. */
  readonly noQuorumPolicy: NoQuorumPolicy;
  readonly dcId: string | undefined;
  readonly dc: NodeState | undefined;
  /** Name order. */
  readonly nodes: readonly NodeState[];
  /** Creation order: `nodesByIndex[node.index] === node`. */
  readonly nodesByIndex: readonly NodeState[];
  readonly resources: readonly ResourceState[];
  readonly tickets: ReadonlyMap<string, TicketState>;
  readonly histories: readonly ResourceHistory[];
  readonly failures: readonly FailedOperation[];
  readonly intents: readonly Intent[];
  /** A fence device or a watchdog is there. */
  readonly fencingPossible: boolean;
  readonly unfencingInUse: boolean;
  /** Operations whose recurring monitor must be rescheduled because its failure expired. */
  readonly expiredMonitors: ReadonlySet<XmlElement>;
  /** Failures of bundled connections whose parameters are known only once the container is assigned. */
  readonly postponedFailures: readonly PostponedFailure[];
  /** In the order in which they arose. */
  readonly messages: readonly StatusMessage[];
  /** Earliest time after `now` at which reading again may give another result; undefined when none. */
  readonly recheckBy: number | undefined;
  /** Every recorded history (`lrm_resource`) of this resource name, on any node. */
  historiesNamed(id: string): readonly XmlElement[];
}
