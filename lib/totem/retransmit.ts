/**
 * The retransmit list of the token: what others miss and we hold, and our own gaps
 * (spec/totem/totem-wire.md section 5 step 5).
 */
import { maxRetransmitEntries, type RetransmitEntry, type RingId } from "../wire/totem.ts";
import { isBefore, next, sameRing } from "./sequence.ts";
import { type SortQueue, type Stored, sortQueueSlots } from "./sort-queue.ts";

/** Splits the list into messages to send again, at most `allowed`, and entries that stay in the token. */
export function answerRequests(
  queue: SortQueue,
  ringId: RingId,
  entries: readonly RetransmitEntry[],
  allowed: number,
): { readonly resend: readonly Stored[]; readonly entries: RetransmitEntry[] } {
  const resend: Stored[] = [];
  const open: RetransmitEntry[] = [];
  for (const entry of entries) {
    const stored =
      resend.length < allowed && sameRing(entry.ringId, ringId) ? queue.get(entry.seq) : undefined;
    if (stored === undefined) open.push(entry);
    else resend.push(stored);
  }
  return { resend, entries: open };
}

/**
 * Appends our gaps between `aru` and `seq` to the list. A gap is listed from its `missCount`-th visit on, as the message
 * may merely be slower than the token. The list never exceeds 30 entries.
 */
export function listGaps(
  queue: SortQueue,
  ringId: RingId,
  entries: RetransmitEntry[],
  aru: number,
  seq: number,
  missCount: number,
): void {
  let current = aru;
  for (let scanned = 0; scanned < sortQueueSlots && isBefore(current, seq); scanned++) {
    current = next(current);
    if (!queue.inWindow(current) || entries.length >= maxRetransmitEntries) return;
    if (queue.get(current) !== undefined || queue.countMiss(current) < missCount) continue;
    const wanted = current;
    const listed = entries.some((entry) => entry.seq === wanted && sameRing(entry.ringId, ringId));
    if (!listed) entries.push({ ringId, seq: current });
  }
}
