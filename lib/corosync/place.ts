/**
 * Where this node is in the network: which interface, which address, which node id. The interface is the one whose
 * network bindnetaddr names, or the one whose address the nodelist has; loopback is never a silent substitute.
 */
import { type Rejection, reject } from "../base/error.ts";
import { isIpv4, isLinkLocal, isSameNetwork } from "../base/ip-address.ts";
import type { CorosyncConfig, NodeConfig } from "../conf/config.ts";
import { automaticNodeId } from "./settings.ts";

/** An address of this host. */
export interface LocalAddress {
  readonly interfaceName: string;
  readonly address: string;
  readonly netmask: string;
  readonly loopback: boolean;
}

export interface Place {
  readonly address: string;
  readonly netmask: string;
  readonly interfaceName: string;
  readonly nodeId: number;
  /** The nodelist with every address resolved and every node id known. */
  readonly nodes: readonly NodeConfig[];
}

const shown = (addresses: readonly LocalAddress[]) =>
  addresses.map((a) => `${a.interfaceName} ${a.address}/${a.netmask}`).join(", ") || "none";

/**
 * The address that bindnetaddr means: the exact one, else one of its network. Of several, one that was used before wins
 * (a virtual address in the same network must not take the node's place), then the system's order.
 */
function byNetwork(
  bind: string,
  addresses: readonly LocalAddress[],
  usedBefore: (nodeId: number) => boolean,
  clearHighBit: boolean,
): LocalAddress | undefined {
  const exact = addresses.find((a) => a.address === bind);
  if (exact !== undefined) return exact;
  const usable = addresses.filter((a) => !a.loopback && !isLinkLocal(a.address));
  const matching = usable.filter((a) => isSameNetwork(a.address, bind, a.netmask));
  return matching.find((a) => usedBefore(automaticNodeId(a.address, clearHighBit))) ?? matching[0];
}

const FAMILY_WORDS = { ipv4: "IPv4", ipv6: "IPv6", "ipv4-6": "IP", "ipv6-4": "IP" } as const;

/**
 * Finds this node's place.
 * @param resolve an address for a host name of the nodelist, of the family that totem.ip_version asks for; undefined when it is unknown.
 * @param usedBefore true when this node id has a ring state file here.
 */
export function placeOf(
  config: CorosyncConfig,
  addresses: readonly LocalAddress[],
  resolve: (name: string) => string | undefined,
  usedBefore: (nodeId: number) => boolean,
): Place | Rejection {
  const { totem, file } = config;
  const clear = totem.clearNodeHighBit;
  const family = FAMILY_WORDS[totem.ipVersion];
  const nodes: NodeConfig[] = [];
  for (const node of config.nodes) {
    const address = resolve(node.address);
    if (address === undefined) {
      const text = `${file}:${node.line}: ring0_addr ${node.address} has no ${family} address`;
      return reject("unresolved", text);
    }
    if (node.nodeId === undefined && !isIpv4(address)) {
      const text = `${file}:${node.line}: ring0_addr ${node.address} is an IPv6 address: the node needs a nodeid`;
      return reject("no-node-id", text);
    }
    const nodeId = node.nodeId ?? automaticNodeId(address, clear);
    const links = node.links.map((name) => (name === undefined ? undefined : resolve(name)));
    nodes.push({ ...node, address, links, nodeId });
  }
  if (nodes.length > 0) {
    const local = addresses.find((a) => nodes.some((node) => node.address === a.address));
    if (local === undefined) {
      const wanted = nodes.map((node) => node.address).join(", ");
      const text = `${file}: no ring0_addr of the nodelist (${wanted}) is an address of this host; it has: ${shown(addresses)}`;
      return reject("no-interface", text);
    }
    const self = nodes.find((node) => node.address === local.address)!;
    return { ...local, nodeId: self.nodeId!, nodes };
  }
  const { line, bindNetAddress = "" } = totem.interface;
  const bind = resolve(bindNetAddress);
  const local = bind === undefined ? undefined : byNetwork(bind, addresses, usedBefore, clear);
  if (local === undefined) {
    const text = `${file}:${line}: no interface of this host is in the network of bindnetaddr ${bindNetAddress}; it has: ${shown(addresses)}`;
    return reject("no-interface", text);
  }
  if (totem.nodeId === undefined && !isIpv4(local.address)) {
    const text = `${file}:${line}: An IPV6 network requires that a node ID be specified; add totem.nodeid`;
    return reject("no-node-id", text);
  }
  const nodeId = totem.nodeId ?? automaticNodeId(local.address, clear);
  return { ...local, nodeId, nodes };
}
