/**
 * The six datagrams of the ring (spec/totem/totem-wire.md section 1): encode and decode, byte for byte.
 * All structures are packed and in the sender's byte order. Peers of the other byte order are refused, as bodies above
 * this layer are never converted and such a ring does not work (section 2.3). `target` is meaningless on udp and udpu
 * (section 1.1): kept so that a datagram re-encodes to itself, never compared.
 */
import { limits } from "../base/limits.ts";
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

/** Ring id: representative's node id and the ring sequence (a safe integer). Printed `rep.seq`, seq in hex. */
export interface RingId {
  readonly rep: number;
  readonly seq: number;
}

const magic = 0xc070;
const version = 3;
const typeCodes = {
  "orf-token": 0,
  mcast: 1,
  "merge-detect": 2,
  join: 3,
  "commit-token": 4,
  "hold-cancel": 5,
} as const;

/** Bytes of the mcast header before its payload. */
export const mcastHeaderBytes = 45;
/** An orf_token never carries more retransmit requests (section 1.3). */
export const maxRetransmitEntries = 30;

interface Header {
  /** Node that sent this datagram; 0 in a LEAVE join. */
  readonly nodeId: number;
  readonly target: number;
}

export interface RetransmitEntry {
  readonly ringId: RingId;
  readonly seq: number;
}

export interface OrfToken extends Header {
  readonly kind: "orf-token";
  readonly seq: number;
  readonly tokenSeq: number;
  readonly aru: number;
  /** Node that lowered aru; 0 = nobody. */
  readonly aruAddr: number;
  readonly ringId: RingId;
  readonly backlog: number;
  readonly fcc: number;
  readonly retransFlag: number;
  readonly entries: readonly RetransmitEntry[];
}

export interface Mcast extends Header {
  readonly kind: "mcast";
  /** 1 = payload is a whole mcast of an old ring (recovery), 2 = normal. */
  readonly encapsulated: number;
  readonly systemFrom: number;
  readonly seq: number;
  readonly thisSeqno: number;
  readonly ringId: RingId;
  readonly reserved: number;
  readonly guarantee: number;
  /** A view on the datagram. */
  readonly payload: Uint8Array;
}

export interface MergeDetect extends Header {
  readonly kind: "merge-detect";
  readonly systemFrom: number;
  readonly ringId: RingId;
}

export interface Join extends Header {
  readonly kind: "join";
  readonly systemFrom: number;
  readonly proc: readonly number[];
  readonly failed: readonly number[];
  readonly ringSeq: number;
}

export interface CommitEntry {
  readonly ringId: RingId;
  readonly aru: number;
  readonly highDelivered: number;
  readonly receivedFlag: number;
}

export interface CommitToken extends Header {
  readonly kind: "commit-token";
  readonly tokenSeq: number;
  readonly ringId: RingId;
  readonly retransFlag: number;
  /** Entries filled so far. */
  readonly memberIndex: number;
  /** Ascending: the order of the ring. */
  readonly members: readonly number[];
  /** As many as members; unfilled ones are all zero. */
  readonly entries: readonly CommitEntry[];
}

export interface HoldCancel extends Header {
  readonly kind: "hold-cancel";
  readonly ringId: RingId;
}

export type TotemMessage = OrfToken | Mcast | MergeDetect | Join | CommitToken | HoldCancel;

/** Decodes one datagram. Undefined when it is not a complete, exact message of this version. */
export function decodeTotem(data: Uint8Array): TotemMessage | undefined {
  const reader = new Reader(data);
  if (reader.u16() !== magic || reader.u8() !== version) return undefined;
  const type = reader.u8();
  const encapsulated = reader.u8();
  const nodeId = reader.u32();
  const target = reader.u32();
  const decode = decoders[type];
  if (!reader.ok || decode === undefined) return undefined;
  const message = decode(reader, { nodeId, target }, encapsulated);
  return reader.ok && reader.remaining === 0 ? message : undefined;
}

/** Encodes one datagram. */
export function encodeTotem(message: TotemMessage): Uint8Array {
  const writer = new Writer(sizeOf(message));
  const encapsulated = message.kind === "mcast" ? message.encapsulated : 0;
  writer.u16(magic).u8(version).u8(typeCodes[message.kind]).u8(encapsulated);
  writer.u32(message.nodeId).u32(message.target);
  switch (message.kind) {
    case "orf-token":
      writeOrfToken(writer, message);
      break;
    case "mcast":
      writer.u32(message.systemFrom).u32(message.seq).i32(message.thisSeqno);
      writeRingId(writer, message.ringId);
      writer.u32(message.reserved).i32(message.guarantee).bytes(message.payload);
      break;
    case "merge-detect":
      writeRingId(writer.u32(message.systemFrom), message.ringId);
      break;
    case "join":
      writer.u32(message.systemFrom).u32(message.proc.length).u32(message.failed.length);
      writer.u64(message.ringSeq);
      for (const id of message.proc) writer.u32(id);
      for (const id of message.failed) writer.u32(id);
      break;
    case "commit-token":
      writeCommitToken(writer, message);
      break;
    case "hold-cancel":
      writeRingId(writer, message.ringId);
      break;
  }
  return writer.finish();
}

/** Fills the header of a normal mcast into a datagram whose payload is in place already, `mcastHeaderBytes` from its start. */
export function fillMcastHeader(
  datagram: Uint8Array,
  fields: {
    readonly nodeId: number;
    readonly seq: number;
    readonly thisSeqno: number;
    readonly ringId: RingId;
  },
): Mcast {
  const message: Mcast = {
    kind: "mcast",
    target: 0,
    encapsulated: 2,
    systemFrom: fields.nodeId,
    reserved: 0,
    guarantee: 0,
    ...fields,
    payload: datagram.subarray(mcastHeaderBytes),
  };
  const header = encodeTotem({ ...message, payload: datagram.subarray(0, 0) });
  datagram.set(header);
  return message;
}

type Decoder = (reader: Reader, header: Header, encapsulated: number) => TotemMessage;

/** Indexed by the type byte. */
const decoders: readonly Decoder[] = [
  readOrfToken,
  readMcast,
  (reader, header) => ({
    kind: "merge-detect",
    ...header,
    systemFrom: reader.u32(),
    ringId: readRingId(reader),
  }),
  readJoin,
  readCommitToken,
  (reader, header) => ({ kind: "hold-cancel", ...header, ringId: readRingId(reader) }),
];

function sizeOf(message: TotemMessage): number {
  switch (message.kind) {
    case "orf-token":
      return 57 + 16 * message.entries.length;
    case "mcast":
      return mcastHeaderBytes + message.payload.length;
    case "join":
      return 33 + 4 * (message.proc.length + message.failed.length);
    case "commit-token":
      return 41 + 28 * message.members.length;
    default:
      return 29;
  }
}

function readRingId(reader: Reader): RingId {
  return { rep: reader.u32(), seq: reader.u64() };
}

function writeRingId(writer: Writer, ringId: RingId): void {
  writer.u32(ringId.rep).u64(ringId.seq);
}

function readOrfToken(reader: Reader, header: Header): OrfToken {
  const seq = reader.u32();
  const tokenSeq = reader.u32();
  const aru = reader.u32();
  const aruAddr = reader.u32();
  const ringId = readRingId(reader);
  const backlog = reader.u32();
  const fcc = reader.u32();
  const retransFlag = reader.u32();
  const entries = readList(reader, reader.u32(), maxRetransmitEntries, () => ({
    ringId: readRingId(reader),
    seq: reader.u32(),
  }));
  return {
    kind: "orf-token",
    ...header,
    seq,
    tokenSeq,
    aru,
    aruAddr,
    ringId,
    backlog,
    fcc,
    retransFlag,
    entries,
  };
}

function writeOrfToken(writer: Writer, token: OrfToken): void {
  writer.u32(token.seq).u32(token.tokenSeq).u32(token.aru).u32(token.aruAddr);
  writeRingId(writer, token.ringId);
  writer.u32(token.backlog).u32(token.fcc).u32(token.retransFlag).u32(token.entries.length);
  for (const entry of token.entries) {
    writeRingId(writer, entry.ringId);
    writer.u32(entry.seq);
  }
}

function readMcast(reader: Reader, header: Header, encapsulated: number): Mcast {
  if (encapsulated !== 1 && encapsulated !== 2) reader.fail();
  const systemFrom = reader.u32();
  const seq = reader.u32();
  const thisSeqno = reader.i32();
  const ringId = readRingId(reader);
  const reserved = reader.u32();
  const guarantee = reader.i32();
  const payload = reader.rest();
  return {
    kind: "mcast",
    ...header,
    encapsulated,
    systemFrom,
    seq,
    thisSeqno,
    ringId,
    reserved,
    guarantee,
    payload,
  };
}

function readJoin(reader: Reader, header: Header): Join {
  const systemFrom = reader.u32();
  const procCount = reader.u32();
  const failedCount = reader.u32();
  const ringSeq = reader.u64();
  const proc = readList(reader, procCount, limits.ringMembers, () => reader.u32());
  const failed = readList(reader, failedCount, limits.ringMembers, () => reader.u32());
  return { kind: "join", ...header, systemFrom, proc, failed, ringSeq };
}

function readCommitToken(reader: Reader, header: Header): CommitToken {
  const tokenSeq = reader.u32();
  const ringId = readRingId(reader);
  const retransFlag = reader.u32();
  const memberIndex = reader.i32();
  const count = reader.u32();
  if (memberIndex < 0 || memberIndex > count) reader.fail();
  const members = readList(reader, count, limits.ringMembers, () => reader.u32());
  const entries = readList(reader, count, limits.ringMembers, () => ({
    ringId: readRingId(reader),
    aru: reader.u32(),
    highDelivered: reader.u32(),
    receivedFlag: reader.u32(),
  }));
  return {
    kind: "commit-token",
    ...header,
    tokenSeq,
    ringId,
    retransFlag,
    memberIndex,
    members,
    entries,
  };
}

function writeCommitToken(writer: Writer, token: CommitToken): void {
  writer.u32(token.tokenSeq);
  writeRingId(writer, token.ringId);
  writer.u32(token.retransFlag).i32(token.memberIndex).i32(token.members.length);
  for (const id of token.members) writer.u32(id);
  for (const entry of token.entries) {
    writeRingId(writer, entry.ringId);
    writer.u32(entry.aru).u32(entry.highDelivered).u32(entry.receivedFlag);
  }
}

/** Reads `count` items; more than `limit` of them, or fewer than promised, fail the message. */
function readList<T>(reader: Reader, count: number, limit: number, item: () => T): readonly T[] {
  const items: T[] = [];
  if (count > limit) reader.fail();
  for (let index = 0; index < count && reader.ok; index++) items.push(item());
  return items;
}
