/**
 * COMMIT: the commit token goes round and collects what each member has of its old ring
 * (spec/totem/totem-wire.md sections 4.3 and 4.4). The ring id is on disk before the token goes on:
 * mostly since GATHER (gather.ts), else it is written here.
 */

import type { CommitToken, Join } from "../wire/totem.ts";
import { encodeTotem } from "../wire/totem.ts";
import { mergeJoin } from "./gather.ts";
import { fillEntry } from "./membership.ts";
import type { RingState } from "./ring-state.ts";
import { sameRing } from "./sequence.ts";

export function enterCommit(ring: RingState, received: CommitToken): void {
  ring.log("debug", "entering COMMIT state.");
  ring.saved ??= { aru: ring.aru, highSeq: ring.highSeq };
  const token = fillEntry(received, ring.nodeId, {
    ringId: ring.oldRingId,
    aru: ring.saved.aru,
    highDelivered: ring.highDelivered,
    receivedFlag: ring.saved.aru === ring.saved.highSeq ? 1 : 0,
  });
  ring.state = "commit";
  ring.newMembers = token.members;
  ring.tokenTarget = token.members[token.memberIndex % token.members.length] ?? ring.nodeId;
  ring.ringId = token.ringId;
  ring.highestRingSeq = token.ringId.seq;
  ring.flow.sent = 0;
  ring.flow.backlog = 0;
  ring.commitTokenSeq = token.tokenSeq;
  ring.statistics.commit_entered++;
  ring.cancelTimer("join", "consensus");
  ring.reserveRingSeq(token.ringId.seq);
  ring.restartTokenTimer();
  sendCommitToken(ring, token);
}

export function sendCommitToken(ring: RingState, token: CommitToken): void {
  ring.statistics.memb_commit_token_tx++;
  // knet delivers a unicast only to the node that is named in it.
  ring.sendToken(encodeTotem({ ...token, target: ring.tokenTarget }));
}

/** The same token, full: everyone has filled it, the second round starts. */
export function onCommitTokenInCommit(ring: RingState, token: CommitToken): void {
  if (sameRing(token.ringId, ring.ringId) && token.memberIndex === token.members.length) {
    ring.enter.recovery(ring, token);
  }
}

/** A member of the new ring has gone back to gathering. */
export function onJoinInCommit(ring: RingState, join: Join): void {
  if (!ring.newMembers.includes(join.systemFrom) || join.ringSeq < ring.ringId.seq) return;
  mergeJoin(ring, join);
  ring.enter.gather(ring, "joinCommit");
}

export function onTokenTimerInCommit(ring: RingState): void {
  ring.statistics.commit_token_lost++;
  ring.enter.gather(ring, "tokenLostCommit");
}
