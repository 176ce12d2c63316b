/**
 * The sockets of udp and udpu (spec/totem section 3). udp: one socket on port - 1 sends everything, one on the node's
 * address and port receives tokens, one on the group's address receives multicasts. udpu: one socket for everything,
 * multicasts go to each listed node in turn.
 *
 * Addresses are not on the wire: they come from the nodelist, from what joins were seen to come from, or from node ids
 * that were made of addresses.
 */
import { canonicalIp, isIpv4 } from "../../lib/base/ip-address.ts";
import type { CorosyncConfig, NodeConfig } from "../../lib/conf/config.ts";
import type { NodeLink } from "../../lib/corosync/api.ts";
import type { Place } from "../../lib/corosync/place.ts";
import { addressOfAutomaticId, automaticNodeId } from "../../lib/corosync/settings.ts";
import { openUdp, type UdpOptions, type UdpSocket } from "../../lib/runtime/udp.ts";
import type { SendEffect } from "../../lib/totem/api.ts";
import type { CmapValue } from "../../lib/wire/cmap.ts";
import { decodeTotem } from "../../lib/wire/totem.ts";

export interface Transport {
  send(effect: SendEffect): void;
  addressOf(nodeId: number): string | undefined;
  /** Links to a node (or our own); undefined where the transport has no notion of them. */
  linksOf(nodeId: number): readonly NodeLink[] | undefined;
  /** Counters, by names below `stats.`; none where the transport does not count. */
  statistics(): ReadonlyMap<string, CmapValue>;
  /**
   * The nodelist, links, their timers or the encryption have changed; addresses are resolved. A new key is ready to open
   * datagrams when this has returned. Rejects when a socket cannot be opened, or the key cannot be used.
   */
  update(config: CorosyncConfig): Promise<void>;
  /** How far the change to a new key has come. */
  cryptoPhase(phase: 1 | 2): void;
  close(): void;
}

const BUFFER_BYTES = 1024 * 1024;
/** Type byte of a membership join. */
const JOIN_TYPE = 3;
const TYPE_OFFSET = 3;
const BROADCAST = "255.255.255.255";

/** The group that a cluster's name stands for, where the configuration names none (spec/totem section 3). */
export function defaultGroup(clusterName: string, family: "ipv4" | "ipv6" = "ipv4"): string {
  let id = 0;
  for (const byte of new TextEncoder().encode(clusterName)) id = (id * 2 + byte) & 0xffff;
  return family === "ipv6"
    ? canonicalIp(`ff15::${id.toString(16)}`)
    : `239.192.${id >> 8}.${id % 255}`;
}

/** Node id → address, learnt from joins where the configuration does not tell. */
class AddressBook {
  private listed: ReadonlyMap<number, string> = new Map();
  private readonly learnt = new Map<number, string>();
  private readonly automatic: boolean;

  constructor(config: CorosyncConfig, place: Place) {
    this.list(place.nodes);
    this.automatic = config.totem.nodeId === undefined && this.listed.size === 0;
    this.learnt.set(place.nodeId, place.address);
  }

  list(nodes: readonly NodeConfig[]): void {
    this.listed = new Map(nodes.map((node) => [node.nodeId ?? 0, node.address]));
  }

  /** May this address speak to us? Without a nodelist everybody may. */
  admits(address: string): boolean {
    return this.listed.size === 0 || [...this.listed.values()].includes(address);
  }

  others(self: string): readonly string[] {
    return [...this.listed.values()].filter((address) => address !== self);
  }

  learn(data: Uint8Array, address: string): void {
    if (this.listed.size > 0 || data[TYPE_OFFSET] !== JOIN_TYPE) return;
    const message = decodeTotem(data);
    if (message?.kind !== "join") return;
    // A node whose id was made of its address is not moved elsewhere by a stray datagram.
    const id = message.systemFrom;
    if (this.automatic && automaticNodeId(address, false) !== id && this.learnt.has(id)) return;
    this.learnt.set(id, address);
  }

  addressOf(nodeId: number): string | undefined {
    const known = this.listed.get(nodeId) ?? this.learnt.get(nodeId);
    if (known !== undefined || !this.automatic) return known;
    return addressOfAutomaticId(nodeId);
  }
}

/** Opens sockets that share what is received and how errors are told. */
class Sockets {
  private readonly open: UdpSocket[] = [];

  constructor(
    private readonly receive: (data: Uint8Array, address: string) => void,
    private readonly onError: (error: Error) => void,
  ) {}

  async bind(
    options: Omit<UdpOptions, "onMessage"> & Partial<Pick<UdpOptions, "onMessage">>,
  ): Promise<UdpSocket> {
    const { receive, onError } = this;
    const common = { bufferBytes: BUFFER_BYTES, onMessage: receive, onError };
    const socket = await openUdp({ ...common, ...options });
    this.open.push(socket);
    return socket;
  }

  close(): void {
    for (const socket of this.open) socket.close();
  }
}

type Send = (to: number | "all", data: Uint8Array) => void;
/** Sends to one node, or back to ourselves. */
type ToNode = (socket: UdpSocket, nodeId: number, data: Uint8Array) => void;

/**
 * udpu: one socket for all, multicasts go one by one to every other listed node.
 * Differs: the originals send multicasts from sockets of their own, but no receiver looks at ports, and a token leaves together
 * with the multicasts before it.
 */
async function openUnicast(
  config: CorosyncConfig,
  place: Place,
  sockets: Sockets,
  others: () => readonly string[],
  toNode: ToNode,
): Promise<Send> {
  const { port } = config.totem.interface;
  const { address } = place;
  const socket = await sockets.bind({ address, port });
  return (to, data) => {
    if (to !== "all") toNode(socket, to, data);
    else for (const other of others()) socket.sendSoon(data, other, port);
  };
}

/** udp: one socket sends, one gets tokens, one the group's multicasts. */
async function openMulticast(
  config: CorosyncConfig,
  place: Place,
  sockets: Sockets,
  receive: (data: Uint8Array, address: string) => void,
  toNode: ToNode,
): Promise<Send> {
  const { totem } = config;
  const { port, ttl, broadcast, multicastAddress } = totem.interface;
  const { address } = place;
  const family = isIpv4(address) ? "ipv4" : "ipv6";
  const named = multicastAddress ?? defaultGroup(totem.clusterName, family);
  const group = broadcast ? BROADCAST : named;
  // IPv6 knows interfaces by their name, not by an address.
  const via = family === "ipv4" ? address : `::%${place.interfaceName}`;
  const multicasts = await sockets.bind({
    address: group,
    port,
    ...(broadcast ? {} : { join: [{ group, interfaceAddress: via }] }),
  });
  // A token overtakes the multicasts that were sent before it, since it comes by another socket: those are read first
  // (spec/totem section 3, "recv flush"), else every node would ask for what is already there.
  const onMessage = (data: Uint8Array, from: string) => {
    multicasts.drain();
    receive(data, from);
  };
  await sockets.bind({ address, port, onMessage });
  const way = broadcast ? { broadcast } : { multicastFrom: via };
  const sending = await sockets.bind({ address, port: port - 1, ttl, ...way });
  return (to, data) => {
    if (to === "all") sending.sendSoon(data, group, port);
    else toNode(sending, to, data);
  };
}

/**
 * Opens the sockets. Rejects with the system's error.
 * @param onDatagram gets every datagram, our own token included.
 */
export async function openTransport(
  config: CorosyncConfig,
  place: Place,
  onDatagram: (data: Uint8Array) => void,
  onError: (error: Error) => void,
): Promise<Transport> {
  const { totem } = config;
  const book = new AddressBook(config, place);
  const receive = (data: Uint8Array, address: string) => {
    if (totem.blockUnlistedAddresses && !book.admits(address)) return;
    book.learn(data, address);
    onDatagram(data);
  };
  const sockets = new Sockets(receive, onError);
  const toNode: ToNode = (socket, nodeId, data) => {
    // A ring of one talks to itself; not within the same step, so that everything else gets its turn.
    if (nodeId === place.nodeId) setImmediate(() => onDatagram(data));
    else {
      const address = book.addressOf(nodeId);
      if (address !== undefined) socket.send(data, address, totem.interface.port);
    }
  };
  try {
    const send =
      totem.transport === "udpu"
        ? await openUnicast(config, place, sockets, () => book.others(place.address), toNode)
        : await openMulticast(config, place, sockets, receive, toNode);
    return {
      send: ({ to, data }) => send(to, data),
      addressOf: (nodeId) => book.addressOf(nodeId),
      linksOf: () => undefined,
      statistics: () => new Map(),
      update: async ({ nodes }) => book.list(nodes),
      cryptoPhase: () => undefined, // nothing is encrypted here
      close: () => sockets.close(),
    };
  } catch (error) {
    sockets.close();
    throw error;
  }
}
