/**
 * Messages of fixed layout: every field has its offset (spec/ipc sections 1.3 and 2, spec/totem sections 6 to 8).
 * Numbers are in the sender's byte order, which is little endian on every machine we run on. Reading past the end
 * gives zero, so decoders check the size first and stay free of exceptions.
 */
import { assert } from "../base/assert.ts";

const latin1 = new TextDecoder("latin1");
const utf8 = new TextEncoder();

/** A message being built: a zeroed buffer and setters by offset. */
export class FieldWriter {
  readonly bytes: Uint8Array;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
  }

  u8(offset: number, value: number): this {
    this.check(offset, 1).bytes[offset] = value;
    return this;
  }

  u16(offset: number, value: number): this {
    const { bytes } = this.check(offset, 2);
    bytes[offset] = value;
    bytes[offset + 1] = value >>> 8;
    return this;
  }

  u32(offset: number, value: number): this {
    const { bytes } = this.check(offset, 4);
    bytes[offset] = value;
    bytes[offset + 1] = value >>> 8;
    bytes[offset + 2] = value >>> 16;
    bytes[offset + 3] = value >>> 24;
    return this;
  }

  i32(offset: number, value: number): this {
    return this.u32(offset, value);
  }

  u64(offset: number, value: number | bigint): this {
    const word = BigInt.asUintN(64, BigInt(value));
    return this.u32(offset, Number(word & 0xffff_ffffn)).u32(offset + 4, Number(word >> 32n));
  }

  /** A field outside of the message is a programmer's error. */
  private check(offset: number, length: number): this {
    assert(offset >= 0 && offset + length <= this.bytes.length, "field outside of the message");
    return this;
  }

  raw(offset: number, value: Uint8Array): this {
    this.bytes.set(value, offset);
    return this;
  }

  /** Text of one byte per character, cut at `room`; the rest stays NUL. */
  text(offset: number, value: string, room: number): this {
    const n = Math.min(value.length, room);
    for (let i = 0; i < n; i++) this.bytes[offset + i] = value.charCodeAt(i) & 0xff;
    return this;
  }
}

/** Looks at a message by offset; `size` is what is really there. */
export class FieldReader {
  readonly bytes: Uint8Array;
  /** Made for the rare types only: a view costs more than a short message's fields. */
  private lazyView: DataView | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  private get view(): DataView {
    const { bytes } = this;
    this.lazyView ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return this.lazyView;
  }

  get size(): number {
    return this.bytes.byteLength;
  }

  private has(offset: number, length: number): boolean {
    return offset >= 0 && length >= 0 && offset + length <= this.bytes.byteLength;
  }

  u8(offset: number): number {
    return this.has(offset, 1) ? (this.bytes[offset] ?? 0) : 0;
  }

  u16(offset: number): number {
    return this.has(offset, 2) ? this.view.getUint16(offset, true) : 0;
  }

  u32(offset: number): number {
    return this.i32(offset) >>> 0;
  }

  i32(offset: number): number {
    if (!this.has(offset, 4)) return 0;
    const { bytes } = this;
    const low = (bytes[offset] ?? 0) | ((bytes[offset + 1] ?? 0) << 8);
    return low | ((bytes[offset + 2] ?? 0) << 16) | ((bytes[offset + 3] ?? 0) << 24);
  }

  u64(offset: number): bigint {
    return this.has(offset, 8) ? this.view.getBigUint64(offset, true) : 0n;
  }

  /** A 64-bit count that must be exact as a number; larger ones saturate, so that limits refuse them. */
  count(offset: number): number {
    const value = this.u64(offset);
    return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
  }

  /** A copy of the bytes, cut at the end of the message. */
  raw(offset: number, length: number): Uint8Array {
    return this.bytes.slice(offset, offset + length);
  }

  /** The bytes as a view on the message, cut at its end. */
  part(offset: number, length: number): Uint8Array {
    return this.bytes.subarray(offset, offset + length);
  }

  /** Text of `length` bytes, NULs included. */
  text(offset: number, length: number): string {
    return latin1.decode(this.bytes.subarray(offset, offset + length));
  }

  /** True when the bytes at `offset` are those of `text`, one byte a character. */
  holds(offset: number, text: string): boolean {
    if (!this.has(offset, text.length)) return false;
    for (let index = 0; index < text.length; index++) {
      if (this.bytes[offset + index] !== text.charCodeAt(index)) return false;
    }
    return true;
  }

  /** Text up to the first NUL within `room` bytes. */
  cstring(offset: number, room: number): string {
    const text = this.text(offset, room);
    const end = text.indexOf("\0");
    return end < 0 ? text : text.slice(0, end);
  }
}

/** UTF-8 bytes seen as one character each: how names travel through FieldWriter.text unchanged. */
export function bytesAsText(text: string): string {
  return latin1.decode(utf8.encode(text));
}

/** cpg name: u32 length at +0, 128 bytes at +8; 136 in all (spec/ipc section 2). Keeps NULs that belong to the name. */
export const CPG_NAME_BYTES = 136;
export const CPG_NAME_MAX = 128;

export function writeCpgName(w: FieldWriter, offset: number, name: string): void {
  w.u32(offset, Math.min(name.length, CPG_NAME_MAX)).text(offset + 8, name, CPG_NAME_MAX);
}

/** undefined when the length says more than there is room for, or nothing. */
export function readCpgName(r: FieldReader, offset: number): string | undefined {
  const length = r.u32(offset);
  if (length === 0 || length > CPG_NAME_MAX || r.size < offset + CPG_NAME_BYTES) return undefined;
  if (length !== lastName.length || !r.holds(offset + 8, lastName)) {
    lastName = r.text(offset + 8, length);
  }
  return lastName;
}

/** Most messages in a row name the same group; comparing is cheaper than decoding. */
let lastName = "";

/** Request header of libqb: id, size in 8-byte slots; 16 bytes. */
export function request(id: number, size: number): FieldWriter {
  return new FieldWriter(size).i32(0, id).i32(8, size);
}

/** Response or event header: id, size, error; 24 bytes. */
export function response(id: number, size: number, error: number): FieldWriter {
  return new FieldWriter(size).i32(0, id).i32(8, size).i32(16, error);
}

/** The plain answer: header and error only. */
export function statusResponse(id: number, error: number): Uint8Array {
  return response(id, 24, error).bytes;
}

/** Header of any libqb message. `error` is meaningful in responses and events only. */
export interface MessageHeader {
  readonly id: number;
  readonly size: number;
  readonly error: number;
}

export function readHeader(message: Uint8Array): MessageHeader {
  const r = new FieldReader(message);
  return { id: r.i32(0), size: r.i32(8), error: r.i32(16) };
}
