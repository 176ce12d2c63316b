/**
 * Messages of one ring, found by sequence number, in any order of arrival (spec/totem/totem-wire.md sections 1.9 and 5).
 * A window of 16384 numbers slides up as messages are released, that is, once every member is known to have them.
 */
import type { Mcast } from "../wire/totem.ts";

/** Slots of a sort queue, a power of two; every member has as many. */
export const sortQueueSlots = 16384;

/** A message with its datagram, which is what a retransmission sends. */
export interface Stored {
  readonly message: Mcast;
  readonly data: Uint8Array;
}

export class SortQueue {
  private readonly slots: (Stored | undefined)[] = new Array<undefined>(sortQueueSlots).fill(
    undefined,
  );
  /** Token visits that found the number missing. */
  private readonly misses = new Uint8Array(sortQueueSlots);
  private lastReleased = 0;

  /** Everything up to here has been freed and will never be asked for. */
  get released(): number {
    return this.lastReleased;
  }

  /** Empties the queue; the next number it takes is `released` + 1. */
  reset(released: number): void {
    this.slots.fill(undefined);
    this.misses.fill(0);
    this.lastReleased = released;
  }

  /** True when the number lies in the window, held or not. */
  inWindow(seq: number): boolean {
    return (seq - this.lastReleased - 1) >>> 0 < sortQueueSlots;
  }

  get(seq: number): Stored | undefined {
    return this.inWindow(seq) ? this.slots[seq % sortQueueSlots] : undefined;
  }

  /** Keeps the message. False when it is there already, released, or beyond the window. */
  add(stored: Stored): boolean {
    const seq = stored.message.seq;
    if (!this.inWindow(seq)) return false;
    const slot = seq % sortQueueSlots;
    if (this.slots[slot] !== undefined) return false;
    this.slots[slot] = stored;
    return true;
  }

  /** Counts one more visit without this number and returns how many there have been. */
  countMiss(seq: number): number {
    const slot = seq % sortQueueSlots;
    const count = Math.min(255, (this.misses[slot] ?? 0) + 1);
    this.misses[slot] = count;
    return count;
  }

  /** Frees everything up to and including `seq`; earlier numbers and jumps beyond the window do nothing. */
  release(seq: number): void {
    if (!this.inWindow(seq)) return;
    let current = this.lastReleased;
    while (current !== seq) {
      current = (current + 1) >>> 0;
      this.slots[current % sortQueueSlots] = undefined;
      this.misses[current % sortQueueSlots] = 0;
    }
    this.lastReleased = seq;
  }
}
