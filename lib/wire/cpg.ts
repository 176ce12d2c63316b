/**
 * cpg's messages on the ring (spec/totem section 8). Group names keep their NUL when the client's name has one.
 */
import { limits } from "../base/limits.ts";
import { FieldReader, readCpgName, writeCpgName } from "./fields.ts";
import { readServiceHeader, ServiceId, serviceMessage } from "./service.ts";

/** Why a process is in or out of a group, as clients see it. */
export const CpgReason = { join: 1, leave: 2, nodeDown: 3, nodeUp: 4, processDown: 5 } as const;

export interface JoinListEntry {
  readonly pid: number;
  readonly group: string;
}

/** Which part of a message that did not fit one IPC buffer. */
export type CpgPart = 1 | 2 | 3;

export type CpgMessage =
  | { readonly kind: "join"; readonly group: string; readonly pid: number; readonly reason: number }
  | {
      readonly kind: "leave";
      readonly group: string;
      readonly pid: number;
      readonly reason: number;
    }
  | { readonly kind: "join-list"; readonly entries: readonly JoinListEntry[] }
  | {
      readonly kind: "multicast";
      readonly group: string;
      readonly pid: number;
      readonly data: Uint8Array;
    }
  | { readonly kind: "down-list"; readonly oldMembers: number; readonly left: readonly number[] }
  | {
      readonly kind: "partial";
      readonly group: string;
      readonly pid: number;
      readonly totalBytes: number;
      readonly part: CpgPart;
      readonly data: Uint8Array;
    };

const PROC_SIZE = 168;
const JOIN_LIST_HEADER = 24;
const JOIN_LIST_ENTRY = 144;
const DOWN_LIST_SIZE = 32 + 4 * limits.ringMembers;
const MCAST_HEADER = 184;
const PARTIAL_HEADER = 200;

/** The whole service message. `nodeId` is written as the message's source. */
export function encodeCpg(message: CpgMessage, nodeId: number): Uint8Array {
  switch (message.kind) {
    case "join":
    case "leave": {
      const w = serviceMessage(ServiceId.cpg, message.kind === "join" ? 0 : 1, PROC_SIZE);
      writeCpgName(w, 16, message.group);
      return w.u32(152, message.pid).u32(160, message.reason).bytes;
    }
    case "join-list": {
      const size = JOIN_LIST_HEADER + JOIN_LIST_ENTRY * message.entries.length;
      const w = serviceMessage(ServiceId.cpg, 2, size);
      for (const [i, entry] of message.entries.entries()) {
        const at = JOIN_LIST_HEADER + JOIN_LIST_ENTRY * i;
        w.u32(at, entry.pid);
        writeCpgName(w, at + 8, entry.group);
      }
      return w.bytes;
    }
    case "multicast": {
      const size = MCAST_HEADER + message.data.length;
      const w = serviceMessage(ServiceId.cpg, 3, size);
      writeCpgName(w, 16, message.group);
      w.u32(152, message.data.length).u32(160, message.pid).u32(168, nodeId);
      return w.raw(MCAST_HEADER, message.data).bytes;
    }
    case "down-list": {
      const w = serviceMessage(ServiceId.cpg, 5, DOWN_LIST_SIZE);
      w.u32(16, message.oldMembers).u32(24, message.left.length);
      for (const [i, node] of message.left.entries()) w.u32(32 + 4 * i, node);
      return w.bytes;
    }
    case "partial": {
      const size = PARTIAL_HEADER + message.data.length;
      const w = serviceMessage(ServiceId.cpg, 6, size);
      writeCpgName(w, 16, message.group);
      w.u32(152, message.totalBytes).u32(160, message.data.length).u32(168, message.pid);
      w.u32(176, message.part).u32(184, nodeId);
      return w.raw(PARTIAL_HEADER, message.data).bytes;
    }
  }
}

function decodeProcess(r: FieldReader, kind: "join" | "leave"): CpgMessage | undefined {
  const group = readCpgName(r, 16);
  if (group === undefined || r.size < PROC_SIZE) return undefined;
  return { kind, group, pid: r.u32(152), reason: r.u32(160) };
}

function decodeJoinList(r: FieldReader, size: number): CpgMessage | undefined {
  const entries: JoinListEntry[] = [];
  for (let at = JOIN_LIST_HEADER; at + JOIN_LIST_ENTRY <= size; at += JOIN_LIST_ENTRY) {
    const group = readCpgName(r, at + 8);
    if (group === undefined) return undefined;
    entries.push({ pid: r.u32(at), group });
  }
  return { kind: "join-list", entries };
}

function decodePartial(r: FieldReader, size: number): CpgMessage | undefined {
  const group = readCpgName(r, 16);
  const part = r.u32(176);
  const length = r.u32(160);
  if (group === undefined || part < 1 || part > 3 || PARTIAL_HEADER + length > size) {
    return undefined;
  }
  return {
    kind: "partial",
    group,
    pid: r.u32(168),
    totalBytes: r.u32(152),
    part: part as CpgPart,
    data: r.part(PARTIAL_HEADER, length),
  };
}

/** undefined when the message is no cpg message or its lengths do not fit. `data` is a view on the message. */
export function decodeCpg(message: Uint8Array): CpgMessage | undefined {
  const header = readServiceHeader(message);
  if (header === undefined || header.service !== ServiceId.cpg) return undefined;
  const r = new FieldReader(message);
  switch (header.fn) {
    case 0:
      return decodeProcess(r, "join");
    case 1:
      return decodeProcess(r, "leave");
    case 2:
      return decodeJoinList(r, header.size);
    case 3: {
      const group = readCpgName(r, 16);
      const length = r.u32(152);
      if (group === undefined || MCAST_HEADER + length > header.size) return undefined;
      return { kind: "multicast", group, pid: r.u32(160), data: r.part(MCAST_HEADER, length) };
    }
    case 5: {
      const count = r.u32(24);
      if (count > limits.ringMembers || header.size < 32 + 4 * count) return undefined;
      const left = Array.from({ length: count }, (_, i) => r.u32(32 + 4 * i));
      return { kind: "down-list", oldMembers: r.u32(16), left };
    }
    case 6:
      return decodePartial(r, header.size);
    default:
      return undefined;
  }
}
