/** Rings under faults: seeded histories, audited at every event (audit.ts), settled after healing (run.ts). */
import { describe, expect, test } from "bun:test";
import { ringLedger } from "../ledger.ts";
import { drawn } from "./main.ts";
import { simulate } from "./run.ts";

const seeds = 200;
const groups = 20;

/** Runs one history; a violation names the seed that replays it. */
function replay(
  seed: number,
  nodes: number,
  chaosMs: number,
  netMtu = 1500,
): ReturnType<typeof simulate> {
  try {
    return simulate(seed, { nodes, chaosMs, netMtu });
  } catch (error) {
    const options = `nodes ${nodes}, chaosMs ${chaosMs}, netMtu ${netMtu}`;
    throw new Error(`seed ${seed}, ${options}: ${String(error)}`);
  }
}

describe("rings under faults", () => {
  for (let group = 0; group < groups; group++) {
    const first = 1 + (group * seeds) / groups;
    const last = ((group + 1) * seeds) / groups;
    test(`seeds ${first} to ${last}`, () => {
      for (let seed = first; seed <= last; seed++) {
        const result = replay(seed, 2 + (seed % 6), 3000, seed % 4 === 0 ? 65_536 : 1500);
        expect(result.configurations).toBeGreaterThan(0);
      }
    }, 60_000);
  }

  // Fewer than twenty of these have shown each of: a departed sender's messages beyond a gap delivered, a ring installed
  // one rotation too early, the old ring's state overwritten in a second commit.
  test("all faults by name", () => {
    const words = { seed: 1, seeds: 25, seconds: 60, nodes: undefined, minutes: undefined };
    for (let seed = words.seed; seed <= words.seeds; seed++) {
      const options = drawn(seed, words);
      try {
        expect(simulate(seed, options).configurations).toBeGreaterThan(0);
      } catch (error) {
        throw new Error(`--ring --seed ${seed}, ${JSON.stringify(options)}: ${String(error)}`);
      }
    }
  }, 60_000);

  test("the same seed gives the same history", () => {
    for (const seed of [7, 8]) {
      expect(replay(seed, 4, 3000)).toEqual(replay(seed, 4, 3000));
    }
    expect(replay(7, 4, 3000).hash).not.toBe(replay(8, 4, 3000).hash);
  });

  for (const line of ringLedger) {
    test(`ledger: seed ${line.seed}: ${line.was}`, () => {
      expect(simulate(line.seed, line.options).steps).toBeGreaterThan(0);
    }, 60_000);
  }
});
