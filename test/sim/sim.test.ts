/** Whole nodes under faults: seeded histories, audited at every step, at rest after healing (HOUSE section 8). */
import { describe, expect, test } from "bun:test";
import { nodeLedger } from "./node-ledger.ts";
import { type RunResult, simulate } from "./run.ts";

const SEEDS = 200;
const GROUPS = 20;
const MINUTES = 0.6;

/** Runs one history; a violation names the seed that replays it. */
function replay(seed: number, nodes: number, minutes: number): RunResult {
  try {
    return simulate(seed, { nodes, minutes });
  } catch (error) {
    const command = `npm run sim -- --seed ${seed} --nodes ${nodes} --minutes ${minutes} --log`;
    throw new Error(`seed ${seed}: ${String(error)}; replay: ${command}`);
  }
}

describe("whole nodes under faults", () => {
  for (let group = 0; group < GROUPS; group++) {
    const first = 1 + (group * SEEDS) / GROUPS;
    const last = ((group + 1) * SEEDS) / GROUPS;
    test(`seeds ${first} to ${last}`, () => {
      for (let seed = first; seed <= last; seed++) {
        expect(replay(seed, 3, MINUTES).steps).toBeGreaterThan(1000);
      }
    }, 120_000);
  }

  test("the same seed gives the same history, another seed another one", () => {
    expect(replay(7, 3, 0.1)).toEqual(replay(7, 3, 0.1));
    expect(replay(7, 3, 0.1).hash).not.toBe(replay(8, 3, 0.1).hash);
  }, 60_000);

  for (const line of nodeLedger) {
    test(`ledger: seed ${line.seed}: ${line.was}`, () => {
      expect(replay(line.seed, line.nodes, line.minutes).steps).toBeGreaterThan(1000);
    }, 60_000);
  }
});
