/**
 * RECOVERY: the new ring turns, but only to give each companion of the old ring what the others hold of it
 * (spec/totem/totem-wire.md sections 4.3 and 4.6). When a full rotation has shown that nobody has more to send and all
 * have everything, the ring becomes operational.
 */
import type { CommitToken, Join, Mcast, OrfToken } from "../wire/totem.ts";
import { decodeTotem, encodeTotem } from "../wire/totem.ts";
import { sendCommitToken } from "./commit.ts";
import { mergeJoin } from "./gather.ts";
import { companions } from "./membership.ts";
import type { RingState } from "./ring-state.ts";
import { beforeFirst, isBefore, later, next, sameRing } from "./sequence.ts";
import { advanceAru, encodeDraft, isNewToken, type TokenDraft, workToken } from "./visit.ts";

export function enterRecovery(ring: RingState, token: CommitToken): void {
  ring.log("debug", "entering RECOVERY state.");
  ring.state = "recovery";
  ring.statistics.recovery_entered++;
  const highSeq = ring.saved?.highSeq ?? ring.highSeq;
  const along = companions(token, ring.members, ring.oldRingId, highSeq);
  ring.transitional = along.transitional;
  ring.recoveryQueue.clear();
  ring.recovered.clear();
  if (along.incomplete) queueOldMessages(ring, along.low, highSeq);
  ring.recovery.reset(0);
  ring.aru = 0;
  ring.highSeq = 0;
  ring.tokenSeq = beforeFirst;
  ring.lastAru = 0;
  ring.aruCount = 0;
  ring.lastSeq = 0;
  ring.unchanged = 0;
  ring.initialTokenSent = false;
  ring.retransFlagSet = false;
  ring.quietVisits = 0;
  ring.installSeq = 0;
  ring.reachedRotations = 0;
  ring.restartTokenTimer();
  const tokenSeq = next(token.tokenSeq);
  ring.commitTokenSeq = tokenSeq;
  sendCommitToken(ring, { ...token, nodeId: ring.nodeId, tokenSeq });
}

/** Third round: the representative knows that all are in RECOVERY and makes the first token, once. */
export function onCommitTokenInRecovery(ring: RingState, token: CommitToken): void {
  if (!ring.representative || ring.initialTokenSent || !sameRing(token.ringId, ring.ringId)) return;
  // A repetition of the token that brought us here proves nothing; each hop has counted one on.
  if (!isBefore(ring.commitTokenSeq, token.tokenSeq) && token.members.length > 1) return;
  ring.initialTokenSent = true;
  ring.retransFlagSet = ring.recoveryQueue.length > 0;
  ring.restartTokenTimer();
  ring.statistics.orf_token_tx++;
  ring.sendToken(
    encodeTotem({
      kind: "orf-token",
      nodeId: ring.nodeId,
      target: ring.tokenTarget,
      seq: 0,
      tokenSeq: 0,
      aru: beforeFirst,
      aruAddr: ring.nodeId,
      ringId: ring.ringId,
      backlog: 0,
      fcc: 0,
      retransFlag: ring.retransFlagSet ? 1 : 0,
      entries: [],
    }),
  );
}

export function onTokenInRecovery(ring: RingState, token: OrfToken): void {
  if (!isNewToken(ring, token)) return;
  const draft = workToken(ring, token);
  judgeRotation(ring, draft);
  ring.restartTokenTimer();
  if (ring.reachedRotations === 2) ring.enter.operational(ring);
  ring.sendToken(encodeDraft(ring, draft));
}

/** Messages of the ring being formed: recovered ones, and new ones of members who are operational already. */
export function onMcastInRecovery(ring: RingState, message: Mcast, data: Uint8Array): void {
  if (!sameRing(message.ringId, ring.ringId)) return;
  if (!ring.recovery.add({ message, data })) return;
  ring.highSeq = later(ring.highSeq, message.seq);
  const inner = unwrap(message);
  if (inner !== undefined && sameRing(inner.ringId, ring.oldRingId)) ring.recovered.add(inner.seq);
  advanceAru(ring);
}

/** The old-ring message inside a recovery message. */
export function unwrap(message: Mcast): Mcast | undefined {
  if (message.encapsulated !== 1) return undefined;
  const inner = decodeTotem(message.payload);
  return inner?.kind === "mcast" ? inner : undefined;
}

/** One that stays in RECOVERY or COMMIT of this ring has gone back to gathering. */
export function onJoinInRecovery(ring: RingState, join: Join): void {
  if (!ring.newMembers.includes(join.systemFrom) || join.ringSeq < ring.ringId.seq) return;
  mergeJoin(ring, join);
  restoreOldRing(ring);
  ring.enter.gather(ring, "joinRecovery");
}

export function onTokenTimerInRecovery(ring: RingState): void {
  ring.statistics.recovery_token_lost++;
  restoreOldRing(ring);
  ring.enter.gather(ring, "tokenLostRecovery");
}

/** Back to what we had of the old ring. */
export function restoreOldRing(ring: RingState): void {
  if (ring.saved === undefined) return;
  ring.aru = ring.saved.aru;
  ring.highSeq = ring.saved.highSeq;
}

function queueOldMessages(ring: RingState, low: number, highSeq: number): void {
  let seq = low;
  while (isBefore(seq, highSeq)) {
    seq = next(seq);
    const stored = ring.regular.get(seq);
    if (stored !== undefined) ring.recoveryQueue.push(stored);
  }
}

/** Section 4.6: are we through? */
function judgeRotation(ring: RingState, draft: TokenDraft): void {
  const waiting = ring.recoveryQueue.length > 0;
  if (waiting && draft.retransFlag === 0) {
    draft.retransFlag = 1;
    ring.retransFlagSet = true;
  } else if (!waiting && draft.retransFlag !== 0 && ring.retransFlagSet) {
    draft.retransFlag = 0;
    ring.retransFlagSet = false;
  }
  ring.quietVisits = draft.retransFlag === 0 ? ring.quietVisits + 1 : 0;
  if (ring.quietVisits === 2) ring.installSeq = draft.seq;
  const reached = ring.quietVisits >= 3 && !isBefore(draft.aru, ring.installSeq);
  ring.reachedRotations = reached ? ring.reachedRotations + 1 : 0;
}
