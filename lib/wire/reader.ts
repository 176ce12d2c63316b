/**
 * Reads numbers, bytes and texts out of a message that somebody else made; every wire file decodes with it.
 * It never throws: reading past the end gives zeros and marks the reader as failed, so a decoder reads all fields and
 * asks `ok` once at the end. Byte order: the sender's (spec/totem/totem-wire.md, introduction); little endian by default.
 */

const utf8 = new TextDecoder("utf-8", { fatal: false });

export class Reader {
  readonly data: Uint8Array;
  /** Next byte to read, counted from the start of `data`. */
  offset = 0;
  private readonly little: boolean;
  private failed = false;
  /** Made for the rare types only: a view costs more than a short message's fields. */
  private lazyView: DataView | undefined;

  /** @param byteOrder order of all multi-byte fields, e.g. "big" for knet's or a byte-swapped peer. */
  constructor(data: Uint8Array, byteOrder: "little" | "big" = "little") {
    this.data = data;
    this.little = byteOrder === "little";
  }

  /** True while nothing was read past the end and nobody called `fail`. */
  get ok(): boolean {
    return !this.failed;
  }

  /** Bytes left. */
  get remaining(): number {
    return this.data.length - this.offset;
  }

  /** Marks the message as bad; `ok` stays false from here on. */
  fail(): void {
    this.failed = true;
  }

  u8(): number {
    const at = this.take(1);
    return at < 0 ? 0 : this.byte(at);
  }

  i8(): number {
    const at = this.take(1);
    return at < 0 ? 0 : (this.byte(at) << 24) >> 24;
  }

  u16(): number {
    const at = this.take(2);
    if (at < 0) return 0;
    return this.little
      ? this.byte(at) | (this.byte(at + 1) << 8)
      : (this.byte(at) << 8) | this.byte(at + 1);
  }

  i16(): number {
    return (this.u16() << 16) >> 16;
  }

  u32(): number {
    return this.i32() >>> 0;
  }

  i32(): number {
    const at = this.take(4);
    return at < 0 ? 0 : this.word(at);
  }

  /** A 64-bit count as a number; a value above 2^53 - 1 fails the message (no honest counter gets there). */
  u64(): number {
    const first = this.u32();
    const second = this.u32();
    const value = this.little ? second * 2 ** 32 + first : first * 2 ** 32 + second;
    if (value <= Number.MAX_SAFE_INTEGER) return value;
    this.failed = true;
    return 0;
  }

  u64big(): bigint {
    const at = this.take(8);
    return at < 0 ? 0n : this.view.getBigUint64(at, this.little);
  }

  i64big(): bigint {
    const at = this.take(8);
    return at < 0 ? 0n : this.view.getBigInt64(at, this.little);
  }

  f32(): number {
    const at = this.take(4);
    return at < 0 ? 0 : this.view.getFloat32(at, this.little);
  }

  f64(): number {
    const at = this.take(8);
    return at < 0 ? 0 : this.view.getFloat64(at, this.little);
  }

  /** The next `length` bytes as a view on the message (copy it to keep it); empty when there are fewer. */
  bytes(length: number): Uint8Array {
    const at = this.take(length);
    return at < 0 ? this.data.subarray(0, 0) : this.data.subarray(at, at + length);
  }

  /** Everything that is left, as a view. */
  rest(): Uint8Array {
    return this.bytes(this.remaining);
  }

  /** A fixed field of `length` bytes holding UTF-8 text up to its first NUL. */
  text(length: number): string {
    const field = this.bytes(length);
    const end = field.indexOf(0);
    return utf8.decode(end < 0 ? field : field.subarray(0, end));
  }

  skip(length: number): void {
    this.take(length);
  }

  /** Moves to an absolute offset; beyond the end fails. */
  seek(offset: number): void {
    if (Number.isInteger(offset) && offset >= 0 && offset <= this.data.length) this.offset = offset;
    else this.failed = true;
  }

  private get view(): DataView {
    const { data } = this;
    this.lazyView ??= new DataView(data.buffer, data.byteOffset, data.byteLength);
    return this.lazyView;
  }

  private byte(at: number): number {
    return this.data[at] ?? 0;
  }

  private word(at: number): number {
    const low = this.byte(at) | (this.byte(at + 1) << 8);
    const high = this.byte(at + 2) | (this.byte(at + 3) << 8);
    if (this.little) return low | (high << 16);
    const swapped = ((low & 0xff) << 8) | (low >> 8);
    return (swapped << 16) | ((high & 0xff) << 8) | (high >> 8);
  }

  /** Offset of the next `length` bytes, or -1 (and failed) when they are not there. */
  private take(length: number): number {
    const at = this.offset;
    if (this.failed || !Number.isInteger(length) || length < 0 || length > this.data.length - at) {
      this.failed = true;
      return -1;
    }
    this.offset = at + length;
    return at;
  }
}
