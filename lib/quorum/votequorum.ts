/**
 * Votes of the ring (spec/totem section 7): every member tells its votes and what it expects; all compute the same
 * quorum. Two rules of where the expected votes come from: `votequorum`, from the configuration, and `legacy` (HOUSE),
 * which starts at two and grows to the largest membership seen. Arithmetic is in tally.ts; this file keeps the state.
 *
 * Changes of quorum are held back while members synchronise and told at activation.
 */
import type { CancelTimer, LogEffect, Millis, PersistEffect, SetTimer } from "../base/core.ts";
import type { ServiceEvent, ServiceMulticast } from "../wire/service.ts";
import type { RingId } from "../wire/totem.ts";
import { decodeVotequorum, encodeVotequorum, NodeInfoFlag } from "../wire/votequorum.ts";
import {
  type ChosenNode,
  countQuorum,
  type Descent,
  legacyExpected,
  type Voter,
  winsTie,
} from "./tally.ts";

export interface VotequorumOptions {
  readonly nodeId: number;
  readonly rule: "votequorum" | "legacy";
  readonly votes: number;
  /** At the start: what the configuration expects, or the more that was stored. */
  readonly expectedVotes: number;
  /** What the configuration expects: allow_downscale's lower limit (the original's ev_barrier). */
  readonly configuredVotes: number;
  readonly twoNode: boolean;
  readonly waitForAll: boolean;
  readonly lastManStanding: boolean;
  readonly lastManStandingWindowMs: Millis;
  readonly autoTieBreaker: boolean;
  readonly autoTieBreakerNode: ChosenNode;
  readonly allowDownscale: boolean;
  readonly expectedVotesTracking: boolean;
  /** Node ids that the configuration names. */
  readonly configuredNodes: readonly number[];
  /** Where the expected votes are kept between starts; undefined: nowhere. */
  readonly expectedVotesPath: string | undefined;
}

export type VoterStatus = "member" | "dead" | "leaving";

export interface KnownVoter extends Voter {
  readonly status: VoterStatus;
  readonly flags: number;
}

export type VotequorumEvent =
  | ServiceEvent
  /** The daemon is up: say once who we are, before there is any ring. */
  | { readonly kind: "start" }
  | { readonly kind: "set-expected"; readonly votes: number }
  | { readonly kind: "set-votes"; readonly nodeId: number; readonly votes: number }
  /** corosync.conf was read again. */
  | { readonly kind: "configure"; readonly settings: VotequorumOptions }
  /** An administrator says that the missing nodes will not come. */
  | { readonly kind: "cancel-wait-for-all" }
  /** Leaving for good under allow_downscale: others may expect less. */
  | { readonly kind: "announce-leave" }
  | { readonly kind: "timer"; readonly name: string };

/** The vote counts as of now, for all trackers. */
export interface QuorumState {
  readonly quorate: boolean;
  readonly ringId: RingId;
  readonly members: readonly number[];
}

export type VotequorumEffect =
  | ServiceMulticast
  /** Sent at each activation, and whenever quorum is won or lost otherwise. */
  | ({ readonly kind: "quorum" } & QuorumState)
  | { readonly kind: "expected-votes"; readonly votes: number }
  | SetTimer
  | CancelTimer
  | PersistEffect
  | LogEffect;

const LAST_MAN_TIMER = "last-man-standing";

export class Votequorum {
  private options: VotequorumOptions;
  private readonly voters = new Map<number, KnownVoter>();
  private members: readonly number[] = [];
  private oldMembers: readonly number[] = [];
  /** Memberships since the last activation that were given up before theirs. */
  private tried: readonly (readonly number[])[] = [];
  /** Who came together with us from the members of the last activation. */
  private companions: readonly number[] = [];
  private ringId: RingId = { rep: 0, seq: 0 };
  private first = true;
  private waiting: boolean;
  private synchronising = false;
  private answer = { totalVotes: 0, highestExpected: 0, quorum: 0 };
  private isQuorate = false;
  private out: VotequorumEffect[] = [];

  constructor(options: VotequorumOptions) {
    this.options = options;
    this.waiting = options.waitForAll;
    const { nodeId, votes, expectedVotes } = options;
    this.voters.set(nodeId, { nodeId, votes, expectedVotes, status: "member", flags: 0 });
    this.answer = countQuorum(this.question(true, [nodeId]));
  }

  get quorate(): boolean {
    return this.isQuorate;
  }

  get state(): QuorumState {
    return { quorate: this.isQuorate, ringId: this.ringId, members: this.members };
  }

  get counts(): typeof this.answer {
    return this.answer;
  }

  get waitingForAll(): boolean {
    return this.waiting;
  }

  get settings(): VotequorumOptions {
    return this.options;
  }

  /** All nodes that ever spoke, by node id. */
  get known(): readonly KnownVoter[] {
    return [...this.voters.values()].toSorted((a, b) => a.nodeId - b.nodeId);
  }

  private get self(): KnownVoter {
    return this.voters.get(this.options.nodeId)!;
  }

  step(_now: Millis, event: VotequorumEvent): readonly VotequorumEffect[] {
    this.out = [];
    switch (event.kind) {
      case "start":
        this.sayNodeInfo(0);
        break;
      case "service-init":
        this.onInit(event);
        break;
      case "service-process":
        this.sayNodeInfo(0);
        this.multicastDevice();
        break;
      case "service-activate":
        this.onActivate();
        break;
      case "service-abort":
        break;
      case "deliver":
        this.onMessage(event.from, event.body);
        break;
      case "set-expected":
        this.reconfigure(0, event.votes, 1);
        break;
      case "set-votes":
        this.reconfigure(event.nodeId, event.votes, 2);
        break;
      case "configure":
        this.onConfigure(event.settings);
        break;
      case "cancel-wait-for-all":
        this.reconfigure(0, 0, 3);
        break;
      case "announce-leave":
        this.sayNodeInfo(NodeInfoFlag.leaving);
        break;
      case "timer":
        if (event.name === LAST_MAN_TIMER) this.onLastManWindow();
        break;
    }
    return this.out;
  }

  private log(level: LogEffect["level"], text: string): void {
    this.out.push({ kind: "log", level, subsystem: "VOTEQ", text });
  }

  /** Multicasts our own votes and expectations. */
  private sayNodeInfo(extraFlags: number): void {
    const { nodeId, votes, expectedVotes } = this.self;
    const flags =
      (this.isQuorate ? NodeInfoFlag.quorate : 0) |
      (this.waiting ? NodeInfoFlag.waitForAll : 0) |
      (this.first ? NodeInfoFlag.first : 0) |
      extraFlags;
    const body = encodeVotequorum({ kind: "node-info", nodeId, votes, expectedVotes, flags });
    this.out.push({ kind: "multicast", body });
  }

  /** Node 0 stands for a quorum device, which we have not: nothing to count. */
  private multicastDevice(): void {
    const none = { nodeId: 0, votes: 0, expectedVotes: 0, flags: 0 };
    const body = encodeVotequorum({ kind: "node-info", ...none });
    this.out.push({ kind: "multicast", body });
  }

  /** Every node reads its own file, so each tells the others its votes; the expected votes are told where they changed. */
  private onConfigure(settings: VotequorumOptions): void {
    const { expectedVotes } = this.options;
    this.options = settings;
    this.voters.set(settings.nodeId, { ...this.self, votes: settings.votes });
    if (!settings.waitForAll) this.waiting = false;
    this.sayNodeInfo(0);
    this.multicastDevice();
    if (settings.expectedVotes !== expectedVotes) this.reconfigure(0, settings.expectedVotes, 1);
    this.recalculate(true, false);
  }

  private reconfigure(nodeId: number, value: number, param: 1 | 2 | 3): void {
    const body = encodeVotequorum({ kind: "reconfigure", nodeId, value, param });
    this.out.push({ kind: "multicast", body });
  }

  private onInit(event: Extract<ServiceEvent, { kind: "service-init" }>): void {
    // After an aborted round the members that count are still those of the last activation.
    if (!this.synchronising) {
      this.oldMembers = this.members;
      this.companions = event.transitional;
    } else {
      this.tried = [...this.tried, this.members];
      this.companions = this.companions.filter((id) => event.transitional.includes(id));
    }
    this.synchronising = true;
    this.members = event.members;
    this.ringId = event.ringId;
    if (event.members.length > 1) this.first = false;
    const lost = this.oldMembers.filter((id) => !event.members.includes(id));
    for (const voter of [...this.voters.values()]) {
      if (event.members.includes(voter.nodeId)) continue;
      if (voter.status !== "dead") this.voters.set(voter.nodeId, { ...voter, status: "dead" });
    }
    if (this.options.lastManStanding && lost.length > 0) {
      const delayMs = this.options.lastManStandingWindowMs;
      this.out.push({ kind: "set-timer", name: LAST_MAN_TIMER, delayMs });
    }
  }

  private onActivate(): void {
    this.synchronising = false;
    this.recalculate(false, true);
    this.oldMembers = this.members;
    this.companions = this.members;
    this.tried = [];
  }

  private onMessage(from: number, body: Uint8Array): void {
    const message = decodeVotequorum(body);
    if (message === undefined) return;
    if (message.kind === "reconfigure") this.onReconfigure(message);
    else if (message.nodeId === from) this.onNodeInfo(message);
  }

  private onNodeInfo(info: {
    nodeId: number;
    votes: number;
    expectedVotes: number;
    flags: number;
  }): void {
    const { nodeId, votes, flags } = info;
    const itIsQuorate = (flags & NodeInfoFlag.quorate) !== 0;
    const leaving = (flags & NodeInfoFlag.leaving) !== 0;
    const before = this.voters.get(nodeId);
    const legacy = this.options.rule === "legacy";
    const adopts = !legacy && !this.isQuorate && itIsQuorate && nodeId !== this.options.nodeId;
    if (adopts) this.setOwnExpected(info.expectedVotes);
    const believed = legacy || itIsQuorate || this.options.expectedVotesTracking;
    const voter: KnownVoter = {
      nodeId,
      votes,
      expectedVotes: believed ? info.expectedVotes : this.self.expectedVotes,
      status: leaving ? "leaving" : "member",
      flags,
    };
    // Our own word about ourselves may be older than what we know by now.
    if (nodeId === this.options.nodeId) {
      this.voters.set(nodeId, { ...this.self, status: voter.status, flags });
    } else this.voters.set(nodeId, voter);
    const waitOver = itIsQuorate && (flags & NodeInfoFlag.waitForAll) === 0;
    if (this.options.waitForAll && nodeId !== this.options.nodeId && waitOver) this.waiting = false;
    if (leaving && this.options.allowDownscale && before?.status === "member") this.downscale();
    const changed =
      before === undefined ||
      before.votes !== voter.votes ||
      before.expectedVotes !== voter.expectedVotes ||
      before.status !== voter.status;
    const own = nodeId === this.options.nodeId || (flags & NodeInfoFlag.first) !== 0;
    // What we held for the quorum without having it does not bind the partition that has it.
    if (changed || own) this.recalculate(adopts, false);
  }

  private onReconfigure(message: { nodeId: number; value: number; param: 1 | 2 | 3 }): void {
    if (message.param === 1) {
      const expected = Math.max(message.value, this.leastExpected);
      for (const voter of [...this.voters.values()]) {
        if (voter.status === "member") this.setExpected(voter.nodeId, expected);
      }
      this.setOwnExpected(expected);
      this.recalculate(true, false);
    } else if (message.param === 2) {
      const voter = this.voters.get(message.nodeId);
      if (voter === undefined) return;
      this.voters.set(voter.nodeId, { ...voter, votes: message.value });
      this.recalculate(true, false);
    } else {
      this.waiting = false;
      this.log("notice", "wait_for_all status cancelled by an administrator");
      this.recalculate(false, false);
    }
  }

  private setExpected(nodeId: number, expectedVotes: number): void {
    const voter = this.voters.get(nodeId);
    if (voter !== undefined) this.voters.set(nodeId, { ...voter, expectedVotes });
  }

  /** Changes what this node expects, keeps it on disk where that is asked for, and tells trackers. */
  private setOwnExpected(votes: number): void {
    if (votes === this.self.expectedVotes) return;
    this.setExpected(this.options.nodeId, votes);
    const path = this.options.expectedVotesPath;
    if (path !== undefined) {
      const data = new Uint8Array(4);
      new DataView(data.buffer).setUint32(0, votes, true);
      this.out.push({ kind: "persist", path, data, mode: 0o600 });
    }
    this.out.push({ kind: "expected-votes", votes });
  }

  private get leastExpected(): number {
    return this.options.allowDownscale ? this.options.configuredVotes : 0;
  }

  /** A member said goodbye for good: expect those who are left. The quorum stays above its lower limit. */
  private downscale(): void {
    const votes = this.present().reduce((sum, voter) => sum + voter.votes, 0);
    for (const voter of this.present()) this.setExpected(voter.nodeId, votes);
    this.setOwnExpected(votes);
    this.recalculate(true, false);
  }

  /** After the window: those who stayed are all there is. */
  private onLastManWindow(): void {
    const present = this.present();
    if (!this.isQuorate) return;
    for (const voter of present) this.setExpected(voter.nodeId, present.length);
    this.setOwnExpected(present.length);
    this.recalculate(true, false);
  }

  private present(ids: readonly number[] = this.members): readonly KnownVoter[] {
    return ids
      .map((id) => this.voters.get(id))
      .filter((voter): voter is KnownVoter => voter !== undefined && voter.status === "member");
  }

  private question(mayDecrease: boolean, ids: readonly number[]) {
    return {
      members: this.present(ids),
      deviceVotes: 0,
      currentQuorum: this.answer.quorum,
      mayDecrease,
      twoNode: this.options.twoNode,
      leastExpected: this.leastExpected,
    };
  }

  private recalculate(mayDecrease: boolean, activation: boolean): void {
    const ids = this.members.length === 0 ? [this.options.nodeId] : this.members;
    if (this.options.rule === "legacy" && !mayDecrease && this.members.length > 0) {
      this.setOwnExpected(legacyExpected(this.self.expectedVotes, this.present(ids)));
    }
    this.answer = countQuorum(this.question(mayDecrease, ids));
    if (this.answer.totalVotes > this.self.expectedVotes) {
      this.setOwnExpected(this.answer.totalVotes);
      this.answer = countQuorum(this.question(mayDecrease, ids));
    }
    const quorate = this.members.length > 0 && this.decide();
    const changed = quorate !== this.isQuorate;
    // A round of sync tells the outcome at its end.
    if (this.synchronising) return;
    this.isQuorate = quorate;
    if (this.options.waitForAll && changed) this.waiting = !quorate;
    if (changed) this.logQuorum(quorate);
    if (changed || activation) this.out.push({ kind: "quorum", ...this.state });
  }

  private decide(): boolean {
    const { totalVotes, quorum, highestExpected } = this.answer;
    if (this.options.waitForAll && this.waiting && !this.isQuorate) {
      if (totalVotes < Math.max(this.self.expectedVotes, highestExpected)) return false;
      this.waiting = false;
    }
    if (totalVotes >= quorum) return true;
    const { autoTieBreaker, autoTieBreakerNode: chosen, lastManStanding } = this.options;
    if (!autoTieBreaker) return false;
    return winsTie({
      totalVotes,
      expectedVotes: this.self.expectedVotes,
      quorum,
      oldMembers: this.oldMembers,
      newMembers: this.members,
      known: [...this.options.configuredNodes, ...this.voters.keys()],
      chosen,
      descent: lastManStanding || typeof chosen !== "string" ? this.descent() : undefined,
    });
  }

  private descent(): Descent {
    return {
      wasQuorate: this.isQuorate,
      memberships: [this.oldMembers, ...this.tried],
      companions: this.companions,
    };
  }

  private logQuorum(quorate: boolean): void {
    const text = quorate
      ? "This node is within the primary component and will provide service."
      : "This node is within the non-primary component and will NOT provide any services.";
    this.out.push({ kind: "log", level: "notice", subsystem: "QUORUM", text });
  }
}
