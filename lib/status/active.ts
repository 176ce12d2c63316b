/** A resource is active on a node, perhaps on several (spec/scheduler-1 section B.12). */
import { INFINITY } from "../base/score.ts";
import type { Reader } from "./reader.ts";
import { addNodeScore } from "./resources.ts";
import { Role } from "./roles.ts";
import type { NodeState, ResourceState } from "./state.ts";

/** A node is worth what it runs; a guest's worth counts for its host too. */
function addPriority(resource: ResourceState, node: NodeState): void {
  if (resource.priority === 0) return;
  const amount = resource.priority + (resource.role === Role.promoted ? 1 : 0);
  node.priority += amount;
  if (!node.isGuest) return;
  for (const host of node.connection?.launcher?.active ?? []) host.priority += amount;
}

function addToAncestors(resource: ResourceState, node: NodeState): void {
  for (let at = resource.parent; at !== undefined; at = at.parent) at.active.push(node);
}

/** Nodes that count when a resource is said to be active more than once. */
export function countedNodes(resource: ResourceState): readonly NodeState[] {
  if (resource.needsFencing) return resource.active;
  return resource.active.filter((node) => node.online && !node.unclean);
}

function blockMember(resource: ResourceState): void {
  resource.managed = false;
  resource.blocked = true;
}

function judgeMultiplyActive(reader: Reader, resource: ResourceState): void {
  switch (resource.multipleActive) {
    case "stop_only":
      for (const node of reader.nodesByIndex) resource.allowed.set(node.index, -INFINITY);
      return;
    case "block": {
      blockMember(resource);
      const parent = resource.parent;
      if (parent === undefined || parent.multipleActive !== "block") return;
      if (parent.variant === "group" || parent.variant === "bundle") {
        for (const sibling of parent.children) blockMember(sibling);
      }
      return;
    }
  }
}

/** Adds a node to where the resource is active; `failed` means it is only there because of a failure. */
export function addActive(
  reader: Reader,
  resource: ResourceState,
  node: NodeState,
  failed: boolean,
): void {
  if (resource.active.includes(node)) return;
  resource.active.push(node);
  if (resource.variant === "primitive") {
    node.running.push(resource);
    if (!failed) addPriority(resource, node);
  }
  if (resource.variant === "primitive" && node.maintenance) {
    resource.managed = false;
    resource.maintenance = true;
  }
  if (!resource.managed) {
    addNodeScore(resource, node, INFINITY);
    addToAncestors(resource, node);
    return;
  }
  if (resource.variant === "primitive" && countedNodes(resource).length > 1) {
    judgeMultiplyActive(reader, resource);
  }
  if (resource.parent !== undefined) addActive(reader, resource.parent, node, failed);
}
