/** Which resource is assigned when (spec/scheduler-2 sections 1.7 and 2.2). */
import { mergeSort } from "../../base/collections.ts";
import { INFINITY } from "../../base/score.ts";
import type { NodeTable } from "../../status/node-table.ts";
import { currentNode } from "../../status/tree.ts";
import type { Book, Node, Rsc } from "../board.ts";
import { sortNodes } from "./compare-nodes.ts";
import { previewScores } from "./merge.ts";
import { noteCapacities } from "./utilization.ts";

function scoreOn(table: NodeTable, node: Node | undefined): number {
  if (node === undefined || !table.has(node.index)) return -INFINITY;
  return table.score(node.index);
}

/** Every node with its base score. */
function baseTable(book: Book, like: NodeTable): NodeTable {
  const table = like.copy();
  for (const node of book.nodesByIndex) table.set(node.index, node.baseScore);
  return table;
}

/** With a strategy other than the default, what is harder to please comes first. */
function sortForPlacement(book: Book): void {
  if (book.options.placementStrategy === "default") return;
  const previews = new Map<Rsc, NodeTable>();
  const preview = (rsc: Rsc): NodeTable => {
    let known = previews.get(rsc);
    if (known === undefined) {
      known = previewScores(book, rsc);
      previews.set(rsc, known);
    }
    return known;
  };
  const first = book.resources[0];
  if (first === undefined) return;
  const nodes = sortNodes(book, baseTable(book, first.allowed), undefined);
  book.resources = mergeSort(book.resources, (a, b) => {
    if (a.priority !== b.priority) return b.priority - a.priority;
    if (nodes.length === 0) return 0;
    const left = preview(a);
    const right = preview(b);
    const own = scoreOn(right, currentNode<Node>(b)) - scoreOn(left, currentNode<Node>(a));
    if (own !== 0) return own;
    for (const node of nodes) {
      const difference = scoreOn(right, node) - scoreOn(left, node);
      if (difference !== 0) return difference;
    }
    return 0;
  });
}

export function assignResources(book: Book): void {
  sortForPlacement(book);
  noteCapacities(book, "Original");
  if (book.hasRemoteNodes) {
    for (const rsc of book.resources) {
      if (rsc.remoteConnection) book.kind(rsc).assign(book, rsc, rsc.partialTarget, true);
    }
  }
  for (const rsc of book.resources) {
    if (!rsc.remoteConnection) book.kind(rsc).assign(book, rsc, undefined, true);
  }
  noteCapacities(book, "Remaining");
}
