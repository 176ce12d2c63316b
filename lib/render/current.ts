/** Today's text of crm_mon (spec/outputs-and-tools B2.1 to B2.3): sections in fixed order, an empty line between them. */
import { exitCode } from "../base/result-code.ts";
import { scoreText } from "../base/score.ts";
import { intervalWords } from "../time/interval.ts";
import { listedFailures } from "../view/activity.ts";
import type {
  ClusterView,
  FailureView,
  OperationView,
  ResourceHistoryView,
} from "../view/cluster.ts";
import type { Display } from "../view/display.ts";
import type { Clock } from "./classic.ts";
import { ListWriter } from "./list-writer.ts";
import {
  nodeLabel,
  nodeLine,
  primitiveLine,
  writeCounts,
  writeNodes,
  writeResources,
} from "./status-lists.ts";

const STATUS_WORDS: Readonly<Record<number, string>> = {
  [-1]: "Pending",
  0: "Done",
  1: "Cancelled",
  2: "Timed out",
  3: "Unsupported",
  4: "Error",
  5: "Hard error",
  6: "Fatal error",
  7: "Not installed",
  8: "Internal communication failure",
  9: "Cannot execute now",
  10: "No fence device",
  11: "CIB secrets unavailable",
};

/** Words of an execution status. */
export function executionStatus(status: number): string {
  return STATUS_WORDS[status] ?? "Unrecognized status (bug?)";
}

const POLICY_WORDS: Readonly<Record<string, string>> = {
  freeze: "No quorum policy: Freeze resources",
  stop: "No quorum policy: Stop ALL resources",
  demote: "No quorum policy: Demote promotable resources and stop all other resources",
  ignore: "No quorum policy: Ignore",
  fence: "No quorum policy: Fence nodes in partition",
};

function optionLines(view: ClusterView): readonly string[] {
  const o = view.summary.options;
  return [
    `Fencing of failed nodes ${o.fencing ? "enabled" : "disabled"}`,
    `Cluster is ${o.symmetric ? "symmetric" : "asymmetric"}`,
    POLICY_WORDS[o.noQuorumPolicy] ?? "No quorum policy: Ignore",
  ];
}

function countText(view: ClusterView): string {
  const s = view.summary;
  const notes: string[] = [];
  if (s.disabled > 0) notes.push(`${s.disabled} DISABLED`);
  if (s.blocked > 0) notes.push(`${s.blocked} BLOCKED from further action due to failure`);
  const plural = s.resources === 1 ? "" : "s";
  const more = notes.length === 0 ? "" : ` (${notes.join(", ")})`;
  return `${s.resources} resource instance${plural} configured${more}`;
}

function dcLine(view: ClusterView, show: Display): string {
  const s = view.summary;
  if (s.dc === undefined) return "Current DC: NONE";
  const mixed = s.mixedVersion ? "MIXED-VERSION " : "";
  const quorum = s.quorate ? "with quorum" : "WITHOUT quorum";
  const id = show.detail && s.dc.id !== s.dc.name ? ` (${s.dc.id})` : "";
  const version = s.dcVersion ?? "unknown";
  return `Current DC: ${s.dc.name}${id} (version ${version}) - ${mixed}partition ${quorum}`;
}

function timeLines(view: ClusterView, show: Display, clock: Clock): readonly string[] {
  const host = show.host === "" ? "" : ` on ${show.host}`;
  const c = view.summary.changed;
  const by = c.user === "" ? "" : ` by ${c.user}`;
  const via = c.client === "" ? "" : ` via ${c.client}`;
  const on = c.origin === "" ? "" : ` on ${c.origin}`;
  return [
    `Last updated: ${clock(view.summary.updated)}${host}`,
    `Last change:  ${c.at}${by}${via}${on}`,
  ];
}

function writeSummary(out: ListWriter, view: ClusterView, show: Display, clock: Clock): void {
  const s = view.summary;
  const items: string[] = [];
  const state = show.daemonState === "" ? "" : ` (${show.daemonState})`;
  if (show.stack) items.push(`Stack: ${s.stack ?? "unknown"}${state}`);
  if (show.dc) items.push(dcLine(view, show));
  if (show.times) items.push(...timeLines(view, show, clock));
  if (show.counts) {
    items.push(`${s.nodes} node${s.nodes === 1 ? "" : "s"} configured`, countText(view));
  }
  if (show.options) items.push(...optionLines(view));
  if (items.length > 0) out.list("Cluster Summary", items);
  if (!show.maintenanceMode) return;
  const lines = managementLines(view);
  if (lines.length > 0 && items.length > 0) out.space();
  for (const line of lines) out.item(line);
}

/** What is said when the cluster manages nothing, or stops all. */
function managementLines(view: ClusterView): readonly string[] {
  const { maintenance, stopAll } = view.summary.options;
  if (maintenance) {
    return [
      "              *** Resource management is DISABLED ***",
      "  The cluster will not attempt to start, stop or recover services",
    ];
  }
  if (!stopAll) return [];
  return [
    "    *** Resource management is DISABLED ***",
    "  The cluster will keep all resources stopped",
  ];
}

/** The one line of `crm_mon -s`; not ok when something is wrong. */
export function currentSimpleStatus(view: ClusterView): {
  readonly text: string;
  readonly ok: boolean;
} {
  const wrong = view.nodes.filter((n) => !n.online).map((n) => `offline node: ${n.name}`);
  if (view.summary.dc === undefined) wrong.unshift("No DC");
  if (wrong.length > 0) return { text: `CLUSTER WARN: ${wrong.join(", ")}\n`, ok: false };
  const standby = view.nodes.filter((n) => n.standby).length;
  const maintenance = view.nodes.filter((n) => n.maintenance && !n.standby).length;
  const online = view.nodes.length - standby - maintenance;
  const counted = (n: number, words: string) => `${n} ${words}${n === 1 ? "" : "s"}`;
  const parts = [`CLUSTER OK: ${counted(online, "node")} online`];
  if (standby > 0) parts.push(counted(standby, "standby node"));
  if (maintenance > 0) parts.push(counted(maintenance, "maintenance node"));
  const plural = view.summary.resources === 1 ? "" : "s";
  parts.push(`${view.summary.resources} resource instance${plural} configured`);
  return { text: `${parts.join(", ")}\n`, ok: true };
}

function writeGrouped(out: ListWriter, view: ClusterView, show: Display): void {
  const listed = view.nodes.filter((node) => !show.brief || node.running.length > 0);
  if (listed.length === 0) return;
  out.begin("Node List");
  for (const node of listed) {
    out.begin(nodeLine(node, show.detail));
    out.begin("Resources");
    if (show.brief) {
      writeCounts(out, node.running, { inactive: false, totals: false, nodes: false });
    } else {
      const visible = node.running.filter((p) => !p.hidden);
      for (const p of visible) out.item(primitiveLine(p, { node: false }));
    }
    out.end();
    out.end();
  }
  out.end();
}

/** A node's name as the node list has it. */
function labelOf(view: ClusterView, name: string, show: Display): string {
  const node = view.nodes.find((n) => n.name === name);
  return node === undefined ? name : nodeLabel(node, show.detail);
}

function writeAttributes(out: ListWriter, view: ClusterView, show: Display): void {
  out.begin("Node Attributes");
  for (const row of view.attributes) {
    out.begin(`Node: ${labelOf(view, row.node, show)}`);
    for (const { name, value, expected } of row.attributes) {
      const reached = Number.parseInt(value, 10);
      let note = "";
      if (expected !== undefined && !(reached > 0)) note = "\t: Connectivity is lost";
      else if (expected !== undefined && reached < expected) {
        note = `\t: Connectivity is degraded (Expected=${expected})`;
      }
      out.item(`${name.padEnd(32)}\t: ${value.padEnd(10)}${note}`);
    }
    out.end();
  }
  out.end();
}

function historyText(r: ResourceHistoryView, clock: Clock): string {
  if (!r.known) return `${r.resource}: orphan`;
  const count = r.failCount > 0 ? ` fail-count=${scoreText(r.failCount)}` : "";
  const last = r.lastFailure > 0 ? ` last-failure='${clock(r.lastFailure)}'` : "";
  return `${r.resource}: migration-threshold=${r.migrationThreshold}${count}${last}`;
}

function operationLine(op: OperationView, timing: boolean, clock: Clock): string {
  const task = op.task === "monitor" && op.intervalMs === 0 ? "probe" : op.task;
  const parts: string[] = [];
  if (op.intervalMs !== 0) parts.push(` interval="${op.intervalMs}ms"`);
  if (timing) {
    if (op.lastRcChange !== undefined) parts.push(` last-rc-change="${clock(op.lastRcChange)}"`);
    if (op.execMs !== undefined) parts.push(` exec-time="${op.execMs}ms"`);
    if (op.queueMs !== undefined) parts.push(` queue-time="${op.queueMs}ms"`);
    parts.push(` rc=${op.rc} (${exitCode(op.rc).text})`);
  }
  return `(${op.callId}) ${task}${parts.length === 0 ? "" : `:${parts.join("")}`}`;
}

function writeHistory(out: ListWriter, view: ClusterView, show: Display, clock: Clock): void {
  const operations = show.operations || show.timing;
  out.begin(operations ? "Operations" : "Migration Summary");
  for (const { node, resources } of view.history) {
    const listed = resources.filter((r) =>
      operations ? r.operations.length > 0 : r.failCount > 0 || r.lastFailure > 0,
    );
    if (listed.length === 0) continue;
    out.begin(`Node: ${labelOf(view, node, show)}`);
    for (const r of listed) {
      if (!operations) out.item(`${historyText(r, clock)}:`);
      else {
        out.begin(historyText(r, clock));
        for (const op of r.operations) out.item(operationLine(op, show.timing, clock));
        out.end();
      }
    }
    out.end();
  }
  out.end();
}

/** One failed action in the friendly form. */
function failureLine(f: FailureView, clock: Clock): string {
  const task = f.task === "monitor" && f.intervalMs === 0 ? "probe" : f.task;
  const interval = f.intervalMs === 0 ? "" : `${intervalWords(f.intervalMs)}-interval `;
  const head = `${f.resource} ${interval}${task} on ${f.node}`;
  const reason = f.exitReason;
  const result =
    f.status === 0
      ? `returned '${exitCode(f.rc).text}'${reason === "" ? "" : ` (${reason})`}`
      : `could not be executed (${executionStatus(f.status)}${reason === "" ? "" : `: ${reason}`})`;
  const at = f.lastRcChange === undefined ? "" : ` at ${clock(f.lastRcChange)}`;
  const after = f.execMs !== undefined && f.execMs > 0 ? ` after ${afterText(f.execMs)}` : "";
  return `${head} ${result}${at}${after}`;
}

/** The same as whoever looks for causes wants it. */
function technicalFailureLine(f: FailureView, clock: Clock): string {
  const parts = [`call=${f.callId}`, `status='${executionStatus(f.status)}'`];
  if (f.exitReason !== "") parts.push(`exitreason='${f.exitReason}'`);
  if (f.lastRcChange !== undefined) parts.push(`last-rc-change='${clock(f.lastRcChange)}'`);
  if (f.queueMs !== undefined) parts.push(`queued=${f.queueMs}ms`);
  if (f.execMs !== undefined) parts.push(`exec=${f.execMs}ms`);
  return `${f.key} on ${f.node} '${exitCode(f.rc).text}' (${f.rc}): ${parts.join(", ")}`;
}

function afterText(ms: number): string {
  return ms < 1000 || ms % 1000 === 0
    ? intervalWords(ms)
    : `${intervalWords(ms - (ms % 1000))}${ms % 1000}ms`;
}

function writeTickets(out: ListWriter, view: ClusterView, clock: Clock): void {
  out.begin("Tickets");
  for (const t of view.tickets) {
    const last = t.lastGranted === undefined ? "" : ` last-granted="${clock(t.lastGranted)}"`;
    out.item(
      `${t.id}\t${t.granted ? "granted" : "revoked"}${t.standby ? " [standby]" : ""}${last}`,
    );
  }
  out.end();
}

function writeBans(out: ListWriter, view: ClusterView, show: Display): void {
  out.begin("Negative Location Constraints");
  for (const b of view.bans.filter((ban) => ban.id.startsWith(show.bans ?? ""))) {
    const role = b.promotedOnly ? "in Promoted role " : "";
    out.item(
      `${b.id}\tprevents ${b.resource} from running ${role}on ${labelOf(view, b.node, show)}`,
    );
  }
  out.end();
}

/** The whole text of one display, ending with a newline. */
export function currentText(view: ClusterView, show: Display, clock: Clock): string {
  const sections: string[] = [];
  const section = (wanted: boolean, write: (out: ListWriter) => void) => {
    if (!wanted) return;
    const out = new ListWriter();
    write(out);
    if (out.lines.length > 0) sections.push(out.text());
  };
  const history = show.operations || show.timing || show.failCounts;
  section(show.summary, (out) => writeSummary(out, view, show, clock));
  section(show.nodes, (out) => {
    if (show.groupByNode) writeGrouped(out, view, show);
    else writeNodes(out, view.nodes, show);
  });
  section(show.resources && (!show.groupByNode || show.inactive), (out) =>
    writeResources(out, view, show),
  );
  section(show.attributes && view.attributes.length > 0, (out) => writeAttributes(out, view, show));
  section(history && view.history.length > 0, (out) => writeHistory(out, view, show, clock));
  const failures = listedFailures(view);
  section(show.failures && failures.length > 0, (out) => {
    out.begin("Failed Resource Actions");
    const line = show.detail ? technicalFailureLine : failureLine;
    for (const f of failures) out.item(line(f, clock));
    out.end();
  });
  section(show.tickets && view.tickets.length > 0, (out) => writeTickets(out, view, clock));
  const { bans } = show;
  section(bans !== undefined && view.bans.some((ban) => ban.id.startsWith(bans)), (out) =>
    writeBans(out, view, show),
  );
  return sections.join("\n");
}
