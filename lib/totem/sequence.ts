/**
 * Sequence numbers of messages and tokens: unsigned 32 bit, compared so that they may wrap
 * (spec/totem/totem-wire.md section 4.6). 0xFFFFFFFF, the first aru of a ring, counts as -1.
 */
import type { RingId } from "../wire/totem.ts";

/** The value before the first sequence number of a ring. */
export const beforeFirst = 0xffffffff;

const upperHalf = 0x80000000;
const shift = 0x10000;

/** True when a comes before b. */
export function isBefore(a: number, b: number): boolean {
  if (a <= upperHalf && b <= upperHalf) return a < b;
  return (a - shift) >>> 0 < (b - shift) >>> 0;
}

/** The earlier of the two. */
export function earlier(a: number, b: number): number {
  return isBefore(a, b) ? a : b;
}

/** The later of the two. */
export function later(a: number, b: number): number {
  return isBefore(a, b) ? b : a;
}

export function next(seq: number): number {
  return (seq + 1) >>> 0;
}

export function sameRing(a: RingId, b: RingId): boolean {
  return a.rep === b.rep && a.seq === b.seq;
}

/** As people read it: `6.d`. */
export function ringText(ringId: RingId): string {
  return `${ringId.rep.toString(16)}.${ringId.seq.toString(16)}`;
}
