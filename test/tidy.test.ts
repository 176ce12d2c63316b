/**
 * The architecture as a test (HOUSE sections 2 and 9): directions between shelves, cycles, bans, unused exports fail;
 * oversize files and functions are listed.
 */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { asyncAllowed, banned, bannedExceptions, shelves } from "./layers.ts";

const root = new URL("..", import.meta.url).pathname;
const TOP_LEVEL = new Set(
  `package.json package-lock.json tsconfig.json build.ts biome.json cmd lib agents test
  README.md ARCHITECTURE.md LICENSE CHANGELOG.md`.split(/\s+/),
);

interface Source {
  readonly path: string;
  readonly text: string;
  readonly code: string;
  readonly imports: readonly string[];
}

/** Comments and string contents blanked, line count kept, so that bans do not trip over words in texts. */
function codeOf(text: string): string {
  const pattern =
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g;
  return text.replace(pattern, (part) =>
    part.startsWith("`") && part.includes("${") ? part : part.replace(/[^\n]/g, " "),
  );
}

function read(path: string): Source {
  const text = readFileSync(join(root, path), "utf8");
  const imports = [...text.matchAll(/(?:from\s+|import\s*\(\s*|import\s+)"([^"]+)"/g)].map(
    (m) => m[1] ?? "",
  );
  return { path, text, code: codeOf(text), imports };
}

const sources = ["cmd", "lib", "agents", "test", "build.ts"].flatMap((top) =>
  top.endsWith(".ts")
    ? [read(top)]
    : readdirSync(join(root, top), { recursive: true, encoding: "utf8" })
        .filter((f) => f.endsWith(".ts"))
        .map((f) => read(join(top, f))),
);
const lineCache = new Map<string, readonly string[]>();
const codeLines = (source: Source) => {
  const known = lineCache.get(source.path) ?? source.code.split("\n");
  lineCache.set(source.path, known);
  return known;
};
const byPath = new Map(sources.map((s) => [s.path, s]));

function target(from: Source, name: string): string | undefined {
  if (!name.startsWith(".")) return undefined;
  return normalize(join(dirname(from.path), name));
}

const folderOf = (path: string) =>
  path.startsWith("lib/") ? (path.split("/")[1] ?? "") : (path.split("/")[0] ?? "");

test("the top level holds what the plan names", () => {
  const extra = readdirSync(root).filter(
    (name) => !name.startsWith(".") && !TOP_LEVEL.has(name) && !/^(node_modules|dist)$/.test(name),
  );
  expect(extra).toEqual([]);
});

test("a lower shelf never imports a higher one", () => {
  const wrong: string[] = [];
  for (const source of sources.filter((s) => s.path.startsWith("lib/"))) {
    const folder = folderOf(source.path);
    const shelf = shelves.find((s) => s.folder === folder);
    if (shelf === undefined) {
      wrong.push(`${source.path}: folder ${folder} is not in test/layers.ts`);
      continue;
    }
    for (const name of source.imports) {
      const to = target(source, name);
      if (to === undefined) continue;
      const other = folderOf(to);
      const inside = to.startsWith("lib/");
      if (!inside || (other !== folder && !shelf.mayImport.includes(other))) {
        wrong.push(`${source.path} imports ${to}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test("agents stand on base, ocf and runtime; nothing outside test imports test", () => {
  const wrong: string[] = [];
  for (const source of sources) {
    for (const name of source.imports) {
      const to = target(source, name);
      if (to === undefined) continue;
      if (
        source.path.startsWith("agents/") &&
        !/^(agents|lib\/(base|ocf|runtime|xml))\//.test(to)
      ) {
        wrong.push(`${source.path} imports ${to}`);
      }
      if (to.startsWith("test/") && !source.path.startsWith("test/")) {
        wrong.push(`${source.path} imports ${to}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test("there are no import cycles", () => {
  const state = new Map<string, "open" | "done">();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === "done") return;
    if (state.get(path) === "open") {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
      return;
    }
    state.set(path, "open");
    const source = byPath.get(path);
    // Type-only imports vanish when compiled and cannot make a cycle at run time.
    const text = source?.text.replace(/^import type [\s\S]*?;$/gm, "") ?? "";
    for (const m of text.matchAll(/^(?:import|export)[^;]*?from\s+"(\.[^"]+)";/gm)) {
      const to = normalize(join(dirname(path), m[1] ?? ""));
      if (byPath.has(to)) visit(to, [...trail, path]);
    }
    state.set(path, "done");
  };
  for (const source of sources) visit(source.path, []);
  expect(cycles).toEqual([]);
});

test("shelves 0 to 7 use no clock, chance, input or output", () => {
  const wrong: string[] = [];
  for (const source of sources) {
    if (!source.path.startsWith("lib/") || source.path.startsWith("lib/runtime/")) continue;
    const text = source.text.split("\n");
    source.code.split("\n").forEach((line, at) => {
      for (const ban of banned) {
        // Import lines lose their module name with the strings, so those bans look at the raw line.
        const subject = ban.word.source.startsWith("from") ? (text[at] ?? "") : line;
        if (!ban.word.test(subject)) continue;
        const excused = bannedExceptions.some(
          (e) => e.file.test(source.path) && e.word.test(subject),
        );
        if (!excused)
          wrong.push(`${source.path}:${at + 1}: ${ban.word.source}; use ${ban.instead}`);
      }
      if (/\b(async|await)\b/.test(line) && !asyncAllowed.some((f) => f.test(source.path))) {
        wrong.push(`${source.path}:${at + 1}: a core does not wait`);
      }
    });
  }
  expect(wrong).toEqual([]);
});

test("every export is used somewhere", () => {
  const all = sources.map((s) => s.text).join("\n");
  const counts = new Map<string, number>();
  for (const m of all.matchAll(/\b[A-Za-z_$][\w$]*\b/g)) {
    counts.set(m[0], (counts.get(m[0]) ?? 0) + 1);
  }
  const unused: string[] = [];
  for (const source of sources) {
    if (source.path.startsWith("test/")) continue;
    const pattern = /^export (?:const|function|class|interface|type|async function)\s+([\w$]+)/gm;
    for (const m of source.text.matchAll(pattern)) {
      if ((counts.get(m[1] ?? "") ?? 0) < 2) unused.push(`${source.path}: ${m[1]}`);
    }
  }
  expect(unused).toEqual([]);
});

test("no silenced checks and no leftovers", () => {
  const marks = [
    /\bTO\x44O\b|\bFIX\x4dE\b|\bXX\x58\b/,
    /@ts-(ignore|nocheck)/,
    /(test|describe)\.(only|todo)\(/,
  ];
  const anyType = /\bas any\b|: any\b/;
  const wrong = sources.flatMap((source) =>
    source.text
      .split("\n")
      .flatMap((line, at) =>
        marks.some((m) => m.test(line)) || anyType.test(codeLines(source)[at] ?? "")
          ? [`${source.path}:${at + 1}: ${line.trim()}`]
          : [],
      ),
  );
  expect(wrong.filter((w) => !w.startsWith("test/tidy.test.ts"))).toEqual([]);
});

test("large files and functions are listed", () => {
  const rows: string[] = [];
  for (const source of sources) {
    const lines = source.text.split("\n");
    if (lines.length > 500) rows.push(`${String(lines.length).padStart(5)} lines  ${source.path}`);
    let open: { name: string; at: number } | undefined;
    lines.forEach((line, at) => {
      const start = /^(?:export )?(?:async )?function (\w+)/.exec(line);
      if (start) open = { name: start[1] ?? "", at };
      if (line === "}" && open) {
        const length = at - open.at + 1;
        if (length > 70) {
          rows.push(
            `${String(length).padStart(5)} lines  ${relative("", source.path)}: ${open.name}()`,
          );
        }
        open = undefined;
      }
    });
  }
  if (rows.length > 0)
    console.log(
      `Over the guide (500 lines a file, 70 a function):\n${rows.sort().reverse().join("\n")}`,
    );
  expect(sources.length).toBeGreaterThan(0);
});
