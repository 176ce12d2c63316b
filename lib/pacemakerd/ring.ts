/**
 * Our end of the CPG group: cuts messages that are too long for the ring into parts and joins them again.
 * Parts of one sender arrive in order. A configuration drops what is half delivered, on every member alike, and the
 * sender sends it again: a newcomer would else miss a message that the others apply (HOUSE rule 2).
 */
import { limits } from "../base/limits.ts";
import type { VotequorumInfo } from "../wire/ipc/services-votequorum.ts";
import type { GroupConfigurationEvent, GroupMember, VotesKnown } from "./api.ts";

/** Room for headers below the ring's own limit. */
const PART_BYTES = 512 * 1024;
const HEADER_BYTES = 13;
const MAGIC = 0x51;

interface Assembly {
  readonly id: number;
  readonly parts: Uint8Array[];
  readonly count: number;
  bytes: number;
}

function memberKey(member: GroupMember): string {
  return `${member.nodeId}:${member.processId}`;
}

function part(id: number, index: number, count: number, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, MAGIC);
  view.setUint32(1, id);
  view.setUint32(5, index);
  view.setUint32(9, count);
  bytes.set(data, HEADER_BYTES);
  return bytes;
}

function join(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const piece of parts) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

export class GroupPort {
  private readonly self: string;
  private nextId = 1;
  private readonly unfinished = new Map<number, Uint8Array>();
  private readonly assemblies = new Map<string, Assembly>();
  /** Messages that were not ours to understand. */
  dropped = 0;

  constructor(self: GroupMember) {
    this.self = memberKey(self);
  }

  /** The multicasts that carry this message. */
  send(message: Uint8Array): readonly Uint8Array[] {
    const id = this.nextId++;
    const count = Math.max(1, Math.ceil(message.length / PART_BYTES));
    if (count > 1) this.unfinished.set(id, message);
    return Array.from({ length: count }, (_, index) =>
      part(id, index, count, message.subarray(index * PART_BYTES, (index + 1) * PART_BYTES)),
    );
  }

  /** The whole message that this delivery completes, if any. */
  deliver(from: GroupMember, body: Uint8Array): Uint8Array | undefined {
    if (body.length < HEADER_BYTES || body[0] !== MAGIC) return this.drop();
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    const id = view.getUint32(1);
    const index = view.getUint32(5);
    const count = view.getUint32(9);
    const data = body.subarray(HEADER_BYTES);
    if (count === 1 && index === 0) return data;
    if (count * PART_BYTES > limits.xmlDocumentBytes + PART_BYTES) return this.drop();
    return this.assemble(memberKey(from), id, index, count, data);
  }

  private assemble(
    from: string,
    id: number,
    index: number,
    count: number,
    data: Uint8Array,
  ): Uint8Array | undefined {
    let assembly = this.assemblies.get(from);
    if (index === 0) {
      assembly = { id, parts: [], count, bytes: 0 };
      this.assemblies.set(from, assembly);
    }
    if (assembly === undefined || assembly.id !== id || assembly.parts.length !== index) {
      return undefined;
    }
    assembly.parts.push(data);
    assembly.bytes += data.length;
    if (assembly.parts.length < assembly.count) return undefined;
    this.assemblies.delete(from);
    if (from === this.self) this.unfinished.delete(id);
    return join(assembly.parts, assembly.bytes);
  }

  private drop(): undefined {
    this.dropped++;
    return undefined;
  }

  /** A new configuration: half-delivered messages are forgotten; ours come back to be sent again. */
  configuration(): readonly Uint8Array[] {
    this.assemblies.clear();
    const again = [...this.unfinished.values()];
    this.unfinished.clear();
    return again.flatMap((message) => [...this.send(message)]);
  }
}

/** What corosync's CPG client says of groups and ring; field by field what lib/wire/ipc/services-cpg.ts decodes. */
export type GroupNews =
  | {
      readonly event: "configuration";
      readonly group: string;
      readonly members: readonly { readonly nodeId: number; readonly pid: number }[];
    }
  | {
      readonly event: "ring";
      readonly ringId: { readonly rep: number; readonly seq: number };
      readonly members: readonly number[];
    };

/** Our CPG group's name. A name of its own keeps us apart from other managers (HOUSE rule 11). */
export const GROUP_NAME = "quorate";
/** Groups whose members are other managers; their names include a NUL (spec/ipc.md 2.6). */
export const FOREIGN_GROUPS = ["crmd\0", "cib\0"] as const;

/** Votes out of what votequorum said of each member. */
export function readVotes(infos: readonly VotequorumInfo[]): VotesKnown {
  const [first] = infos;
  if (first === undefined) return {};
  return {
    expectedVotes: first.highestExpected,
    neededVotes: first.quorum,
    votes: infos.map((info) => [info.nodeId, info.votes] as const),
  };
}

/**
 * Puts group and ring together: corosync tells of them in two events, in any order. Every change of either gives a
 * configuration; a round of statements about a half-told one is simply begun again.
 */
export class GroupTracker {
  private members: readonly GroupMember[] | undefined;
  private ring: Extract<GroupNews, { event: "ring" }> | undefined;

  /** The configuration that this news completes, if any. */
  news(event: GroupNews): GroupConfigurationEvent | undefined {
    if (event.event === "ring") this.ring = event;
    else if (event.group === GROUP_NAME) {
      this.members = event.members.map((m) => ({ nodeId: m.nodeId, processId: m.pid }));
    } else return undefined;
    if (this.members === undefined || this.ring === undefined) return undefined;
    const { ringId, members } = this.ring;
    return {
      kind: "cpg-configuration",
      members: this.members,
      ringId: `${ringId.rep}.${ringId.seq.toString(16)}`,
      ringSeq: ringId.seq,
      ringMembers: members,
    };
  }
}
