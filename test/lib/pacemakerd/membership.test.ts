/** Rounds, donors, controllers (HOUSE safety rules 2, 6, 9). */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { GroupConfigurationEvent } from "../../../lib/pacemakerd/api.ts";
import {
  chooseDonor,
  compareStatements,
  labelOf,
  Membership,
} from "../../../lib/pacemakerd/membership.ts";
import type { Statement } from "../../../lib/pacemakerd/messages.ts";

function configuration(ids: readonly number[], seq: number, ring = ids): GroupConfigurationEvent {
  return {
    kind: "cpg-configuration",
    members: ids.map((nodeId) => ({ nodeId, processId: nodeId * 10 })),
    ringId: `1.${seq.toString(16)}`,
    ringSeq: seq,
    ringMembers: ring,
  };
}

function statement(label: string, fields: Partial<Statement> = {}): Statement {
  return {
    kind: "statement",
    label,
    uname: "n",
    fresh: true,
    established: false,
    hasHistory: false,
    quorateSeq: 0,
    quoratePosition: 0,
    promised: 0,
    adminEpoch: 0,
    epoch: 0,
    numUpdates: 0,
    digest: "d",
    joined: [],
    body: "",
    ...fields,
  };
}

const from = (nodeId: number) => ({ nodeId, processId: nodeId * 10 });

describe("the donor", () => {
  test("a later quorate ring beats a higher version; history beats none", () => {
    const a = statement("l", { hasHistory: true, quorateSeq: 9, epoch: 40 });
    const b = statement("l", { hasHistory: true, quorateSeq: 13, epoch: 2 });
    const none = statement("l", { quorateSeq: 0, epoch: 99 });
    expect(compareStatements(b, a)).toBeGreaterThan(0);
    expect(compareStatements(a, none)).toBeGreaterThan(0);
    expect(
      chooseDonor(
        new Map([
          [1, a],
          [2, b],
          [3, none],
        ]),
      ),
    ).toEqual({ donor: 2, identical: false });
  });

  test("equal states need no transfer; the lowest id is named", () => {
    const same = statement("l", { epoch: 5 });
    expect(
      chooseDonor(
        new Map([
          [3, same],
          [1, same],
        ]),
      ),
    ).toEqual({ donor: 1, identical: true });
  });

  test("everyone chooses the same, in whatever order the statements came", () => {
    const states = fc.record({
      hasHistory: fc.boolean(),
      quorateSeq: fc.nat(3),
      adminEpoch: fc.nat(1),
      epoch: fc.nat(3),
      numUpdates: fc.nat(2),
      digest: fc.constantFrom("a", "b"),
    });
    fc.assert(
      fc.property(fc.array(states, { minLength: 1, maxLength: 5 }), fc.nat(), (list, turn) => {
        const entries = list.map((s, at) => [at + 1, statement("l", s)] as const);
        const turned = [
          ...entries.slice(turn % entries.length),
          ...entries.slice(0, turn % entries.length),
        ];
        expect(chooseDonor(new Map(turned))).toEqual(chooseDonor(new Map(entries)));
      }),
    );
  });
});

describe("a round", () => {
  test("ends with the last statement; statements of another membership do not count", () => {
    const m = new Membership(from(1), "n1");
    const event = configuration([1, 2], 8);
    m.configuration(event);
    const label = labelOf(event);
    expect(m.statement(from(1), statement(label, { uname: "n1" }))).toBe(false);
    expect(m.statement(from(2), statement("elsewhere"))).toBe(false);
    expect(m.statement(from(2), statement(label, { uname: "n2" }))).toBe(true);
    expect(m.phase).toBe("transferring");
  });

  test("a statement that came before the configuration it belongs to is kept", () => {
    const m = new Membership(from(1), "n1");
    const event = configuration([1, 2], 8);
    m.statement(from(2), statement(labelOf(event), { uname: "n2" }));
    m.configuration(event);
    expect(m.statement(from(1), statement(labelOf(event), { uname: "n1" }))).toBe(true);
  });

  test("the controller is who joined the history first; who comes fresh goes to the end", () => {
    const m = new Membership(from(2), "n2");
    const event = configuration([1, 2, 3], 12);
    m.configuration(event);
    const label = labelOf(event);
    m.statement(from(1), statement(label, { fresh: true }));
    m.statement(from(2), statement(label, { fresh: false }));
    m.statement(from(3), statement(label, { fresh: false }));
    m.complete({
      joined: [
        [1, 4],
        [2, 8],
        [3, 8],
      ],
      names: [],
    });
    expect(m.roundSeq).toBe(9);
    expect(m.joined).toEqual([
      [1, 9],
      [2, 8],
      [3, 8],
    ]);
    expect(m.controller).toBe(2);
    expect(m.isController).toBe(true);
  });
});

describe("quorum of managers", () => {
  function settled(ids: readonly number[], ring: readonly number[], seq = 8): Membership {
    const m = new Membership(from(1), "n1");
    m.configuration(configuration(ids, seq, ring));
    return m;
  }

  test("a lone manager on a ring of three is not backed, two are, all are", () => {
    expect(settled([1], [1, 2, 3]).isBacked({ expectedVotes: 3 })).toBe(false);
    expect(settled([1, 2], [1, 2, 3]).isBacked({ expectedVotes: 3 })).toBe(true);
    expect(settled([1], [1]).isBacked({ expectedVotes: 2 })).toBe(true);
    const votes = [
      [1, 2],
      [2, 1],
      [3, 1],
    ] as const;
    expect(settled([1], [1, 2, 3]).isBacked({ neededVotes: 3, votes })).toBe(false);
    expect(settled([1, 3], [1, 2, 3]).isBacked({ neededVotes: 3, votes })).toBe(true);
  });

  test("established means: straight from a marked ring, with none between", () => {
    const m = settled([1, 2], [1, 2]);
    m.marked(true);
    m.configuration(configuration([1], 8, [1, 2]));
    expect(m.isEstablished).toBe(true);
    m.configuration(configuration([1], 12, [1]));
    expect(m.isEstablished).toBe(true);
    m.configuration(configuration([1], 16, [1, 3]));
    expect(m.isEstablished).toBe(false);
  });

  test("votes for durability: a quorum's, but everyone's where two quorums need not meet", () => {
    const votes = [
      [1, 1],
      [2, 1],
      [3, 1],
    ] as const;
    const two = { expectedVotes: 2, neededVotes: 1, votes };
    const three = { expectedVotes: 3, neededVotes: 2, votes };
    expect(settled([1, 2, 3], [1, 2, 3]).votesForDurability(three)).toBe(2);
    expect(settled([1, 2], [1, 2]).votesForDurability(two)).toBe(0);
    expect(settled([1], [1, 2, 3]).votesForDurability(three)).toBe(0);
    expect(settled([1, 2, 3], [1, 2, 3]).votesForDurability({})).toBe(0);
  });
});
