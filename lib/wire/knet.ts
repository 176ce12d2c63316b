/**
 * Packets of knet, the transport below the ring on corosync 3's default (spec/totem/totem-wire.md section 9): data, ping,
 * pong and path MTU probes. Header fields are big endian, the size in a path MTU probe is in the sender's order.
 * Sealing (cipher and HMAC around a whole packet) is lib/runtime/seal.ts; framing of sealed packets is here.
 */
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

const version = 1;
const typeCodes = {
  data: 0x00,
  ping: 0x81,
  pong: 0x82,
  "pmtud-probe": 0x83,
  "pmtud-reply": 0x84,
} as const;

/** Bytes before the user data of a data packet. */
export const knetDataHeaderBytes = 14;
/** Opaque time stamp of a ping: the sender's timespec. */
export const knetStampBytes = 16;

interface Common {
  /** The sending node, below 65536. */
  readonly nodeId: number;
}

export interface KnetData extends Common {
  readonly kind: "data";
  /** One number per ring datagram, shared by its fragments, on all links and to all destinations. */
  readonly seq: number;
  /** Compression method; 0 = none. */
  readonly compress: number;
  readonly broadcast: boolean;
  /** Fragments of this datagram; 1 when it is whole. */
  readonly fragments: number;
  /** 1 to `fragments`; 0 when it is whole. */
  readonly fragment: number;
  readonly channel: number;
  /** A view on the packet. */
  readonly payload: Uint8Array;
}

export interface KnetPing extends Common {
  readonly kind: "ping" | "pong";
  readonly link: number;
  /** 16 bytes that come back unchanged in the pong. */
  readonly stamp: Uint8Array;
  /** The sender's latest data sequence; 0 tells that it has just started. */
  readonly seq: number;
  readonly timed: number;
}

export interface KnetPmtud extends Common {
  readonly kind: "pmtud-probe" | "pmtud-reply";
  readonly link: number;
  /** Size under test: the whole IP packet. */
  readonly size: number;
  /** Padding up to the tested size, as bytes of the packet; empty in replies. */
  readonly padding: Uint8Array;
}

export type KnetPacket = KnetData | KnetPing | KnetPmtud;

/** Undefined when the packet is no complete packet of version 1. */
export function decodeKnet(packet: Uint8Array): KnetPacket | undefined {
  const reader = new Reader(packet, "big");
  if (reader.u8() !== version) return undefined;
  const type = reader.u8();
  const nodeId = reader.u16();
  reader.skip(2);
  const decoded = decodeBody(reader, type, nodeId);
  return reader.ok ? decoded : undefined;
}

function decodeBody(reader: Reader, type: number, nodeId: number): KnetPacket | undefined {
  switch (type) {
    case typeCodes.data: {
      const seq = reader.u16();
      const compress = reader.u8();
      reader.skip(1);
      const broadcast = reader.u8() !== 0;
      const fragments = reader.u8();
      const fragment = reader.u8();
      const channel = reader.i8();
      const whole = fragments === 1 && fragment === 0;
      if (!whole && (fragment < 1 || fragment > fragments)) reader.fail();
      const payload = reader.rest();
      return {
        kind: "data",
        nodeId,
        seq,
        compress,
        broadcast,
        fragments,
        fragment,
        channel,
        payload,
      };
    }
    case typeCodes.ping:
    case typeCodes.pong: {
      const kind = type === typeCodes.ping ? "ping" : "pong";
      const link = reader.u8();
      const stamp = reader.bytes(knetStampBytes);
      return { kind, nodeId, link, stamp, seq: reader.u16(), timed: reader.u8() };
    }
    case typeCodes["pmtud-probe"]:
    case typeCodes["pmtud-reply"]: {
      const kind = type === typeCodes["pmtud-probe"] ? "pmtud-probe" : "pmtud-reply";
      const link = reader.u8();
      const size = swap16(reader.u16());
      return { kind, nodeId, link, size, padding: reader.rest() };
    }
    default:
      return undefined;
  }
}

export function encodeKnet(packet: KnetPacket): Uint8Array {
  const body = packet.kind === "data" ? packet.payload.length : 0;
  const writer = new Writer(knetDataHeaderBytes + 20 + body, "big");
  writer.u8(version).u8(typeCodes[packet.kind]).u16(packet.nodeId).zeros(2);
  switch (packet.kind) {
    case "data":
      writer
        .u16(packet.seq)
        .u8(packet.compress)
        .zeros(1)
        .u8(packet.broadcast ? 1 : 0);
      writer.u8(packet.fragments).u8(packet.fragment).i8(packet.channel).bytes(packet.payload);
      break;
    case "ping":
    case "pong":
      writer.u8(packet.link).bytes(packet.stamp).u16(packet.seq).u8(packet.timed);
      break;
    case "pmtud-probe":
    case "pmtud-reply":
      writer.u8(packet.link).u16(swap16(packet.size)).bytes(packet.padding);
      break;
  }
  return writer.finish();
}

/** The size in a path MTU probe is little endian on the machines that we know. */
function swap16(value: number): number {
  return ((value & 0xff) << 8) | (value >> 8);
}
