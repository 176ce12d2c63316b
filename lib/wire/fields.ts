/**
 * Messages of fixed layout: every field has its offset (spec/ipc sections 1.3 and 2, spec/totem sections 6 to 8).
 * Numbers are in the sender's byte order, which is little endian on every machine we run on. Reading past the end
 * gives zero, so decoders check the size first and stay free of exceptions.
 */

const latin1 = new TextDecoder("latin1");
const utf8 = new TextEncoder();

/** A message being built: a zeroed buffer and setters by offset. */
export class FieldWriter {
  readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.view = new DataView(this.bytes.buffer);
  }

  u8(offset: number, value: number): this {
    this.view.setUint8(offset, value);
    return this;
  }

  u16(offset: number, value: number): this {
    this.view.setUint16(offset, value, true);
    return this;
  }

  u32(offset: number, value: number): this {
    this.view.setUint32(offset, value >>> 0, true);
    return this;
  }

  i32(offset: number, value: number): this {
    this.view.setInt32(offset, value, true);
    return this;
  }

  u64(offset: number, value: number | bigint): this {
    this.view.setBigUint64(offset, BigInt.asUintN(64, BigInt(value)), true);
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
  private readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get size(): number {
    return this.bytes.byteLength;
  }

  private has(offset: number, length: number): boolean {
    return offset >= 0 && length >= 0 && offset + length <= this.bytes.byteLength;
  }

  u8(offset: number): number {
    return this.has(offset, 1) ? this.view.getUint8(offset) : 0;
  }

  u16(offset: number): number {
    return this.has(offset, 2) ? this.view.getUint16(offset, true) : 0;
  }

  u32(offset: number): number {
    return this.has(offset, 4) ? this.view.getUint32(offset, true) : 0;
  }

  i32(offset: number): number {
    return this.has(offset, 4) ? this.view.getInt32(offset, true) : 0;
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

  /** Text of `length` bytes, NULs included. */
  text(offset: number, length: number): string {
    return latin1.decode(this.bytes.subarray(offset, offset + length));
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
  return r.text(offset + 8, length);
}

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
