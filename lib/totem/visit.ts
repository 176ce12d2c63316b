/**
 * What every token visit does, in OPERATIONAL and RECOVERY alike: resend, list gaps, send, set aru and flow control
 * (spec/totem/totem-wire.md section 5 steps 4 to 9).
 */
import type { Mcast, OrfToken, RetransmitEntry, RingId } from "../wire/totem.ts";
import { encodeTotem, fillMcastHeader } from "../wire/totem.ts";
import { account, allowance } from "./flow.ts";
import { packetsFor } from "./pack.ts";
import { answerRequests, listGaps } from "./retransmit.ts";
import type { RingState } from "./ring-state.ts";
import { isBefore, later, next, sameRing } from "./sequence.ts";
import { sortQueueSlots } from "./sort-queue.ts";

/** The token as this visit changes it. */
export interface TokenDraft {
  seq: number;
  tokenSeq: number;
  aru: number;
  aruAddr: number;
  backlog: number;
  fcc: number;
  retransFlag: number;
  entries: RetransmitEntry[];
  readonly ringId: RingId;
}

/** Tokens of other rings and repetitions of one that was here are dropped. */
export function isNewToken(ring: RingState, token: OrfToken): boolean {
  return sameRing(token.ringId, ring.ringId) && isBefore(ring.tokenSeq, token.tokenSeq);
}

/** Does steps 4 to 9 and counts the hop; the caller forwards the draft. */
export function workToken(ring: RingState, token: OrfToken): TokenDraft {
  const draft: TokenDraft = { ...token, entries: [] };
  const recovering = ring.state === "recovery";
  const { netMtu } = ring.timers;
  const waiting = recovering ? ring.recoveryQueue.length : packetsFor(ring.sendableBytes, netMtu);
  let allowed = allowance(ring.timers, draft.fcc, draft.backlog, waiting, ring.flow);
  const resent = resend(ring, draft, token.entries, allowed);
  allowed -= resent;
  const { sortQueue, aru } = ring;
  listGaps(sortQueue, ring.ringId, draft.entries, aru, draft.seq, ring.timers.missCountConst);
  const distance = (draft.seq - sortQueue.released) >>> 0;
  if (distance > sortQueueSlots - allowed - ring.timers.windowSize) allowed = 0;
  const sent = recovering ? sendRecovered(ring, draft, allowed) : sendPackets(ring, draft, allowed);
  const sums = account(draft.fcc, draft.backlog, resent + sent, waiting, ring.flow);
  draft.fcc = sums.fcc;
  draft.backlog = sums.backlog;
  setAru(ring, draft);
  ring.tokenSeq = token.tokenSeq;
  draft.tokenSeq = next(token.tokenSeq);
  ring.statistics.orf_token_rx++;
  return draft;
}

/** The datagram of the draft. */
export function encodeDraft(ring: RingState, draft: TokenDraft): Uint8Array {
  ring.statistics.orf_token_tx++;
  const { nodeId, tokenTarget: target } = ring;
  return encodeTotem({ ...draft, kind: "orf-token", nodeId, target });
}

/** The header of our next message on this ring; counts it. */
function nextHeader(ring: RingState, draft: TokenDraft) {
  draft.seq = next(draft.seq);
  const { nodeId, thisSeqno, ringId } = ring;
  ring.thisSeqno = (thisSeqno + 1) | 0;
  ring.highSeq = later(ring.highSeq, draft.seq);
  ring.statistics.mcast_tx++;
  return { nodeId, seq: draft.seq, thisSeqno, ringId };
}

/** Multicasts a message; our own copy is in the queue before it leaves. */
function multicast(ring: RingState, message: Mcast, data: Uint8Array): void {
  ring.sortQueue.add({ message, data });
  ring.sendData("all", data);
}

/** Moves aru over everything that is there without a gap. */
export function advanceAru(ring: RingState): void {
  const { sortQueue } = ring;
  let following = next(ring.aru);
  while (sortQueue.get(following) !== undefined) {
    ring.aru = following;
    following = next(following);
  }
}

function resend(
  ring: RingState,
  draft: TokenDraft,
  entries: readonly RetransmitEntry[],
  allowed: number,
): number {
  if (entries.length === 0) return 0;
  const numbers = entries.map((entry) => entry.seq.toString(16)).join(" ");
  ring.log("notice", `Retransmit List: ${numbers} `);
  const answer = answerRequests(ring.sortQueue, ring.ringId, entries, allowed);
  for (const stored of answer.resend) ring.sendData("all", stored.data);
  draft.entries = answer.entries;
  ring.statistics.mcast_retx += answer.resend.length;
  return answer.resend.length;
}

function sendPackets(ring: RingState, draft: TokenDraft, allowed: number): number {
  let sent = 0;
  while (sent < allowed) {
    const packet = ring.nextPacket();
    if (packet === undefined) break;
    multicast(ring, fillMcastHeader(packet, nextHeader(ring, draft)), packet);
    sent++;
  }
  advanceAru(ring);
  return sent;
}

/**
 * Differs: the originals send every old message that they hold; here one that another member has already sent in this
 * recovery is left out.
 */
function sendRecovered(ring: RingState, draft: TokenDraft, allowed: number): number {
  let sent = 0;
  while (sent < allowed) {
    const stored = ring.recoveryQueue.shift();
    if (stored === undefined) break;
    if (ring.recovered.has(stored.message.seq)) continue;
    ring.recovered.add(stored.message.seq);
    const message: Mcast = {
      kind: "mcast",
      target: 0,
      encapsulated: 1,
      systemFrom: ring.nodeId,
      reserved: 0,
      guarantee: 0,
      ...nextHeader(ring, draft),
      payload: stored.data,
    };
    multicast(ring, message, encodeTotem(message));
    sent++;
  }
  advanceAru(ring);
  return sent;
}

function setAru(ring: RingState, draft: TokenDraft): void {
  const lower = isBefore(ring.aru, draft.aru);
  if (!lower && draft.aruAddr !== ring.nodeId && draft.aruAddr !== 0) return;
  draft.aru = ring.aru;
  draft.aruAddr = draft.aru === draft.seq ? 0 : ring.nodeId;
}
