/**
 * cmap's IPC messages, both directions (spec/ipc section 2.1). The daemon decodes requests and encodes answers; the
 * client library does the opposite.
 */
import { limits } from "../../base/limits.ts";
import { type CmapValue, cmapTypeCode, decodeCmapValue, encodeCmapValue } from "../cmap.ts";
import {
  bytesAsText,
  FieldReader,
  type FieldWriter,
  request,
  response,
  statusResponse,
} from "../fields.ts";
import { CsError } from "./cs-error.ts";

export const CMAP_NAME_MAX = 255;
const NAME_ROOM = 256;

/** Bits of a track: what is watched; `prefix` watches all keys that begin with the name. */
export const CmapTrack = { delete: 1, modify: 2, add: 4, prefix: 8 } as const;

export type CmapRequest =
  | { readonly op: "set"; readonly key: string; readonly value: CmapValue }
  | { readonly op: "delete"; readonly key: string }
  /** bufferBytes 0 asks for length and type only. */
  | { readonly op: "get"; readonly key: string; readonly bufferBytes: number }
  | { readonly op: "adjust"; readonly key: string; readonly step: number }
  | { readonly op: "iterate"; readonly prefix: string }
  | { readonly op: "iterate-next"; readonly handle: bigint }
  | { readonly op: "iterate-end"; readonly handle: bigint }
  | {
      readonly op: "track";
      readonly key: string;
      readonly bits: number;
      readonly cookie: bigint;
    }
  | { readonly op: "untrack"; readonly handle: bigint }
  | { readonly op: "select-map"; readonly map: number };

const IDS: Readonly<Record<CmapRequest["op"], number>> = {
  set: 0,
  delete: 1,
  get: 2,
  adjust: 3,
  iterate: 4,
  "iterate-next": 5,
  "iterate-end": 6,
  track: 7,
  untrack: 8,
  "select-map": 9,
};

/** Id of the response to an operation; they are the request's, but for select-map. */
export function cmapResponseId(op: CmapRequest["op"]): number {
  return op === "select-map" ? 10 : IDS[op];
}

/** Answer to a request of this id that could not be read at all. */
export function cmapResponseIdOf(requestId: number): number {
  return requestId === 9 ? 10 : requestId;
}

function writeName(w: FieldWriter, offset: number, key: string): FieldWriter {
  const text = bytesAsText(key);
  return w.u16(offset, Math.min(text.length, CMAP_NAME_MAX)).text(offset + 8, text, CMAP_NAME_MAX);
}

function readName(r: FieldReader, offset: number): string {
  return r.cstring(offset + 8, Math.min(r.u16(offset), NAME_ROOM));
}

export function encodeCmapRequest(message: CmapRequest): Uint8Array {
  const id = IDS[message.op];
  switch (message.op) {
    case "set": {
      const value = encodeCmapValue(message.value);
      const w = writeName(request(id, 296 + value.length), 16, message.key);
      w.u64(280, value.length).u8(288, cmapTypeCode(message.value.type));
      return w.raw(296, value).bytes;
    }
    case "delete":
      return writeName(request(id, 280), 16, message.key).bytes;
    case "get":
      return writeName(request(id, 288), 16, message.key).u64(280, message.bufferBytes).bytes;
    case "adjust":
      return writeName(request(id, 288), 16, message.key).i32(280, message.step).bytes;
    case "iterate":
      return writeName(request(id, 280), 16, message.prefix).bytes;
    case "iterate-next":
    case "iterate-end":
    case "untrack":
      return request(id, 24).u64(16, message.handle).bytes;
    case "track":
      return writeName(request(id, 296), 16, message.key)
        .i32(280, message.bits)
        .u64(288, message.cookie).bytes;
    case "select-map":
      return request(id, 24).i32(16, message.map).bytes;
  }
}

/** Least size of each request, by id. */
const MINIMUM = [296, 280, 288, 288, 280, 24, 24, 296, 24, 24] as const;

/** undefined when the id is unknown, the message too short or the value not of its type (answer: invalidParameter). */
export function decodeCmapRequest(message: Uint8Array): CmapRequest | undefined {
  const r = new FieldReader(message);
  const id = r.i32(0);
  const least = MINIMUM[id];
  if (least === undefined || r.size < least) return undefined;
  switch (id) {
    case 0: {
      const length = r.count(280);
      if (length > limits.cmapValueBytes || 296 + length > r.size) return undefined;
      const value = decodeCmapValue(r.u8(288), r.raw(296, length));
      return value && { op: "set", key: readName(r, 16), value };
    }
    case 1:
      return { op: "delete", key: readName(r, 16) };
    case 2:
      return { op: "get", key: readName(r, 16), bufferBytes: r.count(280) };
    case 3:
      return { op: "adjust", key: readName(r, 16), step: r.i32(280) };
    case 4:
      return { op: "iterate", prefix: readName(r, 16) };
    case 5:
      return { op: "iterate-next", handle: r.u64(16) };
    case 6:
      return { op: "iterate-end", handle: r.u64(16) };
    case 7:
      return { op: "track", key: readName(r, 16), bits: r.i32(280), cookie: r.u64(288) };
    case 8:
      return { op: "untrack", handle: r.u64(16) };
    default:
      return { op: "select-map", map: r.i32(16) };
  }
}

/** Answer to `get`: 40 bytes plus the buffer that the request asked for. */
export interface CmapGetResponse {
  readonly error: number;
  readonly lengthBytes: number;
  readonly typeCode: number;
  readonly value: CmapValue | undefined;
}

export function encodeCmapGet(value: CmapValue, bufferBytes: number): Uint8Array {
  const bytes = encodeCmapValue(value);
  const code = cmapTypeCode(value.type);
  if (bufferBytes === 0) {
    return response(IDS.get, 40, CsError.ok).u64(24, bytes.length).u8(32, code).bytes;
  }
  if (bufferBytes < bytes.length) {
    return response(IDS.get, 40, CsError.invalidParameter).u64(24, bytes.length).u8(32, code).bytes;
  }
  const room = Math.min(bufferBytes, limits.cmapValueBytes);
  const w = response(IDS.get, 40 + room, CsError.ok)
    .u64(24, bytes.length)
    .u8(32, code);
  return w.raw(40, bytes).bytes;
}

/** `get` of a key that does not exist, or another error: 40 bytes. */
export function encodeCmapGetError(error: number): Uint8Array {
  return response(IDS.get, 40, error).bytes;
}

export function decodeCmapGet(message: Uint8Array): CmapGetResponse {
  const r = new FieldReader(message);
  const lengthBytes = r.count(24);
  const typeCode = r.u8(32);
  const whole = r.size >= 40 + lengthBytes && lengthBytes > 0;
  return {
    error: r.i32(16),
    lengthBytes,
    typeCode,
    value: whole ? decodeCmapValue(typeCode, r.raw(40, lengthBytes)) : undefined,
  };
}

/** Answer that carries a handle or cookie: iterate, track, untrack. */
export function encodeCmapHandle(
  op: "iterate" | "track" | "untrack",
  error: number,
  handle: bigint,
): Uint8Array {
  return response(IDS[op], 32, error).u64(24, handle).bytes;
}

export function decodeCmapHandle(message: Uint8Array): { error: number; handle: bigint } {
  const r = new FieldReader(message);
  return { error: r.i32(16), handle: r.u64(24) };
}

export function encodeCmapIterated(key: string, value: CmapValue): Uint8Array {
  const w = response(IDS["iterate-next"], 304, CsError.ok);
  return writeName(w, 24, key)
    .u64(288, encodeCmapValue(value).length)
    .u8(296, cmapTypeCode(value.type)).bytes;
}

/** The end of an iteration (noSections) or an error. */
export function encodeCmapIterationEnd(error: number): Uint8Array {
  return response(IDS["iterate-next"], 304, error).bytes;
}

export function decodeCmapIterated(message: Uint8Array): {
  error: number;
  key: string;
  lengthBytes: number;
  typeCode: number;
} {
  const r = new FieldReader(message);
  return {
    error: r.i32(16),
    key: readName(r, 24),
    lengthBytes: r.count(288),
    typeCode: r.u8(296),
  };
}

export function encodeCmapStatus(op: CmapRequest["op"], error: number): Uint8Array {
  return statusResponse(cmapResponseId(op), error);
}

/** A change of a tracked key. `event` is one bit of CmapTrack. */
export interface CmapTrackEvent {
  readonly cookie: bigint;
  readonly key: string;
  readonly event: number;
  readonly newValue: CmapValue | undefined;
  readonly oldValue: CmapValue | undefined;
}

export function encodeCmapEvent(change: CmapTrackEvent): Uint8Array {
  const none = new Uint8Array(0);
  const after = change.newValue === undefined ? none : encodeCmapValue(change.newValue);
  const before = change.oldValue === undefined ? none : encodeCmapValue(change.oldValue);
  const w = response(9, 336 + after.length + before.length, 0).u64(24, change.cookie);
  writeName(w, 32, change.key).i32(296, change.event);
  w.u8(304, change.newValue === undefined ? 0 : cmapTypeCode(change.newValue.type));
  w.u8(312, change.oldValue === undefined ? 0 : cmapTypeCode(change.oldValue.type));
  w.u64(320, after.length).u64(328, before.length);
  return w.raw(336, after).raw(336 + after.length, before).bytes;
}

export function decodeCmapEvent(message: Uint8Array): CmapTrackEvent | undefined {
  const r = new FieldReader(message);
  const newLength = r.count(320);
  const oldLength = r.count(328);
  if (r.size < 336 || newLength + oldLength > r.size - 336) return undefined;
  const newCode = r.u8(304);
  const oldCode = r.u8(312);
  const oldBytes = r.raw(336 + newLength, oldLength);
  return {
    cookie: r.u64(24),
    key: readName(r, 32),
    event: r.i32(296),
    newValue: newCode === 0 ? undefined : decodeCmapValue(newCode, r.raw(336, newLength)),
    oldValue: oldCode === 0 ? undefined : decodeCmapValue(oldCode, oldBytes),
  };
}
