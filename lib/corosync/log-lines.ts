/**
 * The lines of start, membership and end, in both wordings: corosync 1.4's with the Pacemaker plugin for legacy
 * configurations (spec/totem section 10, spec/outputs-and-tools section E), 3.x's else. The seed greps for the former.
 */
import type { LogEffect, LogLevel } from "../base/core.ts";
import type { CorosyncConfig } from "../conf/config.ts";
import type { ConfigurationEffect } from "../totem/api.ts";
import type { CorosyncOptions } from "./api.ts";

const line = (subsystem: string, level: LogLevel, text: string): LogEffect => ({
  kind: "log",
  level,
  subsystem,
  text,
});

const LEVEL_WORDS: Readonly<Partial<Record<LogLevel, string>>> = {
  crit: "CRIT",
  error: "ERROR",
  warning: "WARN",
};

/** A line of the Pacemaker plugin: `[pcmk  ] info: pcmk_startup: CRM: Initialized`. */
export function pluginLine(level: LogLevel, origin: string, text: string): LogEffect {
  return line("pcmk", level, `${LEVEL_WORDS[level] ?? level}: ${origin}: ${text}`);
}

const plugin = (origin: string, text: string) => pluginLine("info", origin, text);

/** What the plugin says of one option. */
function option(key: string, value: string | undefined, fallback: string | undefined): LogEffect {
  if (value !== undefined) return plugin("get_config_opt", `Found '${value}' for option: ${key}`);
  const text =
    fallback === undefined
      ? `No default for option: ${key}`
      : `Defaulting to '${fallback}' for option: ${key}`;
  return plugin("get_config_opt", text);
}

const onOff = (on: boolean, words: readonly [string, string]) => (on ? words[0] : words[1]);

/** The plugin reads its configuration. */
function pluginConfiguration(config: CorosyncConfig, version: 0 | 1): readonly LogEffect[] {
  const { logging } = config;
  const lines = [
    plugin("process_ais_conf", "Reading configure"),
    plugin("config_find_init", "Local handle: 4730966301143465987 for logging"),
    plugin("config_find_next", "Processing additional logging options..."),
    option("debug", onOff(logging.debug, ["on", "off"]), undefined),
    option("to_logfile", onOff(logging.toLogfile, ["yes", "no"]), undefined),
    ...(logging.logfile === undefined ? [] : [option("logfile", logging.logfile, undefined)]),
    option("to_syslog", onOff(logging.toSyslog, ["yes", "no"]), undefined),
    option("syslog_facility", undefined, logging.syslogFacility),
    plugin("config_find_init", "Local handle: 7739444317642555396 for quorum"),
    plugin("config_find_next", "No additional configuration supplied for: quorum"),
    option("provider", undefined, undefined),
    plugin("config_find_init", "Local handle: 5650605097994944517 for service"),
    plugin("config_find_next", "Processing additional service options..."),
    option("ver", String(version), undefined),
    option("clustername", undefined, "pcmk"),
    option("use_logd", undefined, "no"),
    option("use_mgmtd", undefined, "no"),
  ];
  if (version === 1) {
    const text = "Enabling MCP mode: Use the Pacemaker init script to complete Pacemaker startup";
    lines.push(plugin("process_ais_conf", text));
  }
  return lines;
}

/** The notice that distributions added; the seed says it can be ignored. */
const NOTICE = [
  "You have configured a cluster using the Pacemaker plugin for Corosync. The plugin is not supported " +
    "in this environment and will be removed very soon.",
  "Please see Chapter 8 of 'Clusters from Scratch' (http://www.clusterlabs.org/doc) for details on " +
    "using Pacemaker with CMAN",
];

function pluginStart(options: CorosyncOptions, version: 0 | 1): readonly LogEffect[] {
  return [
    ...pluginConfiguration(options.config, version),
    ...NOTICE.map((text) => pluginLine("error", "process_ais_conf", text)),
    plugin("pcmk_startup", "CRM: Initialized"),
    line("pcmk", "info", "Logging: Initialized pcmk_startup"),
    plugin("pcmk_startup", "Maximum core file size is: 18446744073709551615"),
    plugin("pcmk_startup", "Service: 9"),
    plugin("pcmk_startup", `Local hostname: ${options.hostName}`),
    plugin("pcmk_update_nodeid", `Local node id: ${options.nodeId}`),
    plugin("update_member", `Creating entry for node ${options.nodeId} born on 0`),
    line("SERV", "notice", "Service engine loaded: Pacemaker Cluster Manager 1.1.10"),
  ];
}

const LEGACY_SERVICES = [
  "corosync configuration service",
  "corosync cluster closed process group service v1.01",
  "corosync cluster config database access v1.01",
  "corosync profile loading service",
  "corosync cluster quorum service v0.1",
];

const SERVICES = [
  ["corosync configuration map access", 0],
  ["corosync configuration service", 1],
  ["corosync cluster closed process group service v1.01", 2],
  ["corosync vote quorum service v1.0", 5],
  ["corosync cluster quorum service v0.1", 3],
] as const;

function transportName(config: CorosyncConfig): string {
  const names = { udp: "UDP/IP Multicast", udpu: "UDP/IP Unicast", knet: "Kronosnet" } as const;
  return names[config.totem.transport];
}

/** Everything up to the first ring. */
export function startLines(options: CorosyncOptions): readonly LogEffect[] {
  const { config, version } = options;
  const transport = `Initializing transport (${transportName(config)}).`;
  if (config.form === "legacy") {
    return [
      line(
        "MAIN",
        "notice",
        `Corosync Cluster Engine ('${version}'): started and ready to provide service.`,
      ),
      line("MAIN", "info", "Corosync built-in features: quorate udp udpu shm"),
      line("MAIN", "info", `Successfully read main configuration file '${config.file}'.`),
      line("TOTEM", "notice", transport),
      line("TOTEM", "notice", "Initializing transmit/receive security: none (mode 0)."),
      ...(config.pacemaker === undefined ? [] : pluginStart(options, config.pacemaker.version)),
      ...LEGACY_SERVICES.map((name) => line("SERV", "notice", `Service engine loaded: ${name}`)),
    ];
  }
  return [
    line("MAIN", "notice", `Corosync Cluster Engine ${version} starting up`),
    line("MAIN", "info", "Corosync built-in features: quorate udp udpu shm"),
    line("TOTEM", "notice", transport),
    ...(config.quorum !== undefined
      ? [line("QUORUM", "notice", "Using quorum provider corosync_votequorum")]
      : []),
    ...SERVICES.map(([name, id]) =>
      line("SERV", "notice", `Service engine loaded: ${name} [${id}]`),
    ),
    ...config.nodes.map((node) =>
      line("TOTEM", "notice", `adding new UDPU member {${node.address}}`),
    ),
  ].filter((l) => config.totem.transport === "udpu" || !l.text.startsWith("adding new UDPU"));
}

/** The plugin's view of a membership (spec/outputs-and-tools section E). Names of other nodes are not known here. */
export function peerLines(
  change: ConfigurationEffect,
  options: CorosyncOptions,
): readonly LogEffect[] {
  const { ringId, members, joined, left, type } = change;
  const kind = type === "transitional" ? "Transitional" : "Stable";
  const word = (upper: string) => (type === "transitional" ? upper.toLowerCase() : upper);
  const name = (id: number) => (id === options.nodeId ? options.hostName : ".pending.");
  const each = (label: string, ids: readonly number[]) =>
    ids.map((id) => plugin("pcmk_peer_update", `${word(label)} ${name(id)} ${id}`));
  const counts = `memb=${members.length}, new=${joined.length}, lost=${left.length}`;
  const text = `${kind} membership event on ring ${ringId.seq}: ${counts}`;
  return [
    pluginLine("notice", "pcmk_peer_update", text),
    ...(type === "transitional" ? [] : each("NEW: ", joined)),
    ...each("MEMB:", members),
    ...each("LOST:", left),
  ];
}

/** cpg's line of corosync 1.4 about a change of the ring. */
export function downListLine(address: string, old: number, left: number): LogEffect {
  const text = `chosen downlist: sender r(0) ip(${address}) ; members(old:${old} left:${left})`;
  return line("CPG", "info", text);
}

/** 3.x's lines about the members of a ring, before they have synchronised. */
export function syncMemberLines(
  members: readonly number[],
  joined: readonly number[],
  left: readonly number[],
): readonly LogEffect[] {
  const list = (word: string, ids: readonly number[]) =>
    line("QUORUM", "notice", `Sync ${word}[${ids.length}]: ${ids.join(" ")}`);
  return [
    list("members", members),
    ...(joined.length === 0 ? [] : [list("joined", joined)]),
    ...(left.length === 0 ? [] : [list("left", left)]),
  ];
}

/** The members, when quorum has been counted. */
export function membersLine(members: readonly number[]): LogEffect {
  return line("QUORUM", "notice", `Members[${members.length}]: ${members.join(" ")}`);
}

/** The share of the token's timeout after which a pause of the process is told. */
export const SCHEDULE_MISS_SHARE = 0.8;

/** The whole process did not run for a while. */
export function scheduleMissLine(
  miss: { readonly delayMs: number; readonly atEpochMs: number },
  tokenMs: number,
): LogEffect {
  const delay = miss.delayMs.toFixed(4);
  const threshold = (tokenMs * SCHEDULE_MISS_SHARE).toFixed(4);
  const text = `Corosync main process was not scheduled (@${miss.atEpochMs}) for ${delay} ms (threshold is ${threshold} ms). Consider token timeout increase.`;
  return line("MAIN", "warning", text);
}
