/** Name/value sets: which value of which block counts (spec/scheduler-1 A.3). */
import { parseScore } from "../base/score.ts";
import { resolveRef } from "../xml/index.ts";
import { attr, child, childrenOf, idOf, type XmlElement } from "../xml/node.ts";
import { earliest, evaluateRule, type RuleContext } from "./rule.ts";

/** The block of cluster properties that always goes first. */
const BOOTSTRAP_OPTIONS = "cib-bootstrap-options";

/** A value that removes what was collected and stores nothing. */
const DEFAULT_VALUE = "#default";

/**
 * Blocks in the order they are consulted: the bootstrap block, then by falling score; among equal scores the last of
 * the document goes first. id-refs are resolved, and dropped when they lead nowhere.
 */
export function sortedBlocks(
  blocks: readonly XmlElement[],
  document: XmlElement | undefined,
): readonly XmlElement[] {
  const [only] = blocks;
  if (blocks.length === 1 && only !== undefined) {
    const block = document === undefined ? only : resolveRef(document, only);
    return block === undefined ? [] : [block];
  }
  const entries: { readonly block: XmlElement; readonly rank: number; readonly at: number }[] = [];
  blocks.forEach((given, at) => {
    const block = document === undefined ? given : resolveRef(document, given);
    if (block === undefined) return;
    const first = block.name === "cluster_property_set" && idOf(block) === BOOTSTRAP_OPTIONS;
    const rank = first ? Infinity : (parseScore(attr(block, "score") ?? "0") ?? 0);
    entries.push({ block, rank, at });
  });
  if (entries.length > 1) entries.sort((a, b) => compareRanks(b.rank, a.rank) || b.at - a.at);
  return entries.map((entry) => entry.block);
}

/** Infinity minus itself is no number. */
function compareRanks(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

/**
 * Adds to `into` what the blocks named `name` below `parent` say, without touching what it already holds.
 * @returns epoch seconds at which the answer may change, or undefined.
 */
export function unpackNvsets(
  parent: XmlElement,
  name: string,
  context: RuleContext,
  into: Map<string, string>,
): number | undefined {
  return unpackBlocks(childrenOf(parent, name), context, into);
}

/** unpackNvsets for blocks that were collected by other means. */
export function unpackBlocks(
  blocks: readonly XmlElement[],
  context: RuleContext,
  into: Map<string, string>,
): number | undefined {
  let nextChange: number | undefined;
  for (const block of sortedBlocks(blocks, context.document)) {
    const rule = child(block, "rule");
    if (rule !== undefined) {
      const result = evaluateRule(rule, context);
      nextChange = earliest(nextChange, result.nextChange);
      if (!result.passes) continue;
    }
    unpackPairs(child(block, "attributes") ?? block, context.document, into);
  }
  return nextChange;
}

function unpackPairs(
  block: XmlElement,
  document: XmlElement | undefined,
  into: Map<string, string>,
): void {
  for (const pair of block.children) {
    if (pair.name !== "nvpair") continue;
    const target = document === undefined ? pair : resolveRef(document, pair);
    if (target === undefined) continue;
    // A reference may carry a name of its own for the value it refers to.
    const name = attr(pair, "name") ?? attr(target, "name");
    const value = attr(target, "value");
    if (name === undefined || value === undefined) continue;
    if (value.toLowerCase() === DEFAULT_VALUE) into.delete(name);
    else if (!into.has(name)) into.set(name, value);
  }
}
