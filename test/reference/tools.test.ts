/** The transcripts of the reference command-line suite for the tools that exist, with counts that must not fall. */
import { afterAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { applets } from "../../cmd/applets.ts";
import { type CaseResult, ToolsRunner } from "./tools-runner.ts";

const DATA = `${import.meta.dir}/../../../shared/data/tools`;

/** How many transcripts of each tool pass. A number here only ever rises. */
const RATCHET: Readonly<Record<string, number>> = {
  cibadmin: 57,
  crm_attribute: 68,
  crm_diff: 30,
  crm_error: 36,
  crm_failcount: 1,
  crm_mon: 80,
  crm_resource: 152,
  crm_shadow: 117,
  crm_simulate: 10,
  crm_verify: 13,
  crmadmin: 16,
  iso8601: 96,
};

/** QUORATE_SHOW=crm_diff prints what differs for one tool. */
const SHOW = process.env["QUORATE_SHOW"];

if (!existsSync(`${DATA}/manifest.json`)) {
  console.log("skipped: ../shared/data/tools is not there");
  test.skip("transcripts of the tools", () => {});
} else {
  const runner = new ToolsRunner(DATA);
  afterAll(() => runner.close());
  test("transcripts of the tools", async () => {
    for (const group of runner.groups) await runner.runGroup(group);
    const counts = new Map<string, { passed: number; all: number }>();
    for (const result of runner.results) {
      if (applets[result.tool] === undefined) continue;
      const count = counts.get(result.tool) ?? { passed: 0, all: 0 };
      count.all++;
      if (result.passed) count.passed++;
      else if (SHOW === result.tool) show(result);
      counts.set(result.tool, count);
    }
    for (const [tool, { passed, all }] of counts) {
      console.log(`${tool.padEnd(16)}${passed} of ${all} transcripts`);
      expect(`${tool} ${passed >= (RATCHET[tool] ?? 0)}`).toBe(`${tool} true`);
    }
  }, 120_000);
}

function show(result: CaseResult): void {
  console.log(`--- ${result.group}: ${result.desc}`);
  const expected = result.expected.split("\n");
  const actual = result.actual.split("\n");
  const at = expected.findIndex((line, i) => line.trim() !== (actual[i] ?? "").trim());
  console.log(`expected ${at}: ${expected.slice(at, at + 6).join("\n  ")}`);
  console.log(`actual   ${at}: ${actual.slice(at, at + 6).join("\n  ")}`);
}
