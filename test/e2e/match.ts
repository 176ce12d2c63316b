/**
 * Compares what a program printed with what the walkthrough shows, as seed/errata.md allows: amounts of white space and empty
 * lines do not count; `{name}` in the expected text stands for what may vary.
 */

/** What may vary, and where the page does not fix it. */
const HOLES: Readonly<Record<string, string>> = {
  date: "[A-Z][a-z]{2} [A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d \\d{4}",
  node: "server[678]",
  client: "[a-z_]+",
  version: "\\S+",
  any: ".*",
  number: "\\d+",
};

function squeezed(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.replaceAll(/\s+/g, " ").trim())
    .filter((line) => line !== "");
}

function pattern(line: string): RegExp {
  const parts = line.split(/(\{[a-z]+(?::[a-z]+)?\})/);
  const source = parts.map((part) => {
    const hole = /^\{([a-z]+)(?::([a-z]+))?\}$/.exec(part);
    if (hole === null) return part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
    const inner = HOLES[hole[1]!] ?? ".*";
    return hole[2] === undefined ? `(?:${inner})` : `(?<${hole[2]}>${inner})`;
  });
  return new RegExp(`^${source.join("")}$`);
}

export interface Comparison {
  /** Undefined when the texts agree; else the first line that does not, and both texts. */
  readonly difference: string | undefined;
  /** Values of the named holes: {node:vip} → vip. */
  readonly found: Readonly<Record<string, string>>;
}

/** Compares whole texts, line by line. */
export function compare(actual: string, expected: string): Comparison {
  const got = squeezed(actual);
  const want = squeezed(expected);
  const found: Record<string, string> = {};
  for (let at = 0; at < Math.max(got.length, want.length); at++) {
    const match = want[at] === undefined ? null : pattern(want[at]!).exec(got[at] ?? "");
    if (match === null || got[at] === undefined) {
      const difference =
        `line ${at + 1}: expected ${JSON.stringify(want[at] ?? "(nothing)")}, ` +
        `got ${JSON.stringify(got[at] ?? "(nothing)")}\n--- whole output:\n${actual}`;
      return { difference, found };
    }
    Object.assign(found, match.groups ?? {});
  }
  return { difference: undefined, found };
}

/** A check that every line of `expected` is there, in this order; lines between them do not matter. */
export function listsInOrder(expected: string): (actual: string) => string | undefined {
  const wanted = squeezed(expected);
  return (actual) => {
    const lines = squeezed(actual);
    let at = 0;
    for (const line of wanted) {
      const next = lines.findIndex((l, index) => index >= at && pattern(line).test(l));
      if (next < 0) return `no line ${JSON.stringify(line)} where it should be in\n${actual}`;
      at = next + 1;
    }
    return undefined;
  };
}
