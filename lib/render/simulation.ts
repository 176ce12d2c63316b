/** The text of crm_simulate (spec/outputs-and-tools sections A2, A3.2 and A6.2). */
import type { ExecutionStep } from "../simulate/fake-executor.ts";
import type { Injection } from "../simulate/inject.ts";
import type { Simulation } from "../simulate/run.ts";
import type { ClusterStatus } from "../status/state.ts";
import { fieldsOf } from "../time/calendar.ts";
import { clusterView } from "../view/cluster-builder.ts";
import { DEFAULT_DISPLAY, type Display } from "../view/display.ts";
import { scoreLines } from "../view/scores.ts";
import type { Clock } from "./classic.ts";
import { currentText } from "./current.ts";
import type { ListWriter } from "./list-writer.ts";
import { ListWriter as Writer } from "./list-writer.ts";
import { writeNodes, writeResources } from "./status-lists.ts";
import { summaryLines } from "./transition-summary.ts";

const two = (n: number): string => String(n).padStart(2, "0");

/** "Using the original execution date of: 2020-06-02 17:01:21Z" */
export function executionDateLine(epoch: number): string {
  const f = fieldsOf({ epoch, offset: 0 });
  const date = `${String(f.year).padStart(4, "0")}-${two(f.month)}-${two(f.day)}`;
  return `Using the original execution date of: ${date} ${two(f.hour)}:${two(f.minute)}:${two(f.second)}Z`;
}

const STATUS_DISPLAY: Display = { ...DEFAULT_DISPLAY, inactive: true };

/** Lines about the switch that stops all management (stop-all-resources is not told: case stop-all-resources). */
function managementLines(status: ClusterStatus): string[] {
  if (status.options.maintenanceMode) {
    return [
      "",
      "              *** Resource management is DISABLED ***",
      "  The cluster will not attempt to start, stop or recover services",
    ];
  }
  return [];
}

export interface StatusOptions {
  readonly attributes: boolean;
  readonly failCounts: boolean;
}

/** What is printed before the first status: switches and counts that explain why little happens. */
export function preambleLines(status: ClusterStatus): string[] {
  const lines = managementLines(status);
  const { disabled, blocked, resources } = clusterView(status).summary;
  if (disabled > 0 || blocked > 0) {
    if (lines.length > 0) lines.push("");
    lines.push(
      `${disabled} of ${resources} resource instances DISABLED and ${blocked} BLOCKED from further action due to failure`,
    );
  }
  if (lines.length > 0) lines.push("");
  return lines;
}

/** The sections of one status list. */
export function statusLines(
  status: ClusterStatus,
  title: string,
  options: StatusOptions,
  clock: Clock,
): string[] {
  const view = clusterView(status);
  const lines: string[] = [];
  const out: ListWriter = new Writer();
  out.begin(title);
  if (writeNodes(out, view.nodes, STATUS_DISPLAY)) out.space();
  writeResources(out, view, STATUS_DISPLAY);
  lines.push(...out.lines);
  if (options.attributes || options.failCounts) {
    const show: Display = {
      ...STATUS_DISPLAY,
      summary: false,
      nodes: false,
      resources: false,
      attributes: options.attributes,
      failCounts: options.failCounts,
      failures: false,
    };
    const parts = [currentText(view, show, clock)];
    if (options.failCounts) {
      const only = { ...show, attributes: false, failCounts: false, failures: true, detail: true };
      parts.push(currentText(view, only, clock));
    }
    const text = parts.filter((part) => part !== "").join("\n");
    // One list with the rest: its headers are items, and all stands one level deeper.
    const deeper = (line: string) => (/^\S/.test(line) ? `  * ${line}` : `  ${line}`);
    if (text !== "") lines.push("", ...text.trimEnd().split("\n").map(deeper));
  }
  return lines;
}

function injectionLine(item: Injection): string {
  switch (item.kind) {
    case "node":
      if (item.action === "Online") return `Bringing node ${item.node} online`;
      return item.action === "Offline"
        ? `Taking node ${item.node} offline`
        : `Failing node ${item.node}`;
    case "ticket":
      return item.action === "Standby"
        ? `Making ticket ${item.ticket} standby`
        : `${item.action} ticket ${item.ticket}`;
    case "operation":
      return `Injecting ${item.spec} into the configuration`;
    case "attribute":
      return `Injecting attribute ${item.name}=${item.value} into /node_state '${item.nodeId}'`;
  }
}

export function modificationLines(
  switches: { readonly quorum: string | undefined; readonly watchdog: string | undefined },
  items: readonly Injection[],
): string[] {
  const lines: string[] = [];
  if (switches.quorum !== undefined) lines.push(`Setting quorum: ${switches.quorum}`);
  if (switches.watchdog !== undefined) lines.push(`Setting watchdog: ${switches.watchdog}`);
  lines.push(...items.map(injectionLine));
  return listLines("Performing Requested Modifications", lines);
}

/** One line of "Executing Cluster Transition". */
export function executionLine(step: ExecutionStep): string {
  switch (step.kind) {
    case "pseudo":
      return `Pseudo action:   ${step.key}${step.node === undefined ? "" : ` on ${step.node}`}`;
    case "resource": {
      const interval = step.intervalMs > 0 ? `=${step.intervalMs}` : "";
      return `Resource action: ${step.resource.padEnd(15)} ${step.operation}${interval} on ${step.node}`;
    }
    case "cluster": {
      const resource = step.resource === undefined ? "" : ` for ${step.resource}`;
      return `Cluster action:  ${step.operation}${resource} on ${step.node}`;
    }
    case "fence":
      return `Fencing ${step.node} (${step.operation})`;
    case "pretended":
      return `Pretending action ${step.actionId} failed with rc=${step.rc}`;
  }
}

function listLines(title: string, items: readonly string[]): string[] {
  const out = new Writer();
  out.begin(title);
  for (const item of items) out.item(item);
  return out.lines;
}

export function transitionLines(simulation: Simulation): string[] {
  const items = simulation.schedule === undefined ? [] : summaryLines(simulation.schedule.summary);
  return listLines("Transition Summary", items);
}

export function executionLines(simulation: Simulation): string[] {
  const items = (simulation.execution?.steps ?? []).map(executionLine);
  return listLines("Executing Cluster Transition", items);
}

/** Scores and utilization: bare lines when quiet, else a list with its title and what scheduling told meanwhile. */
export function noteLines(
  simulation: Simulation,
  wants: { readonly scores: boolean; readonly utilization: boolean; readonly fancy: boolean },
): string[] {
  const items = scoreLines(simulation.schedule?.notes ?? []);
  if (!wants.fancy) return items;
  const title =
    wants.scores && wants.utilization
      ? "Assignment Scores and Utilization Information"
      : wants.scores
        ? "Assignment Scores"
        : "Utilization Information";
  const [head = "", ...lines] = listLines(title, items);
  const told = simulation.schedule?.messages.filter((m) => m.level === "info") ?? [];
  return [head, ...told.map((m) => m.text), ...lines];
}
