/** Resource trees of a ClusterStatus as views (spec/outputs-and-tools A4.3 to A4.5). */

import { parseRole, Role, roleText } from "../status/roles.ts";
import type { ClusterStatus, FailedOperation, NodeState, ResourceState } from "../status/state.ts";
import { currentNode, isActive, leavesOf } from "../status/tree.ts";
import { attr } from "../xml/node.ts";
import type {
  BundleView,
  CloneView,
  GroupView,
  PlaceView,
  PrimitiveView,
  ResourceView,
  TextForm,
} from "./cluster.ts";
import { textForm } from "./form.ts";

function placeOf(node: NodeState): PlaceView {
  return { name: node.name, id: node.id, online: node.online, unclean: node.unclean };
}

function placeOfBest(resource: ResourceState): PlaceView | undefined {
  const node = currentNode(resource);
  return node === undefined ? undefined : placeOf(node);
}

/** Configured target-role as the word tools print today; undefined when none is set. */
function targetRole(resource: ResourceState): string | undefined {
  const text = resource.meta.get("target-role");
  if (text === undefined) return undefined;
  const role = parseRole(text);
  return role === undefined ? text : roleText(role);
}

function isDisabled(resource: ResourceState): boolean {
  return targetRole(resource) === roleText(Role.stopped);
}

function cloneAbove(resource: ResourceState): ResourceState | undefined {
  for (let at = resource.parent; at !== undefined; at = at.parent) {
    if (at.variant === "clone") return at;
  }
  return undefined;
}

/** Failed probes: resource name (without instance) to node name to exit code. */
type FailedProbes = ReadonlyMap<string, ReadonlyMap<string, number>>;

const NO_PROBES: ReadonlyMap<string, number> = new Map();

/** The probes among a status's failures. */
function failedProbes(failures: readonly FailedOperation[]): FailedProbes {
  const found = new Map<string, Map<string, number>>();
  for (const { operation, resource, node } of failures) {
    if (operation.task !== "monitor" || operation.intervalMs !== 0) continue;
    const name = resource.unique ? resource.id : resource.name;
    const nodes = found.get(name) ?? new Map<string, number>();
    nodes.set(node.name, operation.rc);
    found.set(name, nodes);
  }
  return found;
}

/** What views of resources depend on besides the resource. */
export interface Showing {
  readonly probes: FailedProbes;
  readonly form: TextForm;
}

/** How the resources of a status are shown: its stack decides the form. */
export function showingOf(status: ClusterStatus): Showing {
  const form = textForm(status.options.texts.get("cluster-infrastructure"));
  return { probes: failedProbes(status.failures), form };
}

/**
 * A primitive as Pacemaker 1.1.10 knew it, which recorded operations only when they had ended: not there before its start has
 * succeeded, there until its stop has (spec/runtime.md 3.7).
 */
function withoutPending(view: PrimitiveView, pendingNode: NodeState | undefined): PrimitiveView {
  const ended = { ...view, pendingAction: undefined, pendingNode: undefined };
  if (view.pendingAction === "start") {
    return { ...ended, role: roleText(Role.stopped), active: false, nodes: [], current: undefined };
  }
  if (view.pendingAction !== "stop" || view.active || pendingNode === undefined) return ended;
  const place = placeOf(pendingNode);
  return { ...ended, role: roleText(Role.started), active: true, nodes: [place], current: place };
}

/** One primitive, or one instance of a cloned primitive. */
export function primitiveView(resource: ResourceState, showing: Showing): PrimitiveView {
  const view = recordedView(resource, showing);
  return showing.form === "classic" ? withoutPending(view, resource.pendingNode) : view;
}

function recordedView(resource: ResourceState, showing: Showing): PrimitiveView {
  const config = resource.config;
  const agent = config.kind === "primitive" ? config : undefined;
  return {
    kind: "primitive",
    id: resource.id,
    name: resource.unique ? resource.id : resource.name,
    standard: agent?.standard ?? "",
    provider: agent?.provider,
    agent: agent?.agent ?? "",
    role: roleText(resource.role),
    targetRole: targetRole(resource),
    targetRoleText: resource.meta.get("target-role"),
    promotable: cloneAbove(resource)?.promotable ?? false,
    active: isActive(resource, true),
    nodes: resource.active.map(placeOf),
    current: placeOfBest(resource),
    managed: resource.managed,
    maintenance: resource.maintenance,
    blocked: resource.blocked,
    failed: resource.failed,
    failureIgnored: resource.failureIgnored,
    removed: resource.removed,
    pendingAction: resource.pendingAction,
    pendingNode: resource.pendingNode?.name,
    lockedTo: resource.lockNode === undefined ? undefined : placeOf(resource.lockNode),
    failedProbes: showing.probes.get(resource.unique ? resource.id : resource.name) ?? NO_PROBES,
    hidden: resource.remoteConnection && resource.launcher !== undefined,
    description: attr(config.xml, "description"),
  };
}

function groupView(resource: ResourceState, showing: Showing): GroupView {
  const members = resource.children.map((c) => primitiveView(c, showing));
  return {
    kind: "group",
    id: resource.id,
    name: resource.unique ? resource.id : resource.name,
    members,
    inactive: members.filter((m) => !m.active).length,
    managed: resource.managed,
    maintenance: resource.maintenance,
    disabled: isDisabled(resource),
    removed: resource.removed,
    description: attr(resource.config.xml, "description"),
  };
}

/** Nodes a clone may run on; where none is allowed as yet (asymmetric clusters), those where it has been looked for. */
function possibleNodes(resource: ResourceState, nodes: readonly NodeState[]): readonly string[] {
  const allowed = nodes.filter((n) => resource.allowed.has(n.index));
  const chosen = allowed.length > 0 ? allowed : nodes.filter((n) => resource.known.has(n.index));
  return chosen.map((n) => n.name);
}

function cloneView(
  resource: ResourceState,
  nodes: readonly NodeState[],
  showing: Showing,
): CloneView {
  const instances = resource.children.map((c) =>
    c.variant === "group" ? groupView(c, showing) : primitiveView(c, showing),
  );
  const first = resource.children[0];
  const config = resource.config;
  const child = config.kind === "clone" ? config.child?.id : undefined;
  return {
    kind: "clone",
    id: resource.id,
    child: child ?? first?.name ?? "",
    promotable: resource.promotable,
    unique: resource.unique,
    managed: resource.managed,
    maintenance: resource.maintenance,
    disabled: isDisabled(resource),
    failed: leavesOf(resource).some((leaf) => leaf.failed),
    failureIgnored: leavesOf(resource).some((leaf) => leaf.failureIgnored),
    removed: resource.removed,
    targetRole: targetRole(resource),
    targetRoleText: resource.meta.get("target-role"),
    description: attr(config.xml, "description"),
    max: resource.clone?.max ?? instances.length,
    instances,
    allowed: possibleNodes(resource, nodes),
  };
}

function bundleView(resource: ResourceState, showing: Showing): BundleView {
  const traits = resource.bundle;
  const replicas = (traits?.replicas ?? []).map((replica) => ({
    number: replica.number,
    shown: replica.connection?.id ?? replica.container.id,
    address: replica.address,
    parts: [replica.ip, replica.child, replica.container, replica.connection]
      .filter((part) => part !== undefined)
      .map((part) => primitiveView(part, showing)),
    face: primitiveView(replica.child ?? replica.container, showing),
    place: placeOfBest(replica.container),
  }));
  return {
    kind: "bundle",
    id: resource.id,
    image: traits?.image ?? "",
    technology: traits?.technology ?? "",
    unique: resource.unique,
    managed: resource.managed,
    maintenance: resource.maintenance,
    failed: resource.failed,
    removed: resource.removed,
    replicas,
    size: replicas.length,
    partial: false,
  };
}

/** Any top-level resource; `nodes` in name order. */
export function resourceView(
  resource: ResourceState,
  nodes: readonly NodeState[],
  showing: Showing,
): ResourceView {
  switch (resource.variant) {
    case "primitive":
      return primitiveView(resource, showing);
    case "group":
      return groupView(resource, showing);
    case "clone":
      return cloneView(resource, nodes, showing);
    case "bundle":
      return bundleView(resource, showing);
  }
}
