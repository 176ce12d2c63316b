/**
 * The shell without a terminal: the stack of levels, how a line finds its command, what is printed where
 * (spec/crm-commands.md section 0, crm-interactive.md). Levels are given to it as a table; cmd/crm feeds it lines.
 */
import { CrmError } from "../../base/error.ts";
import { helpLevel, helpTopic } from "../help.ts";
import { splitWords } from "../language/lexer.ts";
import { LanguageError } from "../language/syntax.ts";
import type { Message } from "../message.ts";
import { defaultOptions, type UserOptions } from "../options.ts";
import type { Ports } from "../ports.ts";
import { isChanged, openCopy, type WorkingCopy } from "../working-copy.ts";

/** One command of a level. */
export interface Command {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** The line in the level's help. */
  readonly summary: string;
  /** After `usage: NAME `. */
  readonly usage: string;
  readonly min: number;
  readonly max: number;
  /** More for `help NAME`. */
  readonly help?: string;
  /** Understood, but not listed or offered. */
  readonly hidden?: boolean;
  /** False when something went wrong, which was said. */
  run(shell: Shell, words: readonly string[]): Promise<boolean>;
  /** What may stand where the last of `words` is being typed. */
  complete?(shell: Shell, words: readonly string[]): Promise<readonly string[]>;
}

export interface Level {
  readonly name: string;
  /** One sentence for the top of the help. */
  readonly title: string;
  /** Word and summary of each level below, with the place in the help: before the command of this name, or at the end. */
  readonly below: readonly {
    readonly name: string;
    readonly summary: string;
    readonly before?: string;
  }[];
  readonly commands: readonly Command[];
  enter?(shell: Shell): Promise<boolean>;
  /** Before the level is left; false keeps a person in it. */
  leave?(shell: Shell): Promise<boolean>;
}

/** Where the shell speaks to. `confirm` is undefined when nobody can be asked. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  readonly confirm?: (question: string) => Promise<boolean>;
  /** Columns for lists. */
  readonly columns: number;
}

/** Switches of the command line. */
export interface ShellSwitches {
  readonly force: boolean;
  readonly wait: boolean;
  /** Keywords in upper case. */
  readonly display: "plain" | "color" | "uppercase";
}

const UP = new Set(["end", "cd", "up"]);
const QUIT = new Set(["quit", "bye", "exit"]);

export class Shell {
  readonly ports: Ports;
  readonly terminal: Terminal;
  readonly switches: ShellSwitches;
  options: UserOptions = defaultOptions;
  /** True while the preferences' file is read. */
  readingPreferences = false;
  /** Line number put before messages; undefined when a person types or one command was given. */
  line: number | undefined;
  /** True once changes were lost: the program must not end with success then. */
  writeFailed = false;
  /** True once quit was said. */
  finished = false;
  /** The working copy while `configure` is open. */
  copy: WorkingCopy | undefined;
  private readonly levels: Readonly<Record<string, Level>>;
  private readonly stack: Level[];

  constructor(
    levels: Readonly<Record<string, Level>>,
    ports: Ports,
    terminal: Terminal,
    switches: ShellSwitches,
  ) {
    this.levels = levels;
    this.ports = ports;
    this.terminal = terminal;
    this.switches = switches;
    this.stack = [this.levelNamed("top")];
  }

  get interactive(): boolean {
    return this.terminal.confirm !== undefined;
  }

  /** The innermost level. */
  get level(): Level {
    return this.stack.at(-1) as Level;
  }

  levelNamed(name: string): Level {
    const level = this.levels[name];
    if (level === undefined) throw new CrmError(`no such level: ${name}`);
    return level;
  }

  /** `crm(live)configure# `. */
  prompt(): string {
    const path = this.stack.slice(1).map((l) => l.name.replace(/^.*\./, ""));
    return `crm(${this.ports.cib.name})${path.join(" ")}# `;
  }

  /** The configuration being edited, read when there is none yet; read again while nothing was changed. */
  async workingCopy(): Promise<WorkingCopy> {
    if (this.copy === undefined || !isChanged(this.copy)) {
      this.copy = openCopy(await this.ports.cib.query());
    }
    return this.copy;
  }

  /** Asks a person; the switch -F answers yes, without a person the answer is `otherwise`. */
  async confirm(question: string, otherwise: boolean): Promise<boolean> {
    if (this.switches.force) return true;
    return this.terminal.confirm === undefined ? otherwise : await this.terminal.confirm(question);
  }

  say(text: string): void {
    this.terminal.out(text === "" || text.endsWith("\n") ? text : `${text}\n`);
  }

  error(text: string): void {
    this.message("ERROR", text);
  }

  warn(text: string): void {
    this.message("WARNING", text);
  }

  info(text: string): void {
    this.message("INFO", text);
  }

  tell(messages: readonly Message[]): void {
    for (const { level, text } of messages) this.message(level.toUpperCase(), text);
  }

  private message(level: string, text: string): void {
    const number = this.line === undefined ? "" : `${this.line}: `;
    this.terminal.err(`${level}: ${number}${text}\n`);
  }

  usage(command: Command): false {
    this.terminal.err(`usage: ${command.name} ${command.usage}`.trimEnd().concat("\n"));
    return false;
  }

  /** Runs one line. False when it failed, which was said. */
  async runLine(text: string): Promise<boolean> {
    let words: readonly string[];
    try {
      words = splitWords(text);
    } catch (error) {
      return this.failed(error);
    }
    return words.length === 0 ? true : await this.run(words);
  }

  /** Runs one command given as words. */
  async run(words: readonly string[]): Promise<boolean> {
    try {
      return await this.dispatch(words);
    } catch (error) {
      return this.failed(error);
    }
  }

  /** Leaves all levels, as at the end of input. A level that cannot be left in order (no cluster) is left all the same. */
  async leaveAll(): Promise<boolean> {
    let ok = true;
    while (this.stack.length > 1) {
      const before = this.stack.length;
      ok = (await this.run(["up"])) && ok;
      if (this.stack.length === before) {
        this.stack.pop();
        ok = false;
      }
    }
    return ok;
  }

  private failed(error: unknown): false {
    if (error instanceof LanguageError) for (const line of error.lines) this.error(line);
    else if (error instanceof CrmError) this.error(error.message);
    // Errors of the connection come from a higher shelf; their name is their contract.
    else if (error instanceof Error && error.name === "IpcError") {
      this.error(`could not reach the cluster (does it run on this host?): ${error.message}`);
    } else if (this.interactive) {
      // A fault of ours must not take a person's uncommitted work with it.
      this.error(`internal error: ${error instanceof Error ? error.message : String(error)}`);
    } else throw error;
    return false;
  }

  private async dispatch(words: readonly string[]): Promise<boolean> {
    const [typed, ...rest] = words;
    if (typed === undefined) return true;
    const level = this.level;
    const named = (name: string) =>
      level.commands.find((c) => c.name === name || c.aliases?.includes(name));
    const word =
      this.copy !== undefined && named(typed) === undefined
        ? await lowered(typed, this.copy)
        : typed;
    const command = named(word);
    if (command !== undefined) {
      if (rest.length < command.min || rest.length > command.max) return this.usage(command);
      return await command.run(this, rest);
    }
    if (level.below.some((b) => b.name === word)) return await this.descend(word, rest);
    if (word === "help" || word === "?") return this.help(rest);
    if (QUIT.has(word)) return await this.quit();
    if (UP.has(word)) return await this.up(rest[0]);
    this.error(`syntax: ${words.join(" ")}`);
    return false;
  }

  /** Enters the level; with more words it runs them there and returns. */
  private async descend(word: string, rest: readonly string[]): Promise<boolean> {
    const name = this.level.name === "top" ? word : `${this.level.name}.${word}`;
    const level = this.levels[name] ?? this.levelNamed(word);
    if (level.enter !== undefined && !(await level.enter(this))) return false;
    this.stack.push(level);
    if (rest.length === 0) return true;
    const depth = this.stack.length;
    const ok = await this.run(rest);
    while (this.stack.length >= depth) {
      const before = this.stack.length;
      await this.up(undefined);
      if (this.stack.length === before) break;
    }
    return ok;
  }

  private async up(path: string | undefined): Promise<boolean> {
    if (path !== undefined && path !== "..") {
      const [first, ...others] = path.split("/").filter((p) => p !== "" && p !== ".");
      if (path.startsWith("/")) await this.toTop();
      else if (first === "..") await this.up(undefined);
      const steps = path.startsWith("/") || first !== ".." ? [first ?? "", ...others] : others;
      let ok = true;
      for (const step of steps.filter((s) => s !== "")) {
        ok = ok && (step === ".." ? await this.up(undefined) : await this.descend(step, []));
      }
      return ok;
    }
    const level = this.level;
    if (this.stack.length === 1) return true;
    if (level.leave !== undefined && !(await level.leave(this))) return false;
    this.stack.pop();
    return true;
  }

  private async toTop(): Promise<void> {
    for (let depth = this.stack.length; depth > 1; depth--) await this.up(undefined);
  }

  private async quit(): Promise<boolean> {
    await this.toTop();
    if (this.stack.length > 1) return true;
    this.finished = true;
    return true;
  }

  private help(words: readonly string[]): boolean {
    const topic = words[0];
    if (topic === undefined) {
      this.say(helpLevel(this.level));
      return true;
    }
    const text = helpTopic(topic, this.level, this.levels);
    if (text === undefined) {
      this.error(`no help on ${topic}; "help topics" lists what there is`);
      return false;
    }
    this.say(text);
    return true;
  }
}

/** A keyword in capitals, where the CIB's schema is one that newer shells work on. Only here the language is needed. */
async function lowered(word: string, copy: WorkingCopy): Promise<string> {
  const { schemaOf } = await import("../objects.ts");
  if (schemaOf(copy.root) < 2) return word;
  const { lowerKeywords } = await import("../language/keywords.ts");
  return lowerKeywords([word])[0] ?? word;
}
