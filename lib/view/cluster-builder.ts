/** Builds the cluster view of crm_mon and `crm status` from a status (spec/outputs-and-tools A4, B1, B2). */
import { parseScore } from "../base/score.ts";
import { type FailureSource, leafFailCount } from "../status/failcounts.ts";
import { parseRole, Role } from "../status/roles.ts";
import type {
  ClusterStatus,
  NodeState,
  Operation,
  ResourceHistory,
  ResourceState,
} from "../status/state.ts";
import { currentNode, leavesOf, topOf } from "../status/tree.ts";
import { parseIntervalMs } from "../time/interval.ts";
import { attr } from "../xml/node.ts";
import type {
  BanView,
  ClusterView,
  FailureView,
  NodeAttributesView,
  NodeHistoryView,
  NodeView,
  OperationView,
  ResourceHistoryView,
  SummaryView,
  TextForm,
} from "./cluster.ts";
import { primitiveView, resourceView, type Showing, showingOf } from "./resource-builder.ts";

const NOT_RUNNING = 7;

function num(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number.parseInt(text, 10);
  return Number.isNaN(value) ? undefined : value;
}

function operationView(operation: Operation): OperationView {
  return {
    // Old histories hold no keys; their entries are named so.
    key: operation.key === "" ? operation.id : operation.key,
    id: operation.id,
    task: operation.task,
    intervalMs: operation.intervalMs,
    callId: operation.callId,
    rc: operation.rc,
    status: operation.status,
    exitReason: attr(operation.xml, "exit-reason") ?? "",
    lastRcChange: operation.lastRcChange,
    lastRun: num(attr(operation.xml, "last-run")),
    execMs: num(attr(operation.xml, "exec-time")),
    queueMs: num(attr(operation.xml, "queue-time")),
  };
}

function failures(status: ClusterStatus): FailureView[] {
  return status.failures.map((f) => ({
    ...operationView(f.operation),
    resource: f.resource.unique ? f.resource.id : f.resource.name,
    node: f.node.name,
  }));
}

function healthOf(status: ClusterStatus, node: NodeState): NodeView["health"] {
  if (status.options.healthStrategy === "none") return "green";
  let worst: NodeView["health"] = "green";
  for (const [name, value] of node.attributes) {
    if (!name.startsWith("#health")) continue;
    const score = parseScore(value);
    if (value === "red" || (score !== undefined && score <= status.options.healthRed)) return "red";
    if (value === "yellow" || (score !== undefined && score < 0)) worst = "yellow";
  }
  return worst;
}

function nodeView(status: ClusterStatus, node: NodeState, showing: Showing): NodeView {
  const running = node.running
    .map((r) => primitiveView(r, showing))
    .filter((r) => r.nodes.length > 0);
  const container = node.kind === "guest" ? node.connection?.launcher : undefined;
  return {
    name: node.name,
    id: node.id,
    kind: node.kind,
    online: node.online,
    standby: node.standby,
    standbyOnFail: node.standbyOnFail,
    maintenance: node.maintenance,
    pending: node.pending,
    unclean: node.unclean,
    shutdown: node.shutdown,
    expectedUp: node.expectedUp,
    isDc: node.isDc,
    health: healthOf(status, node),
    // Members from before 3.15.1 do not say what they can do.
    featureSet: node.featureSet ?? (node.kind === "member" && node.online ? "<3.15.1" : undefined),
    host: container === undefined ? undefined : currentNode(container)?.name,
    container: container?.id,
    running,
    runningCount: running.length,
  };
}

/** Its target-role keeps it from what it could do. */
function isDisabled(resource: ResourceState): boolean {
  const target = parseRole(resource.meta.get("target-role") ?? "");
  if (target === Role.stopped) return true;
  return target === Role.unpromoted && topOf(resource).promotable;
}

function summary(status: ClusterStatus): SummaryView {
  const { root } = status.cib.doc;
  const text = (name: string) => status.options.texts.get(name);
  const leaves = status.resources.flatMap((r) => leavesOf(r));
  // What is no longer configured counts as long as it runs.
  const counted = leaves.filter((r) => !r.removed || r.role > Role.stopped);
  const disabled = counted.filter(isDisabled);
  const sets = new Set(
    status.nodes.filter((n) => n.online && n.featureSet !== undefined).map((n) => n.featureSet),
  );
  return {
    stack: text("cluster-infrastructure"),
    dc: status.dc === undefined ? undefined : { name: status.dc.name, id: status.dc.id },
    quorate: status.quorate,
    mixedVersion: sets.size > 1,
    dcVersion: text("dc-version"),
    updated: status.now,
    changed: {
      at: attr(root, "cib-last-written") ?? "",
      user: attr(root, "update-user") ?? "",
      client: attr(root, "update-client") ?? "",
      origin: attr(root, "update-origin") ?? "",
    },
    nodes: status.nodes.length,
    expectedVotes: text("expected-quorum-votes"),
    resources: counted.length,
    disabled: disabled.length,
    blocked: counted.filter((r) => r.blocked).length,
    options: {
      fencing: status.options.fencingEnabled,
      fencingTimeoutMs: parseIntervalMs(status.options.fencingTimeoutText) ?? 60_000,
      symmetric: status.options.symmetric,
      noQuorumPolicy: status.options.noQuorumPolicy,
      maintenance: status.options.maintenanceMode,
      stopAll: status.options.stopAllResources,
      priorityFencingDelayMs: status.options.priorityFencingDelayMs,
    },
  };
}

type LeafIndex = ReadonlyMap<string, readonly ResourceState[]>;

/** Leaves by each of the names that a history may know them by, in order. */
function indexLeaves(status: ClusterStatus): LeafIndex {
  const index = new Map<string, ResourceState[]>();
  for (const resource of status.resources) {
    for (const leaf of leavesOf(resource)) {
      for (const name of new Set([leaf.id, leaf.name, leaf.historyId])) {
        if (name === undefined) continue;
        const known = index.get(name);
        if (known === undefined) index.set(name, [leaf]);
        else known.push(leaf);
      }
    }
  }
  return index;
}

/** The leaf that a history entry belongs to on this node. */
function leafFor(leaves: LeafIndex, history: ResourceHistory): ResourceState | undefined {
  const same = leaves.get(history.id) ?? [];
  return same.find((l) => l.active.includes(history.node)) ?? same[0];
}

function shownOperations(history: ResourceHistory): OperationView[] {
  return history.operations
    .filter(
      (op) =>
        op.task !== "notify" &&
        !(op.task === "monitor" && op.intervalMs === 0 && op.rc === NOT_RUNNING),
    )
    .map(operationView);
}

function failureSource(status: ClusterStatus): FailureSource {
  return {
    cib: status.cib,
    now: status.now,
    historiesNamed: (id) => status.histories.filter((h) => h.id === id).map((h) => h.xml),
  };
}

function histories(status: ClusterStatus): NodeHistoryView[] {
  const source = failureSource(status);
  const leaves = indexLeaves(status);
  const byNode = new Map<NodeState, ResourceHistoryView[]>();
  for (const history of status.histories) {
    if (!history.node.online) continue;
    const leaf = leafFor(leaves, history);
    const count =
      leaf === undefined ? { count: 0, last: 0 } : leafFailCount(source, history.node, leaf, false);
    const rows = byNode.get(history.node) ?? [];
    rows.push({
      resource: history.id,
      known: leaf !== undefined && !leaf.removed,
      migrationThreshold: leaf?.migrationThreshold ?? 0,
      failCount: count.count,
      lastFailure: count.last,
      operations: shownOperations(history),
    });
    byNode.set(history.node, rows);
  }
  return [...byNode].map(([node, resources]) => ({ node: node.name, resources }));
}

/** Attributes that the manager uses itself, by the form of the text. */
const HIDDEN_ATTRIBUTES: Readonly<Record<TextForm, RegExp>> = {
  classic: /^(fail-count|last-failure|probe_complete|shutdown|terminate|standby|#)/,
  current: /^(fail-count|last-failure|shutdown|terminate|standby|#)/,
};
const PINGERS = new Set(["ping", "pingd"]);

/** What a ping resource running there would set with every host reachable. */
function expectedConnectivity(node: NodeState, name: string): number | undefined {
  for (const resource of node.running) {
    const config = resource.config;
    if (config.kind !== "primitive" || !PINGERS.has(config.agent)) continue;
    const parameters = new Map(
      config.parameters.flatMap((set) =>
        set.children.map((pair) => [attr(pair, "name") ?? "", attr(pair, "value") ?? ""] as const),
      ),
    );
    if ((parameters.get("name") ?? "pingd") !== name) continue;
    const hosts = (parameters.get("host_list") ?? "").split(/\s+/).filter((h) => h !== "").length;
    return hosts * (num(parameters.get("multiplier")) ?? 1);
  }
  return undefined;
}

function attributes(status: ClusterStatus, form: TextForm): NodeAttributesView[] {
  return status.nodes
    .filter((node) => node.online)
    .map((node) => ({
      node: node.name,
      attributes: [...node.attributes]
        .filter(([name]) => !HIDDEN_ATTRIBUTES[form].test(name) && name !== "site-name")
        .map(([name, value]) => ({ name, value, expected: expectedConnectivity(node, name) }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    }))
    .filter((row) => row.attributes.length > 0);
}

function bans(status: ClusterStatus): BanView[] {
  const found: BanView[] = [];
  for (const constraint of status.cib.constraints) {
    if (constraint.kind !== "location") continue;
    const score = parseScore(attr(constraint.xml, "score") ?? "");
    const node = attr(constraint.xml, "node");
    if (score === undefined || score >= 0 || node === undefined) continue;
    const role = attr(constraint.xml, "role") ?? "";
    found.push({
      id: constraint.id,
      resource: constraint.resource ?? "",
      node,
      score,
      promotedOnly: /^(promoted|master)$/i.test(role),
    });
  }
  return found;
}

/** Everything a monitor can show of this status. */
export function clusterView(status: ClusterStatus): ClusterView {
  const head = summary(status);
  const showing = showingOf(status);
  const { form } = showing;
  return {
    kind: "cluster",
    form,
    summary: head,
    nodes: status.nodes.map((node) => nodeView(status, node, showing)),
    resources: status.resources.map((r) => resourceView(r, status.nodes, showing)),
    attributes: attributes(status, form),
    history: histories(status),
    failures: failures(status),
    tickets: [...status.tickets.values()].map((t) => ({
      id: t.id,
      granted: t.granted,
      standby: t.standby,
      lastGranted: t.lastGranted,
    })),
    bans: bans(status),
  };
}
