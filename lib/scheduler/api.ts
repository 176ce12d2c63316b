/** The scheduler's face: what goes in and what comes out of `schedule(cib, now, options)` (HOUSE section 4). */
import type { TransitionGraph } from "./graph/model.ts";

/** Epoch seconds at which the schedule is made; rules and failure timeouts are evaluated against it. */
export type Instant = number;

export interface ScheduleOptions {
  /** Node id of the controller that asks, if any; for the graph's attributes and DC-bound actions. */
  readonly localNode?: string;
  /** Number of the transition (transition_id). */
  readonly transitionId?: number;
  /** Keep notes of every score (for -s, explain). Costs memory. */
  readonly traceScores?: boolean;
  /** Keep what each rule changed in each table (explain). Costs time and memory. */
  readonly traceCauses?: boolean;
  /** Utilization notes (-U). */
  readonly traceUtilization?: boolean;
}

/** One message for the log or for crm_verify -V; `level` as the original's. */
export interface ScheduleMessage {
  readonly level: "error" | "warning" | "notice" | "info";
  /** Name of the rule that speaks, as the original prints it before the colon (unpack_resources, …); "" for none. */
  readonly source: string;
  readonly text: string;
}

/** What a schedule adds to these is declared beside its producer (summary, notes); this part is for every user. */
export interface ScheduleResult {
  readonly graph: TransitionGraph;
  readonly messages: readonly ScheduleMessage[];
  /** Epoch seconds at which a new schedule may decide otherwise (rules, failure timeouts); undefined = never by time. */
  readonly recheckBy: Instant | undefined;
}
