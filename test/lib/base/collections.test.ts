/** Name order and the sorts whose ties are a contract. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  compareBytes,
  compareNames,
  insertSorted,
  mergeSort,
} from "../../../lib/base/collections.ts";

test("names: numbers count as numbers, letters without case, a prefix first", () => {
  const sorted = ["node10", "Node2", "node2a", "node", "node02", "alpha"].sort(compareNames);
  expect(sorted).toEqual(["alpha", "node", "Node2", "node2a", "node02", "node10"]);
});

test("mergeSort is stable and sorts as the host's sort does", () => {
  const pair = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.nat());
  fc.assert(
    fc.property(fc.array(pair), (items) => {
      const byFirst = (a: readonly [number, number], b: readonly [number, number]) => a[0] - b[0];
      expect(mergeSort(items, byFirst)).toEqual([...items].sort(byFirst));
    }),
  );
});

test("mergeSort splits after floor(n/2): visible with a comparator that is not transitive", () => {
  // Only 3 and 1, and 3 and 2, know their order; everything else is "equal".
  const rule = (a: string, b: string): number => {
    const order: Readonly<Record<string, number>> = { "3-1": -1, "1-3": 1, "3-2": -1, "2-3": 1 };
    return order[`${a}-${b}`] ?? 0;
  };
  expect(mergeSort(["0", "1", "2", "3", "4"], rule)).toEqual(["0", "3", "1", "2", "4"]);
});

test("insertSorted puts the newest of equals first", () => {
  const items: string[] = [];
  for (const word of ["b1", "a1", "b2"]) {
    insertSorted(items, word, (a, b) => compareBytes(a[0]!, b[0]!));
  }
  expect(items).toEqual(["a1", "b2", "b1"]);
});
