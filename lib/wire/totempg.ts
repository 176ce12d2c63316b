/**
 * The packet inside an mcast: several parts of application messages, the first and the last of which may be fragments
 * (spec/totem/totem-wire.md section 2.1), and the group prefix of each application message (section 2.2).
 */
import { Writer } from "./writer.ts";

/** Bytes before the list of lengths. */
export const packetHeaderBytes = 8;
/** Bytes that each part costs beside its content. */
export const partLengthBytes = 2;
/** Group names of corosync have one to four characters. */
const mostGroupBytes = 256;

export interface Packet {
  /** Number of the fragment if the last part goes on in the sender's next packet, else 0. */
  readonly fragmented: number;
  /** The `fragmented` number that the first part continues, else 0. */
  readonly continuation: number;
  /** Views on the payload. */
  readonly parts: readonly Uint8Array[];
}

/** Undefined when the lengths do not add up to the payload exactly. */
export function decodePacket(payload: Uint8Array): Packet | undefined {
  if (payload.length < packetHeaderBytes) return undefined;
  const u16 = (at: number) => (payload[at] ?? 0) | ((payload[at + 1] ?? 0) << 8);
  if (u16(0) !== 0 || u16(2) !== 0) return undefined;
  const count = u16(6);
  let at = packetHeaderBytes + partLengthBytes * count;
  if (at > payload.length) return undefined;
  const parts: Uint8Array[] = [];
  for (let index = 0; index < count; index++) {
    const end = at + u16(packetHeaderBytes + partLengthBytes * index);
    if (end > payload.length) return undefined;
    parts.push(payload.subarray(at, end));
    at = end;
  }
  if (at !== payload.length) return undefined;
  return { fragmented: payload[4] ?? 0, continuation: payload[5] ?? 0, parts };
}

/** A packet whose parts are still zero: they start behind `before`, header and lengths. */
export function framePacket(
  fragmented: number,
  continuation: number,
  lengths: readonly number[],
  before = 0,
): Uint8Array {
  let contents = 0;
  for (const length of lengths) contents += length;
  const packet = new Uint8Array(
    before + packetHeaderBytes + partLengthBytes * lengths.length + contents,
  );
  packet[before + 4] = fragmented;
  packet[before + 5] = continuation;
  packet[before + 6] = lengths.length;
  packet[before + 7] = lengths.length >>> 8;
  let at = before + packetHeaderBytes;
  for (const length of lengths) {
    packet[at] = length;
    packet[at + 1] = length >>> 8;
    at += partLengthBytes;
  }
  return packet;
}

/** The packet behind so many zero bytes, which its sender fills with a header. */
export function encodePacket(packet: Packet, before = 0): Uint8Array {
  const lengths = packet.parts.map((part) => part.length);
  const bytes = framePacket(packet.fragmented, packet.continuation, lengths, before);
  let at = before + packetHeaderBytes + partLengthBytes * lengths.length;
  for (const part of packet.parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** What stands before the body of an application message: the group it is for. */
export function encodeGroupPrefix(group: string): Uint8Array {
  const writer = new Writer(4 + group.length);
  writer.u16(1).u16(group.length);
  for (let index = 0; index < group.length; index++) writer.u8(group.charCodeAt(index));
  return writer.finish();
}

/** An application message as it travels: group prefix and body. */
export function encodeGrouped(group: string, body: Uint8Array): Uint8Array {
  const prefix = encodeGroupPrefix(group);
  return new Writer(prefix.length + body.length).bytes(prefix).bytes(body).finish();
}

/** Group names and body (a view) of an application message. */
export function decodeGrouped(
  message: Uint8Array,
): { readonly groups: readonly string[]; readonly body: Uint8Array } | undefined {
  const u16 = (at: number) => (message[at] ?? 0) | ((message[at + 1] ?? 0) << 8);
  const count = u16(0);
  let at = 2 + 2 * count;
  if (message.length < at) return undefined;
  const groups: string[] = [];
  for (let index = 0; index < count; index++) {
    const end = at + u16(2 + 2 * index);
    if (end > message.length || end - at > mostGroupBytes) return undefined;
    let group = "";
    for (; at < end; at++) group += String.fromCharCode(message[at] ?? 0);
    groups.push(group);
  }
  return { groups, body: message.subarray(at) };
}
