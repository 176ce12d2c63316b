import { describe, expect, test } from "bun:test";
import { Seals, type Secret } from "../../../lib/runtime/seals.ts";

const secret = (fill: number, cipher: Secret["cipher"] = "aes256"): Secret => ({
  cipher,
  hash: "sha256",
  key: new Uint8Array(128).fill(fill),
});
const clear: Secret = { cipher: "none", hash: "none", key: new Uint8Array() };
const packet = new TextEncoder().encode("a packet of the ring");

/** Three steps of two nodes that change from one secret to another, and what each can open of the other's. */
function change(from: Secret, to: Secret): void {
  const ahead = new Seals(from);
  const behind = new Seals(from);
  const bothUnderstand = () => {
    expect(behind.open(ahead.seal(packet.slice()))).toEqual(packet);
    expect(ahead.open(behind.seal(packet.slice()))).toEqual(packet);
  };
  for (const node of [ahead, behind]) expect(node.prepare(to)).toBe(true);
  bothUnderstand();
  ahead.usePrepared();
  bothUnderstand();
  behind.usePrepared();
  ahead.forgetPrevious();
  bothUnderstand();
  expect(new Seals(to).open(behind.seal(packet.slice()))).toEqual(packet);
}

describe("a ring's encryption changes while it runs", () => {
  test("to another key, cipher or hash: no datagram is lost on the way", () => {
    change(secret(1), secret(2));
    change(secret(1), secret(1, "aes128"));
    change(secret(1), { ...secret(1), hash: "sha512" });
  });

  test("to none, and back to some", () => {
    change(secret(1), clear);
    change(clear, secret(1));
  });

  test("the old key opens nothing when it is over", () => {
    const old = new Seals(secret(1));
    const node = new Seals(secret(1));
    node.prepare(secret(2));
    node.usePrepared();
    node.forgetPrevious();
    expect(node.open(old.seal(packet))).toBeUndefined();
    expect(node.open(packet)).toBeUndefined();
  });

  test("what is in use already is no change, and takes back what was prepared", () => {
    const node = new Seals(secret(1));
    expect(node.prepare(secret(2))).toBe(true);
    expect(node.prepare(secret(1))).toBe(false);
    node.usePrepared();
    expect(new Seals(secret(1)).open(node.seal(packet))).toEqual(packet);
    expect(node.isEncrypted).toBe(true);
    expect(() => node.prepare({ ...secret(3), hash: "none" })).toThrow("needs a hash");
  });
});
