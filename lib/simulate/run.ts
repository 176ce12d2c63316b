/**
 * What crm_simulate does, as data: reads, schedules, carries out (spec/outputs-and-tools section A3.2). The tool prints it
 * (lib/render/simulation.ts), tests and `plan` use it without text.
 */
import type { CibDoc } from "../cib/document.ts";
import { type Schedule, scheduleStatus } from "../scheduler/schedule.ts";
import type { ClusterStatus, ResourceState } from "../status/state.ts";
import { readStatus } from "../status/status.ts";
import { type Execution, executeGraph, type PlannedFailure } from "./fake-executor.ts";

export interface SimulationOptions {
  /** Epoch seconds for which is scheduled. */
  readonly now: number;
  /** Epoch seconds that results are recorded with; the effective time may lie before what the history holds. */
  readonly recordedAt?: number;
  readonly schedule: boolean;
  readonly execute: boolean;
  readonly traceScores?: boolean;
  readonly traceUtilization?: boolean;
  readonly failures?: readonly PlannedFailure[];
  /** What `readStatus` says of this document and time, where it has been asked already. */
  readonly status?: ClusterStatus | undefined;
}

export interface Simulation {
  readonly status: ClusterStatus;
  readonly schedule: Schedule | undefined;
  readonly execution: Execution | undefined;
  /** The cluster after the execution. */
  readonly revised: ClusterStatus | undefined;
}

/** All ids and history ids of the resources. */
function namesOf(resources: readonly ResourceState[]): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (resource: ResourceState): void => {
    names.add(resource.id);
    if (resource.historyId !== undefined) names.add(resource.historyId);
    for (const c of resource.children) visit(c);
  };
  for (const resource of resources) visit(resource);
  return names;
}

export function simulate(doc: CibDoc, options: SimulationOptions): Simulation {
  const status = options.status ?? readStatus(doc, options.now);
  if (!options.schedule) {
    return { status, schedule: undefined, execution: undefined, revised: undefined };
  }
  const schedule = scheduleStatus(status, {
    traceScores: options.traceScores ?? false,
    traceUtilization: options.traceUtilization ?? false,
  });
  if (!options.execute) return { status, schedule, execution: undefined, revised: undefined };
  const names = namesOf(status.resources);
  const execution = executeGraph(doc, schedule.graph, {
    now: options.recordedAt ?? options.now,
    failures: options.failures ?? [],
    exists: (id) => names.has(id),
  });
  const revised = readStatus(execution.doc, options.now, { pending: false });
  return { status, schedule, execution, revised };
}
