/** corosync.conf as a tree of sections and entries, in the order of the file, each with its line. */
import { lexLines } from "./lexer.ts";

export interface Entry {
  readonly kind: "entry";
  readonly line: number;
  readonly key: string;
  readonly value: string;
  readonly comment: string;
}

export interface Section {
  readonly kind: "section";
  readonly line: number;
  readonly name: string;
  readonly children: readonly ConfNode[];
  readonly comment: string;
  readonly endComment: string;
}

/** A line with only a comment, or an empty one. */
export interface Remark {
  readonly kind: "remark";
  readonly line: number;
  readonly comment: string;
}

export type ConfNode = Entry | Section | Remark;

/** Something wrong (or, as a warning, doubtful) at a line. Line 0 means the file as a whole. */
export interface Problem {
  readonly line: number;
  readonly severity: "error" | "warning";
  readonly text: string;
}

export interface ConfTree {
  readonly children: readonly ConfNode[];
  readonly problems: readonly Problem[];
}

/** Nesting that any corosync.conf needs is three; more than this is refused. */
const DEPTH_MAX = 16;

interface OpenSection {
  readonly line: number;
  readonly name: string;
  readonly comment: string;
  readonly children: ConfNode[];
}

/** Reads a whole file. What is wrong becomes problems; the rest is in the tree nevertheless. */
export function parseConf(text: string): ConfTree {
  const problems: Problem[] = [];
  const root: ConfNode[] = [];
  const open: OpenSection[] = [];
  const error = (line: number, text: string) => problems.push({ line, severity: "error", text });
  const close = (endComment: string) => {
    const { line, name, comment, children } = open.pop()!;
    const parent = open.at(-1)?.children ?? root;
    parent.push({ kind: "section", line, name, comment, endComment, children });
  };
  for (const item of lexLines(text)) {
    const { line, comment } = item;
    const here = open.at(-1)?.children ?? root;
    switch (item.kind) {
      case "blank":
        here.push({ kind: "remark", line, comment });
        break;
      case "bad":
        error(line, item.text);
        break;
      case "entry":
        here.push({ kind: "entry", line, key: item.key, value: item.value, comment });
        break;
      case "open":
        if (open.length >= DEPTH_MAX) error(line, `sections are nested deeper than ${DEPTH_MAX}`);
        else open.push({ line, name: item.name, comment, children: [] });
        break;
      case "close":
        if (open.length === 0) error(line, "unexpected closing brace: no section is open");
        else close(comment);
        break;
    }
  }
  let unclosed = false;
  while (open.length > 0) {
    const { line, name } = open.at(-1)!;
    // After another error the braces do not tell much.
    if (problems.length === 0 || unclosed) {
      error(line, `missing closing brace: section ${name} that begins here is never closed`);
      unclosed = true;
    }
    close("");
  }
  return { children: root, problems };
}

export function sectionsOf(children: readonly ConfNode[], name: string): readonly Section[] {
  return children.filter((c): c is Section => c.kind === "section" && c.name === name);
}

/** The last entry of this key, which wins. */
export function entryOf(children: readonly ConfNode[], key: string): Entry | undefined {
  return children.findLast((c): c is Entry => c.kind === "entry" && c.key === key);
}
