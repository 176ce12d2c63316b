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
];
