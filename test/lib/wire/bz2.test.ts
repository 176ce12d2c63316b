import { expect, test } from "bun:test";
import fc from "fast-check";
import { unpackBz2 } from "../../../lib/wire/bz2.ts";

/** Packed by bzip2 1.0: 200 lines of XML at level 4, runs at level 1, nothing at all at level 9. */
const XML =
  "QlpoNDFBWSZTWfTwZhcABaVZgAAQUAL/5zYnU0BAAl2FwCBjAAAAADUjTI/9VUAAABD9VSQ/eqfqqgAGgAUqlR6m/T" +
  "1VGfqSBkzSen5EXYRdAi8+eHGff8ePlvr585xmZmZmaMQFxUCwZAyBYKgXGIDMwANEADMxAXFQLBkDIFgqBcYgMzAA" +
  "0QAP0kpJTrJKSU6SSlJSOwi2Iv3vbe973vfXWta1rWuUzhmZmZ33ZJJJJ2zcN3Ddw3cN3Ddw3cN3Ddw3cvVW222WSS" +
  "SdwAAC9W9W22yWSSTvgAAF6tvi22ySySTv0AAAvVtvlbbJJZJO/MAAC9W23ztskksk78gAAL1bbb6WySSWTvwAABer" +
  "bbbyySSSzvoAADovi22285znOc5ygAAfPMzczfXMzczfXCLgRegi6iL4EXcRfoRe4i7CLuIu4i+BF0FI5EX0EX/EXI" +
  "i0Iu4i6CLBF4CL5F3JFOFCQ9PBmFw=";
const RUNS = "QlpoMTFBWSZTWZy7bEoAAANBAeAAPAAAgAAIIAAhtUZqfqhDAjLUvpCjRRejJz4u5IpwoSE5dtiU";
const EMPTY = "QlpoORdyRThQkAAAAAA=";

const packed = (text: string) => new Uint8Array(Buffer.from(text, "base64"));
const text = (bytes: unknown) => Buffer.from(bytes as Uint8Array).toString("latin1");

test("unpacks what bzip2 packed", () => {
  const lines = Array.from(
    { length: 200 },
    (_, i) => `<nvpair id="n-${i}" name="x" value="ab"/>\n`,
  );
  expect(text(unpackBz2(packed(XML), 1 << 20))).toBe(lines.join(""));
  const runs = `${"a".repeat(1000)}bbbbccccc${"d".repeat(260)}`;
  expect(text(unpackBz2(packed(RUNS), 1 << 20))).toBe(runs);
  expect(text(unpackBz2(packed(EMPTY), 1 << 20))).toBe("");
});

test("never gives more than the limit", () => {
  expect(unpackBz2(packed(RUNS), 1269)).toBeInstanceOf(Uint8Array);
  expect(unpackBz2(packed(RUNS), 1268)).toMatchObject({ code: "bz2" });
});

test("a changed stream is refused or says the same; a shortened one is refused", () => {
  const whole = packed(XML);
  const original = text(unpackBz2(whole, 1 << 20));
  fc.assert(
    fc.property(fc.nat(whole.length * 8 - 1), (bit) => {
      const changed = whole.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      const result = unpackBz2(changed, 1 << 20);
      // A few bits mean nothing: the block size, tables that no block uses, the filling of the last byte.
      if (result instanceof Uint8Array) expect(text(result)).toBe(original);
      else expect(result).toMatchObject({ code: "bz2" });
    }),
    { numRuns: 300 },
  );
  for (let length = 0; length < whole.length - 1; length += 7) {
    expect(unpackBz2(whole.subarray(0, length), 1 << 20)).toMatchObject({ code: "bz2" });
  }
});
