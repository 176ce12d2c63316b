/**
 * Every shared scheduler case, in this process: summary, graph, dot and scores (spec/outputs-and-tools section A1). The
 * list of failing cases (scheduler-failing.txt) may only shrink.
 */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { caseNames, checkCase, DATA } from "./scheduler-runner.ts";

const present = existsSync(DATA);
if (!present) console.log(`skipped: the scheduler's reference cases are not in ${DATA}`);

const known = new Set(
  readFileSync(join(import.meta.dir, "scheduler-failing.txt"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#")),
);

function describe(name: string): string {
  const differences = checkCase(name);
  return differences
    .map((d) => `${name} ${d.output}\n  - ${d.missing[0] ?? ""}\n  + ${d.surplus[0] ?? ""}`)
    .join("\n");
}

test.skipIf(!present)(
  "all shared cases give the reference's outputs",
  () => {
    const worse: string[] = [];
    const better: string[] = [];
    const names = caseNames();
    for (const name of names) {
      const problem = describe(name);
      if (problem !== "" && !known.has(name)) worse.push(problem);
      if (problem === "" && known.has(name)) better.push(name);
    }
    console.log(`${names.length - worse.length - known.size} of ${names.length} cases pass`);
    expect(worse).toEqual([]);
    expect(better).toEqual([]);
  },
  60_000,
);
