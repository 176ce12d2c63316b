/**
 * crm: one command (`crm configure show`), a script (`-f FILE`, stdin) or the interactive shell over lib/crm
 * (spec/crm-interactive.md: command line, exit codes and streams).
 */

import { CrmError } from "../../lib/base/error.ts";
import { Exit } from "../../lib/base/exit.ts";
import { defineTool, type Session, type ToolResult } from "../../lib/cli/tool.ts";
import { commandLines } from "../../lib/crm/language/lexer.ts";
import {
  type Level,
  Shell,
  type ShellSwitches,
  type Terminal,
} from "../../lib/crm/levels/shell.ts";
import { top } from "../../lib/crm/levels/top.ts";
import { optionsPath } from "../../lib/crm/options.ts";
import type { Ports } from "../../lib/crm/ports.ts";
import { isTerminal } from "../../lib/runtime/terminal.ts";
import { VERSION } from "../version.ts";
import { openPorts } from "./ports.ts";

const USAGE = `Usage: crm [-h|--help] [--version] [-d] [-F] [-w] [-f FILE] [-c CIB]
           [-D plain|color|uppercase] [COMMAND ...]

Without a command, or with a level's name alone: the shell, interactive on a terminal, else a script from stdin.

  -f, --file FILE      run the commands of FILE ("-": stdin)
  -c, --cib CIB        work on a shadow CIB
  -D, --display TYPE   plain, color or uppercase
  -F, --force          answer yes, commit despite errors
  -w, --wait           wait for the cluster after each change
  -d, --debug          accepted for compatibility
  -H, --history SRC    accepted for compatibility
  -h, --help           this text
      --version        the version

Examples:
  crm status
  crm configure primitive webip IPaddr params ip=172.25.12.200 op monitor interval=10s
  crm resource stop webip
`;

interface CommandLine {
  readonly file?: string;
  readonly cib?: string;
  readonly switches: ShellSwitches;
  readonly words: readonly string[];
  /** What is wrong with the switches but stops nothing. */
  readonly warnings: string;
}

const DISPLAYS = ["plain", "color", "uppercase"] as const;

/** Reads switches up to the first word that is none; the rest is the command. A ToolResult ends at once. */
function readCommandLine(args: readonly string[]): CommandLine | ToolResult {
  let [file, cib]: (string | undefined)[] = [];
  let display: ShellSwitches["display"] = "color";
  let [force, wait] = [false, false];
  let warnings = "";
  let at = 0;
  for (; at < args.length && (args[at] ?? "").startsWith("-"); at++) {
    const [name = "", attached] = splitSwitch(args[at] ?? "");
    const value = () => attached ?? args[++at] ?? "";
    if (name === "-h" || name === "--help") return { exit: Exit.ok, out: USAGE };
    if (name === "--version") return { exit: Exit.ok, out: `crm (Quorate) ${VERSION}\n` };
    if (name === "-F" || name === "--force") force = true;
    else if (name === "-w" || name === "--wait") wait = true;
    else if (name === "-f" || name === "--file") file = value();
    else if (name === "-c" || name === "--cib") cib = value();
    else if (name === "-D" || name === "--display") {
      const word = value();
      const known = DISPLAYS.find((d) => d === word);
      if (known !== undefined) display = known;
      else warnings += `ERROR: ${word} not valid (choose one from ${DISPLAYS.join(",")})\n`;
    } else if (name === "-H" || name === "--history" || name === "-X" || name === "--profile")
      value();
    else if (!["-d", "--debug", "-R", "--regression-tests"].includes(name)) {
      return { exit: Exit.error, err: `option ${name} not recognized\n${USAGE}` };
    }
  }
  return {
    ...(file === undefined ? {} : { file }),
    ...(cib === undefined ? {} : { cib }),
    switches: { force, wait, display },
    words: args.slice(at),
    warnings,
  };
}

/** `--file=x` → `--file`, `x`; `-fx` stays one word with its value. */
function splitSwitch(word: string): readonly [string, string | undefined] {
  const long = /^(--[\w-]+)=(.*)$/s.exec(word);
  if (long) return [long[1] ?? "", long[2]];
  const short = /^(-[fcDHX])(.+)$/s.exec(word);
  return short && !word.startsWith("--") ? [short[1] ?? "", short[2]] : [word, undefined];
}

/** Preferences from the rc file; a broken one is told and passed over. */
async function readPreferences(shell: Shell, session: Session): Promise<void> {
  const path = optionsPath(session.env);
  if (!session.exists(path)) return;
  shell.readingPreferences = true;
  for (const { text } of commandLines(await shell.ports.host.readText(path))) {
    await shell.runLine(text);
  }
  await shell.leaveAll();
  shell.readingPreferences = false;
}

async function runScript(shell: Shell, text: string): Promise<boolean> {
  let ok = true;
  for (const { text: command, line } of commandLines(text)) {
    shell.line = line;
    ok = (await shell.runLine(command)) && ok;
    if (shell.finished) return ok;
  }
  return (await shell.leaveAll()) && ok;
}

/** The levels that a command line may enter; `crm status` enters none, and starts sooner without the language. */
async function levelsFor(
  line: CommandLine,
  session: Session,
): Promise<Readonly<Record<string, Level>>> {
  const stays = line.file === undefined && line.words[0] === "status";
  if (stays && !session.exists(optionsPath(session.env))) return { top };
  return (await import("../../lib/crm/levels/levels.ts")).levels;
}

async function work(line: CommandLine, session: Session, ports: Ports): Promise<ToolResult> {
  const typed = line.file === undefined && line.words.length === 0 && isTerminal("stdin");
  const levels = await levelsFor(line, session);
  // A single level as the command opens the shell in it, for what is typed or for a script on stdin.
  const level = line.words.length === 1 ? levels[entered(line.words)] : undefined;
  const enters = level !== undefined && isTerminal("stdin");
  const columns = session.columns ?? 80;
  const plain: Terminal = {
    out: (text) => session.print(text),
    err: (text) => session.warn(text),
    columns,
  };
  const terminal = typed || enters ? await import("./terminal.ts") : undefined;
  const interactive = terminal === undefined ? undefined : new terminal.ReadlineTerminal(columns);
  const shell = new Shell(levels, ports, interactive ?? plain, line.switches);
  await readPreferences(shell, session);
  if (line.cib !== undefined) await ports.shadow.use(line.cib === "live" ? undefined : line.cib);
  if (terminal !== undefined && interactive !== undefined) {
    if (enters && !(await shell.run([entered(line.words)]))) return { exit: Exit.error };
    await terminal.interact(shell, interactive);
    return { exit: Exit.ok };
  }
  if (line.file !== undefined) {
    let text: string;
    try {
      text = await ports.host.readText(line.file);
    } catch (error) {
      if (!(error instanceof CrmError)) throw error;
      return { exit: Exit.invalidParameter, err: `ERROR: ${error.message}\n` };
    }
    return exitOf(shell, await runScript(shell, text));
  }
  if (line.words.length === 0 || level !== undefined) {
    if (level !== undefined && !(await shell.run([entered(line.words)])))
      return exitOf(shell, false);
    const script = new TextDecoder().decode(await session.readStdin());
    return exitOf(shell, await runScript(shell, script));
  }
  const ok = await shell.run(line.words);
  return exitOf(shell, (await shell.leaveAll()) && ok);
}

/** Success needs every line done and everything written that should have been. */
function exitOf(shell: Shell, ok: boolean): ToolResult {
  return { exit: ok && !shell.writeFailed ? Exit.ok : Exit.error };
}

/** `crm conf` means configure. */
function entered(words: readonly string[]): string {
  const word = words[0] ?? "";
  return word.startsWith("conf") ? "configure" : word;
}

export default defineTool({
  name: "crm",
  summary: "the cluster shell",
  usage: "[OPTION...] [COMMAND...]",
  options: [],
  parsing: "pass",
  run: async (options, session) => {
    const line = readCommandLine(options.positionals);
    if ("exit" in line) return line;
    if (line.warnings !== "") session.warn(line.warnings);
    return await work(line, session, openPorts(session));
  },
});
