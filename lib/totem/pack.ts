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

export class PackQueue {
  private readonly messages = new SendQueue<Uint8Array>();
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

  /** Takes a message with its group prefix; it is kept, not copied. */
  push(message: Uint8Array): void {
    this.messages.push(message);
    this.unsent += message.length + partLengthBytes;
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
    const { continuation } = this;
    const parts: Uint8Array[] = [];
    let room = payloadBytes(netMtu) - packetHeaderBytes;
    let oldest = this.messages.peek();
    while (oldest !== undefined && room > partLengthBytes) {
      room -= partLengthBytes;
      const part = oldest.subarray(this.offset, this.offset + room);
      parts.push(part);
      room -= part.length;
      this.unsent -= part.length;
      this.offset += part.length;
      if (this.offset < oldest.length) break;
      this.messages.shift();
      this.unsent -= partLengthBytes;
      this.offset = 0;
      this.nextFragment = 1;
      oldest = this.messages.peek();
    }
    if (parts.length === 0) return undefined;
    this.continuation = this.offset === 0 ? 0 : this.nextFragment;
    if (this.offset > 0) this.nextFragment = this.nextFragment === 255 ? 1 : this.nextFragment + 1;
    return encodePacket({ fragmented: this.continuation, continuation, parts }, mcastHeaderBytes);
  }
}
