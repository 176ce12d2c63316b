/**
 * Both processes of a node as one core, with IPC between them in memory, for the simulator (HOUSE sections 0 and 8). Each
 * process can be started and killed alone; what one says to the other arrives within the same step.
 */
import type { CommonEffect, LogEffect, Millis, PersistEffect } from "../base/core.ts";
import type { CorosyncEffect, CorosyncEvent, CorosyncOptions } from "../corosync/api.ts";
import { Corosync } from "../corosync/corosync.ts";
import type {
  ComputeEffect,
  KillEffect,
  PacemakerdConfig,
  PacemakerdEffect,
  PacemakerdEvent,
  RunEffect,
} from "../pacemakerd/api.ts";
import { Pacemakerd } from "../pacemakerd/pacemakerd.ts";
import type { FrontDoorEffect, FrontDoorEvent } from "../wire/ipc/front-door.ts";
import { CLIENTS_PER_LIFE, RingWire } from "./wiring.ts";

export type ProcessName = "corosync" | "pacemakerd";

export type NodeEffect =
  | { readonly kind: "send"; readonly to: number | "all"; readonly data: Uint8Array }
  | PersistEffect
  | {
      readonly kind: "set-timer";
      readonly process: ProcessName;
      readonly name: string;
      readonly delayMs: Millis;
    }
  | { readonly kind: "cancel-timer"; readonly process: ProcessName; readonly name: string }
  | { readonly kind: "log"; readonly process: ProcessName; readonly record: LogEffect }
  | RunEffect
  | KillEffect
  | ComputeEffect
  /** A client of pacemakerd gets a message. */
  | { readonly kind: "client-message"; readonly client: number; readonly message: Uint8Array }
  /** Corosync's supervisor wants pacemakerd to run. */
  | { readonly kind: "start-manager" }
  | { readonly kind: "exited"; readonly process: ProcessName; readonly code: number };

export class Node {
  corosync: Corosync | undefined;
  manager: Pacemakerd | undefined;
  private wire: RingWire | undefined;
  private nextClient = 1;
  private managerPid = 0;
  private out: NodeEffect[] = [];
  /** What a manager that stands still has not got yet. */
  private held: PacemakerdEvent[] | undefined;
  private readonly inbox: (
    | { readonly to: "corosync"; readonly event: CorosyncEvent }
    | { readonly to: "pacemakerd"; readonly event: PacemakerdEvent }
  )[] = [];

  /** Starts the first process; its interface is up. */
  startCorosync(now: Millis, options: CorosyncOptions): readonly NodeEffect[] {
    this.corosync = new Corosync(options);
    this.inbox.push(
      { to: "corosync", event: { kind: "start" } },
      { to: "corosync", event: { kind: "interface", up: true, address: options.address } },
    );
    return this.drain(now);
  }

  /** Starts the second process; corosync must be there. */
  startManager(now: Millis, config: PacemakerdConfig, epochMs: number): readonly NodeEffect[] {
    this.manager = new Pacemakerd(config);
    this.managerPid = config.processId;
    this.wire = new RingWire(this.nextClient, config.processId);
    this.nextClient += CLIENTS_PER_LIFE;
    this.inbox.push(
      { to: "pacemakerd", event: { kind: "start", epochMs } },
      {
        to: "corosync",
        event: { kind: "process-started", name: "pacemakerd", pid: config.processId },
      },
    );
    for (const event of this.wire.connect()) this.inbox.push({ to: "corosync", event });
    return this.drain(now);
  }

  /** kill -9 of the first process: the second sees its connections close. */
  killCorosync(now: Millis): readonly NodeEffect[] {
    this.corosync = undefined;
    this.wire = undefined;
    if (this.manager !== undefined) {
      this.inbox.push({ to: "pacemakerd", event: { kind: "ring-lost" } });
    }
    return this.drain(now);
  }

  /** kill -9 of the second process; its agents live on, as each has a process group of its own. */
  killManager(now: Millis): readonly NodeEffect[] {
    this.managerGone(undefined, "SIGKILL");
    return this.drain(now);
  }

  /** The second process stands still, in a write to a slow disk or stopped; what is said to it waits. */
  holdManager(): void {
    this.held ??= [];
  }

  get isManagerHeld(): boolean {
    return this.held !== undefined;
  }

  /** It goes on with what has come meanwhile. */
  releaseManager(now: Millis): readonly NodeEffect[] {
    for (const event of this.held ?? []) this.inbox.push({ to: "pacemakerd", event });
    this.held = undefined;
    return this.drain(now);
  }

  private managerGone(exit: number | undefined, signal: string | undefined): void {
    if (this.manager === undefined) return;
    this.manager = undefined;
    this.held = undefined;
    for (const event of this.wire?.disconnect() ?? []) this.inbox.push({ to: "corosync", event });
    this.wire = undefined;
    const pid = this.managerPid;
    this.inbox.push({
      to: "corosync",
      event: { kind: "process-exited", name: "pacemakerd", pid, exit, signal },
    });
  }

  /** An event of the first process. */
  toCorosync(now: Millis, event: CorosyncEvent): readonly NodeEffect[] {
    this.inbox.push({ to: "corosync", event });
    return this.drain(now);
  }

  /** An event of the second process. */
  toManager(now: Millis, event: PacemakerdEvent): readonly NodeEffect[] {
    this.inbox.push({ to: "pacemakerd", event });
    return this.drain(now);
  }

  /** A tool's client number that collides with nothing. */
  toolClient(): number {
    return this.nextClient++;
  }

  private drain(now: Millis): readonly NodeEffect[] {
    this.out = [];
    for (let next = this.inbox.shift(); next !== undefined; next = this.inbox.shift()) {
      if (next.to === "corosync") {
        for (const effect of this.corosync?.step(now, next.event) ?? []) this.ofCorosync(effect);
      } else if (this.held !== undefined) {
        this.held.push(next.event);
      } else {
        for (const effect of this.manager?.step(now, next.event) ?? []) this.ofManager(effect);
      }
    }
    return this.out;
  }

  private common(process: ProcessName, effect: CommonEffect): void {
    switch (effect.kind) {
      case "set-timer":
      case "cancel-timer":
        this.out.push({ ...effect, process });
        break;
      case "log":
        this.out.push({ kind: "log", process, record: effect });
        break;
      case "persist":
        this.out.push(effect);
        break;
      case "exit":
        this.exited(process, effect.code);
    }
  }

  private exited(process: ProcessName, code: number): void {
    if (process === "corosync") {
      this.corosync = undefined;
      this.wire = undefined;
      if (this.manager !== undefined) {
        this.inbox.push({ to: "pacemakerd", event: { kind: "ring-lost" } });
      }
    } else this.managerGone(code, undefined);
    this.out.push({ kind: "exited", process, code });
  }

  private ofCorosync(effect: CorosyncEffect): void {
    switch (effect.kind) {
      case "send":
        this.out.push({ kind: "send", to: effect.to, data: effect.data });
        break;
      case "respond":
      case "send-event":
      case "drop-client":
      case "flow-control":
        this.door(effect);
        break;
      case "start-process":
        this.out.push({ kind: "start-manager" });
        break;
      case "stop-process":
        if (effect.signal === "SIGTERM") {
          this.inbox.push({ to: "pacemakerd", event: { kind: "terminate" } });
        } else this.managerGone(undefined, effect.signal);
        break;
      case "read-configuration":
      case "use-configuration":
      case "crypto-phase":
      case "reopen-logs":
        break; // a simulated node keeps the configuration it started with
      default:
        this.common("corosync", effect);
    }
  }

  private door(effect: FrontDoorEffect): void {
    const news = this.wire?.news(effect);
    if (news === undefined) return;
    for (const event of news.toManager) this.inbox.push({ to: "pacemakerd", event });
    for (const event of news.toCorosync) this.inbox.push({ to: "corosync", event });
  }

  private ofManager(effect: PacemakerdEffect): void {
    switch (effect.kind) {
      case "multicast": {
        const event: FrontDoorEvent | undefined = this.wire?.multicast(effect.body);
        if (event !== undefined) this.inbox.push({ to: "corosync", event });
        break;
      }
      case "run":
      case "kill":
      case "compute":
        this.out.push(effect);
        break;
      case "respond":
      case "send-event":
        this.out.push({
          kind: "client-message",
          client: effect.client,
          message: effect.message,
        });
        break;
      case "drop-client":
      case "flow-control":
      case "alert":
        break;
      default:
        this.common("pacemakerd", effect);
    }
  }
}
