/** Which node is preferred (spec/scheduler-2 sections 2.3 and 15.2). */
import { compareBytes, mergeSort } from "../../base/collections.ts";
import { INFINITY } from "../../base/score.ts";
import type { NodeTable } from "../../status/node-table.ts";
import type { Book, Node } from "../board.ts";
import { isUsable } from "./tables.ts";

/** Negative when a has more free capacity: attributes are counted, not amounts. */
export function compareCapacity(a: Node, b: Node): number {
  let result = 0;
  const one = (x: number, y: number): void => {
    if (x > y) result--;
    else if (x < y) result++;
  };
  for (const [name, value] of a.capacity) one(value, b.capacity.get(name) ?? 0);
  for (const [name, value] of b.capacity) if (!a.capacity.has(name)) one(0, value);
  return result;
}

/** Negative when a is the better node; a proper order, as names differ. */
function nodeComparator(
  book: Book,
  table: NodeTable,
  preferred: Node | undefined,
): (a: Node, b: Node) => number {
  const { placementStrategy } = book.options;
  const effective = (node: Node): number => (isUsable(node) ? table.score(node.index) : -INFINITY);
  return (a, b) => {
    const score = effective(b) - effective(a);
    if (score !== 0) return score;
    if (placementStrategy !== "minimal") {
      if (placementStrategy === "balanced") {
        const capacity = compareCapacity(a, b);
        if (capacity !== 0) return capacity;
      }
      const count = a.assignedCount - b.assignedCount;
      if (count !== 0) return count;
      if (a === preferred) return -1;
      if (b === preferred) return 1;
    }
    return compareBytes(a.name, b.name);
  };
}

/** The table's nodes, best first. `preferred` (the current node) wins among equals. */
export function sortNodes(book: Book, table: NodeTable, preferred: Node | undefined): Node[] {
  const nodes = book.nodes.filter((node) => table.has(node.index));
  return mergeSort(nodes, nodeComparator(book, table, preferred));
}

/** The first of `sortNodes`, without sorting. */
export function firstNode(
  book: Book,
  table: NodeTable,
  preferred: Node | undefined,
): Node | undefined {
  const compare = nodeComparator(book, table, preferred);
  let best: Node | undefined;
  for (const node of book.nodes) {
    if (!table.has(node.index)) continue;
    if (best === undefined || compare(node, best) < 0) best = node;
  }
  return best;
}
