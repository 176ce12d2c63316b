/** From corosync.conf to what each part is made with: timers, votes, keys of the configuration map. */
import type { CorosyncConfig } from "../conf/config.ts";
import { type ConfKey, configKeys } from "../conf/keys.ts";
import { LEGACY_FIRST_EXPECTED } from "../quorum/tally.ts";
import type { VotequorumOptions } from "../quorum/votequorum.ts";
import type { TotemTimers } from "../totem/api.ts";
import { totemTimers } from "../totem/timers.ts";
import type { CmapValue } from "../wire/cmap.ts";
import type { CorosyncOptions } from "./api.ts";

/** knet cuts the ring's datagrams itself. */
const KNET_MTU = 65_536;

export function timersOf(config: CorosyncConfig): TotemTimers {
  const { numbers } = config.totem;
  return totemTimers({
    token: numbers["token"],
    tokenCoefficient: numbers["token_coefficient"],
    tokenRetransmitsBeforeLossConst: numbers["token_retransmits_before_loss_const"],
    tokenRetransmit: numbers["token_retransmit"],
    hold: numbers["hold"],
    tokenWarning: numbers["token_warning"],
    join: numbers["join"],
    consensus: numbers["consensus"],
    merge: numbers["merge"],
    downcheck: numbers["downcheck"],
    failRecvConst: numbers["fail_recv_const"],
    seqnoUnchangedConst: numbers["seqno_unchanged_const"],
    missCountConst: numbers["miss_count_const"],
    windowSize: numbers["window_size"],
    maxMessages: numbers["max_messages"],
    netMtu: numbers["netmtu"] ?? (config.totem.transport === "knet" ? KNET_MTU : undefined),
    nodes: config.nodes.length,
    legacy: config.form === "legacy",
  });
}

/** An IPv4 address as the 32-bit number that is the node id where none is configured. */
export function automaticNodeId(address: string, clearHighBit: boolean): number {
  const id = address.split(".").reduce((number, part) => number * 256 + Number(part), 0);
  return clearHighBit ? id % 0x80000000 : id;
}

/** The address that an automatic node id was made of. */
export function addressOfAutomaticId(nodeId: number): string {
  return [24, 16, 8, 0].map((shift) => (nodeId >>> shift) & 0xff).join(".");
}

/** File of the ring sequence: 8 bytes (spec/totem section 3). */
export function ringIdPath(config: CorosyncConfig, nodeId: number): string {
  return `${config.stateDirectory}/ringid_${nodeId}`;
}

/** File of the expected votes: 4 bytes; undefined when nothing is kept. */
export function expectedVotesPath(config: CorosyncConfig): string | undefined {
  if (config.form === "legacy") return `${config.stateDirectory}/expected_votes`;
  return config.quorum?.expectedVotesTracking === true
    ? `${config.stateDirectory}/ev_tracking`
    : undefined;
}

const NO_EXTRAS = {
  twoNode: false,
  waitForAll: false,
  lastManStanding: false,
  lastManStandingWindowMs: 0,
  autoTieBreaker: false,
  autoTieBreakerNode: "lowest",
  allowDownscale: false,
  expectedVotesTracking: false,
} as const;

/**
 * How votes are counted: votequorum, or the legacy rule where there is neither nodelist nor quorum section.
 * Differs: a nodelist without a quorum section is always quorate with the originals; here its votes are counted.
 */
export function votesOf(options: CorosyncOptions): VotequorumOptions {
  const { config, nodeId, storedExpectedVotes } = options;
  const { quorum, nodes } = config;
  const common = {
    nodeId,
    votes: nodes.find((node) => node.nodeId === nodeId)?.votes ?? 1,
    configuredNodes: nodes.flatMap((node) => (node.nodeId === undefined ? [] : [node.nodeId])),
    expectedVotesPath: expectedVotesPath(config),
  };
  if (config.form === "legacy") {
    const configuredVotes = LEGACY_FIRST_EXPECTED;
    const expectedVotes = Math.max(configuredVotes, storedExpectedVotes ?? 0);
    const legacy = { ...common, rule: "legacy", expectedVotes, configuredVotes } as const;
    return { ...legacy, ...NO_EXTRAS, expectedVotesTracking: true };
  }
  const configured = quorum?.expectedVotes ?? nodes.reduce((sum, node) => sum + node.votes, 0);
  const expectedVotes = Math.max(configured, storedExpectedVotes ?? 0);
  const votes = { expectedVotes, configuredVotes: configured };
  const votequorum = { ...common, rule: "votequorum", ...votes } as const;
  if (quorum === undefined) return { ...votequorum, ...NO_EXTRAS };
  const waitForAll = quorum.waitForAll ?? quorum.twoNode;
  return {
    ...votequorum,
    twoNode: quorum.twoNode && !quorum.autoTieBreaker,
    waitForAll,
    lastManStanding: quorum.lastManStanding,
    lastManStandingWindowMs: quorum.lastManStandingWindowMs,
    // An odd number of votes has no two halves, unless some may be missing from the start.
    autoTieBreaker: quorum.autoTieBreaker && (configured % 2 === 0 || waitForAll),
    autoTieBreakerNode: quorum.autoTieBreakerNode,
    allowDownscale: quorum.allowDownscale,
    expectedVotesTracking: quorum.expectedVotesTracking,
  };
}

function cmapValueOf({ type, value }: ConfKey): CmapValue {
  if (type === "string") return { type, value };
  if (type === "u64") return { type, value: BigInt(value) };
  return { type, value: Number(value) };
}

/** The keys that the configuration file gives. */
export function fileKeys(config: CorosyncConfig): ReadonlyMap<string, CmapValue> {
  return new Map(configKeys(config).map((item) => [item.key, cmapValueOf(item)]));
}

/** How often the token is sent again before it counts as lost. */
const DEFAULT_RETRANSMITS = 4;

/** A path's MTU is measured again after so long. */
const KNET_PMTUD_SECONDS = 30;

const text = (value: string): CmapValue => ({ type: "string", value });
const u32 = (value: number): CmapValue => ({ type: "u32", value });

function legacyKeys({
  address,
  config,
}: CorosyncOptions): readonly (readonly [string, CmapValue])[] {
  return [
    ["totem.interface.0.bindnetaddr", text(address)],
    ["totem.interface.0.mcastport", { type: "u16", value: config.totem.interface.port }],
  ];
}

/** When knet pings over a link, and how long it waits for the pong (spec/totem section 9). */
export function pingTimers(
  link: CorosyncConfig["totem"]["knet"]["links"][number],
  tokenMs: number,
): { readonly pingIntervalMs: number; readonly pingTimeoutMs: number; readonly pongCount: number } {
  const { pongCount } = link;
  return {
    pingIntervalMs: link.pingIntervalMs ?? tokenMs / (2 * pongCount),
    pingTimeoutMs: link.pingTimeoutMs ?? tokenMs / pongCount,
    pongCount,
  };
}

/** The originals show knet's settings whatever the transport is; link 0 has some even then. */
function knetKeys(
  { totem, nodes }: CorosyncConfig,
  tokenMs: number,
): readonly (readonly [string, CmapValue])[] {
  const path = "runtime.config.totem";
  const used = totem.knet.links.filter(
    ({ link }) => link === 0 || nodes.some((node) => node.links[link] !== undefined),
  );
  return [
    [`${path}.knet_pmtud_interval`, u32(KNET_PMTUD_SECONDS)],
    [`${path}.knet_mtu`, u32(0)],
    [`${path}.knet_compression_model`, text("none")],
    [`${path}.knet_compression_threshold`, u32(0)],
    [`${path}.knet_compression_level`, { type: "i32", value: 0 }],
    ...used.flatMap((link) => {
      const { pingIntervalMs, pingTimeoutMs } = pingTimers(link, tokenMs);
      const at = `${path}.interface.${link.link}`;
      return [
        [`${at}.knet_ping_interval`, u32(Math.trunc(pingIntervalMs))],
        [`${at}.knet_ping_timeout`, u32(Math.trunc(pingTimeoutMs))],
      ] as const;
    }),
  ];
}

/** Keys that tell what is in effect, whatever the file says; tools read them. */
export function effectiveKeys(options: CorosyncOptions): ReadonlyMap<string, CmapValue> {
  const { config, nodeId } = options;
  const timers = timersOf(config);
  const { numbers } = config.totem;
  const keys = new Map<string, CmapValue>([
    ["totem.transport", text(config.totem.transport)],
    ...(config.form === "legacy" ? legacyKeys(options) : []),
    ["quorum.provider", text("corosync_votequorum")],
    ["runtime.votequorum.this_node_id", u32(nodeId)],
    ["runtime.config.totem.token", u32(timers.tokenMs)],
    ["runtime.config.totem.token_retransmit", u32(timers.tokenRetransmitMs)],
    [
      "runtime.config.totem.token_retransmits_before_loss_const",
      u32(numbers["token_retransmits_before_loss_const"] ?? DEFAULT_RETRANSMITS),
    ],
    ["runtime.config.totem.hold", u32(timers.holdMs)],
    ["runtime.config.totem.join", u32(timers.joinMs)],
    ["runtime.config.totem.consensus", u32(timers.consensusMs)],
    ["runtime.config.totem.merge", u32(timers.mergeMs)],
    ["runtime.config.totem.downcheck", u32(timers.downcheckMs)],
    ["runtime.config.totem.fail_recv_const", u32(timers.failRecvConst)],
    ["runtime.config.totem.seqno_unchanged_const", u32(timers.seqnoUnchangedConst)],
    ["runtime.config.totem.miss_count_const", u32(timers.missCountConst)],
    ["runtime.config.totem.window_size", u32(timers.windowSize)],
    ["runtime.config.totem.max_messages", u32(timers.maxMessages)],
    ["runtime.config.totem.token_warning", u32(timers.tokenWarningPercent)],
    ["runtime.config.totem.send_join", u32(numbers["send_join"] ?? 0)],
    ["runtime.config.totem.heartbeat_failures_allowed", u32(0)],
    ["runtime.config.totem.max_network_delay", u32(50)],
    ["runtime.config.totem.cancel_token_hold_on_retransmit", u32(0)],
    ["runtime.config.totem.block_unlisted_ips", u32(config.totem.blockUnlistedAddresses ? 1 : 0)],
    ...knetKeys(config, timers.tokenMs),
  ]);
  const position = config.nodes.findIndex((node) => node.nodeId === nodeId);
  if (position >= 0) keys.set("nodelist.local_node_pos", u32(position));
  for (const { uid, gid } of config.allowed) {
    if (uid !== undefined) keys.set(`uidgid.config.uid.${uid}`, { type: "u8", value: 1 });
    if (gid !== undefined) keys.set(`uidgid.config.gid.${gid}`, { type: "u8", value: 1 });
  }
  const services = ["cmap", "cfg", "cpg", "quorum", "votequorum"];
  for (const [i, name] of services.entries()) {
    const id = name === "votequorum" ? 5 : i;
    keys.set(`internal_configuration.service.${id}.name`, text(`corosync_${name}`));
    keys.set(`internal_configuration.service.${id}.ver`, u32(0));
    keys.set(`runtime.services.${name}.service_id`, { type: "u16", value: id });
  }
  return keys;
}
