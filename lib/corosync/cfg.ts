/**
 * cfg: who this node is, how its links are, and orders to nodes: stop, reload, kill (spec/ipc section 2.5). Decides; the
 * composing core carries the orders out.
 */
import type { CancelTimer, LogEffect, Millis, SetTimer } from "../base/core.ts";
import { type CfgMessage, decodeCfg, encodeCfg } from "../wire/cfg.ts";
import { readHeader, statusResponse } from "../wire/fields.ts";
import { CsError } from "../wire/ipc/cs-error.ts";
import type { FrontDoorEffect } from "../wire/ipc/front-door.ts";
import {
  type CfgRequest,
  cfgResponseIdOf,
  decodeCfgRequest,
  encodeCfgAddresses,
  encodeCfgLocal,
  encodeCfgNodeStatus,
  encodeCfgRingStatus,
  encodeCfgStatus,
  encodeCfgTestShutdown,
  type LinkStatus,
} from "../wire/ipc/services-cfg.ts";
import type { ServiceMulticast } from "../wire/service.ts";
import type { CryptoPhase, NodeLink } from "./api.ts";

export type CfgEvent =
  | { readonly kind: "client-request"; readonly client: number; readonly message: Uint8Array }
  | { readonly kind: "client-gone"; readonly client: number }
  | { readonly kind: "deliver"; readonly from: number; readonly body: Uint8Array }
  /** A new key of the ring is ready to be used. */
  | { readonly kind: "key-prepared" }
  | { readonly kind: "timer"; readonly name: string };

export type CfgEffect =
  | ServiceMulticast
  | FrontDoorEffect
  | { readonly kind: "terminate"; readonly reason: string }
  /** Another node says that this one must go at once. */
  | { readonly kind: "killed" }
  | { readonly kind: "reload" }
  | { readonly kind: "reopen-logs" }
  | CryptoPhase
  | SetTimer
  | CancelTimer
  | LogEffect;

/** What cfg looks at. */
export interface CfgView {
  readonly nodeId: number;
  readonly address: string;
  /** Bytes of a totem frame. */
  readonly mtu: number;
  readonly members: () => readonly number[];
  /** Is this a node of the configuration or of the ring? */
  readonly knows: (nodeId: number) => boolean;
  readonly addressOf: (nodeId: number) => string | undefined;
  /** Undefined where the transport has no links. */
  readonly linksOf: (nodeId: number) => readonly NodeLink[] | undefined;
}

const NO_LINK: LinkStatus = {
  enabled: false,
  connected: false,
  dynamic: false,
  mtu: 0,
  source: "",
  destination: "",
};

/** How long trackers have to say whether the node may stop. */
const SHUTDOWN_ANSWER_MS = 5000;
const SHUTDOWN_TIMER = "cfg.shutdown";
const SHUTDOWN_REGARDLESS = 1;
const SHUTDOWN_IMMEDIATE = 2;

interface PendingShutdown {
  readonly client: number;
  readonly flags: number;
  readonly waiting: Set<number>;
}

export class Cfg {
  private readonly view: CfgView;
  private readonly trackers = new Set<number>();
  private pending: PendingShutdown | undefined;
  /** Clients whose reload has not come round yet, or is being carried out. */
  private reloading: readonly number[] = [];
  private out: CfgEffect[] = [];

  constructor(view: CfgView) {
    this.view = view;
  }

  step(_now: Millis, event: CfgEvent): readonly CfgEffect[] {
    this.out = [];
    switch (event.kind) {
      case "client-request":
        this.onRequest(event.client, event.message);
        break;
      case "client-gone":
        this.trackers.delete(event.client);
        this.reloading = this.reloading.filter((client) => client !== event.client);
        if (this.pending?.client === event.client) this.endShutdown(CsError.busy);
        else this.onReply(event.client, true);
        break;
      case "deliver":
        this.onMessage(event.from, decodeCfg(event.body));
        break;
      case "key-prepared":
        this.sayCryptoPhase(1);
        break;
      case "timer":
        if (event.name === SHUTDOWN_TIMER) this.endShutdown(CsError.timeout);
        break;
    }
    return this.out;
  }

  private onMessage(from: number, message: CfgMessage | undefined): void {
    if (message?.kind === "kill-node" && message.nodeId === this.view.nodeId) {
      const text = `Killed by node ${from} : ${message.reason}`;
      this.out.push({ kind: "log", level: "notice", subsystem: "CFG", text }, { kind: "killed" });
    } else if (message?.kind === "reload") {
      const text = "Config reload requested by node ";
      const line = `${text}${message.nodeId}`;
      this.out.push({ kind: "log", level: "notice", subsystem: "CFG", text: line });
      this.out.push({ kind: "reload" });
    } else if (message?.kind === "crypto-phase" && from === this.view.nodeId) {
      this.onCryptoPhase(message.phase);
    }
  }

  /**
   * A word of ours has come round: everyone has what we sent before it. As with the originals each node goes through the
   * phases by its own words: with the first it sends by the new key, with the second it opens nothing by the old one.
   */
  private onCryptoPhase(phase: number): void {
    if (phase !== 1 && phase !== 2) return;
    const text = `Crypto reconfiguration phase ${phase}`;
    this.out.push({ kind: "log", level: "debug", subsystem: "CFG", text });
    this.out.push({ kind: "crypto-phase", phase });
    if (phase === 1) this.sayCryptoPhase(2);
  }

  private sayCryptoPhase(phase: number): void {
    this.out.push({ kind: "multicast", body: encodeCfg({ kind: "crypto-phase", phase }) });
  }

  private respond(client: number, message: Uint8Array): void {
    this.out.push({ kind: "respond", client, message });
  }

  private onRequest(client: number, message: Uint8Array): void {
    const request = decodeCfgRequest(message);
    if (request === undefined) {
      const { id } = readHeader(message);
      this.respond(client, statusResponse(cfgResponseIdOf(id) ?? id, CsError.invalidParameter));
      return;
    }
    const ok = () => this.respond(client, encodeCfgStatus(request.op, CsError.ok));
    switch (request.op) {
      case "local":
        this.respond(client, encodeCfgLocal(this.view.nodeId));
        break;
      case "ring-status": {
        const text = "ring 0 active with no faults";
        this.respond(client, encodeCfgRingStatus([{ name: this.view.address, text }]));
        break;
      }
      case "node-status":
        this.respond(client, this.nodeStatus(request.nodeId, request.version));
        break;
      case "node-addresses": {
        const address = this.view.addressOf(request.nodeId || this.view.nodeId);
        const found = address === undefined ? [] : [address];
        const error = address === undefined ? CsError.notExist : CsError.ok;
        this.respond(client, encodeCfgAddresses(error, found));
        break;
      }
      case "track": {
        const known = this.trackers.has(client);
        this.trackers.add(client);
        this.respond(client, encodeCfgStatus("track", known ? CsError.exist : CsError.ok));
        break;
      }
      case "untrack":
        this.trackers.delete(client);
        ok();
        break;
      case "reopen-logs":
        this.out.push({ kind: "reopen-logs" });
        ok();
        break;
      case "reply-to-shutdown":
        this.onReply(client, request.yes);
        ok();
        break;
      case "try-shutdown":
        this.onTryShutdown(client, request.flags);
        break;
      case "kill-node":
        if (this.view.knows(request.nodeId)) {
          this.order(request);
          ok();
        } else this.respond(client, encodeCfgStatus("kill-node", CsError.notExist));
        break;
      case "ring-reenable":
        this.order(request);
        ok();
        break;
      case "reload":
        this.order(request);
        this.reloading = [...this.reloading, client];
        break;
    }
  }

  /** This node has read its configuration again; who asked for it is told how that went. */
  reloaded(fine: boolean): readonly CfgEffect[] {
    const message = encodeCfgStatus("reload", fine ? CsError.ok : CsError.invalidParameter);
    const told = this.reloading.map((client) => ({ kind: "respond", client, message }) as const);
    this.reloading = [];
    return told;
  }

  private order(
    request: Extract<CfgRequest, { op: "ring-reenable" | "reload" | "kill-node" }>,
  ): void {
    const { nodeId } = this.view;
    const message: CfgMessage =
      request.op === "kill-node"
        ? { kind: "kill-node", nodeId: request.nodeId, reason: request.reason }
        : request.op === "reload"
          ? { kind: "reload", nodeId }
          : { kind: "ring-reenable" };
    this.out.push({ kind: "multicast", body: encodeCfg(message) });
  }

  private nodeStatus(nodeId: number, version: number): Uint8Array {
    const member = this.view.members().includes(nodeId);
    const known = this.view.linksOf(nodeId);
    if (known === undefined) {
      // The originals, too, put the peer's address here on udp and udpu.
      const source = this.view.addressOf(nodeId) ?? "";
      const links = [this.linkStatus({ source, destination: "", connected: member })];
      return encodeCfgNodeStatus({ nodeId, reachable: member, links }, version);
    }
    const links: LinkStatus[] = Array.from({ length: 8 }, () => NO_LINK);
    for (const link of known) links[link.link] = this.linkStatus(link);
    const reachable = known.some((link) => link.connected);
    return encodeCfgNodeStatus({ nodeId, reachable, links }, version);
  }

  private linkStatus(link: Omit<NodeLink, "link">): LinkStatus {
    const { source, destination, connected, mtu = this.view.mtu } = link;
    return { enabled: true, connected, dynamic: false, mtu, source, destination };
  }

  private onTryShutdown(client: number, flags: number): void {
    if (this.pending !== undefined) {
      this.respond(client, encodeCfgStatus("try-shutdown", CsError.exist));
      return;
    }
    const waiting = new Set([...this.trackers].filter((tracker) => tracker !== client));
    this.pending = { client, flags, waiting };
    if (waiting.size === 0 || flags === SHUTDOWN_IMMEDIATE) {
      this.endShutdown(CsError.ok);
      return;
    }
    for (const tracker of waiting) {
      const message = encodeCfgTestShutdown(flags);
      this.out.push({ kind: "send-event", client: tracker, message });
    }
    this.out.push({ kind: "set-timer", name: SHUTDOWN_TIMER, delayMs: SHUTDOWN_ANSWER_MS });
  }

  private onReply(client: number, yes: boolean): void {
    const { pending } = this;
    if (pending === undefined || !pending.waiting.delete(client)) return;
    if (!yes && pending.flags !== SHUTDOWN_REGARDLESS) this.endShutdown(CsError.busy);
    else if (pending.waiting.size === 0) this.endShutdown(CsError.ok);
  }

  private endShutdown(error: CsError): void {
    const { pending } = this;
    if (pending === undefined) return;
    this.pending = undefined;
    this.out.push({ kind: "cancel-timer", name: SHUTDOWN_TIMER });
    this.respond(pending.client, encodeCfgStatus("try-shutdown", error));
    if (error === CsError.ok) {
      this.out.push({ kind: "terminate", reason: "Node was shut down by sysadmin" });
    }
  }
}
