/** Words and JSON for explanations (lib/explain): one paragraph a node, best first. */
import { scoreText } from "../base/score.ts";
import type {
  Explanation,
  NodeExplanation,
  Obstacle,
  Reason,
  Remedy,
  Verdict,
} from "../explain/explain.ts";
import type { Cause } from "../scheduler/causes.ts";

/** A rule in words. `scoreOf` gives a constraint's configured score. */
export function causeText(
  cause: Cause,
  scoreOf: (constraint: string) => string | undefined,
): string {
  switch (cause.kind) {
    case "location": {
      const score = scoreOf(cause.constraint);
      return `location ${cause.constraint}${score === undefined ? "" : ` (${score})`}`;
    }
    case "health":
      return `node health (node-health-strategy=${cause.strategy})`;
    case "stickiness":
      return "resource-stickiness: it runs there";
    case "failures":
      return `fail count ${scoreText(cause.failCount)} reached migration-threshold ${scoreText(cause.threshold)}`;
    case "discovery":
      return "resource-discovery=exclusive elsewhere";
    case "shutdown-lock":
      return `locked to ${cause.lockedTo} while that node restarts`;
    case "colocation": {
      // Ids that begin with # are implied, not configured.
      if (cause.constraint.startsWith("#")) return `it runs together with ${cause.other}`;
      const side =
        cause.as === "dependent" ? `follows ${cause.other}` : `${cause.other} follows it`;
      return `colocation ${cause.constraint}: ${side}`;
    }
    case "next-role":
      return `it shall be ${cause.role}`;
    case "instances":
      return "no more instances there, or the node cannot be used";
    case "utilization":
      return "utilization: the node has not enough capacity left";
  }
}

function changeText(r: Reason): string {
  if (r.after <= -1_000_000) return "-INFINITY";
  const delta = r.after - (r.before ?? 0);
  if (r.after >= 1_000_000) return "+INFINITY";
  return delta >= 0 ? `+${delta}` : String(delta);
}

function verdictText(verdict: Verdict, scoreOf: (id: string) => string | undefined): string {
  switch (verdict.kind) {
    case "chosen":
      return "chosen";
    case "node":
      return `not possible: the node is ${verdict.state}`;
    case "not-allowed":
      return "not possible: no constraint allows it there (symmetric-cluster=false)";
    case "forbidden":
      return verdict.by.length === 0
        ? "forbidden"
        : `forbidden by ${verdict.by.map((c) => causeText(c, scoreOf)).join("; ")}`;
    case "negative":
      return `not wanted: its score ${scoreText(verdict.score)} is below 0`;
    case "lower":
      return `possible, but ${scoreText(verdict.by)} below the chosen node`;
    case "equal":
      return verdict.stays
        ? "equal score: it stays where it runs"
        : "equal score: the choice fell by load (fewest resources), then by name";
    case "nothing-runs":
      return "possible, but the resource shall not run";
  }
}

const NODE_REMEDIES = {
  start: "start the cluster on NODE",
  online: "crm node online NODE",
  ready: "crm node ready NODE",
  fence: "fence NODE, or confirm that it is down",
  wait: "wait for NODE",
} as const;

function remedyText(remedy: Remedy, resource: string, node: string): string {
  switch (remedy.kind) {
    case "node":
      return NODE_REMEDIES[remedy.action].replace("NODE", node);
    case "remove-constraint":
      return `crm configure delete ${remedy.constraint}`;
    case "cleanup":
      return `crm resource cleanup ${resource} ${node}`;
    case "move-other":
      if (remedy.constraint.startsWith("#")) return `${remedy.other} must run on ${node}`;
      return `${remedy.other} must ${remedy.away ? "leave" : "run on"} ${node}, or colocation ${remedy.constraint} must change`;
    case "unlock":
      return `wait until ${remedy.lockedTo} is back, or crm resource refresh ${resource}`;
    case "mend-health":
      return `the health attributes of ${node} must be better`;
    case "add-score":
      return `a location score of ${remedy.more} more for ${node}`;
    case "instances":
      return "more instances (clone-max, clone-node-max), or a node that the clone may use";
    case "free-capacity":
      return `free capacity on ${node}, or lower the utilization`;
    case "allow":
      return `crm configure location … ${resource} 0: ${node}`;
    case "start-it":
      return `crm resource start ${resource}`;
  }
}

function obstacleText(obstacle: Obstacle): string {
  switch (obstacle.kind) {
    case "target-role":
      return `target-role of ${obstacle.of} is ${obstacle.role}`;
    case "no-quorum":
      return `this partition has no quorum (no-quorum-policy=${obstacle.policy})`;
    case "no-fencing":
      return "no STONITH device is configured and stonith-enabled is not false";
    case "unmanaged":
      return "it is not managed (is-managed=false)";
    case "maintenance":
      return "it is in maintenance";
    case "blocked":
      return "it is blocked after a failure";
    case "stop-all":
      return "stop-all-resources is true";
    case "ordering":
      return `it waits: ${obstacle.reason}`;
  }
}

function byScore(a: NodeExplanation, b: NodeExplanation): number {
  if (a.verdict.kind === "chosen") return -1;
  if (b.verdict.kind === "chosen") return 1;
  return (b.score ?? -1_000_001) - (a.score ?? -1_000_001);
}

function nodeLines(
  e: Explanation,
  n: NodeExplanation,
  scoreOf: (id: string) => string | undefined,
): string[] {
  const score = n.score === undefined ? "no score" : `score ${scoreText(n.score)}`;
  const lines = [`  ${n.node}: ${score}, ${verdictText(n.verdict, scoreOf)}`];
  for (const r of n.reasons)
    lines.push(`    ${changeText(r).padStart(9)}  ${causeText(r.cause, scoreOf)}`);
  const remedies = [...new Set(n.remedies.map((r) => remedyText(r, e.resource, n.node)))];
  for (const remedy of remedies) lines.push(`    to change it: ${remedy}`);
  return lines;
}

/** The text of one explanation; with `node` only that node's part. */
export function explanationText(
  e: Explanation,
  node: string | undefined,
  scoreOf: (constraint: string) => string | undefined,
): string {
  const now =
    e.current.length === 0 ? "runs nowhere now" : `runs on ${e.current.join(" and ")} now`;
  const then = e.chosen === undefined ? "and shall run nowhere" : `and belongs on ${e.chosen}`;
  const lines = [`${e.resource} ${now} ${then}.`];
  for (const obstacle of e.obstacles) lines.push(`  because ${obstacleText(obstacle)}`);
  const nodes = e.nodes.filter((n) => node === undefined || n.node === node);
  for (const n of [...nodes].sort(byScore)) lines.push(...nodeLines(e, n, scoreOf));
  return `${lines.join("\n")}\n`;
}
