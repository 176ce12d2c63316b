/**
 * Sorts whose ties are part of the contract (spec/scheduler-2 section 0.2) and the name order of nodes
 * (spec/outputs-and-tools section A4.6).
 */

export type Compare<T> = (a: T, b: T) => number;

const DIGITS = /^\d+/;

/**
 * Numeric-aware, case-insensitive name order: node2 < node10. Equal numbers: the shorter run of digits first.
 * A prefix sorts first. Negative, zero or positive like any comparator.
 */
export function compareNames(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const left = DIGITS.exec(a.slice(i))?.[0];
    const right = DIGITS.exec(b.slice(j))?.[0];
    if (left !== undefined && right !== undefined) {
      const difference = Number(left) - Number(right) || left.length - right.length;
      if (difference !== 0) return difference;
      i += left.length;
      j += right.length;
      continue;
    }
    const x = a[i]!.toLowerCase();
    const y = b[j]!.toLowerCase();
    if (x !== y) return x < y ? -1 : 1;
    i++;
    j++;
  }
  return a.length - i - (b.length - j);
}

/** Byte order of two texts (ASCII in practice): -1, 0 or 1. */
export function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/**
 * Merge sort that splits n items into the first floor(n/2) and the rest and takes the left item on ties. Comparators
 * that are not transitive make these split points visible, so the host's own sort would not do. Returns a new array.
 */
export function mergeSort<T>(items: readonly T[], compare: Compare<T>): T[] {
  const sorted = [...items];
  if (sorted.length > 1) sortRange(sorted, [...items], 0, sorted.length, compare);
  return sorted;
}

/** Sorts from..to of `items`; `spare` is room of the same length. */
function sortRange<T>(items: T[], spare: T[], from: number, to: number, compare: Compare<T>): void {
  if (to - from < 2) return;
  const middle = from + ((to - from) >> 1);
  sortRange(items, spare, from, middle, compare);
  sortRange(items, spare, middle, to, compare);
  for (let k = from; k < to; k++) spare[k] = items[k]!;
  let i = from;
  let j = middle;
  for (let k = from; k < to; k++) {
    const takeLeft = j >= to || (i < middle && compare(spare[i]!, spare[j]!) <= 0);
    items[k] = takeLeft ? spare[i++]! : spare[j++]!;
  }
}

/** Inserts before the first item that does not sort lower: equal items end up latest first. Changes `items`. */
export function insertSorted<T>(items: T[], added: T, compare: Compare<T>): void {
  let at = 0;
  while (at < items.length && compare(added, items[at]!) > 0) at++;
  items.splice(at, 0, added);
}
