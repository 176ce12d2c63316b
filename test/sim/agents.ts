/**
 * The agents of all nodes. They know where each resource truly runs, whatever any manager believes; audits ask them.
 * An agent that was started goes on when its manager dies, and dies with its node.
 */
import type { Prng } from "../../lib/base/prng.ts";
import type { JobDoneEvent, RunEffect } from "../../lib/pacemakerd/api.ts";

const OCF_OK = 0;
const OCF_ERROR = 1;
const OCF_NOT_RUNNING = 7;

/** They reload one parameter, and restart for another. */
const META_DATA =
  '<resource-agent name="Dummy"><version>1.1</version><parameters><parameter name="state"/><parameter name="fake" reloadable="1"/>' +
  '</parameters><actions><action name="reload-agent" timeout="20s"/></actions></resource-agent>';

interface Job {
  readonly nodeId: number;
  /** Which life of the manager asked; a later one does not hear of it. */
  readonly life: number;
  readonly effect: RunEffect;
  killed: boolean;
}

export interface AgentWatch {
  /** A start begins to act: from now on the resource runs there. */
  started(nodeId: number, resource: string): void;
  stopped(nodeId: number, resource: string): void;
}

export interface Planned {
  readonly delayMs: number;
  readonly done: () =>
    | { readonly nodeId: number; readonly life: number; readonly event: JobDoneEvent }
    | undefined;
}

export class Agents {
  /** Resource → nodes where it runs. */
  readonly running = new Map<string, Set<number>>();
  /** Chance that an action fails, for runs that want failures. */
  failureRate = 0;
  private readonly jobs = new Map<string, Job>();
  private readonly prng: Prng;
  private readonly watch: AgentWatch;

  constructor(prng: Prng, watch: AgentWatch) {
    this.prng = prng;
    this.watch = watch;
  }

  isRunning(nodeId: number, resource: string): boolean {
    return this.running.get(resource)?.has(nodeId) === true;
  }

  /** All nodes where a resource runs. */
  nodesOf(resource: string): readonly number[] {
    return [...(this.running.get(resource) ?? [])].sort((a, b) => a - b);
  }

  private set(nodeId: number, resource: string, up: boolean): void {
    const nodes = this.running.get(resource) ?? new Set<number>();
    this.running.set(resource, nodes);
    if (up === nodes.has(nodeId)) return;
    if (up) {
      nodes.add(nodeId);
      this.watch.started(nodeId, resource);
    } else {
      nodes.delete(nodeId);
      this.watch.stopped(nodeId, resource);
    }
  }

  /** Begins an action; the caller lets time pass and asks for its end. */
  run(nodeId: number, life: number, effect: RunEffect): Planned {
    const key = `${nodeId}/${life}/${effect.job}`;
    const job: Job = { nodeId, life, effect, killed: false };
    this.jobs.set(key, job);
    const fails = effect.action !== "stop" && this.prng.chance(this.failureRate);
    if (effect.action === "start" && !fails) this.set(nodeId, effect.resource, true);
    const delayMs = 5 + this.prng.fraction() * (effect.action === "monitor" ? 20 : 200);
    return { delayMs, done: () => this.finish(key, fails) };
  }

  private finish(
    key: string,
    fails: boolean,
  ): { readonly nodeId: number; readonly life: number; readonly event: JobDoneEvent } | undefined {
    const job = this.jobs.get(key);
    if (job === undefined) return undefined;
    this.jobs.delete(key);
    const { effect, nodeId, life } = job;
    let exit: number = fails ? OCF_ERROR : OCF_OK;
    if (effect.action === "stop") this.set(nodeId, effect.resource, false);
    const asks = effect.action === "monitor" || effect.action === "reload-agent";
    if (asks && !fails) {
      exit = this.isRunning(nodeId, effect.resource) ? OCF_OK : OCF_NOT_RUNNING;
    }
    const event: JobDoneEvent = {
      kind: "job-done",
      job: effect.job,
      exit: job.killed ? undefined : exit,
      timedOut: false,
      stdout: effect.action === "meta-data" && !fails ? META_DATA : "",
      stderr: "",
      execMs: 10,
    };
    return { nodeId, life, event };
  }

  kill(nodeId: number, life: number, job: number): void {
    const found = this.jobs.get(`${nodeId}/${life}/${job}`);
    if (found !== undefined) found.killed = true;
  }

  /** A resource dies by itself. */
  die(nodeId: number, resource: string): void {
    this.set(nodeId, resource, false);
  }

  /** The node is gone with everything on it. */
  nodeCrashed(nodeId: number): void {
    for (const [key, job] of [...this.jobs]) if (job.nodeId === nodeId) this.jobs.delete(key);
    for (const nodes of this.running.values()) nodes.delete(nodeId);
  }
}
