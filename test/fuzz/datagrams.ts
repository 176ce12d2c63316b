/**
 * Random, cut and altered datagrams at the ring's decoders and at the ring itself (issue 4, bar "Fuzz"). Nothing may throw,
 * nothing may grow without bound. Same seed, same datagrams.
 */
import { Prng } from "../../lib/base/prng.ts";
import type { TotemEvent } from "../../lib/totem/api.ts";
import { TotemRing } from "../../lib/totem/ring.ts";
import { totemTimers } from "../../lib/totem/timers.ts";
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

export interface FuzzResult {
  readonly datagrams: number;
  /** How many of them were messages after all. */
  readonly decoded: number;
  /** Times that the ring under fire was whole again, alone or with invented members. */
  readonly formed: number;
}

const own = 7;
const peers = [1, 7, 8, 9, 4294967295];

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

/** Random bytes, or a message with some bytes changed, cut, or as it is. */
function datagram(prng: Prng, ring: RingId): Uint8Array {
  if (prng.chance(0.1)) {
    return Uint8Array.from({ length: prng.below(200) }, () => prng.below(256));
  }
  const data = encodeTotem(plausible(prng, ring)).slice();
  if (prng.chance(0.1)) return data.subarray(0, prng.below(data.length));
  for (let count = prng.pick([0, 0, 1, 4]); count > 0; count--) {
    data[prng.below(data.length)] = prng.below(256);
  }
  return data;
}

/** Everything a receiver would do with the bytes; results are thrown away. */
function decodeAll(data: Uint8Array): boolean {
  const message = decodeTotem(data);
  if (message?.kind === "mcast") {
    for (const part of decodePacket(message.payload)?.parts ?? []) {
      const grouped = decodeGrouped(part);
      if (grouped !== undefined) decodeSync(grouped.body);
    }
  }
  decodePacket(data);
  decodeGrouped(data);
  decodeSync(data);
  return message !== undefined;
}

/** Throws whatever the code under fire throws. */
export function fuzzDatagrams(seed: number, datagrams: number): FuzzResult {
  const prng = new Prng(seed);
  const timers = totemTimers({ legacy: true });
  const ring = new TotemRing({
    nodeId: own,
    timers,
    ringIdPath: "ringid_7",
    storedRingSeq: 0,
    logForm: "legacy",
  });
  let now = 0;
  let decoded = 0;
  let formed = 0;
  const timerNames = new Set<string>();
  const feed = (first: TotemEvent): void => {
    const queue = [first];
    for (let hops = 0; hops < 200; hops++) {
      const event = queue.shift();
      if (event === undefined) return;
      for (const effect of ring.step(now, event)) {
        if (effect.kind === "set-timer") timerNames.add(effect.name);
        else if (effect.kind === "cancel-timer") timerNames.delete(effect.name);
        else if (effect.kind === "configuration" && effect.type === "regular") formed++;
        else if (effect.kind === "send" && effect.to === own) {
          queue.push({ kind: "datagram", data: effect.data });
        }
      }
    }
  };
  feed({ kind: "start" });
  feed({ kind: "interface", up: true, address: "10.0.0.7" });
  for (let count = 0; count < datagrams; count++) {
    now += prng.below(3);
    const data = datagram(prng, ring.ringId);
    if (decodeAll(data)) decoded++;
    feed({ kind: "datagram", data });
    if (prng.chance(0.05)) {
      feed({ kind: "multicast", group: "a", body: new Uint8Array(prng.below(4000)) });
    }
    if (prng.chance(0.1) && timerNames.size > 0) {
      const name = prng.pick([...timerNames]);
      timerNames.delete(name);
      feed({ kind: "timer", name });
    }
    if (prng.chance(0.02)) feed({ kind: "sync-complete" });
  }
  return { datagrams, decoded, formed };
}
