/**
 * Sets of members and what a commit token says about them (spec/totem/totem-wire.md sections 4.3 and 4.4).
 * Lists of members are always ascending: that is the order of the ring.
 */
import type { CommitEntry, CommitToken, RingId } from "../wire/totem.ts";
import { earlier, isBefore, sameRing } from "./sequence.ts";

/** Up to so many, a list is searched faster than a set is made. */
const fewMembers = 32;

export function ascending(ids: readonly number[]): number[] {
  return isAscending(ids) ? [...ids] : [...new Set(ids)].sort((a, b) => a - b);
}

function isAscending(ids: readonly number[]): boolean {
  for (let index = 1; index < ids.length; index++) {
    if ((ids[index - 1] ?? 0) >= (ids[index] ?? 0)) return false;
  }
  return true;
}

/** Members of a that are not in b, in the order of a. */
export function without(a: readonly number[], b: Iterable<number>): number[] {
  const drop = Array.isArray(b) && b.length === 0 ? undefined : new Set(b);
  return drop === undefined ? [...a] : a.filter((id) => !drop.has(id));
}

export function isSubset(part: readonly number[], whole: readonly number[]): boolean {
  if (whole.length <= fewMembers) return part.every((id) => whole.includes(id));
  const all = new Set(whole);
  return part.every((id) => all.has(id));
}

/** Same members, in whatever order and however often named. */
export function sameMembers(a: readonly number[], b: readonly number[]): boolean {
  if (isAscending(a) && isAscending(b)) {
    return a.length === b.length && a.every((id, index) => id === b[index]);
  }
  return isSubset(a, b) && isSubset(b, a);
}

/**
 * Fills one's own entry and passes the token on: among the entries of the same old ring, everyone whose aru is below the
 * highest has not received everything.
 */
export function fillEntry(token: CommitToken, nodeId: number, own: CommitEntry): CommitToken {
  const filled = token.memberIndex + 1;
  const entries = token.entries.map((entry, index) => (index === token.memberIndex ? own : entry));
  const peers = entries.slice(0, filled).filter((entry) => sameRing(entry.ringId, own.ringId));
  const highest = peers.reduce(
    (high, entry) => (isBefore(high, entry.aru) ? entry.aru : high),
    own.aru,
  );
  const judged = entries.map((entry, index) =>
    index < filled && sameRing(entry.ringId, own.ringId) && isBefore(entry.aru, highest)
      ? { ...entry, receivedFlag: 0 }
      : entry,
  );
  return {
    ...token,
    nodeId,
    target: 0,
    tokenSeq: (token.tokenSeq + 1) >>> 0,
    memberIndex: filled,
    entries: judged,
  };
}

/** Who comes along from our old ring, and which of its messages must be sent again. */
export interface Companions {
  readonly transitional: readonly number[];
  /** Some companion misses a message of the old ring. */
  readonly incomplete: boolean;
  /** Companions have all messages up to here; meaningful when incomplete. */
  readonly low: number;
}

/** Reads a full commit token: companions are old members that name the same old ring as we do. */
export function companions(
  token: CommitToken,
  oldMembers: readonly number[],
  oldRing: RingId,
  savedHighSeq: number,
): Companions {
  const entryOf = new Map(token.members.map((id, index) => [id, token.entries[index]]));
  const transitional: number[] = [];
  let incomplete = false;
  let low = savedHighSeq;
  for (const id of oldMembers) {
    const entry = entryOf.get(id);
    if (entry === undefined || !sameRing(entry.ringId, oldRing)) continue;
    transitional.push(id);
    incomplete ||= entry.receivedFlag === 0;
    low = earlier(low, entry.aru);
  }
  return { transitional, incomplete, low };
}
