/**
 * What runs on a simulated node: bare rings with sync on top (here), whole daemons with clients (daemon.ts), either of them
 * over knet (knet.ts). Events in, effects out one by one, so that audits see each at its moment.
 */
import type { CommonEffect, Millis, TimerEvent } from "../../../lib/base/core.ts";
import type { CorosyncEvent } from "../../../lib/corosync/api.ts";
import { SyncCore, type SyncEffect } from "../../../lib/corosync/sync.ts";
import type {
  ConfigurationEffect,
  DeliverEffect,
  RingId,
  SendEffect,
  TotemConfig,
  TotemEvent,
} from "../../../lib/totem/api.ts";
import { TotemRing } from "../../../lib/totem/ring.ts";
import type { KnetEffect, KnetEvent } from "../../../lib/totem/transport/knet.ts";

/** A packet of knet, as it comes out of the socket of a link. */
type PacketEvent = Extract<KnetEvent, { kind: "packet" }>;
export type PacketEffect = Extract<KnetEffect, { kind: "packet" }>;

export type EngineEvent = TotemEvent | CorosyncEvent | PacketEvent | TimerEvent;

export type EngineEffect =
  | CommonEffect
  | SendEffect
  | PacketEffect
  | ConfigurationEffect
  | DeliverEffect
  /** The ring's members have synchronised. */
  | { readonly kind: "synchronised"; readonly ringId: RingId };

export type Emit = (effect: EngineEffect) => void;

export interface Engine {
  /** The ring itself, for audits and for faults that wait for a state. */
  readonly ring: TotemRing;
  readonly synchronising: boolean;
  /** Carries out an event and all that follows of it within the node; returns how many steps that were. */
  step(now: Millis, event: EngineEvent, emit: Emit): number;
  /**
   * The event that sends a message of so many bytes; undefined when none can be sent now. `message` makes it, and
   * is called only if it is sent.
   */
  sending(bytes: number, message: () => Uint8Array): EngineEvent | undefined;
  /** What its clients do of themselves, now and then. */
  pending(): readonly EngineEvent[];
}

/** Services that every bare ring synchronises; they say nothing in their rounds. */
const services = [0, 2];

export class BareEngine implements Engine {
  readonly ring: TotemRing;
  private readonly sync = new SyncCore(services);
  private readonly queue: TotemEvent[] = [];

  constructor(config: TotemConfig) {
    this.ring = new TotemRing(config);
  }

  get synchronising(): boolean {
    return this.sync.running;
  }

  step(now: Millis, event: EngineEvent, emit: Emit): number {
    const { queue } = this;
    queue.length = 0;
    queue.push(event as TotemEvent);
    for (let index = 0; index < queue.length; index++) {
      for (const effect of this.ring.step(now, queue[index] as TotemEvent)) {
        emit(effect);
        if (effect.kind === "configuration" || effect.kind === "deliver") {
          this.synchronise(this.sync.step(now, effect), emit);
        }
      }
    }
    return queue.length;
  }

  sending(bytes: number, message: () => Uint8Array): EngineEvent | undefined {
    if (this.sync.running || this.ring.queueRoom(bytes) < 1) return undefined;
    return { kind: "multicast", group: "a", body: message() };
  }

  pending(): readonly EngineEvent[] {
    return [];
  }

  private synchronise(effects: readonly SyncEffect[], emit: Emit): void {
    for (const effect of effects) {
      if (effect.kind === "multicast") this.queue.push(effect);
      else if (effect.kind === "sync-complete") {
        emit({ kind: "synchronised", ringId: effect.ringId });
        this.queue.push({ kind: "sync-complete", ringId: effect.ringId });
      }
    }
  }
}
