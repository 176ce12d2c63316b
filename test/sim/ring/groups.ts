/**
 * What must always hold for process groups and votes: a client is told of exactly those messages of its group that its node
 * delivers while it is in the group, in that order, and only from members it knows of; each change of members is true to
 * the one before; who synchronises in one ring knows the same processes; votes are counted right; no two parts of the ring
 * are quorate.
 */
import type { CpgEvent } from "../../../lib/wire/ipc/services-cpg.ts";
import type { RingId } from "../../../lib/wire/totem.ts";
import { Audit } from "./audit.ts";
import { Violation } from "./content.ts";
import { daemonOf, type VoteRule } from "./daemon.ts";
import type { Node } from "./world.ts";

/** What the ring delivered for a group: a message, or a process that joins or leaves. */
export interface GroupMessage {
  readonly kind: "multicast" | "join" | "leave";
  readonly group: string;
  readonly nodeId: number;
  readonly pid: number;
  readonly data: Uint8Array;
}

/** A client as the audit knows it. */
export interface ClientView {
  readonly group: string;
  readonly pid: number;
  /** Events of the current step. */
  readonly told: CpgEvent[];
  isIn: boolean;
  /** Members of its group as `node/pid`, in the order it was told. */
  members: readonly string[];
}

interface Process {
  readonly nodeId: number;
  readonly pid: number;
  readonly group?: string;
}

const nameOf = ({ nodeId, pid }: Process): string => `${nodeId}/${pid}`;

export class GroupAudit extends Audit {
  private readonly processes = new Map<string, string>();
  private readonly votes = new Map<number, { members: readonly number[]; quorate: boolean }>();
  private readonly rule: VoteRule;
  private readonly nodes: number;

  constructor(rule: VoteRule, nodes: number) {
    super();
    this.rule = rule;
    this.nodes = nodes;
  }

  client(group: string, pid: number): ClientView {
    return { group, pid, told: [], isIn: false, members: [] };
  }

  /** What a client was told in this step, against what the ring delivered to its node. */
  told(node: Node, client: ClientView, tapped: readonly GroupMessage[]): void {
    const due = dueTo(client, node, tapped);
    if (client.told.length === 0 && due.length === 0) return;
    const me = `client ${node.id}/${client.pid}`;
    const given: Extract<CpgEvent, { event: "deliver" }>[] = [];
    for (const event of client.told) {
      if (event.event === "configuration") this.change(node, client, event);
      if (event.event !== "deliver") continue;
      if (!client.isIn) throw new Violation(`${me} gets a message outside of its group`);
      if (!client.members.includes(nameOf(event))) {
        throw new Violation(`${me} gets a message of ${nameOf(event)}, not in [${client.members}]`);
      }
      given.push(event);
    }
    const isSame = given.length === due.length && given.every((event, at) => isOf(event, due[at]));
    if (!isSame) {
      throw new Violation(
        `${me} is told ${given.map(nameOf)} where the ring has ${due.map(nameOf)}`,
      );
    }
  }

  private change(
    node: Node,
    client: ClientView,
    event: Extract<CpgEvent, { event: "configuration" }>,
  ): void {
    const me = `${node.id}/${client.pid}`;
    const members = event.members.map(nameOf);
    const joined = event.joined.map(nameOf);
    const left = event.left.map(nameOf);
    const wasIn = client.isIn;
    if (new Set(members).size !== members.length) {
      throw new Violation(`client ${me}: members named twice: ${members}`);
    }
    if (wasIn) {
      const expected = [...client.members.filter((name) => !left.includes(name)), ...joined].sort();
      if (expected.join() !== members.toSorted().join()) {
        throw new Violation(
          `client ${me}: [${client.members}] + [${joined}] - [${left}] is told as [${members}]`,
        );
      }
    } else if (!joined.includes(me)) {
      throw new Violation(`client ${me} is told of members before it has joined`);
    }
    if (members.includes(me) === left.includes(me)) {
      throw new Violation(`client ${me} is not in what it is told: [${members}]`);
    }
    client.members = members;
    client.isIn = members.includes(me);
  }

  /** Same ring, same processes. */
  activated(node: Node, ringId: RingId, known: readonly Process[]): void {
    const key = `${ringId.rep}.${ringId.seq}`;
    const mine = known.map((process) => `${nameOf(process)} ${process.group ?? ""}`).join();
    const first = this.processes.get(key) ?? mine;
    this.processes.set(key, first);
    if (first !== mine) {
      throw new Violation(`ring ${key}: node ${node.id} knows [${mine}], another [${first}]`);
    }
  }

  override crashed(node: Node): void {
    super.crashed(node);
    this.votes.delete(node.id);
  }

  override stepped(node: Node, nodes: readonly Node[]): void {
    const daemon = daemonOf(node);
    // While members synchronise, clients still go by what was told before.
    if (daemon === undefined || daemon.synchronising) return;
    const { votes } = daemon.inside;
    const { quorate, members } = votes.state;
    const before = this.votes.get(node.id);
    if (before?.quorate === quorate && before.members === members) return;
    this.votes.set(node.id, { quorate, members });
    this.count(node, quorate, members);
    // Last man standing gives this up: what one part lowers its expected votes to, the other part does not know when it
    // takes in nodes that left the first.
    if (quorate && this.rule !== "last man standing") this.onePart(node, members, nodes);
  }

  /** Everyone has one vote. */
  private count(node: Node, quorate: boolean, members: readonly number[]): void {
    if (this.rule === "legacy" || this.rule === "last man standing") return;
    const lead = 2 * members.length - this.nodes;
    // By a list the choice moves on, so either half may be quorate, but never both (onePart).
    const holdsChosen =
      this.rule === "tie breaker" ? members.includes(1) : this.rule === "tie breaker by list";
    const tie = lead === 0 && holdsChosen;
    if (quorate ? lead > 0 || tie : lead <= 0) return;
    const text = quorate ? "is quorate" : "is not quorate";
    throw new Violation(`node ${node.id} ${text} with ${members} of ${this.nodes} nodes`);
  }

  private onePart(node: Node, members: readonly number[], nodes: readonly Node[]): void {
    for (const other of nodes) {
      const its = this.votes.get(other.id);
      if (!other.up || its?.quorate !== true) continue;
      if (!its.members.some((id) => members.includes(id))) {
        throw new Violation(
          `nodes ${node.id} of [${members}] and ${other.id} of [${its.members}] are both quorate`,
        );
      }
    }
  }
}

/** Messages between the client's own join and its own leave. */
function dueTo(client: ClientView, node: Node, tapped: readonly GroupMessage[]): GroupMessage[] {
  const due: GroupMessage[] = [];
  let isIn = client.isIn;
  for (const message of tapped) {
    if (message.group !== client.group) continue;
    if (message.kind === "multicast") {
      if (isIn) due.push(message);
    } else if (message.nodeId === node.id && message.pid === client.pid) {
      isIn = message.kind === "join";
    }
  }
  return due;
}

function isOf(
  event: Extract<CpgEvent, { event: "deliver" }>,
  message: GroupMessage | undefined,
): boolean {
  if (message === undefined) return false;
  if (event.nodeId !== message.nodeId || event.pid !== message.pid) return false;
  return Buffer.compare(event.data, message.data) === 0;
}
