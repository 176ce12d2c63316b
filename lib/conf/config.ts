/**
 * corosync.conf as typed values (HOUSE, decisions: form of corosync.conf). readConfig parses, checks against the schema
 * and against what entries mean together; it refuses rather than guesses, with file:line and what is allowed.
 */
import { checkConf, isIpv4 } from "./check.ts";
import { type ConfForm, formOf } from "./form.ts";
import { misspelt } from "./schema.ts";
import {
  type ConfNode,
  type Entry,
  entryOf,
  type Problem,
  parseConf,
  type Section,
} from "./tree.ts";

export interface InterfaceConfig {
  readonly line: number;
  /** An address of the wanted network (or of this host); undefined when a nodelist names the addresses. */
  readonly bindNetAddress: string | undefined;
  readonly multicastAddress: string | undefined;
  readonly port: number;
  readonly ttl: number;
  readonly broadcast: boolean;
}

/** One link of knet, as an interface section describes it; absent values have knet's defaults. */
export interface KnetLinkConfig {
  readonly link: number;
  readonly port: number;
  readonly priority: number;
  readonly pingIntervalMs: number | undefined;
  readonly pingTimeoutMs: number | undefined;
  readonly pongCount: number;
}

export interface KnetConfig {
  readonly mode: "passive" | "active" | "rr";
  readonly cipher: "none" | "aes128" | "aes192" | "aes256";
  readonly hash: "none" | "md5" | "sha1" | "sha256" | "sha384" | "sha512";
  /** Where the key is; undefined without crypto. */
  readonly keyFile: string | undefined;
  readonly links: readonly KnetLinkConfig[];
}

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

export interface TotemSettings {
  readonly transport: "udp" | "udpu" | "knet";
  readonly clusterName: string;
  readonly configVersion: bigint | undefined;
  readonly nodeId: number | undefined;
  readonly clearNodeHighBit: boolean;
  readonly blockUnlistedAddresses: boolean;
  readonly interface: InterfaceConfig;
  readonly knet: KnetConfig;
  /** Timers and limits that the file gives, by their key (token, join, …). */
  readonly numbers: Readonly<Record<string, number>>;
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
  /** Run in the realtime class (system.sched_rr); on unless the file says no. */
  readonly realtime: boolean;
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
const DEFAULT_PORT = 5405;
const DEFAULT_KEY_FILE = "/etc/corosync/authkey";
/** Numbers of the links that knet may have. */
const LINKS = [0, 1, 2, 3, 4, 5, 6, 7] as const;

/** `file:line: text` as it is printed. */
export function problemText(file: string, problem: Problem): string {
  const place = problem.line === 0 ? file : `${file}:${problem.line}`;
  return `${place}: ${problem.severity === "warning" ? "warning: " : ""}${problem.text}`;
}

/** Merges repeated sections of one name, as the originals do. */
function merged(children: readonly ConfNode[], name: string): readonly ConfNode[] {
  return sections(children, name).flatMap((s) => s.children);
}

function sections(children: readonly ConfNode[], name: string): readonly Section[] {
  return children.filter(
    (c): c is Section => c.kind === "section" && (misspelt[c.name] ?? c.name) === name,
  );
}

const isOn = (entry: Entry | undefined) => entry?.value === "on" || entry?.value === "yes";

function numberOf(children: readonly ConfNode[], key: string): number | undefined {
  const entry = entryOf(children, key);
  return entry === undefined ? undefined : Number(entry.value);
}

function readInterface(
  totem: readonly ConfNode[],
  transport: TotemSettings["transport"],
  problems: Problem[],
): InterfaceConfig {
  const all = sections(totem, "interface");
  const rings = all.map(linkNumberOf);
  for (const [i, section] of all.entries()) {
    if (rings.indexOf(rings[i]!) !== i) {
      const text = `interface ${rings[i]} is described twice; ringnumber must differ`;
      problems.push({ line: section.line, severity: "error", text });
    } else if (rings[i] !== 0 && transport !== "knet") {
      const text = `interface ${rings[i]}: udp and udpu have a single ring, number 0`;
      problems.push({ line: section.line, severity: "error", text });
    }
  }
  const children = all[Math.max(0, rings.indexOf(0))]?.children ?? [];
  return {
    line: entryOf(children, "bindnetaddr")?.line ?? all[0]?.line ?? 0,
    bindNetAddress: entryOf(children, "bindnetaddr")?.value,
    multicastAddress: entryOf(children, "mcastaddr")?.value,
    port: numberOf(children, "mcastport") ?? DEFAULT_PORT,
    ttl: numberOf(children, "ttl") ?? 1,
    broadcast: isOn(entryOf(children, "broadcast")),
  };
}

/** Refuses what we do not do, rather than doing less than was asked for. */
function checkTransport(
  totem: readonly ConfNode[],
  form: ConfForm,
  transport: TotemSettings["transport"],
  problems: Problem[],
): void {
  const error = (line: number, text: string) => problems.push({ line, severity: "error", text });
  const secauth = entryOf(totem, "secauth");
  if (transport !== "knet") {
    if (isOn(secauth)) {
      const text =
        "totem.secauth on needs transport knet: udp and udpu carry no encryption; set secauth: off";
      error(secauth!.line, text);
    }
    for (const key of ["crypto_cipher", "crypto_hash"]) {
      const entry = entryOf(totem, key);
      if (entry !== undefined && entry.value !== "none") {
        error(entry.line, `totem.${key} ${entry.value} needs transport knet; set it to none`);
      }
    }
  }
  if (form === "legacy" && secauth === undefined && transport === "udp") {
    const text =
      "totem.secauth is not set: corosync 1 would encrypt the ring, this one does not; say secauth: off";
    problems.push({ line: sectionLine(totem), severity: "warning", text });
  }
  const rrp = entryOf(totem, "rrp_mode");
  if (rrp !== undefined && rrp.value !== "none" && transport !== "knet") {
    error(rrp.line, `totem.rrp_mode ${rrp.value}: several rings are not available; allowed: none`);
  }
  const compression = entryOf(totem, "knet_compression_model");
  if (compression !== undefined && compression.value !== "none") {
    error(compression.line, `totem.knet_compression_model ${compression.value}: allowed: none`);
  }
}

/** udp where nothing is said in the legacy form, knet in the other. */
function transportOf(totem: readonly ConfNode[], form: ConfForm): TotemSettings["transport"] {
  const value = entryOf(totem, "transport")?.value;
  if (value === "udp" || value === "udpu" || value === "knet") return value;
  return form === "legacy" ? "udp" : "knet";
}

function readKnet(totem: readonly ConfNode[], problems: Problem[]): KnetConfig {
  const error = (line: number, text: string) => problems.push({ line, severity: "error", text });
  const cipherEntry = entryOf(totem, "crypto_cipher");
  const hashEntry = entryOf(totem, "crypto_hash");
  const secure = isOn(entryOf(totem, "secauth"));
  const cipher = cipherEntry?.value ?? (secure ? "aes256" : "none");
  const hash = hashEntry?.value ?? (secure ? "sha256" : "none");
  if (cipher === "3des") {
    error(cipherEntry!.line, "totem.crypto_cipher 3des is not safe any more; use aes256");
  }
  if (cipher !== "none" && hash === "none") {
    const line = cipherEntry?.line ?? sectionLine(totem);
    error(line, `totem.crypto_cipher ${cipher} needs totem.crypto_hash, such as sha256`);
  }
  const inline = entryOf(totem, "key");
  if (inline !== undefined) {
    error(inline.line, "totem.key: a key in this file is not available; put it into a keyfile");
  }
  const file = entryOf(totem, "keyfile")?.value ?? DEFAULT_KEY_FILE;
  const mode = entryOf(totem, "link_mode")?.value;
  return {
    mode: mode === "active" || mode === "rr" ? mode : "passive",
    cipher: cipher as KnetConfig["cipher"],
    hash: hash as KnetConfig["hash"],
    keyFile: hash === "none" ? undefined : file,
    links: LINKS.map((link) => readKnetLink(totem, link)),
  };
}

function readKnetLink(totem: readonly ConfNode[], link: number): KnetLinkConfig {
  const section = sections(totem, "interface").find((s) => linkNumberOf(s) === link);
  const children = section?.children ?? [];
  return {
    link,
    port: numberOf(children, "mcastport") ?? DEFAULT_PORT + link,
    priority: numberOf(children, "knet_link_priority") ?? 1,
    pingIntervalMs: numberOf(children, "knet_ping_interval"),
    pingTimeoutMs: numberOf(children, "knet_ping_timeout"),
    pongCount: numberOf(children, "knet_pong_count") ?? 2,
  };
}

function linkNumberOf(section: Section): number {
  return numberOf(section.children, "ringnumber") ?? numberOf(section.children, "linknumber") ?? 0;
}

function sectionLine(children: readonly ConfNode[]): number {
  return Math.max(0, (children[0]?.line ?? 1) - 1);
}

function checkMulticast(entry: Entry | undefined, transport: string, problems: Problem[]): void {
  if (transport !== "udp" || entry === undefined || !isIpv4(entry.value)) return;
  const address = entry.value;
  const first = Number(address.split(".")[0]);
  if (first < 224 || first > 239) {
    const text = `totem.interface.mcastaddr ${address} is no multicast address (224.0.0.0 to 239.255.255.255)`;
    problems.push({ line: entry.line, severity: "error", text });
  }
}

const TOTEM_NUMBERS = `token token_coefficient token_warning token_retransmit
  token_retransmits_before_loss_const hold join send_join consensus merge downcheck fail_recv_const
  seqno_unchanged_const miss_count_const window_size max_messages netmtu`.split(/\s+/);

function readTotem(children: readonly ConfNode[], form: ConfForm, problems: Problem[]) {
  const all = sections(children, "totem");
  if (all.length === 0) {
    const text = "there is no totem section; it must say at least `version: 2` and the interface";
    problems.push({ line: 0, severity: "error", text });
  }
  const totem = merged(children, "totem");
  const transport = transportOf(totem, form);
  checkTransport(totem, form, transport, problems);
  const net = readInterface(totem, transport, problems);
  const netChildren = sections(totem, "interface")[0]?.children ?? [];
  checkMulticast(entryOf(netChildren, "mcastaddr"), transport, problems);
  const numbers: Record<string, number> = {};
  for (const key of TOTEM_NUMBERS) {
    const value = numberOf(totem, key);
    if (value !== undefined) numbers[key] = value;
  }
  const version = entryOf(totem, "config_version")?.value;
  const settings: TotemSettings = {
    transport,
    clusterName: entryOf(totem, "cluster_name")?.value ?? "",
    configVersion: version !== undefined && /^\d+$/.test(version) ? BigInt(version) : undefined,
    nodeId: numberOf(totem, "nodeid"),
    clearNodeHighBit: isOn(entryOf(totem, "clear_node_high_bit")),
    blockUnlistedAddresses: entryOf(totem, "block_unlisted_ips")?.value !== "no",
    interface: net,
    knet: readKnet(totem, problems),
    numbers,
  };
  return settings;
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
    realtime: entryOf(system, "sched_rr")?.value !== "no",
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
