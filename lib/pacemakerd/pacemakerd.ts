/**
 * The second process: a core made of cores (HOUSE section 0). It routes events to the parts and messages of the order to
 * the replicated CIB; each part's rules are in its own file. The safety rules it holds together: HOUSE rules 1 to 11.
 */
import type { Core, Millis } from "../base/core.ts";
import { Exit } from "../base/exit.ts";
import type { JobDoneEvent, PacemakerdConfig, PacemakerdEffect, PacemakerdEvent } from "./api.ts";
import { stopDependencies } from "./controller/stop-order.ts";
import { Replica } from "./replica.ts";

/** Time a node takes for its resources before it leaves without the cluster's word. */
const LEAVE_ESCALATION_MS = 20 * 60 * 1000;

export class Pacemakerd implements Core<PacemakerdEvent, PacemakerdEffect> {
  private readonly replica: Replica;
  /** Rule 10, or a leave that nobody can grant: stop everything, then end with this code. */
  private ending: number | undefined;

  constructor(config: PacemakerdConfig) {
    this.replica = new Replica(config);
  }

  /** For audits and tools of the same process: the CIB of this moment. */
  get view(): Replica {
    return this.replica;
  }

  step(now: Millis, event: PacemakerdEvent): readonly PacemakerdEffect[] {
    const { context } = this.replica;
    context.begin(now);
    this.dispatch(event);
    if (this.ending === undefined) this.replica.finishStep();
    return context.end();
  }

  private dispatch(event: PacemakerdEvent): void {
    const { replica } = this;
    switch (event.kind) {
      case "start":
        replica.context.setWallClock(event.epochMs);
        replica.start();
        return;
      case "wall-clock":
        replica.context.setWallClock(event.epochMs);
        if (event.loadAverage !== undefined) replica.controller.measured(event.loadAverage);
        return;
      case "job-done":
        this.jobDone(event);
        return;
      case "terminate":
        this.terminate();
        return;
      case "ring-lost":
        this.ringLost();
        return;
      case "timer":
        this.timer(event.name);
        return;
      default:
        if (this.ending === undefined) replica.event(event);
    }
  }

  private jobDone(event: JobDoneEvent): void {
    this.replica.executor.jobDone(this.replica.context.now, event);
    this.endWhenIdle();
  }

  private timer(name: string): void {
    if (name === "leave-escalation") {
      this.replica.context.log("error", "The cluster did not let us leave in time: stopping alone");
      this.stopEverything(Exit.ok);
      return;
    }
    if (this.ending === undefined) this.replica.timer(name);
  }

  /** SIGTERM: the cluster stops our resources first; alone, we do it ourselves. */
  private terminate(): void {
    const { context } = this.replica;
    if (this.ending !== undefined || this.replica.leaving) return;
    context.log("notice", "Shutting down Pacemaker");
    if (!this.replica.canLeaveOrderly) {
      this.stopEverything(Exit.ok);
      return;
    }
    context.setTimer("leave-escalation", LEAVE_ESCALATION_MS);
    this.replica.askToLeave();
  }

  private ringLost(): void {
    if (this.ending !== undefined) return;
    this.replica.context.log("crit", "Corosync is gone: stopping all resources at once");
    this.stopEverything(Exit.disconnected);
  }

  private stopEverything(code: number): void {
    this.ending = code;
    const { replica } = this;
    replica.executor.stopAll(replica.context.now, stopDependencies(replica.doc));
    this.endWhenIdle();
  }

  private endWhenIdle(): void {
    if (this.ending === undefined || !this.replica.executor.isIdle) return;
    const left = this.replica.executor.leftRunning;
    if (left.length > 0) {
      this.replica.context.log("error", `Resources that would not stop: ${left.join(" ")}`);
    }
    this.replica.context.effect({ kind: "exit", code: this.ending });
  }
}
