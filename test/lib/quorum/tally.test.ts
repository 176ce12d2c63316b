import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  countQuorum,
  isSaneWish,
  legacyExpected,
  type Voter,
  winsTie,
} from "../../../lib/quorum/tally.ts";

const voter = (nodeId: number, votes = 1, expectedVotes = 3): Voter => ({
  nodeId,
  votes,
  expectedVotes,
});

const count = (
  members: readonly Voter[],
  more: { mayDecrease?: boolean; current?: number; twoNode?: boolean; least?: number } = {},
) =>
  countQuorum({
    members,
    deviceVotes: 0,
    currentQuorum: more.current ?? 0,
    mayDecrease: more.mayDecrease ?? true,
    twoNode: more.twoNode ?? false,
    leastExpected: more.least ?? 0,
  });

describe("how many votes are needed", () => {
  test.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
    [6, 4],
    [7, 4],
  ])("of %d expected: %d", (expected, quorum) => {
    expect(count([voter(1, 1, expected)]).quorum).toBe(quorum);
  });

  test("the highest expectation among the members rules", () => {
    expect(count([voter(1, 1, 3), voter(2, 1, 7)])).toMatchObject({
      quorum: 4,
      highestExpected: 7,
    });
  });

  test("it never falls without permission", () => {
    expect(count([voter(1, 1, 1)], { mayDecrease: false, current: 3 }).quorum).toBe(3);
    expect(count([voter(1, 1, 1)], { mayDecrease: true, current: 3 }).quorum).toBe(1);
  });

  test("a lower limit holds even with permission", () => {
    expect(count([voter(1, 1, 1)], { current: 3, least: 4 }).quorum).toBe(3);
    expect(count([voter(1, 1, 7)], { least: 4 }).quorum).toBe(4);
  });

  test("two_node: one is enough", () => {
    expect(count([voter(1, 1, 2)], { twoNode: true }).quorum).toBe(1);
    expect(count([voter(1), voter(2), voter(3)], { twoNode: true }).quorum).toBe(2);
  });
});

test("two disjoint parts of one cluster are never both quorate", () => {
  const cluster = fc
    .array(fc.nat(3), { minLength: 1, maxLength: 12 })
    .chain((votes) =>
      fc.tuple(
        fc.constant(votes),
        fc.array(fc.boolean(), { minLength: votes.length, maxLength: votes.length }),
      ),
    );
  fc.assert(
    fc.property(cluster, ([votes, sides]) => {
      const expected = votes.reduce((a, b) => a + b, 0);
      const part = (side: boolean) =>
        votes.flatMap((v, i) => (sides[i] === side ? [voter(i + 1, v, expected)] : []));
      const has = (members: readonly Voter[]) => {
        const { totalVotes, quorum } = count(members);
        return members.length > 0 && totalVotes >= quorum;
      };
      expect(has(part(true)) && has(part(false))).toBeFalse();
    }),
    { numRuns: 2000 },
  );
});

test("of two halves exactly the one with the chosen node wins the tie", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.nat(), fc.boolean(), (half, salt, lowest) => {
      const all = Array.from({ length: half * 2 }, (_, i) => i + 1);
      const shuffled = all.toSorted(
        (a, b) => ((a * 7919 + salt) % 31) - ((b * 7919 + salt) % 31) || a - b,
      );
      const parts = [shuffled.slice(0, half), shuffled.slice(half)];
      const wins = parts.map((newMembers) =>
        winsTie({
          totalVotes: half,
          expectedVotes: half * 2,
          quorum: half + 1,
          oldMembers: all,
          newMembers,
          known: all,
          chosen: lowest ? "lowest" : "highest",
          descent: undefined,
        }),
      );
      const chosen = lowest ? 1 : half * 2;
      expect(wins).toEqual(parts.map((part) => part.includes(chosen)));
    }),
  );
});

test("less than half, or an odd number, is no tie", () => {
  const tie = {
    quorum: 3,
    oldMembers: [1, 2, 3, 4],
    newMembers: [1],
    known: [],
    chosen: "lowest" as const,
    descent: undefined,
  };
  expect(winsTie({ ...tie, totalVotes: 1, expectedVotes: 4 })).toBeFalse();
  expect(winsTie({ ...tie, totalVotes: 2, expectedVotes: 5 })).toBeFalse();
});

describe("the legacy rule", () => {
  test("a lone first node is not quorate", () => {
    const expected = legacyExpected(0, [voter(1, 1, 2)]);
    expect(expected).toBe(2);
    const { totalVotes, quorum } = count([voter(1, 1, expected)]);
    expect(totalVotes).toBeLessThan(quorum);
  });

  test("grows to the largest membership seen, by anyone, and never shrinks", () => {
    fc.assert(
      fc.property(
        fc.nat(9),
        fc.array(fc.nat(9), { minLength: 1, maxLength: 9 }),
        (stored, stated) => {
          const members = stated.map((expected, i) => voter(i + 1, 1, expected));
          const expected = legacyExpected(stored, members);
          expect(expected).toBe(Math.max(2, stored, members.length, ...stated));
          expect(legacyExpected(expected, members.slice(1))).toBe(expected);
        },
      ),
    );
  });
});

test("wishes of an administrator that would take the quorum away are refused", () => {
  // [present, expected, allowed], all seen with the original.
  const seen: readonly (readonly [number, number, boolean])[] = [
    [2, 1, false],
    [2, 3, true],
    [2, 2, true],
    [5, 4, false],
    [5, 6, true],
    [5, 8, true],
    [5, 12, false],
    [2, 4, false],
    [3, 7, false],
    [4, 7, true],
    [11, 20, true],
    [7, 20, false],
  ];
  for (const [present, expected, allowed] of seen) {
    expect([present, expected, isSaneWish(present, expected)]).toEqual([
      present,
      expected,
      allowed,
    ]);
  }
});
