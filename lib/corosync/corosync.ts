/**
 * The first process of a node as one core (HOUSE section 0): the ring, sync, and the services on top of it, with the front
 * door for clients and the supervisor of pacemakerd. This file only composes: who gets which event, in which order.
 *
 * Ring effects are handled in a queue, never nested: what a service multicasts while the ring reports is given to the
 * ring when the report has been read to its end.
 */
import type { Core, LogEffect, Millis } from "../base/core.ts";
import { limits } from "../base/limits.ts";
import { CmapService } from "../cmap/service.ts";
import type { CorosyncConfig } from "../conf/config.ts";
import { Cpg, type CpgCoreEffect, type CpgCoreEvent } from "../cpg/cpg.ts";
import { QuorumService } from "../quorum/service.ts";
import { Votequorum, type VotequorumEffect, type VotequorumEvent } from "../quorum/votequorum.ts";
import type { ConfigurationEffect, RingId, TotemEffect, TotemEvent } from "../totem/api.ts";
import { TotemRing } from "../totem/ring.ts";
import type { CmapValue } from "../wire/cmap.ts";
import { CsError } from "../wire/ipc/cs-error.ts";
import type { FrontDoorEvent } from "../wire/ipc/front-door.ts";
import { readServiceHeader, type ServiceEvent, ServiceId } from "../wire/service.ts";
import { mayConnect } from "./access.ts";
import type { CorosyncEffect, CorosyncEvent, CorosyncOptions } from "./api.ts";
import { Cfg, type CfgEffect, type CfgEvent } from "./cfg.ts";
import { ConfigVersionCheck } from "./config-version.ts";
import {
  downListLine,
  membersLine,
  peerLines,
  scheduleMissLine,
  startLines,
  syncMemberLines,
} from "./log-lines.ts";
import { Outbox } from "./outbox.ts";
import { planReload } from "./reload.ts";
import { type KeyChange, MemberKeys, voteKeys } from "./runtime-keys.ts";
import { effectiveKeys, fileKeys, ringIdPath, timersOf, votesOf } from "./settings.ts";
import { ProcessStatistics } from "./statistics.ts";
import { Supervisor, type SupervisorEvent, supervisedEnvironment } from "./supervisor.ts";
import { SyncCore, type SyncEffect } from "./sync.ts";

/** Services a client may connect to. */
export const SERVICES = ["cmap", "cfg", "cpg", "quorum", "votequorum"] as const;
type ServiceName = (typeof SERVICES)[number];

const RING_TIMER = "totem.";
const VOTES_TIMER = "votes.";
const LEAVE_TIMER = "corosync.leave";
/** How long a leaving node waits for its own goodbye to come round. */
const LEAVE_MS = 500;
/** What the ring's two headers take of an MTU (spec/totem section 2.1). */
const FRAME_OVERHEAD = 90;
/** An administrator writes 1 here when the missing nodes will not come. */
const CANCEL_WAIT_KEY = "quorum.cancel_wait_for_all";
const EXIT_CONFIG_VERSION = 1;
const EXIT_KILLED = 1;

export class Corosync implements Core<CorosyncEvent, CorosyncEffect> {
  private options: CorosyncOptions;
  private readonly ring: TotemRing;
  private readonly sync: SyncCore;
  private readonly votes: Votequorum;
  private readonly quorum: QuorumService;
  private readonly cpg: Cpg;
  private readonly cmap: CmapService;
  private readonly statistics: ProcessStatistics;
  private readonly cfg: Cfg;
  private readonly versions: ConfigVersionCheck;
  private readonly supervisor: Supervisor | undefined;
  private readonly clients = new Map<number, ServiceName>();
  private readonly memberKeys: MemberKeys;
  private fileKeys: ReadonlyMap<string, CmapValue>;
  private now: Millis = 0;
  private out: CorosyncEffect[] = [];
  private ringEvents: TotemEvent[] = [];
  private readonly outbox: Outbox;
  private serving = false;
  private leaving = false;
  private changes: { joined: readonly number[]; left: readonly number[] } = {
    joined: [],
    left: [],
  };

  constructor(options: CorosyncOptions) {
    this.options = options;
    const { config, nodeId, storedRingSeq } = options;
    this.ring = new TotemRing({
      nodeId,
      timers: timersOf(config),
      ringIdPath: ringIdPath(config, nodeId),
      storedRingSeq,
      logForm: config.form,
      addressOf: options.addressOf,
    });
    const { cmap, cpg, quorum, votequorum } = ServiceId;
    this.sync = new SyncCore([cmap, cpg, quorum, votequorum]);
    this.votes = new Votequorum(votesOf(options));
    this.quorum = new QuorumService(this.votes);
    this.cpg = new Cpg(nodeId);
    this.outbox = new Outbox((bytes) => this.ring.queueRoom(bytes));
    this.statistics = new ProcessStatistics({
      ring: () => this.ring.statistics,
      queueRoom: () => this.ring.queueRoom(1024),
      waiting: () => this.outbox.size,
      transport: () => options.transportStatistics?.() ?? new Map(),
    });
    this.cmap = new CmapService({
      all: () => this.statistics.all(this.now),
      clear: (what) => this.statistics.clear(what),
    });
    this.cfg = new Cfg({
      nodeId,
      address: options.address,
      mtu: timersOf(config).netMtu - FRAME_OVERHEAD,
      members: () => this.ring.members,
      knows: (id) => this.isListed(id) || this.ring.members.includes(id),
      addressOf: options.addressOf,
      linksOf: (id) => options.linksOf?.(id),
    });
    this.memberKeys = new MemberKeys(options.addressOf);
    this.versions = new ConfigVersionCheck(nodeId, config.totem.configVersion);
    this.supervisor =
      config.pacemaker?.version === 0 ? new Supervisor(supervisedEnvironment(options)) : undefined;
    this.fileKeys = fileKeys(config);
    for (const [key, value] of [...this.fileKeys, ...effectiveKeys(options)]) {
      this.cmap.put(key, value);
    }
  }

  private isListed(id: number): boolean {
    return this.options.config.nodes.some((node) => node.nodeId === id);
  }

  /** The token's timeout as it is in effect. */
  get tokenMs(): Millis {
    return timersOf(this.options.config).tokenMs;
  }

  /** True once the first synchronisation is complete: clients may come in. */
  get ready(): boolean {
    return this.serving;
  }

  /** May this user connect? */
  mayConnect(uid: number, gid: number): boolean {
    return mayConnect(this.cmap.map, uid, gid);
  }

  step(now: Millis, event: CorosyncEvent): readonly CorosyncEffect[] {
    this.now = now;
    this.out = [];
    this.onEvent(event);
    this.drainRing();
    this.drainOutbox();
    this.updateFlow();
    this.count();
    return this.out;
  }

  private count(): void {
    this.statistics.noteToken(this.now);
    if (this.clients.size === 0) return;
    for (const effect of this.out) {
      if (effect.kind === "respond") this.statistics.clientMessage(effect.client, "responses");
      else if (effect.kind === "send-event") {
        this.statistics.clientMessage(effect.client, "dispatched");
      }
    }
  }

  private onEvent(event: CorosyncEvent): void {
    switch (event.kind) {
      case "start":
        this.out.push(...startLines(this.options));
        this.ringEvents.push({ kind: "start" });
        this.onVotes({ kind: "start" });
        break;
      case "interface":
        this.onInterface(event);
        break;
      case "datagram":
        this.ringEvents.push(event);
        break;
      case "client-connected":
      case "client-request":
      case "client-gone":
        this.onFrontDoor(event);
        break;
      case "terminate":
        this.onTerminate(event.reason);
        break;
      case "process-started":
        this.onSupervisor({ kind: "process-started", pid: event.pid });
        break;
      case "process-exited":
        this.onSupervisor(event);
        break;
      case "configuration-read":
        this.onConfigurationRead(event);
        break;
      case "key-prepared":
        this.onCfg(event);
        break;
      case "not-scheduled":
        this.out.push(scheduleMissLine(event, this.tokenMs));
        this.statistics.scheduleMiss(event);
        break;
      case "timer":
        this.onTimer(event.name);
        break;
    }
  }

  /** The interface is back, but the ring may have healed before we looked: no reason to form it anew. */
  private onInterface(event: Extract<CorosyncEvent, { kind: "interface" }>): void {
    if (event.up && this.ring.members.length > 1) return;
    this.ringEvents.push(event);
  }

  private log(level: LogEffect["level"], subsystem: string, text: string): void {
    this.out.push({ kind: "log", level, subsystem, text });
  }

  private onTimer(name: string): void {
    if (name.startsWith(RING_TIMER)) {
      this.ringEvents.push({ kind: "timer", name: name.slice(RING_TIMER.length) });
    } else if (name.startsWith(VOTES_TIMER)) {
      this.onVotes({ kind: "timer", name: name.slice(VOTES_TIMER.length) });
    } else if (name === LEAVE_TIMER) this.leave();
    else {
      this.onSupervisor({ kind: "timer", name });
      this.onCfg({ kind: "timer", name });
    }
  }

  // --- the ring -----------------------------------------------------------------------------------------------------

  private drainRing(): void {
    for (
      let event = this.ringEvents.shift();
      event !== undefined;
      event = this.ringEvents.shift()
    ) {
      for (const effect of this.ring.step(this.now, event)) this.onRingEffect(effect);
    }
  }

  private onRingEffect(effect: TotemEffect): void {
    switch (effect.kind) {
      case "set-timer":
      case "cancel-timer":
        this.out.push({ ...effect, name: `${RING_TIMER}${effect.name}` });
        break;
      case "configuration":
        this.onConfiguration(effect);
        break;
      case "deliver":
        if (effect.group === "sync") this.onSync(this.sync.step(this.now, effect));
        else this.onServiceMessage(effect.from, effect.body);
        break;
      default:
        this.out.push(effect);
    }
  }

  private onConfiguration(change: ConfigurationEffect): void {
    const { config } = this.options;
    if (config.form === "legacy" && config.pacemaker !== undefined) {
      this.out.push(...peerLines(change, this.options));
    }
    if (change.type === "transitional") this.changes = { joined: [], left: change.left };
    else {
      this.changes = { ...this.changes, joined: change.joined };
      this.putAll(this.memberKeys.changed(change.members, change.joined, this.changes.left));
    }
    this.onSync(this.sync.step(this.now, change));
    if (change.type === "regular") {
      const { ringId, members } = change;
      if (config.form === "nodelist") {
        this.out.push(...syncMemberLines(members, change.joined, this.changes.left));
      }
      this.out.push(...this.quorum.membersChanged(ringId, members));
    }
  }

  private onServiceMessage(from: number, body: Uint8Array): void {
    const header = readServiceHeader(body);
    if (header === undefined) return;
    this.statistics.serviceReceived(header.service, header.fn);
    const event = { kind: "deliver", from, body } as const;
    switch (header.service) {
      case ServiceId.cmap:
        this.versions.deliver(from, body);
        break;
      case ServiceId.cfg:
        this.onCfg(event);
        break;
      case ServiceId.cpg:
        this.onCpg(event);
        break;
      case ServiceId.votequorum:
        this.onVotes(event);
        break;
    }
  }

  // --- sync ---------------------------------------------------------------------------------------------------------

  private onSync(effects: readonly SyncEffect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case "service-init":
          this.onServiceEvent(effect.service, effect);
          break;
        case "service-process":
        case "service-activate":
        case "service-abort":
          this.onServiceEvent(effect.service, { kind: effect.kind });
          break;
        case "multicast":
          this.ringEvents.push(effect);
          break;
        case "sync-complete":
          this.onSyncComplete(effect.ringId);
          break;
        case "log":
          this.out.push(effect);
          break;
      }
    }
  }

  private onServiceEvent(service: number, event: ServiceEvent): void {
    if (service === ServiceId.cpg) {
      this.onCpg(event);
      if (event.kind === "service-init" && this.options.config.form === "legacy") {
        const { joined, left } = this.changes;
        const old = event.members.length - joined.length + left.length;
        this.out.push(downListLine(this.options.address, old, left.length));
      }
    } else if (service === ServiceId.votequorum) this.onVotes(event);
    else if (service === ServiceId.cmap) this.onVersions(event);
  }

  private onVersions(event: ServiceEvent): void {
    if (event.kind === "service-init") this.versions.begin();
    else if (event.kind === "service-process") this.multicastNow(this.versions.message());
    else if (event.kind === "service-activate") {
      const reason = this.versions.verdict(this.ring.members);
      if (reason === undefined) return;
      this.log("error", "CMAP", reason);
      this.out.push({ kind: "exit", code: EXIT_CONFIG_VERSION });
    }
  }

  private onSyncComplete(ringId: RingId): void {
    this.ringEvents.push({ kind: "sync-complete", ringId });
    if (this.serving) return;
    this.serving = true;
    this.onSupervisor({ kind: "ready" });
  }

  // --- services -----------------------------------------------------------------------------------------------------

  /** Sync's own messages, which go out while members synchronise. */
  private multicastNow(body: Uint8Array): void {
    this.statistics.serviceSent(body);
    this.ringEvents.push({ kind: "multicast", group: "a", body });
  }

  private drainOutbox(): void {
    if (!this.serving || this.sync.running || this.leaving) return;
    for (let body = this.outbox.next(); body !== undefined; body = this.outbox.next()) {
      this.multicastNow(body);
      this.drainRing();
    }
  }

  private updateFlow(): void {
    const level = this.outbox.changedLevel(this.sync.running);
    if (level !== undefined) this.out.push({ kind: "flow-control", service: "cpg", level });
  }

  private onVotes(event: VotequorumEvent): void {
    for (const effect of this.votes.step(this.now, event)) this.onVotesEffect(effect, event.kind);
  }

  private onVotesEffect(effect: VotequorumEffect, cause: VotequorumEvent["kind"]): void {
    switch (effect.kind) {
      case "multicast":
        if (cause === "service-process" || cause === "start") this.multicastNow(effect.body);
        else this.outbox.push(effect.body);
        break;
      case "quorum":
        this.putAll(voteKeys(this.votes));
        this.out.push(membersLine(effect.members), ...this.quorum.changed(effect, this.changes));
        break;
      case "expected-votes":
        this.out.push(...this.quorum.expectedChanged(effect.votes));
        break;
      case "set-timer":
      case "cancel-timer":
        this.out.push({ ...effect, name: `${VOTES_TIMER}${effect.name}` });
        break;
      default:
        this.out.push(effect);
    }
  }

  private onCpg(event: CpgCoreEvent): void {
    for (const effect of this.cpg.step(this.now, event)) this.onCpgEffect(effect, event.kind);
  }

  private onCpgEffect(effect: CpgCoreEffect, cause: CpgCoreEvent["kind"]): void {
    if (effect.kind !== "multicast") this.out.push(effect);
    else if (cause === "service-process") this.multicastNow(effect.body);
    else this.outbox.push(effect.body);
  }

  private onCfg(event: CfgEvent): void {
    for (const effect of this.cfg.step(this.now, event)) this.onCfgEffect(effect);
  }

  private onCfgEffect(effect: CfgEffect): void {
    switch (effect.kind) {
      case "multicast":
        this.outbox.push(effect.body);
        break;
      case "terminate":
        this.onTerminate(effect.reason);
        break;
      case "killed":
        this.out.push({ kind: "exit", code: EXIT_KILLED });
        break;
      case "reload":
        this.put("config.reload_in_progress", { type: "u8", value: 1 });
        this.put("config.totemconfig_reload_in_progress", { type: "u8", value: 1 });
        this.out.push({ kind: "read-configuration" });
        break;
      default:
        this.out.push(effect);
    }
  }

  private put(key: string, value: CmapValue): void {
    this.out.push(...this.cmap.put(key, value));
  }

  private putAll(changes: readonly KeyChange[]): void {
    for (const [key, value] of changes) this.put(key, value);
  }

  // --- clients ------------------------------------------------------------------------------------------------------

  private onFrontDoor(event: FrontDoorEvent): void {
    if (event.kind === "client-connected") {
      const service = SERVICES.find((name) => name === event.service);
      if (service === undefined) {
        this.out.push({ kind: "drop-client", client: event.client });
        return;
      }
      this.clients.set(event.client, service);
      this.statistics.clientConnected(event.client, service, event.pid, event.processName ?? "");
      if (service === "cpg") this.onCpg({ kind: "client-connected", client: event.client });
      return;
    }
    const service = this.clients.get(event.client);
    if (service === undefined) return;
    if (event.kind === "client-gone") this.onClientGone(service, event.client);
    else {
      this.statistics.clientMessage(event.client, "requests");
      this.onClientRequest(service, event);
    }
  }

  private onClientRequest(
    service: ServiceName,
    event: Extract<FrontDoorEvent, { kind: "client-request" }>,
  ): void {
    const { client, message } = event;
    switch (service) {
      case "cmap":
        this.putAll(this.statistics.serviceKeys() ?? []);
        this.out.push(...this.cmap.request(client, message));
        this.cancelWaitForAll();
        break;
      case "cpg":
        if (this.outbox.size >= limits.ringBacklogMessages) {
          this.log("error", "CPG", `client ${client} does not heed flow control; dropped`);
          this.out.push({ kind: "drop-client", client });
          this.onClientGone(service, client);
        } else this.onCpg(event);
        break;
      case "cfg":
        this.onCfg(event);
        break;
      case "quorum":
        this.out.push(...this.quorum.quorumRequest(client, message));
        break;
      case "votequorum": {
        const { effects, order } = this.quorum.votequorumRequest(client, message);
        this.out.push(...effects);
        if (order !== undefined) this.onVotes(order);
        break;
      }
    }
  }

  /** The key works like a button. */
  private cancelWaitForAll(): void {
    const item = this.cmap.map.get(CANCEL_WAIT_KEY);
    if (item === undefined || Number(item.value) !== 1) return;
    this.onVotes({ kind: "cancel-wait-for-all" });
    this.put(CANCEL_WAIT_KEY, { type: "u8", value: 0 });
  }

  private onClientGone(service: ServiceName, client: number): void {
    this.clients.delete(client);
    this.statistics.clientGone(client);
    if (service === "cpg") this.onCpg({ kind: "client-gone", client });
    else if (service === "cmap") this.cmap.dropClient(client);
    else if (service === "cfg") this.onCfg({ kind: "client-gone", client });
    else this.quorum.dropClient(client);
  }

  // --- start, reload, end -------------------------------------------------------------------------------------------

  private onSupervisor(event: SupervisorEvent): void {
    for (const effect of this.supervisor?.step(this.now, event) ?? []) {
      if (effect.kind === "stopped") this.sayGoodbye();
      else this.out.push(effect);
    }
  }

  private onTerminate(reason: string): void {
    if (this.leaving) return;
    this.log("notice", "MAIN", reason);
    if (this.supervisor === undefined) this.sayGoodbye();
    else this.onSupervisor({ kind: "stop" });
  }

  /** Under allow_downscale the others are told first that they may expect less. */
  private sayGoodbye(): void {
    if (!this.votes.settings.allowDownscale || this.ring.state !== "operational") {
      this.leave();
      return;
    }
    this.onVotes({ kind: "announce-leave" });
    this.out.push({ kind: "set-timer", name: LEAVE_TIMER, delayMs: LEAVE_MS });
  }

  private leave(): void {
    if (this.leaving) return;
    this.leaving = true;
    this.log("notice", "SERV", "Unloading all Corosync service engines.");
    this.ringEvents.push({ kind: "leave" });
    this.drainRing();
    this.log("notice", "MAIN", "Corosync Cluster Engine exiting normally");
    this.out.push({ kind: "exit", code: 0 });
  }

  private onConfigurationRead(event: Extract<CorosyncEvent, { kind: "configuration-read" }>): void {
    const { config: next, problems } = event;
    for (const text of problems) this.log("error", "CFG", `Unable to reload config file: ${text}`);
    const plan =
      next === undefined
        ? { config: undefined, lines: [] }
        : planReload(this.options.config, next, this.options.nodeId);
    this.out.push(...plan.lines);
    if (plan.config !== undefined) this.useConfiguration(plan.config);
    this.put("config.reload_in_progress", { type: "u8", value: 0 });
    this.put("config.totemconfig_reload_in_progress", { type: "u8", value: 0 });
    for (const effect of this.cfg.reloaded(plan.config !== undefined)) this.onCfgEffect(effect);
  }

  private useConfiguration(config: CorosyncConfig): void {
    this.options = { ...this.options, config };
    const next = fileKeys(config);
    for (const key of this.fileKeys.keys()) {
      if (!next.has(key)) this.out.push(...this.cmap.remove(key));
    }
    this.fileKeys = next;
    for (const [key, value] of [...next, ...effectiveKeys(this.options)]) this.put(key, value);
    this.put("config.reload_status", { type: "i32", value: CsError.ok });
    this.out.push({ kind: "use-configuration", config });
    this.ringEvents.push({ kind: "set-timers", timers: timersOf(config) });
    const settings = votesOf(this.options);
    if (settings.rule === "votequorum") this.onVotes({ kind: "configure", settings });
    this.putAll(voteKeys(this.votes));
  }
}
