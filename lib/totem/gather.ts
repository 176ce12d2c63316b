/**
 * GATHER: find out who is there and agree on it (spec/totem/totem-wire.md sections 4.3 and 4.4).
 * Everyone sends its view (members known, members failed) until all named ones say the same; then the lowest of them makes
 * the commit token. Our own join counts as received at once, whether or not it comes back from the network.
 */
import { limits } from "../base/limits.ts";
import type { CommitToken, Join } from "../wire/totem.ts";
import { ascending, isSubset, sameMembers, without } from "./membership.ts";
import { type GatherReason, gatherReasons, type RingState } from "./ring-state.ts";

const noEntry = { ringId: { rep: 0, seq: 0 }, aru: 0, highDelivered: 0, receivedFlag: 0 };

export function enterGather(ring: RingState, reason: GatherReason): void {
  const [number, words] = gatherReasons[reason];
  ring.log("debug", `entering GATHER state from ${number}(${words}).`);
  ring.state = "gather";
  ring.heldToken = undefined;
  ring.mayBeHeld = false;
  ring.mergeRunning = false;
  ring.proc = ascending([...ring.proc, ring.nodeId]);
  ring.agreed = new Set([ring.nodeId]);
  ring.cancelTimer("token", "token-warning", "retransmit", "merge", "hold");
  ring.setTimer("consensus", ring.timers.consensusMs);
  ring.statistics.gather_entered++;
  ring.statistics.continuous_gather++;
  sendJoin(ring);
  // Written while the others answer, so that the commit token need not wait for the disk.
  ring.reserveRingSeq(nextRingSeq(ring));
}

/** Of the ring that we would make (section 4.5). */
function nextRingSeq(ring: RingState): number {
  return ring.highestRingSeq + 4;
}

/** Timer `join`: says again what we know. */
export function sendJoin(ring: RingState): void {
  const { nodeId, proc, failed } = ring;
  ring.send("all", {
    kind: "join",
    nodeId,
    target: 0,
    systemFrom: nodeId,
    proc,
    failed,
    ringSeq: ring.ringId.seq,
  });
  ring.statistics.memb_join_tx++;
  ring.ownJoin = true;
  ring.setTimer("join", ring.timers.joinMs);
}

/** Goodbye: a join of nobody (node id 0) that names us as failed, so that the others need no timeout. */
export function sendLeave(ring: RingState): void {
  const { nodeId } = ring;
  ring.send("all", {
    kind: "join",
    nodeId: 0,
    target: 0,
    systemFrom: nodeId,
    proc: without(ring.proc, [nodeId]),
    failed: [...without(ring.failed, [nodeId]), nodeId],
    ringSeq: ring.ringId.seq,
  });
}

/** What a join changed: it says what we say, it brought news, or neither. */
export type JoinOutcome = "agreed" | "merged" | "nothing";

/**
 * True for a join that holds us for failed and may have been sent before our ring was formed. Differs from section 4.4: nodes
 * whose consensus timers run in step all fail each other and form rings of their own at once; if the joins that then
 * still arrive were believed, they would fail each other again, round after round. Who still means it says so again
 * within the time of a join.
 */
function isFromBefore(ring: RingState, join: Join): boolean {
  if (join.ringSeq >= ring.ringId.seq || !join.failed.includes(ring.nodeId)) return false;
  return ring.now - ring.formedAt < ring.timers.joinMs;
}

/** Compares a join with what we know and merges its news (section 4.4, cases 1 to 4). */
export function mergeJoin(ring: RingState, join: Join): JoinOutcome {
  const from = join.systemFrom;
  const leaving = join.nodeId === 0;
  // Only of those we know: names that somebody makes up must not pile up.
  const isKnown = ring.proc.includes(from);
  if (leaving && isKnown) ring.goodbyes.add(from);
  if (sameMembers(join.proc, ring.proc) && sameMembers(join.failed, ring.failed)) {
    if (!leaving && isKnown) ring.agreed.add(from);
    return leaving ? "nothing" : "agreed";
  }
  const known = isSubset(join.proc, ring.proc);
  if (known && isSubset(join.failed, ring.failed)) return "nothing";
  if (ring.failed.includes(from) || isFromBefore(ring, join)) return "nothing";
  const proc = ascending([...ring.proc, ...join.proc]);
  if (proc.length > limits.ringMembers) return "nothing";
  const before = ring.proc.length + ring.failed.length;
  ring.proc = proc;
  if (join.failed.includes(ring.nodeId)) {
    ring.failed = ascending([...ring.failed, from]);
  } else if (ring.members.includes(from)) {
    // One of another ring cannot fail our peers.
    ring.failed = ascending([...ring.failed, ...join.failed]);
  }
  // Differs: a join that brings nothing new is not answered with another join at once, else two rings that hold
  // different peers for failed would answer each other without end and never come to a decision.
  return ring.proc.length + ring.failed.length === before ? "nothing" : "merged";
}

export function onJoinInGather(ring: RingState, join: Join): void {
  const outcome = mergeJoin(ring, join);
  if (outcome === "merged") ring.enter.gather(ring, "mergeJoin");
  else if (outcome === "agreed") checkConsensus(ring);
}

/** Everyone that we count on has said the same. */
function allAgreed(ring: RingState): boolean {
  return ring.proc.every((id) => ring.agreed.has(id) || ring.failed.includes(id));
}

/** Makes the commit token when all agree and we are the lowest of them. */
export function checkConsensus(ring: RingState): void {
  if (ring.state !== "gather" || !allAgreed(ring)) return;
  let members: readonly number[] = ascending(without(ring.proc, ring.failed));
  if (ring.failedToReceive) {
    // The others form their ring without us; we form one of our own.
    ring.proc = [ring.nodeId];
    ring.failed = [];
    members = ring.proc;
  }
  if (members[0] !== ring.nodeId) return;
  ring.enter.commit(ring, {
    kind: "commit-token",
    nodeId: ring.nodeId,
    target: 0,
    tokenSeq: 0,
    ringId: { rep: ring.nodeId, seq: nextRingSeq(ring) },
    retransFlag: 0,
    memberIndex: 0,
    members,
    entries: members.map(() => noEntry),
  });
}

/** A commit token whose members are exactly those we agreed on starts COMMIT. */
export function onCommitTokenInGather(ring: RingState, token: CommitToken): void {
  const newer = token.ringId.seq > ring.ringId.seq;
  const ours = token.members[token.memberIndex] === ring.nodeId;
  if (newer && ours && sameMembers(token.members, without(ring.proc, ring.failed))) {
    ring.enter.commit(ring, token);
  }
}

/** Those who have not agreed in time are taken for failed. */
function failSilentOnes(ring: RingState): void {
  ring.statistics.consensus_timeouts++;
  const silent = without(without(ring.proc, ring.failed), ring.agreed);
  ring.failed = ascending([...ring.failed, ...silent]);
}

export function onConsensusTimer(ring: RingState): void {
  if (allAgreed(ring)) {
    // Agreed, but no commit token came: everyone must agree once more while the token timer runs.
    ring.agreed = new Set([ring.nodeId]);
    ring.setTimer("token", ring.timers.tokenMs);
    return;
  }
  failSilentOnes(ring);
  ring.enter.gather(ring, "consensusTimeout");
}

/** No commit token came although all had agreed. */
export function onTokenTimerInGather(ring: RingState): void {
  ring.statistics.gather_token_lost++;
  if (!allAgreed(ring)) failSilentOnes(ring);
  ring.enter.gather(ring, "consensusExpired");
}

/** A message of a node that is not in our view: gather again with it. */
export function addProcessor(ring: RingState, id: number, reason: GatherReason): void {
  if (id === 0 || ring.proc.length >= limits.ringMembers) return;
  ring.proc = ascending([...ring.proc, id]);
  ring.enter.gather(ring, reason);
}
