/** Every captured datagram of the originals decodes and re-encodes byte for byte (spec/totem captures), and so do ours. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeSync, encodeSync } from "../../../lib/wire/sync.ts";
import { decodeTotem, encodeTotem, type TotemMessage } from "../../../lib/wire/totem.ts";
import {
  decodeGrouped,
  decodePacket,
  encodeGrouped,
  encodePacket,
} from "../../../lib/wire/totempg.ts";

const folder = join(import.meta.dir, "../../../../shared/spec/totem/captures/hex");
const captured = existsSync(folder) ? readdirSync(folder).filter((n) => /^(?!knet)/.test(n)) : [];
if (captured.length === 0) console.log("skip: ../shared has no captures of totem datagrams");

function bytesOf(name: string): Uint8Array {
  return new Uint8Array(
    Buffer.from(readFileSync(join(folder, name), "utf8").replace(/\s/g, ""), "hex"),
  );
}

/** Re-encodes every layer of an mcast's payload from its decoded form. */
function roundTripPayload(message: TotemMessage): TotemMessage {
  if (message.kind !== "mcast") return message;
  if (message.encapsulated === 1) {
    const inner = decodeTotem(message.payload);
    if (inner === undefined) throw new Error("no message inside a recovery message");
    return { ...message, payload: encodeTotem(roundTripPayload(inner)) };
  }
  const packet = decodePacket(message.payload);
  if (packet === undefined) throw new Error("no packet inside an mcast");
  const whole = packet.fragmented === 0 && packet.continuation === 0;
  const parts = whole ? packet.parts.map(roundTripGrouped) : packet.parts;
  return { ...message, payload: encodePacket({ ...packet, parts }) };
}

function roundTripGrouped(part: Uint8Array): Uint8Array {
  const grouped = decodeGrouped(part);
  const group = grouped?.groups[0];
  if (grouped === undefined || group === undefined) throw new Error("no group prefix");
  if (group !== "sync") return encodeGrouped(group, grouped.body);
  const sync = decodeSync(grouped.body);
  if (sync === undefined) throw new Error("no sync message in group sync");
  return encodeGrouped(group, encodeSync(sync));
}

describe("captured datagrams", () => {
  for (const name of captured.filter((file) => !file.startsWith("assembled"))) {
    test(name, () => {
      const data = bytesOf(name);
      const message = decodeTotem(data);
      expect(message).toBeDefined();
      if (message === undefined) return;
      expect(Buffer.from(encodeTotem(roundTripPayload(message))).toString("hex")).toBe(
        Buffer.from(data).toString("hex"),
      );
    });
  }
  for (const name of captured.filter((file) => file.startsWith("assembled"))) {
    test(name, () => {
      const data = bytesOf(name);
      expect(Buffer.from(roundTripGrouped(data))).toEqual(Buffer.from(data));
    });
  }
});

const ringId = { rep: 6, seq: 13 };
const head = { nodeId: 7, target: 0 };
const samples: readonly TotemMessage[] = [
  {
    kind: "orf-token",
    ...head,
    seq: 3,
    tokenSeq: 21,
    aru: 0xffffffff,
    aruAddr: 7,
    ringId,
    backlog: 4294967290,
    fcc: 1,
    retransFlag: 1,
    entries: [{ ringId, seq: 2 }],
  },
  {
    kind: "mcast",
    ...head,
    encapsulated: 2,
    systemFrom: 7,
    seq: 9,
    thisSeqno: -1,
    ringId,
    reserved: 0,
    guarantee: 0,
    payload: encodePacket({ fragmented: 0, continuation: 0, parts: [] }),
  },
  { kind: "merge-detect", ...head, systemFrom: 7, ringId },
  { kind: "join", ...head, nodeId: 0, systemFrom: 7, proc: [6], failed: [7], ringSeq: 17 },
  {
    kind: "commit-token",
    ...head,
    tokenSeq: 2,
    ringId,
    retransFlag: 0,
    memberIndex: 1,
    members: [6],
    entries: [{ ringId, aru: 53, highDelivered: 28, receivedFlag: 0 }],
  },
  { kind: "hold-cancel", ...head, ringId },
];

describe("our datagrams", () => {
  for (const sample of samples) {
    test(`${sample.kind} comes back as it was`, () => {
      expect(decodeTotem(encodeTotem(sample))).toEqual(sample);
    });

    test(`${sample.kind} cut anywhere, or longer, is refused`, () => {
      const data = encodeTotem(sample);
      const shortest = sample.kind === "mcast" ? 45 : data.length;
      for (let length = 0; length < shortest; length++) {
        expect(decodeTotem(data.subarray(0, length))).toBeUndefined();
      }
      if (sample.kind !== "mcast") {
        expect(decodeTotem(new Uint8Array([...data, 0]))).toBeUndefined();
      }
    });
  }

  test("another version, another byte order and unknown types are refused", () => {
    const data = encodeTotem(samples[2] as TotemMessage);
    for (const [at, value] of [
      [2, 2],
      [3, 6],
      [0, 0xc0],
    ] as const) {
      const changed = data.slice();
      changed[at] = value;
      expect(decodeTotem(changed)).toBeUndefined();
    }
  });

  test("a list that promises more than the limit is refused", () => {
    const data = encodeTotem({
      ...head,
      kind: "join",
      systemFrom: 7,
      proc: [],
      failed: [],
      ringSeq: 1,
    });
    new DataView(data.buffer).setUint32(17, 0xffffffff, true);
    expect(decodeTotem(data)).toBeUndefined();
  });

  test("a ring sequence beyond exact numbers is refused", () => {
    const data = encodeTotem(samples[2] as TotemMessage).slice();
    data.fill(0xff, 21, 29);
    expect(decodeTotem(data)).toBeUndefined();
  });
});
