/** The totem section as typed values: transport, interface, links and crypto of knet, timers. */
import { isLinkLocal, isMulticast } from "../base/ip-address.ts";
import type { ConfForm } from "./form.ts";
import { isOn, merged, numberOf, sectionLine, sections } from "./look.ts";
import { type ConfNode, type Entry, entryOf, type Problem, type Section } from "./tree.ts";

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

export type IpVersion = "ipv4" | "ipv6" | "ipv4-6" | "ipv6-4";

export interface TotemSettings {
  readonly transport: "udp" | "udpu" | "knet";
  readonly clusterName: string;
  /** Which addresses a host name stands for, and in which order they are tried. */
  readonly ipVersion: IpVersion;
  readonly configVersion: bigint | undefined;
  readonly nodeId: number | undefined;
  readonly clearNodeHighBit: boolean;
  readonly blockUnlistedAddresses: boolean;
  readonly interface: InterfaceConfig;
  readonly knet: KnetConfig;
  /** Timers and limits that the file gives, by their key (token, join, …). */
  readonly numbers: Readonly<Record<string, number>>;
}

const DEFAULT_PORT = 5405;
const DEFAULT_KEY_FILE = "/etc/corosync/authkey";
/** Numbers of the links that knet may have. */
export const LINKS = [0, 1, 2, 3, 4, 5, 6, 7] as const;

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

function checkMulticast(entry: Entry | undefined, transport: string, problems: Problem[]): void {
  if (transport !== "udp" || entry === undefined || isMulticast(entry.value)) return;
  const text = `totem.interface.mcastaddr ${entry.value} is no multicast address (224.0.0.0 to 239.255.255.255, or ff00::/8)`;
  problems.push({ line: entry.line, severity: "error", text });
}

/** udp can only have one family, and means IPv4 where nothing is said; the others prefer IPv6, as the originals do. */
function readIpVersion(
  totem: readonly ConfNode[],
  transport: TotemSettings["transport"],
  problems: Problem[],
): IpVersion {
  const entry = entryOf(totem, "ip_version");
  if (entry === undefined) return transport === "udp" ? "ipv4" : "ipv6-4";
  const version = entry.value as IpVersion;
  if (transport === "udp" && version !== "ipv4" && version !== "ipv6") {
    const text = `totem.ip_version ${version}: transport udp has one family; set ipv4 or ipv6`;
    problems.push({ line: entry.line, severity: "error", text });
  }
  return version;
}

function checkBindAddress(net: InterfaceConfig, problems: Problem[]): void {
  const { line, bindNetAddress = "" } = net;
  if (!isLinkLocal(bindNetAddress)) return;
  const text = `totem.interface.bindnetaddr ${bindNetAddress} is a link-local address; ${LINK_LOCAL_HINT}`;
  problems.push({ line, severity: "error", text });
}

/** Differs: the originals take a link-local address and then do not know which interface it is of. */
export const LINK_LOCAL_HINT = "use a global or unique local one (fd00::/8)";

const TOTEM_NUMBERS = `token token_coefficient token_warning token_retransmit
  token_retransmits_before_loss_const hold join send_join consensus merge downcheck fail_recv_const
  seqno_unchanged_const miss_count_const window_size max_messages netmtu`.split(/\s+/);

/** Reads and checks the section; what is wrong is added to the problems. */
export function readTotem(children: readonly ConfNode[], form: ConfForm, problems: Problem[]) {
  const all = sections(children, "totem");
  if (all.length === 0) {
    const text = "there is no totem section; it must say at least `version: 2` and the interface";
    problems.push({ line: 0, severity: "error", text });
  }
  const totem = merged(children, "totem");
  const transport = transportOf(totem, form);
  checkTransport(totem, form, transport, problems);
  const net = readInterface(totem, transport, problems);
  checkBindAddress(net, problems);
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
    ipVersion: readIpVersion(totem, transport, problems),
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
