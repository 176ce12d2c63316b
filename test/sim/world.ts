/**
 * A world of whole nodes: both processes of each, a network, disks that survive, agents that know the truth, and one heap of
 * events. Same seed, same history: nothing here looks at a clock or draws chance but from the seed (HOUSE section 8).
 */
import type { Millis } from "../../lib/base/core.ts";
import { Prng } from "../../lib/base/prng.ts";
import { type CorosyncConfig, readConfig } from "../../lib/conf/config.ts";
import { expectedVotesPath, ringIdPath } from "../../lib/corosync/settings.ts";
import { Node, type NodeEffect } from "../../lib/node/node.ts";
import type { PacemakerdEvent } from "../../lib/pacemakerd/api.ts";
import { loadStored } from "../../lib/pacemakerd/cib/store.ts";
import type { Replica } from "../../lib/pacemakerd/replica.ts";
import { schedule } from "../../lib/scheduler/schedule.ts";
import { FieldReader } from "../../lib/wire/fields.ts";
import { Agents, type AgentWatch } from "./agents.ts";
import { Disk } from "./disk.ts";
import { Network } from "./network.ts";
import { Heap } from "./ring/heap.ts";

/** Begins a run's wall clock: a Friday evening in May 2017, as in the walkthrough. */
const EPOCH_MS = 1_495_800_000_000;
const CIB_FOLDER = "/var/lib/pacemaker/cib";
const FIRST_ADDRESS = 6;

export interface SimNode {
  readonly id: number;
  readonly name: string;
  readonly address: string;
  readonly node: Node;
  readonly disk: Disk;
  /** Lives of the whole node and of its manager; what belongs to an earlier life is void. */
  life: number;
  managerLife: number;
  readonly timers: Map<string, number>;
  /** Crash in the middle of the next list of effects, after this many writes; undefined = do not. */
  crashAfterWrites: number | undefined;
  /** Its manager does not start before this time: something is broken there (HOUSE rule 9). */
  managerBlockedUntil: number;
  /** Failed writes that the manager has not heard of: until then nothing of its is written (pacemakerd/api.ts). */
  unheard: number;
  /** Log lines of its processes, kept only when somebody wants to read them. */
  readonly log: string[];
}

/** What watches the world: audits and the workload. */
export interface Watch extends AgentWatch {
  clientMessage(node: SimNode, client: number, message: Uint8Array): void;
  /** After every step of a node. */
  stepped(node: SimNode): void;
}

export interface WorldOptions {
  readonly nodes: number;
  readonly form: "legacy" | "nodelist";
  readonly keepLogs?: boolean;
}

function configurationText(form: "legacy" | "nodelist", nodes: readonly SimNode[]): string {
  const manager = ["service {", "  ver: 0", "  name: pacemaker", "}"];
  const logging = ["logging {", "  to_syslog: no", "  to_logfile: no", "}"];
  if (form === "legacy") {
    const ring = ["  interface {", "    ringnumber: 0", "    bindnetaddr: 172.25.12.0"];
    const group = ["    mcastaddr: 226.94.1.1", "    mcastport: 5405", "    ttl: 1", "  }"];
    return [
      "totem {",
      "  version: 2",
      "  secauth: off",
      ...ring,
      ...group,
      "}",
      ...logging,
      ...manager,
    ].join("\n");
  }
  const listed = nodes.flatMap((n) => [
    "  node {",
    `    ring0_addr: ${n.address}`,
    `    nodeid: ${n.id}`,
    `    name: ${n.name}`,
    "  }",
  ]);
  const totem = [
    "totem {",
    "  version: 2",
    "  cluster_name: sim",
    "  transport: udpu",
    "  token: 1000",
    "}",
  ];
  const quorum = ["quorum {", "  provider: corosync_votequorum", "}"];
  return [...totem, "nodelist {", ...listed, "}", ...quorum, ...logging, ...manager].join("\n");
}

export class World {
  readonly prng: Prng;
  readonly network: Network;
  readonly agents: Agents;
  readonly nodes: SimNode[] = [];
  readonly options: WorldOptions;
  now: Millis = 0;
  hash = 0x811c9dc5;
  steps = 0;
  private readonly heap = new Heap<() => void>();
  private readonly config: CorosyncConfig;
  private readonly watch: Watch;
  private generation = 0;
  private nextPid = 100;

  constructor(seed: number, options: WorldOptions, watch: Watch) {
    this.prng = new Prng(seed);
    this.options = options;
    this.watch = watch;
    this.network = new Network(this.prng);
    this.agents = new Agents(this.prng, watch);
    for (let at = 0; at < options.nodes; at++) {
      const id = FIRST_ADDRESS + at;
      this.nodes.push({
        id,
        name: `server${id}`,
        address: `172.25.12.${id}`,
        node: new Node(),
        disk: new Disk(),
        life: 0,
        managerLife: 0,
        timers: new Map(),
        crashAfterWrites: undefined,
        managerBlockedUntil: 0,
        unheard: 0,
        log: [],
      });
    }
    const { config, problems } = readConfig(
      configurationText(options.form, this.nodes),
      "sim.conf",
    );
    if (config === undefined) throw new Error(JSON.stringify(problems));
    this.config = config;
  }

  epochMs(): number {
    return EPOCH_MS + Math.round(this.now);
  }

  /** Does something later. */
  after(delayMs: Millis, what: () => void): void {
    this.heap.push(this.now + delayMs, what);
  }

  /** Lets time pass until `until`. */
  run(until: Millis): void {
    for (;;) {
      const time = this.heap.peekTime();
      if (time === undefined || time > until) break;
      this.now = time;
      this.heap.pop()?.();
    }
    this.now = until;
  }

  isUp(sim: SimNode): boolean {
    return sim.node.corosync !== undefined || sim.node.manager !== undefined;
  }

  view(sim: SimNode): Replica | undefined {
    return sim.node.manager?.view;
  }

  /** Power on: corosync starts; its supervisor starts the manager. */
  start(sim: SimNode): void {
    if (this.isUp(sim)) return;
    sim.life++;
    sim.timers.clear();
    const stored = (path: string | undefined) =>
      path === undefined ? undefined : sim.disk.read(path);
    const ring = stored(ringIdPath(this.config, sim.id));
    const votes = stored(expectedVotesPath(this.config));
    const effects = sim.node.startCorosync(this.now, {
      config: this.config,
      nodeId: sim.id,
      address: sim.address,
      hostName: sim.name,
      version: "sim",
      storedRingSeq: ring?.length === 8 ? new FieldReader(ring).count(0) : 0,
      storedExpectedVotes: votes?.length === 4 ? new FieldReader(votes).u32(0) : undefined,
      addressOf: (id) => this.nodes.find((n) => n.id === id)?.address,
    });
    this.perform(sim, effects);
  }

  private startManager(sim: SimNode): void {
    if (sim.node.corosync === undefined || sim.node.manager !== undefined) return;
    sim.managerLife++;
    sim.unheard = 0;
    const config = {
      nodeId: sim.id,
      nodeName: sim.name,
      processId: this.nextPid++,
      seed: `${this.prng.u32()}`,
      form: this.options.form,
      cibFolder: CIB_FOLDER,
      stored: loadStored(CIB_FOLDER, (path) => sim.disk.read(path)),
      cores: 2,
      userOf: () => "root",
      utcOffsetSeconds: 0,
    };
    this.perform(sim, sim.node.startManager(this.now, config, this.epochMs()));
  }

  /** The whole node loses power. */
  crash(sim: SimNode): void {
    sim.life++;
    sim.managerLife++;
    sim.timers.clear();
    sim.crashAfterWrites = undefined;
    sim.unheard = 0;
    sim.node.corosync = undefined;
    sim.node.killManager(this.now);
    this.agents.nodeCrashed(sim.id);
    this.note(sim, "crash");
  }

  killManager(sim: SimNode): void {
    if (sim.node.manager === undefined) return;
    sim.managerLife++;
    this.note(sim, "kill -9 pacemakerd");
    this.perform(sim, sim.node.killManager(this.now));
  }

  killCorosync(sim: SimNode): void {
    if (sim.node.corosync === undefined) return;
    this.note(sim, "kill -9 corosync");
    this.perform(sim, sim.node.killCorosync(this.now));
  }

  /** `service corosync stop`. */
  terminate(sim: SimNode): void {
    this.note(sim, "terminate");
    this.perform(
      sim,
      sim.node.toCorosync(this.now, { kind: "terminate", reason: "told by the simulator" }),
    );
  }

  toManager(sim: SimNode, event: PacemakerdEvent): void {
    this.perform(sim, sim.node.toManager(this.now, event));
  }

  note(sim: SimNode, text: string): void {
    if (this.options.keepLogs === true) sim.log.push(`${this.stamp()} ${sim.name} ${text}`);
  }

  private stamp(): string {
    return (this.now / 1000).toFixed(3).padStart(9);
  }

  private mix(value: number): void {
    this.hash = Math.imul(this.hash ^ (value & 0xffffffff), 0x01000193) >>> 0;
  }

  /** Carries out the effects of one step, in order; a crash may cut the list short. */
  private perform(sim: SimNode, effects: readonly NodeEffect[]): void {
    this.steps++;
    this.mix(Math.floor(this.now * 1000));
    this.mix(sim.id);
    for (const effect of effects) {
      if (effect.kind === "persist" && sim.crashAfterWrites !== undefined) {
        if (sim.crashAfterWrites-- <= 0) {
          this.crash(sim);
          return;
        }
      }
      this.carryOut(sim, effect);
    }
    this.watch.stepped(sim);
  }

  private carryOut(sim: SimNode, effect: NodeEffect): void {
    this.mix(effect.kind.length);
    switch (effect.kind) {
      case "send":
        this.mix(effect.data.length);
        this.send(sim, effect.to, effect.data);
        break;
      case "persist":
        this.mix(effect.data?.length ?? 0);
        this.persist(sim, effect);
        break;
      case "set-timer":
        this.setTimer(sim, effect);
        break;
      case "cancel-timer":
        sim.timers.delete(`${effect.process}/${effect.name}`);
        break;
      case "log":
        if (this.options.keepLogs === true && effect.record.level !== "debug") {
          const { record } = effect;
          sim.log.push(
            `${this.stamp()} ${sim.name} ${effect.process} ${record.level}: ${record.text}`,
          );
        }
        break;
      case "run":
        this.runAgent(sim, effect);
        break;
      case "kill":
        this.agents.kill(sim.id, sim.managerLife, effect.job);
        break;
      case "compute":
        this.compute(sim, effect);
        break;
      case "client-message":
        this.watch.clientMessage(sim, effect.client, effect.message);
        break;
      case "start-manager": {
        const { life } = sim;
        const blocked = Math.max(0, sim.managerBlockedUntil - this.now);
        this.after(blocked + 50 + this.prng.fraction() * 200, () => {
          if (sim.life === life) this.startManager(sim);
        });
        break;
      }
      case "exited":
        this.note(sim, `${effect.process} exited with ${effect.code}`);
        if (effect.process === "pacemakerd") sim.managerLife++;
        break;
    }
  }

  /** A disk may be full or slow for the manager; corosync's few bytes always find room. */
  private persist(sim: SimNode, effect: Extract<NodeEffect, { kind: "persist" }>): void {
    const ofManager = effect.path.startsWith(CIB_FOLDER);
    const { disk } = sim;
    if (!ofManager) {
      disk.persist(effect.path, effect.data);
      return;
    }
    const isFull = disk.fullness > 0 && this.prng.chance(disk.fullness);
    if (sim.unheard > 0 || isFull) {
      sim.unheard++;
      this.inManager(sim, 0, () => {
        sim.unheard--;
        this.toManager(sim, { kind: "persist-failed", path: effect.path, reason: "ENOSPC" });
      });
      return;
    }
    disk.persist(effect.path, effect.data);
    if (disk.slowMs > 0) this.stall(sim, this.prng.fraction() * disk.slowMs);
  }

  /** The manager stands still for a while. */
  stall(sim: SimNode, forMs: Millis): void {
    if (sim.node.manager === undefined || sim.node.isManagerHeld) return;
    sim.node.holdManager();
    this.inManager(sim, forMs, () => this.perform(sim, sim.node.releaseManager(this.now)));
  }

  /** Does something later, if the manager still lives then. */
  private inManager(sim: SimNode, delayMs: Millis, what: () => void): void {
    const { managerLife } = sim;
    this.after(delayMs, () => {
      if (sim.managerLife === managerLife && sim.node.manager !== undefined) what();
    });
  }

  private send(sim: SimNode, to: number | "all", data: Uint8Array): void {
    const targets = to === "all" ? this.nodes : this.nodes.filter((n) => n.id === to);
    for (const target of targets) {
      for (const delay of this.network.deliveries(sim.id, target.id)) {
        const { life } = target;
        this.after(delay, () => {
          if (target.life !== life || target.node.corosync === undefined) return;
          this.perform(target, target.node.toCorosync(this.now, { kind: "datagram", data }));
        });
      }
    }
  }

  private setTimer(sim: SimNode, effect: Extract<NodeEffect, { kind: "set-timer" }>): void {
    const key = `${effect.process}/${effect.name}`;
    const generation = ++this.generation;
    sim.timers.set(key, generation);
    const { life } = sim;
    const managerLife = effect.process === "pacemakerd" ? sim.managerLife : -1;
    this.after(Math.max(0, effect.delayMs), () => {
      if (sim.life !== life || sim.timers.get(key) !== generation) return;
      if (managerLife >= 0 && sim.managerLife !== managerLife) return;
      sim.timers.delete(key);
      const event = { kind: "timer", name: effect.name } as const;
      const effects =
        effect.process === "corosync"
          ? sim.node.toCorosync(this.now, event)
          : sim.node.toManager(this.now, event);
      this.perform(sim, effects);
    });
  }

  private runAgent(sim: SimNode, effect: Extract<NodeEffect, { kind: "run" }>): void {
    const planned = this.agents.run(sim.id, sim.managerLife, effect);
    this.after(planned.delayMs, () => {
      const done = planned.done();
      if (done === undefined || done.life !== sim.managerLife) return;
      this.toManager(sim, done.event);
    });
  }

  private compute(sim: SimNode, effect: Extract<NodeEffect, { kind: "compute" }>): void {
    const result = schedule(effect.cib, effect.now, effect.options);
    this.mix(result.graph.synapses.length);
    const { managerLife } = sim;
    this.after(2 + this.prng.fraction() * 30, () => {
      if (sim.managerLife !== managerLife) return;
      this.toManager(sim, { kind: "computed", id: effect.id, result });
    });
  }
}
