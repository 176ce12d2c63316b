/**
 * Operations as configured: look-up, their meta-attributes, what to do when they fail (spec/scheduler-1 section A.10).
 */
import { isRejection } from "../base/error.ts";
import { parseIntervalMs, parseTimeoutMs } from "../time/interval.ts";
import { parseDateTime } from "../time/iso8601.ts";
import { attr, child, childrenOf, type XmlElement } from "../xml/node.ts";
import { type RuleInput, resolveSets, type Surroundings } from "./nvsets.ts";
import type { ClusterOptions } from "./options.ts";
import { parseBoolean } from "./options.ts";
import { parametersOf } from "./parameters.ts";
import { parseRole, Role } from "./roles.ts";
import type { NodeState, ResourceState } from "./state.ts";

const DEFAULT_TIMEOUT_MS = 20_000;

/** Elements never change, so what their interval text means is found out once. */
const intervals = new WeakMap<XmlElement, number>();

/** Interval of an `op` element in milliseconds; 0 when absent or invalid. */
export function intervalOf(op: XmlElement): number {
  let known = intervals.get(op);
  if (known === undefined) {
    const text = attr(op, "interval");
    known = text === undefined ? 0 : (parseIntervalMs(text) ?? 0);
    intervals.set(op, known);
  }
  return known;
}

export function isEnabled(op: XmlElement): boolean {
  return parseBoolean(attr(op, "enabled")) !== false;
}

/** The `op` elements of a primitive; none for others. */
export function operationsOf(resource: ResourceState): readonly XmlElement[] {
  return resource.config.kind === "primitive" ? resource.config.operations : [];
}

function lookUp(
  resource: ResourceState,
  name: string,
  intervalMs: number,
  disabledToo: boolean,
): XmlElement | undefined {
  for (const op of operationsOf(resource)) {
    if (attr(op, "name") !== name || intervalOf(op) !== intervalMs) continue;
    if (disabledToo || isEnabled(op)) return op;
  }
  return undefined;
}

/** The configured operation of this name and interval; migrations fall back to one called "migrate". */
export function findOperation(
  resource: ResourceState,
  name: string,
  intervalMs: number,
  disabledToo: boolean,
): XmlElement | undefined {
  const found = lookUp(resource, name, intervalMs, disabledToo);
  if (found !== undefined || (name !== "migrate_to" && name !== "migrate_from")) return found;
  return lookUp(resource, "migrate", 0, disabledToo);
}

/** Timeout text of the enabled recurring monitor with the smallest interval. */
function shortestMonitor(resource: ResourceState): XmlElement | undefined {
  let shortest: XmlElement | undefined;
  for (const op of operationsOf(resource)) {
    if (attr(op, "name") !== "monitor" || !isEnabled(op)) continue;
    const interval = intervalOf(op);
    if (interval === 0) continue;
    if (shortest === undefined || interval < intervalOf(shortest)) shortest = op;
  }
  return shortest;
}

/** Milliseconds of a start-delay that `interval-origin` asks for; undefined when it is no date. */
function delayFromOrigin(origin: string, intervalMs: number, now: number): number | undefined {
  const time = parseDateTime(origin, { now });
  if (isRejection(time)) return undefined;
  const interval = Math.floor(intervalMs / 1000);
  if (interval <= 0) return undefined;
  const remainder = (now - time.epoch) % interval;
  return (remainder <= 0 ? -remainder : interval - remainder) * 1000;
}

/** Milliseconds of a timeout text, with the default and the minimum applied. */
function timeoutMs(text: string | undefined): number {
  const value = text === undefined ? undefined : parseTimeoutMs(text);
  return value === undefined || value <= 0 ? DEFAULT_TIMEOUT_MS : value;
}

/** What the configuration says of one operation of a resource. */
export interface OperationDefinition {
  /** undefined when it is not configured. */
  readonly op: XmlElement | undefined;
  /** Its meta-attributes, normalised and valid. Shared by all who ask: whoever changes them copies them first. */
  readonly meta: ReadonlyMap<string, string>;
}

/** All instances of a clone have one configuration, and most nodes ask for the same operations. */
const definitions = new WeakMap<
  Surroundings,
  Map<ResourceState["config"], Map<string, OperationDefinition>>
>();

/**
 * The definition of an operation, made once for each configuration. `asNotify`: whatever its task, it is configured as
 * "notify". Only the meta-attributes of a fence device's start and probe depend on the node.
 */
export function defineOperation(
  surroundings: Surroundings,
  resource: ResourceState,
  node: NodeState | undefined,
  task: string,
  intervalMs: number,
  asNotify = false,
): OperationDefinition {
  let ofAll = definitions.get(surroundings);
  if (ofAll === undefined) {
    ofAll = new Map();
    definitions.set(surroundings, ofAll);
  }
  let known = ofAll.get(resource.config);
  if (known === undefined) {
    known = new Map();
    ofAll.set(resource.config, known);
  }
  const plainName = intervalMs === 0 && !asNotify;
  const name = plainName ? task : `${task} ${intervalMs}${asNotify ? " notify" : ""}`;
  let definition = resource.fenceDevice ? undefined : known.get(name);
  if (definition === undefined) {
    const op = asNotify
      ? findOperation(resource, "notify", 0, true)
      : findOperation(resource, task, intervalMs, true);
    const meta = operationMeta(surroundings, resource, node, task, intervalMs, op);
    validateOnFail(resource, task, intervalMs, meta);
    definition = { op, meta };
    known.set(name, definition);
  }
  return definition;
}

/** All meta-attributes of one operation, normalised; `op` may be absent (not configured). */
function operationMeta(
  surroundings: Surroundings,
  resource: ResourceState,
  node: NodeState | undefined,
  task: string,
  intervalMs: number,
  op: XmlElement | undefined,
): Map<string, string> {
  const meta = new Map<string, string>();
  const config = resource.config.kind === "primitive" ? resource.config : undefined;
  const input: RuleInput = {
    operation: { name: task, intervalMs },
    ...(config === undefined
      ? {}
      : {
          resource: { class: config.standard, provider: config.provider, type: config.agent },
        }),
  };
  const isProbe = task === "monitor" && intervalMs === 0;
  if (op !== undefined) {
    for (const [name, value] of op.attrs) meta.set(name, value);
    resolveSets(surroundings, childrenOf(op, "meta_attributes"), input, meta);
  }
  if (isProbe && !meta.has("timeout")) {
    const shortest = shortestMonitor(resource);
    const timeout = shortest === undefined ? undefined : attr(shortest, "timeout");
    if (timeout !== undefined) meta.set("timeout", timeout);
  }
  resolveSets(surroundings, surroundings.cib.operationDefaults, input, meta);
  meta.delete("id");
  if (intervalMs > 0) meta.set("interval", String(intervalMs));
  else meta.delete("interval");
  if (resource.fenceDevice && (task === "start" || isProbe)) {
    const override = parametersOf(surroundings, resource, node).get("pcmk_monitor_timeout");
    if (override !== undefined) meta.set("timeout", override);
  }
  meta.set("timeout", String(timeoutMs(meta.get("timeout"))));
  normaliseDelay(meta, intervalMs, surroundings.now);
  return meta;
}

function normaliseDelay(meta: Map<string, string>, intervalMs: number, now: number): void {
  const delay = meta.get("start-delay");
  if (delay !== undefined) {
    meta.set("start-delay", String(Math.max(0, parseIntervalMs(delay) ?? 0)));
    return;
  }
  const origin = meta.get("interval-origin");
  if (origin === undefined || intervalMs === 0) return;
  const computed = delayFromOrigin(origin, intervalMs, now);
  if (computed !== undefined) meta.set("start-delay", String(computed));
}

const NO_PARAMETERS: ReadonlyMap<string, string> = new Map();

/** Parameters that only this operation gets. */
export function operationParameters(
  surroundings: Surroundings,
  node: NodeState | undefined,
  op: XmlElement | undefined,
): ReadonlyMap<string, string> {
  if (op === undefined || child(op, "instance_attributes") === undefined) return NO_PARAMETERS;
  const extra = new Map<string, string>();
  const attributes = node?.attributes;
  const input =
    attributes === undefined ? {} : { nodeAttribute: (name: string) => attributes.get(name) };
  resolveSets(surroundings, childrenOf(op, "instance_attributes"), input, extra);
  return extra;
}

/** Reactions to a failure; the numbers are their severity, higher wins (spec/scheduler-1 section A.10). */
export const OnFail = {
  ignore: 0,
  demote: 1,
  restart: 2,
  resetRemote: 3,
  restartContainer: 4,
  ban: 5,
  block: 6,
  stop: 7,
  standby: 8,
  fence: 9,
} as const;

export type OnFail = (typeof OnFail)[keyof typeof OnFail];

/** A demote without a reaction takes that of the last enabled recurring monitor of the Promoted role. */
function demoteReaction(resource: ResourceState): string | undefined {
  let found: string | undefined;
  for (const op of operationsOf(resource)) {
    if (attr(op, "name") !== "monitor" || !isEnabled(op) || intervalOf(op) === 0) continue;
    if (parseRole(attr(op, "role") ?? "") !== Role.promoted) continue;
    const value = attr(op, "on-fail");
    if (value !== undefined && value.toLowerCase() !== "demote") found = value;
  }
  return found;
}

/**
 * The valid `on-fail` text of an operation; also corrects it in `meta`, as the graph prints it
 * (spec/scheduler-1 section A.10, validation).
 */
function validateOnFail(
  resource: ResourceState,
  task: string,
  intervalMs: number,
  meta: Map<string, string>,
): void {
  const value = meta.get("on-fail")?.toLowerCase();
  if (task === "stop" && (value === "standby" || value === "demote" || value === "stop")) {
    meta.delete("on-fail");
    return;
  }
  if (task === "demote" && value === undefined) {
    const inherited = demoteReaction(resource);
    if (inherited !== undefined) meta.set("on-fail", inherited);
    return;
  }
  if (task === "lrm_delete") {
    meta.set("on-fail", "ignore");
    return;
  }
  if (value === "demote") {
    const promotedMonitor =
      task === "monitor" && intervalMs > 0 && parseRole(meta.get("role") ?? "") === Role.promoted;
    if (task !== "promote" && !promotedMonitor) meta.delete("on-fail");
  }
}

function explicitReaction(
  resource: ResourceState,
  options: ClusterOptions,
  text: string | undefined,
): OnFail | undefined {
  switch (text?.toLowerCase()) {
    case "block":
      return OnFail.block;
    case "fence":
      return options.fencingEnabled ? OnFail.fence : OnFail.stop;
    case "standby":
      return OnFail.standby;
    case "ignore":
    case "nothing":
      return OnFail.ignore;
    case "migrate":
      return OnFail.ban;
    case "stop":
      return OnFail.stop;
    case "restart":
      return OnFail.restart;
    case "restart-container":
      return resource.launcher === undefined ? undefined : OnFail.restartContainer;
    case "demote":
      return OnFail.demote;
    default:
      return undefined;
  }
}

/** What a failure of this operation leads to. `meta` is validated by `validateOnFail`. */
export function onFailOf(
  resource: ResourceState,
  options: ClusterOptions,
  task: string,
  intervalMs: number,
  meta: ReadonlyMap<string, string>,
): OnFail {
  const isProbe = task === "monitor" && intervalMs === 0;
  const special =
    resource.remoteConnection && !resource.meta.has("container") && !isProbe && task !== "start";
  const explicit = explicitReaction(resource, options, meta.get("on-fail"));
  if (explicit !== undefined && !(special && !resource.managed)) return explicit;
  if (resource.launcher !== undefined) return OnFail.restartContainer;
  if (special) return resource.managed ? OnFail.resetRemote : OnFail.stop;
  if (task === "stop") return options.fencingEnabled ? OnFail.fence : OnFail.block;
  return OnFail.restart;
}

/** Role that a resource shall have after this failure. */
export function roleAfterFailure(resource: ResourceState, task: string, onFail: OnFail): Role {
  if (onFail === OnFail.stop) return Role.stopped;
  if (onFail === OnFail.resetRemote && resource.reconnectMs > 0) return Role.stopped;
  return task === "promote" ? Role.unpromoted : Role.started;
}
