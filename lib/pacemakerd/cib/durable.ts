/**
 * Durability (HOUSE rules 4, 5 and 8): with quorum a configuration change is acknowledged when members that hold a quorum of
 * votes report it on disk, without quorum when every member present does. A member whose disk takes nothing says so, counts
 * no more, and tries again with its newest version. Writes go in groups: one for all changes that were delivered meanwhile.
 *
 * What makes an acknowledged change win every merge is its *rank*: the number of the quorate round, and how many changes of
 * that round the CIB has for sure. "For sure" needs a word: a member that is cut off may deliver its own last messages while
 * it misses others' before them. So each member first multicasts that it has seen a change; when that word comes back in the
 * same membership, the change was delivered there in the order of all, and only then it enters the rank and the reports.
 */
import { Errno } from "../../base/result-code.ts";
import { type CibDoc, versionText } from "../../cib/document.ts";
import type { Context } from "../context.ts";
import type { Membership } from "../membership.ts";
import type { QuorumMark } from "../messages.ts";
import { Ballot } from "./ballot.ts";
import {
  type Numbers,
  numbersEffect,
  numbersText,
  type StoreWrite,
  storeEffects,
} from "./store.ts";

/** What a waiting client is told: a negative errno or 0, and what it should know besides. */
export interface Verdict {
  readonly rc: number;
  readonly note?: string;
}

interface Waiter {
  /** The report that is waited for; changes with the membership. */
  upTo: number;
  readonly version: string;
  readonly answer: (verdict: Verdict) => void;
}

type Content = Pick<StoreWrite, "text" | "digest" | "backupSequence">;

/** What a CIB is of: comparable as (quorateSeq, quoratePosition). */
export type Rank = Pick<Numbers, "quorateSeq" | "quoratePosition">;

const RETRY_MS = 1000;
/** Lost changes that are named one by one. */
const LISTED = 100;

const WITHOUT_QUORUM =
  "changed without quorum: this is lost if the other nodes were changed meanwhile and meet this one again";

export class Durable {
  private readonly context: Context;
  private readonly membership: Membership;
  private readonly ballot: Ballot;
  private backupSequence: number;
  /** What cib.xml holds, and will hold after the write that is under way. */
  private onDisk: Content | undefined;
  private writing: Content | undefined;
  /** A write of the CIB failed: what its files hold is not known. */
  private cibUnsure = false;
  /** From the first write of a flush to its report; what comes meanwhile waits for the next. */
  private isFlushing = false;
  private flushAgain = false;
  /** Configuration changes delivered in this membership; those of them that came for sure; those on disk; those reported. */
  private changes = 0;
  private seen = 0;
  private flushed = 0;
  private reported = 0;
  private isLooking = false;
  /** What quorate.seq will hold once the CIB of this flush is on disk. */
  private nextNumbers = "";
  private storedNumbers: string;
  /** A file of the last flush could not be written. */
  private failed = false;
  /** The errno word since our disk takes nothing. */
  private troubled: string | undefined;
  private waiters: Waiter[] = [];
  /** Changes that were accepted without quorum (rule 5) and may lose a merge. */
  private withoutQuorum: string[] = [];
  private lastWithoutQuorum: string;
  private rank: Rank;
  /** Highest number of a quorate round that we know to be taken. */
  promised: number;
  /** Change at which this round was marked quorate, its number, and where a quorum had promised it. */
  private markAt: number | undefined;
  private markedSeq = 0;
  private confirmAt: number | undefined;

  constructor(context: Context, membership: Membership) {
    this.context = context;
    this.membership = membership;
    this.ballot = new Ballot();
    const { stored } = context.config;
    this.backupSequence = stored.backupSequence;
    this.rank = stored;
    this.promised = stored.promised;
    this.storedNumbers = numbersText(stored);
    this.lastWithoutQuorum = stored.withoutQuorum;
    if (stored.withoutQuorum !== "") {
      this.withoutQuorum.push(`${stored.withoutQuorum} (before the last start)`);
    }
    if (stored.cib !== undefined) this.onDisk = storeEffects("", stored.cib, undefined, 0);
  }

  /** Number of the last quorate round that our CIB is of. */
  get quorateSeq(): number {
    return this.rank.quorateSeq;
  }

  /** How many changes of that round it has for sure. */
  get quoratePosition(): number {
    return this.rank.quoratePosition;
  }

  /** Changes of this membership will be of a quorum's, not only of those who happen to be here. */
  get isCounted(): boolean {
    return this.ballot.isQuorate;
  }

  /** This round has a number on the disks of a quorum: changes can be acknowledged. */
  get isConfirmed(): boolean {
    return this.isCounted && this.confirmAt !== undefined;
  }

  // --- changes, and the word that they were seen ---

  /** A configuration change was delivered. */
  changed(): void {
    this.changes++;
    this.look();
  }

  private look(): void {
    if (this.isLooking || this.seen >= this.changes || !this.membership.isSynchronised) return;
    this.isLooking = true;
    this.context.multicast({ kind: "seen", label: this.membership.label, upTo: this.changes });
  }

  /** Our own word came back in the membership in which it was said. */
  sawOwn(upTo: number): void {
    this.isLooking = false;
    this.seen = upTo;
    if (this.confirmAt !== undefined && upTo >= this.confirmAt) {
      this.rank = { quorateSeq: this.markedSeq, quoratePosition: upTo };
    }
    // A disk in trouble is tried at its own pace.
    if (this.troubled === undefined) this.context.setTimer("cib-flush", 0);
    this.look();
  }

  /** A change to this version was accepted without quorum; `by` names who made it. */
  acceptedWithoutQuorum(version: string, by: string): void {
    this.lastWithoutQuorum = version;
    if (this.withoutQuorum.length < LISTED) this.withoutQuorum.push(`${version} (${by})`);
  }

  /** Answers when the last change so far is safe, or cannot be. */
  whenDurable(version: string, answer: (verdict: Verdict) => void): void {
    this.waiters.push({ upTo: this.changes, version, answer });
    this.settle();
  }

  // --- the disk ---

  /** Writes what the disk has not: first the CIB; when that is there, the numbers; when these are there, we report. */
  private flush(doc: CibDoc): void {
    this.flushAgain = this.isFlushing;
    if (this.isFlushing) return;
    this.isFlushing = true;
    this.failed = false;
    this.flushed = this.seen;
    const { rank, promised, lastWithoutQuorum } = this;
    this.nextNumbers = numbersText({ ...rank, promised, withoutQuorum: lastWithoutQuorum });
    this.writeCib(doc);
    this.context.setTimer("cib-numbers", 0);
  }

  private writeCib(doc: CibDoc): void {
    const { cibFolder } = this.context.config;
    const write = storeEffects(cibFolder, doc, this.onDisk, this.backupSequence);
    const isThere = write.digest === this.onDisk?.digest && !this.cibUnsure;
    this.writing = isThere ? this.onDisk : write;
    if (!isThere) for (const effect of write.effects) this.context.effect(effect);
  }

  private writeNumbers(): void {
    this.cibUnsure = false;
    if (this.writing !== undefined && this.writing !== this.onDisk) {
      this.onDisk = this.writing;
      this.backupSequence = this.writing.backupSequence;
    }
    if (this.nextNumbers !== this.storedNumbers) {
      this.storedNumbers = this.nextNumbers;
      this.context.effect(numbersEffect(this.context.config.cibFolder, this.nextNumbers));
    }
    this.context.setTimer("cib-report", 0);
  }

  /** A file could not be written: nothing is reported until it could. */
  persistFailed(path: string, reason: string): void {
    const { cibFolder } = this.context.config;
    if (!path.startsWith(`${cibFolder}/`)) return;
    if (path.endsWith("/quorate.seq")) this.storedNumbers = "";
    else this.cibUnsure = true;
    this.failed = true;
    this.context.setTimer("cib-retry", RETRY_MS);
    if (this.troubled !== undefined) return;
    this.troubled = reason;
    this.context.log(
      "error",
      `The CIB is not on disk: ${path} could not be written (${reason}). Make room in ${cibFolder} ` +
        "or mend its disk; this is tried again every second, and changes need the other nodes' disks meanwhile",
    );
    this.tellTrouble(reason);
  }

  private tellTrouble(reason: string): void {
    const { isSynchronised, label } = this.membership;
    if (isSynchronised) this.context.multicast({ kind: "disk-trouble", label, reason });
  }

  /** Timers of ours; false when it is somebody else's. */
  timer(name: string, doc: CibDoc): boolean {
    switch (name) {
      case "cib-flush":
      case "cib-retry":
        this.flush(doc);
        return true;
      case "cib-numbers":
        if (this.failed) this.endFlush();
        else this.writeNumbers();
        return true;
      case "cib-report":
        if (!this.failed) this.reportOwn();
        this.endFlush();
        return true;
      default:
        return false;
    }
  }

  private endFlush(): void {
    this.isFlushing = false;
    if (this.flushAgain && !this.failed) this.context.setTimer("cib-flush", 0);
    this.flushAgain = false;
  }

  private reportOwn(): void {
    const wasTroubled = this.troubled !== undefined;
    if (wasTroubled) {
      this.troubled = undefined;
      this.context.log("notice", "The CIB is on disk again");
      this.context.cancelTimer("cib-retry");
    }
    const { isSynchronised, label } = this.membership;
    if (!isSynchronised || (this.flushed <= this.reported && !wasTroubled)) return;
    this.reported = this.flushed;
    this.context.multicast({ kind: "persisted", label, upTo: this.flushed });
  }

  // --- what members report, and who is answered ---

  /** A member has this on disk. */
  report(nodeId: number, upTo: number): void {
    this.ballot.report(nodeId, upTo);
    this.settle();
  }

  /** A member's disk takes nothing. */
  trouble(nodeId: number, reason: string): void {
    const name = this.membership.uname(nodeId) ?? String(nodeId);
    if (this.ballot.trouble(nodeId, reason) && nodeId !== this.context.config.nodeId) {
      this.context.log("warning", `${name} cannot write the CIB to its disk (${reason})`);
    }
    this.settle();
  }

  private settle(): void {
    const { ballot } = this;
    if (!this.membership.isSynchronised || !ballot.isMarked) return;
    if (this.confirmAt === undefined && this.markAt !== undefined && ballot.has(this.markAt)) {
      // Delivered reports and the mark decide, so this is the same point of the order for all.
      this.confirmAt = this.changes + 1;
      this.forgetWithoutQuorum();
      this.changed();
    }
    const least = ballot.isQuorate ? (this.confirmAt ?? this.markAt ?? 0) : 0;
    const mustConfirm = ballot.isQuorate && this.confirmAt === undefined;
    const left: Waiter[] = [];
    const { waiters } = this;
    this.waiters = [];
    for (const waiter of waiters) {
      const upTo = Math.max(waiter.upTo, least);
      if (!mustConfirm && ballot.has(upTo)) waiter.answer(this.success());
      else if (!ballot.canHave(upTo)) waiter.answer(this.failure());
      else left.push(waiter);
    }
    this.waiters.push(...left);
  }

  private success(): Verdict {
    return this.isCounted ? { rc: 0 } : { rc: 0, note: WITHOUT_QUORUM };
  }

  private failure(): Verdict {
    const { names, reason } = this.ballot.sick((id) => this.membership.uname(id) ?? String(id));
    const rc = reason === "ENOSPC" || reason === "EDQUOT" ? -Errno.ENOSPC : -Errno.EIO;
    const note =
      `the change is applied in memory but not durable: ${names} cannot write the CIB to disk (${reason}); ` +
      "it may be lost if nodes stop before there is room";
    return { rc, note };
  }

  // --- memberships ---

  /**
   * A new membership is synchronised; its first report says that the adopted CIB is on disk.
   * @param kept our own CIB goes on: what we wait for is in it.
   * @param rank of the adopted CIB.
   */
  adopted(doc: CibDoc, kept: boolean, rank: Rank): void {
    this.ballot.restart(this.membership.members);
    this.markAt = undefined;
    this.confirmAt = undefined;
    this.isLooking = false;
    this.changes = 1;
    this.seen = 1;
    this.flushed = 0;
    this.reported = 0;
    this.rank = { quorateSeq: rank.quorateSeq, quoratePosition: rank.quoratePosition };
    this.promised = Math.max(this.promised, rank.quorateSeq);
    if (kept) for (const waiter of this.waiters) waiter.upTo = 1;
    else this.lost(doc);
    if (this.troubled !== undefined) this.tellTrouble(this.troubled);
    this.flush(doc);
  }

  private forgetWithoutQuorum(): void {
    this.withoutQuorum = [];
    this.lastWithoutQuorum = "";
  }

  /** Rule 5: what loses a merge is named, and stays in the history. */
  private lost(doc: CibDoc): void {
    const against = `lost the merge against ${versionText(doc.version)}; it stays in the backups in ${this.context.config.cibFolder}`;
    for (const text of this.withoutQuorum) {
      this.context.log("warning", `Configuration ${text}, changed without quorum, ${against}`);
    }
    this.forgetWithoutQuorum();
    const { waiters } = this;
    this.waiters = [];
    for (const { version, answer } of waiters) {
      this.context.log("warning", `Configuration ${version} ${against}`);
      answer({ rc: -Errno.ETIME });
    }
  }

  /**
   * The controller's word on quorum. In a quorate round a quorum first promises on disk that its number is taken; only then
   * the number becomes the rank of CIBs, on disk again; only then are changes acknowledged. So a later quorate round, which
   * has a member of this quorum, takes a higher number than any rank there is.
   */
  mark(mark: QuorumMark, seq: number): void {
    this.ballot.mark(mark);
    if (this.isCounted && this.markAt === undefined) {
      this.promised = Math.max(this.promised, seq);
      this.markedSeq = seq;
      this.markAt = this.changes + 1;
      this.changed();
    }
    this.settle();
  }
}
