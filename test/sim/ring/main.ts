/**
 * `npm run sim -- --ring --seed N [--seeds K] [--nodes 2..16] [--minutes M] [--jobs J]`: rings alone, under all faults by
 * name. What the words leave open each seed draws for itself, so that a seed and the words replay the history. A seed that
 * breaks an invariant prints its options, which is what ledger.ts keeps; then the exit code is 129.
 */
import { Prng } from "../../../lib/base/prng.ts";
import { partsOf, runParts } from "../jobs.ts";
import { voteRules } from "./daemon.ts";
import { type Figures, figuresOf, figuresText, noFigures, sum } from "./figures.ts";
import { type RunOptions, simulate } from "./run.ts";

export interface RingWords {
  readonly seed: number;
  readonly seeds: number;
  /** Undefined: drawn by each seed. */
  readonly nodes?: number | undefined;
  readonly minutes?: number | undefined;
}

/** Seeds of one process, when there are several. */
const partSeeds = 250;

/** Many small messages, or a few that are cut into fragments whatever the MTU. */
const loads = [
  { rate: 40, largest: 100 },
  { rate: 10, largest: 1000 },
  { rate: 10, largest: 5000 },
  { rate: 3, largest: 20_000 },
  { rate: 2, largest: 150_000 },
];

/** The options a seed runs with. */
export function drawn(seed: number, words: Pick<RingWords, "nodes" | "minutes"> = {}): RunOptions {
  const prng = new Prng(seed ^ 0x5eed);
  const nodes = prng.chance(0.9) ? prng.between(2, 6) : prng.between(7, 16);
  const chaosMs = prng.pick([500, 1000, 2500]);
  const netMtu = prng.pick([1500, 1500, 65_536]);
  const load = prng.pick(loads);
  const daemons = prng.chance(0.3) ? prng.pick(voteRules) : undefined;
  const knet = { links: prng.between(1, 3), mode: prng.pick(["passive", "active", "rr"] as const) };
  const overKnet = netMtu > 1500 && daemons !== "legacy" && prng.chance(0.6);
  return {
    nodes: words.nodes ?? nodes,
    chaosMs: words.minutes === undefined ? chaosMs : words.minutes * 60_000,
    netMtu,
    allFaults: true,
    load,
    ...(daemons === undefined ? {} : { daemons }),
    ...(overKnet ? { knet } : {}),
  };
}

/** Runs the seeds one after the other; `tell` gets a line for each. */
export function runSeeds(words: RingWords, tell: (line: string) => void): Figures {
  let figures = noFigures;
  for (let seed = words.seed; seed < words.seed + words.seeds; seed++) {
    const options = drawn(seed, words);
    const given = `{ seed: ${seed}, options: ${JSON.stringify(options)} }`;
    try {
      const result = simulate(seed, options);
      figures = sum(figures, figuresOf(result));
      tell(`${given} hash ${result.hash} steps ${result.steps} rings ${result.configurations}`);
    } catch (error) {
      const line = `${given}: ${String(error).slice(0, 600)}`;
      figures = sum(figures, { ...noFigures, seeds: 1, broken: [line] });
      tell(line);
    }
  }
  return figures;
}

const figuresMark = "figures ";

/** What a part prints for the process that asked for it: its figures after its lines. */
export function runPart(words: RingWords): number {
  const figures = runSeeds(words, (line) => console.log(line));
  console.log(figuresMark + JSON.stringify(figures));
  return 0;
}

/** Runs the seeds, on `jobs` processes when that is more than one, and prints lines and figures; the exit code. */
export async function runRings(words: RingWords, jobs: number): Promise<number> {
  // Of many seeds only the broken ones are worth a line, and now and then the figures so far.
  const few = words.seeds <= 100;
  let figures = noFigures;
  const add = (more: Figures): void => {
    figures = sum(figures, more);
    for (const line of more.broken) console.error(line);
  };
  if (jobs === 1) {
    add(runSeeds(words, (line) => few && console.log(line)));
  } else {
    const parts = partsOf(words.seed, words.seeds, few ? 10 : partSeeds);
    const drawing = [
      ...(words.nodes === undefined ? [] : ["--nodes", String(words.nodes)]),
      ...(words.minutes === undefined ? [] : ["--minutes", String(words.minutes)]),
    ];
    await runParts(
      parts,
      jobs,
      ({ seed, seeds }) => [
        "--ring",
        "--part",
        "--seed",
        `${seed}`,
        "--seeds",
        `${seeds}`,
        ...drawing,
      ],
      (part, output) => {
        const lines = output.trimEnd().split("\n");
        const last = lines.pop() ?? "";
        if (few) for (const line of lines) console.log(line);
        if (last.startsWith(figuresMark)) add(JSON.parse(last.slice(figuresMark.length)));
        else add({ ...noFigures, broken: [`seeds from ${part.seed}: the process died: ${last}`] });
        if (figures.seeds % 1000 === 0) console.log(figuresText(figures));
      },
    );
  }
  console.log(figuresText(figures));
  return figures.broken.length === 0 ? 0 : 129;
}
