/**
 * `npm run sim -- --seed N --nodes 3 --minutes M [--count K] [--jobs J] [--log]`: replays one history, or runs K from N on.
 * Exit 127 crash, 128 liveness, 129 correctness.
 * With `--ring` rings alone, without managers on top: ring/main.ts.
 */
import { partsOf, runParts } from "./jobs.ts";

/** Seeds of one process, when there are several. */
const partSeeds = 10;

function option(name: string, byDefault: number): number {
  const at = process.argv.indexOf(`--${name}`);
  const value = at < 0 ? Number.NaN : Number(process.argv[at + 1]);
  return Number.isFinite(value) ? value : byDefault;
}

if (process.argv.includes("--ring")) {
  const maybe = (name: string) =>
    process.argv.includes(`--${name}`) ? option(name, 3) : undefined;
  const { runPart, runRings } = await import("./ring/main.ts");
  const words = {
    seed: option("seed", 1),
    seeds: option("seeds", 1),
    nodes: maybe("nodes"),
    minutes: maybe("minutes"),
  };
  const isPart = process.argv.includes("--part");
  process.exit(isPart ? runPart(words) : await runRings(words, option("jobs", 1)));
}

if (option("jobs", 1) > 1) process.exit(await runOnJobs(option("jobs", 1)));

// Loaded only here: rings alone need no manager.
const { exitOf, Run } = await import("./run.ts");
const first = option("seed", 1);
const count = option("count", 1);
const nodes = option("nodes", 3);
const minutes = option("minutes", 1);
const showLog = process.argv.includes("--log");

for (let seed = first; seed < first + count; seed++) {
  const tell = count === 1 ? (line: string) => console.log(line) : () => {};
  const run = new Run(seed, { nodes, minutes, keepLogs: showLog, tell });
  try {
    const result = run.run();
    console.log(
      `seed ${seed} nodes ${nodes} minutes ${minutes} hash ${result.hash} steps ${result.steps} ` +
        `acknowledged ${result.acknowledged} faults ${result.faults} settled ${result.settledMs} ms`,
    );
  } catch (error) {
    console.error(`seed ${seed} nodes ${nodes} minutes ${minutes}: ${error}`);
    console.error(
      `replay: npm run sim -- --seed ${seed} --nodes ${nodes} --minutes ${minutes} --log`,
    );
    if (showLog) printLog(run);
    if (exitOf(error) === 127 && error instanceof Error) console.error(error.stack);
    process.exit(exitOf(error));
  } finally {
    if (showLog && count === 1) printLog(run);
  }
}

function printLog(run: InstanceType<typeof Run>): void {
  const lines = run.world.nodes.flatMap((sim) => sim.log);
  for (const line of lines.sort()) console.log(line);
}

/** The same seeds on several processes; the highest exit code of them. */
async function runOnJobs(jobs: number): Promise<number> {
  const parts = partsOf(option("seed", 1), option("count", 1), partSeeds);
  const given = ["--nodes", `${option("nodes", 3)}`, "--minutes", `${option("minutes", 1)}`];
  let highest = 0;
  await runParts(
    parts,
    jobs,
    ({ seed, seeds }) => ["--seed", `${seed}`, "--count", `${seeds}`, ...given],
    (_part, output, exit) => {
      process.stdout.write(output);
      highest = Math.max(highest, exit);
    },
  );
  return highest;
}
