/**
 * `npm test`: types, lint, build, tidy and unit tests, goldens, simulation, fuzzing, end to end. Says what it does as it goes
 * and ends with ONE line `N passed, N failed`; the exit code is 1 when anything failed.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { ensurePackages } from "./packages.ts";

const root = resolve(import.meta.dir, "..");
const bin = join(root, "node_modules/.bin");
const reports = mkdtempSync(join(tmpdir(), "quorate-test-"));
const started = performance.now();

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

interface Stage {
  readonly name: string;
  readonly limitMin: number;
  readonly run: () => Promise<Tally>;
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

async function execute(argv: readonly string[], limitMin: number) {
  const child = Bun.spawn([...argv], {
    cwd: root,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: limitMin * 60_000,
    killSignal: "SIGKILL",
  });
  const [out, err, exit] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { exit, text: out + err };
}

/** One command that passes or fails as a whole. */
function command(name: string, limitMin: number, ...argv: readonly string[]): Stage {
  return {
    name,
    limitMin,
    run: async () => {
      const done = await execute(argv, limitMin);
      if (done.exit === 0) return { passed: 1, failed: 0, skipped: 0 };
      console.log(done.text.trimEnd());
      return { passed: 0, failed: 1, skipped: 0 };
    },
  };
}

function count(report: string, attribute: string): number {
  const head = /<testsuites [^>]*>/.exec(report)?.[0] ?? "";
  return Number(new RegExp(`${attribute}="(\\d+)"`).exec(head)?.[1] ?? 0);
}

/** Folders or files of tests, in one process. */
function suite(name: string, limitMin: number, ...paths: readonly string[]): Stage {
  return {
    name,
    limitMin,
    run: async () => {
      const there = paths.filter((p) => existsSync(join(root, p)));
      if (there.length === 0) return { passed: 0, failed: 0, skipped: 0 };
      const report = join(reports, `${name.replaceAll(/\W/g, "-")}.xml`);
      const junit = ["--reporter=junit", `--reporter-outfile=${report}`];
      const files = there.map((p) => `./${p}`);
      const done = await execute([join(bin, "bun"), "test", ...junit, ...files], limitMin);
      const text = existsSync(report) ? readFileSync(report, "utf8") : "";
      const failed = count(text, "failures");
      const skipped = count(text, "skipped");
      const passed = count(text, "tests") - failed - skipped;
      // A crash, a file that does not load, or the time limit leave no failure in the report.
      const broken = done.exit !== 0 && failed === 0 ? 1 : 0;
      if (done.exit !== 0) console.log(done.text.trimEnd());
      else {
        const notes = done.text
          .split("\n")
          .filter((l) => /skipp?ed|skips/i.test(l) && !/^ *\d+ /.test(l));
        for (const line of new Set(notes)) console.log(`  ${line.trim()}`);
      }
      if (broken > 0) console.log(`${name}: ended with ${done.exit} (limit ${limitMin} min)`);
      return { passed, failed: failed + broken, skipped };
    },
  };
}

const checks = [
  command("types", 3, join(bin, "tsc"), "--noEmit"),
  command("lint", 1, join(bin, "biome"), "check", "--error-on-warnings", "."),
  command("build", 2, join(bin, "bun"), "build.ts"),
];

/** Stages of one row run side by side, on two cores; rows follow each other. */
const rows: readonly (readonly Stage[])[] = [
  checks,
  [
    suite("tidy and unit", 6, "test/tidy.test.ts", "test/lib", "test/agents", "test/cmd"),
    suite("goldens and scripts", 6, "test/golden", "test/scripts", "test/reference"),
  ],
  [
    suite("simulation of nodes", 4, "test/sim/sim.test.ts"),
    suite("simulation of rings, fuzz", 4, "test/sim/ring", "test/fuzz"),
  ],
  [suite("end to end", 9, "test/e2e")],
];

const total: Tally = { passed: 0, failed: 0, skipped: 0 };

async function runStage(stage: Stage): Promise<void> {
  const begun = performance.now();
  const tally = await stage.run();
  total.passed += tally.passed;
  total.failed += tally.failed;
  total.skipped += tally.skipped;
  const skipped = tally.skipped > 0 ? `, ${tally.skipped} skipped` : "";
  const took = seconds(performance.now() - begun);
  console.log(`${stage.name}: ${tally.passed} passed, ${tally.failed} failed${skipped} (${took})`);
}

for (const line of ensurePackages({ originals: true })) console.log(line);
const only = process.argv.slice(2);
for (const row of rows) {
  const chosen = row.filter((s) => only.length === 0 || only.some((o) => s.name.includes(o)));
  await Promise.all(chosen.map(runStage));
}
rmSync(reports, { recursive: true, force: true });
console.log(`all of it took ${seconds(performance.now() - started)}; ${total.skipped} skipped`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 ? 0 : 1);
