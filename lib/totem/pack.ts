/**
 * The sender's side of totempg: small messages share a packet, large ones are cut (spec/totem/totem-wire.md section 2.1).
 * Messages wait whole and are packed at the token visit that sends them.
 *
 * Differs: when the ring changes in the middle of a message and new members come in, the originals go on where they were,
 * and the new members miss a message that the old ones get. Here the message starts again from its first byte, behind a
 * packet that makes receivers forget its first half: one order, one content for all members of a ring.
 */
import { mcastHeaderBytes } from "../wire/totem.ts";
import {
  encodeGrouped,
  encodePacket,
  framePacket,
  packetHeaderBytes,
  partLengthBytes,
} from "../wire/totempg.ts";
import { SendQueue } from "./send-queue.ts";

/** Bytes of one mcast's payload at this MTU: two headers are set aside, so that recovery can wrap it. */
export function payloadBytes(netMtu: number): number {
  return netMtu - 2 * mcastHeaderBytes;
}

/** Packets that so many bytes of messages take. */
export function packetsFor(bytes: number, netMtu: number): number {
  return Math.ceil(bytes / (payloadBytes(netMtu) - packetHeaderBytes));
}

/** A message to a group that nobody is in: receivers forget what this sender had begun. */
export const forgetMessage = encodeGrouped("forget", new Uint8Array(0));

const nothing = new Uint8Array(0);

/** A message that waits, in the two pieces it came in. */
interface Waiting {
  readonly prefix: Uint8Array;
  readonly body: Uint8Array;
}

/** Copies the bytes from `offset` on of prefix and body to the end of `into` or of the message; returns where they end. */
function copyPart(
  { prefix, body }: Waiting,
  offset: number,
  into: Uint8Array,
  at: number,
  end: number,
): void {
  let to = at;
  if (offset < prefix.length) {
    const piece = prefix.subarray(offset, offset + end - at);
    into.set(piece, to);
    to += piece.length;
  }
  if (to === end) return;
  const from = Math.max(0, offset - prefix.length);
  into.set(
    from === 0 && body.length === end - to ? body : body.subarray(from, from + end - to),
    to,
  );
}

export class PackQueue {
  private readonly messages = new SendQueue<Waiting>();
  /** Bytes of the oldest message that have been sent. */
  private offset = 0;
  /** Number of the fragment that the next packet continues; 0 = none. */
  private continuation = 0;
  private nextFragment = 1;
  private restarting = false;
  private unsent = 0;

  /** Bytes that wait, the lengths of their parts included. */
  get bytes(): number {
    return this.unsent;
  }

  /** Takes a message: `prefix`, then `body`. Both are kept, not copied. */
  push(body: Uint8Array, prefix: Uint8Array = nothing): void {
    this.messages.push({ prefix, body });
    this.unsent += prefix.length + body.length + partLengthBytes;
  }

  /** New members come in: a message of which they would see only the end starts again. */
  restartInterrupted(): void {
    if (this.offset === 0) return;
    this.unsent += this.offset;
    this.offset = 0;
    this.continuation = 0;
    this.nextFragment = 1;
    this.restarting = true;
  }

  /**
   * The next packet, as full as what waits allows, behind room for the header of an mcast; undefined when nothing waits.
   */
  take(netMtu: number): Uint8Array | undefined {
    if (this.restarting) {
      this.restarting = false;
      return encodePacket(
        { fragmented: 0, continuation: 0, parts: [forgetMessage] },
        mcastHeaderBytes,
      );
    }
    const lengths = this.partLengths(payloadBytes(netMtu) - packetHeaderBytes);
    if (lengths.length === 0) return undefined;
    const oldest = this.messages.at(lengths.length - 1)!;
    const reached = (lengths.length === 1 ? this.offset : 0) + lengths.at(-1)!;
    const goesOn = reached < oldest.prefix.length + oldest.body.length;
    const { continuation } = this;
    if (lengths.length > 1) this.nextFragment = 1;
    this.continuation = goesOn ? this.nextFragment : 0;
    const packet = framePacket(this.continuation, continuation, lengths, mcastHeaderBytes);
    this.fill(packet, lengths, goesOn);
    if (goesOn) this.nextFragment = this.nextFragment === 255 ? 1 : this.nextFragment + 1;
    else this.nextFragment = 1;
    return packet;
  }

  /** How much of each message, from the oldest on, the next packet takes; all of each but the last. */
  private partLengths(bytes: number): readonly number[] {
    const lengths: number[] = [];
    let room = bytes;
    let { offset } = this;
    for (let index = 0; room > partLengthBytes; index++) {
      const message = this.messages.at(index);
      if (message === undefined) break;
      room -= partLengthBytes;
      const left = message.prefix.length + message.body.length - offset;
      const length = Math.min(left, room);
      lengths.push(length);
      room -= length;
      if (length < left) break;
      offset = 0;
    }
    return lengths;
  }

  /** Copies the parts into the end of the packet and drops the messages that are complete. */
  private fill(packet: Uint8Array, lengths: readonly number[], goesOn: boolean): void {
    let at = mcastHeaderBytes + packetHeaderBytes + partLengthBytes * lengths.length;
    for (const [index, length] of lengths.entries()) {
      copyPart(this.messages.at(0)!, this.offset, packet, at, at + length);
      at += length;
      this.unsent -= length;
      if (goesOn && index === lengths.length - 1) {
        this.offset += length;
        return;
      }
      this.messages.shift();
      this.unsent -= partLengthBytes;
      this.offset = 0;
    }
  }
}
