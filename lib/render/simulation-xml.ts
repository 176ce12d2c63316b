/** The XML of crm_simulate: elements and the order of their attributes as Pacemaker's API schema has them. */
import { scoreText } from "../base/score.ts";
import type { Note } from "../scheduler/board.ts";
import type { NodeItem, ResourceItem, Summary } from "../scheduler/summary.ts";
import type { ExecutionStep } from "../simulate/fake-executor.ts";
import type { Injection } from "../simulate/inject.ts";
import { Role, roleText } from "../status/roles.ts";
import type { ClusterStatus } from "../status/state.ts";
import { clusterView } from "../view/cluster-builder.ts";
import { DEFAULT_DISPLAY } from "../view/display.ts";
import { stepLabel } from "../view/scores.ts";
import { element, type XmlElement } from "../xml/node.ts";
import type { Clock } from "./classic.ts";
import { clusterXml } from "./cluster-xml.ts";
import type { StatusOptions } from "./simulation.ts";

/** `name` is cluster_status, or revised_cluster_status for what came of it. */
export function statusXml(
  name: "cluster_status" | "revised_cluster_status",
  status: ClusterStatus,
  options: StatusOptions,
  clock: Clock,
): XmlElement {
  const show = {
    ...DEFAULT_DISPLAY,
    inactive: true,
    summary: false,
    attributes: options.attributes,
    failCounts: options.failCounts,
    failures: options.failCounts,
  };
  return element(name, {}, clusterXml(clusterView(status), show, clock));
}

function injectionXml(item: Injection): XmlElement {
  switch (item.kind) {
    case "node":
      return element("modify_node", { action: item.action, node: item.node });
    case "ticket":
      return element("modify_ticket", { action: item.action, ticket: item.ticket });
    case "operation":
      return element("inject_spec", { spec: item.spec });
    case "attribute":
      return element("inject_attr", {
        name: item.name,
        value: item.value,
        node_path: "/node_state",
        cib_node: item.nodeId,
      });
  }
}

/** What was asked for: switches as attributes, all else in its order. */
export function modificationsXml(
  switches: { readonly quorum: string | undefined; readonly watchdog: string | undefined },
  items: readonly Injection[],
): XmlElement {
  return element(
    "modifications",
    { quorum: switches.quorum, watchdog: switches.watchdog },
    items.map(injectionXml),
  );
}

const valuesOf = (note: Note): Record<string, string> =>
  Object.fromEntries([...(note.values ?? [])].map(([name, value]) => [name, String(value)]));

function noteXml(note: Note): XmlElement {
  const score = scoreText(note.score ?? 0);
  switch (note.step) {
    case "capacity":
      return element("capacity", { node: note.node, comment: note.label, ...valuesOf(note) });
    case "utilization":
      return element("utilization", {
        resource: note.resource,
        node: note.node,
        function: stepLabel(note.step),
        ...valuesOf(note),
      });
    case "promotion":
      return element("promotion_score", { id: note.resource, score, node: note.node });
    default:
      return element("node_weight", {
        function: stepLabel(note.step),
        node: note.node,
        score,
        id: note.resource,
      });
  }
}

export function notesXml(
  notes: readonly Note[],
  wants: { readonly scores: boolean; readonly utilization: boolean },
): XmlElement {
  const name =
    wants.scores && wants.utilization
      ? "allocations_utilizations"
      : wants.scores
        ? "allocations"
        : "utilizations";
  return element(name, {}, notes.map(noteXml));
}

/** Undefined for items that are not shown. */
function nodeItemXml(item: NodeItem): XmlElement | undefined {
  if (item.reason === undefined) return undefined;
  const node =
    item.launcher === undefined ? item.node : `${item.node} (resource: ${item.launcher})`;
  const task = item.kind === "fence" ? `Fence (${item.operation ?? ""})` : "Shutdown";
  return element("node_action", { task, node, reason: item.reason });
}

/** Places and roles, in the words and the order that tell what changes. */
function changeOf(item: ResourceItem): Record<string, string | undefined> {
  const { from, to } = item;
  const role = roleText(item.role);
  const next = roleText(item.nextRole);
  const needsRole = item.role > Role.started || item.nextRole > Role.unpromoted;
  if (from === undefined) {
    return needsRole ? { role, "next-role": next, dest: to } : { node: to };
  }
  if (to === undefined) return needsRole ? { role, node: from } : { node: from };
  if (item.role === item.nextRole) {
    if (from === to) return needsRole ? { role, source: from } : { source: from };
    return needsRole ? { source: from, dest: to, role } : { source: from, dest: to };
  }
  if (from === to) return { role, "next-role": next, source: from };
  return { role, source: from, "next-role": next, dest: to };
}

function resourceItemXml(item: ResourceItem): XmlElement {
  return element("rsc_action", {
    action: item.verb.toLowerCase(),
    resource: item.resource,
    ...changeOf(item),
    reason: item.reason,
    blocked: item.blocked ? "true" : undefined,
  });
}

export function actionsXml(summary: Summary): XmlElement {
  const nodes = summary.nodes.map(nodeItemXml).filter((item) => item !== undefined);
  return element("actions", {}, [...nodes, ...summary.resources.map(resourceItemXml)]);
}

function stepXml(step: ExecutionStep): XmlElement | undefined {
  switch (step.kind) {
    case "pseudo":
      return element("pseudo_action", { task: step.key, node: step.node });
    case "resource":
      return element("rsc_action", {
        resource: step.resource,
        op: step.operation,
        node: step.node,
        interval: step.intervalMs > 0 ? String(step.intervalMs) : undefined,
      });
    case "cluster":
      return element("cluster_action", {
        task: step.operation,
        node: step.node,
        id: step.resource,
      });
    case "fence":
      return element("fencing_action", { target: step.node, op: step.operation });
    case "pretended":
      return undefined;
  }
}

export function transitionXml(steps: readonly ExecutionStep[]): XmlElement {
  const parts = steps.map(stepXml).filter((step) => step !== undefined);
  return element("transition", {}, parts);
}
