/** Node health as location constraints (spec/scheduler-1 section A.9, spec/scheduler-2 section 4.6). */
import { addScores, parseScore, type Score } from "../../base/score.ts";
import { Discovery } from "../../status/node-table.ts";
import { isTruthy } from "../../status/options.ts";
import { Role } from "../../status/roles.ts";
import type { Book, Node } from "../board.ts";

/** Value of one health attribute: a word of the strategy or a score. */
function healthValue(book: Book, text: string): Score {
  switch (text.toLowerCase()) {
    case "red":
      return book.options.healthRed;
    case "yellow":
      return book.options.healthYellow;
    case "green":
      return book.options.healthGreen;
    default:
      return parseScore(text) ?? 0;
  }
}

/** Sum of a node's health attributes and the strategy's base. */
export function nodeHealth(book: Book, node: Node): Score {
  let total = book.options.healthBase;
  for (const [name, value] of node.attributes) {
    if (name.startsWith("#health")) total = addScores(total, healthValue(book, value));
  }
  return total;
}

export function addHealthLocations(book: Book): void {
  const strategy = book.options.healthStrategy;
  if (strategy === "none") return;
  for (const node of book.nodes) {
    const score = nodeHealth(book, node);
    if (score === 0) continue;
    for (const rsc of book.resources) {
      if (score < 0 && isTruthy(rsc.meta.get("allow-unhealthy-nodes"))) continue;
      const location = {
        id: strategy,
        rsc,
        role: Role.unknown,
        discovery: Discovery.always,
        nodes: [{ node, score }],
      };
      book.locations.push(location);
      rsc.locations.push(location);
    }
  }
}
