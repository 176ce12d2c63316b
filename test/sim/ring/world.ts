/**
 * A simulated world of rings: nodes with an engine each, a network that loses, doubles, delays and cuts, disks that survive,
 * and one heap of events. Same seed, same history. Every effect goes through here, so audits see what really happened.
 */
import type { Millis } from "../../../lib/base/core.ts";
import { Prng } from "../../../lib/base/prng.ts";
import type { TotemRing } from "../../../lib/totem/ring.ts";
import type { RingState } from "../../../lib/totem/ring-state.ts";
import { Reader } from "../../../lib/wire/reader.ts";
import type { Audit } from "./audit.ts";
import { messageHeaderBytes, messageOf, Violation } from "./content.ts";
import type { Engine, EngineEffect, EngineEvent } from "./engine.ts";
import { Heap } from "./heap.ts";
import { Links } from "./links.ts";

export interface Node {
  readonly id: number;
  /** Undefined until the first start. */
  engine: Engine | undefined;
  up: boolean;
  /** Counts restarts; timers and datagrams of an earlier life are void. */
  life: number;
  /** What is on its disk, by path. */
  readonly disk: Map<string, Uint8Array>;
  /** Power is lost at the write that comes after so many others; that write and all effects behind it are lost. */
  crashAfterWrites: number | undefined;
  pausedUntil: Millis;
  /** Generation per timer name: only the newest one fires. */
  readonly timers: Map<string, number>;
  /** Application messages sent in this life. */
  sent: number;
  /** How far this node's clock is ahead. */
  clockAheadMs: Millis;
  /** Datagrams to this node take so much longer. */
  slowMs: Millis;
}

export function ringOf(node: Node): TotemRing {
  if (node.engine === undefined) throw new Violation(`node ${node.id} was never started`);
  return node.engine.ring;
}

/** What the audits look at inside a ring; nobody else does. */
export function insideOf(node: Node): RingState {
  return (ringOf(node) as unknown as { readonly ring: RingState }).ring;
}

export function ringIdFile(nodeId: number): string {
  return `ringid_${nodeId}`;
}

/** The ring sequence in a file as a node finds it at its start; 0 when there is none. */
export function storedSeq(data: Uint8Array | undefined): number {
  return data === undefined ? 0 : new Reader(data).u64();
}

export type MakeEngine = (world: World, node: Node) => Engine;

interface Due {
  readonly node: Node;
  readonly life: number;
  readonly event: EngineEvent;
  /** For timers: generation at which it was set. */
  readonly generation: number;
}

export class World {
  readonly prng: Prng;
  readonly nodes: Node[] = [];
  now: Millis = 0;
  /** Chance of loss and of doubling for each datagram; longest delay on the network. */
  loss = 0;
  doubling = 0;
  delayMs = 1;
  /** Chance that a datagram is overtaken: it comes later by up to `overtakenMs`. */
  reordering = 0;
  overtakenMs = 0;
  /** Datagrams a node may send within a millisecond; the rest are lost. */
  datagramsPerMs = Number.POSITIVE_INFINITY;
  /** Asked after every step of a node; a fault that waits for its moment takes itself away when it has struck. */
  ambush: ((node: Node) => void) | undefined;
  readonly links = new Links();
  hash = 0;
  steps = 0;
  /** More steps than this mean that something runs in circles. */
  mostSteps = 1_000_000;
  /** Sees every effect of every node, for scripts that print a conversation. */
  trace: ((node: Node, effect: EngineEffect) => void) | undefined;
  /** Says whether this datagram is lost on its way; asked before chance is. */
  loses: ((from: Node, to: Node, data: Uint8Array) => boolean) | undefined;
  private readonly sentWithin = new Map<number, { ms: number; count: number }>();
  private readonly heap = new Heap<Due>();
  private readonly audit: Audit;
  private readonly makeEngine: MakeEngine;
  private generations = 0;
  /** Of the next process that connects to a daemon. */
  nextPid = 1;

  constructor(seed: number, count: number, audit: Audit, makeEngine: MakeEngine) {
    this.prng = new Prng(seed);
    this.audit = audit;
    this.makeEngine = makeEngine;
    for (let id = 1; id <= count; id++) this.nodes.push(newNode(id));
  }

  start(node: Node): void {
    node.life++;
    node.up = true;
    node.sent = 0;
    node.pausedUntil = 0;
    node.crashAfterWrites = undefined;
    node.timers.clear();
    node.engine = this.makeEngine(this, node);
    this.audit.started(node);
    this.deliver(node, { kind: "start" });
    this.deliver(node, { kind: "interface", up: true, address: addressOf(node.id, 0) });
  }

  crash(node: Node): void {
    node.up = false;
    node.life++;
    this.audit.crashed(node);
  }

  leave(node: Node): void {
    this.deliver(node, { kind: "leave" });
    if (node.up) this.crash(node);
  }

  /** The node does nothing for so long; what arrives meanwhile waits. */
  pause(node: Node, forMs: Millis): void {
    node.pausedUntil = this.now + forMs;
  }

  /** Sends an application message that names its origin, life and number. */
  multicast(node: Node, bytes: number): void {
    if (!node.up) return;
    const event = node.engine?.sending(bytes + messageHeaderBytes, () =>
      messageOf(node.id, node.life, node.sent, bytes),
    );
    if (event === undefined) return;
    node.sent++;
    this.deliver(node, event);
  }

  /** Lets every node's clients do what they do of themselves. */
  tend(): void {
    for (const node of this.nodes) {
      if (!node.up || node.pausedUntil > this.now) continue;
      for (const event of node.engine?.pending() ?? []) {
        if (node.up) this.deliver(node, event);
      }
    }
  }

  /** Runs everything due until `until`. */
  run(until: Millis): void {
    for (;;) {
      const next = this.heap.peekTime();
      if (next === undefined || next > until) break;
      const due = this.heap.pop();
      this.now = Math.max(this.now, next);
      if (due !== undefined) this.fire(due);
    }
    this.now = until;
  }

  /** Gives a node an event now. */
  deliver(node: Node, event: EngineEvent): void {
    const { engine, life } = node;
    if (engine === undefined) return;
    const clock = this.now + node.clockAheadMs;
    this.steps += engine.step(clock, event, (effect) => {
      // A crash in the middle of the list loses the rest of it.
      if (node.life === life) this.carryOut(node, effect);
    });
    if (this.steps > this.mostSteps) throw new Violation(`no end after ${this.steps} steps`);
    if (node.life === life) this.audit.stepped(node, this.nodes);
    this.ambush?.(node);
  }

  private fire(due: Due): void {
    const { node, event } = due;
    if (!node.up || node.life !== due.life) return;
    if (node.pausedUntil > this.now) {
      this.heap.push(node.pausedUntil, due);
      return;
    }
    if (event.kind === "timer") {
      if (node.timers.get(event.name) !== due.generation) return;
      node.timers.delete(event.name);
    }
    this.deliver(node, event);
  }

  private carryOut(node: Node, effect: EngineEffect): void {
    this.trace?.(node, effect);
    switch (effect.kind) {
      case "send":
        this.mixData(node, effect.data);
        this.audit.sent(node, effect.data);
        this.send(node, effect.to, effect.data);
        break;
      case "packet":
        this.mixData(node, effect.data);
        this.sendPacket(node, effect.link, effect.to.address, effect.data);
        break;
      case "set-timer": {
        const generation = ++this.generations;
        node.timers.set(effect.name, generation);
        const due = { kind: "timer", name: effect.name } as const;
        this.mix(effect.delayMs);
        this.schedule(effect.delayMs, { node, life: node.life, event: due, generation });
        break;
      }
      case "cancel-timer":
        node.timers.delete(effect.name);
        break;
      case "persist":
        this.persist(node, effect.path, effect.data);
        break;
      case "configuration":
        this.mix(effect.ringId.seq);
        if (effect.type === "regular") this.audit.installs(node, this.nodes);
        this.audit.configured(node, effect);
        break;
      case "deliver":
        this.mix(effect.from);
        if (effect.group === "a") this.audit.delivered(node, effect.from, effect.body);
        break;
      case "synchronised":
        this.audit.synchronised(node, effect.ringId);
        break;
      case "exit":
        if (node.up) this.crash(node);
        break;
      case "log":
        break;
    }
  }

  private persist(node: Node, path: string, data: Uint8Array | undefined): void {
    if (node.crashAfterWrites !== undefined && node.crashAfterWrites-- <= 0) {
      this.crash(node);
      return;
    }
    if (data === undefined) node.disk.delete(path);
    else node.disk.set(path, data.slice());
    if (path.endsWith(ringIdFile(node.id))) this.audit.persisted(node, storedSeq(data));
  }

  private mix(value: number): void {
    this.hash = (Math.imul(this.hash ^ value, 0x01000193) + value) >>> 0;
  }

  private mixData(node: Node, data: Uint8Array): void {
    this.mix(node.id);
    this.mix(this.now * 1024);
    this.hash = Bun.hash.xxHash32(data, this.hash);
  }

  /** True when this node has sent more than it may within this millisecond. */
  private isBeyondRate(node: Node): boolean {
    if (this.datagramsPerMs === Number.POSITIVE_INFINITY) return false;
    const ms = Math.floor(this.now);
    const sent = this.sentWithin.get(node.id);
    if (sent?.ms !== ms) {
      this.sentWithin.set(node.id, { ms, count: 1 });
      return false;
    }
    return ++sent.count > this.datagramsPerMs;
  }

  private send(from: Node, to: number | "all", data: Uint8Array): void {
    const event = { kind: "datagram", data } as const;
    if (to === from.id) {
      this.transmit(from, event, 0.05);
      return;
    }
    if (this.isBeyondRate(from)) return;
    for (const node of this.nodes) {
      if (node === from || (to !== "all" && node.id !== to)) continue;
      if (this.loses?.(from, node, data) === true) continue;
      this.cross(from, node, 0, event);
    }
  }

  private sendPacket(from: Node, link: number, to: string, data: Uint8Array): void {
    const node = this.nodes[idOf(to) - 1];
    if (node === undefined || this.isBeyondRate(from)) return;
    const source = { address: addressOf(from.id, link), port: ringPort };
    this.cross(from, node, link, { kind: "packet", link, from: source, data });
  }

  /** The way between two nodes. */
  private cross(from: Node, to: Node, link: number, event: EngineEvent): void {
    const { prng } = this;
    if (this.links.isCut(from.id, to.id, link) || prng.chance(this.loss)) return;
    let delay = 0.05 + to.slowMs + prng.fraction() * this.delayMs;
    if (this.reordering > 0 && prng.chance(this.reordering)) {
      delay += prng.fraction() * this.overtakenMs;
    }
    this.transmit(to, event, delay);
    if (prng.chance(this.doubling)) this.transmit(to, event, prng.fraction() * this.delayMs * 5);
  }

  private transmit(node: Node, event: EngineEvent, delayMs: Millis): void {
    if (node.up) this.schedule(delayMs, { node, life: node.life, event, generation: 0 });
  }

  private schedule(delayMs: Millis, due: Due): void {
    this.heap.push(this.now + delayMs, due);
  }
}

function newNode(id: number): Node {
  return {
    id,
    engine: undefined,
    up: false,
    life: 0,
    disk: new Map(),
    crashAfterWrites: undefined,
    pausedUntil: 0,
    timers: new Map(),
    sent: 0,
    clockAheadMs: 0,
    slowMs: 0,
  };
}

export const ringPort = 5405;

/** Address of a node on a link. */
export function addressOf(id: number, link: number): string {
  return `10.0.${link}.${id}`;
}

function idOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(".") + 1));
}
