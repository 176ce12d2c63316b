/**
 * corosync.conf as typed values (HOUSE, decisions: form of corosync.conf). readConfig parses, checks against the schema
 * and against what entries mean together; it refuses rather than guesses, with file:line and what is allowed.
 */
import { isIpv4, isIpv6, isLinkLocal } from "../base/ip-address.ts";
import { checkConf } from "./check.ts";
import { type ConfForm, formOf } from "./form.ts";
import { isOn, merged, numberOf, sections } from "./look.ts";
import { LINK_LOCAL_HINT, LINKS, readTotem, type TotemSettings } from "./totem.ts";
import { type ConfNode, entryOf, type Problem, parseConf } from "./tree.ts";

export interface NodeConfig {
  readonly line: number;
  readonly nodeId: number | undefined;
  readonly name: string | undefined;
  /** Of ring 0, as written: an address or a host name. */
  readonly address: string;
  /** By link number, link 0 included; only knet uses more than the first. */
  readonly links: readonly (string | undefined)[];
  readonly votes: number;
}

export interface QuorumConfig {
  readonly expectedVotes: number | undefined;
  readonly twoNode: boolean;
  /** undefined: follows two_node. */
  readonly waitForAll: boolean | undefined;
  readonly lastManStanding: boolean;
  readonly lastManStandingWindowMs: number;
  readonly autoTieBreaker: boolean;
  /** lowest, highest or a list of node ids. */
  readonly autoTieBreakerNode: "lowest" | "highest" | readonly number[];
  readonly allowDownscale: boolean;
  readonly expectedVotesTracking: boolean;
}

export type LogPriority =
  | "emerg"
  | "alert"
  | "crit"
  | "err"
  | "warning"
  | "notice"
  | "info"
  | "debug";

export interface LoggingConfig {
  readonly toStderr: boolean;
  readonly toLogfile: boolean;
  readonly toSyslog: boolean;
  readonly logfile: string | undefined;
  readonly logfilePriority: LogPriority;
  readonly syslogPriority: LogPriority;
  readonly syslogFacility: string;
  readonly debug: boolean;
  readonly fileLine: boolean;
  readonly functionName: boolean;
  readonly timestamp: "on" | "off" | "hires";
  /** Subsystems with their own debug setting, upper case. */
  readonly subsystems: Readonly<Record<string, { readonly debug: boolean | undefined }>>;
}

export interface SchedulingConfig {
  /** Run in the realtime class (system.sched_rr); on unless the file says no. */
  readonly realtime: boolean;
  /** In the realtime class its priority, else the niceness; undefined: the highest there, unchanged here. */
  readonly priority: "max" | "min" | number | undefined;
  /** Leave the service's control group: always, never, or when it does not allow the realtime class. */
  readonly rootGroup: "yes" | "no" | "auto";
}

export interface CorosyncConfig {
  readonly file: string;
  readonly form: ConfForm;
  readonly totem: TotemSettings;
  readonly nodes: readonly NodeConfig[];
  readonly quorum: QuorumConfig | undefined;
  readonly logging: LoggingConfig;
  /** `service { name: pacemaker }`: version 0 means that we start and supervise pacemakerd. */
  readonly pacemaker: { readonly version: 0 | 1 } | undefined;
  readonly ipcType: "shm" | "socket";
  readonly scheduling: SchedulingConfig;
  readonly allowed: readonly { readonly uid?: string; readonly gid?: string }[];
  readonly stateDirectory: string;
  /** Everything, for keys.ts. */
  readonly children: readonly ConfNode[];
}

export interface ReadResult {
  readonly config: CorosyncConfig | undefined;
  /** With any error there is no config. */
  readonly problems: readonly Problem[];
}

export const DEFAULT_STATE_DIRECTORY = "/var/lib/corosync";

/** `file:line: text` as it is printed. */
export function problemText(file: string, problem: Problem): string {
  const place = problem.line === 0 ? file : `${file}:${problem.line}`;
  return `${place}: ${problem.severity === "warning" ? "warning: " : ""}${problem.text}`;
}

function readNodes(children: readonly ConfNode[], problems: Problem[]): readonly NodeConfig[] {
  const nodes = sections(merged(children, "nodelist"), "node").map(
    (section): NodeConfig => ({
      line: section.line,
      nodeId: numberOf(section.children, "nodeid"),
      name: entryOf(section.children, "name")?.value,
      address: entryOf(section.children, "ring0_addr")?.value ?? "",
      links: LINKS.map((link) => entryOf(section.children, `ring${link}_addr`)?.value),
      votes: numberOf(section.children, "quorum_votes") ?? 1,
    }),
  );
  const twice = <T>(pick: (node: NodeConfig) => T | undefined, what: string) => {
    const seen = new Map<T, number>();
    for (const node of nodes) {
      const value = pick(node);
      if (value === undefined || value === "") continue;
      const before = seen.get(value);
      if (before === undefined) seen.set(value, node.line);
      else {
        const text = `${what} ${value} is also that of the node at line ${before}`;
        problems.push({ line: node.line, severity: "error", text });
      }
    }
  };
  twice((n) => n.nodeId, "nodeid");
  twice((n) => n.address, "ring0_addr");
  twice((n) => n.name, "name");
  return nodes;
}

function readQuorum(children: readonly ConfNode[], problems: Problem[]): QuorumConfig | undefined {
  const all = sections(children, "quorum");
  if (all.length === 0) return undefined;
  const quorum = merged(children, "quorum");
  const device = sections(quorum, "device")[0];
  if (device !== undefined) {
    const text = "quorum.device is not available yet; remove the section";
    problems.push({ line: device.line, severity: "error", text });
  }
  const flag = (key: string) => entryOf(quorum, key)?.value === "1";
  const breaker = entryOf(quorum, "auto_tie_breaker_node");
  let node: QuorumConfig["autoTieBreakerNode"] = "lowest";
  if (breaker?.value === "highest") node = "highest";
  else if (breaker !== undefined && breaker.value !== "lowest") {
    node = breaker.value.split(/\s+/).map(Number);
    if (!node.every((n) => Number.isInteger(n) && n > 0)) {
      const text = `quorum.auto_tie_breaker_node is "${breaker.value}", but must be lowest, highest or node ids`;
      problems.push({ line: breaker.line, severity: "error", text });
    }
  }
  const wait = entryOf(quorum, "wait_for_all");
  return {
    expectedVotes: numberOf(quorum, "expected_votes"),
    twoNode: flag("two_node"),
    waitForAll: wait === undefined ? undefined : wait.value === "1",
    lastManStanding: flag("last_man_standing"),
    lastManStandingWindowMs: numberOf(quorum, "last_man_standing_window") ?? 10_000,
    autoTieBreaker: flag("auto_tie_breaker"),
    autoTieBreakerNode: node,
    allowDownscale: flag("allow_downscale"),
    expectedVotesTracking: flag("expected_votes_tracking") || flag("allow_downscale"),
  };
}

function readLogging(
  children: readonly ConfNode[],
  form: ConfForm,
  problems: Problem[],
): LoggingConfig {
  const logging = merged(children, "logging");
  const on = (key: string, fallback: boolean) => {
    const entry = entryOf(logging, key);
    return entry === undefined ? fallback : isOn(entry);
  };
  const toLogfile = on("to_logfile", on("to_file", false));
  const logfile = entryOf(logging, "logfile")?.value;
  if (toLogfile && logfile === undefined) {
    const line = (entryOf(logging, "to_logfile") ?? entryOf(logging, "to_file"))!.line;
    const text = "logging.to_logfile is on, but no logfile is named; add `logfile: /path`";
    problems.push({ line, severity: "error", text });
  }
  const subsystems: Record<string, { debug: boolean | undefined }> = {};
  for (const section of sections(logging, "logger_subsys")) {
    const name = entryOf(section.children, "subsys")?.value.toUpperCase();
    const debug = entryOf(section.children, "debug");
    const value = debug === undefined ? undefined : debug.value !== "off" && debug.value !== "no";
    if (name !== undefined) subsystems[name] = { debug: value };
  }
  const debug = entryOf(logging, "debug")?.value;
  const timestamp = entryOf(logging, "timestamp")?.value;
  return {
    toStderr: on("to_stderr", form === "nodelist"),
    toLogfile,
    toSyslog: on("to_syslog", true),
    logfile,
    logfilePriority: (entryOf(logging, "logfile_priority")?.value ?? "info") as LogPriority,
    syslogPriority: (entryOf(logging, "syslog_priority")?.value ?? "info") as LogPriority,
    syslogFacility: entryOf(logging, "syslog_facility")?.value ?? "daemon",
    debug: debug === "on" || debug === "yes" || debug === "trace",
    fileLine: on("fileline", false),
    functionName: on("function_name", false),
    timestamp:
      timestamp === "hires" ? "hires" : timestamp === "off" || timestamp === "no" ? "off" : "on",
    subsystems,
  };
}

const familyOf = (text: string | undefined) =>
  text === undefined ? undefined : isIpv4(text) ? "ipv4" : isIpv6(text) ? "ipv6" : undefined;

/** Addresses of both families: one family on each link, and the one that ip_version asks for. */
function checkNodeAddresses(
  node: NodeConfig,
  first: NodeConfig | undefined,
  totem: TotemSettings,
  error: (line: number, text: string) => void,
): void {
  for (const [link, address] of node.links.entries()) {
    const family = familyOf(address);
    if (address === undefined || family === undefined) continue;
    const key = `ring${link}_addr ${address}`;
    if (isLinkLocal(address))
      error(node.line, `${key} is a link-local address; ${LINK_LOCAL_HINT}`);
    const { ipVersion } = totem;
    if ((ipVersion === "ipv4" || ipVersion === "ipv6") && family !== ipVersion) {
      error(node.line, `${key} is no ${ipVersion} address, which totem.ip_version asks for`);
    }
    const other = first?.links[link];
    const otherFamily = familyOf(other);
    if (otherFamily !== undefined && otherFamily !== family) {
      const text = `Nodes for link ${link} have different IP families (compared ${other} with ${address})`;
      error(node.line, text);
    }
    if (family === "ipv6" && node.nodeId === undefined) {
      error(node.line, `${key}: a node with an IPv6 address needs a nodeid`);
    }
  }
}

/** What the file must say about where this node is in the network. */
function checkPlace(
  form: ConfForm,
  totem: TotemSettings,
  nodes: readonly NodeConfig[],
  problems: Problem[],
): void {
  const error = (line: number, text: string) => problems.push({ line, severity: "error", text });
  if (totem.transport !== "udp" && nodes.length === 0) {
    error(0, `transport ${totem.transport} needs a nodelist with every node of the ring`);
  }
  if (nodes.length > 0) {
    const without = nodes.find((n) => n.nodeId === undefined);
    if (without !== undefined && nodes.some((n) => n.nodeId !== undefined)) {
      error(without.line, "this node has no nodeid, but others have; give each node one");
    } else if (without !== undefined && totem.transport === "knet") {
      error(without.line, "this node has no nodeid; knet needs one for each node");
    }
    for (const node of totem.transport === "knet" ? nodes : []) {
      if ((node.nodeId ?? 0) <= 65535) continue;
      error(node.line, `nodeid ${node.nodeId} is too large for knet: 1 to 65535`);
    }
    for (const node of nodes) checkNodeAddresses(node, nodes[0], totem, error);
    return;
  }
  if (totem.interface.bindNetAddress === undefined) {
    const where = form === "legacy" ? "" : " (or a nodelist)";
    error(
      totem.interface.line,
      `totem.interface.bindnetaddr is missing${where}; it names the network of the ring, such as 192.168.1.0`,
    );
  }
}

function checkQuorum(
  quorum: QuorumConfig | undefined,
  nodes: readonly NodeConfig[],
  line: number,
  problems: Problem[],
): void {
  const error = (text: string) => problems.push({ line, severity: "error", text });
  if (quorum === undefined) return;
  if (quorum.expectedVotes === undefined && nodes.length === 0) {
    error("votequorum needs quorum.expected_votes or a nodelist to know how many votes there are");
  }
  const expected = quorum.expectedVotes ?? nodes.reduce((sum, n) => sum + n.votes, 0);
  if (quorum.twoNode && expected !== 2) {
    error(`quorum.two_node: 1 is for exactly two votes, but ${expected} are expected`);
  }
  if (quorum.lastManStanding && nodes.some((n) => n.votes !== 1)) {
    error("quorum.last_man_standing: 1 needs one vote per node");
  }
}

function readScheduling(system: readonly ConfNode[], problems: Problem[]): SchedulingConfig {
  const entry = entryOf(system, "priority");
  const group = entryOf(system, "move_to_root_cgroup")?.value;
  let priority: SchedulingConfig["priority"];
  if (entry?.value === "max" || entry?.value === "min") priority = entry.value;
  else if (entry !== undefined && /^-?\d{1,3}$/.test(entry.value)) priority = Number(entry.value);
  else if (entry !== undefined) {
    const text = `system.priority is "${entry.value}", but must be max, min or a whole number`;
    problems.push({ line: entry.line, severity: "error", text });
  }
  return {
    realtime: entryOf(system, "sched_rr")?.value !== "no",
    priority,
    rootGroup: group === "yes" || group === "no" ? group : "auto",
  };
}

/** Errors first, each kind by line. */
function refused(problems: readonly Problem[]): ReadResult {
  const rank = (p: Problem) => (p.severity === "error" ? 0 : 1);
  const sorted = problems.toSorted((a, b) => rank(a) - rank(b) || a.line - b.line);
  return { config: undefined, problems: sorted };
}

/**
 * Reads a whole corosync.conf.
 * @param file its name, for messages only.
 */
export function readConfig(text: string, file: string): ReadResult {
  const tree = parseConf(text);
  const { children } = tree;
  const problems: Problem[] = [...tree.problems, ...checkConf(children)];
  // What the entries mean together is looked at only when each of them is right.
  if (problems.some((p) => p.severity === "error")) return refused(problems);
  const form = formOf(children);
  const totem = readTotem(children, form, problems);
  const nodes = readNodes(children, problems);
  const quorum = readQuorum(children, problems);
  const logging = readLogging(children, form, problems);
  checkPlace(form, totem, nodes, problems);
  checkQuorum(quorum, nodes, sections(children, "quorum")[0]?.line ?? 0, problems);
  const service = sections(children, "service")[0]?.children ?? [];
  const named = entryOf(service, "name")?.value === "pacemaker";
  const system = merged(children, "system");
  const ipc =
    entryOf(system, "qb_ipc_type")?.value ?? entryOf(merged(children, "qb"), "ipc_type")?.value;
  const scheduling = readScheduling(system, problems);
  if (problems.some((p) => p.severity === "error")) return refused(problems);
  const config: CorosyncConfig = {
    file,
    form,
    totem,
    nodes,
    quorum,
    logging,
    pacemaker: named ? { version: entryOf(service, "ver")?.value === "1" ? 1 : 0 } : undefined,
    ipcType: ipc === "socket" ? "socket" : "shm",
    scheduling,
    allowed: sections(children, "uidgid").map((s) => {
      const uid = entryOf(s.children, "uid")?.value;
      const gid = entryOf(s.children, "gid")?.value;
      return { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
    }),
    stateDirectory: entryOf(system, "state_dir")?.value ?? DEFAULT_STATE_DIRECTORY,
    children,
  };
  return { config, problems };
}
