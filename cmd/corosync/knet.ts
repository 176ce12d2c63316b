/**
 * knet on real sockets: one per link, bound to the link's address; packets are sealed and opened on the way (spec/totem
 * section 9). The deciding is in lib/totem/transport/knet.ts.
 */
import { statSync } from "node:fs";
import type { LogEffect } from "../../lib/base/core.ts";
import { isRejection } from "../../lib/base/error.ts";
import { limits } from "../../lib/base/limits.ts";
import type { CorosyncConfig, NodeConfig } from "../../lib/conf/config.ts";
import type { Place } from "../../lib/corosync/place.ts";
import { timersOf } from "../../lib/corosync/settings.ts";
import { readWhole } from "../../lib/runtime/disk.ts";
import { runCore } from "../../lib/runtime/host.ts";
import { makeSeal, type Seal } from "../../lib/runtime/seal.ts";
import { openUdp, type UdpSocket } from "../../lib/runtime/udp.ts";
import {
  type KnetEffect,
  type KnetEvent,
  type KnetLinkConfig,
  KnetTransport,
} from "../../lib/totem/transport/knet.ts";
import type { LinkState, Transport } from "./transport.ts";

const BUFFER_BYTES = 4 * 1024 * 1024;
/** Others must not read the key: bits of group and world. */
const OPEN_TO_OTHERS = 0o077;
/** Refused datagrams are logged at most this often. */
const REFUSED_LOG_MS = 60_000;

/** The ring's key; a text says why it cannot be used. */
export function readKey(path: string): Uint8Array | string {
  const key = readWhole(path, limits.ringKeyMaximumBytes);
  if (key === undefined) return `there is no key ${path}; corosync-keygen makes one`;
  if (isRejection(key)) return key.text;
  if (key.length < limits.ringKeyMinimumBytes) {
    return `the key ${path} has ${key.length} bytes; at least ${limits.ringKeyMinimumBytes} are needed`;
  }
  const { uid, mode } = statSync(path);
  if (uid !== 0) return `the key ${path} belongs to user ${uid}; it must belong to root`;
  if ((mode & OPEN_TO_OTHERS) !== 0) return `the key ${path} is open to others; chmod 400 ${path}`;
  return key;
}

/** Links that this node has an address for, with every other node's address on them. */
function linksOf(config: CorosyncConfig, place: Place): readonly KnetLinkConfig[] {
  const self = place.nodes.find((node) => node.nodeId === place.nodeId);
  const { tokenMs } = timersOf(config);
  return config.totem.knet.links.flatMap((link): readonly KnetLinkConfig[] => {
    const address = self?.links[link.link];
    if (address === undefined) return [];
    const peers = place.nodes.flatMap((node: NodeConfig) => {
      const remote = node.links[link.link];
      if (node === self || remote === undefined || node.nodeId === undefined) return [];
      return [[node.nodeId, { address: remote, port: link.port }] as const];
    });
    return [
      {
        link: link.link,
        priority: link.priority,
        local: { address, port: link.port },
        peers: new Map(peers),
        timers: {
          pingIntervalMs: link.pingIntervalMs ?? tokenMs / (2 * link.pongCount),
          pingTimeoutMs: link.pingTimeoutMs ?? tokenMs / link.pongCount,
          pongCount: link.pongCount,
        },
      },
    ];
  });
}

/** Datagrams that are not of our ring, or altered: counted, and logged now and then. */
class Refusals {
  private count = 0;
  private loggedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly log: (record: LogEffect) => void) {}

  note(from: string): void {
    this.count++;
    const now = performance.now();
    if (now - this.loggedAt < REFUSED_LOG_MS) return;
    this.loggedAt = now;
    const text = `${this.count} datagrams so far could not be opened with our key; the latest came from ${from}`;
    this.log({ kind: "log", level: "warning", subsystem: "KNET", text });
  }
}

/** Which links to which nodes are up, as tools show it. */
class LinkTable {
  private readonly up = new Set<string>();

  constructor(private readonly links: readonly KnetLinkConfig[]) {}

  set(nodeId: number, link: number, up: boolean): void {
    if (up) this.up.add(`${nodeId}/${link}`);
    else this.up.delete(`${nodeId}/${link}`);
  }

  of(nodeId: number, self: boolean): readonly LinkState[] {
    return this.links.flatMap(({ link, local, peers }) => {
      const remote = self ? local : peers.get(nodeId);
      if (remote === undefined) return [];
      const connected = self || this.up.has(`${nodeId}/${link}`);
      return [{ link, source: local.address, destination: remote.address, connected }];
    });
  }
}

async function openSockets(
  links: readonly KnetLinkConfig[],
  seal: Seal,
  post: (event: KnetEvent) => void,
  refusals: Refusals,
  onError: (error: Error) => void,
): Promise<ReadonlyMap<number, UdpSocket>> {
  const sockets = new Map<number, UdpSocket>();
  try {
    for (const { link, local } of links) {
      const onMessage = (sealed: Uint8Array, address: string, port: number) => {
        const data = seal.open(sealed);
        if (data === undefined) refusals.note(address);
        else post({ kind: "packet", link, from: { address, port }, data });
      };
      const socket = await openUdp({ ...local, bufferBytes: BUFFER_BYTES, onMessage, onError });
      sockets.set(link, socket);
    }
    return sockets;
  } catch (error) {
    for (const socket of sockets.values()) socket.close();
    throw error;
  }
}

/** Opens knet. Rejects with the system's error, or when the key cannot be used. */
export async function openKnet(
  config: CorosyncConfig,
  place: Place,
  onDatagram: (data: Uint8Array) => void,
  onError: (error: Error) => void,
  log: (record: LogEffect) => void,
): Promise<Transport> {
  const { mode, cipher, hash, keyFile } = config.totem.knet;
  const key = keyFile === undefined ? new Uint8Array() : readKey(keyFile);
  if (typeof key === "string") throw new Error(key);
  const seal = makeSeal(cipher, hash, key);
  const links = linksOf(config, place);
  const table = new LinkTable(links);
  const core = new KnetTransport({
    nodeId: place.nodeId,
    mode,
    links,
    room: (bytes) => seal.room(bytes),
  });
  let sockets: ReadonlyMap<number, UdpSocket> = new Map();
  const host = runCore<KnetEvent, KnetEffect>(
    core,
    {
      log,
      datagram: ({ data }) => onDatagram(data),
      link: ({ nodeId, link, up }) => table.set(nodeId, link, up),
      packet: ({ link, to, data }) => {
        sockets.get(link)?.send(seal.seal(data), to.address, to.port);
      },
    },
    { onError: (error) => onError(error instanceof Error ? error : new Error(String(error))) },
  );
  const refusals = new Refusals(log);
  sockets = await openSockets(links, seal, (event) => host.post(event), refusals, onError);
  host.post({ kind: "start" });
  return {
    send: ({ to, data }) => {
      // A ring of one talks to itself; not within the same step, so that everything else gets its turn.
      if (to === place.nodeId) setImmediate(() => onDatagram(data));
      else host.post({ kind: "ring-send", to, data });
    },
    addressOf: (nodeId) => place.nodes.find((node) => node.nodeId === nodeId)?.address,
    linksOf: (nodeId) => table.of(nodeId, nodeId === place.nodeId),
    update: () => {
      const text = "links and nodes of knet change with a restart of corosync only";
      log({ kind: "log", level: "warning", subsystem: "KNET", text });
    },
    close: () => {
      host.stop();
      for (const socket of sockets.values()) socket.close();
    },
  };
}
