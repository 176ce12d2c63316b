/**
 * Why a resource is (or will be) where it is, why not elsewhere, and what would change that: read from the traces of one
 * schedule (issue 3). It says nothing that the scheduler did not note.
 *
 * Example: explain(schedule(doc, now, { traceScores: true, traceCauses: true }), "webip") → one Explanation per primitive.
 */
import { INFINITY, type Score } from "../base/score.ts";
import type { Cause, Contribution } from "../scheduler/causes.ts";
import type { Schedule } from "../scheduler/schedule.ts";
import { parseRole, Role } from "../status/roles.ts";
import type { ClusterStatus, NodeState, ResourceState } from "../status/state.ts";
import { leavesOf, topOf, withoutInstance } from "../status/tree.ts";
import { attr } from "../xml/node.ts";

/** What one rule did to one node's score. */
export interface Reason {
  readonly cause: Cause;
  readonly before: Score | undefined;
  readonly after: Score;
}

/** Why a node was not chosen; the first that holds. */
export type Verdict =
  | { readonly kind: "chosen" }
  | { readonly kind: "node"; readonly state: string }
  | { readonly kind: "not-allowed" }
  | { readonly kind: "forbidden"; readonly by: readonly Cause[] }
  | { readonly kind: "negative"; readonly score: Score }
  | { readonly kind: "lower"; readonly by: Score }
  /** `stays`: the chosen node is where it runs already. */
  | { readonly kind: "equal"; readonly stays: boolean }
  | { readonly kind: "nothing-runs" };

/** What would have to change for this node to be chosen. */
export type Remedy =
  | { readonly kind: "node"; readonly action: "start" | "online" | "ready" | "fence" | "wait" }
  | { readonly kind: "remove-constraint"; readonly constraint: string }
  | { readonly kind: "cleanup" }
  /** `away`: the other one must leave; else it must come. */
  | {
      readonly kind: "move-other";
      readonly other: string;
      readonly constraint: string;
      readonly away: boolean;
    }
  | { readonly kind: "mend-health" }
  | { readonly kind: "unlock"; readonly lockedTo: string }
  | { readonly kind: "add-score"; readonly more: Score }
  | { readonly kind: "free-capacity" }
  | { readonly kind: "instances" }
  | { readonly kind: "allow" }
  | { readonly kind: "start-it" };

export interface NodeExplanation {
  readonly node: string;
  /** Score when the choice was made; undefined when the node had no entry. */
  readonly score: Score | undefined;
  readonly reasons: readonly Reason[];
  readonly verdict: Verdict;
  readonly remedies: readonly Remedy[];
}

/** Why nothing runs anywhere, whatever the scores say. */
export type Obstacle =
  | { readonly kind: "target-role"; readonly of: string; readonly role: string }
  | { readonly kind: "no-quorum"; readonly policy: string }
  | { readonly kind: "no-fencing" }
  | { readonly kind: "unmanaged" }
  | { readonly kind: "maintenance" }
  | { readonly kind: "blocked" }
  | { readonly kind: "stop-all" }
  | { readonly kind: "ordering"; readonly reason: string };

export interface Explanation {
  readonly resource: string;
  /** Where it is now; several when it is active more than once. */
  readonly current: readonly string[];
  /** Where the schedule puts it; undefined = nowhere. */
  readonly chosen: string | undefined;
  readonly obstacles: readonly Obstacle[];
  /** Name order. */
  readonly nodes: readonly NodeExplanation[];
}

function stateOf(node: NodeState): string | undefined {
  if (node.unclean) return "unclean";
  if (!node.online) return node.pending ? "pending" : "offline";
  if (node.shutdown) return "shutting down";
  if (node.standby || node.standbyOnFail) return "standby";
  if (node.maintenance) return "maintenance";
  return undefined;
}

function nodeRemedy(state: string): Remedy {
  const actions = {
    unclean: "fence",
    offline: "start",
    pending: "wait",
    "shutting down": "wait",
    standby: "online",
    maintenance: "ready",
  } as const;
  return { kind: "node", action: actions[state as keyof typeof actions] };
}

function remedyFor(cause: Cause): Remedy {
  switch (cause.kind) {
    case "location":
      return { kind: "remove-constraint", constraint: cause.constraint };
    case "failures":
      return { kind: "cleanup" };
    case "colocation":
      return {
        kind: "move-other",
        other: cause.other,
        constraint: cause.constraint,
        away: cause.score < 0,
      };
    case "shutdown-lock":
      return { kind: "unlock", lockedTo: cause.lockedTo };
    case "health":
      return { kind: "mend-health" };
    case "instances":
      return { kind: "instances" };
    case "utilization":
      return { kind: "free-capacity" };
    case "next-role":
      return { kind: "start-it" };
    default:
      return { kind: "allow" };
  }
}

function reasonsFor(all: readonly Contribution[], resource: string, node: string): Reason[] {
  return all
    .filter((c) => c.resource === resource && c.node === node)
    .map(({ cause, before, after }) => ({ cause, before, after }));
}

/** The rules that brought a score down to minus INFINITY, each once. */
function forbidding(reasons: readonly Reason[]): Cause[] {
  const found = new Map<string, Cause>();
  for (const { cause, before, after } of reasons) {
    if (after > -INFINITY || (before ?? 0) <= -INFINITY) continue;
    found.set(JSON.stringify(cause), cause);
  }
  return [...found.values()];
}

interface Choice {
  readonly chosen: string | undefined;
  readonly best: Score | undefined;
  readonly stopped: boolean;
  readonly stays: boolean;
}

function judge(
  node: NodeState,
  score: Score | undefined,
  reasons: readonly Reason[],
  choice: Choice,
): { verdict: Verdict; remedies: Remedy[] } {
  if (node.name === choice.chosen) return { verdict: { kind: "chosen" }, remedies: [] };
  const state = stateOf(node);
  if (state !== undefined) {
    // The rules that forbid it would still do so on a node that is back.
    const rules = forbidding(reasons).filter((cause) => cause.kind !== "instances");
    const remedies = [nodeRemedy(state), ...rules.map(remedyFor)];
    return { verdict: { kind: "node", state }, remedies };
  }
  if (score === undefined)
    return { verdict: { kind: "not-allowed" }, remedies: [{ kind: "allow" }] };
  if (score <= -INFINITY) {
    const by = forbidding(reasons);
    return { verdict: { kind: "forbidden", by }, remedies: by.map(remedyFor) };
  }
  if (choice.stopped)
    return { verdict: { kind: "nothing-runs" }, remedies: [{ kind: "start-it" }] };
  const missing = (choice.best ?? 0) - score;
  if (score < 0) {
    return {
      verdict: { kind: "negative", score },
      remedies: [{ kind: "add-score", more: missing + 1 }],
    };
  }
  if (missing > 0) {
    return {
      verdict: { kind: "lower", by: missing },
      remedies: [{ kind: "add-score", more: missing + 1 }],
    };
  }
  return {
    verdict: { kind: "equal", stays: choice.stays },
    remedies: [{ kind: "add-score", more: 1 }],
  };
}

function obstaclesFor(schedule: Schedule, leaf: ResourceState): Obstacle[] {
  const { status } = schedule;
  const found: Obstacle[] = [];
  for (let at: ResourceState | undefined = leaf; at !== undefined; at = at.parent) {
    const role = attrRole(at);
    if (role === undefined) continue;
    found.push({ kind: "target-role", of: at.id, role });
    break;
  }
  if (status.options.stopAllResources) found.push({ kind: "stop-all" });
  if (!status.quorate && status.options.noQuorumPolicy !== "ignore") {
    found.push({ kind: "no-quorum", policy: status.options.noQuorumPolicy });
  }
  if (status.options.fencingEnabled && !status.fencingPossible) found.push({ kind: "no-fencing" });
  if (leaf.maintenance) found.push({ kind: "maintenance" });
  else if (!leaf.managed) found.push({ kind: "unmanaged" });
  if (leaf.blocked) found.push({ kind: "blocked" });
  for (const item of schedule.summary.resources) {
    const waits = item.resource === leaf.id && item.blocked && item.reason !== undefined;
    if (waits) found.push({ kind: "ordering", reason: item.reason ?? "" });
  }
  return found;
}

/** A target-role that keeps it down (or from being promoted). */
function attrRole(resource: ResourceState): string | undefined {
  const text = resource.meta.get("target-role");
  if (text === undefined) return undefined;
  const role = parseRole(text);
  if (role === Role.stopped) return "Stopped";
  return role === Role.unpromoted && topOf(resource).promotable ? "Unpromoted" : undefined;
}

function explainLeaf(schedule: Schedule, leaf: ResourceState): Explanation {
  const { status, notes, contributions } = schedule;
  const scores = new Map<string, Score>();
  // Later notes replace earlier ones: the last table is the one that was chosen from.
  for (const note of notes) {
    if (note.step !== "primitive" || note.resource !== leaf.id) continue;
    if (note.node !== undefined && note.score !== undefined) scores.set(note.node, note.score);
  }
  const chosen = schedule.placements.get(leaf.id);
  const best = chosen === undefined ? undefined : scores.get(chosen);
  const stays = leaf.active.some((n) => n.name === chosen);
  const choice = { chosen, best, stopped: chosen === undefined, stays };
  return {
    resource: leaf.id,
    current: leaf.active.map((n) => n.name),
    chosen,
    obstacles: obstaclesFor(schedule, leaf),
    nodes: status.nodes.map((node) => {
      const reasons = reasonsFor(contributions, leaf.id, node.name);
      // Capacity is looked at after the scores are noted.
      const unfit = node.name !== chosen && reasons.some((r) => r.cause.kind === "utilization");
      const score = unfit ? -INFINITY : scores.get(node.name);
      return { node: node.name, score, reasons, ...judge(node, score, reasons, choice) };
    }),
  };
}

/** The resources that a name means: a primitive, all members of a group, all instances of a clone. */
export function resourcesNamed(status: ClusterStatus, name: string): readonly ResourceState[] {
  const walk = (r: ResourceState): ResourceState[] => [r, ...r.children.flatMap(walk)];
  const all = status.resources.flatMap(walk);
  const exact = all.filter((r) => r.id === name);
  const found =
    exact.length > 0 ? exact : all.filter((r) => r.name === name || withoutInstance(r.id) === name);
  return [...new Set(found.flatMap((r) => leavesOf(r)))];
}

/**
 * Explains every primitive that `name` means; empty when there is none. The schedule must have been made with traceScores
 * and traceCauses.
 */
export function explain(schedule: Schedule, name: string): readonly Explanation[] {
  return resourcesNamed(schedule.status, name).map((leaf) => explainLeaf(schedule, leaf));
}

/** The configured score of a constraint, for words about it. */
export function constraintScore(status: ClusterStatus, id: string): string | undefined {
  const found = status.cib.constraints.find((c) => c.id === id);
  return found === undefined ? undefined : attr(found.xml, "score");
}
