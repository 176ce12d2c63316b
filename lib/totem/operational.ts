/**
 * OPERATIONAL: the token turns, messages are delivered in agreed order (spec/totem/totem-wire.md sections 4.7 and 5).
 */
import type { HoldCancel, Join, Mcast, MergeDetect, OrfToken } from "../wire/totem.ts";
import { addProcessor, mergeJoin } from "./gather.ts";
import { membershipLine, processorFailedLine } from "./log-lines.ts";
import { ascending, without } from "./membership.ts";
import { unwrap } from "./recovery.ts";
import type { RingState } from "./ring-state.ts";
import { earlier, isBefore, later, next, sameRing } from "./sequence.ts";
import { advanceAru, encodeDraft, isNewToken, type TokenDraft, workToken } from "./visit.ts";

/** Section 4.7: the end of the old ring, the transitional and the regular configuration. */
export function enterOperational(ring: RingState): void {
  const { transitional, newMembers: members, ringId, oldRingId } = ring;
  const highSeq = unwrapRecovered(ring);
  deliverContiguous(ring);
  const left = without(ring.members, transitional);
  const joined = without(members, transitional);
  ring.effects.push({
    kind: "configuration",
    type: "transitional",
    ringId: oldRingId,
    members: transitional,
    left,
    joined: [],
  });
  ring.synchronising = true;
  deliverRemainder(ring, highSeq, transitional);
  for (const id of left) ring.assemblies.delete(id);
  if (joined.length > 0) {
    ring.queue.restartInterrupted();
    ring.syncQueue.restartInterrupted();
  }
  ring.effects.push({ kind: "configuration", type: "regular", ringId, members, left, joined });
  adoptRing(ring);
  for (const line of membershipLine(ring, joined, left)) ring.log(line.level, line.text);
  ring.goodbyes.clear();
}

/** Puts what recovery brought into the old ring's queue; returns that ring's highest number. */
function unwrapRecovered(ring: RingState): number {
  let highSeq = ring.saved?.highSeq ?? 0;
  for (let seq = 0; seq !== ring.installSeq; ) {
    seq = next(seq);
    const stored = ring.recovery.get(seq);
    const inner = stored === undefined ? undefined : unwrap(stored.message);
    if (stored === undefined || inner === undefined) continue;
    if (!sameRing(inner.ringId, ring.oldRingId)) continue;
    if (ring.regular.add({ message: inner, data: stored.message.payload })) {
      highSeq = later(highSeq, inner.seq);
    }
  }
  return highSeq;
}

/** Delivers everything that follows without a gap. */
export function deliverContiguous(ring: RingState): void {
  for (;;) {
    const stored = ring.regular.get(next(ring.highDelivered));
    if (stored === undefined) return;
    ring.highDelivered = stored.message.seq;
    // A recovered message is delivered as one of the old ring, never again under its new number.
    if (stored.message.encapsulated === 2)
      ring.deliver(stored.message.nodeId, stored.message.payload);
  }
}

/** Delivers what lies beyond the first gap, of those who come along. */
function deliverRemainder(ring: RingState, highSeq: number, from: readonly number[]): void {
  for (let seq = ring.highDelivered; isBefore(seq, highSeq); ) {
    seq = next(seq);
    const message = ring.regular.get(seq)?.message;
    if (message?.encapsulated === 2 && from.includes(message.systemFrom)) {
      ring.deliver(message.nodeId, message.payload);
    }
  }
}

/** The recovery queue becomes the regular one; what it holds of the old ring counts as delivered. */
function adoptRing(ring: RingState): void {
  const old = ring.regular;
  old.reset(0);
  ring.regular = ring.recovery;
  ring.recovery = old;
  ring.highDelivered = ring.installSeq;
  ring.regular.release(ring.installSeq);
  ring.state = "operational";
  ring.members = ring.newMembers;
  ring.formedAt = ring.now;
  ring.oldRingId = ring.ringId;
  ring.saved = undefined;
  ring.failedToReceive = false;
  ring.proc = ascending(ring.members);
  ring.failed = [];
  ring.unchanged = 0;
  ring.lastSeq = ring.installSeq;
  ring.lastAru = ring.installSeq;
  ring.aruCount = 0;
  ring.statistics.operational_entered++;
  ring.statistics.continuous_gather = 0;
}

export function onTokenInOperational(ring: RingState, token: OrfToken): void {
  if (!isNewToken(ring, token)) return;
  watchIdleness(ring, token);
  ring.regular.release(earlier(earlier(token.aru, ring.lastAru), ring.highDelivered));
  const draft = workToken(ring, token);
  if (failsToReceive(ring, draft)) {
    failReception(ring);
    return;
  }
  ring.restartTokenTimer();
  const data = encodeDraft(ring, draft);
  if (ring.representative && ring.unchanged > ring.timers.seqnoUnchangedConst) {
    ring.heldToken = data;
    ring.cancelTimer("retransmit");
    ring.setTimer("hold", ring.timers.holdMs);
  } else {
    ring.sendToken(data);
  }
  deliverContiguous(ring);
}

/** Steps 1 and 2: an idle ring turns slowly and looks for others. */
function watchIdleness(ring: RingState, token: OrfToken): void {
  if (ring.heldToken !== undefined) ring.cancelTimer("hold");
  ring.heldToken = undefined;
  if (token.seq === ring.lastSeq) {
    ring.unchanged++;
    if (ring.representative && !ring.mergeRunning) {
      ring.mergeRunning = true;
      ring.setTimer("merge", ring.timers.mergeMs);
    }
  } else {
    if (ring.mergeRunning) ring.cancelTimer("merge");
    ring.mergeRunning = false;
    ring.unchanged = 0;
  }
  ring.lastSeq = token.seq;
  ring.mayBeHeld = !ring.representative && ring.unchanged >= ring.timers.seqnoUnchangedConst;
}

/** Step 10: the same aru again and again, and it is ours. */
function failsToReceive(ring: RingState, draft: TokenDraft): boolean {
  ring.aruCount = draft.aru === ring.lastAru && draft.aruAddr !== 0 ? ring.aruCount + 1 : 0;
  ring.lastAru = draft.aru;
  return ring.aruCount > ring.timers.failRecvConst && draft.aruAddr === ring.nodeId;
}

function failReception(ring: RingState): void {
  ring.log("error", "FAILED TO RECEIVE");
  ring.failedToReceive = true;
  ring.failed = ascending([...ring.failed, ring.nodeId]);
  ring.enter.gather(ring, "failedToReceive");
}

/** Timer `hold`, or a reason to go on earlier. */
export function releaseHeldToken(ring: RingState): void {
  const data = ring.heldToken;
  if (data === undefined) return;
  ring.heldToken = undefined;
  ring.cancelTimer("hold");
  ring.sendToken(data);
}

/** Something new waits to be sent: an idle ring must not keep it waiting. */
export function wakeToken(ring: RingState): void {
  if (ring.state !== "operational") return;
  if (ring.heldToken !== undefined) {
    ring.unchanged = 0;
    releaseHeldToken(ring);
  } else if (ring.mayBeHeld) {
    ring.mayBeHeld = false;
    ring.unchanged = 0;
    ring.statistics.token_hold_cancel_tx++;
    const { nodeId, ringId } = ring;
    ring.send("all", { kind: "hold-cancel", nodeId, target: 0, ringId });
  }
}

export function onHoldCancel(ring: RingState, message: HoldCancel): void {
  ring.statistics.token_hold_cancel_rx++;
  if (ring.state !== "operational" || !sameRing(message.ringId, ring.ringId)) return;
  ring.unchanged = 0;
  releaseHeldToken(ring);
}

/** Timer `merge`: are there others who form a ring of their own? */
export function detectMerge(ring: RingState): void {
  ring.mergeRunning = false;
  if (ring.state !== "operational") return;
  ring.statistics.memb_merge_detect_tx++;
  const { nodeId, ringId } = ring;
  ring.send("all", { kind: "merge-detect", nodeId, target: 0, systemFrom: nodeId, ringId });
}

/** Messages of our ring are kept, here and while we gather; others tell of another ring. */
export function onMcast(ring: RingState, message: Mcast, data: Uint8Array): void {
  if (sameRing(message.ringId, ring.oldRingId) && ring.members.length > 0) {
    if (ring.saved !== undefined || !ring.regular.add({ message, data })) return;
    ring.highSeq = later(ring.highSeq, message.seq);
    advanceAru(ring);
    if (ring.state === "operational") deliverContiguous(ring);
    return;
  }
  const from = message.systemFrom;
  // Differs: what a member sent before this ring was formed and arrives late is no reason to gather.
  const late = ring.members.includes(from) && message.ringId.seq < ring.ringId.seq;
  if (!late) onForeign(ring, from, "foreignOperational", "foreignGather");
}

export function onMergeDetect(ring: RingState, message: MergeDetect): void {
  ring.statistics.memb_merge_detect_rx++;
  const late = ring.members.includes(message.systemFrom) && message.ringId.seq < ring.ringId.seq;
  if (late || sameRing(message.ringId, ring.ringId)) return;
  onForeign(ring, message.systemFrom, "mergeOperational", "mergeGather");
}

function onForeign(
  ring: RingState,
  from: number,
  operational: "foreignOperational" | "mergeOperational",
  gather: "foreignGather" | "mergeGather",
): void {
  if (ring.state === "operational") addProcessor(ring, from, operational);
  else if (ring.state === "gather" && !ring.proc.includes(from)) addProcessor(ring, from, gather);
}

export function onJoinInOperational(ring: RingState, join: Join): void {
  const stale = ring.members.includes(join.systemFrom) && join.ringSeq < ring.ringId.seq;
  if (stale || join.failed.includes(ring.nodeId)) return;
  const outcome = mergeJoin(ring, join);
  ring.enter.gather(ring, outcome === "merged" ? "mergeJoin" : "joinOperational");
}

export function onTokenTimerInOperational(ring: RingState): void {
  ring.statistics.operational_token_lost++;
  ring.log("notice", processorFailedLine(ring));
  ring.enter.gather(ring, "tokenLostOperational");
}
