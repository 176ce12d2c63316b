/**
 * What is known of agents from their meta-data (spec/runtime.md 3.11). An agent is asked when its first operation comes, and
 * anew at a start when that was long ago. Differs: it is asked beside the operation, not before it, so no start waits; only
 * the record of the first operation does.
 */
import type { Millis } from "../../base/core.ts";
import { CrmError } from "../../base/error.ts";
import { type AgentTraits, readTraits } from "../../ocf/traits.ts";
import type { JobDoneEvent, RunEffect } from "../api.ts";
import type { Operation } from "../controller/history.ts";
import { agentEnvironment } from "./environment.ts";

const TIMEOUT_MS = 10_000;
/** An agent's file may be replaced while the node runs. */
const STALE_MS = 10 * 60 * 1000;

interface Known {
  readonly traits: AgentTraits | undefined;
  readonly at: Millis;
}

function agentName(operation: Operation): string {
  return `${operation.standard}:${operation.provider ?? ""}:${operation.agent}`;
}

export class AgentKnowledge {
  private readonly known = new Map<string, Known>();
  private readonly asked = new Map<number, string>();
  private readonly nextJob: () => number;
  private readonly run: (effect: RunEffect) => void;

  constructor(nextJob: () => number, run: (effect: RunEffect) => void) {
    this.nextJob = nextJob;
    this.run = run;
  }

  /** An operation was accepted: asks its agent where that is due. */
  want(now: Millis, operation: Operation): void {
    if (operation.standard !== "ocf" || operation.operation === "stop") return;
    const name = agentName(operation);
    const known = this.known.get(name);
    const isStale = known !== undefined && now - known.at >= STALE_MS;
    if (known !== undefined && !(operation.operation === "start" && isStale)) return;
    if ([...this.asked.values()].includes(name)) return;
    const job = this.nextJob();
    this.asked.set(job, name);
    const { standard, provider, agent, resource } = operation;
    const environment = agentEnvironment({ ...operation, attributes: new Map() });
    this.run({
      kind: "run",
      job,
      standard,
      provider,
      agent,
      action: "meta-data",
      environment,
      timeoutMs: TIMEOUT_MS,
      resource,
    });
  }

  /** An agent's answer; false when the job is somebody else's. */
  jobDone(now: Millis, event: JobDoneEvent): boolean {
    const name = this.asked.get(event.job);
    if (name === undefined) return false;
    this.asked.delete(event.job);
    const former = this.known.get(name)?.traits;
    const traits = event.exit === 0 ? tryTraits(event.stdout, name) : undefined;
    this.known.set(name, { traits: traits ?? former, at: now });
    return true;
  }

  /** The agent was asked for the first time and has not answered. */
  isAwaited(operation: Operation): boolean {
    const name = agentName(operation);
    return !this.known.has(name) && [...this.asked.values()].includes(name);
  }

  of(operation: Operation): AgentTraits | undefined {
    return this.known.get(agentName(operation))?.traits;
  }
}

function tryTraits(text: string, name: string): AgentTraits | undefined {
  try {
    return readTraits(text, name);
  } catch (error) {
    if (error instanceof CrmError) return undefined;
    throw error;
  }
}
