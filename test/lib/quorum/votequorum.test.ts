import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  Votequorum,
  type VotequorumEffect,
  type VotequorumEvent,
  type VotequorumOptions,
} from "../../../lib/quorum/votequorum.ts";

const OPTIONS: VotequorumOptions = {
  nodeId: 1,
  rule: "votequorum",
  votes: 1,
  expectedVotes: 3,
  configuredVotes: 3,
  twoNode: false,
  waitForAll: false,
  lastManStanding: false,
  lastManStandingWindowMs: 10_000,
  autoTieBreaker: false,
  autoTieBreakerNode: "lowest",
  allowDownscale: false,
  expectedVotesTracking: false,
  configuredNodes: [],
  expectedVotesPath: undefined,
};

/** A cluster whose members deliver each other's messages at once and in one order, as the ring does. */
class Cluster {
  readonly nodes = new Map<number, Votequorum>();
  private part = new Map<number, readonly number[]>();
  private seq = 0;
  readonly persisted: string[] = [];

  constructor(count: number, options: Partial<VotequorumOptions>) {
    for (let nodeId = 1; nodeId <= count; nodeId++) this.restart(nodeId, options);
  }

  restart(nodeId: number, options: Partial<VotequorumOptions>): void {
    this.nodes.set(nodeId, new Votequorum({ ...OPTIONS, nodeId, ...options }));
    this.part.delete(nodeId);
  }

  /** Forms a ring of these members and synchronises it. */
  form(...members: readonly number[]): void {
    this.meet(members);
    for (const id of members) this.send(id, { kind: "service-activate" });
  }

  /** The same, but nobody has heard yet that all are done. */
  meet(members: readonly number[]): void {
    this.seq += 4;
    const ringId = { rep: Math.min(...members), seq: this.seq };
    for (const id of members) {
      const before = this.part.get(id) ?? [id];
      const transitional = before.filter(
        (other) => members.includes(other) && this.part.get(other) === before,
      );
      this.send(id, { kind: "service-init", ringId, transitional, members });
    }
    for (const id of members) this.part.set(id, members);
    for (const id of members) this.send(id, { kind: "service-process" });
  }

  send(id: number, event: VotequorumEvent): void {
    this.carry(id, this.nodes.get(id)!.step(0, event));
  }

  private carry(id: number, effects: readonly VotequorumEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === "persist") this.persisted.push(effect.path);
      if (effect.kind !== "multicast") continue;
      for (const member of this.part.get(id) ?? [id]) {
        const event = { kind: "deliver", from: id, body: effect.body } as const;
        this.carry(member, this.nodes.get(member)!.step(0, event));
      }
    }
  }

  quorate(): readonly number[] {
    return [...this.nodes].filter(([, node]) => node.quorate).map(([id]) => id);
  }

  expected(id: number): number {
    return this.nodes.get(id)!.known.find((v) => v.nodeId === id)!.expectedVotes;
  }
}

describe("votequorum", () => {
  test("three nodes: two are quorate, one is not", () => {
    const cluster = new Cluster(3, {});
    cluster.form(1);
    expect(cluster.quorate()).toEqual([]);
    cluster.form(1, 2);
    expect(cluster.quorate()).toEqual([1, 2]);
    cluster.form(1, 2, 3);
    expect(cluster.quorate()).toEqual([1, 2, 3]);
    cluster.form(1);
    cluster.form(2, 3);
    expect(cluster.quorate()).toEqual([2, 3]);
  });

  test("a node that expects less takes over what the quorate ones expect", () => {
    const cluster = new Cluster(5, { expectedVotes: 5 });
    cluster.form(1, 2, 3, 4, 5);
    cluster.restart(5, { expectedVotes: 1 });
    cluster.form(1, 2, 3);
    cluster.form(1, 2, 3, 5);
    expect(cluster.expected(5)).toBe(5);
  });

  test("expected votes set by an administrator hold for everybody", () => {
    const cluster = new Cluster(3, {});
    cluster.form(1, 2, 3);
    cluster.send(1, { kind: "set-expected", votes: 5 });
    expect([1, 2, 3].map((id) => cluster.expected(id))).toEqual([5, 5, 5]);
    expect(cluster.nodes.get(2)!.counts.quorum).toBe(3);
    cluster.form(1, 2);
    expect(cluster.quorate()).toEqual([3]);
    cluster.send(1, { kind: "set-expected", votes: 2 });
    expect(cluster.nodes.get(1)!.quorate).toBeTrue();
  });

  test("two_node with wait_for_all: both at first, one afterwards, none of two fresh ones", () => {
    const options = { twoNode: true, waitForAll: true, expectedVotes: 2 };
    const cluster = new Cluster(2, options);
    cluster.form(1);
    expect(cluster.quorate()).toEqual([]);
    cluster.form(1, 2);
    expect(cluster.quorate()).toEqual([1, 2]);
    cluster.form(1);
    expect(cluster.nodes.get(1)!.quorate).toBeTrue();
    cluster.restart(2, options);
    cluster.form(2);
    expect(cluster.nodes.get(2)!.quorate).toBeFalse();
    cluster.form(1, 2);
    expect(cluster.quorate()).toEqual([1, 2]);
  });

  test("auto_tie_breaker: the half with the lowest node goes on, even after a restart of the other", () => {
    const options = { autoTieBreaker: true, expectedVotes: 4, configuredNodes: [1, 2, 3, 4] };
    const cluster = new Cluster(4, options);
    cluster.form(1, 2, 3, 4);
    cluster.form(1, 4);
    cluster.form(2, 3);
    expect(cluster.quorate()).toEqual([1, 4]);
    cluster.restart(2, options);
    cluster.restart(3, options);
    cluster.form(2, 3);
    expect(cluster.quorate()).toEqual([1, 4]);
  });

  test("auto_tie_breaker with a list: the next of it decides when the first is gone", () => {
    const options = { autoTieBreaker: true, autoTieBreakerNode: [3, 2], expectedVotes: 4 };
    const cluster = new Cluster(4, options);
    cluster.form(1, 2);
    expect(cluster.quorate()).toEqual([]);
    cluster.form(1, 2, 3, 4);
    cluster.form(1, 2, 4);
    cluster.form(1, 4);
    cluster.form(3);
    cluster.form(2, 3);
    expect(cluster.quorate()).toEqual([]);
    cluster.form(1, 2, 3, 4);
    cluster.form(1, 2, 4);
    cluster.form(2, 4);
    cluster.form(1, 3);
    expect(cluster.quorate()).toEqual([2, 4]);
  });

  test("a membership that only some saw complete decides too: its chosen node may be on the other side", () => {
    const options = { autoTieBreaker: true, autoTieBreakerNode: [4, 3], expectedVotes: 4 };
    const cluster = new Cluster(4, options);
    cluster.form(1, 2, 3);
    cluster.meet([1, 2, 3, 4]);
    for (const id of [1, 4]) cluster.send(id, { kind: "service-activate" });
    cluster.form(2, 3);
    cluster.form(1, 4);
    expect(cluster.quorate()).toEqual([1, 4]);
  });

  test("last_man_standing with auto_tie_breaker goes down to one node", () => {
    const options = { autoTieBreaker: true, lastManStanding: true, expectedVotes: 3 };
    const cluster = new Cluster(3, options);
    cluster.form(1, 2, 3);
    cluster.form(2, 3);
    for (const id of [2, 3]) cluster.send(id, { kind: "timer", name: "last-man-standing" });
    cluster.form(3);
    cluster.form(2);
    expect([2, 3].map((id) => cluster.nodes.get(id)!.quorate)).toEqual([true, false]);
  });

  test("a choice among those who are left never falls on two halves, whoever missed what", () => {
    const drawn = fc.record({
      nodes: fc.constantFrom(4, 6),
      chosen: fc.constantFrom([3, 2, 4, 1], [1, 2, 3], [4]),
      // Each number sends a node to one of two parts or leaves it stuck where it is, and says whether it hears that all
      // are done there before the next step.
      steps: fc.array(fc.array(fc.nat(5), { minLength: 6, maxLength: 6 }), { maxLength: 8 }),
    });
    fc.assert(
      fc.property(drawn, ({ nodes, chosen, steps }) => {
        const options = {
          autoTieBreaker: true,
          autoTieBreakerNode: chosen,
          expectedVotes: nodes,
        };
        const cluster = new Cluster(nodes, options);
        const all = Array.from({ length: nodes }, (_, index) => index + 1);
        const wayIn = (step: readonly number[] | undefined, id: number) =>
          (step?.[id - 1] ?? 0) >> 1;
        cluster.form(...all);
        for (const [index, step] of steps.entries()) {
          const parts = [0, 1].map((way) => all.filter((id) => wayIn(step, id) === way));
          for (const part of parts) if (part.length > 0) cluster.meet(part);
          const following = steps[index + 1];
          const winners = parts.map((part) =>
            part.filter((id) => {
              // Those who go on together have heard the same.
              const first = part.find((other) => wayIn(following, other) === wayIn(following, id));
              if ((following?.[(first ?? 0) - 1] ?? 1) % 2 === 0) return false;
              cluster.send(id, { kind: "service-activate" });
              return cluster.nodes.get(id)!.quorate;
            }),
          );
          expect(winners.filter((ids) => ids.length > 0).length).toBeLessThan(2);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test("last_man_standing: after the window those who stayed count as all", () => {
    const cluster = new Cluster(4, { lastManStanding: true, expectedVotes: 4 });
    cluster.form(1, 2, 3, 4);
    cluster.form(1, 2, 3);
    for (const id of [1, 2, 3]) {
      cluster.send(id, { kind: "timer", name: "last-man-standing" });
    }
    expect(cluster.expected(1)).toBe(3);
    cluster.form(1, 2);
    expect([1, 2].every((id) => cluster.nodes.get(id)!.quorate)).toBeTrue();
  });

  test("allow_downscale: who says goodbye is not expected any more; the quorum stays that of the configured number", () => {
    const cluster = new Cluster(5, { allowDownscale: true, expectedVotesTracking: true });
    cluster.form(1, 2, 3, 4, 5);
    expect(cluster.expected(1)).toBe(5);
    cluster.send(5, { kind: "announce-leave" });
    cluster.form(1, 2, 3, 4);
    cluster.send(4, { kind: "announce-leave" });
    cluster.form(1, 2, 3);
    cluster.send(3, { kind: "announce-leave" });
    cluster.form(1, 2);
    expect(cluster.expected(1)).toBe(2);
    expect(cluster.nodes.get(1)!.quorate).toBeTrue();
    cluster.form(1);
    expect(cluster.nodes.get(1)!.quorate).toBeFalse();
    cluster.form(1, 2);
    cluster.send(1, { kind: "set-expected", votes: 2 });
    expect(cluster.expected(1)).toBe(3);
  });

  test("changes of quorum are told at the end of sync, not during it", () => {
    const node = new Votequorum({ ...OPTIONS, expectedVotes: 1 });
    const init = { ringId: { rep: 1, seq: 5 }, transitional: [], members: [1] };
    const kinds = (event: VotequorumEvent) => node.step(0, event).map((e) => e.kind);
    expect(kinds({ kind: "service-init", ...init })).not.toContain("quorum");
    expect(kinds({ kind: "service-process" })).not.toContain("quorum");
    expect(kinds({ kind: "service-activate" })).toContain("quorum");
  });
});

describe("the legacy rule", () => {
  const legacy: Partial<VotequorumOptions> = {
    rule: "legacy",
    expectedVotes: 2,
    expectedVotesTracking: true,
    expectedVotesPath: "/state/expected_votes",
  };

  test("one alone waits, two are quorate, three expect three; the number is kept on disk", () => {
    const cluster = new Cluster(3, legacy);
    cluster.form(1);
    expect(cluster.quorate()).toEqual([]);
    cluster.form(1, 2);
    expect(cluster.quorate()).toEqual([1, 2]);
    expect(cluster.expected(1)).toBe(2);
    cluster.form(1, 2, 3);
    expect([1, 2, 3].map((id) => cluster.expected(id))).toEqual([3, 3, 3]);
    expect(cluster.persisted).toHaveLength(3);
  });

  test("after three were seen, one alone has no quorum, and a newcomer learns the number", () => {
    const cluster = new Cluster(3, legacy);
    cluster.form(1, 2, 3);
    cluster.form(1);
    cluster.form(2, 3);
    expect(cluster.quorate()).toEqual([2, 3]);
    cluster.restart(1, legacy);
    cluster.form(1, 3);
    expect(cluster.expected(1)).toBe(3);
  });

  test("two halves never both run, whatever the order of splits and merges", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const cluster = new Cluster(4, legacy);
      cluster.form(1, 2, 3, 4);
      let state = seed;
      const next = () => {
        state = (state * 1103515245 + 12345) % 2147483648;
        return state / 2147483648;
      };
      for (let round = 0; round < 10; round++) {
        const left = [1, 2, 3, 4].filter(() => next() < 0.5);
        const right = [1, 2, 3, 4].filter((id) => !left.includes(id));
        if (left.length > 0) cluster.form(...left);
        if (right.length > 0) cluster.form(...right);
        const parts = [left, right].filter((p) => p.some((id) => cluster.nodes.get(id)!.quorate));
        expect(parts.length).toBeLessThanOrEqual(1);
      }
    }
  });
});
