/** Votes on disk (HOUSE rules 4 and 5). */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Ballot, type VoteRule } from "../../../../lib/pacemakerd/cib/ballot.ts";

function ballot(members: readonly number[], rule: Partial<VoteRule> = {}): Ballot {
  const made = new Ballot();
  made.restart(members);
  const votes = members.map((id) => [id, 1] as const);
  made.mark({ quorate: true, backed: true, needed: 2, votes, ...rule });
  return made;
}

describe("votes on disk", () => {
  test("with quorum a quorum of votes suffices; who cannot write is not waited for", () => {
    const three = ballot([1, 2, 3]);
    three.report(1, 4);
    expect(three.has(4)).toBe(false);
    three.trouble(3, "ENOSPC");
    expect(three.canHave(4)).toBe(true);
    three.report(2, 4);
    expect(three.has(4)).toBe(true);
    expect(three.has(5)).toBe(false);
  });

  test("when a quorum of disks takes nothing it is known at once; what they have they have", () => {
    const three = ballot([1, 2, 3]);
    three.report(2, 4);
    three.trouble(2, "ENOSPC");
    three.trouble(3, "ENOSPC");
    expect(three.canHave(4)).toBe(true);
    expect(three.canHave(5)).toBe(false);
    expect(three.sick((id) => `n${id}`)).toEqual({ names: "n2 and n3", reason: "ENOSPC" });
    three.report(3, 5);
    expect(three.canHave(5)).toBe(true);
  });

  test("votes weigh, and a node may have none", () => {
    const rule = {
      needed: 3,
      votes: [
        [1, 3],
        [2, 1],
        [3, 0],
      ] as const,
    };
    const weighed = ballot([1, 2, 3], rule);
    weighed.report(2, 1);
    weighed.report(3, 1);
    expect(weighed.has(1)).toBe(false);
    weighed.report(1, 1);
    expect(weighed.has(1)).toBe(true);
  });

  test("without quorum every member must have it, and one that cannot makes it an error", () => {
    const two = ballot([1, 2], { quorate: false });
    two.report(1, 1);
    expect(two.has(1)).toBe(false);
    expect(two.canHave(1)).toBe(true);
    two.trouble(2, "ENOSPC");
    expect(two.canHave(1)).toBe(false);
  });

  test("what has happened can happen, and more reports never take anything back", () => {
    const event = fc.record({
      id: fc.integer({ min: 1, max: 3 }),
      upTo: fc.nat(4),
      ok: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(event), fc.boolean(), (events, quorate) => {
        const made = ballot([1, 2, 3], { quorate });
        let reached = 0;
        for (const { id, upTo, ok } of events) {
          if (ok) made.report(id, upTo);
          else made.trouble(id, "ENOSPC");
          for (let at = 1; at <= 4; at++) {
            if (!made.has(at)) continue;
            reached = Math.max(reached, at);
            expect(made.canHave(at)).toBe(true);
          }
          expect(reached === 0 || made.has(reached)).toBe(true);
        }
      }),
    );
  });
});
