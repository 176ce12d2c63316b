/**
 * Values of the configuration map and cmap's sync message (spec/totem section 6, spec/ipc section 2.1).
 */
import { FieldReader, FieldWriter } from "./fields.ts";

export type CmapValue =
  | {
      readonly type: "i8" | "u8" | "i16" | "u16" | "i32" | "u32" | "float" | "double";
      readonly value: number;
    }
  | { readonly type: "i64" | "u64"; readonly value: bigint }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "binary"; readonly value: Uint8Array };

export type CmapType = CmapValue["type"];

const CODES: readonly CmapType[] = [
  "i8",
  "u8",
  "i16",
  "u16",
  "i32",
  "u32",
  "i64",
  "u64",
  "float",
  "double",
  "string",
  "binary",
];

const SIZES: Readonly<Partial<Record<CmapType, number>>> = {
  i8: 1,
  u8: 1,
  i16: 2,
  u16: 2,
  i32: 4,
  u32: 4,
  i64: 8,
  u64: 8,
  float: 4,
  double: 8,
};

/** Number on the wire: 1 i8 … 12 binary. */
export function cmapTypeCode(type: CmapType): number {
  return CODES.indexOf(type) + 1;
}

export function cmapTypeOf(code: number): CmapType | undefined {
  return CODES[code - 1];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Bytes of a value; a string carries its NUL. */
export function encodeCmapValue(item: CmapValue): Uint8Array {
  if (item.type === "binary") return item.value;
  if (item.type === "string") {
    const text = encoder.encode(item.value);
    const bytes = new Uint8Array(text.length + 1);
    bytes.set(text);
    return bytes;
  }
  const bytes = new Uint8Array(SIZES[item.type] ?? 0);
  const view = new DataView(bytes.buffer);
  switch (item.type) {
    case "i8":
      view.setInt8(0, item.value);
      break;
    case "u8":
      view.setUint8(0, item.value);
      break;
    case "i16":
      view.setInt16(0, item.value, true);
      break;
    case "u16":
      view.setUint16(0, item.value, true);
      break;
    case "i32":
      view.setInt32(0, item.value, true);
      break;
    case "u32":
      view.setUint32(0, item.value, true);
      break;
    case "i64":
      view.setBigInt64(0, item.value, true);
      break;
    case "u64":
      view.setBigUint64(0, item.value, true);
      break;
    case "float":
      view.setFloat32(0, item.value, true);
      break;
    case "double":
      view.setFloat64(0, item.value, true);
      break;
  }
  return bytes;
}

/** undefined when the type is unknown or the length is not the type's. */
export function decodeCmapValue(code: number, bytes: Uint8Array): CmapValue | undefined {
  const type = cmapTypeOf(code);
  if (type === undefined) return undefined;
  const wanted = SIZES[type];
  if (wanted !== undefined && bytes.length !== wanted) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (type) {
    case "i8":
      return { type, value: view.getInt8(0) };
    case "u8":
      return { type, value: view.getUint8(0) };
    case "i16":
      return { type, value: view.getInt16(0, true) };
    case "u16":
      return { type, value: view.getUint16(0, true) };
    case "i32":
      return { type, value: view.getInt32(0, true) };
    case "u32":
      return { type, value: view.getUint32(0, true) };
    case "i64":
      return { type, value: view.getBigInt64(0, true) };
    case "u64":
      return { type, value: view.getBigUint64(0, true) };
    case "float":
      return { type, value: view.getFloat32(0, true) };
    case "double":
      return { type, value: view.getFloat64(0, true) };
    case "string": {
      const end = bytes.indexOf(0);
      return { type, value: decoder.decode(end < 0 ? bytes : bytes.subarray(0, end)) };
    }
    case "binary":
      return { type, value: bytes.slice() };
  }
}

/** Two values of the same type and content. */
export function sameCmapValue(a: CmapValue, b: CmapValue): boolean {
  if (a.type !== b.type) return false;
  const x = encodeCmapValue(a);
  const y = encodeCmapValue(b);
  return x.length === y.length && x.every((byte, i) => byte === y[i]);
}

/** cmap's message on the ring: the version of the configuration, at sync (reason 0) or when it changes (1). */
export interface CmapSyncMessage {
  readonly reason: number;
  /** totem.config_version, undefined when the configuration has none. */
  readonly configVersion: bigint | undefined;
}

const KEY = "totem.config_version";
const ITEM_OFFSET = 48;
const ITEM_HEADER = 280;

/** The whole service message, request header included; service 0, function 0. */
export function encodeCmapSync(message: CmapSyncMessage): Uint8Array {
  const size = ITEM_OFFSET + ITEM_HEADER + (message.configVersion === undefined ? 0 : 8);
  const w = new FieldWriter(size).i32(0, 0).i32(8, size).u8(16, message.reason).u8(24, 1);
  w.u16(ITEM_OFFSET, KEY.length).text(ITEM_OFFSET + 8, KEY, 256);
  if (message.configVersion !== undefined) {
    w.u8(ITEM_OFFSET + 264, cmapTypeCode("u64"))
      .u64(ITEM_OFFSET + 272, 8)
      .u64(ITEM_OFFSET + ITEM_HEADER, message.configVersion);
  }
  return w.bytes;
}

/** undefined when the message is no whole list of items. */
export function decodeCmapSync(message: Uint8Array): CmapSyncMessage | undefined {
  const r = new FieldReader(message);
  if (r.size < ITEM_OFFSET) return undefined;
  let offset = ITEM_OFFSET;
  let configVersion: bigint | undefined;
  for (let left = r.u8(24); left > 0; left--) {
    if (offset + ITEM_HEADER > r.size) return undefined;
    const length = r.count(offset + 272);
    if (offset + ITEM_HEADER + length > r.size) return undefined;
    const name = r.text(offset + 8, Math.min(r.u16(offset), 256));
    const value = decodeCmapValue(r.u8(offset + 264), r.raw(offset + ITEM_HEADER, length));
    if (name === KEY && value?.type === "u64") configVersion = value.value;
    offset += ITEM_HEADER + Math.ceil(length / 8) * 8;
  }
  return { reason: r.u8(16), configVersion };
}
