/**
 * Random, cut and altered datagrams, made here or captured from the originals, at all decoders and at three cores: the bare
 * ring, the whole daemon, knet. Nothing may throw, nothing may grow without bound. Same seed, same datagrams.
 */
import { Prng } from "../../lib/base/prng.ts";
import type { TotemEvent } from "../../lib/totem/api.ts";
import type { RingState } from "../../lib/totem/ring-state.ts";
import { decodeCfg } from "../../lib/wire/cfg.ts";
import { decodeCmapSync } from "../../lib/wire/cmap.ts";
import { decodeCpg } from "../../lib/wire/cpg.ts";
import { decodeKnet } from "../../lib/wire/knet.ts";
import { decodeSync, encodeSync } from "../../lib/wire/sync.ts";
import {
  type CommitEntry,
  decodeTotem,
  encodeTotem,
  type RingId,
  type TotemMessage,
} from "../../lib/wire/totem.ts";
import {
  decodeGrouped,
  decodePacket,
  encodeGrouped,
  encodePacket,
} from "../../lib/wire/totempg.ts";
import { decodeVotequorum } from "../../lib/wire/votequorum.ts";
import { type Fixture, mutate, readFixtures } from "./mutation.ts";
import { bareRing, checkBounds, daemon, KnetGate, own, peers } from "./targets.ts";

export interface FuzzResult {
  readonly datagrams: number;
  /** How many of them were messages after all. */
  readonly decoded: number;
  /** Times that the ring under fire was whole again, alone or with invented members. */
  readonly formed: number;
  /** Messages that the bare ring delivered. */
  readonly delivered: number;
}

/** A well-formed message with values that are near the truth, or extreme. */
function plausible(prng: Prng, ring: RingId): TotemMessage {
  const number = (): number =>
    prng.pick([0, 1, 2, 17, prng.below(40), 16384, 0x7fffffff, 0x80000000, 0xffffffff, prng.u32()]);
  const near: RingId = prng.chance(0.7)
    ? ring
    : { rep: prng.pick(peers), seq: prng.pick([0, ring.seq + 4, ring.seq - 4, 2 ** 40]) };
  const ringId = { rep: near.rep, seq: Math.max(0, near.seq) };
  const list = (): number[] => peers.filter(() => prng.chance(0.4));
  const head = { nodeId: prng.pick(peers), target: 0 };
  const systemFrom = prng.pick(peers);
  switch (prng.below(6)) {
    case 0: {
      const entries = list().map(() => ({ ringId, seq: number() }));
      const [seq, tokenSeq, aru, aruAddr, backlog, fcc] = [1, 2, 3, 4, 5, 6].map(number) as [
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      const retransFlag = prng.below(3);
      return {
        kind: "orf-token",
        ...head,
        seq,
        tokenSeq,
        aru,
        aruAddr,
        ringId,
        backlog,
        fcc,
        retransFlag,
        entries,
      };
    }
    case 1:
      return {
        kind: "mcast",
        ...head,
        encapsulated: 1 + prng.below(2),
        systemFrom,
        seq: number(),
        thisSeqno: 0,
        ringId,
        reserved: 0,
        guarantee: 0,
        payload: payload(prng),
      };
    case 2:
      return { kind: "merge-detect", ...head, systemFrom, ringId };
    case 3:
      return {
        kind: "join",
        ...head,
        systemFrom,
        proc: list(),
        failed: list(),
        ringSeq: ringId.seq,
      };
    case 4: {
      const members = list();
      const entry: CommitEntry = {
        ringId,
        aru: number(),
        highDelivered: number(),
        receivedFlag: 1,
      };
      return {
        kind: "commit-token",
        ...head,
        tokenSeq: number(),
        ringId: { rep: ringId.rep, seq: ringId.seq + 4 * prng.below(3) },
        retransFlag: 0,
        memberIndex: prng.below(members.length + 1),
        members,
        entries: members.map(() => entry),
      };
    }
    default:
      return { kind: "hold-cancel", ...head, ringId };
  }
}

function payload(prng: Prng): Uint8Array {
  const sync = encodeSync({ kind: "barrier", ringId: { rep: own, seq: 5 } });
  const part = prng.pick([new Uint8Array(prng.below(1400)), encodeGrouped("sync", sync)]);
  return encodePacket({
    fragmented: prng.pick([0, 0, 1, 2, 255]),
    continuation: prng.pick([0, 0, 1, 2, 255]),
    parts: prng.chance(0.9) ? [part] : [],
  });
}

const fixtures = readFixtures();
const grouped = (name: string) => /^(app|assembled)-/.test(name);
/** By what they are for: the ring, its services, knet. */
const ofRing = fixtures.filter(({ name }) => !grouped(name) && !name.startsWith("knet"));
const ofServices = fixtures.filter(({ name }) => grouped(name));
const ofKnet = fixtures.filter(({ name }) => name.startsWith("knet"));

function altered(prng: Prng, from: readonly Fixture[]): Uint8Array {
  return mutate(prng, prng.pick(from).data, prng.pick(fixtures).data);
}

/** A message of this ring, the next in its order, with a service's message of the originals in it. */
function serviceDatagram(prng: Prng, ring: RingState): Uint8Array {
  const body = altered(prng, ofServices);
  const payload = encodePacket({
    fragmented: 0,
    continuation: 0,
    parts: [encodeGrouped(prng.pick(["a", "a", "sync"]), body.subarray(0, 1300))],
  });
  const from = prng.pick(ring.members.length === 0 ? [own] : ring.members);
  return encodeTotem({
    kind: "mcast",
    nodeId: from,
    target: 0,
    encapsulated: 2,
    systemFrom: from,
    seq: (ring.highSeq + 1 + prng.below(2)) >>> 0,
    thisSeqno: 0,
    ringId: ring.ringId,
    reserved: 0,
    guarantee: 0,
    payload,
  });
}

/** A packet of knet: clear ones reach the ring, sealed ones are noise. */
function knetPacket(prng: Prng): Uint8Array {
  const packet = altered(prng, ofKnet);
  decodeKnet(packet);
  return packet;
}

/** Random bytes, a captured datagram or one made here, with some bytes changed, cut, or as it is. */
function datagram(prng: Prng, ring: RingState): Uint8Array {
  if (prng.chance(0.05)) {
    return Uint8Array.from({ length: prng.below(200) }, () => prng.below(256));
  }
  if (fixtures.length > 0) {
    const what = prng.below(4);
    if (what === 0) return altered(prng, ofRing);
    if (what === 1) return serviceDatagram(prng, ring);
  }
  const data = encodeTotem(plausible(prng, ring.oldRingId)).slice();
  return prng.chance(0.4) ? data : mutate(prng, data, payload(prng));
}

/** Everything a receiver would do with the bytes; results are thrown away. */
function decodeAll(data: Uint8Array): boolean {
  const message = decodeTotem(data);
  if (message?.kind === "mcast") {
    for (const part of decodePacket(message.payload)?.parts ?? []) {
      const body = decodeGrouped(part)?.body;
      if (body !== undefined) for (const decode of bodyDecoders) decode(body);
    }
  }
  decodePacket(data);
  decodeGrouped(data);
  decodeKnet(data);
  return message !== undefined;
}

const bodyDecoders = [decodeSync, decodeCpg, decodeVotequorum, decodeCfg, decodeCmapSync];

/** Throws whatever the code under fire throws. Odd seeds fire at the whole daemon, even ones at the bare ring. */
export function fuzzDatagrams(seed: number, datagrams: number): FuzzResult {
  const prng = new Prng(seed);
  const target = seed % 2 === 0 ? bareRing() : daemon();
  const { ring } = target;
  const knet = new KnetGate();
  let now = 0;
  let decoded = 0;
  let formed = 0;
  let delivered = 0;
  const timerNames = new Set<string>();
  const feed = (first: TotemEvent): void => {
    const queue = [first];
    for (let hops = 0; hops < 200; hops++) {
      const event = queue.shift();
      if (event === undefined) return;
      const before = ring.oldRingId;
      for (const effect of target.step(now, event)) {
        if (effect.kind === "set-timer") timerNames.add(effect.name);
        else if (effect.kind === "cancel-timer") timerNames.delete(effect.name);
        else if (effect.kind === "deliver") delivered++;
        else if (effect.kind === "send" && effect.to === own) {
          queue.push({ kind: "datagram", data: effect.data });
        }
      }
      if (ring.oldRingId !== before) formed++;
    }
  };
  feed({ kind: "start" });
  feed({ kind: "interface", up: true, address: "10.0.0.7" });
  for (let count = 0; count < datagrams; count++) {
    now += prng.below(3);
    if (ofKnet.length > 0 && prng.chance(0.1)) {
      for (const data of knet.receive(now, knetPacket(prng))) feed({ kind: "datagram", data });
      if (prng.chance(0.05)) knet.tick(now);
      continue;
    }
    const data = datagram(prng, ring);
    if (decodeAll(data)) decoded++;
    feed({ kind: "datagram", data });
    if (prng.chance(0.05)) feedSome(feed, target.sending(prng.below(4000)));
    if (prng.chance(0.1) && timerNames.size > 0) {
      const name = prng.pick([...timerNames]);
      timerNames.delete(name);
      feed({ kind: "timer", name });
    }
    if (prng.chance(0.02)) feedSome(feed, target.synchronised(ring.oldRingId));
    if (count % 1000 === 0) checkBounds(ring);
  }
  return { datagrams, decoded, formed, delivered };
}

function feedSome(feed: (event: TotemEvent) => void, event: TotemEvent | undefined): void {
  if (event !== undefined) feed(event);
}
