/**
 * The arithmetic of votes (spec/totem section 7.2), pure: who counts, how many votes make a quorum, and whether this
 * partition has it. Nothing here remembers anything.
 */

export interface Voter {
  readonly nodeId: number;
  readonly votes: number;
  /** What this node expects; the highest among the members rules. */
  readonly expectedVotes: number;
}

export interface QuorumQuestion {
  readonly members: readonly Voter[];
  readonly deviceVotes: number;
  /** Quorum of the moment before; it may fall only if `mayDecrease`. */
  readonly currentQuorum: number;
  readonly mayDecrease: boolean;
  readonly twoNode: boolean;
}

export interface QuorumAnswer {
  readonly totalVotes: number;
  readonly highestExpected: number;
  readonly quorum: number;
}

/** Votes that are needed: more than half of the expected, and more than half of those present. */
export function countQuorum(question: QuorumQuestion): QuorumAnswer {
  const { members, deviceVotes, currentQuorum, mayDecrease, twoNode } = question;
  const totalVotes = members.reduce((sum, m) => sum + m.votes, 0) + deviceVotes;
  const highestExpected = members.reduce((high, m) => Math.max(high, m.expectedVotes), 0);
  let quorum = Math.max(Math.floor((highestExpected + 2) / 2), Math.floor((totalVotes + 2) / 2));
  if (!mayDecrease) quorum = Math.max(quorum, currentQuorum);
  if (twoNode && members.length <= 2) quorum = 1;
  return { totalVotes, highestExpected, quorum };
}

/**
 * May an administrator wish for these numbers? Not for fewer expected votes than are present, nor for what would take the
 * quorum from this very partition (both refused by the original).
 */
export function isSaneWish(totalVotes: number, expectedVotes: number): boolean {
  if (expectedVotes < totalVotes) return false;
  return Math.floor((expectedVotes + 2) / 2) <= totalVotes;
}

export interface TieQuestion {
  readonly totalVotes: number;
  readonly expectedVotes: number;
  readonly quorum: number;
  readonly oldMembers: readonly number[];
  readonly newMembers: readonly number[];
  /** Every node of the cluster that is configured or was ever seen, present or not. */
  readonly known: readonly number[];
  readonly chosen: "lowest" | "highest" | readonly number[];
}

/**
 * auto_tie_breaker: exactly half of the votes are enough for the half that holds the chosen node. A sudden loss of more
 * than that half is not a tie.
 */
export function winsTie(question: TieQuestion): boolean {
  const { totalVotes, expectedVotes, quorum, oldMembers, newMembers, known, chosen } = question;
  if (expectedVotes % 2 !== 0 || totalVotes !== expectedVotes / 2) return false;
  if (oldMembers.length - newMembers.length >= quorum) return false;
  const here = new Set(newMembers);
  const all = [...new Set([...known, ...oldMembers, ...newMembers])];
  if (all.length === 0) return false;
  if (chosen === "lowest") return here.has(Math.min(...all));
  if (chosen === "highest") return here.has(Math.max(...all));
  const present = chosen.find((id) => all.includes(id));
  return present !== undefined && here.has(present);
}

/** Legacy form (HOUSE): expected votes start here … */
export const LEGACY_FIRST_EXPECTED = 2;

/** … and grow to the largest membership seen by anyone here; they never shrink by themselves. */
export function legacyExpected(stored: number, members: readonly Voter[]): number {
  const stated = members.map((m) => m.expectedVotes);
  const present = members.reduce((sum, m) => sum + m.votes, 0);
  return Math.max(LEGACY_FIRST_EXPECTED, stored, present, ...stated);
}
