/** Reader and Writer: what goes in comes out, and nothing past the end is read. */
import { describe, expect, test } from "bun:test";
import { Reader } from "../../../lib/wire/reader.ts";
import { Writer } from "../../../lib/wire/writer.ts";

describe("Writer and Reader", () => {
  for (const order of ["little", "big"] as const) {
    test(`every type comes back, ${order} endian`, () => {
      const data = new Writer(1, order)
        .u8(200)
        .i8(-3)
        .u16(65535)
        .i16(-2)
        .u32(0xfffffffe)
        .i32(-5)
        .u64(2 ** 53 - 1)
        .u64(2n ** 64n - 1n)
        .i64(-9n)
        .f32(0.5)
        .f64(Math.PI)
        .text("näme", 8)
        .align(16)
        .bytes(new Uint8Array([1, 2]))
        .finish();
      const reader = new Reader(data, order);
      expect([reader.u8(), reader.i8(), reader.u16(), reader.i16()]).toEqual([200, -3, 65535, -2]);
      expect([reader.u32(), reader.i32(), reader.u64()]).toEqual([0xfffffffe, -5, 2 ** 53 - 1]);
      expect([reader.u64big(), reader.i64big()]).toEqual([2n ** 64n - 1n, -9n]);
      expect([reader.f32(), reader.f64(), reader.text(8)]).toEqual([0.5, Math.PI, "näme"]);
      reader.skip((16 - (reader.offset % 16)) % 16);
      expect([...reader.rest()]).toEqual([1, 2]);
      expect(reader.ok).toBe(true);
    });
  }

  test("reading past the end gives zeros and is remembered", () => {
    const reader = new Reader(new Uint8Array([1, 2, 3]));
    expect(reader.u32()).toBe(0);
    expect(reader.ok).toBe(false);
    expect(reader.u8()).toBe(0);
  });

  test("lengths that are negative or no whole numbers fail", () => {
    for (const length of [-1, 0.5, Number.NaN, 4]) {
      const reader = new Reader(new Uint8Array(3));
      expect(reader.bytes(length).length).toBe(0);
      expect(reader.ok).toBe(false);
    }
  });

  test("a 64-bit count that is no exact number fails", () => {
    const reader = new Reader(new Writer(8).u64(2n ** 53n).finish());
    expect(reader.u64()).toBe(0);
    expect(reader.ok).toBe(false);
  });

  test("text is cut so that a NUL remains, and ends at its first NUL", () => {
    const data = new Writer(4).text("abcdef", 4).finish();
    expect([...data]).toEqual([97, 98, 99, 0]);
    expect(new Reader(data).text(4)).toBe("abc");
  });

  test("patchU32 writes over what was written, and nowhere else", () => {
    const writer = new Writer(8).u32(0).u32(7);
    expect([...writer.patchU32(0, 0x01020304).finish()]).toEqual([4, 3, 2, 1, 7, 0, 0, 0]);
    expect(() => writer.patchU32(6, 1)).toThrow();
  });
});
