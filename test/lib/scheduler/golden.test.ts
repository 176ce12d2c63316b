/**
 * The scheduler's own cases (test/golden/scheduler): one rule each, in the notation of notation.ts. A file holds several:
 *
 *     == name-of-the-rule
 *     # why this is expected, with the section of the spec (1: scheduler-1…, 2: scheduler-2…)
 *     lines of the cluster
 *     --
 *     * what is going to be done, as crm_simulate says it
 *     where: A=a B=none
 *     A_start_0 a < B_stop_0 b        with `graph` among the lines: actions and what each waits for
 *
 * `UPDATE=1 bun test test/lib/scheduler` rewrites what follows each `--`; look at the difference before you commit it.
 */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { summaryLines } from "../../../lib/render/transition-summary.ts";
import type { GraphAction } from "../../../lib/scheduler/graph/model.ts";
import type { Schedule } from "../../../lib/scheduler/schedule.ts";
import { schedule } from "../../../lib/scheduler/schedule.ts";
import { leavesOf } from "../../../lib/status/tree.ts";
import { cluster } from "./notation.ts";

const FOLDER = join(import.meta.dir, "../../golden/scheduler");
const NOW = 1_700_000_600;

interface Case {
  readonly name: string;
  readonly given: string;
  readonly expected: string;
}

function readCases(text: string): Case[] {
  return text
    .split(/^== /m)
    .slice(1)
    .map((part) => {
      const [name = "", ...lines] = part.trimEnd().split("\n");
      const end = lines.indexOf("--");
      const given = lines.slice(0, end < 0 ? lines.length : end);
      return {
        name,
        given: given.join("\n"),
        expected: end < 0 ? "" : lines.slice(end + 1).join("\n"),
      };
    });
}

function graphLines(made: Schedule): string[] {
  const label = (action: GraphAction): string => {
    const key = action.internalKey ?? action.operationKey;
    return action.node === undefined ? key : `${key} ${action.node.name}`;
  };
  return made.graph.synapses.map(({ actions, inputs }) => {
    const after = inputs.map(label);
    const what = actions.map(label).join(" + ");
    return after.length === 0 ? what : `${what} < ${after.join(", ")}`;
  });
}

function outcome(given: string): string {
  const wantsGraph = /^graph$/m.test(given);
  const made = schedule(cluster(given.replace(/^graph$/m, "")), NOW);
  const leaves = made.status.resources.flatMap((rsc) => [...leavesOf(rsc)]);
  const where = leaves.map((leaf) => `${leaf.id}=${made.placements.get(leaf.id) ?? "none"}`);
  const words = summaryLines(made.summary).map((line) => `* ${line.replace(/\s+/g, " ").trim()}`);
  return [...words, `where: ${where.join(" ")}`, ...(wantsGraph ? graphLines(made) : [])].join(
    "\n",
  );
}

for (const file of readdirSync(FOLDER).sort()) {
  const path = join(FOLDER, file);
  const text = readFileSync(path, "utf8");
  const cases = readCases(text);
  if (process.env.UPDATE === "1") {
    const head = text.split(/^== /m)[0]!;
    const parts = cases.map((c) => `== ${c.name}\n${c.given}\n--\n${outcome(c.given)}\n`);
    writeFileSync(path, head + parts.join("\n"));
    continue;
  }
  for (const c of cases) test(`${file} ${c.name}`, () => expect(outcome(c.given)).toBe(c.expected));
}
