/** votequorum's IPC messages, both directions (spec/ipc section 2.4). */
import { limits } from "../../base/limits.ts";
import { FieldReader, request, response, statusResponse } from "../fields.ts";
import type { RingId } from "../totem.ts";
import { CsError } from "./cs-error.ts";

/** Bits of `flags` in getinfo. */
export const VotequorumFlag = {
  twoNode: 1,
  quorate: 2,
  waitForAll: 4,
  lastManStanding: 8,
  autoTieBreaker: 16,
  allowDownscale: 32,
  deviceRegistered: 64,
  deviceAlive: 128,
  deviceCastsVote: 256,
  deviceMasterWins: 512,
} as const;

/** 1 member, 2 dead, 3 leaving. */
export type VoterState = 1 | 2 | 3;

export type VotequorumRequest =
  /** nodeId 0 asks for the quorum device. */
  | { readonly op: "get-info"; readonly nodeId: number }
  | { readonly op: "set-expected"; readonly votes: number }
  | { readonly op: "set-votes"; readonly votes: number; readonly nodeId: number }
  | { readonly op: "track"; readonly context: bigint; readonly flags: number }
  | { readonly op: "untrack" };

const IDS: Readonly<
  Record<VotequorumRequest["op"], { readonly id: number; readonly answer: number }>
> = {
  "get-info": { id: 0, answer: 1 },
  "set-expected": { id: 1, answer: 0 },
  "set-votes": { id: 2, answer: 0 },
  track: { id: 3, answer: 0 },
  untrack: { id: 4, answer: 0 },
};

/** Response id for a request id: 1 for get-info, else 0. */
export function votequorumResponseIdOf(requestId: number): number {
  return requestId === 0 ? 1 : 0;
}

export function encodeVotequorumRequest(message: VotequorumRequest): Uint8Array {
  const { id } = IDS[message.op];
  switch (message.op) {
    case "get-info":
      return request(id, 24).u32(16, message.nodeId).bytes;
    case "set-expected":
      return request(id, 24).u32(16, message.votes).bytes;
    case "set-votes":
      return request(id, 24).u32(16, message.votes).u32(20, message.nodeId).bytes;
    case "track":
      return request(id, 32).u64(16, message.context).u32(24, message.flags).bytes;
    case "untrack":
      return request(id, 16).bytes;
  }
}

/** undefined when too short, or a quorum device's request (not served). */
export function decodeVotequorumRequest(message: Uint8Array): VotequorumRequest | undefined {
  const r = new FieldReader(message);
  const id = r.i32(0);
  if (id === 4 && r.size >= 16) return { op: "untrack" };
  if (r.size < (id === 3 ? 28 : 20)) return undefined;
  switch (id) {
    case 0:
      return { op: "get-info", nodeId: r.u32(16) };
    case 1:
      return { op: "set-expected", votes: r.u32(16) };
    case 2:
      return r.size < 24 ? undefined : { op: "set-votes", votes: r.u32(16), nodeId: r.u32(20) };
    case 3:
      return { op: "track", context: r.u64(16), flags: r.u32(24) };
    default:
      return undefined;
  }
}

export function encodeVotequorumStatus(op: VotequorumRequest["op"], error: number): Uint8Array {
  return statusResponse(IDS[op].answer, error);
}

/** One node as votequorum knows it. */
export interface VotequorumInfo {
  readonly nodeId: number;
  readonly state: VoterState;
  readonly votes: number;
  readonly expectedVotes: number;
  readonly highestExpected: number;
  readonly totalVotes: number;
  readonly quorum: number;
  readonly flags: number;
  readonly deviceVotes: number;
  readonly deviceName: string;
}

export function encodeVotequorumInfo(info: VotequorumInfo): Uint8Array {
  return response(1, 320, CsError.ok)
    .u32(24, info.nodeId)
    .u32(28, info.state)
    .u32(32, info.votes)
    .u32(36, info.expectedVotes)
    .u32(40, info.highestExpected)
    .u32(44, info.totalVotes)
    .u32(48, info.quorum)
    .u32(52, info.flags)
    .u32(56, info.deviceVotes)
    .text(60, info.deviceName, 254).bytes;
}

export function encodeVotequorumInfoError(error: number): Uint8Array {
  return response(1, 320, error).bytes;
}

/** undefined when the answer is an error, e.g. an unknown node. */
export function decodeVotequorumInfo(message: Uint8Array): VotequorumInfo | undefined {
  const r = new FieldReader(message);
  const state = r.u32(28);
  if (r.i32(16) !== CsError.ok || r.size < 60) return undefined;
  return {
    nodeId: r.u32(24),
    state: state === 1 ? 1 : state === 3 ? 3 : 2,
    votes: r.u32(32),
    expectedVotes: r.u32(36),
    highestExpected: r.u32(40),
    totalVotes: r.u32(44),
    quorum: r.u32(48),
    flags: r.u32(52),
    deviceVotes: r.u32(56),
    deviceName: r.cstring(60, 255),
  };
}

export type VotequorumEvent =
  | {
      readonly event: "quorum";
      readonly context: bigint;
      readonly quorate: boolean;
      readonly nodes: readonly { readonly nodeId: number; readonly state: number }[];
    }
  | { readonly event: "expected"; readonly context: bigint; readonly expectedVotes: number }
  | {
      readonly event: "nodes";
      readonly context: bigint;
      readonly ringId: RingId;
      readonly members: readonly number[];
    };

export function encodeVotequorumEvent(message: VotequorumEvent): Uint8Array {
  switch (message.event) {
    case "quorum": {
      const w = response(3, 48 + 8 * message.nodes.length, CsError.ok);
      w.u32(24, message.quorate ? 1 : 0)
        .u64(32, message.context)
        .u32(40, message.nodes.length);
      for (const [i, node] of message.nodes.entries()) {
        w.u32(48 + 8 * i, node.nodeId).u32(52 + 8 * i, node.state);
      }
      return w.bytes;
    }
    case "expected":
      return response(4, 40, CsError.ok).u64(24, message.context).u32(32, message.expectedVotes)
        .bytes;
    case "nodes": {
      const w = response(5, 56 + 4 * message.members.length, CsError.ok);
      w.u64(24, message.context).u32(32, message.ringId.rep).u64(40, message.ringId.seq);
      w.u32(48, message.members.length);
      for (const [i, node] of message.members.entries()) w.u32(56 + 4 * i, node);
      return w.bytes;
    }
  }
}

/** undefined for unknown ids and counts that do not fit. */
export function decodeVotequorumEvent(message: Uint8Array): VotequorumEvent | undefined {
  const r = new FieldReader(message);
  switch (r.i32(0)) {
    case 3: {
      const n = r.u32(40);
      if (n > limits.ringMembers || r.size < 48 + 8 * n) return undefined;
      const nodes = Array.from({ length: n }, (_, i) => ({
        nodeId: r.u32(48 + 8 * i),
        state: r.u32(52 + 8 * i),
      }));
      return { event: "quorum", quorate: r.u32(24) !== 0, context: r.u64(32), nodes };
    }
    case 4:
      return { event: "expected", context: r.u64(24), expectedVotes: r.u32(32) };
    case 5: {
      const n = r.u32(48);
      if (n > limits.ringMembers || r.size < 56 + 4 * n) return undefined;
      return {
        event: "nodes",
        context: r.u64(24),
        ringId: { rep: r.u32(32), seq: r.count(40) },
        members: Array.from({ length: n }, (_, i) => r.u32(56 + 4 * i)),
      };
    }
    default:
      return undefined;
  }
}
