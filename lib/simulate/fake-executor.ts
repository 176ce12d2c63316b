/**
 * Carries out a transition without a cluster: every action succeeds at once (unless told to fail) and leaves its mark in
 * the status section (spec/scheduler-1 section K, spec/outputs-and-tools section A6).
 */
import type { CibDoc } from "../cib/document.ts";
import { OUR_FEATURE_SET } from "../cib/schema.ts";
import type { GraphAction, GraphPrimitive, TransitionGraph } from "../scheduler/graph/model.ts";
import { DigestCache } from "../status/digests.ts";
import { type Fired, TransitionEngine } from "../transition/engine.ts";
import { element, type XmlElement } from "../xml/node.ts";
import { ORIGIN, StatusEdit } from "./status-edit.ts";

const NO_UUID = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

/** --op-fail: an operation that shall fail. */
export interface PlannedFailure {
  readonly resource: string;
  readonly task: string;
  readonly intervalMs: number;
  readonly node: string;
  readonly rc: number;
}

/** What happened, in order. */
export type ExecutionStep =
  | { readonly kind: "pseudo"; readonly key: string; readonly node: string | undefined }
  | {
      readonly kind: "resource";
      readonly resource: string;
      readonly operation: string;
      readonly intervalMs: number;
      readonly node: string;
    }
  | {
      readonly kind: "cluster";
      readonly operation: string;
      readonly resource: string | undefined;
      readonly node: string;
    }
  | { readonly kind: "fence"; readonly node: string; readonly operation: string }
  | { readonly kind: "pretended"; readonly actionId: number; readonly rc: number };

export interface Execution {
  readonly doc: CibDoc;
  readonly steps: readonly ExecutionStep[];
  /** "complete", or the word of what went wrong. */
  readonly state: string;
}

export interface ExecutionOptions {
  /** Epoch seconds that results are recorded with. */
  readonly now: number;
  readonly failures?: readonly PlannedFailure[];
  /** A resource of this id or history id was there when the schedule was made. */
  readonly exists: (id: string) => boolean;
}

const DOWN = { in_ccm: "false", crmd: "offline", join: "down", expected: "down" };

function intervalOf(action: GraphAction): number {
  return Number.parseInt(action.attributes.get("CRM_meta_interval") ?? "0", 10) || 0;
}

/** The name shown and recorded for a resource. */
function shownName(primitive: GraphPrimitive, exists: (id: string) => boolean): string {
  if (exists(primitive.id)) return primitive.id;
  return primitive.longId ?? primitive.id;
}

/** Parameters of an action as its recorded digest sees them. */
function digestedParameters(action: GraphAction, intervalMs: number): ReadonlyMap<string, string> {
  const kept = new Map<string, string>();
  for (const [name, value] of action.attributes) {
    if (name === "crm_feature_set") continue;
    const isMeta = name.startsWith("CRM_meta_");
    if (isMeta && !(name === "CRM_meta_timeout" && intervalMs > 0)) continue;
    kept.set(name, value);
  }
  return kept;
}

/** What all entries of one execution have in common. */
interface Recording {
  /** Epoch seconds. */
  readonly now: number;
  readonly digests: DigestCache;
}

interface Outcome {
  readonly rc: number;
  readonly targetRc: number;
}

function entryId(action: GraphAction, configured: string, intervalMs: number, failed: boolean) {
  const { operation } = action;
  if (operation === "notify") {
    const type = action.attributes.get("CRM_meta_notify_type") ?? "";
    const task = action.attributes.get("CRM_meta_notify_operation") ?? "";
    return `${configured}_${type}_notify_${task}_0`;
  }
  const key = `${configured}_${operation}_${intervalMs}`;
  if (operation === "migrate_to" || operation === "migrate_from") return key;
  if (failed) return `${configured}_last_failure_0`;
  return intervalMs > 0 ? key : `${configured}_last_0`;
}

/** One `lrm_rsc_op`. */
function historyEntry(
  action: GraphAction,
  configured: string,
  node: string,
  outcome: Outcome,
  callId: number,
  { now, digests }: Recording,
): { readonly id: string; readonly xml: XmlElement } {
  const intervalMs = intervalOf(action);
  const task = action.operation;
  const isReload = task === "reload" || task === "reload-agent";
  const operation = isReload ? "start" : task;
  const failed = outcome.rc !== outcome.targetRc;
  const id = entryId(isReload ? { ...action, operation } : action, configured, intervalMs, failed);
  const key = `${callId}:-1:${outcome.targetRc}:${NO_UUID}`;
  const status = failed ? 4 : 0;
  const attrs = new Map<string, string>();
  attrs.set("id", id);
  attrs.set("operation_key", `${configured}_${operation}_${intervalMs}`);
  attrs.set("operation", operation);
  attrs.set("crm-debug-origin", ORIGIN);
  attrs.set("crm_feature_set", OUR_FEATURE_SET);
  attrs.set("transition-key", key);
  attrs.set("transition-magic", `${status}:${outcome.rc};${key}`);
  attrs.set("exit-reason", "");
  attrs.set("on_node", node);
  attrs.set("call-id", String(callId));
  attrs.set("rc-code", String(outcome.rc));
  attrs.set("op-status", String(status));
  attrs.set("interval", String(intervalMs));
  attrs.set("last-rc-change", String(now));
  attrs.set("exec-time", "0");
  attrs.set("queue-time", "0");
  if (task.startsWith("migrate_")) {
    for (const name of ["migrate_source", "migrate_target"]) {
      const value = action.attributes.get(`CRM_meta_${name}`);
      if (value !== undefined) attrs.set(name, value);
    }
  }
  attrs.set("op-digest", digests.digestOf(digestedParameters(action, intervalMs)));
  return { id, xml: element("lrm_rsc_op", attrs) };
}

function plannedFailure(
  options: ExecutionOptions,
  names: readonly string[],
  action: GraphAction,
  node: string,
): PlannedFailure | undefined {
  const intervalMs = intervalOf(action);
  return options.failures?.find(
    (failure) =>
      names.some((name) => name.toLowerCase() === failure.resource.toLowerCase()) &&
      failure.task.toLowerCase() === action.operation.toLowerCase() &&
      failure.intervalMs === intervalMs &&
      failure.node.toLowerCase() === node.toLowerCase(),
  );
}

class Executor {
  readonly edit: StatusEdit;
  readonly steps: ExecutionStep[] = [];
  private readonly graph: TransitionGraph;
  private readonly options: ExecutionOptions;
  private readonly recording: Recording;

  constructor(doc: CibDoc, graph: TransitionGraph, options: ExecutionOptions) {
    this.edit = new StatusEdit(doc);
    this.graph = graph;
    this.options = options;
    this.recording = { now: options.now, digests: new DigestCache() };
  }

  fire(action: GraphAction): Fired {
    switch (action.kind) {
      case "pseudo_event":
        this.steps.push({ kind: "pseudo", key: action.operationKey, node: action.node?.name });
        return "done";
      case "crm_event":
        this.fireCluster(action);
        return "done";
      case "rsc_op":
        return this.fireResource(action);
    }
  }

  private fireCluster(action: GraphAction): void {
    const node = action.node?.name ?? "";
    if (action.operation !== "stonith") {
      this.steps.push({
        kind: "cluster",
        operation: action.operation,
        resource: action.primitive?.id,
        node,
      });
      return;
    }
    const operation = action.attributes.get("CRM_meta_stonith_action") ?? "";
    this.steps.push({ kind: "fence", node, operation });
    if (operation !== "on") this.edit.setMembership(node, action.node?.id ?? node, DOWN, true);
  }

  private fireResource(action: GraphAction): Fired {
    const { primitive } = action;
    const node = action.node?.name ?? "";
    if (primitive === undefined || action.operation === "probe_complete") return "done";
    const resource = shownName(primitive, this.options.exists);
    const intervalMs = intervalOf(action);
    const { operation } = action;
    this.steps.push({ kind: "resource", resource, operation, intervalMs, node });
    if (operation === "delete" || operation === "meta-data") return "done";
    const targetRc =
      Number.parseInt(action.attributes.get("CRM_meta_op_target_rc") ?? "0", 10) || 0;
    const failure = plannedFailure(this.options, [resource, primitive.id], action, node);
    const rc = failure?.rc ?? targetRc;
    const nodeId = action.router === undefined ? (action.node?.id ?? node) : node;
    if (failure !== undefined) {
      this.steps.push({ kind: "pretended", actionId: action.id, rc });
      this.countFailure(action, resource, node, nodeId);
    }
    this.edit.record(node, nodeId, {
      resource,
      configured: primitive.id,
      standard: primitive.standard,
      provider: primitive.provider,
      agent: primitive.agent,
      attributes: (callId) =>
        historyEntry(action, primitive.id, node, { rc, targetRc }, callId, this.recording),
    });
    return failure === undefined ? "done" : "failed";
  }

  private countFailure(action: GraphAction, resource: string, node: string, nodeId: string): void {
    const { operation } = action;
    const suffix = `${resource}#${operation}_${intervalOf(action)}`;
    const fatal =
      (operation === "start" && this.graph.attributes.get("failed-start-offset") === "INFINITY") ||
      (operation === "stop" && this.graph.attributes.get("failed-stop-offset") === "INFINITY");
    const name = `fail-count-${suffix}`;
    const old = Number.parseInt(this.edit.attribute(node, nodeId, name) ?? "0", 10) || 0;
    this.edit.setAttribute(node, nodeId, name, fatal ? "INFINITY" : String(old + 1));
    this.edit.setAttribute(node, nodeId, `last-failure-${suffix}`, String(this.options.now));
  }
}

/** Runs a graph to its end on a document; the document given stays as it is. */
export function executeGraph(
  doc: CibDoc,
  graph: TransitionGraph,
  options: ExecutionOptions,
): Execution {
  const run = new Executor(doc, graph, options);
  const engine = new TransitionEngine(graph);
  let state = engine.pass((action) => run.fire(action)).state;
  while (state === "active" || state === "pending") {
    state = engine.pass((action) => run.fire(action)).state;
  }
  return { doc: run.edit.close(), steps: run.steps, state };
}
