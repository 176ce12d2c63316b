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
  private readonly view: DataView;
  private readonly little: boolean;
  private failed = false;

  /** @param byteOrder order of all multi-byte fields, e.g. "big" for knet's or a byte-swapped peer. */
  constructor(data: Uint8Array, byteOrder: "little" | "big" = "little") {
    this.data = data;
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
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
    return at < 0 ? 0 : this.view.getUint8(at);
  }

  i8(): number {
    const at = this.take(1);
    return at < 0 ? 0 : this.view.getInt8(at);
  }

  u16(): number {
    const at = this.take(2);
    return at < 0 ? 0 : this.view.getUint16(at, this.little);
  }

  i16(): number {
    const at = this.take(2);
    return at < 0 ? 0 : this.view.getInt16(at, this.little);
  }

  u32(): number {
    const at = this.take(4);
    return at < 0 ? 0 : this.view.getUint32(at, this.little);
  }

  i32(): number {
    const at = this.take(4);
    return at < 0 ? 0 : this.view.getInt32(at, this.little);
  }

  /** A 64-bit count as a number; a value above 2^53 - 1 fails the message (no honest counter gets there). */
  u64(): number {
    const value = this.u64big();
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
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
