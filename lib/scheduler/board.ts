/**
 * The working board (HOUSE section 4): what the phases of one schedule write. It holds copies of the nodes and resources
 * of a frozen ClusterStatus, extended by what only scheduling needs. Actions, orderings and colocations are append-only;
 * only ordering/settle.ts changes flags, only assign/ sets or clears an assignment.
 */
import type { Score } from "../base/score.ts";
import type { Cib } from "../cib/model.ts";
import type { Surroundings } from "../status/nvsets.ts";
import type { ClusterOptions, NoQuorumPolicy } from "../status/options.ts";
import {
  type BundleTraits,
  type ClusterStatus,
  NodeState,
  ResourceState,
} from "../status/state.ts";
import type { XmlElement } from "../xml/node.ts";
import { type Action, opKey } from "./actions/action.ts";
import type { Notifications } from "./actions/notify.ts";
import type { ScheduleMessage, ScheduleOptions } from "./api.ts";
import type { Contribution } from "./causes.ts";
import type { Colocation, Location, Ordering, ProbeFan, TicketUse } from "./constraints/model.ts";
import { TaskSide } from "./constraints/task-side.ts";
import type { Variant } from "./variant/variant.ts";

export class Node extends NodeState {
  declare connection: Rsc | undefined;
  declare running: Rsc[];
  /** Leaf resources assigned to it in this schedule. */
  assignedCount = 0;
  /** Leaves assigned to it. */
  assignedResources: Rsc[] = [];
  /** What is left of its utilization. */
  capacity: Map<string, number> = new Map();
}

export class Rsc extends ResourceState {
  declare parent: Rsc | undefined;
  declare children: Rsc[];
  declare launcher: Rsc | undefined;
  declare launched: Rsc[];
  declare active: Node[];
  declare pendingNode: Node | undefined;
  declare lockNode: Node | undefined;
  declare partialSource: Node | undefined;
  declare partialTarget: Node | undefined;
  declare danglingSources: Node[];
  declare bundle: BundleTraits<Rsc> | undefined;

  unassigned = true;
  assigning = false;
  /** Its preferences are being merged: the guard against cycles. */
  updating = false;
  assigned: Node | undefined;
  /** Score of the assigned node's entry at the moment of assignment. */
  assignedScore: Score = 0;
  restarting = false;
  reload = false;
  stopUnexpected = false;
  /** Stages of a promotable clone's assignment. */
  promotionScoresAdded = false;
  rolesBegun = false;
  promotionPriority: Score = 0;
  actions: Action[] = [];
  readonly actionsByKey = new Map<string, Action[]>();
  /** Colocations in which it is the dependent, and the primary; in their priority order. */
  thisWith: Colocation[] = [];
  withThis: Colocation[] = [];
  locations: Location[] = [];
  ticketUses: TicketUse[] = [];
  /** Of clones with notify=true: the pseudo-actions of each kind of change. */
  notifications: Notifications = {};
  /** Probes of it (or its instances) that wait to be related to its start; see `orderProbe`. */
  probeFan: ProbeFan | undefined;
  private readonly sides = new Map<string, TaskSide>();

  /** Its actions of this task that do not recur, as a side of orderings; made once. */
  side(task: string): TaskSide {
    let side = this.sides.get(task);
    if (side === undefined) {
      side = new TaskSide(this, task, opKey(this.id, task));
      this.sides.set(task, side);
    }
    return side;
  }

  /** Key of its action that does not recur: ID_TASK_0. */
  keyOf(task: string): string {
    return this.side(task).key;
  }
}

/** One step of the decision, for scores and for explanations. */
export interface Note {
  readonly step:
    | "primitive"
    | "group"
    | "clone"
    | "bundle"
    | "promotion"
    | "utilization"
    | "capacity";
  readonly resource: string | undefined;
  readonly node: string | undefined;
  readonly score: Score | undefined;
  /** For utilization and capacity: attribute values; and which of the two capacities it is. */
  readonly values?: ReadonlyMap<string, number>;
  readonly label?: string;
}

export type Variants = Readonly<Record<Rsc["variant"], Variant>>;

export class Book {
  readonly status: ClusterStatus;
  readonly settings: ScheduleOptions;
  readonly variants: Variants;
  readonly options: ClusterOptions;
  readonly surroundings: Surroundings;
  readonly quorate: boolean;
  readonly noQuorumPolicy: NoQuorumPolicy;
  readonly fencingPossible: boolean;
  readonly unfencingInUse: boolean;
  readonly now: number;
  /** Name order. */
  readonly nodes: Node[];
  readonly nodesByIndex: Node[];
  /** Top-level resources; re-sorted once when placement asks for it. */
  resources: Rsc[];
  readonly dc: Node | undefined;
  /** Creation order. */
  readonly actions: Action[] = [];
  readonly actionsByKey = new Map<string, Action[]>();
  readonly orderings: Ordering[] = [];
  readonly probeFans: ProbeFan[] = [];
  readonly locations: Location[] = [];
  readonly notes: Note[] = [];
  /** What each rule changed; empty unless asked for. */
  readonly contributions: Contribution[] = [];
  readonly messages: ScheduleMessage[] = [];
  recheckBy: number | undefined;
  /** Nesting of ordering updates; bounded by ordering/settle.ts. */
  updateDepth = 0;
  /** Brings an action in line with its relations; set while orderings settle. */
  update: (action: Action) => void = () => {};
  /** Wants a node fenced (actions/fence.ts); set when the book is opened. */
  fence: (node: Node, reason: string) => void = () => {};
  /** Connections whose parameters are known only once their container is assigned. */
  readonly deferredChecks: { readonly rsc: Rsc; readonly run: () => void }[] = [];
  private readonly byId = new Map<string, Rsc>();

  constructor(status: ClusterStatus, settings: ScheduleOptions, variants: Variants) {
    this.status = status;
    this.settings = settings;
    this.variants = variants;
    this.options = status.options;
    this.quorate = status.quorate;
    this.noQuorumPolicy = status.noQuorumPolicy;
    this.fencingPossible = status.fencingPossible;
    this.unfencingInUse = status.unfencingInUse;
    this.now = status.now;
    this.recheckBy = status.recheckBy;
    this.surroundings = {
      cib: status.cib,
      now: status.now,
      recheckAt: (time) => this.recheckAt(time),
    };
    const copies = copyStatus(status);
    this.nodesByIndex = copies.nodes;
    this.nodes = status.nodes.map((node) => copies.nodes[node.index]!);
    this.resources = status.resources.map((resource) => copies.resource(resource)!);
    this.dc = copies.node(status.dc);
    this.copyOf = copies.resource;
    for (const resource of this.resources) this.register(resource);
    for (const resource of this.resources) this.registerHistoryId(resource);
  }

  /** What the resource's kind can do. */
  kind(rsc: Rsc): Variant {
    return this.variants[rsc.variant];
  }

  /** The board's copy of a status resource. */
  readonly copyOf: (resource: ResourceState) => Rsc | undefined;

  nodeCopy(node: NodeState): Node {
    return this.nodesByIndex[node.index]!;
  }

  private register(resource: Rsc): void {
    if (!this.byId.has(resource.id)) this.byId.set(resource.id, resource);
    for (const c of resource.children) this.register(c);
  }

  private registerHistoryId(resource: Rsc): void {
    if (resource.historyId !== undefined && !this.byId.has(resource.historyId)) {
      this.byId.set(resource.historyId, resource);
    }
    for (const c of resource.children) this.registerHistoryId(c);
  }

  /** By id or history id. */
  find(id: string): Rsc | undefined {
    return this.byId.get(id);
  }

  note(note: Note): void {
    this.notes.push(note);
  }

  tell(level: ScheduleMessage["level"], source: string, text: string): void {
    this.messages.push({ level, source, text });
  }

  get cib(): Cib {
    return this.status.cib;
  }

  /** Every recorded history of this resource name, on any node. */
  historiesNamed(id: string): readonly XmlElement[] {
    return this.status.historiesNamed(id);
  }

  /** Only the earliest time after now is kept. */
  recheckAt(time: number): void {
    if (time <= this.now) return;
    if (this.recheckBy === undefined || time < this.recheckBy) this.recheckBy = time;
  }

  /** Some node is reached through pacemaker-remoted. */
  get hasRemoteNodes(): boolean {
    return this.nodesByIndex.some((node) => node.isRemote);
  }
}

interface Copies {
  readonly nodes: Node[];
  node(from: NodeState | undefined): Node | undefined;
  resource(from: ResourceState | undefined): Rsc | undefined;
}

/** Copies nodes and resource trees so that references among them stay inside the copy. */
function copyStatus(status: ClusterStatus): Copies {
  const resources = new Map<ResourceState, Rsc>();
  const nodes = status.nodesByIndex.map((from) => {
    const node = new Node(from.index, from.id, from.name, from.kind);
    Object.assign(node, from);
    node.capacity = new Map(from.utilization);
    return node;
  });
  const node = (from: NodeState | undefined): Node | undefined =>
    from === undefined ? undefined : nodes[from.index];
  const list = (from: readonly NodeState[]): Node[] => from.map((each) => nodes[each.index]!);

  const make = (from: ResourceState): Rsc => {
    const known = resources.get(from);
    if (known !== undefined) return known;
    const rsc = new Rsc(from.id, from.name, from.variant, from.config, undefined, 0);
    resources.set(from, rsc);
    Object.assign(rsc, from);
    rsc.allowed = from.allowed.copy();
    rsc.known = new Set(from.known);
    rsc.parent = from.parent === undefined ? undefined : make(from.parent);
    rsc.children = from.children.map(make);
    rsc.launcher = from.launcher === undefined ? undefined : make(from.launcher);
    rsc.launched = from.launched.map(make);
    rsc.active = list(from.active);
    rsc.danglingSources = list(from.danglingSources);
    rsc.pendingNode = node(from.pendingNode);
    rsc.lockNode = node(from.lockNode);
    rsc.partialSource = node(from.partialSource);
    rsc.partialTarget = node(from.partialTarget);
    if (from.bundle !== undefined) {
      rsc.bundle = {
        ...from.bundle,
        replicas: from.bundle.replicas.map((replica) => ({
          ...replica,
          container: make(replica.container),
          ip: replica.ip === undefined ? undefined : make(replica.ip),
          connection: replica.connection === undefined ? undefined : make(replica.connection),
          child: replica.child === undefined ? undefined : make(replica.child),
        })),
      };
    }
    return rsc;
  };
  for (const resource of status.resources) make(resource);
  for (const each of nodes) {
    const from = status.nodesByIndex[each.index]!;
    each.connection = from.connection === undefined ? undefined : make(from.connection);
    each.running = from.running.map(make);
  }
  return {
    nodes,
    node,
    resource: (from) => (from === undefined ? undefined : resources.get(from)),
  };
}
