/**
 * Messages of one ring, found by sequence number, in any order of arrival (spec/totem/totem-wire.md sections 1.9 and 5).
 * A window of 16384 numbers slides up as messages are released, that is, once every member is known to have them. Memory
 * is taken for the part of the window in use.
 */
import type { Mcast } from "../wire/totem.ts";

/** Slots of a sort queue, a power of two; every member has as many. */
export const sortQueueSlots = 16384;

const firstSlots = 256;

/** A message with its datagram, which is what a retransmission sends. */
export interface Stored {
  readonly message: Mcast;
  readonly data: Uint8Array;
}

export class SortQueue {
  /** A power of two of them, never fewer than `reach`. */
  private slots: (Stored | undefined)[] = emptySlots(firstSlots);
  /** Token visits that found the number missing. */
  private misses = new Uint8Array(firstSlots);
  private lastReleased = 0;
  /** Numbers further than this from `lastReleased` have left nothing behind. */
  private reach = 0;

  /** Everything up to here has been freed and will never be asked for. */
  get released(): number {
    return this.lastReleased;
  }

  /** Empties the queue; the next number it takes is `released` + 1. */
  reset(released: number): void {
    this.release((this.lastReleased + this.reach) >>> 0);
    this.lastReleased = released;
  }

  /** True when the number lies in the window, held or not. */
  inWindow(seq: number): boolean {
    return (seq - this.lastReleased - 1) >>> 0 < sortQueueSlots;
  }

  get(seq: number): Stored | undefined {
    const held = (seq - this.lastReleased - 1) >>> 0 < this.reach;
    return held ? this.slots[seq & (this.slots.length - 1)] : undefined;
  }

  /** Keeps the message. False when it is there already, released, or beyond the window. */
  add(stored: Stored): boolean {
    const seq = stored.message.seq;
    if (!this.inWindow(seq)) return false;
    const slot = this.slotOf(seq);
    if (this.slots[slot] !== undefined) return false;
    this.slots[slot] = stored;
    return true;
  }

  /** Counts one more visit without this number, which lies in the window, and returns how many there have been. */
  countMiss(seq: number): number {
    const slot = this.slotOf(seq);
    const count = Math.min(255, (this.misses[slot] ?? 0) + 1);
    this.misses[slot] = count;
    return count;
  }

  /** Frees everything up to and including `seq`; earlier numbers and jumps beyond the window do nothing. */
  release(seq: number): void {
    if (!this.inWindow(seq)) return;
    const count = (seq - this.lastReleased) >>> 0;
    const mask = this.slots.length - 1;
    for (let step = Math.min(count, this.reach); step > 0; step--) {
      const slot = (this.lastReleased + step) & mask;
      this.slots[slot] = undefined;
      this.misses[slot] = 0;
    }
    this.reach = Math.max(0, this.reach - count);
    this.lastReleased = seq;
  }

  /** The slot of a number in the window; there is room for it. */
  private slotOf(seq: number): number {
    const distance = (seq - this.lastReleased) >>> 0;
    if (distance > this.reach) {
      if (distance > this.slots.length) this.grow(distance);
      this.reach = distance;
    }
    return seq & (this.slots.length - 1);
  }

  private grow(needed: number): void {
    const { slots, misses, lastReleased, reach } = this;
    let size = slots.length;
    while (size < needed) size *= 2;
    this.slots = emptySlots(size);
    this.misses = new Uint8Array(size);
    for (let step = 1; step <= reach; step++) {
      const from = (lastReleased + step) & (slots.length - 1);
      const to = (lastReleased + step) & (size - 1);
      this.slots[to] = slots[from];
      this.misses[to] = misses[from] ?? 0;
    }
  }
}

function emptySlots(count: number): (Stored | undefined)[] {
  return new Array<undefined>(count).fill(undefined);
}
