/**
 * What must always hold among rings, checked at every event: agreed order without gaps, no duplicate, each sender's
 * messages in their order, same view same messages, ring ids that only grow, own messages come back.
 */
import type { ConfigurationEffect, RingId } from "../../../lib/totem/api.ts";
import { isBefore, next, sameRing } from "../../../lib/totem/sequence.ts";
import { Reader } from "../../../lib/wire/reader.ts";
import { checkContent, Violation } from "./content.ts";
import { insideOf, type Node } from "./world.ts";

function ringKey(ringId: RingId): string {
  return `${ringId.rep}.${ringId.seq.toString(16)}`;
}

/** What one life of a node has seen. */
interface Witness {
  ring: string;
  ringSeq: number;
  members: readonly number[];
  /** Messages delivered since the regular configuration. */
  inRing: string[];
  transitional: readonly number[] | undefined;
  readonly seen: Set<string>;
  /** Next number expected of each sender and life, once one has been seen without a break. */
  readonly last: Map<string, number>;
}

export class Audit {
  private readonly witnesses = new Map<number, Witness>();
  /** The one order of each ring, as far as anyone has delivered it in the regular configuration. */
  private readonly orders = new Map<string, string[]>();
  /** For each change of ring and its companions: what the first of them had delivered. */
  private readonly changes = new Map<string, string>();
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
      seen: new Set(),
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
      const its = insideOf(other);
      if (!other.up || its.state !== "recovery" || !sameRing(its.ringId, ringId)) continue;
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
    const members = `members of ${witness.ring}`;
    const known = this.changes.get(members) ?? event.members.join();
    if (known !== event.members.join()) throw new Violation(`${members}: ${known} and others`);
    this.changes.set(members, known);
  }

  /** All who go from the same ring to the same ring together have delivered the same. */
  private checkSameView(node: Node, witness: Witness, event: ConfigurationEffect): void {
    if (witness.ring === "") return;
    const key = `${witness.ring}>${ringKey(event.ringId)}:${witness.transitional?.join()}`;
    if (!witness.transitional?.includes(node.id)) throw new Violation(`${key}: without myself`);
    const mine = witness.inRing.join(" ");
    const first = this.changes.get(key);
    if (first === undefined) this.changes.set(key, mine);
    else if (first !== mine) {
      throw new Violation(`${key}: node ${node.id} delivered [${mine}], another [${first}]`);
    }
  }

  delivered(node: Node, from: number, body: Uint8Array): void {
    const witness = this.witness(node);
    this.deliveries++;
    const reader = new Reader(body);
    const origin = reader.u32();
    const life = reader.u32();
    const number = reader.u32();
    const id = `${origin}/${life}/${number}`;
    if (!reader.ok || origin !== from) throw new Violation(`node ${node.id}: ${id} from ${from}`);
    if (witness.transitional?.includes(from) === false) {
      throw new Violation(`node ${node.id}: ${id} after its sender is gone from the ring`);
    }
    checkContent(id, reader.rest(), number);
    if (witness.seen.has(id)) throw new Violation(`node ${node.id} delivers ${id} twice`);
    witness.seen.add(id);
    const sender = `${origin}/${life}`;
    const last = witness.last.get(sender);
    if (last !== undefined && number <= last) {
      throw new Violation(`node ${node.id}: ${id} after number ${last}`);
    }
    witness.last.set(sender, number);
    if (origin === node.id) this.checkOwn(node, number);
    witness.inRing.push(id);
    if (witness.transitional === undefined) this.checkOrder(node, witness, id);
  }

  private checkOwn(node: Node, number: number): void {
    const expected = this.ownDelivered.get(node.id) ?? 0;
    if (number !== expected) {
      throw new Violation(`node ${node.id}: own message ${number} comes back, not ${expected}`);
    }
    this.ownDelivered.set(node.id, expected + 1);
  }

  private checkOrder(node: Node, witness: Witness, id: string): void {
    let order = this.orders.get(witness.ring);
    if (order === undefined) {
      order = [];
      this.orders.set(witness.ring, order);
    }
    const index = witness.inRing.length - 1;
    const known = order[index];
    if (known === undefined) order[index] = id;
    else if (known !== id) {
      throw new Violation(
        `ring ${witness.ring}, place ${index}: node ${node.id} has ${id}, not ${known}`,
      );
    }
  }

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
