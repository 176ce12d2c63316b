/**
 * An engine with the whole first process of a node: ring, sync, votes, process groups. Some clients of process groups are
 * connected to it; they join, send, leave and die. What the ring delivers is tapped inside, so that the ring's audits see
 * it at its moment; what clients are told goes to the audit of groups.
 */
import type { Millis } from "../../../lib/base/core.ts";
import { type CorosyncConfig, readConfig } from "../../../lib/conf/config.ts";
import type { CorosyncEffect, CorosyncEvent } from "../../../lib/corosync/api.ts";
import { Corosync } from "../../../lib/corosync/corosync.ts";
import { expectedVotesPath, ringIdPath } from "../../../lib/corosync/settings.ts";
import type { Cpg, CpgCoreEvent } from "../../../lib/cpg/cpg.ts";
import type { Votequorum } from "../../../lib/quorum/votequorum.ts";
import type { TotemEffect } from "../../../lib/totem/api.ts";
import type { TotemRing } from "../../../lib/totem/ring.ts";
import { decodeCpg } from "../../../lib/wire/cpg.ts";
import { FieldReader, readHeader } from "../../../lib/wire/fields.ts";
import { CsError } from "../../../lib/wire/ipc/cs-error.ts";
import { decodeCpgEvent, encodeCpgRequest } from "../../../lib/wire/ipc/services-cpg.ts";
import { Violation } from "./content.ts";
import type { Emit, Engine, EngineEvent } from "./engine.ts";
import type { ClientView, GroupAudit, GroupMessage } from "./groups.ts";
import { KnetEngine } from "./knet.ts";
import { addressOf, type Node, storedSeq, type World } from "./world.ts";

/** Where the expected votes come from, and what may change quorum beside a majority. */
export const voteRules = [
  "majority",
  "tie breaker",
  "tie breaker by list",
  "last man standing",
  "legacy",
] as const;
export type VoteRule = (typeof voteRules)[number];

/** How many nodes, which votes, which transport: as corosync.conf says it. */
export function daemonConfig(
  nodes: number,
  rule: VoteRule,
  token: Millis,
  knet: boolean,
): CorosyncConfig {
  const logging = "logging {\n to_syslog: no\n to_logfile: no\n}\n";
  const listed = Array.from(
    { length: nodes },
    (_, index) => ` node {\n  ring0_addr: ${addressOf(index + 1, 0)}\n  nodeid: ${index + 1}\n }\n`,
  );
  const extra = {
    majority: "",
    "tie breaker": " auto_tie_breaker: 1\n",
    "tie breaker by list": ` auto_tie_breaker: 1\n auto_tie_breaker_node: ${Math.min(3, nodes)} 1 2\n`,
    "last man standing": " last_man_standing: 1\n last_man_standing_window: 900\n",
    legacy: "",
  }[rule];
  const legacy = ` interface {\n  ringnumber: 0\n  bindnetaddr: 10.0.0.0\n  mcastaddr: 226.94.1.1\n }\n`;
  const transport = ` transport: ${knet ? "knet" : "udpu"}\n token_coefficient: 0\n`;
  const totem = `totem {\n version: 2\n token: ${token}\n${rule === "legacy" ? legacy : transport}}\n`;
  const quorum = `quorum {\n provider: corosync_votequorum\n${extra}}\n`;
  const rest = rule === "legacy" ? "" : `nodelist {\n${listed.join("")}}\n${quorum}`;
  const { config, problems } = readConfig(totem + rest + logging, "sim.conf");
  if (config === undefined) throw new Error(JSON.stringify(problems));
  return config;
}

/** Private parts that the audits look at. */
interface Inside {
  readonly ring: TotemRing;
  readonly sync: { readonly running: boolean };
  readonly votes: Votequorum;
  readonly cpg: Cpg;
}

interface Client {
  readonly view: ClientView;
  state: "out" | "asked" | "in" | "leaving";
}

/** As many come when their daemon is ready. */
const firstClients = [1, 2];

const noData = new Uint8Array(0);

const groups = ["red\0", "green\0", "blue\0"];

export class DaemonEngine implements Engine {
  readonly inside: Inside;
  private readonly corosync: Corosync;
  private readonly world: World;
  private readonly node: Node;
  private readonly audit: GroupAudit;
  private readonly clients = new Map<number, Client>();
  private nextClient = 1;
  private blocked = false;
  private turn = 0;
  private emit: Emit = () => {};
  /** Messages of groups that the ring has delivered in this step. */
  private readonly tapped: GroupMessage[] = [];

  constructor(config: CorosyncConfig, world: World, node: Node, audit: GroupAudit) {
    this.world = world;
    this.node = node;
    this.audit = audit;
    const votes = node.disk.get(expectedVotesPath(config) ?? "");
    this.corosync = new Corosync({
      config,
      nodeId: node.id,
      address: addressOf(node.id, 0),
      hostName: `n${node.id}`,
      version: "sim",
      storedRingSeq: storedSeq(node.disk.get(ringIdPath(config, node.id))),
      storedExpectedVotes: votes === undefined ? undefined : new FieldReader(votes).u32(0),
      addressOf: (id) => addressOf(id, 0),
    });
    this.inside = this.corosync as unknown as Inside;
    this.tapRing();
    this.tapGroups();
  }

  get ring(): TotemRing {
    return this.inside.ring;
  }

  get synchronising(): boolean {
    return this.inside.sync.running || !this.corosync.ready;
  }

  /** Its processes that are in a group. */
  get members(): readonly string[] {
    const inGroup = [...this.clients.values()].filter(({ state }) => state === "in");
    return inGroup.map(({ view }) => `${this.node.id}/${view.pid} ${view.group}`);
  }

  /** All processes of the ring, as this daemon knows them. */
  get known(): readonly string[] {
    return this.inside.cpg.known.map(({ nodeId, pid, group }) => `${nodeId}/${pid} ${group}`);
  }

  get isQuorate(): boolean {
    return this.inside.votes.quorate;
  }

  /** True when every client has what it asked for. */
  get isIdle(): boolean {
    return [...this.clients.values()].every(({ state }) => state === "in");
  }

  step(now: Millis, event: EngineEvent, emit: Emit): number {
    this.emit = emit;
    this.tapped.length = 0;
    for (const { view } of this.clients.values()) view.told.length = 0;
    const asked: EngineEvent =
      event.kind === "leave" ? { kind: "terminate", reason: "told to leave" } : event;
    for (const effect of this.corosync.step(now, asked as CorosyncEvent)) this.onEffect(effect);
    if (!this.node.up) return 1;
    for (const { view } of this.clients.values()) this.audit.told(this.node, view, this.tapped);
    return 1;
  }

  sending(_bytes: number, message: () => Uint8Array): EngineEvent | undefined {
    if (this.blocked || this.synchronising) return undefined;
    const senders = [...this.clients].filter(([, { state }]) => state === "in");
    const sender = senders[this.turn++ % Math.max(1, senders.length)];
    if (sender === undefined) return undefined;
    return request(sender[0], encodeCpgRequest({ op: "multicast", data: message() }));
  }

  pending(): readonly EngineEvent[] {
    if (this.synchronising) return [];
    if (this.nextClient === 1) return firstClients.map(() => this.connect());
    return [...this.clients].flatMap(([id, client]) => {
      if (client.state !== "out") return [];
      client.state = "asked";
      const { group, pid } = client.view;
      return [request(id, encodeCpgRequest({ op: "join", group, pid, flags: 0 }))];
    });
  }

  /** A process connects; it joins its group as soon as it may. */
  connect(): EngineEvent {
    const client = this.nextClient++;
    const pid = this.world.nextPid++;
    const group = groups[pid % groups.length] ?? "";
    this.clients.set(client, { view: this.audit.client(group, pid), state: "out" });
    return { kind: "client-connected", service: "cpg", client, uid: 0, gid: 0, pid };
  }

  /** A process dies without a word. */
  kill(): EngineEvent | undefined {
    const [client] = this.clients.keys();
    if (client === undefined) return undefined;
    this.clients.delete(client);
    return { kind: "client-gone", client };
  }

  /** A process asks to leave its group; it will join again. */
  withdraw(): EngineEvent | undefined {
    const found = [...this.clients].find(([, { state }]) => state === "in");
    if (found === undefined) return undefined;
    const [id, client] = found;
    client.state = "leaving";
    const { group, pid } = client.view;
    return request(id, encodeCpgRequest({ op: "leave", group, pid }));
  }

  private tapRing(): void {
    const { ring } = this.inside;
    const step = ring.step.bind(ring);
    ring.step = (now, event) => {
      const effects = step(now, event);
      for (const effect of effects) this.onRingEffect(effect);
      return effects;
    };
  }

  private onRingEffect(effect: TotemEffect): void {
    if (effect.kind === "configuration") this.emit(effect);
    if (effect.kind !== "deliver" || effect.group !== "a") return;
    const message = decodeCpg(effect.body);
    if (message === undefined) return;
    const { kind } = message;
    if (kind !== "multicast" && kind !== "join" && kind !== "leave") return;
    const { group, pid } = message;
    const data = kind === "multicast" ? message.data : noData;
    if (kind === "multicast") this.emit({ ...effect, body: data });
    this.tapped.push({ kind, group, nodeId: effect.from, pid, data });
  }

  private tapGroups(): void {
    const { cpg, votes } = this.inside;
    const step = cpg.step.bind(cpg);
    cpg.step = (now, event: CpgCoreEvent) => {
      const effects = step(now, event);
      if (event.kind === "service-activate") {
        this.audit.activated(this.node, votes.state.ringId, cpg.known);
      }
      return effects;
    };
  }

  private onEffect(effect: CorosyncEffect): void {
    switch (effect.kind) {
      case "respond":
        this.onAnswer(effect.client, effect.message);
        break;
      case "send-event": {
        const event = decodeCpgEvent(effect.message);
        if (event === undefined)
          throw new Violation(`node ${this.node.id}: an event of cpg is damaged`);
        this.clients.get(effect.client)?.view.told.push(event);
        if (event.event === "configuration") this.onChange(effect.client, event.left);
        break;
      }
      case "drop-client":
        throw new Violation(`node ${this.node.id} drops a client that heeds flow control`);
      case "flow-control":
        this.blocked = effect.level !== 0;
        break;
      case "start-process":
      case "stop-process":
      case "read-configuration":
      case "use-configuration":
      case "crypto-phase":
      case "reopen-logs":
        break;
      default:
        this.emit(effect);
    }
  }

  private onAnswer(id: number, message: Uint8Array): void {
    const client = this.clients.get(id);
    const isDone = readHeader(message).error === CsError.ok;
    if (client?.state === "asked") client.state = isDone ? "in" : "out";
    else if (client?.state === "leaving" && !isDone) client.state = "in";
  }

  /** Has left: it may join again. */
  private onChange(
    id: number,
    left: readonly { readonly nodeId: number; readonly pid: number }[],
  ): void {
    const client = this.clients.get(id);
    if (client === undefined || client.state !== "leaving") return;
    const { pid } = client.view;
    if (left.some((member) => member.nodeId === this.node.id && member.pid === pid)) {
      client.state = "out";
    }
  }
}

/** The daemon of a node, whatever carries its datagrams; undefined for a bare ring. */
export function daemonOf(node: Node): DaemonEngine | undefined {
  const { engine } = node;
  const inner = engine instanceof KnetEngine ? engine.engine : engine;
  return inner instanceof DaemonEngine ? inner : undefined;
}

function request(client: number, message: Uint8Array): EngineEvent {
  return { kind: "client-request", client, message };
}
