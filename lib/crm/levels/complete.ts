/** TAB: what may stand at the end of a line (crm-interactive.md, TAB completion). */
import { parameterHelp } from "../agent-page.ts";
import { findObject } from "../objects.ts";
import { settingHelp } from "../words.ts";
import { agentOf } from "./checks.ts";
import type { Shell } from "./shell.ts";

/** Candidates for the last word, and that word as typed. */
export interface Completion {
  readonly word: string;
  readonly candidates: readonly string[];
  /** Help to print above the line, for `name=`. */
  readonly help?: string;
}

const COMMON = ["help", "?", "end", "cd", "up", "quit", "bye", "exit"];

/** Completes a line as far as it is typed; the word after the last blank is what is completed. */
export async function complete(shell: Shell, line: string): Promise<Completion> {
  const typed = line.replaceAll("\t", " ").trimStart().split(/\s+/);
  const word = typed.at(-1) ?? "";
  let words = typed.filter((w) => w !== "");
  if (word === "") words = [...words, ""];
  let level = shell.level;
  // A level's name in front of a command: `configure primitive …` at the top.
  while (words.length > 1 && level.below.some((b) => b.name === words[0])) {
    level = shell.levelNamed(words[0] ?? "");
    words = words.slice(1);
  }
  if (words.length <= 1) {
    const commands = level.commands.filter((c) => c.hidden !== true);
    const names = [
      ...commands.flatMap((c) => [c.name, ...(c.aliases ?? [])]),
      ...level.below.map((b) => b.name),
      ...COMMON,
    ];
    return pick(word, names);
  }
  const command = level.commands.find(
    (c) => c.name === words[0] || c.aliases?.includes(words[0] ?? ""),
  );
  if (words[0] === "help" || words[0] === "?") {
    return pick(word, ["topics", ...level.commands.map((c) => c.name)]);
  }
  if (command?.complete === undefined) return { word, candidates: [] };
  const help = word.endsWith("=") ? await helpOf(shell, words) : undefined;
  if (help !== undefined) return { word, candidates: [], help };
  return pick(word, await command.complete(shell, words.slice(1)));
}

function pick(word: string, names: readonly string[]): Completion {
  const candidates = [...new Set(names)].filter((n) => n.startsWith(word));
  return { word, candidates };
}

/** The help of a parameter whose `name=` was just typed. */
async function helpOf(shell: Shell, words: readonly string[]): Promise<string | undefined> {
  const name = (words.at(-1) ?? "").slice(0, -1);
  const inMeta = words.slice(0, -1).findLast((w) => w === "params" || w === "meta") === "meta";
  if (["property", "rsc_defaults"].includes(words[0] ?? "") || inMeta) return settingHelp(name);
  if (words[0] !== "primitive" && words[0] !== "rsc_template") return undefined;
  const parts = (words[2] ?? "").split(":");
  const type = parts.at(-1) ?? "";
  const provider = parts.length === 3 ? parts[1] : shell.ports.agents.providersOf(type)[0];
  const standard = parts.length > 1 ? (parts[0] ?? "ocf") : "ocf";
  const known = findObject((await shell.workingCopy()).root, words[1] ?? "")?.element;
  const agent =
    known === undefined
      ? { standard, provider: standard === "ocf" ? provider : undefined, type }
      : agentOf((await shell.workingCopy()).root, known);
  const info = agent === undefined ? undefined : await shell.ports.agents.info(agent);
  const parameter = info?.parameters.find((p) => p.name === name);
  return parameter === undefined ? undefined : parameterHelp(parameter);
}
