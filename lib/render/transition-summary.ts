/** The words of a transition summary (spec/outputs-and-tools section A5). */
import type { NodeItem, ResourceItem, Summary } from "../scheduler/summary.ts";
import { Role, roleText } from "../status/roles.ts";

/** "Fence (reboot) node1 'reason'"; undefined for items that are not shown. */
function nodeText(item: NodeItem): string | undefined {
  if (item.reason === undefined) return undefined;
  const node =
    item.launcher === undefined ? item.node : `${item.node} (resource: ${item.launcher})`;
  const task = item.kind === "fence" ? `Fence (${item.operation ?? ""})` : "Shutdown";
  return `${task} ${node} '${item.reason}'`;
}

/** From where to where, with roles where they tell something. */
function detailsOf(item: ResourceItem): string {
  const { from, to } = item;
  const role = roleText(item.role);
  const next = roleText(item.nextRole);
  const needsRole = item.role > Role.started || item.nextRole > Role.unpromoted;
  if (from === undefined) return needsRole ? `${role} -> ${next} ${to}` : `${to}`;
  if (to === undefined) return needsRole ? `${role} ${from}` : from;
  if (item.role === item.nextRole) {
    if (from === to) return needsRole ? `${role} ${from}` : from;
    return needsRole ? `${from} -> ${to} ${role}` : `${from} -> ${to}`;
  }
  if (from === to) return `${role} -> ${next} ${from}`;
  return `${role} ${from} -> ${next} ${to}`;
}

function reasonText(item: ResourceItem): string {
  if (item.reason !== undefined)
    return `  due to ${item.reason}${item.blocked ? " (blocked)" : ""}`;
  return item.blocked ? "  blocked" : "";
}

/** One text per item; columns grow with what came before, over the whole list. */
export function summaryLines(summary: Summary): string[] {
  const lines: string[] = [];
  for (const item of summary.nodes) {
    const text = nodeText(item);
    if (text !== undefined) lines.push(text);
  }
  let nameWidth = 5;
  let detailWidth = 5;
  const details = summary.resources.map(detailsOf);
  summary.resources.forEach((item, i) => {
    if (item.resource.length > nameWidth) nameWidth = item.resource.length + 2;
    detailWidth = Math.max(detailWidth, details[i]!.length);
  });
  summary.resources.forEach((item, i) => {
    const name = item.resource.padEnd(nameWidth);
    const detail = details[i]!.padStart(detailWidth);
    lines.push(`${item.verb.padEnd(8)}   ${name}   ( ${detail} )${reasonText(item)}`);
  });
  return lines;
}
