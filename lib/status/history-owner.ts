/**
 * To which resource does a history entry belong? (spec/scheduler-1 sections B.6 and B.9; spec/scheduler-2 section 12.2)
 */
import { INFINITY } from "../base/score.ts";
import { readPrimitive } from "../cib/read.ts";
import { attr, element, type XmlElement } from "../xml/node.ts";
import type { Reader } from "./reader.ts";
import { addNodeScore, addRemovedInstance, linkConnection, unpackResource } from "./resources.ts";
import type { NodeState, ResourceState } from "./state.ts";
import { anyPart, isAnonymousClone, isBundled, leavesOf, topOf, withoutInstance } from "./tree.ts";

/** The member of an instance (or the instance itself) with this configured name. */
function memberNamed(instance: ResourceState, name: string): ResourceState | undefined {
  if (instance.variant === "primitive") return instance.name === name ? instance : undefined;
  return leavesOf(instance).find((leaf) => leaf.name === name);
}

/** Nodes where an instance is, or is about to be. */
function locations(instance: ResourceState): readonly NodeState[] {
  if (instance.children.length === 0 && instance.pendingNode === undefined) return instance.active;
  const found: NodeState[] = [];
  for (const leaf of leavesOf(instance)) {
    for (const node of leaf.active) if (!found.includes(node)) found.push(node);
    const pending = leaf.pendingNode;
    if (pending !== undefined && !found.includes(pending)) found.push(pending);
  }
  return found;
}

/** Chooses an instance of an anonymous clone for what `name` did on a node. */
function chooseInstance(
  reader: Reader,
  clone: ResourceState,
  node: NodeState,
  name: string,
): ResourceState | undefined {
  let chosen: ResourceState | undefined;
  let idle: ResourceState | undefined;
  let mayUseIdle = true;
  for (const instance of clone.children) {
    const where = locations(instance);
    if (where.length > 0 && where[0] === node) {
      const member = memberNamed(instance, name);
      if (member === undefined) continue;
      if (member.active.length > 0) {
        // A second entry for the same clone on this node is not a further instance.
        mayUseIdle = false;
        continue;
      }
      chosen = member;
      break;
    }
    if (idle === undefined && mayUseIdle && where.length === 0) {
      if (anyPart(instance, (part) => part.blocked)) continue;
      const member = memberNamed(instance, name);
      if (member === undefined) continue;
      if (member.pendingNode === undefined || member.pendingNode === node) idle = member;
    }
  }
  if (chosen === undefined && mayUseIdle) chosen = idle;
  if (chosen !== undefined && wastesSlot(reader, clone, chosen, node)) chosen = undefined;
  if (chosen !== undefined) return chosen;
  const extra = addRemovedInstance(reader, clone);
  return extra === undefined ? undefined : memberNamed(extra, name);
}

/** On a dead node a resource that needs no fencing would only take a slot from a live one. */
function wastesSlot(
  reader: Reader,
  clone: ResourceState,
  member: ResourceState,
  node: NodeState,
): boolean {
  const universal = clone.clone?.max === reader.nodesByIndex.length;
  return !member.needsFencing && (!node.online || node.unclean) && !node.isGuest && !universal;
}

/** The bundled instance whose replica is this node. */
function bundledInstance(resource: ResourceState, node: NodeState): ResourceState | undefined {
  const bundle = topOf(resource).parent;
  const replica = bundle?.bundle?.replicas.find((r) => r.node === node.index);
  return replica?.child ?? undefined;
}

/** Finds the resource of a history, choosing an instance for anonymous clones; undefined when nothing fits. */
export function findOwner(
  reader: Reader,
  node: NodeState,
  historyId: string,
): ResourceState | undefined {
  let found = reader.findResource(historyId);
  if (found !== undefined && found.variant !== "primitive") return undefined;
  if (found === undefined) {
    found = reader.findResource(`${withoutInstance(historyId)}:0`);
    if (found === undefined || found.variant !== "primitive" || found.unique) return undefined;
  }
  const top = topOf(found);
  if (isAnonymousClone(top)) {
    found = isBundled(found)
      ? bundledInstance(found, node)
      : chooseInstance(reader, top, node, found.name);
  }
  if (found !== undefined && found.id !== historyId) reader.setHistoryId(found, historyId);
  return found;
}

/** A resource that only the history knows. */
export function addRemovedResource(
  reader: Reader,
  historyId: string,
  xml: XmlElement,
): ResourceState | undefined {
  const primitive = element("primitive", {
    id: historyId,
    class: attr(xml, "class"),
    provider: attr(xml, "provider"),
    type: attr(xml, "type"),
  });
  const resource = unpackResource(reader, readPrimitive(primitive));
  if (resource === undefined) return undefined;
  resource.removed = true;
  // The device still runs: with it the cluster can fence, and stop it in an orderly way.
  if (resource.fenceDevice) reader.hasFenceDevice = true;
  if (resource.remoteConnection) {
    let node = reader.nodeByName(historyId);
    if (node === undefined) node = reader.addNode(historyId, historyId, "remote", undefined);
    linkConnection(reader, resource);
    node.shutdown = true;
  }
  if (attr(xml, "container") !== undefined) resource.removedLaunched = true;
  reader.resources.push(resource);
  reader.register(resource);
  return resource;
}

/** Removed resources stop everywhere, or stay as they are when the option says so. */
export function restrainRemoved(reader: Reader, resource: ResourceState): void {
  if (!reader.options.stopRemovedResources) {
    resource.managed = false;
    return;
  }
  for (const node of reader.nodesByIndex) addNodeScore(resource, node, -INFINITY);
}
