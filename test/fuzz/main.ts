/**
 * `npm run fuzz -- [--seed N] [--count DATAGRAMS]`: as many altered datagrams as asked for, in lots of 100,000 with a seed each.
 * A lot that throws names its seed; the exit code is 1.
 */
import { fuzzDatagrams } from "./datagrams.ts";

const lot = 100_000;

function numberAfter(word: string, otherwise: number): number {
  const at = process.argv.indexOf(word);
  const value = Number(process.argv[at + 1]);
  return at < 0 || !Number.isInteger(value) ? otherwise : value;
}

const first = numberAfter("--seed", 1);
const lots = Math.max(1, Math.ceil(numberAfter("--count", 1_000_000) / lot));
let failed = 0;
for (let seed = first; seed < first + lots; seed++) {
  try {
    const { datagrams, decoded, formed } = fuzzDatagrams(seed, lot);
    console.log(`seed ${seed}: ${datagrams} datagrams, ${decoded} decoded, ${formed} rings formed`);
  } catch (error) {
    failed++;
    console.log(`seed ${seed}: ${error instanceof Error ? error.stack : String(error)}`);
  }
}
process.exit(failed === 0 ? 0 : 1);
