/** A rule of placement or action with one small cluster each, and the words for its constraints. */
import { expect, test } from "bun:test";
import { type ClusterWords, plan, started } from "./support.ts";

export interface Rule {
  readonly name: string;
  readonly cluster: ClusterWords;
  readonly plan: readonly string[];
}

/** One test for each rule: its small cluster gives its plan. */
export function check(rules: readonly Rule[]): void {
  for (const rule of rules) {
    test(rule.name, () => {
      expect(plan(rule.cluster)).toEqual([...rule.plan]);
    });
  }
}

export const location = (rsc: string, node: string, score: string | number, more = ""): string =>
  `<rsc_location id="l-${rsc}-${node}" rsc="${rsc}" node="${node}" score="${score}" ${more}/>`;
export const colocation = (
  rsc: string,
  withRsc: string,
  score: string | number,
  more = "",
): string =>
  `<rsc_colocation id="c-${rsc}-${withRsc}" rsc="${rsc}" with-rsc="${withRsc}" score="${score}" ${more}/>`;
export const order = (first: string, then: string, more = ""): string =>
  `<rsc_order id="o-${first}-${then}" first="${first}" then="${then}" ${more}/>`;

export const upOn1 = (...ids: string[]) => ({ n1: { history: ids.map(started) }, n2: {} });
