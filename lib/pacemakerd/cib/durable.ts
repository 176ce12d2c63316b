/**
 * Durability (HOUSE rules 4, 5 and 8): a configuration change is acknowledged when every member present has it on disk.
 * With quorum these members hold a quorum of votes, so the change survives the crash of all nodes at once. Writes go in
 * groups: one for all changes that were delivered while the last one was written.
 *
 * Differs from the letter of rule 4 by waiting for all members present, not only for a quorum of them: stronger, and no
 * vote arithmetic is needed here; a member that hangs leaves the ring and is then waited for no more.
 */
import { type CibDoc, versionText } from "../../cib/document.ts";
import type { Context } from "../context.ts";
import type { Membership } from "../membership.ts";
import { quorateEffect, storeEffects } from "./store.ts";

/** What a waiting client is told. */
export type Verdict = "on-disk" | "lost-merge" | "disk-trouble";

interface Waiter {
  /** The report that everyone must reach; changes with the membership. */
  upTo: number;
  readonly version: string;
  readonly answer: (verdict: Verdict) => void;
}

/** In place of a position: this member's disk takes nothing. */
const TROUBLE = -1;
const RETRY_MS = 1000;
/** Lost changes that are named one by one. */
const LISTED = 100;

export class Durable {
  private readonly context: Context;
  private readonly membership: Membership;
  private backupSequence: number;
  private previous: { readonly text: Uint8Array; readonly digest: string } | undefined;
  private storedVersion = "";
  /** Configuration changes delivered in this membership. */
  private changes = 0;
  private flushed = 0;
  private reported = 0;
  private flushPending = false;
  /** A file of the last flush could not be written. */
  private failed = false;
  /** The others know that our disk takes nothing. */
  private troubled = false;
  private readonly reports = new Map<number, number>();
  private waiters: Waiter[] = [];
  /** Changes that were accepted without quorum (rule 5) and may lose a merge. */
  private withoutQuorum: string[] = [];
  /** Rank of our CIB: the number of the last quorate round that it is of. */
  quorateSeq: number;
  /** Highest number of a quorate round that we know to be taken. */
  promised: number;
  private storedNumbers: string;
  /** Position at which this round was marked quorate, its number, and where all had promised it. */
  private markAt: number | undefined;
  private markedSeq = 0;
  private confirmAt: number | undefined;

  constructor(context: Context, membership: Membership) {
    this.context = context;
    this.membership = membership;
    const { stored } = context.config;
    this.backupSequence = stored.backupSequence;
    this.quorateSeq = stored.quorateSeq;
    this.promised = stored.promised;
    this.storedNumbers = `${stored.quorateSeq} ${stored.promised}`;
    if (stored.cib !== undefined) {
      const write = storeEffects("", stored.cib, undefined, 0);
      this.previous = { text: write.text, digest: write.digest };
      this.storedVersion = this.configurationVersion(stored.cib);
    }
  }

  private configurationVersion(doc: CibDoc): string {
    return `${doc.version.adminEpoch}.${doc.version.epoch}`;
  }

  /** A configuration change was delivered: it will be written with its batch. */
  changed(): void {
    this.changes++;
    this.schedule();
  }

  private schedule(): void {
    if (this.flushPending) return;
    this.flushPending = true;
    this.context.setTimer("cib-flush", 0);
  }

  /** A change was accepted without quorum; `text` names its version and author. */
  acceptedWithoutQuorum(text: string): void {
    if (this.withoutQuorum.length < LISTED) this.withoutQuorum.push(text);
  }

  /** The last change so far; an answer that waits for it passes this to `whenDurable`. */
  get position(): number {
    return this.changes;
  }

  whenDurable(version: string, answer: (verdict: Verdict) => void): void {
    this.waiters.push({ upTo: this.changes, version, answer });
    this.settle();
  }

  /** Writes now what the disk has not. */
  flush(doc: CibDoc): void {
    this.flushPending = false;
    this.failed = false;
    this.write(doc);
    this.writeNumbers();
    this.flushed = this.changes;
    this.context.setTimer("cib-report", 0);
  }

  private write(doc: CibDoc): void {
    const { cibFolder } = this.context.config;
    const write = storeEffects(cibFolder, doc, this.previous, this.backupSequence);
    if (this.previous !== undefined && write.digest === this.previous.digest) return;
    for (const effect of write.effects) this.context.effect(effect);
    this.previous = { text: write.text, digest: write.digest };
    this.backupSequence = write.backupSequence;
    this.storedVersion = this.configurationVersion(doc);
  }

  /** A file could not be written: nothing is reported until it could. */
  persistFailed(path: string): void {
    if (!path.startsWith(this.context.config.cibFolder)) return;
    this.previous = undefined;
    this.storedNumbers = "";
    this.context.setTimer("cib-retry", RETRY_MS);
    this.failed = true;
    if (this.troubled) return;
    this.troubled = true;
    this.context.log("error", `The CIB is not on disk: ${path} could not be written; trying again`);
    const { isSynchronised, label } = this.membership;
    if (isSynchronised) this.context.multicast({ kind: "persisted", label, upTo: TROUBLE });
  }

  /** Timers of ours; false when it is somebody else's. */
  timer(name: string, doc: CibDoc): boolean {
    if (name === "cib-flush" || name === "cib-retry") {
      this.flush(doc);
      return true;
    }
    if (name !== "cib-report") return false;
    if (this.failed) return true;
    if (this.troubled) this.context.log("notice", "The CIB is on disk again");
    this.troubled = false;
    if (this.membership.isSynchronised && this.flushed > this.reported) {
      this.reported = this.flushed;
      this.context.multicast({
        kind: "persisted",
        label: this.membership.label,
        upTo: this.flushed,
      });
    }
    return true;
  }

  /** A member's report. */
  report(nodeId: number, upTo: number): void {
    if (upTo === TROUBLE) {
      const { waiters } = this;
      this.waiters = [];
      const name = this.membership.uname(nodeId) ?? String(nodeId);
      if (waiters.length > 0) {
        this.context.log(
          "error",
          `${name} cannot write the CIB to its disk: changes are in memory only`,
        );
      }
      for (const waiter of waiters) waiter.answer("disk-trouble");
      return;
    }
    this.reports.set(nodeId, Math.max(upTo, this.reports.get(nodeId) ?? 0));
    this.settle();
  }

  private settle(): void {
    if (!this.membership.isSynchronised) return;
    const everyone = Math.min(...this.membership.members.map((id) => this.reports.get(id) ?? 0));
    this.confirmQuorate(everyone);
    if (this.markAt !== undefined && everyone < (this.confirmAt ?? Number.POSITIVE_INFINITY))
      return;
    const ready = this.waiters.filter((w) => w.upTo <= everyone);
    if (ready.length === 0) return;
    this.waiters = this.waiters.filter((w) => w.upTo > everyone);
    for (const waiter of ready) waiter.answer("on-disk");
  }

  /**
   * A new membership is synchronised; its first report says that the adopted CIB is on disk.
   * @param kept our own CIB goes on: what we wait for is in it.
   */
  adopted(doc: CibDoc, kept: boolean): void {
    this.reports.clear();
    this.markAt = undefined;
    this.confirmAt = undefined;
    this.changes = 1;
    this.flushed = 0;
    this.reported = 0;
    if (kept) {
      for (const waiter of this.waiters) waiter.upTo = 1;
    } else {
      for (const text of this.withoutQuorum) {
        this.context.log(
          "warning",
          `Configuration ${text}, changed without quorum, lost the merge against ` +
            `${versionText(doc.version)}; it stays in the backups in ${this.context.config.cibFolder}`,
        );
      }
      this.withoutQuorum = [];
      const lost = this.waiters;
      this.waiters = [];
      for (const waiter of lost) {
        this.context.log(
          "warning",
          `Configuration ${waiter.version} lost the merge against ${versionText(doc.version)}; ` +
            "it stays in the backups of the CIB folder",
        );
        waiter.answer("lost-merge");
      }
    }
    this.flush(doc);
  }

  /**
   * This round is quorate. First every member promises on disk that its number is taken; only when all have, the number
   * becomes the rank of their CIBs, on disk again; only then are changes acknowledged. So a later quorate round, which has
   * a member of this one, takes a higher number than any rank there is.
   */
  markQuorate(seq: number): void {
    if (this.markAt !== undefined) return;
    this.promised = Math.max(this.promised, seq);
    this.changed();
    this.markAt = this.changes;
    this.markedSeq = seq;
  }

  private confirmQuorate(everyone: number): void {
    if (this.markAt === undefined || this.confirmAt !== undefined || everyone < this.markAt) return;
    this.quorateSeq = this.markedSeq;
    this.withoutQuorum = [];
    this.changed();
    this.confirmAt = this.changes;
  }

  /** The donor's rank comes with its CIB. */
  adoptRank(seq: number): void {
    if (seq <= this.quorateSeq) return;
    this.quorateSeq = seq;
    this.promised = Math.max(this.promised, seq);
    this.writeNumbers();
  }

  /** Rank and promise, after the CIB they belong to. */
  private writeNumbers(): void {
    const text = `${this.quorateSeq} ${this.promised}`;
    if (text === this.storedNumbers) return;
    this.storedNumbers = text;
    const { cibFolder } = this.context.config;
    this.context.effect(quorateEffect(cibFolder, this.quorateSeq, this.promised));
  }

  /** For the log: admin_epoch.epoch on disk. */
  get onDisk(): string {
    return this.storedVersion;
  }
}
