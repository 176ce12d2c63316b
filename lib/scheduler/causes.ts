/**
 * Why a node's score is what it is: each rule that changes a resource's table can be watched, and what it changed is kept
 * as a contribution (issue 3: explanations come from recorded traces, not from guesses afterwards).
 */
import type { Score } from "../base/score.ts";
import type { NodeTable } from "../status/node-table.ts";
import type { Book, Rsc } from "./board.ts";

/** The rule that speaks. `constraint` is the id of the configured (or implied) constraint. */
export type Cause =
  | { readonly kind: "location"; readonly constraint: string }
  | { readonly kind: "health"; readonly strategy: string }
  | { readonly kind: "stickiness" }
  | { readonly kind: "failures"; readonly failCount: Score; readonly threshold: Score }
  | { readonly kind: "discovery" }
  | { readonly kind: "shutdown-lock"; readonly lockedTo: string }
  | {
      readonly kind: "colocation";
      readonly constraint: string;
      readonly other: string;
      readonly score: Score;
      /** "dependent": the resource follows `other`; "primary": `other` follows it and its wishes count. */
      readonly as: "dependent" | "primary";
    }
  | { readonly kind: "next-role"; readonly role: string }
  | { readonly kind: "instances" }
  | { readonly kind: "utilization" };

/** One rule's effect on one node of one resource. `before` is undefined where the node had no entry. */
export interface Contribution {
  readonly resource: string;
  readonly node: string;
  readonly cause: Cause;
  readonly before: Score | undefined;
  readonly after: Score;
}

function familyOf(rsc: Rsc): Rsc[] {
  return [rsc, ...rsc.children.flatMap((c) => familyOf(c))];
}

/**
 * Runs a rule and, when causes are asked for, keeps what it changed in the tables of the resource and its descendants.
 * `cause` is made only then.
 */
export function because<T>(book: Book, rsc: Rsc, cause: () => Cause, rule: () => T): T {
  if (book.settings.traceCauses !== true) return rule();
  const family = familyOf(rsc);
  const before = new Map<Rsc, NodeTable>(family.map((r) => [r, r.allowed.copy()]));
  const result = rule();
  for (const member of family) {
    const old = before.get(member);
    for (const node of book.nodesByIndex) {
      const { index } = node;
      if (old === undefined || !member.allowed.has(index)) continue;
      const was = old.has(index) ? old.score(index) : undefined;
      const is = member.allowed.score(index);
      if (was === is) continue;
      book.contributions.push({
        resource: member.id,
        node: node.name,
        cause: cause(),
        before: was,
        after: is,
      });
    }
  }
  return result;
}
