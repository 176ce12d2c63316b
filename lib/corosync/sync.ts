/**
 * Sync: after each regular configuration the members tell each other the state of all services, one service after the
 * other, with a barrier after each (spec/totem/totem-wire.md section 6). This core runs the barriers; what a service
 * says in its round is the service's own matter.
 *
 * How the composing core (corosync.ts) uses it:
 * 1. `new SyncCore([cmapId, cpgId, quorumId, votequorumId])` - the local services that take part, any order.
 * 2. Every ConfigurationEffect of the ring goes in as it is; so does every DeliverEffect of group "sync".
 * 3. Effects are carried out IN ORDER:
 *    - `service-init`: sync_init of that local service. Gets transitional members (who came along from our last ring) and
 *      members of the new ring. Nothing may be multicast yet.
 *    - `service-process`: the service now multicasts its sync messages (group "a"), all of them at once, before the next
 *      effect is carried out. Its barrier is the next effect.
 *    - `multicast`: is a MulticastEvent for the ring as it stands.
 *    - `service-activate`: every member's messages of this round have been delivered; take them into use.
 *    - `service-abort`: a new configuration came first; forget what was collected since init. Sent only for services
 *      that were initialised and not activated.
 *    - `sync-complete`: all rounds are done. Pass it to the ring (kind and ringId), open IPC.
 *      Anything multicast by an activate belongs before it.
 * Services of others that we do not have get an empty round: only the barrier.
 */
import type { Core, LogEffect, Millis } from "../base/core.ts";
import type { ConfigurationEffect, DeliverEffect, MulticastEvent, RingId } from "../totem/api.ts";
import { decodeSync, encodeSync } from "../wire/sync.ts";

export type SyncEvent = ConfigurationEffect | DeliverEffect;

export interface ServiceInit {
  readonly kind: "service-init";
  readonly service: number;
  readonly ringId: RingId;
  /** Members that were with us in the previous ring, ourselves included (empty on the very first ring). */
  readonly transitional: readonly number[];
  readonly members: readonly number[];
}

export interface ServiceStep {
  readonly kind: "service-process" | "service-activate" | "service-abort";
  readonly service: number;
}

export interface SyncComplete {
  readonly kind: "sync-complete";
  readonly ringId: RingId;
  readonly members: readonly number[];
}

export type SyncEffect = ServiceInit | ServiceStep | MulticastEvent | SyncComplete | LogEffect;

type Phase = "idle" | "build" | "rounds";

export class SyncCore implements Core<SyncEvent, SyncEffect> {
  private readonly local: readonly number[];
  private phase: Phase = "idle";
  private ringId: RingId = { rep: 0, seq: 0 };
  private members: readonly number[] = [];
  private transitional: readonly number[] = [];
  /** Members whose service_build, or barrier of this round, is still awaited. */
  private awaited = new Set<number>();
  private union = new Set<number>();
  private rounds: readonly number[] = [];
  private round = 0;

  /** @param services ids of the local services that take part in sync. */
  constructor(services: readonly number[]) {
    this.local = [...new Set(services)].sort((a, b) => a - b);
  }

  /** True while members synchronise; false before the first ring and after `sync-complete`. */
  get running(): boolean {
    return this.phase !== "idle";
  }

  step(_now: Millis, event: SyncEvent): readonly SyncEffect[] {
    const effects: SyncEffect[] = [];
    if (event.kind === "configuration") {
      if (event.type === "transitional") this.transitional = event.members;
      else this.begin(event, effects);
    } else if (event.group === "sync") {
      this.receive(event.from, event.body, effects);
    }
    return effects;
  }

  private begin(event: ConfigurationEffect, effects: SyncEffect[]): void {
    if (this.running) this.abort(effects);
    this.phase = "build";
    this.ringId = event.ringId;
    this.members = event.members;
    this.awaited = new Set(event.members);
    this.union = new Set();
    const { ringId, transitional, members } = this;
    for (const service of this.local) {
      effects.push({ kind: "service-init", service, ringId, transitional, members });
    }
    const body = encodeSync({ kind: "service-build", ringId, services: this.local });
    effects.push({ kind: "multicast", group: "sync", body });
  }

  private abort(effects: SyncEffect[]): void {
    const done = this.phase === "rounds" ? this.rounds.slice(0, this.round) : [];
    for (const service of this.local) {
      if (!done.includes(service)) effects.push({ kind: "service-abort", service });
    }
    this.phase = "idle";
  }

  private receive(from: number, body: Uint8Array, effects: SyncEffect[]): void {
    const message = decodeSync(body);
    if (message === undefined || !this.running) return;
    if (message.ringId.rep !== this.ringId.rep || message.ringId.seq !== this.ringId.seq) {
      const text = `Received ${message.kind} message for old ring - discarding`;
      effects.push({ kind: "log", level: "debug", subsystem: "SYNC", text });
      return;
    }
    if (message.kind === "service-build" && this.phase === "build") {
      for (const service of message.services) this.union.add(service);
      this.awaited.delete(from);
      if (this.awaited.size === 0) this.enterRound(0, effects);
    } else if (message.kind === "barrier" && this.phase === "rounds") {
      this.awaited.delete(from);
      if (this.awaited.size === 0) this.endRound(effects);
    }
  }

  private enterRound(round: number, effects: SyncEffect[]): void {
    if (round === 0) {
      this.phase = "rounds";
      this.rounds = [...this.union].sort((a, b) => a - b);
    }
    this.round = round;
    const service = this.rounds[round];
    if (service === undefined) {
      this.complete(effects);
      return;
    }
    this.awaited = new Set(this.members);
    if (this.local.includes(service)) effects.push({ kind: "service-process", service });
    const body = encodeSync({ kind: "barrier", ringId: this.ringId });
    effects.push({ kind: "multicast", group: "sync", body });
  }

  private endRound(effects: SyncEffect[]): void {
    const service = this.rounds[this.round];
    if (service !== undefined && this.local.includes(service)) {
      effects.push({ kind: "service-activate", service });
    }
    this.enterRound(this.round + 1, effects);
  }

  private complete(effects: SyncEffect[]): void {
    this.phase = "idle";
    const text = "Completed service synchronization, ready to provide service.";
    effects.push({ kind: "log", level: "notice", subsystem: "MAIN", text });
    effects.push({ kind: "sync-complete", ringId: this.ringId, members: this.members });
  }
}
