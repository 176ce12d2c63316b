/** Fail counts and last failures (spec/scheduler-1 section B.14, spec/scheduler-2 section 20). */
import { addScores, parseScore, type Score } from "../base/score.ts";
import type { Cib } from "../cib/model.ts";
import { attr, childrenOf, type XmlElement } from "../xml/node.ts";
import { intervalOf, operationsOf } from "./operations.ts";
import type { NodeState, ResourceState } from "./state.ts";
import { isBundled, leavesOf, withoutInstance } from "./tree.ts";

/** What fail counts depend on beside node and resource. */
export interface FailureSource {
  readonly cib: Cib;
  readonly now: number;
  historiesNamed(id: string): readonly XmlElement[];
}

interface Tally {
  count: Score;
  last: number;
}

interface Tallies {
  /** By exact name, and by name without ":digits". */
  readonly exact: Map<string, Tally>;
  readonly stripped: Map<string, Tally>;
}

const FAIL_COUNT = "fail-count-";
const LAST_FAILURE = "last-failure-";
const OPERATION = /^(.*)#[^#]+_\d+$/;

const cache = new WeakMap<ReadonlyMap<string, string>, Tallies>();

function tally(into: Map<string, Tally>, name: string): Tally {
  let found = into.get(name);
  if (found === undefined) {
    found = { count: 0, last: 0 };
    into.set(name, found);
  }
  return found;
}

function talliesOf(node: NodeState): Tallies {
  const known = cache.get(node.attributes);
  if (known !== undefined) return known;
  const tallies: Tallies = { exact: new Map(), stripped: new Map() };
  for (const [attribute, value] of node.attributes) {
    const isCount = attribute.startsWith(FAIL_COUNT);
    if (!isCount && !attribute.startsWith(LAST_FAILURE)) continue;
    const rest = attribute.slice(isCount ? FAIL_COUNT.length : LAST_FAILURE.length);
    const name = OPERATION.exec(rest)?.[1];
    if (name === undefined) continue;
    for (const t of [tally(tallies.exact, name), tally(tallies.stripped, withoutInstance(name))]) {
      if (isCount) t.count = addScores(t.count, parseScore(value) ?? 0);
      else t.last = Math.max(t.last, Number.parseInt(value, 10) || 0);
    }
  }
  cache.set(node.attributes, tallies);
  return tallies;
}

/** Has anything failed on the node that is still counted? Most nodes answer no, for all resources at once. */
export function hasFailures(node: NodeState): boolean {
  return talliesOf(node).exact.size > 0;
}

function tallyOf(node: NodeState, resource: ResourceState): Tally | undefined {
  const name = resource.historyId ?? resource.id;
  const tallies = talliesOf(node);
  return resource.unique ? tallies.exact.get(name) : tallies.stripped.get(withoutInstance(name));
}

/** A configured on-fail=block operation of the resource has a failure on record (this entry, when one is given). */
function hasBlockingFailure(
  source: FailureSource,
  resource: ResourceState,
  entry: XmlElement | undefined,
): boolean {
  const name = resource.historyId ?? resource.id;
  for (const op of operationsOf(resource)) {
    if (attr(op, "on-fail") !== "block") continue;
    const task = attr(op, "name");
    const interval = intervalOf(op);
    const candidates =
      entry === undefined
        ? source.historiesNamed(name).flatMap((history) => childrenOf(history, "lrm_rsc_op"))
        : [entry];
    for (const candidate of candidates) {
      if (attr(candidate, "operation") !== task) continue;
      if (Number.parseInt(attr(candidate, "interval") ?? "0", 10) !== interval) continue;
      const id = attr(candidate, "id");
      if (id === `${name}_last_failure_0`) return true;
      if (id !== `${name}_${task}_${interval}`) continue;
      const expected = Number.parseInt(
        (attr(candidate, "transition-key") ?? "").split(":")[2] ?? "-1",
        10,
      );
      if (Number.parseInt(attr(candidate, "rc-code") ?? "", 10) !== expected) return true;
    }
  }
  return false;
}

export interface FailCount {
  readonly count: Score;
  /** Epoch seconds of the latest failure; 0 when unknown. */
  readonly last: number;
}

/**
 * The recorded count of one leaf on one node. `effective` ignores failures older than the failure timeout; a blocking
 * failure turns that timeout off for good.
 */
export function leafFailCount(
  source: FailureSource,
  node: NodeState,
  resource: ResourceState,
  effective: boolean,
  entry?: XmlElement,
): FailCount {
  const found = tallyOf(node, resource);
  if (found === undefined) return { count: 0, last: 0 };
  if (found.count > 0 && resource.failureTimeoutMs > 0) {
    if (hasBlockingFailure(source, resource, entry)) resource.failureTimeoutMs = 0;
  }
  const timeout = secondsOf(resource.failureTimeoutMs);
  const expired =
    effective &&
    found.count > 0 &&
    found.last > 0 &&
    timeout > 0 &&
    source.now > found.last + timeout;
  return { count: expired ? 0 : found.count, last: found.last };
}

/** The count with those of launched resources added; what migration-threshold is compared with. */
export function failCountWithLaunched(
  source: FailureSource,
  node: NodeState,
  resource: ResourceState,
): Score {
  let total = leafFailCount(source, node, resource, true).count;
  if (isBundled(resource)) return total;
  for (const launched of resource.launched) {
    for (const leaf of leavesOf(launched)) {
      total = addScores(total, leafFailCount(source, node, leaf, true).count);
    }
  }
  return total;
}

/** Milliseconds to whole seconds, rounded, at least 1 for a positive value (spec/scheduler-1 section B.2). */
export function secondsOf(ms: number): number {
  if (ms <= 0) return 0;
  return Math.max(1, Math.floor(ms / 1000) + (ms % 1000 >= 500 ? 1 : 0));
}
