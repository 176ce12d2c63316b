/** --include and --exclude of crm_mon: which sections a display has (spec/outputs-and-tools B2.5). */
import { type Rejection, reject } from "../base/error.ts";

/** Words of the include list; `bans` may carry a prefix after a colon. */
const WORDS = [
  "attributes",
  "bans",
  "counts",
  "dc",
  "failcounts",
  "failures",
  "fencing",
  "fencing-failed",
  "fencing-pending",
  "fencing-succeeded",
  "maint-mode",
  "nodes",
  "operations",
  "options",
  "resources",
  "stack",
  "summary",
  "tickets",
  "times",
] as const;

const SUMMARY = ["stack", "dc", "times", "counts", "maint-mode"];
const DEFAULT_TEXT = [...SUMMARY, "nodes", "resources", "failures", "fencing"];
const EVERYTHING = [...WORDS.filter((w) => w !== "summary"), "summary"];

/** The sections to show and the prefix of the bans. */
export interface Sections {
  readonly shown: ReadonlySet<string>;
  readonly bansPrefix: string;
}

export interface SectionStep {
  readonly kind: "include" | "exclude";
  readonly list: string;
}

function expand(word: string): readonly string[] {
  if (word === "summary") return ["summary", ...SUMMARY];
  if (word === "fencing") {
    return ["fencing", "fencing-failed", "fencing-pending", "fencing-succeeded"];
  }
  return [word];
}

function known(kind: SectionStep["kind"]): string {
  const words: string[] = [...WORDS];
  const extra = kind === "include" ? ["all", "default", "none"] : ["all", "none"];
  return [...words, ...extra]
    .sort()
    .map((w) => (w === "bans" && kind === "include" ? "bans[:PREFIX]" : w))
    .join(", ");
}

/** The default set of an output form. */
export function defaultSections(form: "text" | "xml"): Sections {
  return { shown: new Set(form === "xml" ? EVERYTHING : DEFAULT_TEXT), bansPrefix: "" };
}

/** Applies the lists from left to right. The rejection's text is the original's. */
export function applySections(
  start: Sections,
  form: "text" | "xml",
  steps: readonly SectionStep[],
): Sections | Rejection {
  let shown = new Set(start.shown);
  let { bansPrefix } = start;
  for (const { kind, list } of steps) {
    for (const given of list.split(",").filter((w) => w !== "")) {
      const [word = "", prefix] = given.split(":", 2);
      const including = kind === "include";
      if (word === "all" || word === "none") {
        const all = (word === "all") === including;
        shown = new Set(all ? EVERYTHING.filter((w) => form === "xml" || w !== "options") : []);
      } else if (including && (word === "default" || word === "defaults")) {
        for (const w of defaultSections(form).shown) shown.add(w);
      } else if ((WORDS as readonly string[]).includes(word)) {
        for (const w of expand(word)) including ? shown.add(w) : shown.delete(w);
        if (word === "bans" && including) bansPrefix = prefix ?? "";
      } else {
        return reject("usage", `--${kind} options: ${known(kind)}`);
      }
    }
  }
  return { shown, bansPrefix };
}
