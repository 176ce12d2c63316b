/** Resource trees of a ClusterStatus as views (spec/outputs-and-tools A4.3 to A4.5). */

import { parseRole, Role, roleText } from "../status/roles.ts";
import type { NodeState, ResourceState } from "../status/state.ts";
import { currentNode, isActive, leavesOf } from "../status/tree.ts";
import { attr } from "../xml/node.ts";
import type {
  BundleView,
  CloneView,
  GroupView,
  PlaceView,
  PrimitiveView,
  ResourceView,
} from "./cluster.ts";

function placeOf(node: NodeState): PlaceView {
  return { name: node.name, id: node.id, online: node.online, unclean: node.unclean };
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

/** One primitive, or one instance of a cloned primitive. */
export function primitiveView(resource: ResourceState): PrimitiveView {
  const config = resource.config;
  const agent = config.kind === "primitive" ? config : undefined;
  const current = currentNode(resource);
  return {
    kind: "primitive",
    id: resource.id,
    name: resource.unique ? resource.id : resource.name,
    standard: agent?.standard ?? "",
    provider: agent?.provider,
    agent: agent?.agent ?? "",
    role: roleText(resource.role),
    targetRole: targetRole(resource),
    promotable: cloneAbove(resource)?.promotable ?? false,
    active: isActive(resource, true),
    nodes: resource.active.map(placeOf),
    current: current === undefined ? undefined : placeOf(current),
    managed: resource.managed,
    maintenance: resource.maintenance,
    blocked: resource.blocked,
    failed: resource.failed,
    failureIgnored: resource.failureIgnored,
    removed: resource.removed,
    pendingAction: resource.pendingAction,
    lockedTo: resource.lockNode?.name,
    description: attr(config.xml, "description"),
  };
}

function groupView(resource: ResourceState): GroupView {
  return {
    kind: "group",
    id: resource.id,
    name: resource.unique ? resource.id : resource.name,
    members: resource.children.map(primitiveView),
    managed: resource.managed,
    maintenance: resource.maintenance,
    disabled: isDisabled(resource),
    removed: resource.removed,
  };
}

function cloneView(resource: ResourceState, nodes: readonly NodeState[]): CloneView {
  const instances = resource.children.map((c) =>
    c.variant === "group" ? groupView(c) : primitiveView(c),
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
    max: resource.clone?.max ?? instances.length,
    instances,
    allowed: nodes.filter((n) => resource.allowed.has(n.index)).map((n) => n.name),
  };
}

function bundleView(resource: ResourceState): BundleView {
  const traits = resource.bundle;
  const replicas = (traits?.replicas ?? []).map((replica) => ({
    number: replica.number,
    shown: replica.connection?.id ?? replica.container.id,
    address: replica.address,
    parts: [replica.ip, replica.child, replica.container, replica.connection]
      .filter((part) => part !== undefined)
      .map(primitiveView),
    face: primitiveView(replica.child ?? replica.container),
  }));
  return {
    kind: "bundle",
    id: resource.id,
    image: traits?.image ?? "",
    technology: traits?.technology ?? "",
    unique: resource.unique,
    managed: resource.managed,
    maintenance: resource.maintenance,
    failed: leavesOf(resource).some((leaf) => leaf.failed),
    removed: resource.removed,
    replicas,
  };
}

/** Any top-level resource; `nodes` in name order. */
export function resourceView(resource: ResourceState, nodes: readonly NodeState[]): ResourceView {
  switch (resource.variant) {
    case "primitive":
      return primitiveView(resource);
    case "group":
      return groupView(resource);
    case "clone":
      return cloneView(resource, nodes);
    case "bundle":
      return bundleView(resource);
  }
}

/** The primitives of a view, in order; of bundles all parts. */
export function primitivesOf(view: ResourceView): readonly PrimitiveView[] {
  switch (view.kind) {
    case "primitive":
      return [view];
    case "group":
      return view.members;
    case "clone":
      return view.instances.flatMap((i) => primitivesOf(i));
    case "bundle":
      return view.replicas.flatMap((r) => r.parts);
  }
}
