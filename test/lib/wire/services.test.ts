import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { decodeCfg, encodeCfg } from "../../../lib/wire/cfg.ts";
import {
  type CmapValue,
  cmapTypeCode,
  decodeCmapSync,
  decodeCmapValue,
  encodeCmapSync,
  encodeCmapValue,
} from "../../../lib/wire/cmap.ts";
import { decodeCpg, encodeCpg } from "../../../lib/wire/cpg.ts";
import { decodeVotequorum, encodeVotequorum } from "../../../lib/wire/votequorum.ts";

const HEX = `${import.meta.dir}/../../../../shared/spec/totem/captures/hex`;
const GROUP_PREFIX = 5;
/** totem's mcast header and totempg's header with one part. */
const FRAME = 45 + 8 + 2;

function bytesOf(file: string): Uint8Array {
  const text = readFileSync(`${HEX}/${file}`, "utf8").replace(/\s+/g, "");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** The service message of a fixture: without datagram headers and group prefix. */
function body(file: string): Uint8Array {
  const offset = file.startsWith("app-") ? FRAME + GROUP_PREFIX : GROUP_PREFIX;
  return bytesOf(file).slice(offset);
}

/** Zeroes what the originals leave as it happens to be: paddings and pointers. */
function without(bytes: Uint8Array, ...ranges: readonly (readonly [number, number])[]): Uint8Array {
  const copy = bytes.slice();
  const headerPads = [
    [4, 8],
    [12, 16],
  ] as const;
  for (const [from, to] of [...headerPads, ...ranges]) copy.fill(0, from, to);
  return copy;
}

const captured = existsSync(HEX);
if (!captured) console.log("skipped: captured packets of ../shared are absent");

describe.if(captured)("captured packets come back byte for byte", () => {
  const files = captured ? readdirSync(HEX) : [];
  const of = (pattern: RegExp) => files.filter((f) => pattern.test(f));

  test.each(of(/votequorum/))("%s", (file) => {
    const message = decodeVotequorum(body(file));
    expect(message).toBeDefined();
    expect(encodeVotequorum(message!)).toEqual(
      file.includes("reconfigure") ? without(body(file), [25, 32]) : body(file),
    );
  });

  test.each(of(/cmap/))("%s", (file) => {
    const message = decodeCmapSync(body(file));
    expect(message).toBeDefined();
    expect(encodeCmapSync(message!)).toEqual(body(file));
  });

  test.each(of(/cfg_/))("%s", (file) => {
    const message = decodeCfg(body(file));
    expect(message).toBeDefined();
    // Behind the text of a kill, and behind the node id of a reload, is what was in the sender's memory.
    const used = message?.kind === "kill-node" ? 32 + message.reason.length : 20;
    const pads = message?.kind === "kill-node" ? ([26, 32] as const) : ([0, 0] as const);
    expect(encodeCfg(message!)).toEqual(without(body(file), [used, body(file).length], pads));
  });

  test.each(of(/cpg_(proc|downlist|joinlist|mcast)/))("%s", (file) => {
    const bytes = body(file);
    const message = decodeCpg(bytes);
    expect(message).toBeDefined();
    const node = message?.kind === "multicast" ? (bytes[168] ?? 0) : 0;
    // After `source` in a multicast comes a pointer of the sender; the join list's header is that of a response.
    const pointer = message?.kind === "multicast" ? ([172, 184] as const) : ([0, 0] as const);
    expect(encodeCpg(message!, node)).toEqual(without(bytes, pointer));
  });

  test("the head of a partial message", () => {
    const head = body("assembled-cpg_partial_mcast-type1-head.hex");
    const view = new DataView(head.buffer);
    const whole = new Uint8Array(view.getInt32(8, true));
    whole.set(head);
    const message = decodeCpg(whole);
    expect(message).toMatchObject({ kind: "partial", part: 1, totalBytes: 3_000_000 });
  });
});

const value: fc.Arbitrary<CmapValue> = fc.oneof(
  fc.record({ type: fc.constant("u8" as const), value: fc.integer({ min: 0, max: 255 }) }),
  fc.record({ type: fc.constant("i16" as const), value: fc.integer({ min: -32768, max: 32767 }) }),
  fc.record({ type: fc.constant("u32" as const), value: fc.nat(0xffffffff) }),
  fc.record({ type: fc.constant("i64" as const), value: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n) }),
  fc.record({ type: fc.constant("double" as const), value: fc.double({ noNaN: true }) }),
  fc.record({
    type: fc.constant("string" as const),
    value: fc.string().map((s) => s.replaceAll("\0", "")),
  }),
  fc.record({ type: fc.constant("binary" as const), value: fc.uint8Array({ maxLength: 64 }) }),
);

test("a phase of a change of encryption, as 3.1.7 sends it", () => {
  const sent = Uint8Array.fromHex("040001000000000018000000000000000100000000000000");
  expect(decodeCfg(sent)).toEqual({ kind: "crypto-phase", phase: 1 });
  expect(encodeCfg({ kind: "crypto-phase", phase: 1 })).toEqual(sent);
});

test("values of the configuration map survive the wire", () => {
  fc.assert(
    fc.property(value, (item) => {
      expect(decodeCmapValue(cmapTypeCode(item.type), encodeCmapValue(item))).toEqual(item);
    }),
  );
});

test("values whose length is not their type's are refused", () => {
  expect(decodeCmapValue(cmapTypeCode("u32"), new Uint8Array(3))).toBeUndefined();
  expect(decodeCmapValue(0, new Uint8Array(3))).toBeUndefined();
  expect(decodeCmapValue(13, new Uint8Array(3))).toBeUndefined();
});

test("no bytes at all make a decoder throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(6), fc.nat(8), (noise, service, fn) => {
      const bytes = noise.slice();
      if (bytes.length >= 16) {
        const view = new DataView(bytes.buffer);
        view.setUint32(0, (service << 16) | fn, true);
        view.setInt32(8, bytes.length, true);
      }
      for (const decode of [decodeCpg, decodeVotequorum, decodeCfg, decodeCmapSync]) {
        expect(() => decode(bytes)).not.toThrow();
      }
    }),
    { numRuns: 2000 },
  );
});
