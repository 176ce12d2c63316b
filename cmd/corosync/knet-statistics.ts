/**
 * What knet's sockets carried, for each link to each node, by the names of corosync's statistics map. The kinds of packets and
 * the stamp of a ping are read where they stand in the packet (spec/totem section 9).
 */
import type { KnetEffect, KnetLinkConfig } from "../../lib/totem/transport/knet.ts";
import type { CmapValue } from "../../lib/wire/cmap.ts";

type SentPacket = Extract<KnetEffect, { kind: "packet" }>;

const KINDS = ["data", "ping", "pong", "pmtu"] as const;
type Kind = (typeof KINDS)[number];

const TYPE_OFFSET = 1;
const NODE_OFFSET = 2;
const STAMP_OFFSET = 7;
/** The ping's stamp is our own clock as a 64-bit float. */
const STAMP_BYTES = 8;
const NEVER = 0xffffffff;

function kindOf(data: Uint8Array): Kind {
  const type = data[TYPE_OFFSET] ?? 0;
  if (type === 0) return "data";
  if (type === 0x81) return "ping";
  return type === 0x82 ? "pong" : "pmtu";
}

const u8 = (value: boolean): CmapValue => ({ type: "u8", value: value ? 1 : 0 });
const u32 = (value: number): CmapValue => ({ type: "u32", value: Math.trunc(value) >>> 0 });
const u64 = (value: number): CmapValue => ({ type: "u64", value: BigInt(Math.trunc(value)) });

class LinkCounters {
  readonly packets = { tx: counts(), rx: counts() };
  readonly bytes = { tx: counts(), rx: counts() };
  ups = 0;
  downs = 0;
  private latency = { samples: 0, sumUs: 0, leastUs: NEVER, mostUs: 0 };

  note(way: "tx" | "rx", data: Uint8Array, bytes: number): void {
    const kind = kindOf(data);
    this.packets[way][kind]++;
    this.bytes[way][kind] += bytes;
  }

  noteLatency(us: number): void {
    const { samples, sumUs, leastUs, mostUs } = this.latency;
    this.latency = {
      samples: samples + 1,
      sumUs: sumUs + us,
      leastUs: Math.min(leastUs, us),
      mostUs: Math.max(mostUs, us),
    };
  }

  /** All counters, by their names below `knet.nodeN.linkM.`. */
  values(): readonly (readonly [string, CmapValue])[] {
    const { samples, sumUs, leastUs, mostUs } = this.latency;
    const found: (readonly [string, CmapValue])[] = [
      ["up_count", u32(this.ups)],
      ["down_count", u32(this.downs)],
      ["latency_samples", u32(samples)],
      ["latency_ave", u32(samples === 0 ? 0 : sumUs / samples)],
      ["latency_min", u32(leastUs)],
      ["latency_max", u32(mostUs)],
      ["rx_total_retries", u64(0)],
      ["tx_total_errors", u64(0)],
    ];
    for (const way of ["tx", "rx"] as const) {
      for (const kind of KINDS) {
        found.push([`${way}_${kind}_packets`, u64(this.packets[way][kind])]);
        found.push([`${way}_${kind}_bytes`, u64(this.bytes[way][kind])]);
        if (way === "rx") continue;
        found.push([`tx_${kind}_errors`, u32(0)], [`tx_${kind}_retries`, u32(0)]);
      }
      found.push([`${way}_total_packets`, u64(sum(this.packets[way]))]);
      found.push([`${way}_total_bytes`, u64(sum(this.bytes[way]))]);
    }
    return found;
  }
}

function counts(): Record<Kind, number> {
  return { data: 0, ping: 0, pong: 0, pmtu: 0 };
}

function sum(all: Record<Kind, number>): number {
  return all.data + all.ping + all.pong + all.pmtu;
}

/** A node has at most eight links. */
function keyOf(nodeId: number, link: number): number {
  return nodeId * 8 + link;
}

/** Of the whole of knet, by their names below `knet.handle.`. */
interface SealCounters {
  packets: number;
  bytesAdded: number;
}

export class KnetStatistics {
  private readonly links = new Map<number, LinkCounters>();
  private readonly sealed: Record<"tx" | "rx", SealCounters> = {
    tx: { packets: 0, bytesAdded: 0 },
    rx: { packets: 0, bytesAdded: 0 },
  };

  /** @param isSealed are packets encrypted or signed now? */
  constructor(private readonly isSealed: () => boolean) {}

  /** The links that are counted; nothing else is, whatever a packet claims. */
  use(links: readonly KnetLinkConfig[], self: number): void {
    const before = new Map(this.links);
    this.links.clear();
    for (const { link, peers } of links) {
      for (const nodeId of [self, ...peers.keys()]) {
        const key = keyOf(nodeId, link);
        this.links.set(key, before.get(key) ?? new LinkCounters());
      }
    }
  }

  sent({ nodeId, link, data }: SentPacket, sealedBytes: number): void {
    this.links.get(keyOf(nodeId, link))?.note("tx", data, sealedBytes);
    this.noteSeal("tx", sealedBytes - data.length);
  }

  /** @param now our clock, the same that pings are stamped with, in ms. */
  received(now: number, link: number, data: Uint8Array, sealedBytes: number): void {
    if (data.length < STAMP_OFFSET) return;
    const nodeId = (data[NODE_OFFSET]! << 8) | data[NODE_OFFSET + 1]!;
    const counters = this.links.get(keyOf(nodeId, link));
    if (counters === undefined) return;
    counters.note("rx", data, sealedBytes);
    this.noteSeal("rx", sealedBytes - data.length);
    if (kindOf(data) !== "pong" || data.length < STAMP_OFFSET + STAMP_BYTES) return;
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    const us = (now - view.getFloat64(STAMP_OFFSET, true)) * 1000;
    if (us >= 0 && us < NEVER) counters.noteLatency(us);
  }

  changed(nodeId: number, link: number, up: boolean): void {
    const counters = this.links.get(keyOf(nodeId, link));
    if (counters === undefined) return;
    if (up) counters.ups++;
    else counters.downs++;
  }

  private noteSeal(way: "tx" | "rx", added: number): void {
    if (!this.isSealed()) return;
    this.sealed[way].packets++;
    this.sealed[way].bytesAdded += added;
  }

  /**
   * The map, by names below `stats.`.
   * @param links of each node and of ourselves: is it up, and what does it carry in one piece?
   */
  values(
    links: readonly {
      readonly nodeId: number;
      readonly link: KnetLinkConfig["link"];
      readonly connected: boolean;
      readonly mtu: number;
    }[],
  ): ReadonlyMap<string, CmapValue> {
    const found = new Map<string, CmapValue>();
    for (const { nodeId, link, connected, mtu } of links) {
      const path = `knet.node${nodeId}.link${link}`;
      const values = this.links.get(keyOf(nodeId, link))?.values() ?? [];
      for (const [name, value] of values) found.set(`${path}.${name}`, value);
      found.set(`${path}.enabled`, u8(true));
      found.set(`${path}.connected`, u8(connected));
      found.set(`${path}.mtu`, u32(mtu));
    }
    for (const way of ["tx", "rx"] as const) {
      const path = `knet.handle.${way}`;
      found.set(`${path}_crypt_packets`, u64(this.sealed[way].packets));
      for (const name of HANDLE_NAMES) found.set(`${path}_${name}`, u64(0));
    }
    found.set("knet.handle.tx_crypt_byte_overhead", u64(this.sealed.tx.bytesAdded));
    found.set("knet.handle.tx_uncompressed_packets", u64(0));
    return found;
  }
}

/** Times that would cost a look at the clock for each packet, and compression, which we do not do. */
const HANDLE_NAMES = [
  "crypt_time_ave",
  "crypt_time_min",
  "crypt_time_max",
  "compress_time_ave",
  "compress_time_min",
  "compress_time_max",
  "compressed_packets",
  "compressed_original_bytes",
  "compressed_size_bytes",
];
