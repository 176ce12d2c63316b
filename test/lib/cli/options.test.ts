import { describe, expect, test } from "bun:test";
import { CrmError } from "../../../lib/base/error.ts";
import { helpText } from "../../../lib/cli/help.ts";
import { parseOptions, withCommonOptions } from "../../../lib/cli/options.ts";
import { defineTool, type OptionSpec } from "../../../lib/cli/tool.ts";

const table: readonly OptionSpec[] = [
  { key: "verbose", long: ["verbose"], short: ["V"], kind: "count", help: "Say more" },
  { key: "inject", long: ["op-inject"], short: ["i"], kind: "list", help: "An operation" },
  { key: "file", long: ["xml-file"], short: ["x"], kind: "value", value: "FILE", help: "Input" },
  { key: "simulate", long: ["simulate"], short: ["S"], kind: "flag", help: "Run" },
  { key: "scores", long: ["show-scores"], short: ["s"], kind: "flag", help: "Scores" },
  { key: "bans", long: ["neg-locations"], short: ["L"], kind: "optional", help: "Bans" },
];

const parse = (...words: string[]) => parseOptions(table, words);

test("counts, repeats, clusters and attached values", () => {
  const given = parse("-VV", "-i", "a=1", "-ib=2", "-sSV", "-xFILE", "word", "--op-inject=c", "-");
  expect(given.count("verbose")).toBe(3);
  expect(given.list("inject")).toEqual(["a=1", "b=2", "c"]);
  expect(given.flag("simulate")).toBe(true);
  expect(given.value("file")).toBe("FILE");
  expect(given.positionals).toEqual(["word", "-"]);
  expect(given.order.map((o) => o.key)).toContain("scores");
});

test("the last of several values wins, and `--` ends the options", () => {
  const given = parse("-x", "one", "--xml-file", "two", "--", "-x", "three");
  expect(given.value("file")).toBe("two");
  expect(given.positionals).toEqual(["-x", "three"]);
});

test("an optional value must be attached", () => {
  expect(parse("-L", "next").value("bans")).toBe("");
  expect(parse("-Lcli-").value("bans")).toBe("cli-");
  expect(parse("--neg-locations=cli-").value("bans")).toBe("cli-");
});

test.each([
  [["--bogus"], "Unknown option --bogus"],
  [["-sZ"], "Unknown option -Z"],
  [["-x"], "Missing argument for -x"],
  [["--xml-file"], "Missing argument for --xml-file"],
  [["--simulate=yes"], "Option --simulate does not take a value"],
])("%p is refused with exit 64", (words, text) => {
  const attempt = () => parse(...words);
  expect(attempt).toThrow(text);
  try {
    attempt();
  } catch (error) {
    expect(error).toBeInstanceOf(CrmError);
    expect((error as CrmError).exit).toBe(64);
  }
});

test("the common options give way to a tool's own words", () => {
  const own: OptionSpec = { key: "version", short: ["V"], kind: "flag", help: "Mine" };
  expect(withCommonOptions([own]).filter((o) => o.key === "version")).toEqual([own]);
});

test("the help is made from the table", () => {
  const tool = defineTool({
    name: "tool",
    summary: "Does things",
    usage: "[options]",
    options: table,
    run: async () => ({ exit: 0 }),
  });
  expect(helpText(tool)).toBe(`Usage: tool [options]

Does things

Options:
  -V, --verbose                   Say more
  -i, --op-inject=VALUE           An operation
  -x, --xml-file=FILE             Input
  -S, --simulate                  Run
  -s, --show-scores               Scores
  -L, --neg-locations[=VALUE]     Bans
  -?, --help                      Show this help and exit
  -$, --version                   Show the version and exit
`);
});

describe("getopt's style", () => {
  const table: readonly OptionSpec[] = [
    { key: "file", short: ["k"], long: ["key-file"], kind: "value", help: "" },
    { key: "size", short: ["s"], long: ["size"], kind: "value", help: "" },
    { key: "less", short: ["l"], long: ["less-secure"], kind: "flag", help: "" },
  ];
  const misuse = (...args: string[]) => {
    try {
      parseOptions(table, args, "getopt");
      return undefined;
    } catch (error) {
      return error instanceof CrmError ? [error.exit, error.message] : undefined;
    }
  };

  test("its words and exit code 1 for what the table does not know", () => {
    expect(misuse("-z")).toEqual([1, "invalid option -- 'z'"]);
    expect(misuse("--zzz")).toEqual([1, "unrecognized option '--zzz'"]);
    expect(misuse("-k")).toEqual([1, "option requires an argument -- 'k'"]);
    expect(misuse("--size")).toEqual([1, "option '--size' requires an argument"]);
    expect(misuse("--less-secure=1")).toEqual([
      1,
      "option '--less-secure' doesn't allow an argument",
    ]);
  });

  test("the beginning of a long name is enough, and an equals sign belongs to a short one's value", () => {
    const options = parseOptions(table, ["--key", "a", "-s=5"], "getopt");
    expect(options.value("file")).toBe("a");
    expect(options.value("size")).toBe("=5");
  });
});
