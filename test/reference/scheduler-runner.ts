/**
 * The scheduler's reference cases in this process: the same outputs and comparison as ../shared/tools/reference-scheduler.mjs,
 * without a process per case.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isRejection } from "../../lib/base/error.ts";
import { cibDoc } from "../../lib/cib/document.ts";
import { upgradeRoot } from "../../lib/cib/upgrade.ts";
import { dotText } from "../../lib/render/dot.ts";
import { graphText } from "../../lib/render/graph-xml.ts";
import {
  executionDateLine,
  executionLines,
  preambleLines,
  statusLines,
  transitionLines,
} from "../../lib/render/simulation.ts";
import { simulate } from "../../lib/simulate/run.ts";
import { parseDateTime } from "../../lib/time/iso8601.ts";
import { scoreLines } from "../../lib/view/scores.ts";
import { parseXml } from "../../lib/xml/parse.ts";

export const DATA = join(import.meta.dir, "../../../shared/data/scheduler");

/** What the tool says of a document that asks not to be validated. */
const NOT_VALIDATED =
  'Schema validation of configuration is disabled (support for validate-with set to "none" is deprecated and will be removed in a future release)';

const TIMES: Readonly<Record<string, string>> = {
  "date-1": "2005-020",
  "date-2": "2005-020T12:30",
  "date-3": "2005-020T11:30",
  origin: "2014-05-07 00:28:00",
};

/** One output that differs, with the first lines missing and surplus. */
export interface Difference {
  readonly output: "exit" | "summary" | "graph" | "dot" | "scores";
  readonly missing: readonly string[];
  readonly surplus: readonly string[];
}

const squash = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.replace(/\s+/g, ""))
    .filter((line) => line !== "");

const graphLines = (text: string): string[] =>
  squash(text.replace(/crm_feature_set="[^"]*"/g, "").replace(/batch-limit="[0-9]*"/g, ""));

const dotLines = (text: string): string[] => {
  const lines = text.split("\n").filter(Boolean);
  return squash([lines[0], ...[...new Set(lines.slice(1, -1))].sort(), lines.at(-1)].join("\n"));
};

const sortedLines = (text: string): string[] => squash(text).sort();

function compare(
  output: Difference["output"],
  want: string | undefined,
  got: string,
  view: (text: string) => string[],
): Difference | undefined {
  if (want === undefined) return undefined;
  const a = view(want);
  const b = view(got);
  if (a.length === b.length && a.every((line, i) => line === b[i])) return undefined;
  const inA = new Set(a);
  const inB = new Set(b);
  const at = a.findIndex((line, i) => line !== b[i]);
  const missing = a.filter((line) => !inB.has(line)).slice(0, 8);
  const surplus = b.filter((line) => !inA.has(line)).slice(0, 8);
  if (missing.length + surplus.length === 0) {
    return { output, missing: [`order, line ${at}: ${a[at]}`], surplus: [`${b[at]}`] };
  }
  return { output, missing, surplus };
}

function read(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

/** Names of all cases, or of one family ("01"). */
export function caseNames(family?: string): string[] {
  const all = readdirSync(join(DATA, "xml"))
    .filter((file) => file.endsWith(".xml"))
    .map((file) => file.slice(0, -4))
    .sort();
  if (family === undefined) return all;
  const families = JSON.parse(readFileSync(join(DATA, "families.json"), "utf8")) as Record<
    string,
    string[]
  >;
  const wanted = new Set(
    Object.entries(families)
      .filter(([name]) => name.startsWith(family))
      .flatMap(([, names]) => names),
  );
  return all.filter((name) => wanted.has(name));
}

export interface Outputs {
  readonly summary: string;
  readonly graph: string;
  readonly dot: string;
  readonly scores: string;
}

/** All outputs of one case. */
export function runCase(name: string): Outputs {
  const root = parseXml(readFileSync(join(DATA, "xml", `${name}.xml`), "utf8"), name);
  const upgraded = upgradeRoot(root);
  if (isRejection(upgraded)) throw new Error(upgraded.text);
  const doc = cibDoc(upgraded.root);
  const time = TIMES[name];
  const date = root.attrs.get("execution-date");
  const recordedAt = Math.floor(Date.now() / 1000);
  let now = recordedAt;
  let line: string | undefined;
  if (time !== undefined) {
    const parsed = parseDateTime(time);
    if (isRejection(parsed)) throw new Error(parsed.text);
    now = parsed.epoch;
    line = `Setting effective cluster time: ${time}`;
  } else if (date !== undefined) {
    now = Number(date);
    line = executionDateLine(now);
  }
  const done = simulate(doc, { now, recordedAt, schedule: true, execute: true, traceScores: true });
  const plain = { attributes: false, failCounts: false };
  const dateLines = line === undefined ? [] : [line];
  const summary = [
    ...(root.attrs.get("validate-with") === "none" ? [NOT_VALIDATED] : []),
    ...dateLines,
    ...preambleLines(done.status),
    ...statusLines(done.status, "Current cluster status", plain, String),
    ...transitionLines(done),
    ...executionLines(done),
    ...dateLines,
    ...statusLines(done.revised!, "Revised Cluster Status", plain, String),
  ];
  return {
    summary: summary.join("\n"),
    graph: graphText(done.schedule!.graph),
    dot: dotText(done.schedule!.actions),
    scores: scoreLines(done.schedule!.notes).join("\n"),
  };
}

/** Differences of one case from what is expected; none when it passes. */
export function checkCase(name: string): Difference[] {
  let outputs: Outputs;
  try {
    outputs = runCase(name);
  } catch (error) {
    const text = error instanceof Error ? `${error.message}\n${error.stack}` : String(error);
    return [{ output: "exit", missing: [], surplus: text.split("\n").slice(0, 6) }];
  }
  const want = (folder: string, end: string): string | undefined =>
    read(join(DATA, folder, `${name}.${end}`));
  return [
    compare("summary", want("summary", "summary"), outputs.summary, squash),
    compare("graph", want("exp", "exp"), outputs.graph, graphLines),
    compare("dot", want("dot", "dot"), outputs.dot, dotLines),
    compare("scores", want("scores", "scores"), outputs.scores, sortedLines),
  ].filter((difference) => difference !== undefined);
}
