/**
 * The packet inside an mcast: several parts of application messages, the first and the last of which may be fragments
 * (spec/totem/totem-wire.md section 2.1), and the group prefix of each application message (section 2.2).
 */
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

/** Bytes before the list of lengths. */
export const packetHeaderBytes = 8;
/** Bytes that each part costs beside its content. */
export const partLengthBytes = 2;

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
  const reader = new Reader(payload);
  if (reader.u16() !== 0 || reader.u16() !== 0) return undefined;
  const fragmented = reader.u8();
  const continuation = reader.u8();
  const count = reader.u16();
  const lengths: number[] = [];
  for (let index = 0; index < count && reader.ok; index++) lengths.push(reader.u16());
  const parts: Uint8Array[] = [];
  for (const length of lengths) parts.push(reader.bytes(length));
  return reader.ok && reader.remaining === 0 ? { fragmented, continuation, parts } : undefined;
}

/** The packet behind so many zero bytes, which its sender fills with a header. */
export function encodePacket(packet: Packet, before = 0): Uint8Array {
  const contents = packet.parts.reduce((bytes, part) => bytes + partLengthBytes + part.length, 0);
  const writer = new Writer(before + packetHeaderBytes + contents);
  writer.zeros(before);
  writer.zeros(4).u8(packet.fragmented).u8(packet.continuation).u16(packet.parts.length);
  for (const part of packet.parts) writer.u16(part.length);
  for (const part of packet.parts) writer.bytes(part);
  return writer.finish();
}

/** An application message as it travels: group prefix and body. */
export function encodeGrouped(group: string, body: Uint8Array): Uint8Array {
  const writer = new Writer(4 + group.length + body.length);
  writer.u16(1).u16(group.length);
  for (let index = 0; index < group.length; index++) writer.u8(group.charCodeAt(index));
  return writer.bytes(body).finish();
}

/** Group names and body (a view) of an application message. */
export function decodeGrouped(
  message: Uint8Array,
): { readonly groups: readonly string[]; readonly body: Uint8Array } | undefined {
  const reader = new Reader(message);
  const count = reader.u16();
  const lengths: number[] = [];
  for (let index = 0; index < count && reader.ok; index++) lengths.push(reader.u16());
  const groups: string[] = [];
  for (const length of lengths) {
    if (!reader.ok) break;
    groups.push(String.fromCharCode(...reader.bytes(Math.min(length, 256))));
    if (length > 256) reader.fail();
  }
  const body = reader.rest();
  return reader.ok ? { groups, body } : undefined;
}
