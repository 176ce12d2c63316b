/**
 * knet: the ring's datagrams over up to eight links to each peer, which of them are up, which one to take
 * (spec/totem/totem-wire.md section 9). Decides only: packets go out as effects, by link and address; the host seals them
 * (lib/runtime/seal.ts) and opens what comes in before it becomes a `packet` event.
 *
 * The ring's `send` effects come in as `ring-send`, its datagrams go out as `datagram`. A datagram to ourselves comes back
 * as an effect, which the host must hand to the ring as a later event.
 */
import type {
  CancelTimer,
  Core,
  LogEffect,
  Millis,
  SetTimer,
  TimerEvent,
} from "../../base/core.ts";
import { decodeKnet, encodeKnet, type KnetPacket, knetDataHeaderBytes } from "../../wire/knet.ts";
import { KnetLink, type KnetLinkTimers } from "./knet-link.ts";
import { KnetReceiver } from "./knet-receiver.ts";

export interface KnetAddress {
  readonly address: string;
  readonly port: number;
}

export interface KnetLinkConfig {
  /** 0 to 7. */
  readonly link: number;
  /** The passive mode takes the link with the highest priority that is up. */
  readonly priority: number;
  readonly local: KnetAddress;
  readonly peers: ReadonlyMap<number, KnetAddress>;
  readonly timers: KnetLinkTimers;
}

export interface KnetConfig {
  readonly nodeId: number;
  readonly mode: "passive" | "active" | "rr";
  readonly links: readonly KnetLinkConfig[];
  /** Largest packet that, once sealed, fits into a datagram of so many bytes. */
  readonly room: (datagramBytes: number) => number;
}

export type KnetEvent =
  | { readonly kind: "start" }
  /** A packet, opened, from a socket of this link. */
  | {
      readonly kind: "packet";
      readonly link: number;
      readonly from: KnetAddress;
      readonly data: Uint8Array;
    }
  | { readonly kind: "ring-send"; readonly to: number | "all"; readonly data: Uint8Array }
  /** Other links, nodes, priorities or timers; a link whose ends stay keeps its state. */
  | { readonly kind: "configure"; readonly links: readonly KnetLinkConfig[] }
  | TimerEvent;

export type KnetEffect =
  /** To be sealed and sent from the socket of this link. */
  | {
      readonly kind: "packet";
      readonly link: number;
      readonly nodeId: number;
      readonly to: KnetAddress;
      readonly data: Uint8Array;
    }
  | { readonly kind: "datagram"; readonly data: Uint8Array }
  | { readonly kind: "link"; readonly nodeId: number; readonly link: number; readonly up: boolean }
  | SetTimer
  | CancelTimer
  | LogEffect;

interface Peer {
  readonly nodeId: number;
  readonly receiver: KnetReceiver;
  /** A link to it has been up: from then on it knows our numbers. */
  reached: boolean;
  /** Highest priority first. */
  readonly links: readonly { readonly config: KnetLinkConfig; readonly state: KnetLink }[];
  /** Turn of the links in mode rr. */
  turn: number;
}

/** What is due of several links is done together if it is no further apart. */
const leastTickMs = 5;
/** Offset of the node that a unicast ring datagram is meant for (section 1.1). */
const targetOffset = 9;

export class KnetTransport implements Core<KnetEvent, KnetEffect> {
  private config: KnetConfig;
  private readonly peers = new Map<number, Peer>();
  private seq = 0;
  private effects: KnetEffect[] = [];

  constructor(config: KnetConfig) {
    this.config = config;
    this.makePeers([]);
  }

  /** Makes the peers of the configuration; `before` are the links that were. */
  private makePeers(before: readonly KnetLinkConfig[]): void {
    const { links, nodeId: self } = this.config;
    const ids = new Set(links.flatMap((link) => [...link.peers.keys()]));
    ids.delete(self);
    for (const nodeId of this.peers.keys()) if (!ids.has(nodeId)) this.peers.delete(nodeId);
    for (const nodeId of ids) {
      const known = this.peers.get(nodeId);
      const ways = links
        .filter((link) => link.peers.has(nodeId))
        .sort((a, b) => b.priority - a.priority || a.link - b.link)
        .map((link) => {
          const old = before.find((other) => other.link === link.link);
          const same = old !== undefined && isSameWay(old, link, nodeId);
          const kept = same ? known?.links.find((way) => way.config === old)?.state : undefined;
          const family = familyOf(link.local.address);
          const state = kept ?? new KnetLink(self, link.link, link.timers, family);
          state.timers = link.timers;
          return { config: link, state };
        });
      const receiver = known?.receiver ?? new KnetReceiver();
      const reached = known?.reached ?? false;
      this.peers.set(nodeId, { nodeId, receiver, reached, links: ways, turn: 0 });
    }
  }

  private onConfigure(links: readonly KnetLinkConfig[]): void {
    const before = this.config.links;
    const up = this.linksUp();
    this.config = { ...this.config, links };
    this.makePeers(before);
    const still = new Set(this.linksUp().map(({ nodeId, link }) => `${nodeId}/${link}`));
    for (const { nodeId, link } of up) {
      if (!still.has(`${nodeId}/${link}`)) {
        this.effects.push({ kind: "link", nodeId, link, up: false });
      }
    }
  }

  private linksUp(): readonly { readonly nodeId: number; readonly link: number }[] {
    return [...this.peers.values()].flatMap(({ nodeId, links }) =>
      links.flatMap(({ config: { link }, state }) => (state.up ? [{ nodeId, link }] : [])),
    );
  }

  /** Largest datagram that is known to pass over a link to a node; undefined where there is no such link. */
  datagramBytes(nodeId: number, link: number): number | undefined {
    const way = this.peers.get(nodeId)?.links.find(({ config }) => config.link === link);
    return way?.state.datagramBytes;
  }

  /** Nodes that can be reached now, by at least one link. */
  get reachable(): readonly number[] {
    return [...this.peers.values()].filter(isReachable).map((peer) => peer.nodeId);
  }

  step(now: Millis, event: KnetEvent): readonly KnetEffect[] {
    this.effects = [];
    switch (event.kind) {
      case "start":
      case "timer":
        this.tick(now);
        break;
      case "packet":
        this.onPacket(now, event.link, event.from, event.data);
        break;
      case "ring-send":
        this.onRingSend(event.to, event.data);
        break;
      case "configure":
        this.onConfigure(event.links);
        this.tick(now);
        break;
    }
    return this.effects;
  }

  /** Does what is due, and comes again when the next ping, timeout or probe is. */
  private tick(now: Millis): void {
    let due = Number.POSITIVE_INFINITY;
    for (const peer of this.peers.values()) {
      for (const { config, state } of peer.links) {
        // Number 0 tells a peer that our numbers begin anew; it has heard so before the first data can go to it.
        const seq = peer.reached ? this.seq : 0;
        const change = state.tick(now, seq, (packet) => this.send(peer, config, packet));
        if (change !== undefined) this.tellLink(peer, config, change === "up");
        due = Math.min(due, state.due);
      }
    }
    if (due === Number.POSITIVE_INFINITY) return;
    this.effects.push({
      kind: "set-timer",
      name: "knet",
      delayMs: Math.max(leastTickMs, due - now),
    });
  }

  private onPacket(now: Millis, link: number, from: KnetAddress, data: Uint8Array): void {
    const packet = decodeKnet(data);
    const peer = packet === undefined ? undefined : this.peers.get(packet.nodeId);
    const way = peer?.links.find(({ config }) => config.link === link);
    if (packet === undefined || peer === undefined || way === undefined) return;
    const known = way.config.peers.get(peer.nodeId);
    if (known?.address !== from.address || known.port !== from.port) return;
    const { config, state } = way;
    const { nodeId } = this.config;
    switch (packet.kind) {
      case "data":
        if (isReachable(peer)) this.onData(peer, packet);
        break;
      case "ping":
        peer.receiver.onPing(packet.seq);
        this.send(peer, config, { ...packet, kind: "pong", nodeId });
        break;
      case "pong":
        if (state.onPong(now, packet) === "up") {
          this.tellLink(peer, config, true);
          this.tick(now);
        }
        break;
      case "pmtud-probe":
        this.send(peer, config, { ...packet, kind: "pmtud-reply", nodeId, padding: noPadding });
        break;
      case "pmtud-reply":
        state.onProbeReply(now, packet);
        break;
    }
  }

  private onData(peer: Peer, packet: Extract<KnetPacket, { kind: "data" }>): void {
    if (packet.compress !== 0 || packet.channel !== 0) return;
    const data = peer.receiver.receive(packet);
    if (data === undefined || data.length < targetOffset + 4) return;
    const target = new DataView(data.buffer, data.byteOffset).getUint32(targetOffset, true);
    if (target !== 0 && target !== this.config.nodeId) return;
    this.effects.push({ kind: "datagram", data });
  }

  private onRingSend(to: number | "all", data: Uint8Array): void {
    if (to === this.config.nodeId) {
      this.effects.push({ kind: "datagram", data });
      return;
    }
    this.seq = this.seq === 65535 ? 1 : this.seq + 1;
    const one = to === "all" ? undefined : this.peers.get(to);
    const peers = to === "all" ? [...this.peers.values()] : one === undefined ? [] : [one];
    this.sendData(peers, to === "all", data);
  }

  /** Every peer gets the same packets, made once: they are as large as the smallest of their links allows. */
  private sendData(peers: readonly Peer[], broadcast: boolean, data: Uint8Array): void {
    const ways: { readonly peer: Peer; readonly config: KnetLinkConfig }[] = [];
    let smallest = Number.POSITIVE_INFINITY;
    for (const peer of peers) {
      for (const { config, state } of this.chooseLinks(peer)) {
        ways.push({ peer, config });
        smallest = Math.min(smallest, state.datagramBytes);
      }
    }
    if (ways.length === 0) return;
    const room = this.config.room(smallest) - knetDataHeaderBytes;
    const fragments = Math.max(1, Math.ceil(data.length / room));
    const { nodeId } = this.config;
    for (let index = 0; index < fragments; index++) {
      const packet = encodeKnet({
        kind: "data",
        nodeId,
        seq: this.seq,
        compress: 0,
        broadcast,
        fragments,
        fragment: fragments === 1 ? 0 : index + 1,
        channel: 0,
        payload: data.subarray(index * room, (index + 1) * room),
      });
      for (const { peer, config } of ways) this.push(peer, config, packet);
    }
  }

  private chooseLinks(peer: Peer): Peer["links"] {
    if (peer.links.length === 1) return isReachable(peer) ? peer.links : [];
    const up = peer.links.filter(({ state }) => state.up);
    if (this.config.mode === "active") return up;
    if (this.config.mode === "passive") return up.slice(0, 1);
    const one = up[peer.turn % Math.max(1, up.length)];
    peer.turn++;
    return one === undefined ? [] : [one];
  }

  private send(peer: Peer, config: KnetLinkConfig, packet: KnetPacket): void {
    const padded = packet.kind === "pmtud-probe" ? this.pad(peer, config, packet) : packet;
    this.push(peer, config, encodeKnet(padded));
  }

  private push(peer: Peer, config: KnetLinkConfig, data: Uint8Array): void {
    const to = config.peers.get(peer.nodeId);
    const { link } = config;
    const { nodeId } = peer;
    if (to !== undefined) this.effects.push({ kind: "packet", link, nodeId, to, data });
  }

  /** Fills a probe so that its sealed datagram has the size under test. */
  private pad(peer: Peer, config: KnetLinkConfig, probe: KnetPacket): KnetPacket {
    const way = peer.links.find((link) => link.config === config);
    if (probe.kind !== "pmtud-probe" || way === undefined) return probe;
    const bare = encodeKnet(probe).length;
    const bytes = this.config.room(way.state.probeBytes(probe.size)) - bare;
    return { ...probe, padding: new Uint8Array(Math.max(0, bytes)) };
  }

  private tellLink(peer: Peer, config: KnetLinkConfig, up: boolean): void {
    if (up) peer.reached = true;
    this.effects.push({ kind: "link", nodeId: peer.nodeId, link: config.link, up });
    const text = up
      ? `rx: host: ${peer.nodeId} link: ${config.link} is up`
      : `link: host: ${peer.nodeId} link: ${config.link} is down`;
    this.effects.push({ kind: "log", level: "info", subsystem: "KNET", text });
  }
}

const noPadding = new Uint8Array(0);

function isReachable(peer: Peer): boolean {
  return peer.links.some(({ state }) => state.up);
}

/** Do a link's ends to this node stay as they are? */
function isSameWay(a: KnetLinkConfig, b: KnetLinkConfig, nodeId: number): boolean {
  const sameEnd = (one: KnetAddress | undefined, other: KnetAddress | undefined) =>
    one?.address === other?.address && one?.port === other?.port;
  return sameEnd(a.local, b.local) && sameEnd(a.peers.get(nodeId), b.peers.get(nodeId));
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return address.includes(":") ? "ipv6" : "ipv4";
}
