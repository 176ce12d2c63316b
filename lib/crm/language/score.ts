/** Scores as words: `inf:` and INFINITY, `mandatory:`/`advisory:`, kinds of orders (spec/crm-commands.md section 10). */

const ORDER_KINDS = ["Mandatory", "Optional", "Serialize"];
const SCORE_WORDS: Readonly<Record<string, string>> = { mandatory: "INFINITY", advisory: "0" };

/** The score a word means, as the CIB writes it; undefined when the word is no score. */
export function scoreOfWord(word: string): string | undefined {
  const named = SCORE_WORDS[word];
  if (named !== undefined) return named;
  const infinite = /^([+-]?)(inf|infinity|INF|INFINITY)$/.exec(word);
  if (infinite) return `${infinite[1]}INFINITY`;
  return /^[+-]?\d+$/.test(word) ? word : undefined;
}

/** The attribute of a constraint or rule for `word:` — a score, or else the node attribute that holds one. */
export function scoreAttr(word: string): readonly [name: string, value: string] {
  const score = scoreOfWord(word);
  return score === undefined ? ["score-attribute", word] : ["score", score];
}

/** Kind of an order by its name; `modern` accepts any case. */
export function orderKind(word: string, modern: boolean): string | undefined {
  return ORDER_KINDS.find((k) => (modern ? k.toLowerCase() === word.toLowerCase() : k === word));
}

/** The word for a stored score: INFINITY is shown as inf. */
export function scoreWord(score: string): string {
  return score.replace(/INFINITY$/i, "inf");
}
