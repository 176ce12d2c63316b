/** Prints the help of a tool from its table (HOUSE section 7): same layout for all, our own words. */
import { withCommonOptions } from "./options.ts";
import type { OptionSpec, Tool } from "./tool.ts";

const COLUMN = 34;
const WIDTH = 80;

function wrap(text: string, indent: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.join(`\n${" ".repeat(indent)}`);
}

function optionWords(option: OptionSpec): string {
  const value = option.value ?? "VALUE";
  const words = [
    ...(option.short ?? []).map((s) => `-${s}`),
    ...(option.long ?? []).map((l) => `--${l}`),
  ].join(", ");
  if (option.kind === "value" || option.kind === "list") {
    return option.long?.length ? `${words}=${value}` : `${words} ${value}`;
  }
  if (option.kind === "optional") return `${words}[=${value}]`;
  return words;
}

/** The whole help text of a tool, ending with a newline. */
export function helpText(tool: Tool): string {
  const groups = new Map<string, OptionSpec[]>();
  for (const option of withCommonOptions(tool.options)) {
    if (option.hidden) continue;
    const name = option.group ?? "Options";
    groups.set(name, [...(groups.get(name) ?? []), option]);
  }
  const parts = [`Usage: ${tool.name} ${tool.usage}`.trimEnd(), "", tool.summary];
  if (tool.description !== undefined) parts.push("", tool.description.trimEnd());
  for (const [name, options] of groups) {
    parts.push("", `${name}:`);
    for (const option of options) {
      const words = `  ${optionWords(option)}`;
      const text = wrap(option.help, COLUMN);
      if (words.length + 2 > COLUMN) parts.push(words, `${" ".repeat(COLUMN)}${text}`);
      else parts.push(`${words.padEnd(COLUMN)}${text}`);
    }
  }
  return `${parts.join("\n")}\n`;
}
