/** votequorum's messages on the ring (spec/totem section 7.1). */
import { FieldReader } from "./fields.ts";
import { readServiceHeader, ServiceId, serviceMessage } from "./service.ts";

/** Bits of `flags` in a nodeinfo. */
export const NodeInfoFlag = {
  quorate: 1,
  leaving: 2,
  waitForAll: 4,
  first: 8,
  deviceRegistered: 16,
  deviceAlive: 32,
  deviceCastsVote: 64,
  deviceMasterWins: 128,
} as const;

export interface NodeInfo {
  readonly kind: "node-info";
  /** 0 speaks of the sender's quorum device. */
  readonly nodeId: number;
  readonly votes: number;
  readonly expectedVotes: number;
  readonly flags: number;
}

/** `param`: 1 expected votes of everybody, 2 votes of one node, 3 cancel wait_for_all. */
export interface Reconfigure {
  readonly kind: "reconfigure";
  readonly nodeId: number;
  readonly value: number;
  readonly param: 1 | 2 | 3;
}

export type VotequorumMessage = NodeInfo | Reconfigure;

/** The whole service message, 32 bytes. */
export function encodeVotequorum(message: VotequorumMessage): Uint8Array {
  if (message.kind === "node-info") {
    return serviceMessage(ServiceId.votequorum, 0, 32)
      .u32(16, message.nodeId)
      .u32(20, message.votes)
      .u32(24, message.expectedVotes)
      .u32(28, message.flags).bytes;
  }
  return serviceMessage(ServiceId.votequorum, 1, 32)
    .u32(16, message.nodeId)
    .u32(20, message.value)
    .u8(24, message.param).bytes;
}

/** undefined for messages of other services, quorum device registrations and wrong sizes. */
export function decodeVotequorum(message: Uint8Array): VotequorumMessage | undefined {
  const header = readServiceHeader(message);
  if (header === undefined || header.service !== ServiceId.votequorum) return undefined;
  const r = new FieldReader(message);
  if (header.fn === 0 && header.size >= 32) {
    return {
      kind: "node-info",
      nodeId: r.u32(16),
      votes: r.u32(20),
      expectedVotes: r.u32(24),
      flags: r.u32(28),
    };
  }
  const param = r.u8(24);
  if (header.fn === 1 && header.size >= 28 && (param === 1 || param === 2 || param === 3)) {
    return { kind: "reconfigure", nodeId: r.u32(16), value: r.u32(20), param };
  }
  return undefined;
}
