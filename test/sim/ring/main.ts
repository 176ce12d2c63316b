/**
 * `npm run sim -- --ring --seed N --nodes 2..16 --minutes M --seeds K [--seconds S]`: rings alone, under all faults by name.
 * What the words leave open each seed draws for itself, so that a seed and its printed options replay the history. Ends
 * after K seeds, or S seconds; exit 129 when a seed broke an invariant.
 */
import { Prng } from "../../../lib/base/prng.ts";
import { type RunOptions, simulate } from "./run.ts";

export interface RingWords {
  readonly seed: number;
  readonly seeds: number;
  readonly seconds: number;
  /** Undefined: drawn by each seed. */
  readonly nodes: number | undefined;
  readonly minutes: number | undefined;
}

/** The options a seed runs with. */
export function drawn(seed: number, words: RingWords): RunOptions {
  const prng = new Prng(seed ^ 0x5eed);
  const nodes = prng.chance(0.7) ? prng.between(2, 6) : prng.between(7, 16);
  const chaosMs = prng.pick([2000, 4000, 8000]);
  const netMtu = prng.pick([1500, 1500, 65_536]);
  return {
    nodes: words.nodes ?? nodes,
    chaosMs: words.minutes === undefined ? chaosMs : words.minutes * 60_000,
    netMtu,
    allFaults: true,
  };
}

/** Runs the seeds and prints a line for each (or for every 1000th of many) and the figures; the exit code. */
export function runRings(words: RingWords): number {
  const end = performance.now() + words.seconds * 1000;
  const byName = new Map<string, number>();
  const broken: string[] = [];
  let [ran, simulatedMs, deliveries, faults] = [0, 0, 0, 0];
  for (let seed = words.seed; seed < words.seed + words.seeds; seed++) {
    if (performance.now() > end) break;
    const options = drawn(seed, words);
    const given = `nodes ${options.nodes} chaosMs ${options.chaosMs} netMtu ${options.netMtu}`;
    ran++;
    try {
      const result = simulate(seed, options);
      simulatedMs += result.simulatedMs;
      deliveries += result.deliveries;
      faults += result.faults;
      for (const [name, count] of Object.entries(result.byName)) {
        byName.set(name, (byName.get(name) ?? 0) + count);
      }
      if (words.seeds <= 100 || ran % 1000 === 0) {
        const { hash, steps, configurations } = result;
        console.log(`seed ${seed} ${given} hash ${hash} steps ${steps} rings ${configurations}`);
      }
    } catch (error) {
      broken.push(`seed ${seed} ${given}: ${String(error).slice(0, 600)}`);
      console.error(broken.at(-1));
    }
  }
  const names = [...byName].sort(([a], [b]) => (a < b ? -1 : 1));
  console.log(`faults: ${names.map(([name, count]) => `${name} ${count}`).join(", ")}`);
  console.log(
    `${ran} seeds, ${(simulatedMs / 3_600_000).toFixed(2)} simulated hours, ${faults} faults, ` +
      `${deliveries} deliveries, ${broken.length} violations`,
  );
  return broken.length === 0 ? 0 : 129;
}
