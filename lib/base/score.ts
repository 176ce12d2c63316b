/** Scores with saturation: INFINITY is 1,000,000 and minus infinity wins over plus (spec/scheduler-2, scores). */

export type Score = number;

export const INFINITY: Score = 1_000_000;

/** a + b, where −INFINITY beats everything and INFINITY beats every finite value. */
export function addScores(a: Score, b: Score): Score {
  if (a <= -INFINITY || b <= -INFINITY) return -INFINITY;
  if (a >= INFINITY || b >= INFINITY) return INFINITY;
  return Math.max(-INFINITY, Math.min(INFINITY, a + b));
}

/** The words of the traditional tools: INFINITY, -INFINITY or the number. */
export function scoreText(score: Score): string {
  if (score >= INFINITY) return "INFINITY";
  if (score <= -INFINITY) return "-INFINITY";
  return String(score);
}

/** Reads INFINITY, +INFINITY, -INFINITY or a whole number; undefined when the text is no score. */
export function parseScore(text: string): Score | undefined {
  const word = text.trim();
  if (/^\+?(INFINITY|infinity|inf)$/.test(word)) return INFINITY;
  if (/^-(INFINITY|infinity|inf)$/.test(word)) return -INFINITY;
  if (!/^[+-]?\d+/.test(word)) return undefined;
  const value = Number.parseInt(word, 10);
  return Math.max(-INFINITY, Math.min(INFINITY, value));
}
