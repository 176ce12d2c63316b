/**
 * Cluster options as one table: name, older names, type, default, help in our words (values and effects: spec/scheduler-1
 * A.6, spec/runtime.md). Help, completion and checks hang off it; lib/status/options.ts reads those that decide something.
 */

/** How a value is read. */
export type OptionType =
  | "boolean"
  | "string"
  | "version"
  | "duration"
  | "timeout"
  | "integer"
  | "score"
  | "percentage"
  | "select";

/** One cluster option. */
export interface ClusterOption {
  readonly name: string;
  /** Names it had, still understood. */
  readonly aliases: readonly string[];
  readonly type: OptionType;
  /** For select. */
  readonly values?: readonly string[];
  /** Undefined: none. */
  readonly default: string | undefined;
  readonly help: string;
  /** "generated": the cluster sets it itself; "advanced": wrong values are dangerous; "deprecated": do not use it. */
  readonly note?: "generated" | "advanced" | "deprecated";
}

type Row = readonly [string, OptionType, string | undefined, string, Partial<ClusterOption>?];

const ROWS: readonly Row[] = [
  [
    "dc-version",
    "version",
    undefined,
    "Version of the manager on the controller's node",
    { note: "generated" },
  ],
  [
    "cluster-infrastructure",
    "string",
    undefined,
    "The membership layer below the manager",
    { note: "generated" },
  ],
  ["cluster-name", "string", undefined, "A name for the cluster; rules see it as #cluster-name"],
  ["dc-deadtime", "duration", "20s", "How long a starting node waits for the others to answer"],
  [
    "cluster-recheck-interval",
    "duration",
    "15min",
    "How often the state is looked at again although nothing happened; 0 never",
  ],
  [
    "no-quorum-policy",
    "select",
    "stop",
    "What happens to resources in a partition without quorum",
    { values: ["stop", "freeze", "ignore", "demote", "fence", "suicide"] },
  ],
  [
    "shutdown-lock",
    "boolean",
    "false",
    "Keep resources bound to a node that was shut down cleanly",
  ],
  [
    "shutdown-lock-limit",
    "duration",
    "0",
    "How long such a binding lasts; 0 until the node is back",
  ],
  ["enable-acl", "boolean", "false", "Apply the access rules of the acls section"],
  [
    "symmetric-cluster",
    "boolean",
    "true",
    "Every resource may run on every node unless said otherwise",
  ],
  ["maintenance-mode", "boolean", "false", "Leave all resources alone: no start, stop or monitor"],
  [
    "start-failure-is-fatal",
    "boolean",
    "true",
    "One failed start bans a resource from the node; else migration-threshold counts it",
  ],
  [
    "enable-startup-probes",
    "boolean",
    "true",
    "Look for running resources on nodes that join",
    { note: "deprecated" },
  ],
  [
    "fence-remote-without-quorum",
    "boolean",
    "false",
    "Fence remote nodes from a partition without quorum",
    { note: "advanced" },
  ],
  [
    "fencing-enabled",
    "boolean",
    "true",
    "Fence nodes that do not answer and resources that do not stop; needs a fence device",
    { aliases: ["stonith-enabled"], note: "advanced" },
  ],
  [
    "fencing-action",
    "select",
    "reboot",
    "What fencing does to a node",
    { aliases: ["stonith-action"], values: ["reboot", "off"] },
  ],
  [
    "fencing-reaction",
    "select",
    "stop",
    "What a node does that learns it was fenced but still runs",
    { aliases: ["fence-reaction"], values: ["stop", "panic"] },
  ],
  [
    "fencing-timeout",
    "duration",
    "60s",
    "How long fencing may take",
    { aliases: ["stonith-timeout"] },
  ],
  [
    "have-watchdog",
    "boolean",
    "false",
    "A watchdog daemon guards the nodes",
    { note: "generated" },
  ],
  [
    "fencing-watchdog-timeout",
    "timeout",
    "0",
    "After this long a lost node counts as stopped by its watchdog; 0 never",
    { aliases: ["stonith-watchdog-timeout"] },
  ],
  [
    "fencing-max-attempts",
    "score",
    "10",
    "How often fencing of one node is tried again at once",
    { aliases: ["stonith-max-attempts"] },
  ],
  [
    "concurrent-fencing",
    "boolean",
    "true",
    "Fence several nodes at the same time",
    { note: "deprecated" },
  ],
  [
    "startup-fencing",
    "boolean",
    "true",
    "Fence nodes that were never seen since the start",
    { note: "advanced" },
  ],
  [
    "priority-fencing-delay",
    "duration",
    "0",
    "Fence the nodes with the most important resources this much later",
  ],
  [
    "node-pending-timeout",
    "duration",
    "0",
    "Fence a node that joins the ring but not the manager within this time",
  ],
  ["cluster-delay", "duration", "60s", "Longest time a message between nodes may take"],
  ["load-threshold", "percentage", "80%", "Load from which on a node is given less work"],
  ["node-action-limit", "integer", "0", "Actions at once on one node; 0 twice its processors"],
  ["batch-limit", "integer", "0", "Actions at once in the whole cluster; 0 as load allows"],
  ["migration-limit", "integer", "-1", "Live migrations at once on one node; -1 any number"],
  ["cluster-ipc-limit", "integer", "500", "Not used any more", { note: "deprecated" }],
  ["stop-all-resources", "boolean", "false", "Stop every resource"],
  [
    "stop-removed-resources",
    "boolean",
    "true",
    "Stop resources that were deleted from the configuration",
    { aliases: ["stop-orphan-resources"], note: "deprecated" },
  ],
  [
    "cancel-removed-actions",
    "boolean",
    "true",
    "Cancel monitors that were deleted from the configuration",
    { aliases: ["stop-orphan-actions"], note: "deprecated" },
  ],
  ["pe-error-series-max", "integer", "-1", "Saved scheduler inputs with errors; -1 all"],
  ["pe-warn-series-max", "integer", "5000", "Saved scheduler inputs with warnings; -1 all"],
  ["pe-input-series-max", "integer", "4000", "Saved scheduler inputs without either; -1 all"],
  [
    "node-health-strategy",
    "select",
    "none",
    "What node attributes that begin with #health do",
    { values: ["none", "migrate-on-red", "only-green", "progressive", "custom"] },
  ],
  ["node-health-base", "score", "0", "Health every node begins with (progressive)"],
  ["node-health-green", "score", "0", "Score of the value green"],
  ["node-health-yellow", "score", "0", "Score of the value yellow"],
  ["node-health-red", "score", "-INFINITY", "Score of the value red"],
  [
    "placement-strategy",
    "select",
    "default",
    "Whether utilization and load decide where resources go",
    { values: ["default", "utilization", "minimal", "balanced"] },
  ],
  [
    "join-integration-timeout",
    "duration",
    "3min",
    "How long the others may take to answer an invitation",
    { note: "advanced" },
  ],
  [
    "join-finalization-timeout",
    "duration",
    "30min",
    "How long a joining node may take to finish",
    { note: "advanced" },
  ],
  [
    "election-timeout",
    "duration",
    "2min",
    "How long choosing a controller may take",
    { note: "advanced" },
  ],
  [
    "shutdown-escalation",
    "duration",
    "20min",
    "How long a node may take to shut down",
    { note: "advanced" },
  ],
  [
    "transition-delay",
    "duration",
    "0s",
    "Wait for other news before acting on one",
    { note: "advanced" },
  ],
  ["expected-quorum-votes", "integer", "2", "Votes of the whole cluster (plugin stack only)"],
];

/** All options, in the order in which they are listed. */
export const clusterOptions: readonly ClusterOption[] = ROWS.map(
  ([name, type, fallback, help, more]) => ({
    name,
    aliases: [],
    type,
    default: fallback,
    help,
    ...more,
  }),
);

const BY_NAME: ReadonlyMap<string, ClusterOption> = new Map(
  clusterOptions.flatMap((option) =>
    [option.name, ...option.aliases].map((name) => [name, option] as const),
  ),
);

/** The option of this name or older name. */
export function clusterOption(name: string): ClusterOption | undefined {
  return BY_NAME.get(name);
}
