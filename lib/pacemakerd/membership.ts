/**
 * Who is here, whose state counts, who is the controller. Pure decisions; every member makes them at the same point of
 * the order and comes to the same result. HOUSE safety rules 2, 6 and 9; decision "Controller".
 */
import type { GroupConfigurationEvent, GroupMember, Votes, VotesKnown } from "./api.ts";
import type { Joined, Label, State, Statement } from "./messages.ts";

export type Phase = "none" | "gathering" | "transferring" | "synchronised";

/** What all have said, and what follows from it. */
export interface Verdict {
  readonly donor: number;
  /** All have the same: nothing needs to be sent. */
  readonly identical: boolean;
}

function key(member: GroupMember): string {
  return `${member.nodeId}:${member.processId}`;
}

/** The text that names a membership: ring and processes. */
export function labelOf(event: GroupConfigurationEvent): Label {
  return `${event.ringId}/${event.members.map(key).sort().join(",")}`;
}

function statementText(s: Statement): string {
  return JSON.stringify([
    s.hasHistory,
    s.quorateSeq,
    s.quoratePosition,
    s.adminEpoch,
    s.epoch,
    s.numUpdates,
    s.digest,
    s.joined,
  ]);
}

/**
 * Positive when `a` is the better donor (HOUSE rule 2); node ids are compared by the caller. Differs: what a quorum has agreed
 * on within the last quorate round comes before the version, which changes without quorum raise as well.
 */
export function compareStatements(a: Statement, b: Statement): number {
  return (
    Number(a.hasHistory) - Number(b.hasHistory) ||
    a.quorateSeq - b.quorateSeq ||
    a.quoratePosition - b.quoratePosition ||
    a.adminEpoch - b.adminEpoch ||
    a.epoch - b.epoch ||
    a.numUpdates - b.numUpdates ||
    (a.digest < b.digest ? -1 : a.digest > b.digest ? 1 : 0)
  );
}

/** The donor among complete statements: the highest state, then the lowest node id. */
export function chooseDonor(statements: ReadonlyMap<number, Statement>): Verdict {
  let donor = -1;
  let best: Statement | undefined;
  const texts = new Set<string>();
  for (const id of [...statements.keys()].sort((a, b) => a - b)) {
    const statement = statements.get(id)!;
    texts.add(statementText(statement));
    if (best === undefined || compareStatements(statement, best) > 0) {
      best = statement;
      donor = id;
    }
  }
  return { donor, identical: texts.size === 1 };
}

export class Membership {
  readonly self: GroupMember;
  phase: Phase = "none";
  label: Label = "";
  ringSeq = 0;
  members: readonly number[] = [];
  ringMembers: readonly number[] = [];
  joined: Joined = [];
  /**
   * Number of this round, higher than every number that any member has: what a newcomer joins at, and the quorate sequence
   * if the round is quorate. Differs from HOUSE rule 2, which takes the ring's: managers come and go within one ring, and a
   * manager that missed acknowledged changes of its own ring must lose the merge.
   */
  roundSeq = 0;
  private expected: readonly GroupMember[] = [];
  private statements = new Map<number, Statement>();
  private early: { readonly from: GroupMember; readonly statement: Statement }[] = [];
  private readonly unames = new Map<number, string>();
  readonly published = new Set<number>();
  private ringId = "";
  private previousRing = "";
  /** The ring in which the last quorate mark was set. */
  private markedRing = "";
  verdict: Verdict | undefined;

  constructor(self: GroupMember, uname: string) {
    this.self = self;
    this.unames.set(self.nodeId, uname);
  }

  /** A configuration begins a round: everything said before counts no more. */
  configuration(event: GroupConfigurationEvent): void {
    this.label = labelOf(event);
    if (event.ringId !== this.ringId) {
      this.previousRing = this.ringId;
      this.ringId = event.ringId;
    }
    this.ringSeq = event.ringSeq;
    this.ringMembers = event.ringMembers;
    this.expected = event.members;
    this.members = event.members.map((m) => m.nodeId).sort((a, b) => a - b);
    this.phase = "gathering";
    this.statements = new Map();
    this.published.clear();
    this.verdict = undefined;
    const early = this.early;
    this.early = [];
    for (const { from, statement } of early) this.statement(from, statement);
  }

  /** Takes a statement; true when it was the last one that was missing. */
  statement(from: GroupMember, statement: Statement): boolean {
    if (statement.label !== this.label) {
      this.early = this.early.filter((e) => key(e.from) !== key(from));
      if (this.early.length < 64) this.early.push({ from, statement });
      return false;
    }
    if (this.phase !== "gathering" || !this.expected.some((m) => key(m) === key(from)))
      return false;
    this.statements.set(from.nodeId, statement);
    this.unames.set(from.nodeId, statement.uname);
    if (this.statements.size < this.members.length) return false;
    this.verdict = chooseDonor(this.statements);
    this.phase = "transferring";
    return true;
  }

  /** The controller marked this membership. */
  marked(quorate: boolean): void {
    this.markedRing = quorate ? this.ringId : "";
  }

  /** We come straight from a quorate membership: there was no ring in between of which we know less. */
  get isEstablished(): boolean {
    return (
      this.markedRing !== "" &&
      (this.markedRing === this.ringId || this.markedRing === this.previousRing)
    );
  }

  /** Somebody in this round comes straight from a quorate membership. */
  get hasLineage(): boolean {
    return [...this.statements.values()].some((s) => s.established);
  }

  /**
   * Do the managers that are here hold a quorum of votes, not only the ring they stand on? A lone manager on a quorate ring
   * may have slept through acknowledged changes.
   */
  isBacked(quorum: VotesKnown | undefined): boolean {
    if (this.withoutManager.length === 0) return true;
    const needed =
      quorum?.neededVotes ?? 1 + Math.floor((quorum?.expectedVotes ?? this.ringMembers.length) / 2);
    return this.votesOf(quorum?.votes) >= needed;
  }

  /**
   * Votes that must have a change on disk before it is acknowledged (rule 4); 0 = every member must, where two quorums need
   * not share a member (two_node) or a quorum is not made of members alone.
   */
  votesForDurability(quorum: VotesKnown | undefined): number {
    const { neededVotes, expectedVotes, votes } = quorum ?? {};
    if (neededVotes === undefined || expectedVotes === undefined || votes === undefined) return 0;
    const suffices = 2 * neededVotes > expectedVotes && this.votesOf(votes) >= neededVotes;
    return suffices ? neededVotes : 0;
  }

  private votesOf(votes: Votes | undefined): number {
    const known = new Map(votes);
    return this.members.reduce((sum, id) => sum + (known.get(id) ?? 1), 0);
  }

  /** The statement of a member in this round. */
  statementOf(nodeId: number): Statement | undefined {
    return this.statements.get(nodeId);
  }

  /** Ends the round with the donor's history (or everyone's, when it was the same). */
  complete(state: Pick<State, "joined" | "names">): void {
    for (const [id, uname] of state.names) if (!this.unames.has(id)) this.unames.set(id, uname);
    const known = new Map(state.joined);
    const numbers = [...this.statements.values()].map((s) => Math.max(s.quorateSeq, s.promised));
    this.roundSeq = 1 + Math.max(0, ...numbers, ...known.values());
    this.joined = this.members.map((id) => {
      const seq = known.get(id);
      const fresh = this.statements.get(id)?.fresh ?? true;
      return [id, fresh || seq === undefined ? this.roundSeq : seq] as const;
    });
    this.phase = "synchronised";
  }

  get isSynchronised(): boolean {
    return this.phase === "synchronised";
  }

  /** All members have published their own truth in this membership. */
  get isSettled(): boolean {
    return this.isSynchronised && this.members.every((id) => this.published.has(id));
  }

  /** The member that joined the quorate history first, then the lowest id; undefined before the round is over. */
  get controller(): number | undefined {
    if (!this.isSynchronised) return undefined;
    let best: readonly [number, number] | undefined;
    for (const entry of this.joined) {
      if (
        best === undefined ||
        entry[1] < best[1] ||
        (entry[1] === best[1] && entry[0] < best[0])
      ) {
        best = entry;
      }
    }
    return best?.[0];
  }

  get isController(): boolean {
    return this.controller === this.self.nodeId;
  }

  /** Node ids and names ever heard of. */
  get names(): readonly (readonly [number, string])[] {
    return [...this.unames].sort((a, b) => a[0] - b[0]);
  }

  uname(nodeId: number): string | undefined {
    return this.unames.get(nodeId);
  }

  nodeIdOf(uname: string): number | undefined {
    for (const [id, name] of this.unames) if (name === uname) return id;
    return undefined;
  }

  /** Ring members whose manager is not in the group (HOUSE rule 9). */
  get withoutManager(): readonly number[] {
    return this.ringMembers.filter((id) => !this.members.includes(id));
  }
}
