/**
 * Resource trees as the configuration asks for them: meta-attributes, flags, instances of clones, launchers
 * (spec/scheduler-1 section A.7; spec/scheduler-2 sections 3.1 and 12.1). Bundles are in bundles.ts.
 */
import { mergeSort } from "../base/collections.ts";
import { INFINITY, parseScore } from "../base/score.ts";
import type { Clone, Group, Primitive, Resource } from "../cib/model.ts";
import { parseIntervalMs } from "../time/interval.ts";
import { unpackBundle } from "./bundles.ts";
import { Discovery } from "./node-table.ts";
import { isConnection, setKind, toInteger } from "./nodes.ts";
import { resolveSets } from "./nvsets.ts";
import { isTruthy, parseBoolean } from "./options.ts";
import { parametersOf } from "./parameters.ts";
import type { Reader } from "./reader.ts";
import { parseRole, Role } from "./roles.ts";
import { type MultipleActive, type NodeState, type Requirement, ResourceState } from "./state.ts";
import { leavesOf, topOf } from "./tree.ts";

/** How a resource is made: where it stands, and what its instance is called. */
export interface Place {
  readonly parent?: ResourceState;
  /** Number of the clone instance that this resource is or belongs to. */
  readonly instance?: number;
  /** Meta values that its maker fixes; they come before everything configured. */
  readonly fixedMeta?: ReadonlyMap<string, string>;
}

/** Reads one configured resource with all its descendants; undefined when it is invalid and to be ignored. */
export function unpackResource(
  reader: Reader,
  config: Resource,
  place: Place = {},
): ResourceState | undefined {
  const suffix = place.instance === undefined ? "" : `:${place.instance}`;
  const resource = new ResourceState(
    `${config.id}${suffix}`,
    config.id,
    config.kind,
    config,
    place.parent,
    reader.nodesByIndex.length,
  );
  resource.instance = place.instance;
  readMeta(reader, resource, place);
  readFlags(reader, resource);
  readUtilizationOf(reader, resource);
  if (!readVariant(reader, resource, place)) return undefined;
  if (reader.options.symmetric) allowEverywhere(reader, resource);
  else if (resource.remoteConnection && resource.meta.has("container")) {
    allowEverywhere(reader, resource);
  }
  return resource;
}

function readVariant(reader: Reader, resource: ResourceState, place: Place): boolean {
  const { config } = resource;
  switch (config.kind) {
    case "primitive":
      return true;
    case "group":
      return unpackGroup(reader, resource, config, place);
    case "clone":
      return unpackClone(reader, resource, config);
    case "bundle":
      return unpackBundle(reader, resource, config, (part, parent) =>
        unpackResource(reader, part, { parent }),
      );
  }
}

/** Precedence: own XML attributes, own blocks, ancestors' blocks, rsc_defaults, the parent's final table. */
function readMeta(reader: Reader, resource: ResourceState, place: Place): void {
  const { config, meta } = resource;
  for (const [name, value] of place.fixedMeta ?? []) meta.set(name, value);
  for (const [name, value] of config.xml.attrs) if (!meta.has(name)) meta.set(name, value);
  if (place.instance !== undefined) meta.set("clone", String(place.instance));
  const input =
    config.kind === "primitive"
      ? {
          resource: {
            class: config.standard,
            provider: config.provider,
            type: config.agent,
          },
        }
      : {};
  for (let at: ResourceState | undefined = resource; at !== undefined; at = at.parent) {
    resolveSets(reader.surroundings, at.config.meta, input, meta);
  }
  resolveSets(reader.surroundings, reader.cib.resourceDefaults, input, meta);
  for (const [name, value] of resource.parent?.meta ?? []) {
    if (!meta.has(name)) meta.set(name, value);
  }
}

/** A meta-attribute whose words "default" and absence mean the same. */
function metaText(resource: ResourceState, name: string): string | undefined {
  const text = resource.meta.get(name);
  return text === undefined || text.toLowerCase() === "default" ? undefined : text;
}

function requirementOf(reader: Reader, resource: ResourceState): Requirement {
  const { options } = reader;
  const asked = resource.meta.get("requires")?.toLowerCase();
  switch (asked) {
    case "nothing":
    case "quorum":
      return asked;
    case "fencing":
      return options.fencingEnabled ? "fencing" : "quorum";
    case "unfencing":
      if (resource.fenceDevice || !options.fencingEnabled) return "quorum";
      return "unfencing";
  }
  if (resource.fenceDevice || resource.remoteConnection) return "quorum";
  if (reader.unfencingInUse) return "unfencing";
  if (options.fencingEnabled) return "fencing";
  return options.noQuorumPolicy === "ignore" ? "nothing" : "quorum";
}

function multipleActiveOf(text: string | undefined): MultipleActive {
  switch (text?.toLowerCase()) {
    case "block":
      return "block";
    case "stop_only":
      return "stop_only";
    case "stop_unexpected":
      return "stop_unexpected";
    default:
      return "stop_start";
  }
}

function thresholdOf(text: string | undefined): number {
  if (text === undefined) return INFINITY;
  const value = parseScore(text);
  return value === undefined || value < 0 ? INFINITY : value;
}

/** Order matters: is-managed, then maintenance, then the cluster's maintenance-mode. */
function readManaged(reader: Reader, resource: ResourceState): void {
  const { options } = reader;
  resource.managed = !options.maintenanceMode;
  const managed = metaText(resource, "is-managed");
  if (managed !== undefined) resource.managed = isTruthy(managed);
  if (isTruthy(resource.meta.get("maintenance")) || options.maintenanceMode) {
    resource.managed = false;
    resource.maintenance = true;
  }
}

function readFlags(reader: Reader, resource: ResourceState): void {
  const { config, meta } = resource;
  resource.fenceDevice = config.kind === "primitive" && config.standard === "stonith";
  resource.remoteConnection = config.kind === "primitive" && isConnection(config);
  const guest = resource.remoteConnection && meta.has("container");
  resource.priority = parseScore(meta.get("priority") ?? "") ?? 0;
  resource.critical = parseBoolean(meta.get("critical")) ?? true;
  resource.notify = isTruthy(meta.get("notify"));
  resource.migratable =
    parseBoolean(meta.get("allow-migrate")) ?? (resource.remoteConnection && !guest);
  readManaged(reader, resource);
  if (resource.parent !== undefined) {
    const top = topOf(resource);
    if (top.variant === "clone") {
      resource.unique = top.unique;
      resource.promotable = top.promotable;
    }
  }
  const stickiness = metaText(resource, "resource-stickiness");
  resource.stickiness = stickiness === undefined ? 0 : (parseScore(stickiness) ?? 0);
  resource.migrationThreshold = thresholdOf(metaText(resource, "migration-threshold"));
  resource.failureTimeoutMs = parseIntervalMs(meta.get("failure-timeout") ?? "0") ?? 0;
  resource.multipleActive = multipleActiveOf(meta.get("multiple-active"));
  resource.requires = requirementOf(reader, resource);
  if (resource.remoteConnection && !guest) {
    const text = parametersOf(reader.surroundings, resource, undefined).get("reconnect_interval");
    if (text !== undefined) {
      resource.reconnectMs = parseIntervalMs(text) ?? 0;
      resource.failureTimeoutMs = resource.reconnectMs;
    }
  }
  const target = targetRoleOf(resource);
  if (target !== undefined) resource.nextRole = target;
}

/**
 * The role that `target-role` really demands: Stopped, or Unpromoted of a promotable. Started and Promoted demand
 * nothing (spec/scheduler-1 section A.7, pitfall 10).
 */
export function targetRoleOf(resource: ResourceState): Role | undefined {
  const text = resource.meta.get("target-role");
  const role = text === undefined ? undefined : parseRole(text);
  if (role === Role.stopped) return role;
  if (role === Role.unpromoted && topOf(resource).promotable) return role;
  return undefined;
}

function readUtilizationOf(reader: Reader, resource: ResourceState): void {
  if (resource.config.utilization.length === 0) return;
  const found = new Map<string, string>();
  resolveSets(reader.surroundings, resource.config.utilization, {}, found);
  for (const [name, value] of found) resource.utilization.set(name, toInteger(value));
}

/** Adds 0 for every node to the resource and its descendants; new entries begin with the node's base score. */
function allowEverywhere(reader: Reader, resource: ResourceState): void {
  for (const node of reader.nodesByIndex) {
    if (node.baseDiscovery === Discovery.never) continue;
    allowOn(resource, node);
  }
}

/** A bundled resource knows its one node already. */
function allowOn(resource: ResourceState, node: NodeState): void {
  if (resource.exclusiveDiscovery) return;
  if (!resource.allowed.has(node.index)) resource.allowed.set(node.index, node.baseScore);
  for (const c of resource.children) allowOn(c, node);
}

function addToTable(resource: ResourceState, node: number, base: number, score: number): void {
  if (!resource.allowed.has(node)) resource.allowed.set(node, base);
  resource.allowed.add(node, score);
  for (const c of resource.children) addToTable(c, node, base, score);
}

/** Adds a score for one node to a resource and all its descendants. */
export function addNodeScore(
  resource: ResourceState,
  node: { readonly index: number; readonly baseScore: number },
  score: number,
): void {
  addToTable(resource, node.index, node.baseScore, score);
}

function unpackGroup(
  reader: Reader,
  resource: ResourceState,
  config: Group,
  place: Place,
): boolean {
  resource.ordered = parseBoolean(resource.meta.get("ordered")) ?? true;
  resource.collocated = parseBoolean(resource.meta.get("collocated")) ?? true;
  for (const member of config.members) {
    const instance = place.instance === undefined ? {} : { instance: place.instance };
    const unpacked = unpackResource(reader, member, { parent: resource, ...instance });
    if (unpacked !== undefined) resource.children.push(unpacked);
  }
  return resource.children.length > 0;
}

function count(text: string | undefined, fallback: number): number {
  return text === undefined ? fallback : Math.max(0, toInteger(text));
}

/** Agents of these classes may run several times on one node. */
function canBeUnique(config: Primitive | Group): boolean {
  const primitives = config.kind === "group" ? config.members : [config];
  return primitives.every((p) => p.standard === "ocf" || p.standard === "stonith");
}

function unpackClone(reader: Reader, resource: ResourceState, config: Clone): boolean {
  const { meta } = resource;
  if (config.child === undefined) return false;
  const promotable = config.isMaster || isTruthy(meta.get("promotable"));
  let nodeMax = count(meta.get("clone-node-max"), 1);
  let max = count(meta.get("clone-max"), Math.max(1, reader.nodesByIndex.length));
  let unique = parseBoolean(meta.get("globally-unique")) ?? nodeMax > 1;
  const askedUnique = unique;
  if (promotable) {
    const primitives = config.child.kind === "group" ? config.child.members : [config.child];
    if (primitives.some((p) => p.standard !== "ocf")) return false;
  }
  if (unique && !canBeUnique(config.child)) {
    unique = false;
    max = Math.min(max, Math.max(1, reader.nodesByIndex.length));
  }
  if (!unique) nodeMax = 1;
  resource.unique = unique;
  resource.promotable = promotable;
  const promotedMax = meta.get("promoted-max") ?? meta.get("master-max");
  const promotedNodeMax = meta.get("promoted-node-max") ?? meta.get("master-node-max");
  resource.clone = {
    max,
    nodeMax,
    promotedMax: promotable ? count(promotedMax, 1) : 0,
    promotedNodeMax: promotable ? count(promotedNodeMax, 1) : 0,
    min: count(meta.get("clone-min"), 0),
    interleave: isTruthy(meta.get("interleave")),
    ordered: isTruthy(meta.get("ordered")),
  };
  if (!meta.has("resource-stickiness")) {
    meta.set("resource-stickiness", "1");
    resource.stickiness = 1;
  }
  meta.set("globally-unique", unique ? "true" : "false");
  meta.set("clone-max", String(max));
  for (let i = 0; i < max; i++) if (addInstance(reader, resource, i) === undefined) return false;
  if (!unique && askedUnique) keepLeadingMembersUnique(resource);
  if (max === 0) {
    const only = addInstance(reader, resource, 0);
    if (only === undefined) return false;
    markRemoved(only);
  }
  return true;
}

/**
 * A clone that had to be made anonymous because of one member: in all instances but the first, the members before that one
 * stay unique (case force-anon-clone-max).
 */
function keepLeadingMembersUnique(clone: ResourceState): void {
  for (const instance of clone.children.slice(1)) {
    for (const member of instance.children) {
      if (member.config.kind !== "primitive" || !canBeUnique(member.config)) break;
      member.unique = true;
    }
  }
}

function markRemoved(resource: ResourceState): void {
  resource.removed = true;
  for (const c of resource.children) markRemoved(c);
}

/** Makes the next instance of a clone and puts it at the end of its children. */
function addInstance(
  reader: Reader,
  clone: ResourceState,
  instance: number,
): ResourceState | undefined {
  const config = clone.config.kind === "clone" ? clone.config.child : undefined;
  if (config === undefined) return undefined;
  const made = unpackResource(reader, config, { parent: clone, instance });
  if (made !== undefined) clone.children.push(made);
  return made;
}

/** An instance beyond clone-max, for history that fits no other (spec/scheduler-1 section B.6 step 5). */
export function addRemovedInstance(
  reader: Reader,
  clone: ResourceState,
): ResourceState | undefined {
  const made = addInstance(reader, clone, clone.children.length);
  if (made === undefined) return undefined;
  markRemoved(made);
  reader.register(made);
  return made;
}

/** Stable sort of the top-level resources by falling priority. */
export function sortByPriority(resources: readonly ResourceState[]): ResourceState[] {
  return mergeSort(resources, (a, b) => b.priority - a.priority);
}

/** Links launchers and what they launch, and connections and their nodes. */
export function linkLaunchers(reader: Reader): void {
  for (const resource of reader.resources) {
    for (const leaf of leavesOf(resource)) {
      const container = leaf.meta.get("container");
      const launcher = container === undefined ? undefined : reader.findResource(container);
      if (launcher !== undefined && launcher !== leaf) {
        leaf.launcher = launcher;
        if (!launcher.launched.includes(leaf)) launcher.launched.push(leaf);
      }
    }
    linkConnection(reader, resource);
  }
}

/** Ties a top-level connection to its node. */
export function linkConnection(reader: Reader, resource: ResourceState): void {
  if (!resource.remoteConnection) return;
  const node = reader.nodeByName(resource.id);
  if (node === undefined) return;
  node.connection = resource;
  if (resource.launcher !== undefined) node.kind = "guest";
  if (node.isGuest) node.unclean = false;
  setKind(node);
}
