/**
 * Seeds that once broke an invariant, with what was wrong. They run in every suite: a fault that was mended stays mended.
 * A history depends on seed and options, so both are kept, as `npm run sim` prints them.
 */
import type { RunOptions } from "./ring/run.ts";

export interface LedgerLine {
  readonly seed: number;
  readonly options: RunOptions;
  readonly was: string;
}

export const ringLedger: readonly LedgerLine[] = [
  {
    seed: 2,
    options: { nodes: 4, chaosMs: 6000 },
    was: "a new member missed a message that a change of the ring had interrupted",
  },
  {
    seed: 10,
    options: { nodes: 6, chaosMs: 6000 },
    was: "two rings that held different peers for failed answered each other's joins without end",
  },
  {
    seed: 1_000_138,
    options: {
      nodes: 5,
      chaosMs: 1000,
      netMtu: 65_536,
      allFaults: true,
      daemons: "majority",
      knet: { links: 2, mode: "passive" },
    },
    was: "the end of sync in one ring let messages go before the next ring had synchronised",
  },
  {
    seed: 1_001_336,
    options: {
      nodes: 4,
      chaosMs: 2500,
      netMtu: 65_536,
      allFaults: true,
      load: { rate: 3, largest: 20_000 },
      knet: { links: 3, mode: "passive" },
    },
    was: "knet: a peer that missed the first pings of a restarted node took its datagrams for old ones",
  },
  {
    seed: 1_059_889,
    options: {
      nodes: 16,
      chaosMs: 2500,
      netMtu: 65_536,
      allFaults: true,
      load: { rate: 10, largest: 1000 },
      daemons: "tie breaker",
      knet: { links: 1, mode: "active" },
    },
    was: "parts that formed rings at the same moment failed each other again by joins from before",
  },
  {
    seed: 1_119_827,
    options: {
      nodes: 16,
      chaosMs: 1000,
      netMtu: 1500,
      allFaults: true,
      load: { rate: 2, largest: 150_000 },
      daemons: "tie breaker",
    },
    was: "the same, in three nodes alone beside a ring of thirteen",
  },
  {
    seed: 3_022_702,
    options: {
      nodes: 6,
      chaosMs: 500,
      netMtu: 1500,
      allFaults: true,
      load: { rate: 2, largest: 150_000 },
      daemons: "tie breaker by list",
    },
    was: "no fault of the ring: the bound of healing counted 2.6 rounds for six nodes, and rounds are whole",
  },
];
