/** "Did you mean …?": the nearest of the allowed words. */

/** Number of single-letter edits between two words. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + change));
    }
    row = next;
  }
  return row[b.length]!;
}

/** The allowed word nearest to `word`, when it is near enough to be meant. */
export function nearest(word: string, allowed: readonly string[]): string | undefined {
  const scored = allowed
    .map((candidate) => ({ candidate, edits: distance(word.toLowerCase(), candidate) }))
    .toSorted((a, b) => a.edits - b.edits);
  const best = scored[0];
  if (best === undefined || best.edits > Math.max(1, Math.floor(word.length / 3))) return undefined;
  return best.candidate;
}
