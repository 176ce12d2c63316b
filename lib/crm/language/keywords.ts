/** Keywords in capitals, as `-D uppercase` shows them, are understood by newer shells. */
import { kinds } from "./kinds.ts";

const KEYWORDS: ReadonlySet<string> = new Set([
  ..."params meta utilization attributes operations op op_params op_meta rule and or".split(" "),
  ...kinds.flatMap((k) => [k.word, ...(k.aliases ?? [])]),
]);

/** The words with keywords in small letters where they stand in capitals. */
export function lowerKeywords(words: readonly string[]): readonly string[] {
  return words.map((word) => {
    const lower = word.toLowerCase();
    return word === word.toUpperCase() && KEYWORDS.has(lower) ? lower : word;
  });
}

/** Keywords at the start of lines in capitals. */
export function upperKeywords(text: string): string {
  return text.replace(/^(\s*)([a-z_]+)/gm, (all, margin: string, word: string) =>
    KEYWORDS.has(word) ? margin + word.toUpperCase() : all,
  );
}
