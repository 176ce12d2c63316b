/** Notes of node tables at the moments that score lines and explanations show (spec/scheduler-2 section 24). */
import type { Book, Note, Rsc } from "../board.ts";

/** Notes the table of a resource; with `withParts` those of its descendants too. Removed resources leave none. */
export function noteScores(book: Book, step: Note["step"], rsc: Rsc, withParts = false): void {
  if (book.settings.traceScores !== true || rsc.removed) return;
  for (const node of book.nodes) {
    if (!rsc.allowed.has(node.index)) continue;
    book.note({ step, resource: rsc.id, node: node.name, score: rsc.allowed.score(node.index) });
  }
  if (withParts) for (const c of rsc.children) noteScores(book, step, c, true);
}
