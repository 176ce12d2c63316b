/**
 * Messages of Pacemaker's daemons in their CPG groups (spec/ipc/ipc.md section 4): a 592-byte header, then XML text with a
 * trailing NUL or a bzip2 blob. Ours never speak in those groups; this is for listening and for tests beside the originals.
 */
import { type Rejection, reject } from "../base/error.ts";
import { newResponse, viewOf } from "./ipc/header.ts";
import { decodeBody } from "./ipc/pacemaker.ts";

export const PACEMAKER_CPG_HEADER_BYTES = 592;
const DESTINATION_OFFSET = 32;
const SENDER_OFFSET = 308;
const NAME_BYTES = 256;
const CS_OK = 1;

/** Which daemon, by the header's number. */
export const PacemakerDaemon = {
  none: 0,
  ais: 1,
  lrmd: 2,
  cib: 3,
  crmd: 4,
  attrd: 5,
  stonithd: 6,
  te: 7,
  pe: 8,
  stonithNg: 9,
} as const;

/** `nodeId` 0 and an empty name: everyone. */
export interface CpgEndpoint {
  readonly nodeId: number;
  readonly processId: number;
  readonly local: boolean;
  readonly daemon: number;
  readonly name: string;
}

export interface PacemakerCpgMessage {
  readonly number: number;
  readonly destination: CpgEndpoint;
  readonly sender: CpgEndpoint;
  readonly text: string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function putEndpoint(bytes: Uint8Array, offset: number, endpoint: CpgEndpoint): void {
  const view = viewOf(bytes);
  const name = encoder.encode(endpoint.name).subarray(0, NAME_BYTES - 1);
  view.setUint32(offset, endpoint.nodeId, true);
  view.setUint32(offset + 4, endpoint.processId, true);
  view.setInt32(offset + 8, endpoint.local ? 1 : 0, true);
  view.setInt32(offset + 12, endpoint.daemon, true);
  view.setUint32(offset + 16, name.length, true);
  bytes.set(name, offset + 20);
}

function getEndpoint(bytes: Uint8Array, offset: number): CpgEndpoint {
  const view = viewOf(bytes);
  const length = Math.min(view.getUint32(offset + 16, true), NAME_BYTES);
  const field = bytes.subarray(offset + 20, offset + 20 + length);
  const end = field.indexOf(0);
  return {
    nodeId: view.getUint32(offset, true),
    processId: view.getUint32(offset + 4, true),
    local: view.getInt32(offset + 8, true) !== 0,
    daemon: view.getInt32(offset + 12, true),
    name: decoder.decode(end < 0 ? field : field.subarray(0, end)),
  };
}

/** The body of a CPG multicast. */
export function encodePacemakerCpg(message: PacemakerCpgMessage): Uint8Array {
  const body = encoder.encode(message.text);
  const size = PACEMAKER_CPG_HEADER_BYTES + body.length + 1;
  const { bytes, view } = newResponse(0, size, CS_OK);
  view.setUint32(24, message.number, true);
  putEndpoint(bytes, DESTINATION_OFFSET, message.destination);
  putEndpoint(bytes, SENDER_OFFSET, message.sender);
  view.setUint32(584, body.length + 1, true);
  bytes.set(body, PACEMAKER_CPG_HEADER_BYTES);
  return bytes;
}

/** Reads the body of a CPG delivery. */
export function decodePacemakerCpg(bytes: Uint8Array): PacemakerCpgMessage | Rejection {
  if (bytes.length < PACEMAKER_CPG_HEADER_BYTES) {
    return reject("size", `CPG message of ${bytes.length} bytes has no header`);
  }
  const view = viewOf(bytes);
  if (view.getInt32(16, true) !== CS_OK) return reject("error", "CPG message with an error word");
  const packed = view.getInt32(28, true) !== 0 ? view.getUint32(588, true) : 0;
  const body = bytes.subarray(PACEMAKER_CPG_HEADER_BYTES);
  const text = decodeBody(body, view.getUint32(584, true), packed);
  if (typeof text !== "string") return text;
  return {
    number: view.getUint32(24, true),
    destination: getEndpoint(bytes, DESTINATION_OFFSET),
    sender: getEndpoint(bytes, SENDER_OFFSET),
    text,
  };
}
