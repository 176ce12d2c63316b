/** What the shell reads from a CIB with its status: the texts of `crm status` and `resource status`, who runs where. */
import type { CibDoc } from "../../lib/cib/document.ts";
import type { ResourcePlace } from "../../lib/crm/ports.ts";
import { classicText } from "../../lib/render/classic.ts";
import { currentText } from "../../lib/render/current.ts";
import { Role } from "../../lib/status/roles.ts";
import type { ResourceState } from "../../lib/status/state.ts";
import { readStatus } from "../../lib/status/status.ts";
import { clusterView } from "../../lib/view/cluster-builder.ts";
import { DEFAULT_DISPLAY, type Display } from "../../lib/view/display.ts";
import { localTime } from "../pacemaker/local-time.ts";

function display(words: readonly string[]): Display {
  return {
    ...DEFAULT_DISPLAY,
    groupByNode: words.includes("bynode"),
    inactive: words.includes("inactive"),
    operations: words.includes("ops") || words.includes("timing"),
    timing: words.includes("timing"),
    failCounts: words.includes("failcounts"),
  };
}

function text(doc: CibDoc, now: number, show: Display): string {
  const view = clusterView(readStatus(doc, now));
  return (view.form === "classic" ? classicText : currentText)(view, show, localTime);
}

/** The text of `crm status` with these words. `now` in epoch seconds, here as below. */
export function statusText(doc: CibDoc, now: number, words: readonly string[]): string {
  return text(doc, now, display(words));
}

/** The list of crm_resource -L. */
export function resourceListText(doc: CibDoc, now: number): string {
  const show = { ...DEFAULT_DISPLAY, inactive: true, summary: false, nodes: false };
  const list = text(doc, now, { ...show, times: false, failures: false });
  // crm_resource -L of 1.1.10 has no title and names no nodes.
  return `${list.replace(/^\n+/, "").trimEnd()}\n`
    .replace(/^Full list of resources:\n+/, "")
    .replace(/(\):\t(?:Started|Master|Slave)) [^\n[]*$/gm, "$1 ");
}

/** All resources with their members and instances. */
function flat(resources: readonly ResourceState[]): readonly ResourceState[] {
  return resources.flatMap((r) => [r, ...flat(r.children)]);
}

/** Nodes on which the resource (or a member of it) is active. */
export function placesOf(doc: CibDoc, now: number, id: string): readonly ResourcePlace[] {
  const found = new Map<string, ResourcePlace>();
  for (const resource of flat(readStatus(doc, now).resources)) {
    if (resource.name !== id && resource.id !== id) continue;
    for (const node of resource.active) {
      const promoted = resource.role === Role.promoted || found.get(node.name)?.promoted === true;
      found.set(node.name, { node: node.name, promoted });
    }
  }
  return [...found.values()];
}

/** Names of the nodes that are online. */
export function onlineNodes(doc: CibDoc, now: number): readonly string[] {
  return readStatus(doc, now)
    .nodes.filter((n) => n.online)
    .map((n) => n.name);
}
