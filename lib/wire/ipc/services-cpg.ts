/** cpg's IPC messages, both directions (spec/ipc section 2.2). */
import { limits } from "../../base/limits.ts";
import type { CpgPart } from "../cpg.ts";
import {
  FieldReader,
  readCpgName,
  request,
  response,
  statusResponse,
  writeCpgName,
} from "../fields.ts";
import type { RingId } from "../totem.ts";
import { CsError } from "./cs-error.ts";

export type CpgRequest =
  | {
      readonly op: "join";
      readonly group: string;
      readonly pid: number;
      /** Bit 1: also wants the membership of the ring, at once and at each change. */
      readonly flags: number;
    }
  | { readonly op: "leave"; readonly group: string; readonly pid: number }
  /** Has no answer. */
  | { readonly op: "multicast"; readonly data: Uint8Array }
  | { readonly op: "membership"; readonly group: string }
  | { readonly op: "local" }
  /** 1 names, 2 one group, 3 all groups with their members. */
  | { readonly op: "iterate"; readonly group: string; readonly what: 1 | 2 | 3 }
  | { readonly op: "iterate-next"; readonly handle: bigint }
  | { readonly op: "iterate-end"; readonly handle: bigint }
  | { readonly op: "finalize" }
  | {
      readonly op: "partial";
      readonly totalBytes: number;
      readonly part: CpgPart;
      readonly data: Uint8Array;
    };

const IDS: Readonly<Record<CpgRequest["op"], { readonly id: number; readonly answer: number }>> = {
  join: { id: 0, answer: 0 },
  leave: { id: 1, answer: 1 },
  multicast: { id: 2, answer: -1 },
  membership: { id: 3, answer: 3 },
  local: { id: 4, answer: 7 },
  iterate: { id: 5, answer: 9 },
  "iterate-next": { id: 6, answer: 10 },
  "iterate-end": { id: 7, answer: 11 },
  finalize: { id: 8, answer: 12 },
  partial: { id: 12, answer: 18 },
};

/** Response id for a request id; undefined when the request has no answer (multicast) or is unknown. */
export function cpgResponseIdOf(requestId: number): number | undefined {
  const found = Object.values(IDS).find((entry) => entry.id === requestId);
  return found === undefined || found.answer < 0 ? undefined : found.answer;
}

const MCAST_HEADER = 40;
const PARTIAL_HEADER = 56;

export function encodeCpgRequest(message: CpgRequest): Uint8Array {
  const { id } = IDS[message.op];
  switch (message.op) {
    case "join": {
      const w = request(id, 168).u32(152, message.pid).u32(160, message.flags);
      writeCpgName(w, 16, message.group);
      return w.bytes;
    }
    case "leave": {
      const w = request(id, 160).u32(152, message.pid);
      writeCpgName(w, 16, message.group);
      return w.bytes;
    }
    case "multicast":
      return request(id, MCAST_HEADER + message.data.length)
        .u32(24, 2)
        .u32(32, message.data.length)
        .raw(MCAST_HEADER, message.data).bytes;
    case "membership": {
      const w = request(id, 152);
      writeCpgName(w, 16, message.group);
      return w.bytes;
    }
    case "local":
    case "finalize":
      return request(id, 16).bytes;
    case "iterate": {
      const w = request(id, 160).u32(152, message.what);
      writeCpgName(w, 16, message.group);
      return w.bytes;
    }
    case "iterate-next":
    case "iterate-end":
      return request(id, 24).u64(16, message.handle).bytes;
    case "partial":
      return request(id, PARTIAL_HEADER + message.data.length)
        .u32(24, 2)
        .u32(32, message.totalBytes)
        .u32(40, message.data.length)
        .u32(48, message.part)
        .raw(PARTIAL_HEADER, message.data).bytes;
  }
}

function decodeJoinOrLeave(r: FieldReader, op: "join" | "leave"): CpgRequest | undefined {
  const group = readCpgName(r, 16);
  if (group === undefined || r.size < (op === "join" ? 168 : 160)) return undefined;
  const pid = r.u32(152);
  return op === "join" ? { op, group, pid, flags: r.u32(160) } : { op, group, pid };
}

function decodeIterate(r: FieldReader): CpgRequest | undefined {
  const what = r.u32(152);
  if (r.size < 160 || (what !== 1 && what !== 2 && what !== 3)) return undefined;
  const group = readCpgName(r, 16);
  if (group === undefined && what === 2) return undefined;
  return { op: "iterate", group: group ?? "", what };
}

function decodePartial(r: FieldReader): CpgRequest | undefined {
  const length = r.u32(40);
  const part = r.u32(48);
  if (PARTIAL_HEADER + length > r.size || part < 1 || part > 3) return undefined;
  const data = r.part(PARTIAL_HEADER, length);
  return { op: "partial", totalBytes: r.u32(32), part: part as CpgPart, data };
}

/**
 * undefined when the id is unknown or the message does not hold what it says (answer: invalidParameter). `data` is a view on
 * the message.
 */
export function decodeCpgRequest(message: Uint8Array): CpgRequest | undefined {
  const r = new FieldReader(message);
  if (r.size < 16) return undefined;
  switch (r.i32(0)) {
    case 0:
      return decodeJoinOrLeave(r, "join");
    case 1:
      return decodeJoinOrLeave(r, "leave");
    case 2: {
      const length = r.u32(32);
      if (r.size < MCAST_HEADER || MCAST_HEADER + length > r.size) return undefined;
      return { op: "multicast", data: r.part(MCAST_HEADER, length) };
    }
    case 3: {
      const group = readCpgName(r, 16);
      return group === undefined ? undefined : { op: "membership", group };
    }
    case 4:
      return { op: "local" };
    case 5:
      return decodeIterate(r);
    case 6:
      return r.size < 24 ? undefined : { op: "iterate-next", handle: r.u64(16) };
    case 7:
      return r.size < 24 ? undefined : { op: "iterate-end", handle: r.u64(16) };
    case 8:
      return { op: "finalize" };
    case 12:
      return decodePartial(r);
    default:
      return undefined;
  }
}

/** A process in a group. `reason` is one of CpgReason, 0 in member lists. */
export interface CpgMember {
  readonly nodeId: number;
  readonly pid: number;
  readonly reason: number;
}

export function encodeCpgStatus(op: CpgRequest["op"], error: number): Uint8Array {
  return statusResponse(IDS[op].answer, error);
}

export function encodeCpgMembership(members: readonly CpgMember[]): Uint8Array {
  const shown = members.slice(0, limits.ringMembers);
  const w = response(IDS.membership.answer, 32 + 24 * limits.ringMembers, CsError.ok);
  w.u32(24, shown.length);
  for (const [i, m] of shown.entries()) {
    w.u32(32 + 24 * i, m.nodeId)
      .u32(40 + 24 * i, m.pid)
      .u32(48 + 24 * i, m.reason);
  }
  return w.bytes;
}

export function decodeCpgMembership(message: Uint8Array): readonly CpgMember[] {
  const r = new FieldReader(message);
  return readMembers(r, 32, Math.min(r.u32(24), limits.ringMembers));
}

export function encodeCpgLocal(nodeId: number): Uint8Array {
  return response(IDS.local.answer, 32, CsError.ok).u32(24, nodeId).bytes;
}

export function decodeCpgLocal(message: Uint8Array): number {
  return new FieldReader(message).u32(24);
}

export function encodeCpgIterator(error: number, handle: bigint): Uint8Array {
  return response(IDS.iterate.answer, 32, error).u64(24, handle).bytes;
}

export function decodeCpgIterator(message: Uint8Array): bigint {
  return new FieldReader(message).u64(24);
}

/** One step of an iteration; `entry` undefined is the end or an error. */
export function encodeCpgIterated(
  error: number,
  entry: { readonly group: string; readonly nodeId: number; readonly pid: number } | undefined,
): Uint8Array {
  const w = response(IDS["iterate-next"].answer, 168, error);
  if (entry !== undefined) {
    writeCpgName(w, 24, entry.group);
    w.u32(160, entry.nodeId).u32(164, entry.pid);
  }
  return w.bytes;
}

export function decodeCpgIterated(
  message: Uint8Array,
): { readonly group: string; readonly nodeId: number; readonly pid: number } | undefined {
  const r = new FieldReader(message);
  const group = readCpgName(r, 24);
  if (r.i32(16) !== CsError.ok || group === undefined) return undefined;
  return { group, nodeId: r.u32(160), pid: r.u32(164) };
}

export type CpgEvent =
  | {
      readonly event: "configuration";
      readonly group: string;
      readonly members: readonly CpgMember[];
      readonly left: readonly CpgMember[];
      readonly joined: readonly CpgMember[];
    }
  | {
      readonly event: "deliver";
      readonly group: string;
      readonly nodeId: number;
      readonly pid: number;
      readonly data: Uint8Array;
    }
  | { readonly event: "ring"; readonly ringId: RingId; readonly members: readonly number[] }
  | {
      readonly event: "partial";
      readonly group: string;
      readonly totalBytes: number;
      readonly nodeId: number;
      readonly pid: number;
      readonly part: CpgPart;
      readonly data: Uint8Array;
    };

function encodeConfiguration(message: Extract<CpgEvent, { event: "configuration" }>): Uint8Array {
  const all = [...message.members, ...message.left, ...message.joined];
  const w = response(4, 184 + 24 * all.length, CsError.ok);
  writeCpgName(w, 24, message.group);
  w.u32(160, message.members.length).u32(168, message.joined.length).u32(176, message.left.length);
  for (const [i, m] of all.entries()) {
    const at = 184 + 24 * i;
    w.u32(at, m.nodeId)
      .u32(at + 8, m.pid)
      .u32(at + 16, m.reason);
  }
  return w.bytes;
}

export function encodeCpgEvent(message: CpgEvent): Uint8Array {
  switch (message.event) {
    case "configuration":
      return encodeConfiguration(message);
    case "deliver": {
      const w = response(5, 184 + message.data.length, CsError.ok);
      writeCpgName(w, 24, message.group);
      w.u32(160, message.data.length).u32(168, message.nodeId).u32(176, message.pid);
      return w.raw(184, message.data).bytes;
    }
    case "ring": {
      const w = response(13, 44 + 4 * message.members.length, CsError.ok);
      w.u32(24, message.ringId.rep).u64(32, message.ringId.seq).u32(40, message.members.length);
      for (const [i, node] of message.members.entries()) w.u32(44 + 4 * i, node);
      return w.bytes;
    }
    case "partial": {
      const w = response(17, 200 + message.data.length, CsError.ok);
      writeCpgName(w, 24, message.group);
      w.u32(160, message.totalBytes).u32(168, message.data.length).u32(176, message.nodeId);
      return w.u32(184, message.pid).u32(192, message.part).raw(200, message.data).bytes;
    }
  }
}

function readMembers(r: FieldReader, offset: number, count: number): CpgMember[] {
  return Array.from({ length: count }, (_, i) => {
    const at = offset + 24 * i;
    return { nodeId: r.u32(at), pid: r.u32(at + 8), reason: r.u32(at + 16) };
  });
}

function decodeConfiguration(r: FieldReader): CpgEvent | undefined {
  const group = readCpgName(r, 24);
  const members = r.u32(160);
  const joined = r.u32(168);
  const left = r.u32(176);
  if (group === undefined || r.size < 184 + 24 * (members + joined + left)) return undefined;
  return {
    event: "configuration",
    group,
    members: readMembers(r, 184, members),
    left: readMembers(r, 184 + 24 * members, left),
    joined: readMembers(r, 184 + 24 * (members + left), joined),
  };
}

function decodePartialEvent(r: FieldReader): CpgEvent | undefined {
  const group = readCpgName(r, 24);
  const length = r.u32(168);
  const part = r.u32(192);
  if (group === undefined || r.size < 200 + length || part < 1 || part > 3) return undefined;
  return {
    event: "partial",
    group,
    totalBytes: r.u32(160),
    nodeId: r.u32(176),
    pid: r.u32(184),
    part: part as CpgPart,
    data: r.raw(200, length),
  };
}

/** undefined for unknown ids and lengths that do not fit. */
export function decodeCpgEvent(message: Uint8Array): CpgEvent | undefined {
  const r = new FieldReader(message);
  switch (r.i32(0)) {
    case 4:
      return decodeConfiguration(r);
    case 5: {
      const group = readCpgName(r, 24);
      const length = r.u32(160);
      if (group === undefined || r.size < 184 + length) return undefined;
      const data = r.raw(184, length);
      return { event: "deliver", group, nodeId: r.u32(168), pid: r.u32(176), data };
    }
    case 13: {
      const count = r.u32(40);
      if (count > limits.ringMembers || r.size < 44 + 4 * count) return undefined;
      return {
        event: "ring",
        ringId: { rep: r.u32(24), seq: r.count(32) },
        members: Array.from({ length: count }, (_, i) => r.u32(44 + 4 * i)),
      };
    }
    case 17:
      return decodePartialEvent(r);
    default:
      return undefined;
  }
}
