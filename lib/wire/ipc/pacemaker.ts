/**
 * Frames of Pacemaker's daemons over libqb (spec/ipc/ipc.md section 3.1): a 40-byte header, then XML text with a trailing
 * NUL, or a bzip2 blob, which is read but never written.
 */
import { type Rejection, reject } from "../../base/error.ts";
import { limits } from "../../base/limits.ts";
import { unpackBz2 } from "../bz2.ts";
import { newRequest, viewOf } from "./header.ts";

export const PACEMAKER_HEADER_BYTES = 40;
const PROTOCOL_VERSION = 1;

export const PacemakerFlag = {
  compressed: 0x1,
  proxied: 0x100,
  /** The client wants exactly one response. */
  response: 0x200,
  event: 0x10000,
  /** Leaks of the original's memory management onto the wire; we send them as it does. */
  serverFree: 0x20000,
  relayed: 0x40000,
} as const;

export interface PacemakerFrame {
  /** Request number, echoed in the response; events carry the server's own counter. */
  readonly id: number;
  readonly flags: number;
  readonly text: string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A whole libqb message. */
export function encodePacemakerFrame(frame: PacemakerFrame): Uint8Array {
  const body = encoder.encode(frame.text);
  const { bytes, view } = newRequest(frame.id, PACEMAKER_HEADER_BYTES + body.length + 1);
  view.setUint32(24, body.length + 1, true);
  view.setUint32(32, frame.flags, true);
  view.setUint8(36, PROTOCOL_VERSION);
  bytes.set(body, PACEMAKER_HEADER_BYTES);
  return bytes;
}

/** Reads a whole libqb message. */
export function decodePacemakerFrame(message: Uint8Array): PacemakerFrame | Rejection {
  if (message.length < PACEMAKER_HEADER_BYTES) {
    return reject("size", `message of ${message.length} bytes has no header`);
  }
  const view = viewOf(message);
  const version = view.getUint8(36);
  if (version > PROTOCOL_VERSION) return reject("version", `IPC version ${version} is not known`);
  const plainBytes = view.getUint32(24, true);
  const packedBytes = view.getUint32(28, true);
  const body = message.subarray(PACEMAKER_HEADER_BYTES);
  const text = decodeBody(body, plainBytes, packedBytes);
  if (typeof text !== "string") return text;
  return { id: view.getInt32(0, true), flags: view.getUint32(32, true), text };
}

/** The text of a body: plain with its NUL, or packed. Shared with CPG's frames. */
export function decodeBody(
  body: Uint8Array,
  plainBytes: number,
  packedBytes: number,
): string | Rejection {
  if (plainBytes > limits.xmlDocumentBytes) {
    return reject("size", `message of ${plainBytes} bytes; at most ${limits.xmlDocumentBytes}`);
  }
  let plain = body;
  if (packedBytes > 0) {
    if (packedBytes > body.length) return reject("size", "packed message is cut short");
    const unpacked = unpackBz2(body.subarray(0, packedBytes), plainBytes);
    if (!(unpacked instanceof Uint8Array)) return unpacked;
    plain = unpacked;
  }
  if (plainBytes === 0 || plain.length < plainBytes) {
    return reject("size", `message names ${plainBytes} bytes of text and has ${plain.length}`);
  }
  if (plain[plainBytes - 1] !== 0) return reject("nul", "text does not end with NUL");
  return decoder.decode(plain.subarray(0, plainBytes - 1));
}
