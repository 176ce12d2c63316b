/** Texts put together as bytes. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { ByteText, bytesOf, textOf } from "../../../lib/render/byte-text.ts";

const part = fc.oneof(fc.string({ unit: "binary", maxLength: 20 }), fc.nat());

test("texts, bytes and numbers stand in the order they were put", () => {
  fc.assert(
    fc.property(fc.array(part), fc.boolean(), (parts, encoded) => {
      const out = new ByteText();
      for (const each of parts) {
        if (typeof each === "number") out.number(each);
        else if (encoded) out.put(bytesOf(each));
        else out.text(each);
      }
      const whole = new TextDecoder().decode(new TextEncoder().encode(parts.join("")));
      expect(out.length).toBe(new TextEncoder().encode(whole).length);
      expect(textOf([out.take()])).toBe(whole);
      expect(out.length).toBe(0);
    }),
  );
});

test("it grows with what is put, and characters cut between pieces are whole again", () => {
  const out = new ByteText();
  const long = "€".repeat(700_000);
  out.text(long);
  out.put(bytesOf(long));
  const bytes = out.take();
  expect(textOf([bytes.subarray(0, 1_000_001), bytes.subarray(1_000_001)])).toBe(long + long);
});
