/**
 * Several first processes on one heap of events: datagrams with delay, loss and partitions, timers, disks, clients in
 * memory. The same seed gives the same history.
 */
import { type CorosyncConfig, readConfig } from "../../../lib/conf/config.ts";
import type { CorosyncEffect, CorosyncEvent, CorosyncOptions } from "../../../lib/corosync/api.ts";
import { Corosync } from "../../../lib/corosync/corosync.ts";
import { expectedVotesPath, ringIdPath } from "../../../lib/corosync/settings.ts";
import { FieldReader } from "../../../lib/wire/fields.ts";
import { type CpgEvent, decodeCpgEvent } from "../../../lib/wire/ipc/services-cpg.ts";

export const LEGACY_CONF = `totem {
  version: 2
  interface {
    bindnetaddr: 10.0.0.0
  }
}
service {
  name: pacemaker
  ver: 0
}
logging {
  to_logfile: yes
  logfile: /var/log/cluster/corosync.log
  timestamp: on
}
`;

export function configOf(text: string): CorosyncConfig {
  const { config, problems } = readConfig(text, "/etc/corosync/corosync.conf");
  if (config === undefined) throw new Error(problems.map((p) => p.text).join("; "));
  return config;
}

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

interface SimulatedClient {
  readonly events: CpgEvent[];
  readonly answers: Uint8Array[];
}

export class SimulatedNode {
  core: Corosync;
  alive = false;
  readonly disk = new Map<string, Uint8Array>();
  readonly log: string[] = [];
  readonly started: string[] = [];
  exit: number | undefined;
  readonly clients = new Map<number, SimulatedClient>();
  readonly timers = new Map<string, number>();
  generation = 0;

  constructor(
    readonly id: number,
    readonly options: CorosyncOptions,
  ) {
    this.core = new Corosync(options);
  }
}

export class SimulatedCluster {
  readonly nodes = new Map<number, SimulatedNode>();
  now = 0;
  loss = 0;
  /** What nodes find when they read corosync.conf again; a text is what is wrong with it. */
  nextConfig: CorosyncConfig | string = "there is no file";
  /** Group of each node; datagrams cross no border. */
  private readonly side = new Map<number, number>();
  private heap: Entry[] = [];
  private order = 0;
  private nextClient = 1;
  private state: number;

  constructor(seed: number, ids: readonly number[], conf = LEGACY_CONF) {
    this.state = seed >>> 0;
    const config = configOf(conf);
    for (const id of ids) {
      const options: CorosyncOptions = {
        config,
        nodeId: id,
        address: `10.0.0.${id}`,
        hostName: `server${id}`,
        version: "0.0.0",
        storedRingSeq: 0,
        storedExpectedVotes: undefined,
        addressOf: (node) => `10.0.0.${node}`,
      };
      this.nodes.set(id, new SimulatedNode(id, options));
    }
  }

  chance(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  private at(delay: number, run: () => void): void {
    const entry = { at: this.now + delay, order: this.order++, run };
    let i = this.heap.length;
    this.heap.push(entry);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(entry, this.heap[parent]!)) break;
      this.heap[i] = this.heap[parent]!;
      i = parent;
    }
    this.heap[i] = entry;
  }

  private pop(): Entry | undefined {
    const top = this.heap[0];
    const last = this.heap.pop();
    if (top === undefined || last === undefined || this.heap.length === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= this.heap.length) break;
      const right = child + 1;
      if (right < this.heap.length && before(this.heap[right]!, this.heap[child]!)) child = right;
      if (!before(this.heap[child]!, last)) break;
      this.heap[i] = this.heap[child]!;
      i = child;
    }
    this.heap[i] = last;
    return top;
  }

  /** Lets time pass. */
  run(ms: number): void {
    const end = this.now + ms;
    for (let entry = this.heap[0]; entry !== undefined && entry.at <= end; entry = this.heap[0]) {
      this.pop();
      this.now = entry.at;
      entry.run();
    }
    this.now = end;
  }

  start(id: number): void {
    const node = this.nodes.get(id)!;
    const { config } = node.options;
    const ring = node.disk.get(ringIdPath(config, id));
    const votes = node.disk.get(expectedVotesPath(config) ?? "");
    node.core = new Corosync({
      ...node.options,
      storedRingSeq: ring === undefined ? 0 : new FieldReader(ring).count(0),
      storedExpectedVotes: votes === undefined ? undefined : new FieldReader(votes).u32(0),
    });
    node.alive = true;
    node.exit = undefined;
    node.generation++;
    node.timers.clear();
    node.clients.clear();
    this.post(id, { kind: "start" });
    this.at(100, () => this.post(id, { kind: "interface", up: true, address: `10.0.0.${id}` }));
  }

  /** Power off: timers and clients are gone, the disk stays. */
  crash(id: number): void {
    const node = this.nodes.get(id)!;
    node.alive = false;
    node.generation++;
    node.timers.clear();
  }

  partition(...parts: readonly (readonly number[])[]): void {
    this.side.clear();
    for (const [i, part] of parts.entries()) for (const id of part) this.side.set(id, i + 1);
  }

  post(id: number, event: CorosyncEvent): void {
    const node = this.nodes.get(id)!;
    if (!node.alive) return;
    for (const effect of node.core.step(this.now, event)) this.perform(node, effect);
  }

  connect(id: number, service: string): number {
    const client = this.nextClient++;
    this.nodes.get(id)!.clients.set(client, { events: [], answers: [] });
    this.post(id, { kind: "client-connected", service, client, uid: 0, gid: 0, pid: client });
    return client;
  }

  request(id: number, client: number, message: Uint8Array): Uint8Array | undefined {
    const answers = this.nodes.get(id)!.clients.get(client)?.answers ?? [];
    const count = answers.length;
    this.post(id, { kind: "client-request", client, message });
    return answers[count];
  }

  private perform(node: SimulatedNode, effect: CorosyncEffect): void {
    switch (effect.kind) {
      case "send":
        this.send(node, effect.to, effect.data);
        break;
      case "set-timer":
        this.setTimer(node, effect.name, effect.delayMs);
        break;
      case "cancel-timer":
        node.timers.delete(effect.name);
        break;
      case "log":
        node.log.push(`[${effect.subsystem.padEnd(6)}] ${effect.text}`);
        break;
      case "persist":
        if (effect.data === undefined) node.disk.delete(effect.path);
        else node.disk.set(effect.path, effect.data.slice());
        break;
      case "exit":
        node.exit = effect.code;
        this.crash(node.id);
        break;
      case "respond":
        node.clients.get(effect.client)?.answers.push(effect.message);
        break;
      case "send-event": {
        const event = decodeCpgEvent(effect.message);
        if (event !== undefined) node.clients.get(effect.client)?.events.push(event);
        break;
      }
      case "read-configuration": {
        const next = this.nextConfig;
        const read =
          typeof next === "string"
            ? { config: undefined, problems: [next] }
            : { config: next, problems: [] };
        this.at(1, () => this.post(node.id, { kind: "configuration-read", ...read }));
        break;
      }
      case "start-process":
      case "stop-process":
        node.started.push(`${effect.kind} ${effect.name}`);
        break;
      default:
        break;
    }
  }

  private setTimer(node: SimulatedNode, name: string, delayMs: number): void {
    const token = this.order;
    node.timers.set(name, token);
    const { generation } = node;
    this.at(delayMs, () => {
      if (node.generation !== generation || node.timers.get(name) !== token) return;
      node.timers.delete(name);
      this.post(node.id, { kind: "timer", name });
    });
  }

  private send(node: SimulatedNode, to: number | "all", data: Uint8Array): void {
    const targets = to === "all" ? [...this.nodes.keys()].filter((id) => id !== node.id) : [to];
    for (const target of targets) {
      if (target === node.id) {
        this.deliver(node.id, target, data, 0.02);
        continue;
      }
      if (this.chance() < this.loss) continue;
      this.deliver(node.id, target, data, 0.1 + this.chance() * 0.4);
    }
  }

  private deliver(from: number, to: number, data: Uint8Array, delay: number): void {
    const copy = data.slice();
    this.at(delay, () => {
      if ((this.side.get(from) ?? 0) !== (this.side.get(to) ?? 0)) return;
      this.post(to, { kind: "datagram", data: copy });
    });
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
