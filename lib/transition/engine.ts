/**
 * Drives one transition graph: which actions may start now, what a result means, when the graph is done.
 * It decides nothing about why (scheduler) nor how (executor); controller and crm_simulate use it alike.
 * Followed: spec/runtime.md sections 2.3 to 2.7, spec/outputs-and-tools.md A6.1.
 */
import type { GraphAction, Synapse, TransitionGraph } from "../scheduler/graph/model.ts";

/** What starting an action did: finished at once, failed at once, or a result will come. */
export type Fired = "done" | "failed" | "pending";

/** What follows when the graph is complete, weakest first; an abort only ever strengthens it. */
export type Completion = "done" | "wait" | "restart" | "shutdown";
const COMPLETION_ORDER: readonly Completion[] = ["done", "wait", "restart", "shutdown"];

/** "active": something started; "pending": results are awaited; the others: the graph is over. */
export type PassState = "active" | "pending" | "complete" | "stopped" | "terminated";

export interface PassCounts {
  readonly completed: number;
  readonly pending: number;
  readonly fired: number;
  readonly skipped: number;
  readonly incomplete: number;
}

export interface PassResult extends PassCounts {
  readonly state: PassState;
}

/** How an incoming result relates to the graph. */
export type Confirmation = "confirmed" | "already" | "unknown";

export const INFINITE_PRIORITY = 1_000_000;

interface Step {
  readonly synapse: Synapse;
  /** Ids of inputs that are not confirmed yet. */
  readonly waiting: Set<number>;
  executed: boolean;
  confirmed: boolean;
  failed: boolean;
  readonly openActions: Set<number>;
}

export interface EngineOptions {
  /** Pending synapses allowed at once, asked for each pass; 0 or less = no limit. */
  readonly batchLimit?: () => number;
  /** Asked before a non-pseudo action starts; false leaves it for a later pass (job and migration limits). */
  readonly mayStart?: (action: GraphAction) => boolean;
}

/** One graph on its way. Create it per graph; `pass` starts what is ready, `confirm` takes results. */
export class TransitionEngine {
  readonly graph: TransitionGraph;
  private readonly steps: readonly Step[];
  private readonly stepOf = new Map<number, Step>();
  private readonly dependents = new Map<number, Step[]>();
  private readonly options: EngineOptions;
  private abortPriority = 0;
  private next: Completion = "done";
  private over: PassState | undefined;
  private reason = "";

  constructor(graph: TransitionGraph, options: EngineOptions = {}) {
    this.graph = graph;
    this.options = options;
    this.steps = graph.synapses.map((synapse) => this.makeStep(synapse));
  }

  private makeStep(synapse: Synapse): Step {
    const step: Step = {
      synapse,
      waiting: new Set(synapse.inputs.map((input) => input.id)),
      executed: false,
      confirmed: false,
      failed: false,
      openActions: new Set(synapse.actions.map((action) => action.id)),
    };
    for (const action of synapse.actions) this.stepOf.set(action.id, step);
    for (const input of synapse.inputs) {
      const list = this.dependents.get(input.id);
      if (list === undefined) this.dependents.set(input.id, [step]);
      else list.push(step);
    }
    return step;
  }

  /** True once a pass found nothing to start and nothing to wait for. */
  get isOver(): boolean {
    return this.over !== undefined;
  }

  get completion(): Completion {
    return this.next;
  }

  /** Why the graph was aborted; "" when it was not. */
  get abortReason(): string {
    return this.reason;
  }

  get isAborted(): boolean {
    return this.abortPriority > 0;
  }

  /** One walk over all synapses in graph order. `fire` starts an action and says what came of it. */
  pass(fire: (action: GraphAction) => Fired): PassResult {
    let fired = 0;
    let skipped = 0;
    let pending = 0;
    for (const step of this.steps) if (step.executed && !step.confirmed && !step.failed) pending++;
    const limit = this.options.batchLimit?.() ?? 0;
    for (const step of this.steps) {
      if (limit > 0 && pending >= limit) break;
      if (step.executed || step.confirmed || step.failed || step.waiting.size > 0) continue;
      const readiness = this.readiness(step);
      if (readiness === "skip") skipped++;
      if (readiness !== "ready") continue;
      fired++;
      this.fireStep(step, fire);
      if (!step.confirmed && !step.failed) pending++;
    }
    return this.result(fired, skipped);
  }

  private readiness(step: Step): "ready" | "skip" | "later" {
    for (const action of step.synapse.actions) {
      if (action.kind === "pseudo_event") continue;
      if (step.synapse.priority < this.abortPriority) return "skip";
      if (this.options.mayStart?.(action) === false) return "later";
    }
    return "ready";
  }

  private fireStep(step: Step, fire: (action: GraphAction) => Fired): void {
    step.executed = true;
    for (const action of step.synapse.actions) {
      const outcome = fire(action);
      if (outcome !== "pending") this.confirm(action.id, outcome === "failed");
    }
  }

  private result(fired: number, skipped: number): PassResult {
    let completed = 0;
    let pending = 0;
    let incomplete = 0;
    for (const step of this.steps) {
      if (step.confirmed) completed++;
      else if (step.executed && !step.failed) pending++;
      else incomplete++;
    }
    let state: PassState;
    if (fired > 0) state = "active";
    else if (pending > 0) state = "pending";
    else if (incomplete > 0 && skipped === 0 && this.abortPriority <= 0) state = "terminated";
    else if (skipped > 0) state = "stopped";
    else state = "complete";
    if (state !== "active" && state !== "pending") this.over = state;
    return { state, completed, pending, fired, skipped, incomplete };
  }

  /** Is this action of the graph started and still unanswered? */
  isPending(actionId: number): boolean {
    const step = this.stepOf.get(actionId);
    return step?.executed === true && step.openActions.has(actionId);
  }

  /** Takes the result of an action. A failed one lets only dependents of infinite priority go on. */
  confirm(actionId: number, failed: boolean): Confirmation {
    const step = this.stepOf.get(actionId);
    if (step === undefined) return "unknown";
    if (!step.openActions.delete(actionId)) return "already";
    if (step.openActions.size === 0) step.confirmed = true;
    for (const dependent of this.dependents.get(actionId) ?? []) {
      if (!failed || dependent.synapse.priority >= INFINITE_PRIORITY) {
        dependent.waiting.delete(actionId);
      }
    }
    return "confirmed";
  }

  /** Lets nothing below `priority` start any more; what runs finishes, then `completion` follows. */
  abort(priority: number, completion: Completion, reason: string): void {
    if (priority > this.abortPriority) {
      this.abortPriority = priority;
      this.reason = reason;
    }
    if (COMPLETION_ORDER.indexOf(completion) > COMPLETION_ORDER.indexOf(this.next)) {
      this.next = completion;
    }
  }

  /** The synapse priority of an action; an ordinary failure aborts everything up to it. */
  priorityOf(actionId: number): number {
    return this.stepOf.get(actionId)?.synapse.priority ?? 0;
  }

  /** The action of this id. */
  action(actionId: number): GraphAction | undefined {
    return this.stepOf.get(actionId)?.synapse.actions.find((action) => action.id === actionId);
  }

  /** Fails every unanswered action to or through a lost node and returns those that had started. */
  nodeLost(nodeId: string): readonly GraphAction[] {
    const lost: GraphAction[] = [];
    for (const step of this.steps) {
      if (step.confirmed || step.failed) continue;
      for (const action of step.synapse.actions) {
        if (action.kind === "pseudo_event" || action.operation === "stonith") continue;
        if (action.node?.id !== nodeId && action.router !== nodeId) continue;
        if (step.executed) lost.push(action);
        step.failed = true;
      }
    }
    return lost;
  }

  /** Does a started action of this graph take the node down (do_shutdown, stonith)? */
  isDownExpected(nodeId: string): boolean {
    return this.steps.some(
      (step) =>
        step.executed && step.synapse.actions.some((action) => action.downed.includes(nodeId)),
    );
  }

  /** Unconfirmed actions, in graph order, for the log of a terminated graph. */
  unfinished(): readonly GraphAction[] {
    return this.steps.filter((s) => !s.confirmed).flatMap((s) => [...s.synapse.actions]);
  }
}
