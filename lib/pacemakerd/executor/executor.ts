/**
 * Runs operations on this node: one process per resource at a time, recurring monitors between them, results to the order.
 * It decides when an agent runs and what its exit means; never whether a resource should run.
 * Followed: spec/runtime.md sections 3.1 to 3.7; HOUSE rules 6 (old orders are refused by the caller) and 10 (stopAll).
 */
import type { Millis } from "../../base/core.ts";
import type { XmlElement } from "../../xml/node.ts";
import type { JobDoneEvent, PacemakerdEffect } from "../api.ts";
import { emptyLrm, withHistory, withoutHistory } from "../cib/status.ts";
import {
  historyUpdate,
  isRecorded,
  type Operation,
  OpStatus,
  type Outcome,
  pendingUpdate,
} from "../controller/history.ts";
import { actionWord, agentEnvironment } from "./environment.ts";
import { agentResult } from "./exit-status.ts";
import { AgentKnowledge } from "./knowledge.ts";

/** What the executor needs of the process around it. */
export interface ExecutorPort {
  effect(effect: PacemakerdEffect): void;
  log(level: "error" | "notice" | "info" | "warning", text: string): void;
  /** A result with history: into the order. */
  result(operation: Operation, outcome: Outcome, onFail: string, update: XmlElement): void;
  /** An answer without history. */
  ack(key: string, rc: number, status: number): void;
  /** A cancelled monitor: its entry goes, which confirms the cancel. */
  deleted(resource: string, entry: string, key: string): void;
  /** Epoch seconds. */
  epoch(): number;
}

interface Command {
  readonly operation: Operation;
  readonly callId: number;
  readonly timeoutMs: Millis;
  readonly onFail: string;
  readonly queuedAt: Millis;
  /** A start delay holds the command, and what is behind it, back until then (3.2). */
  readonly notBefore: Millis;
  startedAt: Millis;
  job: number;
  cancelled: boolean;
  /** Keys of graph cancels that wait for it to end. */
  cancelKeys: string[];
}

interface Recurring {
  readonly command: Command;
  /** Last reported rc and status; undefined = nothing reported yet. */
  reported: string | undefined;
  changed: number;
}

interface Resource {
  readonly id: string;
  agentOf: Operation;
  readonly queue: Command[];
  active: Command | undefined;
  readonly recurring: Map<string, Recurring>;
  /** Parameters of the last start, reload or probe; a stop uses them. */
  parameters: ReadonlyMap<string, string> | undefined;
  running: boolean;
}

/** A result that waits for its agent's meta-data. */
interface Unreported {
  readonly operation: Operation;
  readonly outcome: Outcome;
  readonly onFail: string;
}

const REMEMBERED = new Set(["start", "monitor", "reload", "reload-agent", "migrate_from"]);

function startDelay(operation: Operation): Millis {
  const delay = Number.parseInt(operation.attributes.get("CRM_meta_start_delay") ?? "0", 10);
  return Number.isSafeInteger(delay) && delay > 0 ? delay : 0;
}

function recurringName(operation: string, intervalMs: number): string {
  return `${operation}_${intervalMs}`;
}

export class Executor {
  private readonly resources = new Map<string, Resource>();
  private readonly jobs = new Map<number, { resource: Resource; command: Command }>();
  private readonly port: ExecutorPort;
  private nextCall = 1;
  private nextJob = 1;
  private history: XmlElement;
  private stopping: ((resource: string) => readonly string[]) | undefined;
  private readonly knowledge: AgentKnowledge;
  private unreported: Unreported[] = [];

  constructor(nodeId: string, port: ExecutorPort) {
    this.port = port;
    this.history = emptyLrm(nodeId);
    this.knowledge = new AgentKnowledge(
      () => this.nextJob++,
      (effect) => port.effect(effect),
    );
  }

  /** This node's own truth (HOUSE rule 3). */
  get lrm(): XmlElement {
    return this.history;
  }

  /** Transition keys of operations that have no result yet; recurring ones count until their first. */
  get inFlight(): readonly string[] {
    const keys = this.unreported.map((waiting) => waiting.operation.key);
    for (const resource of this.resources.values()) {
      for (const command of [resource.active, ...resource.queue]) {
        if (command === undefined) continue;
        if (command.operation.intervalMs === 0) keys.push(command.operation.key);
      }
      for (const recurring of resource.recurring.values()) {
        if (recurring.reported === undefined) keys.push(recurring.command.operation.key);
      }
    }
    return keys;
  }

  get hasActiveResources(): boolean {
    return [...this.resources.values()].some((r) => r.running);
  }

  private resource(operation: Operation): Resource {
    const known = this.resources.get(operation.resource);
    if (known !== undefined) {
      known.agentOf = operation;
      return known;
    }
    const made: Resource = {
      id: operation.resource,
      agentOf: operation,
      queue: [],
      active: undefined,
      recurring: new Map(),
      parameters: undefined,
      running: false,
    };
    this.resources.set(operation.resource, made);
    return made;
  }

  /** Takes an order. The pending entry is already in the order's CIB; here it enters our own truth. */
  accept(now: Millis, operation: Operation, timeoutMs: Millis, onFail: string): void {
    const resource = this.resource(operation);
    if (isRecorded(operation.operation)) this.record(pendingUpdate(operation, this.port.epoch()));
    const command: Command = {
      operation: this.withStopParameters(resource, operation),
      callId: this.nextCall++,
      timeoutMs,
      onFail,
      queuedAt: now,
      notBefore: now + startDelay(operation),
      startedAt: now,
      job: 0,
      cancelled: false,
      cancelKeys: [],
    };
    if (operation.intervalMs > 0) {
      const name = recurringName(operation.operation, operation.intervalMs);
      this.dropRecurring(resource, name);
      resource.recurring.set(name, { command, reported: undefined, changed: 0 });
    } else if (operation.operation !== "monitor" && operation.operation !== "notify") {
      for (const name of [...resource.recurring.keys()]) this.dropRecurring(resource, name);
    }
    resource.queue.push(command);
    this.advance(now, resource);
    this.knowledge.want(now, operation);
  }

  private withStopParameters(resource: Resource, operation: Operation): Operation {
    if (operation.operation !== "stop" || resource.parameters === undefined) return operation;
    const merged = new Map(resource.parameters);
    for (const [name, value] of operation.attributes) {
      if (name.startsWith("CRM_meta_") || name === "crm_feature_set") merged.set(name, value);
    }
    return { ...operation, attributes: merged };
  }

  /** Ends a recurring operation without a word: it is being replaced or its resource stops. */
  private dropRecurring(resource: Resource, name: string): void {
    const recurring = resource.recurring.get(name);
    if (recurring === undefined) return;
    resource.recurring.delete(name);
    this.port.effect({ kind: "cancel-timer", name: this.timerName(resource.id, name) });
    const same = (c: Command) =>
      recurringName(c.operation.operation, c.operation.intervalMs) === name;
    for (let at = resource.queue.length - 1; at >= 0; at--) {
      if (same(resource.queue[at]!)) resource.queue.splice(at, 1);
    }
    if (resource.active !== undefined && same(resource.active)) {
      resource.active.cancelled = true;
      this.port.effect({ kind: "kill", job: resource.active.job });
    }
    if (recurring.reported === undefined) {
      this.port.ack(recurring.command.operation.key, 0, OpStatus.cancelled);
    }
  }

  /** A graph's cancel: the entry is deleted, which confirms it; unknown operations likewise. */
  cancel(resourceId: string, operation: string, intervalMs: number, key: string): void {
    const resource = this.resources.get(resourceId);
    const name = recurringName(operation, intervalMs);
    const entry = `${resourceId}_${operation}_${intervalMs}`;
    if (resource?.recurring.has(name) === true) {
      const active = resource.active;
      const executing =
        active !== undefined &&
        recurringName(active.operation.operation, active.operation.intervalMs) === name;
      this.dropRecurring(resource, name);
      if (executing) {
        active.cancelKeys.push(key);
        return;
      }
    }
    this.forgetEntry(resourceId, entry, key);
  }

  private forgetEntry(resource: string, entry: string, key: string): void {
    this.history = withoutHistory(this.history, resource, entry);
    this.port.deleted(resource, entry, key);
  }

  /** Forgets a resource (clean-up); what runs at the moment still reports. Resource "" forgets all. */
  forget(resourceId: string): void {
    for (const [id, resource] of [...this.resources]) {
      if (resourceId !== "" && id !== resourceId) continue;
      for (const name of [...resource.recurring.keys()]) this.dropRecurring(resource, name);
      if (resource.active === undefined && resource.queue.length === 0) {
        this.resources.delete(id);
      }
    }
    this.history = withoutHistory(this.history, resourceId, "");
  }

  /** A failure is forgotten: its entry goes. */
  forgetFailure(resourceId: string): void {
    this.history = withoutHistory(this.history, resourceId, `${resourceId}_last_failure_0`);
  }

  /** `crm_resource --fail`: a failure that nobody saw. */
  fail(operation: Operation): void {
    const outcome: Outcome = {
      callId: this.nextCall++,
      rc: 1,
      status: OpStatus.done,
      exitReason: "Simulated failure",
      changed: this.port.epoch(),
      execMs: 0,
      queueMs: 0,
      origin: "do_update_resource",
    };
    this.report(operation, outcome, "");
  }

  private timerName(resource: string, name: string): string {
    return `recurring:${resource}:${name}`;
  }

  /** A timer of ours; false when it is somebody else's. */
  timer(now: Millis, name: string): boolean {
    if (name.startsWith("start-delay:")) {
      const resource = this.resources.get(name.slice("start-delay:".length));
      if (resource !== undefined) this.advance(now, resource);
      return true;
    }
    if (!name.startsWith("recurring:")) return false;
    for (const resource of this.resources.values()) {
      for (const [key, recurring] of resource.recurring) {
        if (this.timerName(resource.id, key) !== name) continue;
        resource.queue.push({
          ...recurring.command,
          queuedAt: now,
          notBefore: now,
          job: 0,
          cancelKeys: [],
        });
        this.advance(now, resource);
      }
    }
    return true;
  }

  private advance(now: Millis, resource: Resource): void {
    if (resource.active !== undefined) return;
    const command = resource.queue[0];
    if (command === undefined) return;
    if (command.notBefore > now) {
      const delayMs = command.notBefore - now;
      this.port.effect({ kind: "set-timer", name: `start-delay:${resource.id}`, delayMs });
      return;
    }
    resource.queue.shift();
    resource.active = command;
    command.startedAt = now;
    command.job = this.nextJob++;
    this.jobs.set(command.job, { resource, command });
    const { operation } = command;
    this.port.effect({
      kind: "run",
      job: command.job,
      standard: operation.standard,
      provider: operation.provider,
      agent: operation.agent,
      action: actionWord(operation, this.knowledge.of(operation)),
      environment: agentEnvironment(operation),
      timeoutMs: command.timeoutMs,
      resource: operation.resource,
    });
  }

  /** An agent ended. */
  jobDone(now: Millis, event: JobDoneEvent): void {
    const found = this.jobs.get(event.job);
    if (found === undefined) {
      if (this.knowledge.jobDone(now, event)) this.reportAwaited();
      return;
    }
    this.jobs.delete(event.job);
    const { resource, command } = found;
    resource.active = undefined;
    const { operation } = command;
    if (command.cancelled) {
      const entry = `${resource.id}_${operation.operation}_${operation.intervalMs}`;
      for (const key of command.cancelKeys) this.forgetEntry(resource.id, entry, key);
    } else {
      const outcome = this.outcomeOf(command, event);
      this.logOutput(operation, outcome, event);
      this.learn(resource, operation, outcome);
      if (operation.intervalMs > 0) this.recurringDone(resource, command, outcome);
      else if (isRecorded(operation.operation)) this.report(operation, outcome, command.onFail);
      else this.port.ack(operation.key, outcome.rc, outcome.status);
    }
    this.advance(now, resource);
    if (this.stopping !== undefined) this.stopNext(now);
  }

  private outcomeOf(command: Command, event: JobDoneEvent): Outcome {
    const { operation } = command;
    const result = agentResult(
      event,
      operation.standard,
      operation.operation,
      operation.agent,
      command.timeoutMs,
    );
    return {
      callId: command.callId,
      ...result,
      changed: this.port.epoch() - Math.floor(event.execMs / 1000),
      execMs: Math.round(event.execMs),
      queueMs: Math.max(0, Math.round(command.startedAt - command.queuedAt)),
      origin: "do_update_resource",
    };
  }

  private logOutput(operation: Operation, outcome: Outcome, event: JobDoneEvent): void {
    const name = `${operation.resource}_${operation.operation}_${operation.intervalMs}`;
    const failed = outcome.status !== OpStatus.done || (outcome.rc !== 0 && outcome.rc !== 7);
    for (const line of event.stderr
      .split("\n")
      .filter((l) => l !== "")
      .slice(-20)) {
      this.port.log(failed ? "notice" : "info", `${name} error output [ ${line} ]`);
    }
  }

  private learn(resource: Resource, operation: Operation, outcome: Outcome): void {
    const isUp = outcome.rc === 0 || outcome.rc === 8;
    if (operation.operation === "stop") {
      if (outcome.rc === 0) resource.running = false;
    } else if (operation.operation === "monitor") {
      if (isUp || outcome.rc === 7) resource.running = isUp;
    } else if (operation.operation !== "notify" && operation.operation !== "migrate_to") {
      resource.running = true;
    }
    const isProbe = operation.operation === "monitor" && operation.intervalMs > 0;
    if (REMEMBERED.has(operation.operation) && !isProbe) {
      resource.parameters = operation.attributes;
    }
  }

  private recurringDone(resource: Resource, command: Command, outcome: Outcome): void {
    const { operation } = command;
    const name = recurringName(operation.operation, operation.intervalMs);
    const recurring = resource.recurring.get(name);
    if (recurring === undefined) return;
    const text = `${outcome.status}:${outcome.rc}`;
    if (recurring.reported !== text) {
      const first = recurring.reported === undefined;
      recurring.reported = text;
      recurring.changed = outcome.changed;
      this.report(operation, first ? outcome : { ...outcome, execMs: 0 }, command.onFail);
    }
    this.port.effect({
      kind: "set-timer",
      name: this.timerName(resource.id, name),
      delayMs: operation.intervalMs,
    });
  }

  /** Reports, or waits for what the agent says of itself; what comes behind of the same agent waits, too. */
  private report(operation: Operation, outcome: Outcome, onFail: string): void {
    if (this.knowledge.isAwaited(operation)) {
      this.unreported.push({ operation, outcome, onFail });
      return;
    }
    const update = historyUpdate(operation, outcome, this.knowledge.of(operation));
    this.record(update);
    this.port.result(operation, outcome, onFail, update);
  }

  private reportAwaited(): void {
    const { unreported } = this;
    this.unreported = [];
    for (const { operation, outcome, onFail } of unreported)
      this.report(operation, outcome, onFail);
  }

  private record(update: XmlElement): void {
    this.history = withHistory(this.history, update);
  }

  /**
   * HOUSE rule 10: stops everything that runs, at once. `first(resource)` names what must be down before it.
   * `isIdle` tells when it is done.
   */
  stopAll(now: Millis, first: (resource: string) => readonly string[]): void {
    this.stopping = first;
    for (const resource of this.resources.values()) {
      for (const name of [...resource.recurring.keys()]) this.dropRecurring(resource, name);
      resource.queue.length = 0;
    }
    this.stopNext(now);
  }

  private readonly stopsTried = new Set<string>();

  private stopNext(now: Millis): void {
    for (const resource of this.resources.values()) {
      if (!resource.running || this.stopsTried.has(resource.id)) continue;
      const blockers = this.stopping?.(resource.id) ?? [];
      if (blockers.some((id) => this.isStillStopping(id))) continue;
      if (resource.active !== undefined) continue;
      this.stopsTried.add(resource.id);
      const operation: Operation = {
        ...resource.agentOf,
        operation: "stop",
        intervalMs: 0,
        key: "",
        targetRc: 0,
        attributes: resource.parameters ?? resource.agentOf.attributes,
      };
      const timeout = Number(operation.attributes.get("CRM_meta_timeout") ?? "20000");
      this.accept(now, operation, Number.isFinite(timeout) ? timeout : 20000, "");
    }
  }

  private isStillStopping(id: string): boolean {
    const resource = this.resources.get(id);
    if (resource === undefined || !resource.running) return false;
    return !this.stopsTried.has(id) || resource.active !== undefined || resource.queue.length > 0;
  }

  /** Nothing runs and nothing waits. */
  get isIdle(): boolean {
    return this.jobs.size === 0;
  }

  /** After stopAll: resources that would not stop. */
  get leftRunning(): readonly string[] {
    return [...this.resources.values()].filter((r) => r.running).map((r) => r.id);
  }
}
