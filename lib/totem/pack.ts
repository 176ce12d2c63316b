/**
 * The sender's side of totempg: packs small messages into one packet and cuts large ones
 * (spec/totem/totem-wire.md section 2.1). A packet leaves as soon as it is full; what remains leaves with the token.
 */

import { mcastHeaderBytes } from "../wire/totem.ts";
import { encodePacket, packetHeaderBytes, partLengthBytes } from "../wire/totempg.ts";

/** Bytes of one mcast's payload at this MTU: two headers are set aside, so that recovery can wrap it. */
export function payloadBytes(netMtu: number): number {
  return netMtu - 2 * mcastHeaderBytes;
}

/** Packets that a message of this size (group prefix included) takes when it starts a packet of its own. */
export function packetsFor(bytes: number, netMtu: number): number {
  const room = payloadBytes(netMtu) - packetHeaderBytes - partLengthBytes;
  return Math.max(1, Math.ceil(bytes / room));
}

export class Packer {
  private readonly capacity: number;
  private parts: Uint8Array[] = [];
  private staged = packetHeaderBytes;
  /** Number of the fragment that the first staged part continues. */
  private continuation = 0;
  private nextFragment = 1;

  constructor(netMtu: number) {
    this.capacity = payloadBytes(netMtu);
  }

  /** True when something waits for `flush`. */
  get pending(): boolean {
    return this.parts.length > 0;
  }

  /** Stages a message (kept, not copied) and returns the packets that became full. */
  append(message: Uint8Array): readonly Uint8Array[] {
    const full: Uint8Array[] = [];
    let offset = 0;
    for (;;) {
      const room = this.capacity - this.staged - partLengthBytes;
      const left = message.length - offset;
      if (left <= room) {
        this.stage(message.subarray(offset));
        this.nextFragment = 1;
        if (left === room) full.push(this.close(0));
        return full;
      }
      if (room <= 0) {
        full.push(this.close(0));
        continue;
      }
      this.stage(message.subarray(offset, offset + room));
      offset += room;
      const fragment = this.nextFragment;
      this.nextFragment = fragment === 255 ? 1 : fragment + 1;
      full.push(this.close(fragment));
      this.continuation = fragment;
    }
  }

  /** The packet of what is staged; undefined when nothing is. */
  flush(): Uint8Array | undefined {
    return this.pending ? this.close(0) : undefined;
  }

  private stage(part: Uint8Array): void {
    this.parts.push(part);
    this.staged += partLengthBytes + part.length;
  }

  private close(fragmented: number): Uint8Array {
    const { continuation, parts } = this;
    this.parts = [];
    this.staged = packetHeaderBytes;
    this.continuation = 0;
    return encodePacket({ fragmented, continuation, parts });
  }
}
