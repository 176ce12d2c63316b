/**
 * The workbench while a status is read: nodes, resources and intents as they become known, and look-ups over them.
 * Nothing outside lib/status sees it; the result is a ClusterStatus.
 */
import { compareNames } from "../base/collections.ts";
import { parseScore } from "../base/score.ts";
import type { Cib } from "../cib/model.ts";
import { attr, childrenOf, type XmlElement } from "../xml/node.ts";
import type { Surroundings } from "./nvsets.ts";
import { type ClusterOptions, isTruthy, type NoQuorumPolicy } from "./options.ts";
import {
  type FailedOperation,
  type Intent,
  type NodeKind,
  NodeState,
  type PostponedFailure,
  type ResourceHistory,
  type ResourceState,
  type StatusMessage,
  type TicketState,
} from "./state.ts";

export class Reader {
  readonly cib: Cib;
  readonly now: number;
  readonly options: ClusterOptions;
  readonly surroundings: Surroundings;
  readonly quorate: boolean;
  readonly dcId: string | undefined;
  readonly unfencingInUse: boolean;
  /** "fence" counts only with fencing, and only where it can have a meaning (spec/scheduler-1 section A.6). */
  readonly noQuorumPolicy: NoQuorumPolicy;
  dc: NodeState | undefined;
  hasFenceDevice = false;
  readonly nodesByIndex: NodeState[] = [];
  /** Name order. */
  readonly nodes: NodeState[] = [];
  readonly resources: ResourceState[] = [];
  readonly tickets = new Map<string, TicketState>();
  readonly histories: ResourceHistory[] = [];
  readonly failures: FailedOperation[] = [];
  readonly intents: Intent[] = [];
  readonly expiredMonitors = new Set<XmlElement>();
  readonly postponedFailures: PostponedFailure[] = [];
  readonly messages: StatusMessage[] = [];
  recheckBy: number | undefined;
  private readonly nodesByName = new Map<string, NodeState>();
  private readonly nodesById = new Map<string, NodeState>();
  private readonly byId = new Map<string, ResourceState>();
  private readonly byHistoryId = new Map<string, ResourceState[]>();
  private readonly stopsAsked = new Set<string>();
  private historyIndex: Map<string, Map<string, XmlElement>> | undefined;

  constructor(cib: Cib, now: number, options: ClusterOptions, surroundings: Surroundings) {
    this.cib = cib;
    this.now = now;
    this.options = options;
    this.surroundings = surroundings;
    this.quorate = isTruthy(attr(cib.doc.root, "have-quorum"));
    this.dcId = attr(cib.doc.root, "dc-uuid");
    this.unfencingInUse = usesUnfencing(cib);
    this.noQuorumPolicy = this.effectivePolicy();
  }

  private effectivePolicy(): NoQuorumPolicy {
    const policy = this.options.noQuorumPolicy;
    if (policy !== "fence") return policy;
    const panic = Number.parseInt(attr(this.cib.doc.root, "no-quorum-panic") ?? "0", 10) || 0;
    const effective = this.options.fencingEnabled && (panic !== 0 || this.quorate);
    return effective ? "fence" : "stop";
  }

  addNode(id: string, name: string, kind: NodeKind, score: string | undefined): NodeState {
    const node = new NodeState(this.nodesByIndex.length, id, name, kind);
    node.baseScore = score === undefined ? 0 : (parseScore(score) ?? 0);
    this.nodesByIndex.push(node);
    this.nodesById.set(id.toLowerCase(), node);
    this.nodesByName.set(name.toLowerCase(), node);
    let at = 0;
    while (at < this.nodes.length && compareNames(this.nodes[at]!.name, name) < 0) at++;
    this.nodes.splice(at, 0, node);
    return node;
  }

  nodeById(id: string | undefined): NodeState | undefined {
    return id === undefined ? undefined : this.nodesById.get(id.toLowerCase());
  }

  nodeByName(name: string | undefined): NodeState | undefined {
    return name === undefined ? undefined : this.nodesByName.get(name.toLowerCase());
  }

  /** By id first, then by name. */
  findNode(id: string | undefined, name: string | undefined): NodeState | undefined {
    return this.nodeById(id) ?? this.nodeByName(name);
  }

  /** Makes a resource and its descendants findable by id. */
  register(resource: ResourceState): void {
    if (!this.byId.has(resource.id)) this.byId.set(resource.id, resource);
    for (const c of resource.children) this.register(c);
  }

  /** By configured id or by a name recorded from the history. */
  findResource(id: string): ResourceState | undefined {
    return this.byId.get(id) ?? this.byHistoryId.get(id)?.[0];
  }

  setHistoryId(resource: ResourceState, historyId: string): void {
    if (resource.historyId === historyId) return;
    this.clearHistoryId(resource);
    resource.historyId = historyId;
    const list = this.byHistoryId.get(historyId);
    if (list === undefined) this.byHistoryId.set(historyId, [resource]);
    else list.push(resource);
  }

  clearHistoryId(resource: ResourceState): void {
    if (resource.historyId === undefined) return;
    const list = this.byHistoryId.get(resource.historyId);
    const at = list?.indexOf(resource) ?? -1;
    if (list !== undefined && at >= 0) list.splice(at, 1);
    resource.historyId = undefined;
  }

  private historiesOf(id: string): ReadonlyMap<string, XmlElement> | undefined {
    if (this.historyIndex === undefined) {
      this.historyIndex = new Map();
      for (const state of this.cib.status?.children ?? []) {
        const host = (attr(state, "uname") ?? "").toLowerCase();
        for (const lrm of childrenOf(state, "lrm")) {
          for (const list of childrenOf(lrm, "lrm_resources")) {
            for (const entry of childrenOf(list, "lrm_resource")) {
              const name = attr(entry, "id") ?? "";
              let found = this.historyIndex.get(name);
              if (found === undefined) {
                found = new Map();
                this.historyIndex.set(name, found);
              }
              found.set(host, entry);
            }
          }
        }
      }
    }
    return this.historyIndex.get(id);
  }

  /** Every recorded history of this resource name, on any node. */
  historiesNamed(id: string): readonly XmlElement[] {
    return [...(this.historiesOf(id)?.values() ?? [])];
  }

  /** The recorded history of this resource name on one node. */
  historyOn(id: string, nodeName: string): XmlElement | undefined {
    return this.historiesOf(id)?.get(nodeName.toLowerCase());
  }

  /** Notes a time at which a fresh reading may differ; only the earliest future one is kept. */
  recheckAt(time: number): void {
    if (time <= this.now) return;
    if (this.recheckBy === undefined || time < this.recheckBy) this.recheckBy = time;
  }

  /** A fence device or a watchdog is there. */
  get fencingPossible(): boolean {
    return this.options.haveWatchdog || this.hasFenceDevice;
  }

  /** Records a required stop; a managed resource on an offline, clean node makes it a reason to fence. */
  askStop(resource: ResourceState, node: NodeState, fence: (reason: string) => void): void {
    this.intents.push({ kind: "stop", resource, node });
    this.stopsAsked.add(`${resource.id} ${node.index}`);
    const unreachable = !node.online && (!node.isGuest || node.remoteReset);
    if (unreachable && !node.unclean && resource.managed) fence("stop is unrunnable");
  }

  hasStop(resource: ResourceState, node: NodeState): boolean {
    return this.stopsAsked.size > 0 && this.stopsAsked.has(`${resource.id} ${node.index}`);
  }
}

function mentionsUnfencing(meta: readonly XmlElement[]): boolean {
  return meta.some((block) =>
    block.children.some((pair) => {
      const name = attr(pair, "name");
      return (name === "provides" || name === "requires") && attr(pair, "value") === "unfencing";
    }),
  );
}

/** A textual check over resources and defaults: rules are not evaluated (spec/scheduler-1 section A.6). */
function usesUnfencing(cib: Cib): boolean {
  const below = (node: XmlElement): boolean =>
    mentionsUnfencing(node.children.filter((c) => c.name === "meta_attributes")) ||
    node.children.some(below);
  if (mentionsUnfencing(cib.resourceDefaults)) return true;
  return cib.resources.some((resource) => below(resource.xml));
}
