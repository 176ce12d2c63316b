/**
 * The interactive shell: readline with prompts, history in a file, TAB completion (spec/crm-interactive.md). Ctrl-R searches
 * the history backwards, as readline of Node and Bun has no such search.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { LineJoiner } from "../../lib/crm/language/lexer.ts";
import { complete } from "../../lib/crm/levels/complete.ts";
import type { Shell, Terminal } from "../../lib/crm/levels/shell.ts";
import { HistorySearch } from "./history-search.ts";

/** Lines kept in the history file. */
const HISTORY_LINES = 1000;

/** A terminal that asks its questions on the same readline. */
export class ReadlineTerminal implements Terminal {
  readonly columns: number;
  readline: Interface | undefined;

  constructor(columns: number) {
    this.columns = columns;
  }

  out(text: string): void {
    process.stdout.write(text);
  }

  err(text: string): void {
    process.stderr.write(text);
  }

  readonly confirm = async (question: string): Promise<boolean> => {
    // After Ctrl-D the shell's own readline is closed; the last question gets one of its own.
    const last =
      this.readline === undefined ? createInterface(process.stdin, process.stdout) : undefined;
    const line = await ask(this.readline ?? last, question);
    last?.close();
    return /^y(es)?$/i.test(line?.trim() ?? "");
  };
}

/** One line; undefined at the end of input. */
function ask(readline: Interface | undefined, prompt: string): Promise<string | undefined> {
  if (readline === undefined) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const closed = () => resolve(undefined);
    readline.once("close", closed);
    readline.question(prompt, (line) => {
      readline.off("close", closed);
      resolve(line);
    });
  });
}

function readHistory(path: string): string[] {
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .filter((l) => l !== "")
      .slice(-HISTORY_LINES)
      .reverse();
  } catch {
    return [];
  }
}

function historyPath(env: Readonly<Record<string, string | undefined>>): string {
  const cache = env["XDG_CACHE_HOME"] ?? `${env["HOME"] ?? "/root"}/.cache`;
  return `${cache}/crm/history`;
}

/** Keeps the file: every line is added when it was typed, and the file is shortened at the start. */
function openHistory(path: string, lines: readonly string[]): (line: string) => void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    if (existsSync(path))
      writeFileSync(
        path,
        lines
          .toReversed()
          .map((l) => `${l}\n`)
          .join(""),
        { mode: 0o600 },
      );
  } catch {
    return () => {};
  }
  return (line) => {
    try {
      appendFileSync(path, `${line}\n`, { mode: 0o600 });
    } catch {
      // A history that cannot be written is no reason to stop.
    }
  };
}

/** Readline wants whole candidates; one that needs more after it (`name=`, `class:`) gets no blank. */
function completer(shell: Shell, readline: () => Interface | undefined) {
  return (line: string, done: (error: Error | null, result: [string[], string]) => void) => {
    complete(shell, line).then(
      ({ word, candidates, help }) => {
        if (help !== undefined) {
          process.stdout.write(`\n${help}\n`);
          readline()?.prompt(true);
        }
        const only = candidates.length === 1 ? candidates[0] : undefined;
        const closed = only !== undefined && !/[=:]$/.test(only) ? [`${only} `] : [...candidates];
        done(null, [closed, word]);
      },
      // A completion that fails (no cluster) completes nothing.
      () => done(null, [[], ""]),
    );
  };
}

/** Reads and runs lines until quit or the end of input. */
export async function interact(shell: Shell, terminal: ReadlineTerminal): Promise<void> {
  const path = historyPath(process.env);
  const history = readHistory(path);
  const remember = openHistory(path, history);
  let readline: Interface | undefined;
  readline = createInterface({
    input: process.stdin,
    output: process.stdout,
    completer: completer(shell, () => readline),
    history: [...history],
    historySize: HISTORY_LINES,
    removeHistoryDuplicates: true,
    terminal: true,
  });
  terminal.readline = readline;
  readline.once("close", () => {
    terminal.readline = undefined;
  });
  const search = new HistorySearch(readline, process.stdout, () => [...history]);
  search.attach();
  const joiner = new LineJoiner();
  readline.on("SIGINT", () => {
    joiner.reset();
    process.stdout.write("^C\n");
    // The typed line is dropped, wherever the cursor stands in it.
    if (readline !== undefined) Object.assign(readline, { line: "", cursor: 0 });
    readline?.setPrompt(shell.prompt());
    readline?.prompt();
  });
  while (!shell.finished) {
    const line = await ask(readline, joiner.open ? "> " : shell.prompt());
    if (line === undefined) {
      process.stdout.write("\n");
      break;
    }
    if (line.trim() !== "") {
      history.unshift(line);
      remember(line);
    }
    const joined = joiner.take(line);
    if (typeof joined === "object") await shell.runLine(joined.text);
  }
  await shell.leaveAll();
  terminal.out("bye\n");
  readline.close();
}
