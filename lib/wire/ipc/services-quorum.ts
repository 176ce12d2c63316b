/** quorum's IPC messages, both directions (spec/ipc section 2.3). */
import { limits } from "../../base/limits.ts";
import { FieldReader, request, response, statusResponse } from "../fields.ts";
import type { RingId } from "../totem.ts";
import { CsError } from "./cs-error.ts";

/** Bits of trackstart: report the current state at once; report changes. */
export const QuorumTrack = { current: 1, changes: 2, changesOnly: 4 } as const;

export type QuorumRequest =
  | { readonly op: "get-quorate" }
  | { readonly op: "track"; readonly flags: number }
  | { readonly op: "untrack" }
  | { readonly op: "get-type" }
  /** Selects how events look: model 0 (event 3) or 1 (events 6 and 7). */
  | { readonly op: "get-type-of-model"; readonly model: number };

const IDS: Readonly<Record<QuorumRequest["op"], { readonly id: number; readonly answer: number }>> =
  {
    "get-quorate": { id: 0, answer: 0 },
    track: { id: 1, answer: 1 },
    untrack: { id: 2, answer: 2 },
    "get-type": { id: 3, answer: 4 },
    "get-type-of-model": { id: 4, answer: 5 },
  };

/** Response id for a request id; undefined when unknown. */
export function quorumResponseIdOf(requestId: number): number | undefined {
  return Object.values(IDS).find((entry) => entry.id === requestId)?.answer;
}

export function encodeQuorumRequest(message: QuorumRequest): Uint8Array {
  const { id } = IDS[message.op];
  if (message.op === "track") return request(id, 24).u32(16, message.flags).bytes;
  if (message.op === "get-type-of-model") return request(id, 24).u32(16, message.model).bytes;
  return request(id, 16).bytes;
}

/** undefined when unknown or too short. */
export function decodeQuorumRequest(message: Uint8Array): QuorumRequest | undefined {
  const r = new FieldReader(message);
  if (r.size < 16) return undefined;
  switch (r.i32(0)) {
    case 0:
      return { op: "get-quorate" };
    case 1:
      return r.size < 20 ? undefined : { op: "track", flags: r.u32(16) };
    case 2:
      return { op: "untrack" };
    case 3:
      return { op: "get-type" };
    case 4:
      return r.size < 20 ? undefined : { op: "get-type-of-model", model: r.u32(16) };
    default:
      return undefined;
  }
}

export function encodeQuorumStatus(op: QuorumRequest["op"], error: number): Uint8Array {
  return statusResponse(IDS[op].answer, error);
}

/** Answer with one number: get-quorate (0 or 1), get-type and get-type-of-model (0 no provider, 1 provider). */
export function encodeQuorumNumber(op: QuorumRequest["op"], value: number): Uint8Array {
  return response(IDS[op].answer, 32, CsError.ok).u32(24, value).bytes;
}

export function decodeQuorumNumber(message: Uint8Array): { error: number; value: number } {
  const r = new FieldReader(message);
  return { error: r.i32(16), value: r.u32(24) };
}

/** What a tracker learns. */
export type QuorumEvent =
  | {
      readonly event: "quorum";
      readonly model: 0 | 1;
      readonly quorate: boolean;
      /** rep is 0 in model 0, which does not carry it. */
      readonly ringId: RingId;
      readonly members: readonly number[];
    }
  | {
      readonly event: "nodes";
      readonly ringId: RingId;
      readonly members: readonly number[];
      readonly joined: readonly number[];
      readonly left: readonly number[];
    };

export function encodeQuorumEvent(message: QuorumEvent): Uint8Array {
  if (message.event === "nodes") {
    const lists = [...message.members, ...message.joined, ...message.left];
    const w = response(7, 64 + 4 * lists.length, CsError.ok);
    w.u32(24, message.ringId.rep).u64(32, message.ringId.seq).u32(40, message.members.length);
    w.u32(48, message.joined.length).u32(56, message.left.length);
    for (const [i, node] of lists.entries()) w.u32(60 + 4 * i, node);
    return w.bytes;
  }
  const n = message.members.length;
  if (message.model === 0) {
    const w = response(3, 48 + 4 * n, CsError.ok).i32(24, message.quorate ? 1 : 0);
    w.u64(32, message.ringId.seq).u32(40, n);
    for (const [i, node] of message.members.entries()) w.u32(44 + 4 * i, node);
    return w.bytes;
  }
  const w = response(6, 56 + 4 * n, CsError.ok).i32(24, message.quorate ? 1 : 0);
  w.u32(32, message.ringId.rep).u64(40, message.ringId.seq).u32(48, n);
  for (const [i, node] of message.members.entries()) w.u32(52 + 4 * i, node);
  return w.bytes;
}

function list(r: FieldReader, offset: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => r.u32(offset + 4 * i));
}

/** undefined for unknown ids and counts that do not fit. */
export function decodeQuorumEvent(message: Uint8Array): QuorumEvent | undefined {
  const r = new FieldReader(message);
  const id = r.i32(0);
  if (id === 3 || id === 6) {
    const base = id === 3 ? 40 : 48;
    const n = r.u32(base);
    if (n > limits.ringMembers || r.size < base + 4 + 4 * n) return undefined;
    return {
      event: "quorum",
      model: id === 3 ? 0 : 1,
      quorate: r.i32(24) !== 0,
      ringId: id === 3 ? { rep: 0, seq: r.count(32) } : { rep: r.u32(32), seq: r.count(40) },
      members: list(r, base + 4, n),
    };
  }
  if (id !== 7) return undefined;
  const [members, joined, left] = [r.u32(40), r.u32(48), r.u32(56)];
  if (Math.max(members, joined, left) > limits.ringMembers) return undefined;
  if (r.size < 60 + 4 * (members + joined + left)) return undefined;
  return {
    event: "nodes",
    ringId: { rep: r.u32(24), seq: r.count(32) },
    members: list(r, 60, members),
    joined: list(r, 60 + 4 * members, joined),
    left: list(r, 60 + 4 * (members + joined), left),
  };
}
