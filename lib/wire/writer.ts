/**
 * Builds a message for the wire field by field; the twin of reader.ts, little endian by default.
 * The buffer grows by doubling up to a limit; going over it is a programmer's error (callers check sizes first).
 */
import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";

const utf8 = new TextEncoder();

export class Writer {
  /** Bytes written so far. */
  length = 0;
  private data: Uint8Array;
  /** Made for the rare types only: a view costs more than a short message's fields. */
  private lazyView: DataView | undefined;
  private readonly little: boolean;

  /** @param expectedBytes first size of the buffer; the exact size, if known, avoids copying. */
  constructor(expectedBytes = 256, byteOrder: "little" | "big" = "little") {
    this.data = new Uint8Array(Math.max(16, expectedBytes));
    this.little = byteOrder === "little";
  }

  u8(value: number): this {
    const at = this.room(1);
    this.data[at] = value;
    return this;
  }

  i8(value: number): this {
    return this.u8(value);
  }

  u16(value: number): this {
    const at = this.room(2);
    const { data, little } = this;
    data[little ? at : at + 1] = value;
    data[little ? at + 1 : at] = value >>> 8;
    return this;
  }

  i16(value: number): this {
    return this.u16(value);
  }

  /** Also takes negative numbers (as their two's complement). */
  u32(value: number): this {
    this.word(this.room(4), value);
    return this;
  }

  i32(value: number): this {
    return this.u32(value);
  }

  u64(value: number | bigint): this {
    if (typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER) {
      const low = value % 2 ** 32;
      const high = Math.floor(value / 2 ** 32);
      return this.little ? this.u32(low).u32(high) : this.u32(high).u32(low);
    }
    const at = this.room(8);
    this.view.setBigUint64(at, BigInt(value), this.little);
    return this;
  }

  i64(value: number | bigint): this {
    const at = this.room(8);
    this.view.setBigInt64(at, BigInt(value), this.little);
    return this;
  }

  f32(value: number): this {
    const at = this.room(4);
    this.view.setFloat32(at, value, this.little);
    return this;
  }

  f64(value: number): this {
    const at = this.room(8);
    this.view.setFloat64(at, value, this.little);
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.room(value.length);
    this.data.set(value, at);
    return this;
  }

  /** `count` zero bytes: padding and reserved fields. */
  zeros(count: number): this {
    this.room(count);
    return this;
  }

  /** Zero bytes up to the next multiple of `unit`, counted from offset `from` of this message. */
  align(unit: number, from = 0): this {
    return this.zeros((unit - ((this.length - from) % unit)) % unit);
  }

  /** UTF-8 text in a fixed field of `length` bytes, padded with NULs; cut so that one NUL always remains. */
  text(value: string, length: number): this {
    const encoded = utf8.encode(value);
    const used = Math.min(encoded.length, Math.max(0, length - 1));
    return this.bytes(encoded.subarray(0, used)).zeros(length - used);
  }

  /** Puts a 32-bit value over one written earlier, e.g. a size known only at the end. */
  patchU32(at: number, value: number): this {
    assert(at >= 0 && at + 4 <= this.length, "patchU32 outside of the message");
    this.word(at, value);
    return this;
  }

  /** The message, as a view on the writer's buffer: do not write on afterwards. */
  finish(): Uint8Array {
    return this.data.subarray(0, this.length);
  }

  private word(at: number, value: number): void {
    const { data } = this;
    if (this.little) {
      data[at] = value;
      data[at + 1] = value >>> 8;
      data[at + 2] = value >>> 16;
      data[at + 3] = value >>> 24;
    } else {
      data[at] = value >>> 24;
      data[at + 1] = value >>> 16;
      data[at + 2] = value >>> 8;
      data[at + 3] = value;
    }
  }

  private get view(): DataView {
    this.lazyView ??= new DataView(this.data.buffer);
    return this.lazyView;
  }

  /** Offset of `count` new zero bytes. May replace `data` and `view`: call it before using them. */
  private room(count: number): number {
    const at = this.length;
    const end = at + count;
    if (end > this.data.length) this.grow(end);
    this.length = end;
    return at;
  }

  private grow(needed: number): void {
    assert(needed <= limits.ipcMessageBytes, `message of ${needed} bytes is too large`);
    const larger = new Uint8Array(Math.max(needed, this.data.length * 2));
    larger.set(this.data);
    this.data = larger;
    this.lazyView = undefined;
  }
}
