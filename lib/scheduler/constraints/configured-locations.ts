/** Location constraints as they count for a status: rules evaluated, patterns and sets expanded (spec/scheduler-1 D.10). */
import type { Score } from "../../base/score.ts";
import type { ClusterStatus } from "../../status/state.ts";
import { attr } from "../../xml/node.ts";
import { openBook } from "../open-book.ts";
import { variants } from "../variant/variants.ts";
import { unpackLocation } from "./location.ts";

/** What one constraint, or one of its rules, says of one resource. */
export interface ConfiguredLocation {
  /** The constraint's, or the rule's. */
  readonly id: string;
  /** As configured. */
  readonly resource: string;
  readonly nodes: readonly { readonly node: string; readonly score: Score }[];
}

/** All location constraints in document order. */
export function configuredLocations(status: ClusterStatus): readonly ConfiguredLocation[] {
  const book = openBook(status, {}, variants);
  for (const constraint of status.cib.constraints) {
    if (constraint.kind === "location") unpackLocation(book, constraint);
  }
  return book.locations.map(({ id, rule, rsc, nodes }) => ({
    id: (rule === undefined ? undefined : attr(rule, "id")) ?? id,
    resource: rsc.config.id,
    nodes: nodes.map(({ node, score }) => ({ node: node.name, score })),
  }));
}
