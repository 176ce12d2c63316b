/**
 * What this process counts, under the names that corosync's maps use: `stats.*` for the statistics map, made when it is
 * asked for, and `runtime.services.*` for the configuration map. Counters that a tool sets back go on below: what is shown is
 * the difference to the moment of the reset.
 */
import type { Millis } from "../base/core.ts";
import { limits } from "../base/limits.ts";
import type { CmapValue } from "../wire/cmap.ts";
import { ServiceId } from "../wire/service.ts";
import type { KeyChange } from "./runtime-keys.ts";

const u8 = (value: number): CmapValue => ({ type: "u8", value });
const u32 = (value: number): CmapValue => ({ type: "u32", value: value >>> 0 });
const u64 = (value: number): CmapValue => ({ type: "u64", value: BigInt(Math.trunc(value)) });

/** How many functions a service has on the ring; each is counted by itself. */
const SERVICE_FUNCTIONS: Readonly<Record<string, number>> = {
  cmap: 1,
  cfg: 5,
  cpg: 7,
  votequorum: 4,
};
/** Places of one service in the tables of counters; no service has more functions. */
const FUNCTIONS_MAX = 16;
const SERVICES_MAX = 8;

/** Weight of one interval between two tokens in their mean. */
const TOKEN_WEIGHT = 1 / 16;

interface ClientCounters {
  readonly service: string;
  readonly pid: number;
  readonly processName: string;
  requests: number;
  responses: number;
  dispatched: number;
}

/** The process did not run for so long. */
export interface ScheduleMiss {
  readonly delayMs: Millis;
  /** Milliseconds since 1970. */
  readonly atEpochMs: number;
}

/** Counters that other parts keep. */
export interface StatisticsSources {
  /** Of the ring, by their names below `stats.srp.`. */
  readonly ring: () => Readonly<Record<string, number>>;
  /** Messages that the ring would take now. */
  readonly queueRoom: () => number;
  /** Messages that wait for room in the ring. */
  readonly waiting: () => number;
  /** Of the transport, by their names below `stats.`; empty where it counts nothing. */
  readonly transport: () => ReadonlyMap<string, CmapValue>;
}

export class ProcessStatistics {
  private readonly sources: StatisticsSources;
  private readonly clients = new Map<number, ClientCounters>();
  private closed = 0;
  /** By service and function. */
  private readonly received = new Float64Array(SERVICES_MAX * FUNCTIONS_MAX);
  private readonly sent = new Float64Array(SERVICES_MAX * FUNCTIONS_MAX);
  private servicesChanged = true;
  private misses: readonly ScheduleMiss[] = [];
  private tokens = 0;
  private tokenAt: Millis = 0;
  private tokenMeanMs = 0;
  /** Values at the last reset, by key. */
  private readonly zero = new Map<string, bigint>();

  constructor(sources: StatisticsSources) {
    this.sources = sources;
  }

  clientConnected(client: number, service: string, pid: number, processName: string): void {
    const counters = { service, pid, processName, requests: 0, responses: 0, dispatched: 0 };
    this.clients.set(client, counters);
  }

  clientGone(client: number): void {
    if (this.clients.delete(client)) this.closed++;
  }

  /** A message to or from a client. */
  clientMessage(client: number, kind: "requests" | "responses" | "dispatched"): void {
    const counters = this.clients.get(client);
    if (counters !== undefined) counters[kind]++;
  }

  /** A message of a service that came from the ring. */
  serviceReceived(service: number, fn: number): void {
    if (service >= SERVICES_MAX || fn >= FUNCTIONS_MAX) return;
    this.received[service * FUNCTIONS_MAX + fn]!++;
    this.servicesChanged = true;
  }

  /** A message of a service, header included, that goes to the ring. */
  serviceSent(body: Uint8Array): void {
    const service = body[2] ?? SERVICES_MAX;
    const fn = body[0] ?? FUNCTIONS_MAX;
    if (service >= SERVICES_MAX || fn >= FUNCTIONS_MAX) return;
    this.sent[service * FUNCTIONS_MAX + fn]!++;
    this.servicesChanged = true;
  }

  scheduleMiss(miss: ScheduleMiss): void {
    this.misses = [miss, ...this.misses].slice(0, limits.scheduleMisses);
  }

  /** Looks whether a token has come since the last call. */
  noteToken(now: Millis): void {
    const tokens = this.sources.ring()["orf_token_rx"] ?? 0;
    if (tokens === this.tokens) return;
    const intervalMs = this.tokens === 0 ? 0 : now - this.tokenAt;
    this.tokens = tokens;
    this.tokenAt = now;
    this.tokenMeanMs += (intervalMs - this.tokenMeanMs) * TOKEN_WEIGHT;
  }

  /** Keys of the configuration map that count messages; undefined when nothing has changed since the last call. */
  serviceKeys(): readonly KeyChange[] | undefined {
    if (!this.servicesChanged) return undefined;
    this.servicesChanged = false;
    const keys: KeyChange[] = [];
    for (const [service, count] of Object.entries(SERVICE_FUNCTIONS)) {
      const first = ServiceId[service as keyof typeof ServiceId] * FUNCTIONS_MAX;
      for (let fn = 0; fn < count; fn++) {
        const path = `runtime.services.${service}.${fn}`;
        keys.push([`${path}.rx`, u64(this.received[first + fn] ?? 0)]);
        keys.push([`${path}.tx`, u64(this.sent[first + fn] ?? 0)]);
      }
    }
    return keys;
  }

  /** Sets counters back: knet, ipc, totem, schedmiss or all. */
  clear(what: string): void {
    const prefixes = { knet: "stats.knet.", totem: "stats.srp.", ipc: "stats.ipcs." };
    if (what === "schedmiss" || what === "all") this.misses = [];
    for (const [name, prefix] of Object.entries(prefixes)) {
      if (what !== name && what !== "all") continue;
      for (const key of this.zero.keys()) if (key.startsWith(prefix)) this.zero.delete(key);
      for (const [key, value] of this.raw(0)) {
        if (key.startsWith(prefix) && COUNTER.test(key)) this.zero.set(key, numberOf(value));
      }
    }
  }

  /** The whole statistics map. */
  all(now: Millis): ReadonlyMap<string, CmapValue> {
    const found = this.raw(now);
    for (const [key, before] of this.zero) {
      const value = found.get(key);
      const since = value === undefined ? -1n : numberOf(value) - before;
      // What is gone, or has begun anew, needs no zero any more.
      if (since < 0n) this.zero.delete(key);
      else found.set(key, value?.type === "u32" ? u32(Number(since)) : u64(Number(since)));
    }
    return found;
  }

  private raw(now: Millis): Map<string, CmapValue> {
    const found = new Map<string, CmapValue>();
    this.addRing(found, now);
    this.addClients(found);
    for (const [name, value] of this.sources.transport()) found.set(`stats.${name}`, value);
    for (const [number, { delayMs, atEpochMs }] of this.misses.entries()) {
      found.set(`stats.schedmiss.${number}.delay`, { type: "float", value: delayMs });
      found.set(`stats.schedmiss.${number}.timestamp`, u64(atEpochMs));
    }
    return found;
  }

  private addRing(found: Map<string, CmapValue>, now: Millis): void {
    const ring = this.sources.ring();
    for (const [name, value] of Object.entries(ring)) found.set(`stats.srp.${name}`, u64(value));
    found.set("stats.srp.continuous_gather", u32(ring["continuous_gather"] ?? 0));
    found.set("stats.srp.continuous_sendmsg_failures", u32(0));
    found.set("stats.srp.firewall_enabled_or_nic_failure", u8(0));
    found.set("stats.srp.mtt_rx_token", u32(Math.round(this.tokenMeanMs)));
    found.set("stats.srp.avg_token_workload", u32(0));
    found.set("stats.srp.avg_backlog_calc", u32(this.sources.waiting()));
    const since = this.tokens === 0 ? 0 : Math.max(0, now - this.tokenAt);
    found.set("stats.srp.time_since_token_last_received", u64(since));
    found.set("stats.pg.msg_queue_avail", u32(this.sources.queueRoom()));
    found.set("stats.pg.msg_reserved", u32(this.sources.waiting()));
  }

  private addClients(found: Map<string, CmapValue>): void {
    found.set("stats.ipcs.global.active", u64(this.clients.size));
    found.set("stats.ipcs.global.closed", u64(this.closed));
    for (const [client, counters] of this.clients) {
      const { service, pid, processName, requests, responses, dispatched } = counters;
      const id = ServiceId[service as keyof typeof ServiceId];
      // The original puts the connection's address in memory here; any number that is not used twice will do.
      const path = `stats.ipcs.service${id}.${pid}.0x${client.toString(16)}`;
      found.set(`${path}.procname`, { type: "string", value: processName });
      found.set(`${path}.requests`, u64(requests));
      found.set(`${path}.responses`, u64(responses));
      found.set(`${path}.dispatched`, u64(dispatched));
      found.set(`${path}.queueing`, { type: "i32", value: 0 });
      for (const name of ["queued", "sent", "flow_control"]) found.set(`${path}.${name}`, u32(0));
      for (const name of UNUSED_CLIENT_COUNTERS) found.set(`${path}.${name}`, u64(0));
    }
  }
}

/** What the original's IPC counts and ours cannot meet: it waits in line instead. */
const UNUSED_CLIENT_COUNTERS = [
  "flow_control_count",
  "invalid_request",
  "overload",
  "recv_retries",
  "send_retries",
];

/** Keys that grow; the others tell a state. */
const COUNTER =
  /^stats\.(srp\.(?!mtt_|avg_|time_|firewall|continuous)|ipcs\.global\.closed$|ipcs\.service.*\.(requests|responses|dispatched)$|knet\..*\.(rx|tx|up|down)_)/;

function numberOf(value: CmapValue): bigint {
  return value.type === "string" || value.type === "binary"
    ? 0n
    : BigInt(Math.trunc(Number(value.value)));
}
