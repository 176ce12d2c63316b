/** What every kind of configuration object answers: where it lives, how it reads and how it prints. */
import type { XmlElement } from "../../xml/node.ts";
import type { Draft, ParseContext, PrintContext } from "./syntax.ts";

/** Below `<configuration>`; "configuration" itself for the fencing topology. */
export type SectionName =
  | "crm_config"
  | "nodes"
  | "resources"
  | "constraints"
  | "rsc_defaults"
  | "op_defaults"
  | "fencing-topology"
  | "acls"
  | "tags"
  | "alerts";

export interface ObjectKind {
  /** The keyword, and the type word of messages and `show type:`. */
  readonly word: string;
  readonly aliases?: readonly string[];
  readonly elements: readonly string[];
  readonly section: SectionName;
  /** Fewest words after the keyword; fewer print the usage. */
  readonly minWords: number;
  /** After `usage: WORD `. */
  readonly usage: string;
  /** First schema that has this kind, if not all. */
  readonly since?: number;
  /** Reads the words after the keyword. @throws LanguageError */
  parse(words: readonly string[], context: ParseContext): Draft;
  /** Lines without continuation marks; the first starts with the keyword. */
  print(element: XmlElement, context: PrintContext): readonly string[];
}

/** `description=` in front of the sections of an object. */
export function takeDescription(words: {
  peek(): string | undefined;
  skip(): void;
}): string | undefined {
  const word = words.peek();
  if (word === undefined || !word.startsWith("description=")) return undefined;
  words.skip();
  return word.slice("description=".length);
}

/** The line of a description, if any. */
export function printDescription(element: XmlElement): readonly string[] {
  const text = element.attrs.get("description");
  return text === undefined ? [] : [`description="${text}"`];
}
