/** Can a node be fenced? (spec/scheduler-1 section C.11) */
import type { ClusterOptions, NoQuorumPolicy } from "./options.ts";
import type { NodeState } from "./state.ts";

export interface FencingConditions {
  readonly options: ClusterOptions;
  readonly quorate: boolean;
  readonly noQuorumPolicy: NoQuorumPolicy;
  readonly fencingPossible: boolean;
  readonly nodesByIndex: readonly NodeState[];
}

export function canFence(conditions: FencingConditions, node: NodeState): boolean {
  if (node.isGuest) {
    const hosts = node.connection?.launcher?.active ?? [];
    return hosts.every((host) => host.online || canFence(conditions, host));
  }
  const { options } = conditions;
  if (!options.fencingEnabled || !conditions.fencingPossible) return false;
  if (conditions.quorate || conditions.noQuorumPolicy === "ignore") return true;
  if (!node.online) return false;
  if (node.isRemote && !options.fenceRemoteWithoutQuorum) {
    const allowed = node.connection?.allowed;
    return !conditions.nodesByIndex.some((n) => allowed?.has(n.index) === true && !n.online);
  }
  return true;
}
