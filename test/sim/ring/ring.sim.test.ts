/** Rings under faults: seeded histories, audited at every event (audit.ts), settled after healing (run.ts). */
import { describe, expect, test } from "bun:test";
import { ringLedger } from "../ledger.ts";
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

  test("the same seed gives the same history", () => {
    for (const seed of [7, 8]) {
      expect(replay(seed, 4, 3000)).toEqual(replay(seed, 4, 3000));
    }
    expect(replay(7, 4, 3000).hash).not.toBe(replay(8, 4, 3000).hash);
  });

  for (const line of ringLedger) {
    test(`ledger: seed ${line.seed}: ${line.was}`, () => {
      expect(replay(line.seed, line.nodes, line.chaosMs).steps).toBeGreaterThan(0);
    }, 60_000);
  }
});
