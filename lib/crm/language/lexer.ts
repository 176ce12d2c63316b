/**
 * Words and lines of the shell's language (spec/crm-commands.md section 10): POSIX-like splitting with quotes and
 * backslashes, and the joining of continued lines. It knows nothing about commands.
 *
 * `params ip=1.2.3.4 nic='eth0'` → ["params", "ip=1.2.3.4", "nic=eth0"]
 */
import { CrmError } from "../../base/error.ts";

/** One command as read: its text and the number (from 1) of the last physical line it came from. */
export interface SourceLine {
  readonly text: string;
  readonly line: number;
}

/**
 * Splits a line into words. Single quotes keep everything, double quotes let a backslash escape `"` and `\`, outside
 * quotes a backslash escapes any character. `#` is an ordinary character here.
 * @throws CrmError when a quote stays open.
 */
export function splitWords(line: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let i = 0; i < line.length; i++) {
    const c = line.charAt(i);
    if (quote === "'") {
      if (c === "'") quote = "";
      else word += c;
    } else if (quote === '"') {
      const next = line.charAt(i + 1);
      if (c === '"') quote = "";
      else if (c === "\\" && (next === '"' || next === "\\")) {
        word += next;
        i++;
      } else word += c;
    } else if (c === "'" || c === '"') {
      quote = c;
      word ??= "";
    } else if (c === "\\" && i + 1 < line.length) {
      word = (word ?? "") + line.charAt(++i);
    } else if (/\s/.test(c)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + c;
  }
  if (quote !== "") throw new CrmError("No closing quotation");
  if (word !== undefined) words.push(word);
  return words;
}

/** What a joiner says to one physical line: a whole command, nothing to do, or "read on". */
export type Joined = { readonly text: string } | "skip" | "more";

/** Joins continued lines: a trailing backslash goes, the next line is appended without its leading blanks. */
export class LineJoiner {
  private pending = "";

  /** True between a line that ended in a backslash and its end. */
  get open(): boolean {
    return this.pending !== "";
  }

  /** Drops an unfinished command (Ctrl-C). */
  reset(): void {
    this.pending = "";
  }

  /** Takes the next physical line. Blank lines and lines whose first sign is `#` are skipped outside a command. */
  take(physical: string): Joined {
    // The original's reader turns each tab into four blanks, also inside quotes.
    const line = physical.replaceAll("\t", "    ").replace(/\r$/, "");
    const piece = this.open ? line.trimStart() : line.trim() === "" ? "" : line.trimStart();
    if (!this.open && (piece === "" || piece.startsWith("#"))) return "skip";
    const trimmed = piece.trimEnd();
    if (trimmed.endsWith("\\")) {
      this.pending += trimmed.slice(0, -1);
      return "more";
    }
    const text = this.pending + trimmed;
    this.pending = "";
    return text.trim() === "" ? "skip" : { text };
  }
}

/** All commands of a text. A last line that ends in a backslash is dropped, as the original does. */
export function commandLines(text: string): readonly SourceLine[] {
  const joiner = new LineJoiner();
  const found: SourceLine[] = [];
  // What follows the last newline is no line.
  for (const [index, physical] of text.replace(/\n$/, "").split("\n").entries()) {
    const joined = joiner.take(physical);
    if (typeof joined === "object") found.push({ text: joined.text, line: index + 1 });
  }
  return found;
}
