/** Walking resource trees (spec/scheduler-1 head: top resource; spec/scheduler-2 sections 0.3, 0.5, 0.6). Read only. */
import { Role } from "./roles.ts";
import type { NodeState, ResourceState } from "./state.ts";

/** Climbs to the root, but stops below a bundle: a bundled primitive's clone is its top. */
export function topOf<R extends ResourceState>(resource: R): R {
  let at: R = resource;
  while (at.parent !== undefined && at.parent.variant !== "bundle") at = at.parent as R;
  return at;
}

/** Climbs to the root, bundles included. */
export function rootOf<R extends ResourceState>(resource: R): R {
  let at: R = resource;
  while (at.parent !== undefined) at = at.parent as R;
  return at;
}

/** The primitives below (or the primitive itself), in order. */
export function leavesOf<R extends ResourceState>(resource: R): R[] {
  const leaves: R[] = [];
  collectLeaves(resource, leaves);
  return leaves;
}

function collectLeaves<R extends ResourceState>(resource: R, into: R[]): void {
  if (resource.variant === "primitive") into.push(resource);
  else for (const c of resource.children) collectLeaves(c as R, into);
}

/** Inside a bundle (not the bundle itself). */
export function isBundled(resource: ResourceState): boolean {
  return rootOf(resource).variant === "bundle" && resource.variant !== "bundle";
}

/** An instance (or member of one) of a clone that is not globally unique, outside or inside a bundle. */
export function isAnonymousClone(resource: ResourceState): boolean {
  return resource.variant === "clone" && !resource.unique;
}

/** True when `ancestor` is `resource` or above it. */
export function isWithin(resource: ResourceState, ancestor: ResourceState): boolean {
  for (let at: ResourceState | undefined = resource; at !== undefined; at = at.parent) {
    if (at === ancestor) return true;
  }
  return false;
}

/** The resource that role-wide questions are asked of: itself, or its top when it is a member of an anonymous clone. */
export function uniqueOrTop<R extends ResourceState>(resource: R): R {
  return resource.unique ? resource : topOf(resource);
}

/** Some part of it is in the given state. */
export function anyPart(resource: ResourceState, test: (part: ResourceState) => boolean): boolean {
  if (test(resource)) return true;
  for (const c of resource.children) if (anyPart(c, test)) return true;
  return false;
}

/** Id without a trailing ":N". */
export function withoutInstance(id: string): string {
  return id.replace(/:\d+$/, "");
}

/**
 * The node a resource is said to be on (spec/scheduler-2 section 0.5): a partial migration's source, else for resources
 * that need no fencing the first online clean node, else the first found.
 */
export function currentNode<N extends NodeState>(resource: ResourceState): N | undefined {
  if (resource.variant === "bundle") return bundleNode(resource) as N | undefined;
  let chosen: NodeState | undefined;
  for (const node of resource.active) {
    if (node === resource.partialSource) return node as N;
    if (chosen === undefined) {
      chosen = node;
      continue;
    }
    const better = node.online && !node.unclean;
    if (!resource.needsFencing && better && !(chosen.online && !chosen.unclean)) chosen = node;
  }
  return chosen as N | undefined;
}

function bundleNode(bundle: ResourceState): NodeState | undefined {
  const containers = bundle.bundle?.replicas.map((replica) => replica.container) ?? [];
  const active = containers.filter((container) => container.active.length > 0);
  if (active.length === 1) return currentNode(active[0]!);
  return active.flatMap((container) => container.active)[0];
}

/** Some node it is active on is up, unclean, or the resource is not managed (spec/scheduler-1 section C.2). */
export function isActive(resource: ResourceState, all: boolean): boolean {
  if (resource.variant === "primitive") {
    return resource.active.some((n) => n.unclean || n.online || !resource.managed);
  }
  if (resource.variant === "group" || resource.variant === "clone") {
    const test = (c: ResourceState): boolean => isActive(c, all);
    return all ? resource.children.every(test) : resource.children.some(test);
  }
  return bundleActive(resource, all);
}

function bundleActive(bundle: ResourceState, all: boolean): boolean {
  for (const replica of bundle.bundle?.replicas ?? []) {
    for (const part of [replica.ip, replica.child, replica.container, replica.connection]) {
      if (part === undefined) continue;
      if (isActive(part, all) !== all) return !all;
    }
  }
  return all;
}

/** Role now (or next) of a resource; of groups and clones the highest among the children; of bundles unknown. */
export function roleOf(resource: ResourceState, current: boolean): Role {
  if (resource.variant === "primitive") return current ? resource.role : resource.nextRole;
  if (resource.variant === "bundle") return Role.unknown;
  let highest: Role = Role.unknown;
  for (const c of resource.children) {
    const role = roleOf(c, current);
    if (role > highest) highest = role;
  }
  return highest;
}
