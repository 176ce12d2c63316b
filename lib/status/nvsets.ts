/** Resolving attribute sets of the configuration, with the time of the next change noted (spec/scheduler-1 section A.3). */

import type { Cib } from "../cib/model.ts";
import { unpackBlocks } from "../rules/nvset.ts";
import { evaluateRule, type RuleContext } from "../rules/rule.ts";
import type { XmlElement } from "../xml/node.ts";

/** What resolving needs of the reading that it is part of. */
export interface Surroundings {
  readonly cib: Cib;
  /** Epoch seconds. */
  readonly now: number;
  /** Called with a time after `now` at which a rule may answer otherwise. */
  recheckAt(time: number): void;
}

/** The part of a rule's context that depends on what is asked. */
export type RuleInput = Omit<RuleContext, "now" | "document" | "offset">;

/** Adds what `blocks` say to `into`; values already there are kept. */
export function resolveSets(
  surroundings: Surroundings,
  blocks: readonly XmlElement[],
  input: RuleInput,
  into: Map<string, string>,
): void {
  if (blocks.length === 0) return;
  const context = { ...input, now: surroundings.now, document: surroundings.cib.doc.root };
  const nextChange = unpackBlocks(blocks, context, into);
  if (nextChange !== undefined) surroundings.recheckAt(nextChange);
}

/** Evaluates one rule of a constraint. */
export function rulePasses(
  surroundings: Surroundings,
  rule: XmlElement,
  input: RuleInput,
): boolean {
  const context = { ...input, now: surroundings.now, document: surroundings.cib.doc.root };
  const result = evaluateRule(rule, context);
  if (result.nextChange !== undefined) surroundings.recheckAt(result.nextChange);
  return result.passes;
}
