/**
 * TotemRing: agreed order and membership among nodes that only have datagrams (spec/totem/totem-wire.md sections 1, 2, 4
 * and 5). Events in, effects out; each state has its file: gather, commit, recovery, operational.
 *
 * `send` to "all" reaches every other node; copies that come back to us are harmless. `send` to our own node id must
 * come back as a datagram event (a ring of one talks to itself). A datagram given to `step` is kept by the ring: the
 * caller must not write into it again. Nothing happens before the first `interface` event with up = true.
 */
import type { Core, Millis, TimerEvent } from "../base/core.ts";
import { limits } from "../base/limits.ts";
import type { CommitToken, Join, OrfToken, TotemMessage } from "../wire/totem.ts";
import { decodeTotem } from "../wire/totem.ts";
import type {
  MulticastEvent,
  RingId,
  TotemConfig,
  TotemEffect,
  TotemEvent,
  TotemTimers,
  TotemView,
} from "./api.ts";
import {
  enterCommit,
  onCommitTokenInCommit,
  onJoinInCommit,
  onTokenTimerInCommit,
} from "./commit.ts";
import {
  checkConsensus,
  enterGather,
  onCommitTokenInGather,
  onConsensusTimer,
  onJoinInGather,
  onTokenTimerInGather,
  sendJoin,
  sendLeave,
} from "./gather.ts";
import { interfaceLine, pauseLine, tokenWarningLine } from "./log-lines.ts";
import {
  detectMerge,
  enterOperational,
  onHoldCancel,
  onJoinInOperational,
  onMcast,
  onMergeDetect,
  onTokenInOperational,
  onTokenTimerInOperational,
  releaseHeldToken,
  wakeToken,
} from "./operational.ts";
import {
  enterRecovery,
  onCommitTokenInRecovery,
  onJoinInRecovery,
  onMcastInRecovery,
  onTokenInRecovery,
  onTokenTimerInRecovery,
} from "./recovery.ts";
import { RingState } from "./ring-state.ts";
import { sameRing } from "./sequence.ts";

/** How long after a pause of this process joins from before it may still come out of the sockets. */
const staleJoinsMs = 20;
/** Refused datagrams are logged at most this often. */
const dropLogMs = 60_000;

const transitions = {
  gather: enterGather,
  commit: enterCommit,
  recovery: enterRecovery,
  operational: enterOperational,
};

export class TotemRing implements Core<TotemEvent, TotemEffect>, TotemView {
  private readonly ring: RingState;

  constructor(config: TotemConfig) {
    this.ring = new RingState(config, transitions);
  }

  get state(): TotemView["state"] {
    return this.ring.state;
  }

  /** The ring of the current membership; while one is being formed, still the last one that was installed. */
  get ringId(): RingId {
    return this.ring.oldRingId;
  }

  get members(): readonly number[] {
    return this.ring.members;
  }

  get statistics(): Readonly<Record<string, number>> {
    return this.ring.statistics;
  }

  get timers(): TotemTimers {
    return this.ring.timers;
  }

  queueRoom(bytes: number): number {
    const { queue, syncQueue } = this.ring;
    const free = limits.ringQueuedBytes - queue.bytes - syncQueue.bytes;
    return Math.max(0, Math.floor(free / Math.max(64, bytes)));
  }

  step(now: Millis, event: TotemEvent): readonly TotemEffect[] {
    const { ring } = this;
    ring.now = now;
    ring.effects = [];
    switch (event.kind) {
      case "start":
        watchPauses(ring);
        break;
      case "interface":
        onInterface(ring, event.up, event.address);
        break;
      case "datagram":
        if (ring.active) onDatagram(ring, event.data);
        break;
      case "multicast":
        onMulticast(ring, event);
        break;
      case "sync-complete":
        // Word of an earlier ring may come when the next one is there already: that one has yet to synchronise.
        if (!sameRing(event.ringId, ring.oldRingId)) break;
        ring.synchronising = false;
        if (ring.sendableBytes > 0) wakeToken(ring);
        break;
      case "leave":
        onLeave(ring);
        break;
      case "set-timers":
        ring.timers = event.timers;
        break;
      case "timer":
        onTimer(ring, event);
        break;
    }
    if (ring.ownJoin) {
      ring.ownJoin = false;
      checkConsensus(ring);
    }
    return ring.effects;
  }
}

function onInterface(ring: RingState, up: boolean, address: string): void {
  ring.log("notice", interfaceLine(up, address));
  if (!ring.active && !up) return;
  if (!ring.active) ring.pauseChecked = ring.now;
  ring.active = true;
  if (ring.state === "recovery") onTokenTimerInRecovery(ring);
  ring.enter.gather(ring, "interfaceChange");
}

function onMulticast(ring: RingState, event: MulticastEvent): void {
  if (ring.append(event.group, event.body)) wakeToken(ring);
  else ring.log("error", `Message of ${event.body.length} bytes refused: too large or queue full.`);
}

function onLeave(ring: RingState): void {
  if (!ring.active) return;
  sendLeave(ring);
  ring.active = false;
  ring.ownJoin = false;
  ring.cancelTimer("token", "token-warning", "retransmit", "hold", "merge", "join", "consensus");
  ring.cancelTimer("pause");
}

function onDatagram(ring: RingState, data: Uint8Array): void {
  const message = decodeTotem(data);
  if (message === undefined) {
    ring.statistics.rx_msg_dropped++;
    if (ring.lastDropLog !== undefined && ring.now - ring.lastDropLog < dropLogMs) return;
    ring.lastDropLog = ring.now;
    ring.log("warning", "Received a datagram that is no message of this ring's version; dropped.");
    return;
  }
  dispatch(ring, message, data);
}

function dispatch(ring: RingState, message: TotemMessage, data: Uint8Array): void {
  switch (message.kind) {
    case "orf-token":
      onToken(ring, message);
      break;
    case "mcast":
      ring.statistics.mcast_rx++;
      if (ring.state === "recovery") onMcastInRecovery(ring, message, data);
      else onMcast(ring, message, data);
      break;
    case "merge-detect":
      if (message.systemFrom !== ring.nodeId) onMergeDetect(ring, message);
      break;
    case "join":
      onJoin(ring, message);
      break;
    case "commit-token":
      onCommitToken(ring, message);
      break;
    case "hold-cancel":
      onHoldCancel(ring, message);
      break;
  }
}

function onToken(ring: RingState, token: OrfToken): void {
  if (ring.state === "operational") onTokenInOperational(ring, token);
  else if (ring.state === "recovery") onTokenInRecovery(ring, token);
}

function onJoin(ring: RingState, join: Join): void {
  // Our own join was taken into account when it was sent.
  if (join.systemFrom === ring.nodeId || join.systemFrom === 0) return;
  if (join.proc.includes(0) || join.failed.includes(0)) return;
  if (join.ringSeq > limits.ringSequence || pausedBefore(ring)) return;
  ring.statistics.memb_join_rx++;
  ring.highestRingSeq = Math.max(ring.highestRingSeq, join.ringSeq);
  switch (ring.state) {
    case "operational":
      onJoinInOperational(ring, join);
      break;
    case "gather":
      onJoinInGather(ring, join);
      break;
    case "commit":
      onJoinInCommit(ring, join);
      break;
    case "recovery":
      onJoinInRecovery(ring, join);
      break;
  }
}

function onCommitToken(ring: RingState, token: CommitToken): void {
  if (token.ringId.seq > limits.ringSequence || token.members.length === 0) return;
  ring.statistics.memb_commit_token_rx++;
  if (ring.state === "gather") onCommitTokenInGather(ring, token);
  else if (ring.state === "commit") onCommitTokenInCommit(ring, token);
  else if (ring.state === "recovery") onCommitTokenInRecovery(ring, token);
}

function onTimer(ring: RingState, event: TimerEvent): void {
  if (event.name === "pause") watchPauses(ring);
  if (!ring.active) return;
  switch (event.name) {
    case "token":
      onTokenTimer(ring);
      break;
    case "token-warning":
      ring.log("notice", tokenWarningLine(ring));
      break;
    case "retransmit":
      if (ring.state !== "gather" && ring.lastToken !== undefined) ring.sendToken(ring.lastToken);
      break;
    case "hold":
      releaseHeldToken(ring);
      break;
    case "merge":
      detectMerge(ring);
      break;
    case "join":
      if (ring.state === "gather") sendJoin(ring);
      break;
    case "consensus":
      if (ring.state === "gather") onConsensusTimer(ring);
      break;
  }
}

function onTokenTimer(ring: RingState): void {
  switch (ring.state) {
    case "operational":
      onTokenTimerInOperational(ring);
      break;
    case "gather":
      onTokenTimerInGather(ring);
      break;
    case "commit":
      onTokenTimerInCommit(ring);
      break;
    case "recovery":
      onTokenTimerInRecovery(ring);
      break;
  }
}

/** Timer `pause`: comes late when the whole process did not run. */
function watchPauses(ring: RingState): void {
  noticePause(ring);
  ring.pauseChecked = ring.now;
  ring.setTimer("pause", ring.timers.tokenMs / 5);
}

function noticePause(ring: RingState): void {
  const paused = ring.now - ring.pauseChecked;
  if (!ring.active || paused <= ring.timers.tokenMs / 5 + ring.timers.tokenMs / 2) return;
  ring.log("notice", pauseLine(paused));
  ring.pauseChecked = ring.now;
  ring.ignoreJoinsUntil = ring.now + staleJoinsMs;
}

/** True while joins may stem from before a pause of this process. */
function pausedBefore(ring: RingState): boolean {
  noticePause(ring);
  return ring.now < ring.ignoreJoinsUntil;
}
