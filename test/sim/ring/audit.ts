/**
 * What must always hold among rings, checked at every event: agreed order without gaps, no duplicate, each sender's
 * messages in their order, same view same messages, ring ids that only grow, own messages come back.
 */
import type { ConfigurationEffect, RingId } from "../../../lib/totem/api.ts";
import { isBefore, next, sameRing } from "../../../lib/totem/sequence.ts";
import { Reader } from "../../../lib/wire/reader.ts";
import { decodeTotem } from "../../../lib/wire/totem.ts";
import { checkContent, Violation } from "./content.ts";
import { insideOf, type Node } from "./world.ts";

function ringKey(ringId: RingId): string {
  return `${ringId.rep}.${ringId.seq.toString(16)}`;
}

/** Where a datagram's type stands, and that of the commit token. */
const typeOffset = 3;
const commitTokenType = 4;

const lives = 2 ** 16;
const numbers = 2 ** 28;

/** One number for a message: its origin, the origin's life, its number there. */
function keyOf(origin: number, life: number, number: number): number {
  return (origin * lives + life) * numbers + number;
}

function textsOf(keys: readonly number[]): string {
  return keys
    .map((key) => {
      const sender = Math.floor(key / numbers);
      return `${Math.floor(sender / lives)}/${sender % lives}/${key % numbers}`;
    })
    .join(" ");
}

function sameList(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

/** What one life of a node has seen. */
interface Witness {
  ring: string;
  ringSeq: number;
  members: readonly number[];
  /** Messages delivered since the regular configuration, by `keyOf`. */
  inRing: number[];
  transitional: readonly number[] | undefined;
  /** Number of the last message of each sender and life: a later one is higher, so none comes twice. */
  readonly last: Map<number, number>;
}

export class Audit {
  private readonly witnesses = new Map<number, Witness>();
  /** The one order of each ring, as far as anyone has delivered it in the regular configuration. */
  private readonly orders = new Map<string, number[]>();
  /** For each change of ring and its companions: what the first of them had delivered. */
  private readonly changes = new Map<string, readonly number[]>();
  /** Members of each ring as the first of them said. */
  private readonly memberships = new Map<string, string>();
  private readonly highestRing = new Map<number, number>();
  /** Own messages that came back, by node. */
  readonly ownDelivered = new Map<number, number>();
  deliveries = 0;
  configurations = 0;

  started(node: Node): void {
    this.ownDelivered.set(node.id, 0);
    this.witnesses.set(node.id, {
      ring: "",
      ringSeq: 0,
      members: [],
      inRing: [],
      transitional: undefined,
      last: new Map(),
    });
  }

  crashed(node: Node): void {
    this.witnesses.delete(node.id);
  }

  persisted(node: Node, seq: number): void {
    const before = this.highestRing.get(node.id) ?? 0;
    if (seq <= before) throw new Violation(`node ${node.id}: ring sequence ${seq} after ${before}`);
    this.highestRing.set(node.id, seq);
    this.checkSaved(node);
  }

  /** A commit token promises the ring's id, which is on disk before. */
  sent(node: Node, data: Uint8Array): void {
    if (data[typeOffset] !== commitTokenType) return;
    const token = decodeTotem(data);
    if (token?.kind !== "commit-token") throw new Violation(`node ${node.id}: a damaged token`);
    const stored = this.highestRing.get(node.id) ?? 0;
    if (token.ringId.seq > stored) {
      throw new Violation(`node ${node.id} promises ring ${token.ringId.seq}, not on disk`);
    }
  }

  /** What a node says of its old ring when it commits to a new one is what it holds of the old one. */
  private checkSaved(node: Node): void {
    const { state, saved, regular, highDelivered } = insideOf(node);
    if (state !== "commit" || saved === undefined) return;
    let held = highDelivered;
    while (regular.get(next(held)) !== undefined) held = next(held);
    if (saved.aru !== held) {
      throw new Violation(`node ${node.id} has its old ring up to ${held}, but says ${saved.aru}`);
    }
  }

  /** Who installs a ring knows that everyone still in its recovery has all of it (section 4.6). */
  installs(node: Node, nodes: readonly Node[]): void {
    const { ringId, installSeq } = insideOf(node);
    for (const other of nodes) {
      if (!other.up) continue;
      const its = insideOf(other);
      if (its.state !== "recovery" || !sameRing(its.ringId, ringId)) continue;
      if (isBefore(its.aru, installSeq)) {
        throw new Violation(
          `node ${node.id} installs ${ringKey(ringId)} up to ${installSeq}; ${other.id} has ${its.aru}`,
        );
      }
    }
  }

  configured(node: Node, event: ConfigurationEffect): void {
    const witness = this.witness(node);
    this.configurations++;
    if (event.type === "transitional") {
      if (witness.transitional !== undefined) throw new Violation("two transitional in a row");
      witness.transitional = event.members;
      return;
    }
    if (witness.transitional === undefined) throw new Violation("regular without transitional");
    if (!event.members.includes(node.id)) throw new Violation("a ring without its own node");
    if (event.ringId.seq <= witness.ringSeq) throw new Violation("installed ring id does not grow");
    const left = witness.members.filter((id) => !witness.transitional?.includes(id));
    if (left.join() !== event.left.join()) throw new Violation(`left ${event.left}, not ${left}`);
    this.checkSameView(node, witness, event);
    witness.ring = ringKey(event.ringId);
    witness.ringSeq = event.ringId.seq;
    witness.members = event.members;
    witness.inRing = [];
    witness.transitional = undefined;
    const members = event.members.join();
    const known = this.memberships.get(witness.ring) ?? members;
    if (known !== members) {
      throw new Violation(`members of ${witness.ring}: ${known}, and ${members}`);
    }
    this.memberships.set(witness.ring, known);
  }

  /** All who go from the same ring to the same ring together have delivered the same. */
  private checkSameView(node: Node, witness: Witness, event: ConfigurationEffect): void {
    if (witness.ring === "") return;
    const key = `${witness.ring}>${ringKey(event.ringId)}:${witness.transitional?.join()}`;
    if (!witness.transitional?.includes(node.id)) throw new Violation(`${key}: without myself`);
    const mine = witness.inRing;
    const first = this.changes.get(key);
    if (first === undefined) this.changes.set(key, mine);
    else if (!sameList(first, mine)) {
      throw new Violation(
        `${key}: node ${node.id} delivered [${textsOf(mine)}], another [${textsOf(first)}]`,
      );
    }
  }

  delivered(node: Node, from: number, body: Uint8Array): void {
    const witness = this.witness(node);
    this.deliveries++;
    const reader = new Reader(body);
    const origin = reader.u32();
    const life = reader.u32();
    const number = reader.u32();
    const id = () => `${origin}/${life}/${number}`;
    if (!reader.ok || origin !== from) {
      throw new Violation(`node ${node.id}: ${id()} from ${from}`);
    }
    if (witness.transitional?.includes(from) === false) {
      throw new Violation(`node ${node.id}: ${id()} after its sender is gone from the ring`);
    }
    checkContent(id, body, number);
    const sender = keyOf(origin, life, 0);
    const last = witness.last.get(sender) ?? -1;
    if (number <= last) {
      throw new Violation(
        number === last
          ? `node ${node.id} delivers ${id()} twice`
          : `node ${node.id}: ${id()} after number ${last}`,
      );
    }
    witness.last.set(sender, number);
    if (origin === node.id) this.checkOwn(node, number);
    const key = keyOf(origin, life, number);
    witness.inRing.push(key);
    if (witness.transitional === undefined) this.checkOrder(node, witness, key);
  }

  private checkOwn(node: Node, number: number): void {
    const expected = this.ownDelivered.get(node.id) ?? 0;
    if (number !== expected) {
      throw new Violation(`node ${node.id}: own message ${number} comes back, not ${expected}`);
    }
    this.ownDelivered.set(node.id, expected + 1);
  }

  private checkOrder(node: Node, witness: Witness, key: number): void {
    let order = this.orders.get(witness.ring);
    if (order === undefined) {
      order = [];
      this.orders.set(witness.ring, order);
    }
    const index = witness.inRing.length - 1;
    const known = order[index];
    if (known === undefined) order[index] = key;
    else if (known !== key) {
      const [mine, first] = [textsOf([key]), textsOf([known])];
      throw new Violation(
        `ring ${witness.ring}, place ${index}: node ${node.id} has ${mine}, not ${first}`,
      );
    }
  }

  /** After everything that a node did at once; whole daemons have more to say then. */
  stepped(_node: Node, _nodes: readonly Node[]): void {}

  synchronised(node: Node, ringId: RingId): void {
    const { ring } = this.witness(node);
    if (ring !== ringKey(ringId)) throw new Violation(`sync of ${ringKey(ringId)} ends in ${ring}`);
  }

  private witness(node: Node): Witness {
    const witness = this.witnesses.get(node.id);
    if (witness === undefined) throw new Violation(`node ${node.id} acts while it is down`);
    return witness;
  }
}
