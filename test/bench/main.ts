/**
 * `npm run bench [NAME …]`: ours beside the originals, in one run on like hosts, as ratios. Each bench is a file of this folder
 * that exports `run(): Promise<void>` and prints a table.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

const here = import.meta.dir;
const all = readdirSync(here)
  .filter(
    (f) =>
      f.endsWith(".ts") &&
      existsSync(join(here, f)) &&
      !["main.ts", "table.ts", "generate-cib.ts", "ring-load.ts"].includes(f),
  )
  .map((f) => f.replace(/\.ts$/, ""));
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`bench: there is no ${unknown.join(", ")}; there is ${all.join(", ")}`);
  process.exit(64);
}
for (const name of asked.length > 0 ? asked : all) {
  const bench = (await import(join(here, `${name}.ts`))) as { run?: () => Promise<void> };
  if (bench.run === undefined) continue;
  console.log(`# ${name}`);
  await bench.run();
}
process.exit(0);
