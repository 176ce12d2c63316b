/**
 * Rows of option tables in one line each: an option whose key is its long name, perhaps with a letter. Options with more
 * names or other keys are written out as OptionSpec.
 */
import type { OptionSpec } from "./tool.ts";

function named(key: string, short: string | undefined, help: string, group: string | undefined) {
  return {
    key,
    long: [key],
    ...(short === undefined ? {} : { short: [short] }),
    help,
    ...(group === undefined ? {} : { group }),
  };
}

/** Given or not. */
export function flag(
  key: string,
  short: string | undefined,
  help: string,
  group?: string,
): OptionSpec {
  return { ...named(key, short, help, group), kind: "flag" };
}

/** How often it is given counts. */
export function count(
  key: string,
  short: string | undefined,
  help: string,
  group?: string,
): OptionSpec {
  return { ...named(key, short, help, group), kind: "count" };
}

/** With a value that `word` names in the help; the last one given counts. */
export function value(
  key: string,
  short: string | undefined,
  word: string,
  help: string,
  group?: string,
): OptionSpec {
  return { ...named(key, short, help, group), kind: "value", value: word };
}

/** With a value, as often as one likes. */
export function list(
  key: string,
  short: string | undefined,
  word: string,
  help: string,
  group?: string,
): OptionSpec {
  return { ...named(key, short, help, group), kind: "list", value: word };
}

/** With or without a value. */
export function optional(
  key: string,
  short: string | undefined,
  word: string,
  help: string,
  group?: string,
): OptionSpec {
  return { ...named(key, short, help, group), kind: "optional", value: word };
}
