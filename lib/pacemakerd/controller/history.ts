/**
 * History entries: what an operation leaves in the status section, before it runs and after.
 * Followed: spec/runtime.md 2.2 (keys and magic), 3.7 (pending), 4.1 to 4.3, 4.5 (fail counts); D3 (digests).
 */
import type { AgentTraits } from "../../ocf/traits.ts";
import { parametersDigest } from "../../xml/digest.ts";
import { element, type XmlElement } from "../../xml/node.ts";

export const FEATURE_SET = "3.16.1";
/** rc of an operation that has no result yet. */
export const RC_PENDING = 193;

/** op-status values (spec/runtime.md 2.2). */
export const OpStatus = {
  pending: -1,
  done: 0,
  cancelled: 1,
  timeout: 2,
  notSupported: 3,
  error: 4,
  notInstalled: 7,
  invalid: 9,
} as const;

/** An operation as the history knows it. */
export interface Operation {
  readonly resource: string;
  readonly standard: string;
  readonly provider: string | undefined;
  readonly agent: string;
  readonly operation: string;
  readonly intervalMs: number;
  /** Transition key `ACTION:TRANSITION:TARGETRC:UUID`. */
  readonly key: string;
  readonly targetRc: number;
  readonly nodeName: string;
  /** The action's `<attributes>`: parameters and CRM_meta_* words. */
  readonly attributes: ReadonlyMap<string, string>;
}

export interface Outcome {
  readonly callId: number;
  readonly rc: number;
  readonly status: number;
  readonly exitReason: string;
  /** Epoch seconds at which this rc began. */
  readonly changed: number;
  readonly execMs: number;
  readonly queueMs: number;
  readonly origin: string;
}

/** Target rc of a transition key; 0 when it is no key. */
export function targetRcOf(key: string): number {
  const value = Number.parseInt(key.split(":")[2] ?? "", 10);
  return Number.isSafeInteger(value) ? value : 0;
}

/** Would this result be recorded as a failure (4.2)? */
export function isFailure(status: number, rc: number, targetRc: number): boolean {
  if (status === OpStatus.pending || status === OpStatus.cancelled) return false;
  const bad: readonly number[] = [2, 3, 4, 8, 9, 10, 11];
  return bad.includes(status) || effectiveRc(rc) !== targetRc;
}

/** Degraded results count as their sound siblings. */
export function effectiveRc(rc: number): number {
  return rc === 190 ? 0 : rc === 191 ? 8 : rc;
}

const NOT_DIGESTED: ReadonlySet<string> = new Set([
  "id",
  "crm_feature_set",
  "op-digest",
  "on_node",
  "on_node_uuid",
  "pcmk_external_ip",
]);

/** The parameters of an operation that its digests are about (D3). */
function digested(
  attributes: ReadonlyMap<string, string>,
  intervalMs: number,
): readonly (readonly [string, string])[] {
  const kept: [string, string][] = [];
  for (const [name, value] of attributes) {
    if (NOT_DIGESTED.has(name)) continue;
    const isTimeout = name === "CRM_meta_timeout" && intervalMs !== 0;
    if (name.startsWith("CRM_meta_") && !isTimeout) continue;
    kept.push([name, value]);
  }
  return kept;
}

/** MD5 over an operation's parameters (D3). */
export function operationDigest(
  attributes: ReadonlyMap<string, string>,
  intervalMs: number,
): string {
  return parametersDigest(digested(attributes, intervalMs));
}

/** Operations with the parameters of a start: their digests may tell a reload from a restart. */
const WITH_PARAMETERS: ReadonlySet<string> = new Set([
  "start",
  "monitor",
  "promote",
  "demote",
  "reload",
  "reload-agent",
  "migrate_to",
  "migrate_from",
]);

/** As the original writes it, two blanks at each end. */
function nameList(names: readonly string[]): string {
  return names.length === 0 ? "" : `  ${names.join(" ")}  `;
}

/** What an agent's meta-data adds to an entry (4.3): which parameters need a restart, which are secret, digests of both. */
export function traitAttributes(
  operation: Operation,
  traits: AgentTraits,
): Readonly<Record<string, string>> {
  const { attributes, intervalMs } = operation;
  if (!WITH_PARAMETERS.has(operation.operation)) return {};
  const all = digested(attributes, intervalMs);
  const digestOf = (keep: (name: string) => boolean) =>
    parametersDigest(all.filter(([name]) => keep(name)));
  const restart =
    intervalMs === 0 && traits.reload !== undefined
      ? {
          "op-force-restart": nameList(traits.restart),
          "op-restart-digest": digestOf((name) => traits.restart.includes(name)),
        }
      : {};
  if (traits.secret.length === 0) return restart;
  return {
    ...restart,
    "op-secure-params": nameList(traits.secret),
    "op-secure-digest": digestOf((name) => !traits.secret.includes(name)),
  };
}

/** Recorded task: a reload counts as a start (4.1). */
function recordedTask(operation: Operation, status: number): string {
  if (operation.operation !== "reload" && operation.operation !== "reload-agent") {
    return operation.operation;
  }
  return status === OpStatus.done ? "start" : "monitor";
}

function entry(
  operation: Operation,
  outcome: Outcome,
  id: string,
  more: Readonly<Record<string, string>>,
): XmlElement {
  const task = recordedTask(operation, outcome.status);
  const timed = outcome.changed !== 0 || outcome.execMs !== 0 || outcome.queueMs !== 0;
  const failed = isFailure(outcome.status, outcome.rc, operation.targetRc);
  const migration = task === "migrate_to" || task === "migrate_from";
  return element("lrm_rsc_op", {
    id,
    operation_key: `${operation.resource}_${task}_${operation.intervalMs}`,
    operation: task,
    "crm-debug-origin": outcome.origin,
    crm_feature_set: operation.attributes.get("crm_feature_set") ?? FEATURE_SET,
    "transition-key": operation.key,
    "transition-magic": `${outcome.status}:${outcome.rc};${operation.key}`,
    "exit-reason": failed ? outcome.exitReason : "",
    on_node: operation.nodeName,
    "call-id": String(outcome.callId),
    "rc-code": String(outcome.rc),
    "op-status": String(outcome.status),
    interval: String(operation.intervalMs),
    "last-rc-change": timed ? String(outcome.changed) : undefined,
    "exec-time": timed ? String(outcome.execMs) : undefined,
    "queue-time": timed ? String(outcome.queueMs) : undefined,
    migrate_source: migration ? operation.attributes.get("CRM_meta_migrate_source") : undefined,
    migrate_target: migration ? operation.attributes.get("CRM_meta_migrate_target") : undefined,
    "op-digest": operationDigest(operation.attributes, operation.intervalMs),
    ...more,
  });
}

/** Ids of the entries that a result makes (4.1). */
export function entryIds(operation: Operation, status: number, rc: number): readonly string[] {
  const { resource, intervalMs } = operation;
  const task = recordedTask(operation, status);
  if (task === "migrate_to" || task === "migrate_from") return [`${resource}_${task}_0`];
  if (isFailure(status, rc, operation.targetRc)) {
    const failure = `${resource}_last_failure_0`;
    return intervalMs === 0 ? [failure, `${resource}_last_0`] : [failure];
  }
  return [intervalMs === 0 ? `${resource}_last_0` : `${resource}_${task}_${intervalMs}`];
}

/** Operations that leave no entry. */
export function isRecorded(operation: string): boolean {
  return !["cancel", "delete", "notify", "meta-data"].includes(operation);
}

/** The `lrm_resource` to merge into a node's history. `traits`: what is known of the agent. */
export function historyUpdate(
  operation: Operation,
  outcome: Outcome,
  traits?: AgentTraits,
): XmlElement {
  const more = traits === undefined ? {} : traitAttributes(operation, traits);
  const ids = entryIds(operation, outcome.status, outcome.rc);
  // Of the two entries of a failed operation only the last one has them, as the original's.
  const entries = ids.map((id, at) =>
    entry(operation, outcome, id, ids.length === 2 && at === 0 ? {} : more),
  );
  return element(
    "lrm_resource",
    {
      id: operation.resource,
      class: operation.standard,
      provider: operation.provider,
      type: operation.agent,
    },
    entries,
  );
}

/** The entry written before an operation runs, so that a crash leaves "pending", never nothing. */
export function pendingUpdate(operation: Operation, now: number): XmlElement {
  return historyUpdate(operation, {
    callId: -1,
    rc: RC_PENDING,
    status: OpStatus.pending,
    exitReason: "",
    changed: now,
    execMs: 0,
    queueMs: 0,
    origin: "do_update_resource",
  });
}

/** How a failed operation changes its fail count (4.5); undefined: not at all. */
export function failCountChange(
  operation: string,
  intervalMs: number,
  startFailureIsFatal: boolean,
): "increment" | "infinity" | undefined {
  if (intervalMs > 0 || operation === "promote" || operation === "demote") return "increment";
  if (operation === "asyncmon") return "increment";
  if (operation === "stop") return "infinity";
  if (operation === "start") return startFailureIsFatal ? "infinity" : "increment";
  return undefined;
}
