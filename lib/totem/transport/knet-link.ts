/**
 * One link to one knet peer: is it up, how long does a packet take, how large may it be
 * (spec/totem/totem-wire.md section 9: ping, pong, path MTU).
 */
import type { Millis } from "../../base/core.ts";
import { type KnetPacket, type KnetPing, type KnetPmtud, knetStampBytes } from "../../wire/knet.ts";
import { Reader } from "../../wire/reader.ts";
import { Writer } from "../../wire/writer.ts";

export interface KnetLinkTimers {
  /** Between two pings; corosync takes token / (2 * pongCount). */
  readonly pingIntervalMs: Millis;
  /** A link without a pong for so long is down; corosync takes token / pongCount. */
  readonly pingTimeoutMs: Millis;
  /** Pongs in time that a link needs to come up; it comes up with the next one. */
  readonly pongCount: number;
}

/** IP packets that are tried, largest first; the last one always passes. */
const packetSizes = [1500, 1400, 1280, 1024];
/** Datagram before any size has been found. */
const safeDatagram = 496;
const ipv4Bytes = 20;
const udpBytes = 8;
/** A probe without a reply for so long did not pass. */
const probeTimeoutMs = 500;
/** The path is measured again after so long. */
const probeIntervalMs = 30_000;

export type LinkChange = "up" | "down" | undefined;

export class KnetLink {
  up = false;
  private pongs = 0;
  private lastPong: Millis = 0;
  private nextPing: Millis = 0;
  private nextProbe: Millis = 0;
  private probing: number | undefined;
  private datagram = safeDatagram;
  private readonly ipBytes: number;

  constructor(
    private readonly nodeId: number,
    private readonly link: number,
    /** May change while the link is up. */
    public timers: KnetLinkTimers,
    family: "ipv4" | "ipv6" = "ipv4",
  ) {
    this.ipBytes = family === "ipv4" ? ipv4Bytes : 2 * ipv4Bytes;
  }

  /** Largest UDP payload that is known to pass. */
  get datagramBytes(): number {
    return this.datagram;
  }

  /** When `tick` has something to do again. */
  get due(): Millis {
    if (!this.up) return this.nextPing;
    // The link goes down once the timeout is exceeded.
    const timeout = this.lastPong + this.timers.pingTimeoutMs + 1;
    return Math.min(this.nextPing, timeout, this.nextProbe);
  }

  /** What is due now: a ping, a probe; tells when the link goes down. `seq` is our latest data number. */
  tick(now: Millis, seq: number, send: (packet: KnetPacket) => void): LinkChange {
    if (now >= this.nextPing) {
      this.nextPing = now + this.timers.pingIntervalMs;
      const { nodeId, link } = this;
      send({ kind: "ping", nodeId, link, stamp: stampOf(now), seq, timed: 1 });
    }
    if (!this.up) return undefined;
    if (now - this.lastPong > this.timers.pingTimeoutMs) {
      this.up = false;
      this.pongs = 0;
      this.datagram = safeDatagram;
      return "down";
    }
    if (now >= this.nextProbe) this.probe(now, send);
    return undefined;
  }

  /** A pong to one of our pings. */
  onPong(now: Millis, pong: KnetPing): LinkChange {
    const sent = timeOf(pong.stamp);
    const latency = now - sent;
    if (!(latency >= 0 && latency < this.timers.pingTimeoutMs)) return undefined;
    this.lastPong = now;
    if (this.up) return undefined;
    this.pongs++;
    if (this.pongs <= this.timers.pongCount) return undefined;
    this.up = true;
    this.probing = undefined;
    this.nextProbe = now;
    return "up";
  }

  /** A probe of this size passed. */
  onProbeReply(now: Millis, reply: KnetPmtud): void {
    if (reply.size !== this.probing) return;
    this.probing = undefined;
    this.datagram = reply.size - this.ipBytes - udpBytes;
    this.nextProbe = now + probeIntervalMs;
  }

  private probe(now: Millis, send: (packet: KnetPacket) => void): void {
    const tried = this.probing === undefined ? -1 : packetSizes.indexOf(this.probing);
    const size = packetSizes[tried + 1];
    this.probing = size;
    if (size === undefined) {
      this.datagram = safeDatagram;
      this.nextProbe = now + probeIntervalMs;
      return;
    }
    this.nextProbe = now + probeTimeoutMs;
    // The padding is set by the sender of packets, who knows what sealing adds.
    const { nodeId, link } = this;
    send({ kind: "pmtud-probe", nodeId, link, size, padding: new Uint8Array(0) });
  }

  /** UDP payload that a probe of this size must have. */
  probeBytes(size: number): number {
    return size - this.ipBytes - udpBytes;
  }
}

function stampOf(now: Millis): Uint8Array {
  return new Writer(knetStampBytes).f64(now).zeros(8).finish();
}

function timeOf(stamp: Uint8Array): Millis {
  return new Reader(stamp).f64();
}
