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
  /** The quorum never falls below what so many expected votes need; 0 sets no such limit. */
  readonly leastExpected: number;
}

export interface QuorumAnswer {
  readonly totalVotes: number;
  readonly highestExpected: number;
  readonly quorum: number;
}

const majorityOf = (votes: number) => Math.floor((votes + 2) / 2);

/** Votes that are needed: more than half of the expected, and more than half of those present. */
export function countQuorum(question: QuorumQuestion): QuorumAnswer {
  const { members, deviceVotes, currentQuorum, mayDecrease, twoNode, leastExpected } = question;
  const totalVotes = members.reduce((sum, m) => sum + m.votes, 0) + deviceVotes;
  const highestExpected = members.reduce((high, m) => Math.max(high, m.expectedVotes), 0);
  let quorum = majorityOf(Math.max(highestExpected, totalVotes, leastExpected));
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
  return majorityOf(expectedVotes) <= totalVotes;
}

export type ChosenNode = "lowest" | "highest" | readonly number[];

export interface TieQuestion {
  readonly totalVotes: number;
  readonly expectedVotes: number;
  readonly quorum: number;
  readonly oldMembers: readonly number[];
  readonly newMembers: readonly number[];
  readonly chosen: ChosenNode;
  /** Every node of the cluster that is configured or was ever seen, present or not. */
  readonly known: readonly number[];
  /** Where the choice moves on when the chosen node is gone; undefined: it stays for good. */
  readonly descent: Descent | undefined;
}

/** Where a partition comes from. */
export interface Descent {
  readonly wasQuorate: boolean;
  /** The last membership that was activated, and those that were tried since. */
  readonly memberships: readonly (readonly number[])[];
  /** Who went all that way together with this node. */
  readonly companions: readonly number[];
}

/**
 * auto_tie_breaker: exactly half of the votes are enough for the half that holds the chosen node. A sudden loss of more
 * than that half is not a tie.
 *
 * The lowest or highest of all nodes is a choice for good: only one half can ever hold it, whatever came and went before. A
 * list, and last_man_standing, ask for a choice among those who are left. That is safe for a half that was quorate and came
 * all together from the last membership, if it holds whom that membership would choose, and whom every one would that was
 * tried since and that others may have activated. Differs from 3.1.7, where such a choice may fall on two halves.
 */
export function winsTie(question: TieQuestion): boolean {
  const { totalVotes, expectedVotes, quorum, oldMembers, newMembers, descent } = question;
  if (expectedVotes % 2 !== 0 || totalVotes !== expectedVotes / 2) return false;
  if (oldMembers.length - newMembers.length >= quorum) return false;
  const { chosen, known } = question;
  const holds = (members: readonly number[]) => {
    const id = choose(chosen, members);
    return id !== undefined && newMembers.includes(id);
  };
  if (descent === undefined) return holds([...known, ...oldMembers, ...newMembers]);
  const { wasQuorate, memberships, companions } = descent;
  const together = newMembers.every((id) => companions.includes(id));
  return wasQuorate && together && memberships.every(holds);
}

function choose(chosen: ChosenNode, members: readonly number[]): number | undefined {
  if (members.length === 0) return undefined;
  if (chosen === "lowest") return Math.min(...members);
  if (chosen === "highest") return Math.max(...members);
  return chosen.find((id) => members.includes(id));
}

/** Legacy form (HOUSE): expected votes start here … */
export const LEGACY_FIRST_EXPECTED = 2;

/** … and grow to the largest membership seen by anyone here; they never shrink by themselves. */
export function legacyExpected(stored: number, members: readonly Voter[]): number {
  const stated = members.map((m) => m.expectedVotes);
  const present = members.reduce((sum, m) => sum + m.votes, 0);
  return Math.max(LEGACY_FIRST_EXPECTED, stored, present, ...stated);
}
