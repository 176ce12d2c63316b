/**
 * The sockets of udp and udpu (spec/totem section 3). udp: one socket on port - 1 sends everything, one on the node's
 * address and port receives tokens, one on the group's address receives multicasts. udpu: one socket per node for
 * tokens, multicasts go to each listed node in turn.
 *
 * Addresses are not on the wire: they come from the nodelist, from what joins were seen to come from, or from node ids
 * that were made of addresses.
 */
import type { CorosyncConfig } from "../../lib/conf/config.ts";
import type { Place } from "../../lib/corosync/place.ts";
import { addressOfAutomaticId, automaticNodeId } from "../../lib/corosync/settings.ts";
import { openUdp, type UdpSocket } from "../../lib/runtime/udp.ts";
import type { SendEffect } from "../../lib/totem/api.ts";
import { decodeTotem } from "../../lib/wire/totem.ts";

export interface Transport {
  send(effect: SendEffect): void;
  addressOf(nodeId: number): string | undefined;
  close(): void;
}

const BUFFER_BYTES = 1024 * 1024;
/** Type byte of a membership join. */
const JOIN_TYPE = 3;
const TYPE_OFFSET = 3;
const BROADCAST = "255.255.255.255";

/** The group that a cluster's name stands for, where the configuration names none. */
export function defaultGroup(clusterName: string): string {
  let id = 0;
  for (const byte of new TextEncoder().encode(clusterName)) id = (id * 2 + byte) & 0xffff;
  return `239.192.${id >> 8}.${id % 255}`;
}

/** Node id → address, learnt from joins where the configuration does not tell. */
class AddressBook {
  private readonly listed: ReadonlyMap<number, string>;
  private readonly learnt = new Map<number, string>();
  private readonly automatic: boolean;

  constructor(config: CorosyncConfig, place: Place) {
    this.listed = new Map(place.nodes.map((node) => [node.nodeId ?? 0, node.address]));
    this.automatic = config.totem.nodeId === undefined && this.listed.size === 0;
    this.learnt.set(place.nodeId, place.address);
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
  const { port, ttl, broadcast } = totem.interface;
  const book = new AddressBook(config, place);
  const listed = new Set(place.nodes.map((node) => node.address));
  const receive = (data: Uint8Array, address: string) => {
    if (listed.size > 0 && totem.blockUnlistedAddresses && !listed.has(address)) return;
    book.learn(data, address);
    onDatagram(data);
  };
  const common = { bufferBytes: BUFFER_BYTES, onMessage: receive, onError };
  const sockets: UdpSocket[] = [];
  const open = async (options: Parameters<typeof openUdp>[0]) => {
    const socket = await openUdp(options);
    sockets.push(socket);
    return socket;
  };
  // A token overtakes the multicasts that were sent before it, since it comes by another socket: those are read first
  // (spec/totem section 3, "recv flush"), else every node would ask for what is already there.
  let multicasts: UdpSocket | undefined;
  const receiveToken = (data: Uint8Array, address: string) => {
    multicasts?.drain();
    receive(data, address);
  };
  const tokens = await open({
    ...common,
    onMessage: receiveToken,
    address: place.address,
    port,
  });
  const addressOf = (nodeId: number) => book.addressOf(nodeId);
  const toNode = (socket: UdpSocket, nodeId: number, data: Uint8Array) => {
    // A ring of one talks to itself; not within the same step, so that everything else gets its turn.
    if (nodeId === place.nodeId) setImmediate(() => onDatagram(data));
    else {
      const address = addressOf(nodeId);
      if (address !== undefined) socket.send(data, address, port);
    }
  };
  const close = () => {
    for (const socket of sockets) socket.close();
  };
  if (totem.transport === "udpu") {
    const sending = await open({ ...common, address: place.address, port: 0 });
    const others = [...listed].filter((address) => address !== place.address);
    return {
      send: ({ to, data }) => {
        if (to !== "all") toNode(tokens, to, data);
        else for (const address of others) sending.send(data, address, port);
      },
      addressOf,
      close,
    };
  }
  const group = broadcast
    ? BROADCAST
    : (totem.interface.multicastAddress ?? defaultGroup(totem.clusterName));
  const sending = await open({
    ...common,
    address: place.address,
    port: port - 1,
    ttl,
    ...(broadcast ? { broadcast } : { multicastFrom: place.address }),
  });
  multicasts = await open({
    ...common,
    address: group,
    port,
    ...(broadcast ? {} : { join: [{ group, interfaceAddress: place.address }] }),
  });
  return {
    send: ({ to, data }) => {
      if (to === "all") sending.send(data, group, port);
      else toNode(sending, to, data);
    },
    addressOf,
    close,
  };
}
