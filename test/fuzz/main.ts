/**
 * `npm run fuzz -- [--seed N] [--count DATAGRAMS] [--jobs J]`: as many altered datagrams as asked for, in lots of 100,000 with
 * a seed each. A lot that throws names its seed; the exit code is 1.
 */
import { partsOf, runParts } from "../sim/jobs.ts";
import { fuzzDatagrams } from "./datagrams.ts";

const lot = 100_000;

function numberAfter(word: string, otherwise: number): number {
  const at = process.argv.indexOf(word);
  const value = Number(process.argv[at + 1]);
  return at < 0 || !Number.isInteger(value) ? otherwise : value;
}

/** Runs one lot; a line says how it went. */
function runLot(seed: number): string {
  try {
    const { datagrams, decoded, formed, delivered } = fuzzDatagrams(seed, lot);
    return `seed ${seed}: ${datagrams} datagrams, ${decoded} decoded, ${formed} rings formed, ${delivered} delivered`;
  } catch (error) {
    return `seed ${seed} failed: ${error instanceof Error ? error.stack : String(error)}`;
  }
}

const first = numberAfter("--seed", 1);
const lots = Math.max(1, Math.ceil(numberAfter("--count", 1_000_000) / lot));
if (process.argv.includes("--lot")) {
  console.log(runLot(first));
} else {
  let failed = 0;
  await runParts(
    partsOf(first, lots, 1),
    numberAfter("--jobs", 1),
    ({ seed }) => ["--lot", "--seed", String(seed)],
    ({ seed }, output) => {
      const isDone = output.includes(" datagrams, ");
      if (!isDone) failed++;
      console.log(output.trimEnd() || `seed ${seed} failed: the process died`);
    },
  );
  console.log(`${lots * lot} datagrams, ${failed} lots failed`);
  process.exit(failed === 0 ? 0 : 1);
}
