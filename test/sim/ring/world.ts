/**
 * A simulated world of rings: nodes (TotemRing with SyncCore on top), a network that loses, doubles, delays and cuts, and
 * one heap of events. Same seed, same history. Every effect goes through here, so audits see what really happened.
 */
import type { Millis } from "../../../lib/base/core.ts";
import { Prng } from "../../../lib/base/prng.ts";
import { SyncCore, type SyncEffect } from "../../../lib/corosync/sync.ts";
import type { TotemEffect, TotemEvent, TotemTimers } from "../../../lib/totem/api.ts";
import { TotemRing } from "../../../lib/totem/ring.ts";
import type { RingState } from "../../../lib/totem/ring-state.ts";
import { Reader } from "../../../lib/wire/reader.ts";
import type { Audit } from "./audit.ts";
import { messageOf, Violation } from "./content.ts";
import { Heap } from "./heap.ts";
import { Links } from "./links.ts";

/** Services that every simulated node synchronises; they say nothing in their rounds. */
const services = [0, 2];

export interface Node {
  readonly id: number;
  ring: TotemRing;
  sync: SyncCore;
  up: boolean;
  /** Counts restarts; timers and datagrams of an earlier life are void. */
  life: number;
  storedSeq: number;
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

/** What the audits look at inside a ring; nobody else does. */
export function insideOf(node: Node): RingState {
  return (node.ring as unknown as { readonly ring: RingState }).ring;
}

interface Due {
  readonly node: Node;
  readonly life: number;
  readonly event: TotemEvent;
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
  trace: ((node: Node, effect: TotemEffect) => void) | undefined;
  /** Says whether this datagram is lost on its way; asked before chance is. */
  loses: ((from: Node, to: Node, data: Uint8Array) => boolean) | undefined;
  private readonly sentWithin = new Map<number, { ms: number; count: number }>();
  private readonly heap = new Heap<Due>();
  private readonly timers: TotemTimers;
  private readonly audit: Audit;
  private readonly logForm: "legacy" | "nodelist";
  private generations = 0;

  constructor(
    seed: number,
    count: number,
    timers: TotemTimers,
    audit: Audit,
    logForm: "legacy" | "nodelist" = "nodelist",
  ) {
    this.prng = new Prng(seed);
    this.logForm = logForm;
    this.timers = timers;
    this.audit = audit;
    for (let id = 1; id <= count; id++) this.nodes.push(this.makeNode(id));
  }

  start(node: Node): void {
    node.life++;
    node.up = true;
    node.sent = 0;
    node.pausedUntil = 0;
    node.timers.clear();
    node.ring = this.makeRing(node.id, node.storedSeq);
    node.sync = new SyncCore(services);
    this.audit.started(node);
    this.deliver(node, { kind: "start" });
    this.deliver(node, { kind: "interface", up: true, address: `10.0.0.${node.id}` });
  }

  crash(node: Node): void {
    node.up = false;
    node.life++;
    this.audit.crashed(node);
  }

  leave(node: Node): void {
    this.deliver(node, { kind: "leave" });
    this.crash(node);
  }

  /** The node does nothing for so long; what arrives meanwhile waits. */
  pause(node: Node, forMs: Millis): void {
    node.pausedUntil = this.now + forMs;
  }

  /** Sends an application message that names its origin, life and number. */
  multicast(node: Node, bytes: number): void {
    if (!node.up || node.sync.running || node.ring.queueRoom(bytes + 12) < 1) return;
    const body = messageOf(node.id, node.life, node.sent, bytes);
    node.sent++;
    this.deliver(node, { kind: "multicast", group: "a", body });
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

  private deliver(node: Node, event: TotemEvent): void {
    const queue = [event];
    const clock = this.now + node.clockAheadMs;
    for (let index = 0; index < queue.length; index++) {
      this.steps++;
      if (this.steps > this.mostSteps) throw new Violation(`no end after ${this.steps} steps`);
      const effects = node.ring.step(clock, queue[index] ?? event);
      for (const effect of effects) this.carryOut(node, effect, queue);
    }
    this.ambush?.(node);
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

  private carryOut(node: Node, effect: TotemEffect, queue: TotemEvent[]): void {
    this.trace?.(node, effect);
    switch (effect.kind) {
      case "send":
        this.hash = Bun.hash.xxHash32(effect.data, this.hash);
        this.send(node, effect.to, effect.data);
        break;
      case "set-timer": {
        const generation = ++this.generations;
        node.timers.set(effect.name, generation);
        const due = { kind: "timer", name: effect.name } as const;
        this.schedule(effect.delayMs, { node, life: node.life, event: due, generation });
        break;
      }
      case "cancel-timer":
        node.timers.delete(effect.name);
        break;
      case "persist":
        node.storedSeq = effect.data === undefined ? 0 : new Reader(effect.data).u64();
        this.audit.persisted(node, node.storedSeq);
        break;
      case "configuration":
        if (effect.type === "regular") this.audit.installs(node, this.nodes);
        this.audit.configured(node, effect);
        this.synchronise(node, node.sync.step(this.now, effect), queue);
        break;
      case "deliver":
        if (effect.group === "a") this.audit.delivered(node, effect.from, effect.body);
        this.synchronise(node, node.sync.step(this.now, effect), queue);
        break;
      case "log":
        break;
    }
  }

  private synchronise(node: Node, effects: readonly SyncEffect[], queue: TotemEvent[]): void {
    for (const effect of effects) {
      if (effect.kind === "multicast") queue.push(effect);
      else if (effect.kind === "sync-complete") {
        this.audit.synchronised(node, effect.ringId);
        queue.push({ kind: "sync-complete" });
      }
    }
  }

  private send(from: Node, to: number | "all", data: Uint8Array): void {
    if (to === from.id) {
      this.transmit(from, data, 0.05);
      return;
    }
    if (this.isBeyondRate(from)) return;
    for (const node of this.nodes) {
      if (node === from || (to !== "all" && node.id !== to)) continue;
      if (this.loses?.(from, node, data) === true) continue;
      if (this.links.isCut(from.id, node.id) || this.prng.chance(this.loss)) continue;
      this.transmit(node, data, 0.05 + node.slowMs + this.prng.fraction() * this.delayMs);
      if (this.prng.chance(this.doubling)) {
        this.transmit(node, data, this.prng.fraction() * this.delayMs * 5);
      }
    }
  }

  private transmit(node: Node, data: Uint8Array, delayMs: Millis): void {
    if (!node.up) return;
    const event = { kind: "datagram", data } as const;
    this.schedule(delayMs, { node, life: node.life, event, generation: 0 });
  }

  private schedule(delayMs: Millis, due: Due): void {
    this.heap.push(this.now + delayMs, due);
  }

  private makeNode(id: number): Node {
    return {
      id,
      ring: this.makeRing(id, 0),
      sync: new SyncCore(services),
      up: false,
      life: 0,
      storedSeq: 0,
      pausedUntil: 0,
      timers: new Map(),
      sent: 0,
      clockAheadMs: 0,
      slowMs: 0,
    };
  }

  private makeRing(nodeId: number, storedRingSeq: number): TotemRing {
    return new TotemRing({
      nodeId,
      timers: this.timers,
      ringIdPath: `ringid_${nodeId}`,
      storedRingSeq,
      logForm: this.logForm,
    });
  }
}
