/**
 * Node and resource lists as today's tools print them (spec/outputs-and-tools A4): the same lines in crm_mon's current form
 * and in crm_simulate.
 */
import { compareBytes, compareNames } from "../base/collections.ts";
import { exitCode } from "../base/result-code.ts";
import { activity, leaves } from "../view/activity.ts";
import type {
  BundleView,
  CloneView,
  ClusterView,
  GroupView,
  NodeView,
  PrimitiveView,
  ResourceView,
} from "../view/cluster.ts";
import type { Display } from "../view/display.ts";
import type { ListWriter } from "./list-writer.ts";

const PENDING_WORDS: Readonly<Record<string, string>> = {
  start: "Starting",
  stop: "Stopping",
  migrate_to: "Migrating",
  migrate_from: "Migrating",
  promote: "Promoting",
  demote: "Demoting",
};

/** STATUS of an individual node line; the first condition that holds decides. */
export function nodeStatus(node: NodeView): string {
  if (node.unclean) {
    if (node.online) return "UNCLEAN (online)";
    return node.pending ? "UNCLEAN (pending)" : "UNCLEAN (offline)";
  }
  if (node.pending) return "pending";
  if (node.standbyOnFail && node.online) return "standby (on-fail)";
  if (node.standby) {
    if (!node.online) return "OFFLINE (standby)";
    return node.runningCount > 0 ? "standby (with active resources)" : "standby";
  }
  if (node.maintenance) return node.online ? "maintenance" : "OFFLINE (maintenance)";
  return node.online ? "online" : "OFFLINE";
}

const NODE_KINDS = { member: "Node", remote: "RemoteNode", guest: "GuestNode" } as const;

/** "NAME", "NAME@HOST" for a guest, "NAME (ID)" where ids are asked for. */
export function nodeLabel(node: NodeView, detail: boolean): string {
  const host = detail && node.kind === "guest" ? `@${node.host ?? ""}` : "";
  return `${node.name}${host}${detail && node.id !== node.name ? ` (${node.id})` : ""}`;
}

/** `Node NAME: STATUS` with health and, in detail, the feature set. */
export function nodeLine(node: NodeView, detail: boolean): string {
  const health = node.health === "green" ? "" : ` (health is ${node.health.toUpperCase()})`;
  const set =
    detail && node.featureSet !== undefined && node.online && node.kind === "member"
      ? `, feature set ${node.featureSet}`
      : "";
  return `${NODE_KINDS[node.kind]} ${nodeLabel(node, detail)}: ${nodeStatus(node)}${health}${set}`;
}

/** A node whose state one of the collected lists cannot tell. */
function isSpecial(node: NodeView): boolean {
  return (
    node.unclean ||
    node.pending ||
    node.standby ||
    node.standbyOnFail ||
    node.maintenance ||
    node.health !== "green"
  );
}

/** "Node List": individual lines, then the collected names. Returns whether anything was written. */
export function writeNodes(out: ListWriter, nodes: readonly NodeView[], show: Display): boolean {
  if (nodes.length === 0) return false;
  const lists = new Map<string, string[]>();
  out.begin("Node List");
  for (const node of nodes) {
    if (isSpecial(node) || show.detail) {
      out.item(nodeLine(node, show.detail));
      continue;
    }
    const kind = { member: "", remote: "Remote", guest: "Guest" }[node.kind];
    if (node.kind === "guest" && !node.online) continue;
    const label = `${kind}${node.online ? "Online" : "OFFLINE"}`;
    lists.set(label, [...(lists.get(label) ?? []), nodeLabel(node, show.detail)]);
  }
  for (const label of ["Online", "OFFLINE", "RemoteOnline", "RemoteOFFLINE", "GuestOnline"]) {
    const names = lists.get(label);
    if (names !== undefined) out.item(`${label}: [ ${names.join(" ")} ]`);
  }
  out.end();
  return true;
}

function agentText(p: PrimitiveView): string {
  return `${p.standard}${p.provider === undefined ? "" : `:${p.provider}`}:${p.agent}`;
}

function stateText(p: PrimitiveView): string {
  const role = p.role === "Started" && p.promotable ? "Unpromoted" : p.role;
  if (p.failed) return role === "Promoted" ? " FAILED Promoted" : " FAILED";
  const pending = p.pendingAction === undefined ? undefined : PENDING_WORDS[p.pendingAction];
  return ` ${pending ?? role}`;
}

function flagsText(p: PrimitiveView): string {
  const flags: string[] = [];
  const place = p.current ?? p.lockedTo;
  const alone = p.nodes.length < 2 ? place : undefined;
  if (alone !== undefined && !alone.online && alone.unclean) flags.push("UNCLEAN");
  if (p.lockedTo !== undefined && p.lockedTo.name === place?.name) flags.push("LOCKED");
  if (p.pendingAction === "monitor" && !p.failed) flags.push("Monitoring");
  if (p.targetRole === "Stopped") flags.push("disabled");
  else if (p.targetRole === "Unpromoted" && p.promotable) flags.push("target-role:Unpromoted");
  if (p.blocked) flags.push("blocked");
  else if (p.maintenance) flags.push("maintenance");
  else if (!p.managed) flags.push("unmanaged");
  if (p.failureIgnored) flags.push("failure ignored");
  return flags.length === 0 ? "" : ` (${flags.join(", ")})`;
}

export interface PrimitiveText {
  /** Another name than its own. */
  readonly name?: string;
  /** False below its own node. */
  readonly node?: boolean;
  readonly description?: boolean;
}

/** One primitive (A4.3). */
export function primitiveLine(p: PrimitiveView, how: PrimitiveText = {}): string {
  const name = how.name ?? p.name;
  const withNode = how.node !== false;
  const parts = [`${name}\t(${agentText(p)}):\t`];
  if (p.removed) parts.push(" ORPHANED");
  parts.push(stateText(p));
  const several = p.nodes.length > 1;
  const at = p.current?.name ?? p.lockedTo?.name ?? p.pendingNode;
  if (withNode && !several && at !== undefined) parts.push(` ${at}`);
  const probe = p.role === "Stopped" ? [...p.failedProbes.values()][0] : undefined;
  if (probe !== undefined) parts.push(` (${exitCode(probe).text}) `);
  parts.push(flagsText(p));
  const described = how.description === true || several || !withNode;
  if (p.description !== undefined && described) parts.push(` (${p.description})`);
  if (several) parts.push(` [ ${p.nodes.map((n) => n.name).join(" ")} ]`);
  return parts.join("");
}

function writePrimitive(out: ListWriter, p: PrimitiveView, show: Display): void {
  out.item(primitiveLine(p, { description: show.descriptions || show.detail }));
}

export interface CountStyle {
  /** Agents of which nothing runs, too. */
  readonly inactive: boolean;
  /** "1/2" instead of "1". */
  readonly totals: boolean;
  /** Names the nodes; false below one. */
  readonly nodes?: boolean;
}

/** Instead of a line for each primitive one for each agent and node (-b), in the order of agents' names. */
export function writeCounts(
  out: ListWriter,
  primitives: readonly PrimitiveView[],
  style: CountStyle,
): void {
  const agents = new Map<string, PrimitiveView[]>();
  for (const p of primitives) {
    const agent = agentText(p);
    agents.set(agent, [...(agents.get(agent) ?? []), p]);
  }
  for (const agent of [...agents.keys()].sort(compareBytes)) {
    const all = agents.get(agent) ?? [];
    const total = style.totals ? `/${all.length}` : "";
    const counts = new Map<string, number>();
    for (const p of all.filter((x) => x.active)) {
      const place = style.nodes === false ? "" : (p.current?.name ?? "");
      counts.set(place, (counts.get(place) ?? 0) + 1);
    }
    for (const place of [...counts.keys()].sort(compareNames)) {
      out.item(`${counts.get(place)}${total}\t(${agent}):\tActive ${place}`);
    }
    if (counts.size === 0 && style.inactive) out.item(`0${total}\t(${agent}):\tActive`);
  }
}

function writeGroup(out: ListWriter, group: GroupView, show: Display): void {
  const hidden = show.inactive ? 0 : group.inactive;
  const flags: string[] = [];
  if (hidden > 0) flags.push(`${hidden} member${hidden === 1 ? "" : "s"} inactive`);
  if (group.disabled) flags.push("disabled");
  if (group.maintenance) flags.push("maintenance");
  else if (!group.managed) flags.push("unmanaged");
  out.begin(`Resource Group: ${group.id}${flags.length === 0 ? "" : ` (${flags.join(", ")})`}`);
  if (show.brief) writeCounts(out, group.members, { inactive: show.inactive, totals: true });
  else {
    for (const m of group.members) if (show.inactive || m.active) writePrimitive(out, m, show);
  }
  out.end();
}

function writeInstance(out: ListWriter, i: PrimitiveView | GroupView, show: Display): void {
  if (i.kind === "group") writeGroup(out, i, show);
  else writePrimitive(out, i, show);
}

/** What becomes of one instance: its own lines, a name in a list, or nothing (A4.4, rules 1 to 7). */
function instanceFate(
  clone: CloneView,
  instance: PrimitiveView | GroupView,
  show: Display,
): "full" | "stopped" | "promoted" | "started" | "nothing" {
  const parts = leaves(instance);
  const active = parts.filter((p) => p.active).length;
  if (show.detail) {
    const isHidden = instance.kind === "group" && active === 0 && !show.inactive;
    return isHidden ? "nothing" : "full";
  }
  if (clone.unique) return active > 0 || !clone.removed ? "full" : "nothing";
  if (parts.some((p) => p.pendingAction !== undefined && p.pendingAction !== "monitor")) {
    return "full";
  }
  if (active === 0) return parts.some((p) => p.removed) ? "nothing" : "stopped";
  if (parts.some((p) => p.removed || !p.managed || p.failed)) return "full";
  if (active < parts.length) return "full";
  const nodes = new Set(parts.flatMap((p) => p.nodes.map((n) => n.name)));
  const place = parts[0]?.current;
  if (nodes.size !== 1 || place === undefined) return "full";
  if (!place.online && place.unclean) return "full";
  return parts.some((p) => p.role === "Promoted") ? "promoted" : "started";
}

function cloneHeader(clone: CloneView): string {
  const flags: string[] = [];
  if (clone.promotable) flags.push("promotable");
  if (clone.unique) flags.push("unique");
  if (clone.disabled) flags.push("disabled");
  if (clone.maintenance) flags.push("maintenance");
  else if (!clone.managed) flags.push("unmanaged");
  return `Clone Set: ${clone.id} [${clone.child}]${flags.length === 0 ? "" : ` (${flags.join(", ")})`}`;
}

/** Nodes where a clone does not run, under the label that says why. */
function writeStopped(
  out: ListWriter,
  clone: CloneView,
  stopped: readonly string[],
  listed: number,
): void {
  if (clone.unique || clone.max <= listed) {
    if (stopped.length > 0) out.item(`Stopped: [ ${stopped.join(" ")} ]`);
    return;
  }
  const parts = clone.instances.flatMap(leaves);
  const running = new Set(parts.flatMap((p) => p.nodes.map((n) => n.name)));
  const labels = new Map<string, string[]>();
  for (const node of clone.allowed) {
    if (running.has(node)) continue;
    const probe = parts.find((p) => p.failedProbes.has(node))?.failedProbes.get(node);
    let label = "Stopped";
    if (clone.targetRole === "Stopped") label = "Stopped (disabled)";
    else if (probe !== undefined) label = `Stopped (${exitCode(probe).text})`;
    labels.set(label, [...(labels.get(label) ?? []), node]);
  }
  for (const label of [...labels.keys()].sort(compareBytes)) {
    out.item(`${label}: [ ${(labels.get(label) ?? []).join(" ")} ]`);
  }
}

function writeClone(out: ListWriter, clone: CloneView, show: Display): void {
  out.begin(cloneHeader(clone));
  const promoted: string[] = [];
  const started: string[] = [];
  const stopped: string[] = [];
  for (const instance of clone.instances) {
    const place = leaves(instance)[0]?.current?.name ?? "";
    const fate = instanceFate(clone, instance, show);
    if (fate === "full") writeInstance(out, instance, { ...show, inactive: true });
    else if (fate === "promoted") promoted.push(place);
    else if (fate === "started") started.push(place);
    else if (fate === "stopped") stopped.push(instance.id);
  }
  const list = (label: string, names: string[]) => {
    if (names.length > 0) out.item(`${label}: [ ${names.sort(compareNames).join(" ")} ]`);
  };
  list("Promoted", promoted);
  const restricted = clone.targetRole === "Unpromoted" ? " (target-role)" : "";
  list(clone.promotable ? `Unpromoted${restricted}` : "Started", started);
  if (show.inactive && !show.detail)
    writeStopped(out, clone, stopped, promoted.length + started.length);
  out.end();
}

function writeBundle(out: ListWriter, bundle: BundleView, show: Display): void {
  const set = bundle.size > 1 ? "Container bundle set" : "Container bundle";
  let flags = bundle.unique ? " (unique)" : "";
  if (bundle.maintenance) flags += " (maintenance)";
  else if (!bundle.managed) flags += " (unmanaged)";
  out.begin(`${set}: ${bundle.id} [${bundle.image}]${flags}`);
  for (const replica of bundle.replicas) {
    if (show.detail || bundle.partial) {
      if (bundle.partial || bundle.size > 1) out.item(`Replica[${replica.number}]`);
      out.begin("");
      for (const part of replica.parts) writePrimitive(out, part, show);
      out.end();
      continue;
    }
    const address = replica.address === undefined ? "" : ` (${replica.address})`;
    const face = { ...replica.face, current: replica.place, nodes: [] };
    out.item(primitiveLine(face, { name: `${replica.shown}${address}` }));
  }
  out.end();
}

/** One top-level resource with all below it. */
export function writeResource(out: ListWriter, resource: ResourceView, show: Display): void {
  switch (resource.kind) {
    case "primitive":
      writePrimitive(out, resource, show);
      return;
    case "group":
      writeGroup(out, resource, show);
      return;
    case "clone":
      writeClone(out, resource, show);
      return;
    case "bundle":
      writeBundle(out, resource, show);
      return;
  }
}

const NOTHING_LISTED: Readonly<Record<string, string>> = {
  "Inactive Resources": "No inactive resources",
  "Full List of Resources": "No resources",
};

/** The resource list (A4.2); says so when there is nothing to list. */
export function writeResources(out: ListWriter, view: ClusterView, show: Display): void {
  const onlyInactive = show.groupByNode && show.inactive;
  const title = onlyInactive
    ? "Inactive Resources"
    : show.inactive
      ? "Full List of Resources"
      : "Active Resources";
  const listed = view.resources.filter((resource) => {
    const { some, all } = activity(resource);
    if (resource.kind === "primitive" && resource.hidden) return false;
    if (onlyInactive) return !all && !resource.removed;
    return some || (show.inactive && !resource.removed);
  });
  out.begin(title);
  if (listed.length === 0) out.item(NOTHING_LISTED[title] ?? "No active resources");
  const counted = show.brief && !show.groupByNode;
  if (counted) {
    const primitives = listed.filter((r) => r.kind === "primitive");
    writeCounts(out, primitives, { inactive: show.inactive, totals: show.inactive });
  }
  for (const resource of listed) {
    if (!counted || resource.kind !== "primitive") writeResource(out, resource, show);
  }
  out.end();
}
