/**
 * The traditional option parser: one table, parsed in the manner of GOption (HOUSE section 7; spec/outputs-and-tools D0.4).
 * Counts (-VV), repeats (-i a -i b), clusters (-sSQ), attached values (-xFILE), optional values (--x=V, -xV), `--` ends.
 * citty loses repeats and accepts unknown options, so it only looks commands up.
 */
import { CrmError } from "../base/error.ts";
import { Exit } from "../base/exit.ts";
import type { OptionSpec, ParsedOptions } from "./tool.ts";

interface Given {
  readonly key: string;
  readonly value: string;
}

/** Options every strict tool has, unless its own table claims the same words. */
export const COMMON_OPTIONS: readonly OptionSpec[] = [
  { key: "help", long: ["help"], short: ["?"], kind: "flag", help: "Show this help and exit" },
  {
    key: "version",
    long: ["version"],
    short: ["$"],
    kind: "flag",
    help: "Show the version and exit",
  },
];

/** A tool's own table and those common options whose words are still free. */
export function withCommonOptions(own: readonly OptionSpec[]): readonly OptionSpec[] {
  const taken = new Set(own.map((o) => o.key));
  return [...own, ...COMMON_OPTIONS.filter((o) => !taken.has(o.key))];
}

function takesValue(spec: OptionSpec): boolean {
  return spec.kind === "value" || spec.kind === "list";
}

class Parser {
  readonly given: Given[] = [];
  readonly positionals: string[] = [];
  private index = 0;

  constructor(
    private readonly table: readonly OptionSpec[],
    private readonly args: readonly string[],
  ) {}

  run(): void {
    while (this.index < this.args.length) {
      const word = this.args[this.index++] ?? "";
      if (word === "--") {
        this.positionals.push(...this.args.slice(this.index));
        return;
      }
      if (word.startsWith("--")) this.long(word);
      else if (word.startsWith("-") && word.length > 1) this.cluster(word);
      else this.positionals.push(word);
    }
  }

  private long(word: string): void {
    const equals = word.indexOf("=");
    const name = word.slice(2, equals < 0 ? undefined : equals);
    const spec = this.table.find((o) => o.long?.includes(name));
    if (spec === undefined) throw new CrmError(`Unknown option --${name}`, Exit.usage);
    if (equals >= 0) {
      if (!takesValue(spec) && spec.kind !== "optional") {
        throw new CrmError(`Option --${name} does not take a value`, Exit.usage);
      }
      this.given.push({ key: spec.key, value: word.slice(equals + 1) });
    } else if (takesValue(spec)) this.takeNext(spec, `--${name}`);
    else this.given.push({ key: spec.key, value: "" });
  }

  private cluster(word: string): void {
    for (let at = 1; at < word.length; at++) {
      const letter = word[at] ?? "";
      const spec = this.table.find((o) => o.short?.includes(letter));
      if (spec === undefined) throw new CrmError(`Unknown option -${letter}`, Exit.usage);
      const rest = word.slice(at + 1);
      if (takesValue(spec)) {
        if (rest === "") this.takeNext(spec, `-${letter}`);
        else this.given.push({ key: spec.key, value: rest.startsWith("=") ? rest.slice(1) : rest });
        return;
      }
      if (spec.kind === "optional") {
        this.given.push({ key: spec.key, value: rest });
        return;
      }
      this.given.push({ key: spec.key, value: "" });
    }
  }

  private takeNext(spec: OptionSpec, shown: string): void {
    if (this.index >= this.args.length)
      throw new CrmError(`Missing argument for ${shown}`, Exit.usage);
    this.given.push({ key: spec.key, value: this.args[this.index++] ?? "" });
  }
}

/**
 * Parses `args` by `table`. Throws CrmError (exit 64) for an unknown option or a missing value.
 * Several options may share one key; `order` keeps the sequence in which all were given.
 */
export function parseOptions(table: readonly OptionSpec[], args: readonly string[]): ParsedOptions {
  const parser = new Parser(table, args);
  parser.run();
  const { given, positionals } = parser;
  const of = (key: string) => given.filter((g) => g.key === key).map((g) => g.value);
  return {
    flag: (key) => given.some((g) => g.key === key),
    count: (key) => of(key).length,
    value: (key) => of(key).at(-1),
    list: of,
    order: given,
    positionals,
    words: args,
  };
}

/** Options of a tool that takes every word as it is (crm, agents). */
export function passThrough(args: readonly string[]): ParsedOptions {
  return {
    flag: () => false,
    count: () => 0,
    value: () => undefined,
    list: () => [],
    order: [],
    positionals: args,
    words: args,
  };
}
