/**
 * What a node knows about its ring, and the few ways to act (spec/totem/totem-wire.md section 4.2). The files of the
 * states (operational, gather, commit, recovery) work on it; nothing else does. Transitions are called through
 * `enter`, filled by ring.ts, so that the states need not import each other.
 */
import type { LogLevel, Millis } from "../base/core.ts";
import { limits } from "../base/limits.ts";
import type { CommitToken, RingId, TotemMessage } from "../wire/totem.ts";
import { encodeTotem } from "../wire/totem.ts";
import { decodeGrouped, encodeGroupPrefix } from "../wire/totempg.ts";
import { Writer } from "../wire/writer.ts";
import type { TotemConfig, TotemEffect, TotemTimers } from "./api.ts";
import { Assembly } from "./assembly.ts";
import type { FlowMemory } from "./flow.ts";
import { PackQueue } from "./pack.ts";
import { SendQueue } from "./send-queue.ts";
import { beforeFirst } from "./sequence.ts";
import { SortQueue, type Stored } from "./sort-queue.ts";
import { newStatistics, type Statistics } from "./statistics.ts";

export type TimerName =
  | "token"
  | "token-warning"
  | "retransmit"
  | "hold"
  | "merge"
  | "join"
  | "consensus"
  | "pause";

/** Why a node starts to gather; numbers and words as in the originals' log (section 4.3). */
export const gatherReasons = {
  consensusTimeout: [0, "consensus timeout"],
  tokenLostOperational: [2, "The token was lost in the OPERATIONAL state."],
  consensusExpired: [3, "The consensus timeout expired."],
  tokenLostCommit: [4, "The token was lost in the COMMIT state."],
  tokenLostRecovery: [5, "The token was lost in the RECOVERY state."],
  failedToReceive: [6, "failed to receive"],
  foreignOperational: [7, "foreign message in operational state"],
  foreignGather: [8, "foreign message in gather state"],
  mergeOperational: [9, "merge during operational state"],
  mergeGather: [10, "merge during gather state"],
  mergeJoin: [11, "merge during join"],
  joinOperational: [12, "JOIN during operational state"],
  joinCommit: [13, "JOIN during commit state"],
  joinRecovery: [14, "JOIN during recovery state"],
  interfaceChange: [15, "interface change"],
} as const;

export type GatherReason = keyof typeof gatherReasons;

/** The two groups of a ring's messages (section 2.2). */
const groupPrefixes = { a: encodeGroupPrefix("a"), sync: encodeGroupPrefix("sync") } as const;

export interface Transitions {
  gather(ring: RingState, reason: GatherReason): void;
  commit(ring: RingState, token: CommitToken): void;
  recovery(ring: RingState, token: CommitToken): void;
  operational(ring: RingState): void;
}

export class RingState {
  readonly config: TotemConfig;
  readonly enter: Transitions;
  readonly nodeId: number;
  timers: TotemTimers;
  now: Millis = 0;
  effects: TotemEffect[] = [];
  readonly statistics: Statistics = newStatistics();

  state: "operational" | "gather" | "commit" | "recovery" = "gather";
  /** False before the first interface, and after the goodbye: nothing is sent or received. */
  active = false;

  // Who is there.
  proc: number[] = [];
  failed: number[] = [];
  agreed = new Set<number>();
  /** Members of the current ring; empty before the first one. */
  members: readonly number[] = [];
  /** Members of the ring being formed. */
  newMembers: readonly number[] = [];
  /** Who comes along from the old ring into the one being formed. */
  transitional: readonly number[] = [];
  /** When the current ring was formed. */
  formedAt: Millis = Number.NEGATIVE_INFINITY;
  /** Who said goodbye since the last membership. */
  readonly goodbyes = new Set<number>();
  failedToReceive = false;
  /** Our own join counts as received; looked at when the step ends. */
  ownJoin = false;

  // Ring ids.
  ringId: RingId;
  /** The ring that `regular` belongs to. */
  oldRingId: RingId;
  highestRingSeq: number;
  /** On disk: after a crash this node begins above it. */
  reservedRingSeq: number;

  // Messages.
  regular = new SortQueue();
  recovery = new SortQueue();
  aru = 0;
  highSeq = 0;
  highDelivered = 0;
  /** aru and highSeq of the old ring, saved at the first COMMIT after OPERATIONAL. */
  saved: { readonly aru: number; readonly highSeq: number } | undefined;
  readonly assemblies = new Map<number, Assembly>();

  // Sending.
  readonly queue = new PackQueue();
  /** What is sent while services synchronise; goes before `queue`. */
  readonly syncQueue = new PackQueue();
  /** Old-ring messages to send again in RECOVERY, and the numbers that somebody has sent already. */
  readonly recoveryQueue = new SendQueue<Stored>();
  readonly recovered = new Set<number>();
  synchronising = true;
  thisSeqno = 0;
  readonly flow: FlowMemory = { sent: 0, backlog: 0 };

  // The token.
  tokenSeq = beforeFirst;
  tokenTarget = 0;
  lastToken: Uint8Array | undefined;
  commitTokenSeq = 0;
  lastAru = 0;
  aruCount = 0;
  lastSeq = 0;
  unchanged = 0;
  /** Others: the representative may be holding the token. */
  mayBeHeld = false;
  /** The representative: the token that we hold. */
  heldToken: Uint8Array | undefined;
  mergeRunning = false;

  // Recovery rounds (section 4.6).
  initialTokenSent = false;
  retransFlagSet = false;
  quietVisits = 0;
  installSeq = 0;
  reachedRotations = 0;

  // Pauses of this process.
  pauseChecked: Millis = 0;
  ignoreJoinsUntil: Millis = 0;
  lastDropLog: Millis | undefined;

  constructor(config: TotemConfig, enter: Transitions) {
    this.config = config;
    this.enter = enter;
    this.nodeId = config.nodeId;
    this.timers = config.timers;
    const seq = Math.min(config.storedRingSeq, limits.ringSequence) + 1;
    this.ringId = { rep: config.nodeId, seq };
    this.oldRingId = this.ringId;
    this.highestRingSeq = seq;
    this.reservedRingSeq = config.storedRingSeq;
    this.proc = [config.nodeId];
  }

  /** The queue that messages of the ring in `ringId` go to. */
  get sortQueue(): SortQueue {
    return this.state === "recovery" ? this.recovery : this.regular;
  }

  /** True when we hold the lowest id of the ring, that is, we made its id. */
  get representative(): boolean {
    return this.ringId.rep === this.nodeId;
  }

  send(to: number | "all", message: TotemMessage): void {
    this.sendData(to, encodeTotem(message));
  }

  sendData(to: number | "all", data: Uint8Array): void {
    this.effects.push({ kind: "send", to, data });
  }

  /** Has ring sequences up to `seq` on disk before anything that follows is sent; nothing when they are there already. */
  reserveRingSeq(seq: number): void {
    if (seq <= this.reservedRingSeq) return;
    this.reservedRingSeq = seq;
    const data = new Writer(8).u64(seq).finish();
    this.effects.push({ kind: "persist", path: this.config.ringIdPath, data });
  }

  setTimer(name: TimerName, delayMs: Millis): void {
    this.effects.push({ kind: "set-timer", name, delayMs });
  }

  cancelTimer(...names: readonly TimerName[]): void {
    for (const name of names) this.effects.push({ kind: "cancel-timer", name });
  }

  log(level: LogLevel, text: string): void {
    this.effects.push({ kind: "log", level, subsystem: "TOTEM", text });
  }

  /** Sends a token to the next member, keeps it for retransmission and starts the timers that watch over it. */
  sendToken(data: Uint8Array): void {
    this.lastToken = data;
    this.sendData(this.tokenTarget, data);
    this.setTimer("retransmit", this.timers.tokenRetransmitMs);
  }

  /** A token has come: the time until its loss starts again. */
  restartTokenTimer(): void {
    this.setTimer("token", this.timers.tokenMs);
    const percent = this.timers.tokenWarningPercent;
    if (percent > 0) this.setTimer("token-warning", (this.timers.tokenMs * percent) / 100);
  }

  /** Bytes of messages that may go at the next visits. */
  get sendableBytes(): number {
    return this.syncQueue.bytes + (this.synchronising ? 0 : this.queue.bytes);
  }

  /** The next packet that may go now. */
  nextPacket(): Uint8Array | undefined {
    const { netMtu } = this.timers;
    const packet = this.syncQueue.take(netMtu);
    return packet ?? (this.synchronising ? undefined : this.queue.take(netMtu));
  }

  /** Takes an application message; false when it is too large or the queue is beyond its bound. */
  append(group: keyof typeof groupPrefixes, body: Uint8Array): boolean {
    const bytes = this.queue.bytes + this.syncQueue.bytes;
    if (body.length > limits.ringMessageBytes || bytes > limits.ringQueuedBytesMost) return false;
    (this.synchronising ? this.syncQueue : this.queue).push(body, groupPrefixes[group]);
    return true;
  }

  /** Turns one packet of `from` into deliveries; one of a node that is not in this ring is forged. */
  deliver(from: number, payload: Uint8Array): void {
    let assembly = this.assemblies.get(from);
    if (assembly === undefined) {
      if (!this.members.includes(from)) return;
      assembly = new Assembly();
      this.assemblies.set(from, assembly);
    }
    const messages = assembly.receive(payload);
    if (messages === undefined) {
      this.log("warning", `Invalid packet of node ${from} ignored.`);
      return;
    }
    for (const message of messages) this.deliverMessage(from, message);
  }

  private deliverMessage(from: number, message: Uint8Array): void {
    const grouped = decodeGrouped(message);
    if (grouped === undefined) return;
    for (const group of grouped.groups) {
      if (group === "a" || group === "sync") {
        this.effects.push({ kind: "deliver", group, from, body: grouped.body });
      }
    }
  }
}
