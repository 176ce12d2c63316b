/**
 * The text of Pacemaker 1.1.10's crm_mon, which the walkthrough shows (spec/outputs-and-tools B1.1), to the letter: TABs,
 * trailing blanks and fixed plurals included.
 */
import { scoreText } from "../base/score.ts";
import { activity, leaves } from "../view/activity.ts";
import type {
  CloneView,
  ClusterView,
  FailureView,
  GroupView,
  NodeHistoryView,
  NodeView,
  OperationView,
  PrimitiveView,
  ResourceView,
} from "../view/cluster.ts";
import type { Display } from "../view/display.ts";

/** Words an epoch second as ctime does, in the reader's zone. */
export type Clock = (epoch: number) => string;

const EXIT_WORDS: Readonly<Record<number, string>> = {
  0: "ok",
  1: "unknown error",
  2: "invalid parameter",
  3: "unimplemented feature",
  4: "insufficient privileges",
  5: "not installed",
  6: "not configured",
  7: "not running",
  8: "master",
  9: "master (failed)",
};

const STATUS_WORDS: Readonly<Record<number, string>> = {
  [-1]: "pending",
  0: "complete",
  1: "Cancelled",
  2: "Timed Out",
  3: "NOT SUPPORTED",
  4: "Error",
};

const ROLE_WORDS: Readonly<Record<string, string>> = { Unpromoted: "Slave", Promoted: "Master" };

const exitWord = (rc: number) => EXIT_WORDS[rc] ?? "<unknown>";

/** `Node NAME: MODE`, or undefined for the nodes that are only collected into Online and OFFLINE. */
function nodeMode(node: NodeView): string | undefined {
  if (node.unclean) {
    if (node.online) return "UNCLEAN (online)";
    return node.pending ? "UNCLEAN (pending)" : "UNCLEAN (offline)";
  }
  if (node.pending) return "pending";
  if (node.standbyOnFail && node.online) return "standby (on-fail)";
  if (node.standby) return node.online ? "standby" : "OFFLINE (standby)";
  if (node.maintenance) return node.online ? "maintenance" : "OFFLINE (maintenance)";
  return undefined;
}

function nodeName(node: { readonly name: string; readonly id: string }): string {
  return node.name === node.id ? node.name : `${node.name} (${node.id})`;
}

/** One primitive without its prefix; `withNode` is false below a node's own line. */
function primitiveText(p: PrimitiveView, withNode: boolean): string {
  const provider = p.standard === "ocf" && p.provider !== undefined ? `::${p.provider}` : "";
  const parts = [`${p.name}\t(${p.standard}${provider}:${p.agent}):\t`];
  if (p.removed) parts.push(" ORPHANED ");
  const role = p.role === "Started" && p.promotable ? "Unpromoted" : p.role;
  parts.push(`${ROLE_WORDS[role] ?? role} `);
  const several = p.nodes.length > 1;
  if (withNode && !several && p.current !== undefined) parts.push(`${p.current.name} `);
  if (!p.managed) parts.push("(unmanaged) ");
  if (p.failed && !p.failureIgnored) parts.push("FAILED ");
  if (p.failureIgnored) parts.push("(failure ignored)");
  if (several) parts.push(`[ ${p.nodes.map((n) => n.name).join(" ")} ]`);
  return parts.join("");
}

function groupLines(group: GroupView, indent: string): string[] {
  return [
    `${indent}Resource Group: ${group.name}`,
    ...group.members.map((m) => `${indent}    ${primitiveText(m, true)}`),
  ];
}

/** An instance whose state one name cannot tell: removed, unmanaged, failed, or running only in part. */
function needsOwnLine(instance: PrimitiveView | GroupView): boolean {
  const parts = leaves(instance);
  const active = parts.filter((p) => p.active).length;
  if (active === 0) return false;
  if (active < parts.length) return true;
  return parts.some((p) => p.removed || !p.managed || p.failed || p.nodes.length !== 1);
}

function cloneLines(clone: CloneView, indent: string): string[] {
  const flags = `${clone.unique ? " (unique)" : ""}${clone.managed ? "" : " (unmanaged)"}`;
  const kind = clone.promotable ? "Master/Slave Set" : "Clone Set";
  const lines = [`${indent}${kind}: ${clone.id} [${clone.child}]${flags}`];
  const inner = `${indent}    `;
  const masters: string[] = [];
  const started: string[] = [];
  const stopped: string[] = [];
  for (const instance of clone.instances) {
    const parts = leaves(instance);
    const own = clone.unique
      ? parts.some((p) => p.active) || !clone.removed
      : needsOwnLine(instance);
    if (own) {
      if (instance.kind === "group") lines.push(...groupLines(instance, inner));
      else lines.push(`${inner}${primitiveText(instance, true)}`);
    } else if (parts.every((p) => !p.active)) stopped.push(instance.id);
    else {
      const node = parts[0]?.current?.name ?? "";
      (parts[0]?.role === "Promoted" ? masters : started).push(node);
    }
  }
  const list = (label: string, names: readonly string[]) => {
    if (names.length > 0) lines.push(`${inner}${label}: [ ${names.join(" ")} ]`);
  };
  list("Masters", masters.sort());
  list(clone.promotable ? "Slaves" : "Started", started.sort());
  if (!clone.unique && clone.max > masters.length + started.length) {
    const running = new Set(
      clone.instances.flatMap(leaves).flatMap((p) => p.nodes.map((n) => n.name)),
    );
    list("Stopped", [...clone.allowed].filter((n) => !running.has(n)).sort());
  } else list("Stopped", stopped);
  return lines;
}

function resourceLines(resource: ResourceView, indent: string): string[] {
  switch (resource.kind) {
    case "primitive":
      return [`${indent}${primitiveText(resource, true)}`];
    case "group":
      return groupLines(resource, indent);
    case "clone":
      return cloneLines(resource, indent);
    case "bundle":
      return [
        `${indent}Container bundle: ${resource.id} [${resource.image}]`,
        ...resource.replicas.map((r) => `${indent}    ${primitiveText(r.face, true)}`),
      ];
  }
}

function summaryLines(view: ClusterView, show: Display, clock: Clock): string[] {
  const s = view.summary;
  const lines: string[] = [];
  if (show.times) {
    lines.push(`Last updated: ${clock(s.updated)}`);
    // With the plugin no user was recorded; the seed's screens name none.
    const named = s.changed.user !== "" && view.form !== "classic";
    const by = named ? ` by ${s.changed.user}` : "";
    const via = s.changed.client === "" ? "" : ` via ${s.changed.client}`;
    const on = s.changed.origin === "" ? "" : ` on ${s.changed.origin}`;
    lines.push(`Last change: ${s.changed.at}${by}${via}${on}`);
  }
  if (s.stack !== undefined) lines.push(`Stack: ${s.stack}`);
  if (s.dc === undefined) lines.push("Current DC: NONE");
  else {
    const quorum = s.quorate ? "partition with quorum" : "partition WITHOUT quorum";
    lines.push(`Current DC: ${nodeName(s.dc)} - ${quorum}`);
    if (s.dcVersion !== undefined) lines.push(`Version: ${s.dcVersion}`);
  }
  const votes = `, ${s.expectedVotes ?? "unknown"} expected votes`;
  lines.push(`${s.nodes} Nodes configured${view.form === "classic" ? votes : ""}`);
  lines.push(`${s.resources} Resources configured`, "", "");
  return lines;
}

function nodeLines(view: ClusterView, show: Display): string[] {
  const lines: string[] = [];
  const online: string[] = [];
  const offline: string[] = [];
  for (const node of view.nodes) {
    const mode = nodeMode(node);
    if (mode === undefined && !show.groupByNode) {
      (node.online ? online : offline).push(node.name);
      continue;
    }
    lines.push(`Node ${nodeName(node)}: ${mode ?? (node.online ? "online" : "OFFLINE")}`);
    if (show.groupByNode) lines.push(...node.running.map((p) => `\t${primitiveText(p, false)}`));
  }
  if (online.length > 0) lines.push(`Online: [ ${online.join(" ")} ]`);
  if (offline.length > 0) lines.push(`OFFLINE: [ ${offline.join(" ")} ]`);
  return lines;
}

function resourceSection(view: ClusterView, show: Display): string[] {
  if (show.groupByNode && !show.inactive) return [];
  const lines: string[] = [];
  if (show.inactive)
    lines.push("", show.groupByNode ? "Inactive resources:" : "Full list of resources:");
  lines.push("");
  for (const resource of view.resources) {
    const { some, all } = activity(resource);
    if (resource.removed && !all) continue;
    if (show.groupByNode ? !some : some || show.inactive)
      lines.push(...resourceLines(resource, " "));
  }
  return lines;
}

function attributeSection(view: ClusterView): string[] {
  const lines = ["", "Node Attributes:"];
  for (const row of view.attributes) {
    lines.push(`* Node ${row.node}:`);
    for (const { name, value, expected } of row.attributes) {
      let note = "";
      const reached = Number.parseInt(value, 10);
      if (expected !== undefined && !(reached > 0)) note = "\t: Connectivity is lost";
      else if (expected !== undefined && reached < expected) {
        note = `\t: Connectivity is degraded (Expected=${expected})`;
      }
      lines.push(`    + ${name.padEnd(32)}\t: ${value.padEnd(10)}${note}`);
    }
  }
  return lines;
}

function operationText(op: OperationView, timing: boolean, clock: Clock): string {
  const task = op.task === "monitor" && op.intervalMs === 0 ? "probe" : op.task;
  const parts = [`    + (${op.callId}) ${task}:`];
  if (op.intervalMs !== 0) parts.push(` interval=${op.intervalMs}ms`);
  if (timing) {
    if (op.lastRcChange !== undefined) parts.push(` last-rc-change='${clock(op.lastRcChange)}'`);
    if (op.lastRun !== undefined) parts.push(` last-run='${clock(op.lastRun)}'`);
    if (op.execMs !== undefined) parts.push(` exec-time=${op.execMs}ms`);
    if (op.queueMs !== undefined) parts.push(` queue-time=${op.queueMs}ms`);
  }
  parts.push(` rc=${op.rc} (${exitWord(op.rc)})`);
  return parts.join("");
}

function historySection(rows: readonly NodeHistoryView[], show: Display, clock: Clock): string[] {
  const operations = show.operations || show.timing;
  const lines = ["", operations ? "Operations:" : "Migration summary:"];
  for (const { node, resources } of rows) {
    lines.push(`* Node ${node}: `);
    for (const r of resources) {
      const failing = r.failCount > 0 || r.lastFailure > 0;
      if (!operations && !failing) continue;
      if (!r.known) {
        lines.push(operations ? `Orphan resource: ${r.resource}` : `   ${r.resource}: orphan`);
        continue;
      }
      const threshold = ` migration-threshold=${r.migrationThreshold}`;
      const count = r.failCount > 0 ? ` fail-count=${scoreText(r.failCount)}` : "";
      const last = r.lastFailure > 0 ? ` last-failure='${clock(r.lastFailure)}'` : "";
      lines.push(`   ${r.resource}:${threshold}${count}${last}`);
      if (operations) {
        lines.push(...r.operations.map((op) => operationText(op, show.timing, clock)));
      }
    }
  }
  return lines;
}

/** The swapped queued/exec values and the newline inside are what 1.1.10 prints. */
function failureText(failure: FailureView, clock: Clock): string {
  const word = STATUS_WORDS[failure.status] ?? "UNKNOWN!";
  const head = `    ${failure.key} (node=${failure.node}, call=${failure.callId}, rc=${failure.rc}, status=${word}`;
  if (failure.lastRcChange === undefined) return `${head}): ${exitWord(failure.rc)}`;
  const times = `queued=${failure.execMs ?? 0}ms, exec=${failure.queueMs ?? 0}ms`;
  return `${head}, last-rc-change=${clock(failure.lastRcChange)}\n, ${times}\n): ${exitWord(failure.rc)}`;
}

function banSection(view: ClusterView, prefix: string): string[] {
  const rows = view.bans.filter((b) => b.id.startsWith(prefix));
  return [
    "",
    "Fencing constraints:",
    ...rows.map(
      (b) =>
        ` ${b.id}\tprevents ${b.resource} from running ${b.promotedOnly ? "as Master " : ""}on ${b.node}`,
    ),
  ];
}

function ticketSection(view: ClusterView, clock: Clock): string[] {
  const rows = view.tickets.map((t) => {
    const last = t.lastGranted === undefined ? "" : ` last-granted='${clock(t.lastGranted)}'`;
    const standby = (t.standby ? " [standby]" : "").padStart(10);
    return ` ${t.id}\t${t.granted ? "granted" : "revoked"}${standby}${last}`;
  });
  return rows.length === 0 ? [] : ["", "Tickets:", ...rows];
}

/** The whole text of one display, ending with a newline. */
export function classicText(view: ClusterView, show: Display, clock: Clock): string {
  const lines: string[] = [];
  if (show.summary) lines.push(...summaryLines(view, show, clock));
  if (show.nodes) lines.push(...nodeLines(view, show));
  if (show.resources) lines.push(...resourceSection(view, show));
  if (show.attributes) lines.push(...attributeSection(view));
  if (show.operations || show.timing || show.failCounts) {
    lines.push(...historySection(view.history, show, clock));
  }
  if (show.failures && view.failures.length > 0) {
    lines.push("", "Failed actions:", ...view.failures.map((f) => failureText(f, clock)));
  }
  if (show.tickets) lines.push(...ticketSection(view, clock));
  if (show.bans !== undefined) lines.push(...banSection(view, show.bans));
  return `${lines.join("\n")}\n`;
}

/** The one line of `crm_mon -s`; exit 1 when something is wrong. */
export function classicSimpleStatus(view: ClusterView): {
  readonly text: string;
  readonly ok: boolean;
} {
  const notes: string[] = [];
  if (view.summary.dc === undefined) notes.push("No DC ");
  for (const node of view.nodes) if (!node.online) notes.push(`offline node: ${node.name}`);
  if (notes.length > 0) return { text: `Warning:${notes.join(", ")}\n`, ok: false };
  const standby = view.nodes.filter((n) => n.standby).length;
  const maintenance = view.nodes.filter((n) => n.maintenance).length;
  const parts = [`Ok: ${view.nodes.length - standby - maintenance} nodes online`];
  if (standby > 0) parts.push(`${standby} standby nodes`);
  if (maintenance > 0) parts.push(`${maintenance} maintenance nodes`);
  parts.push(`${view.summary.resources} resources configured`);
  return { text: `${parts.join(", ")}\n`, ok: true };
}
