/**
 * The traditional option parser: one table, parsed in the manner of GOption (HOUSE section 7; spec/outputs-and-tools D0.4).
 * Counts (-VV), repeats (-i a -i b), clusters (-sSQ), attached values (-xFILE), optional values (--x=V, -xV), `--` ends.
 * citty loses repeats and accepts unknown options, so it gets none.
 */
import { CrmError } from "../base/error.ts";
import { Exit, type ExitCode } from "../base/exit.ts";
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

/** What is said of words that the table does not know, and with which exit code. */
interface Complaints {
  readonly exit: ExitCode;
  readonly unknownLong: (name: string) => string;
  readonly unknownShort: (letter: string) => string;
  readonly missing: (shown: string) => string;
  readonly superfluous: (name: string) => string;
}

const GOPTION: Complaints = {
  exit: Exit.usage,
  unknownLong: (name) => `Unknown option --${name}`,
  unknownShort: (letter) => `Unknown option -${letter}`,
  missing: (shown) => `Missing argument for ${shown}`,
  superfluous: (name) => `Option --${name} does not take a value`,
};

/** The C library's getopt, which corosync's tools use. */
const GETOPT: Complaints = {
  exit: Exit.error,
  unknownLong: (name) => `unrecognized option '--${name}'`,
  unknownShort: (letter) => `invalid option -- '${letter}'`,
  missing: (shown) =>
    shown.startsWith("--")
      ? `option '${shown}' requires an argument`
      : `option requires an argument -- '${shown.slice(1)}'`,
  superfluous: (name) => `option '--${name}' doesn't allow an argument`,
};

class Parser {
  readonly given: Given[] = [];
  readonly positionals: string[] = [];
  private readonly complaints: Complaints;
  private index = 0;

  constructor(
    private readonly table: readonly OptionSpec[],
    private readonly args: readonly string[],
    private readonly style: "goption" | "getopt",
  ) {
    this.complaints = style === "getopt" ? GETOPT : GOPTION;
  }

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
    const spec = this.named(name);
    if (spec === undefined) throw this.misuse(this.complaints.unknownLong(name));
    if (equals >= 0) {
      if (!takesValue(spec) && spec.kind !== "optional") {
        throw this.misuse(this.complaints.superfluous(name));
      }
      this.given.push({ key: spec.key, value: word.slice(equals + 1) });
    } else if (takesValue(spec)) this.takeNext(spec, `--${name}`);
    else this.given.push({ key: spec.key, value: "" });
  }

  /** getopt takes the beginning of a long name too, where only one has it. */
  private named(name: string): OptionSpec | undefined {
    const exact = this.table.find((o) => o.long?.includes(name));
    if (exact !== undefined || this.style !== "getopt" || name === "") return exact;
    const near = this.table.filter((o) => o.long?.some((long) => long.startsWith(name)));
    return near.length === 1 ? near[0] : undefined;
  }

  private misuse(text: string): CrmError {
    return new CrmError(text, this.complaints.exit);
  }

  private cluster(word: string): void {
    for (let at = 1; at < word.length; at++) {
      const letter = word[at] ?? "";
      const spec = this.table.find((o) => o.short?.includes(letter));
      if (spec === undefined) throw this.misuse(this.complaints.unknownShort(letter));
      const rest = word.slice(at + 1);
      if (takesValue(spec)) {
        if (rest === "") this.takeNext(spec, `-${letter}`);
        else {
          const strip = this.style === "goption" && rest.startsWith("=");
          this.given.push({ key: spec.key, value: strip ? rest.slice(1) : rest });
        }
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
    if (this.index >= this.args.length) throw this.misuse(this.complaints.missing(shown));
    this.given.push({ key: spec.key, value: this.args[this.index++] ?? "" });
  }
}

/**
 * Parses `args` by `table`. Throws CrmError for an unknown option or a missing value: exit 64, or, in getopt's style and
 * words, 1. Several options may share one key; `order` keeps the sequence in which all were given.
 */
export function parseOptions(
  table: readonly OptionSpec[],
  args: readonly string[],
  style: "goption" | "getopt" = "goption",
): ParsedOptions {
  const parser = new Parser(table, args, style);
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
