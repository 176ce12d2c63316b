/** Captured knet packets, clear and sealed, decode and re-encode byte for byte (spec/totem captures). */
import { describe, expect, test } from "bun:test";
import { createDecipheriv } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makeSeal } from "../../../lib/runtime/seal.ts";
import { decodeKnet, encodeKnet, type KnetPacket } from "../../../lib/wire/knet.ts";

const captures = join(import.meta.dir, "../../../../shared/spec/totem/captures");
const there = existsSync(join(captures, "hex"));
const names = there ? readdirSync(join(captures, "hex")).filter((n) => n.startsWith("knet")) : [];
if (!there) console.log("skip: ../shared has no captures of knet packets");

const hex = (data: Uint8Array): string => Buffer.from(data).toString("hex");

function bytesOf(name: string): Uint8Array {
  return Buffer.from(readFileSync(join(captures, "hex", name), "utf8").replace(/\s/g, ""), "hex");
}

describe("captured packets", () => {
  for (const name of names.filter((file) => !file.includes("aes"))) {
    test(name, () => {
      const packet = decodeKnet(bytesOf(name));
      expect(packet && hex(encodeKnet(packet))).toBe(hex(bytesOf(name)));
    });
  }

  for (const name of names.filter((file) => file.includes("aes"))) {
    test(name, () => {
      const key = readFileSync(join(captures, "knet-authkey.bin"));
      const seal = makeSeal("aes256", "sha256", key);
      const data = bytesOf(name);
      const clear = seal.open(data);
      expect(clear).toBeDefined();
      if (clear === undefined) return;
      const packet = decodeKnet(clear);
      expect(packet && hex(encodeKnet(packet))).toBe(hex(clear));
      expect(seal.seal(clear)).toHaveLength(data.length);
      expect(seal.open(seal.seal(clear))).toEqual(clear);
      const altered = new Uint8Array(data);
      altered[20] = (altered[20] ?? 0) ^ 1;
      expect(seal.open(altered)).toBeUndefined();
    });
  }
});

describe("our packets", () => {
  const samples: readonly KnetPacket[] = [
    {
      kind: "data",
      nodeId: 7,
      seq: 65535,
      compress: 0,
      broadcast: true,
      fragments: 2,
      fragment: 2,
      channel: 0,
      payload: new Uint8Array([1, 2, 3]),
    },
    { kind: "ping", nodeId: 7, link: 1, stamp: new Uint8Array(16).fill(9), seq: 4, timed: 1 },
    { kind: "pmtud-reply", nodeId: 7, link: 0, size: 1500, padding: new Uint8Array(0) },
  ];
  for (const sample of samples) {
    test(`${sample.kind} comes back as it was, and cut it does not`, () => {
      const data = encodeKnet(sample);
      expect(decodeKnet(data)).toEqual(sample);
      const shortest = sample.kind === "data" ? 14 : data.length;
      for (let length = 0; length < shortest; length++) {
        expect(decodeKnet(data.subarray(0, length))).toBeUndefined();
      }
    });
  }
});

describe("seals", () => {
  const key = new Uint8Array(256).map((_, index) => index);
  for (const cipher of ["none", "aes128", "aes192", "aes256"] as const) {
    for (const hash of ["md5", "sha1", "sha256", "sha384", "sha512"] as const) {
      test(`${cipher} with ${hash}: the room is what fits`, () => {
        const seal = makeSeal(cipher, hash, key);
        const packet = new Uint8Array(seal.room(496));
        expect(seal.seal(packet).length).toBeLessThanOrEqual(496);
        expect(seal.seal(new Uint8Array(packet.length + 1)).length).toBeGreaterThan(496);
        expect(seal.open(seal.seal(packet))).toHaveLength(packet.length);
        const other = makeSeal(cipher, hash, key.toReversed());
        expect(other.open(seal.seal(packet))).toBeUndefined();
        expect(seal.open(new Uint8Array(3))).toBeUndefined();
      });
    }
  }

  test("one seal codes packets of every length, in any order, and altered ones do not disturb it", () => {
    const [one, two] = [makeSeal("aes256", "sha256", key), makeSeal("aes256", "sha256", key)];
    const packets = Array.from({ length: 70 }, (_, length) => new Uint8Array(length).fill(length));
    const sealed = packets.map((packet) => one.seal(packet));
    expect(new Set(sealed.map((data) => hex(data.subarray(0, 16)))).size).toBe(packets.length);
    for (const [index, data] of [...sealed.entries()].reverse()) {
      expect(two.open(data.subarray(1))).toBeUndefined();
      expect(two.open(data)).toEqual(Buffer.from(packets[index]!));
    }
  });

  test("what it seals is AES-CBC with the IV in front, whoever opens it", () => {
    const packet = new Uint8Array(100).map((_, index) => index);
    const seal = makeSeal("aes128", "sha1", key);
    for (const data of [seal.seal(packet.slice()), seal.seal(packet.slice())]) {
      const iv = data.subarray(0, 16);
      const decoding = createDecipheriv("aes-128-cbc", key.subarray(0, 16), iv);
      const body = data.subarray(16, data.length - 20);
      expect(Buffer.concat([decoding.update(body), decoding.final()])).toEqual(Buffer.from(packet));
    }
  });

  test("a cipher without a hash, or with a short key, is refused", () => {
    expect(() => makeSeal("aes256", "none", key)).toThrow();
    expect(() => makeSeal("aes256", "sha1", key.subarray(0, 8))).toThrow();
  });
});
