/**
 * Who has what on disk, counted in votes as the controller's mark names them (HOUSE rules 4 and 5): pure book-keeping that
 * every member does alike, as reports and marks come out of the order.
 */
import type { Votes } from "../api.ts";

/** What the mark says of votes. */
export interface VoteRule {
  readonly quorate: boolean;
  readonly backed: boolean;
  /** Votes that must have a change; 0 = every member. */
  readonly needed: number;
  readonly votes: Votes;
}

export class Ballot {
  private members: readonly number[] = [];
  private rule: VoteRule | undefined;
  private votes = new Map<number, number>();
  private readonly reports = new Map<number, number>();
  /** Members whose disks take nothing, and why. */
  private readonly troubles = new Map<number, string>();

  /** A new membership: nothing is known of anybody. */
  restart(members: readonly number[]): void {
    this.members = members;
    this.rule = undefined;
    this.reports.clear();
    this.troubles.clear();
  }

  mark(rule: VoteRule): void {
    this.rule = rule;
    this.votes = new Map(rule.votes);
  }

  get isMarked(): boolean {
    return this.rule !== undefined;
  }

  /** The members themselves hold a quorum of votes. */
  get isQuorate(): boolean {
    return this.rule?.quorate === true && this.rule.backed;
  }

  report(nodeId: number, upTo: number): void {
    this.troubles.delete(nodeId);
    this.reports.set(nodeId, Math.max(upTo, this.reports.get(nodeId) ?? 0));
  }

  /** True when it is news. */
  trouble(nodeId: number, reason: string): boolean {
    const isNews = !this.troubles.has(nodeId);
    this.troubles.set(nodeId, reason);
    return isNews;
  }

  /** Do enough members have changes up to this one on disk? */
  has(upTo: number): boolean {
    return this.suffice((id) => this.hasReported(id, upTo));
  }

  /** Would they, if every disk that works took it? */
  canHave(upTo: number): boolean {
    return this.suffice((id) => this.hasReported(id, upTo) || !this.troubles.has(id));
  }

  private hasReported(nodeId: number, upTo: number): boolean {
    return (this.reports.get(nodeId) ?? 0) >= upTo;
  }

  private suffice(counts: (nodeId: number) => boolean): boolean {
    const needed = this.isQuorate ? (this.rule?.needed ?? 0) : 0;
    if (needed === 0) return this.members.every(counts);
    const sum = this.members.reduce(
      (total, id) => total + (counts(id) ? (this.votes.get(id) ?? 1) : 0),
      0,
    );
    return sum >= needed;
  }

  /** The members in trouble as text, and one's reason. */
  sick(nameOf: (nodeId: number) => string): { readonly names: string; readonly reason: string } {
    const names = [...this.troubles.keys()]
      .sort((a, b) => a - b)
      .map(nameOf)
      .join(" and ");
    return { names, reason: [...this.troubles.values()].find((r) => r !== "") ?? "" };
  }
}
