/** Instance parameters of resources, per node (spec/scheduler-1 section A.7). Cached, as rules may depend on the node. */
import { child, type XmlElement } from "../xml/node.ts";
import { resolveSets, type Surroundings } from "./nvsets.ts";
import type { NodeState, ResourceState } from "./state.ts";

interface Cache {
  /** No block has a rule: one answer for all nodes. */
  readonly sameEverywhere: boolean;
  readonly byNode: Map<number, ReadonlyMap<string, string>>;
}

const NOWHERE = -1;

/** Keyed by configuration and parent chain through the resource's own cache slot. */
const caches = new WeakMap<Surroundings, Map<string, Cache>>();

function hasRule(blocks: readonly XmlElement[]): boolean {
  return blocks.some((block) => child(block, "rule") !== undefined || block.attrs.has("id-ref"));
}

function cacheOf(surroundings: Surroundings, resource: ResourceState): Cache {
  let all = caches.get(surroundings);
  if (all === undefined) {
    all = new Map();
    caches.set(surroundings, all);
  }
  let cache = all.get(resource.id);
  if (cache === undefined) {
    let sameEverywhere = true;
    for (let at: ResourceState | undefined = resource; at !== undefined; at = at.parent) {
      if (hasRule(at.config.parameters)) sameEverywhere = false;
    }
    cache = { sameEverywhere, byNode: new Map() };
    all.set(resource.id, cache);
  }
  return cache;
}

/** Parameters of a resource as they hold on a node, or without any: own blocks first, then its ancestors'. */
export function parametersOf(
  surroundings: Surroundings,
  resource: ResourceState,
  node: NodeState | undefined,
): ReadonlyMap<string, string> {
  const cache = cacheOf(surroundings, resource);
  const key = node === undefined || cache.sameEverywhere ? NOWHERE : node.index;
  let found = cache.byNode.get(key);
  if (found === undefined) {
    const into = new Map<string, string>();
    const attributes = node?.attributes;
    const input =
      attributes === undefined ? {} : { nodeAttribute: (name: string) => attributes.get(name) };
    for (let at: ResourceState | undefined = resource; at !== undefined; at = at.parent) {
      resolveSets(surroundings, at.config.parameters, input, into);
    }
    found = into;
    cache.byNode.set(key, found);
  }
  return found;
}
