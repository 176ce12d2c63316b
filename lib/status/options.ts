/** Cluster options with their aliases, types and defaults (spec/scheduler-1 section A.6). */
import { INFINITY, parseScore, type Score } from "../base/score.ts";

export type NoQuorumPolicy = "stop" | "freeze" | "ignore" | "demote" | "fence";
export type PlacementStrategy = "default" | "utilization" | "minimal" | "balanced";
export type HealthStrategy = "none" | "migrate-on-red" | "only-green" | "progressive" | "custom";

export interface ClusterOptions {
  /** All properties as resolved, unknown ones included. */
  readonly texts: ReadonlyMap<string, string>;
  readonly noQuorumPolicy: NoQuorumPolicy;
  readonly shutdownLock: boolean;
  readonly shutdownLockLimitMs: number;
  readonly symmetric: boolean;
  readonly maintenanceMode: boolean;
  readonly startFailureIsFatal: boolean;
  readonly startupProbes: boolean;
  readonly fenceRemoteWithoutQuorum: boolean;
  readonly fencingEnabled: boolean;
  readonly fencingAction: "reboot" | "off";
  readonly fencingTimeoutText: string;
  readonly haveWatchdog: boolean;
  readonly concurrentFencing: boolean;
  readonly startupFencing: boolean;
  readonly priorityFencingDelayMs: number;
  readonly nodePendingTimeoutMs: number;
  readonly clusterDelayText: string;
  readonly batchLimitText: string;
  readonly migrationLimit: number;
  readonly stopAllResources: boolean;
  readonly stopRemovedResources: boolean;
  readonly cancelRemovedActions: boolean;
  readonly healthStrategy: HealthStrategy;
  readonly healthBase: Score;
  readonly healthGreen: Score;
  readonly healthYellow: Score;
  readonly healthRed: Score;
  readonly placementStrategy: PlacementStrategy;
  readonly clusterName: string | undefined;
}

/** true, false, or undefined when the text is no boolean. */
export function parseBoolean(text: string | undefined): boolean | undefined {
  switch (text?.toLowerCase()) {
    case "true":
    case "on":
    case "yes":
    case "y":
    case "1":
      return true;
    case "false":
    case "off":
    case "no":
    case "n":
    case "0":
      return false;
    default:
      return undefined;
  }
}

export function isTruthy(text: string | undefined): boolean {
  return parseBoolean(text) === true;
}

function oneOf<T extends string>(text: string | undefined, words: readonly T[], fallback: T): T {
  const lower = text?.toLowerCase();
  return words.find((word) => word === lower) ?? fallback;
}

/** Values of the health words for a strategy: red, yellow, green, base (spec/scheduler-2 section 4.6). */
function healthScores(strategy: HealthStrategy, score: (name: string, fallback: Score) => Score) {
  switch (strategy) {
    case "none":
      return { healthRed: 0, healthYellow: 0, healthGreen: 0, healthBase: 0 };
    case "migrate-on-red":
      return { healthRed: -INFINITY, healthYellow: 0, healthGreen: 0, healthBase: 0 };
    case "only-green":
      return { healthRed: -INFINITY, healthYellow: -INFINITY, healthGreen: 0, healthBase: 0 };
    case "progressive":
    case "custom":
      return {
        healthRed: score("node-health-red", -INFINITY),
        healthYellow: score("node-health-yellow", 0),
        healthGreen: score("node-health-green", 0),
        healthBase: strategy === "progressive" ? score("node-health-base", 0) : 0,
      };
  }
}

/**
 * Gives resolved properties their types.
 * `interval` parses a duration to milliseconds, undefined when invalid.
 */
export function clusterOptions(
  texts: ReadonlyMap<string, string>,
  interval: (text: string) => number | undefined,
): ClusterOptions {
  const text = (name: string, alias?: string): string | undefined =>
    texts.get(name) ?? (alias === undefined ? undefined : texts.get(alias));
  const flag = (name: string, fallback: boolean, alias?: string): boolean =>
    parseBoolean(text(name, alias)) ?? fallback;
  const duration = (name: string): number => {
    const value = text(name);
    return value === undefined ? 0 : (interval(value) ?? 0);
  };
  const durationText = (name: string, fallback: string, alias?: string): string => {
    const value = text(name, alias);
    return value !== undefined && interval(value) !== undefined ? value : fallback;
  };
  const integer = (name: string, fallback: number): number => {
    const value = Number.parseInt(text(name) ?? "", 10);
    return Number.isNaN(value) ? fallback : value;
  };
  const score = (name: string, fallback: Score): Score => parseScore(text(name) ?? "") ?? fallback;
  const healthStrategy = oneOf(
    text("node-health-strategy"),
    ["none", "migrate-on-red", "only-green", "progressive", "custom"] as const,
    "none",
  );
  const policy = oneOf(
    text("no-quorum-policy"),
    ["stop", "freeze", "ignore", "demote", "fence", "suicide"] as const,
    "stop",
  );
  return {
    texts,
    noQuorumPolicy: policy === "suicide" ? "fence" : policy,
    shutdownLock: flag("shutdown-lock", false),
    shutdownLockLimitMs: duration("shutdown-lock-limit"),
    symmetric: flag("symmetric-cluster", true),
    maintenanceMode: flag("maintenance-mode", false),
    startFailureIsFatal: flag("start-failure-is-fatal", true),
    startupProbes: flag("enable-startup-probes", true),
    fenceRemoteWithoutQuorum: flag("fence-remote-without-quorum", false),
    fencingEnabled: flag("fencing-enabled", true, "stonith-enabled"),
    fencingAction: oneOf(
      text("fencing-action", "stonith-action"),
      ["reboot", "off"] as const,
      "reboot",
    ),
    fencingTimeoutText: durationText("fencing-timeout", "60s", "stonith-timeout"),
    haveWatchdog: flag("have-watchdog", false),
    concurrentFencing: flag("concurrent-fencing", true),
    startupFencing: flag("startup-fencing", true),
    priorityFencingDelayMs: duration("priority-fencing-delay"),
    nodePendingTimeoutMs: duration("node-pending-timeout"),
    clusterDelayText: durationText("cluster-delay", "60s"),
    batchLimitText: text("batch-limit") ?? "0",
    migrationLimit: integer("migration-limit", -1),
    stopAllResources: flag("stop-all-resources", false),
    stopRemovedResources: flag("stop-removed-resources", true, "stop-orphan-resources"),
    cancelRemovedActions: flag("cancel-removed-actions", true, "stop-orphan-actions"),
    healthStrategy,
    ...healthScores(healthStrategy, score),
    placementStrategy: oneOf(
      text("placement-strategy"),
      ["default", "utilization", "minimal", "balanced"] as const,
      "default",
    ),
    clusterName: text("cluster-name"),
  };
}
