/**
 * knet on real sockets: one per link, bound to the link's address; packets are sealed and opened on the way (spec/totem
 * section 9). The deciding is in lib/totem/transport/knet.ts.
 */
import { statSync } from "node:fs";
import type { LogEffect } from "../../lib/base/core.ts";
import { isRejection } from "../../lib/base/error.ts";
import { limits } from "../../lib/base/limits.ts";
import type { CorosyncConfig, NodeConfig } from "../../lib/conf/config.ts";
import type { NodeLink } from "../../lib/corosync/api.ts";
import type { Place } from "../../lib/corosync/place.ts";
import { pingTimers, timersOf } from "../../lib/corosync/settings.ts";
import { monotonicMs } from "../../lib/runtime/clock.ts";
import { readWhole } from "../../lib/runtime/disk.ts";
import { flushDatagrams } from "../../lib/runtime/ffi/datagram-batch.ts";
import { runCore } from "../../lib/runtime/host.ts";
import { Seals, type Secret } from "../../lib/runtime/seals.ts";
import { openUdp, type UdpSocket } from "../../lib/runtime/udp.ts";
import {
  type KnetEffect,
  type KnetEvent,
  type KnetLinkConfig,
  KnetTransport,
} from "../../lib/totem/transport/knet.ts";
import { KnetStatistics } from "./knet-statistics.ts";
import type { Transport } from "./transport.ts";

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
function linksOf(
  config: CorosyncConfig,
  nodeId: number,
  nodes: readonly NodeConfig[],
): readonly KnetLinkConfig[] {
  const self = nodes.find((node) => node.nodeId === nodeId);
  const { tokenMs } = timersOf(config);
  return config.totem.knet.links.flatMap((link): readonly KnetLinkConfig[] => {
    const address = self?.links[link.link];
    if (address === undefined) return [];
    const peers = nodes.flatMap((node) => {
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
        timers: pingTimers(link, tokenMs),
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

/** What the header of a knet ping takes of a datagram: the originals show a link's MTU without it. */
const PING_BYTES = 26;
/** What the originals show for the way to oneself. */
const LOCAL_MTU = 65_535;

/** Which links to which nodes are up, as tools show it. */
class LinkTable {
  private readonly up = new Set<string>();

  /** @param mtuOf what a link to a node carries in one piece. */
  constructor(
    private readonly nodeId: number,
    public links: readonly KnetLinkConfig[],
    private readonly mtuOf: (nodeId: number, link: number) => number,
  ) {}

  set(nodeId: number, link: number, up: boolean): void {
    if (up) this.up.add(`${nodeId}/${link}`);
    else this.up.delete(`${nodeId}/${link}`);
  }

  of(nodeId: number): readonly Required<NodeLink>[] {
    const self = nodeId === this.nodeId;
    return this.links.flatMap(({ link, local, peers }) => {
      const remote = self ? local : peers.get(nodeId);
      if (remote === undefined) return [];
      const connected = self || this.up.has(`${nodeId}/${link}`);
      const mtu = self ? LOCAL_MTU : this.mtuOf(nodeId, link);
      return [{ link, source: local.address, destination: remote.address, connected, mtu }];
    });
  }

  /** All links to all nodes, ourselves included. */
  all(): readonly (Required<NodeLink> & { readonly nodeId: number })[] {
    const ids = new Set([this.nodeId, ...this.links.flatMap(({ peers }) => [...peers.keys()])]);
    return [...ids].flatMap((nodeId) => this.of(nodeId).map((link) => ({ nodeId, ...link })));
  }
}

/** The sockets of the links, each opened for its local address; others are closed when the links change. */
class LinkSockets {
  private readonly open = new Map<number, { readonly socket: UdpSocket; readonly local: string }>();

  constructor(
    private readonly receive: (
      link: number,
      sealed: Uint8Array,
      address: string,
      port: number,
    ) => void,
    private readonly onError: (error: Error) => void,
  ) {}

  get(link: number): UdpSocket | undefined {
    return this.open.get(link)?.socket;
  }

  /** Rejects with the system's error; sockets that could be opened stay open. */
  async use(links: readonly KnetLinkConfig[]): Promise<void> {
    const ends = new Map(links.map(({ link, local }) => [link, `${local.address} ${local.port}`]));
    for (const [link, { socket, local }] of this.open) {
      if (ends.get(link) === local) continue;
      socket.close();
      this.open.delete(link);
    }
    for (const { link, local } of links) {
      if (this.open.has(link)) continue;
      const socket = await openUdp({
        ...local,
        bufferBytes: BUFFER_BYTES,
        onMessage: (sealed, address, port) => this.receive(link, sealed, address, port),
        onError: this.onError,
      });
      this.open.set(link, { socket, local: ends.get(link) ?? "" });
    }
  }

  close(): void {
    for (const { socket } of this.open.values()) socket.close();
  }
}

/** What the ring is encrypted with. Throws when the key cannot be used. */
function secretOf(config: CorosyncConfig): Secret {
  const { cipher, hash, keyFile } = config.totem.knet;
  const key = keyFile === undefined ? new Uint8Array() : readKey(keyFile);
  if (typeof key === "string") throw new Error(key);
  return { cipher, hash, key };
}

/**
 * Opens knet. Rejects with the system's error, or when the key cannot be used.
 * @param onKeyPrepared an update has brought another key or cipher.
 */
export async function openKnet(
  config: CorosyncConfig,
  place: Place,
  onDatagram: (data: Uint8Array) => void,
  onError: (error: Error) => void,
  log: (record: LogEffect) => void,
  onKeyPrepared: () => void,
): Promise<Transport> {
  const { mode } = config.totem.knet;
  const seals = new Seals(secretOf(config));
  const room = (bytes: number) => seals.room(bytes);
  let { nodes } = place;
  const links = linksOf(config, place.nodeId, nodes);
  const core = new KnetTransport({ nodeId: place.nodeId, mode, links, room });
  const table = new LinkTable(place.nodeId, links, (nodeId, link) =>
    Math.max(0, seals.room(core.datagramBytes(nodeId, link) ?? 0) - PING_BYTES),
  );
  const statistics = new KnetStatistics(() => seals.isEncrypted);
  statistics.use(links, place.nodeId);
  const host = runCore<KnetEvent, KnetEffect>(
    core,
    {
      log,
      datagram: ({ data }) => onDatagram(data),
      link: ({ nodeId, link, up }) => {
        table.set(nodeId, link, up);
        statistics.changed(nodeId, link, up);
      },
      packet: (packet) => {
        const { link, to, data } = packet;
        const sealed = seals.seal(data);
        sockets.get(link)?.sendSoon(sealed, to.address, to.port);
        statistics.sent(packet, sealed.length);
      },
    },
    { onError: (error) => onError(error instanceof Error ? error : new Error(String(error))) },
  );
  const refusals = new Refusals(log);
  const sockets = new LinkSockets((link, sealed, address, port) => {
    const data = seals.open(sealed);
    if (data === undefined) {
      refusals.note(address);
      return;
    }
    statistics.received(monotonicMs(), link, data, sealed.length);
    host.post({ kind: "packet", link, from: { address, port }, data });
  }, onError);
  const prepare = (next: CorosyncConfig) => {
    const secret = secretOf(next);
    if (!seals.prepare(secret)) return;
    const text = `crypto reconfigured: ${secret.cipher}/${secret.hash}`;
    log({ kind: "log", level: "info", subsystem: "TOTEM", text });
    onKeyPrepared();
  };
  try {
    await sockets.use(links);
  } catch (error) {
    sockets.close();
    throw error;
  }
  host.post({ kind: "start" });
  return {
    send: ({ to, data }) => {
      // A ring of one talks to itself; not within the same step, so that everything else gets its turn.
      if (to === place.nodeId) setImmediate(() => onDatagram(data));
      else {
        host.post({ kind: "ring-send", to, data });
        // The next member works with a token while we deliver.
        if (to !== "all") flushDatagrams();
      }
    },
    addressOf: (nodeId) => nodes.find((node) => node.nodeId === nodeId)?.address,
    linksOf: (nodeId) => table.of(nodeId),
    statistics: () => statistics.values(table.all()),
    update: async (next) => {
      try {
        prepare(next);
      } finally {
        nodes = next.nodes;
        table.links = linksOf(next, place.nodeId, nodes);
        statistics.use(table.links, place.nodeId);
        await sockets.use(table.links);
        host.post({ kind: "configure", links: table.links });
      }
    },
    cryptoPhase: (phase) => {
      if (phase === 1) seals.usePrepared();
      else seals.forgetPrevious();
    },
    close: () => {
      host.stop();
      sockets.close();
    },
  };
}
