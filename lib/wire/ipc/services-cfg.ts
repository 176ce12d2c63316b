/** cfg's IPC messages, both directions (spec/ipc section 2.5). */
import { ipText, parseIp } from "../../base/ip-address.ts";
import { FieldReader, request, response, statusResponse } from "../fields.ts";
import { CsError } from "./cs-error.ts";

export type CfgRequest =
  | { readonly op: "ring-status" }
  | { readonly op: "ring-reenable" }
  | { readonly op: "kill-node"; readonly nodeId: number; readonly reason: string }
  /** flags: 0 ask the trackers, 1 regardless of their answers, 2 at once. */
  | { readonly op: "try-shutdown"; readonly flags: number }
  | { readonly op: "reply-to-shutdown"; readonly yes: boolean }
  | { readonly op: "node-addresses"; readonly nodeId: number }
  | { readonly op: "local" }
  | { readonly op: "reload" }
  | { readonly op: "reopen-logs" }
  | { readonly op: "node-status"; readonly nodeId: number; readonly version: number }
  | { readonly op: "track"; readonly flags: number }
  | { readonly op: "untrack" };

const IDS: Readonly<Record<CfgRequest["op"], { readonly id: number; readonly answer: number }>> = {
  "ring-status": { id: 0, answer: 0 },
  "ring-reenable": { id: 1, answer: 1 },
  "kill-node": { id: 2, answer: 8 },
  "try-shutdown": { id: 3, answer: 9 },
  "reply-to-shutdown": { id: 4, answer: 13 },
  "node-addresses": { id: 5, answer: 11 },
  local: { id: 6, answer: 12 },
  reload: { id: 7, answer: 14 },
  "reopen-logs": { id: 8, answer: 15 },
  "node-status": { id: 9, answer: 16 },
  track: { id: 10, answer: 2 },
  untrack: { id: 11, answer: 3 },
};

/** Response id for a request id; undefined when unknown. */
export function cfgResponseIdOf(requestId: number): number | undefined {
  return Object.values(IDS).find((entry) => entry.id === requestId)?.answer;
}

export function encodeCfgRequest(message: CfgRequest): Uint8Array {
  const { id } = IDS[message.op];
  switch (message.op) {
    case "kill-node":
      return request(id, 288)
        .u32(16, message.nodeId)
        .u16(24, Math.min(message.reason.length, 255))
        .text(26, message.reason, 255).bytes;
    case "try-shutdown":
      return request(id, 24).u32(16, message.flags).bytes;
    case "reply-to-shutdown":
      return request(id, 24).u32(16, message.yes ? 1 : 0).bytes;
    case "node-addresses":
      return request(id, 24).u32(16, message.nodeId).bytes;
    case "node-status":
      return request(id, 32).u32(16, message.nodeId).u32(24, message.version).bytes;
    case "track":
      return request(id, 24).u8(16, message.flags).bytes;
    default:
      return request(id, 16).bytes;
  }
}

/** Least size of each request, by id. */
const MINIMUM = [16, 16, 28, 20, 20, 20, 16, 16, 16, 28, 17, 16] as const;

/** undefined when unknown or too short. */
export function decodeCfgRequest(message: Uint8Array): CfgRequest | undefined {
  const r = new FieldReader(message);
  const id = r.i32(0);
  const least = MINIMUM[id];
  if (least === undefined || r.size < least) return undefined;
  switch (id) {
    case 0:
      return { op: "ring-status" };
    case 1:
      return { op: "ring-reenable" };
    case 2:
      return {
        op: "kill-node",
        nodeId: r.u32(16),
        reason: r.cstring(26, Math.min(r.u16(24), 256)),
      };
    case 3:
      return { op: "try-shutdown", flags: r.u32(16) };
    case 4:
      return { op: "reply-to-shutdown", yes: r.u32(16) === 1 };
    case 5:
      return { op: "node-addresses", nodeId: r.u32(16) };
    case 6:
      return { op: "local" };
    case 7:
      return { op: "reload" };
    case 8:
      return { op: "reopen-logs" };
    case 9:
      return { op: "node-status", nodeId: r.u32(16), version: r.u32(24) };
    case 10:
      return { op: "track", flags: r.u8(16) };
    default:
      return { op: "untrack" };
  }
}

export function encodeCfgStatus(op: CfgRequest["op"], error: number): Uint8Array {
  return statusResponse(IDS[op].answer, error);
}

export interface RingStatus {
  /** Address of the interface. */
  readonly name: string;
  readonly text: string;
}

export function encodeCfgRingStatus(links: readonly RingStatus[]): Uint8Array {
  const w = response(IDS["ring-status"].answer, 10272, CsError.ok).u32(24, links.length);
  for (const [i, link] of links.slice(0, 16).entries()) {
    w.text(32 + 128 * i, link.name, 127).text(2080 + 512 * i, link.text, 511);
  }
  return w.bytes;
}

export function decodeCfgRingStatus(message: Uint8Array): readonly RingStatus[] {
  const r = new FieldReader(message);
  return Array.from({ length: Math.min(r.u32(24), 16) }, (_, i) => ({
    name: r.cstring(32 + 128 * i, 128),
    text: r.cstring(2080 + 512 * i, 512),
  }));
}

/** IPv4 addresses of a node, dotted. */
/** AF_INET and AF_INET6 of Linux. */
const FAMILY_IPV4 = 2;
const FAMILY_IPV6 = 10;

export function encodeCfgAddresses(error: number, addresses: readonly string[]): Uint8Array {
  const w = response(IDS["node-addresses"].answer, 32 + 16 * addresses.length, error);
  const family = addresses[0]?.includes(":") ? FAMILY_IPV6 : FAMILY_IPV4;
  w.u32(24, family).u32(28, addresses.length);
  for (const [i, address] of addresses.entries()) {
    w.raw(32 + 16 * i, parseIp(address) ?? new Uint8Array(4));
  }
  return w.bytes;
}

export function decodeCfgAddresses(message: Uint8Array): readonly string[] {
  const r = new FieldReader(message);
  if (r.i32(16) !== CsError.ok) return [];
  const bytes = r.u32(24) === FAMILY_IPV6 ? 16 : 4;
  return Array.from({ length: Math.min(r.u32(28), 16) }, (_, i) =>
    ipText(r.raw(32 + 16 * i, bytes)),
  );
}

export function encodeCfgLocal(nodeId: number): Uint8Array {
  return response(IDS.local.answer, 32, CsError.ok).u32(24, nodeId).bytes;
}

export function decodeCfgLocal(message: Uint8Array): number {
  return new FieldReader(message).u32(24);
}

export interface LinkStatus {
  readonly enabled: boolean;
  readonly connected: boolean;
  readonly dynamic: boolean;
  readonly mtu: number;
  readonly source: string;
  readonly destination: string;
}

export interface NodeStatus {
  readonly nodeId: number;
  readonly reachable: boolean;
  /** By link number, up to eight. */
  readonly links: readonly LinkStatus[];
}

const LINK_BYTES = 520;
const STATUS_VERSION = 1;

/** `version` is the client's wish; an unknown one gets a short answer that names ours. */
export function encodeCfgNodeStatus(status: NodeStatus, version: number): Uint8Array {
  const { answer } = IDS["node-status"];
  if (version !== STATUS_VERSION) {
    return response(answer, 32, CsError.notSupported).u32(24, STATUS_VERSION).bytes;
  }
  const w = response(answer, 24 + 16 + 8 * LINK_BYTES, CsError.ok).u32(24, STATUS_VERSION);
  w.u32(28, status.nodeId).u8(32, status.reachable ? 1 : 0);
  for (const [i, link] of status.links.slice(0, 8).entries()) {
    const at = 40 + LINK_BYTES * i;
    w.u8(at, link.enabled ? 1 : 0).u8(at + 1, link.connected ? 1 : 0);
    w.u8(at + 2, link.dynamic ? 1 : 0).u32(at + 4, link.mtu);
    w.text(at + 8, link.source, 255).text(at + 264, link.destination, 255);
  }
  return w.bytes;
}

/** undefined when the answer is an error or of another version. */
export function decodeCfgNodeStatus(message: Uint8Array): NodeStatus | undefined {
  const r = new FieldReader(message);
  if (r.i32(16) !== CsError.ok || r.size < 40 + 8 * LINK_BYTES) return undefined;
  const links = Array.from({ length: 8 }, (_, i) => {
    const at = 40 + LINK_BYTES * i;
    return {
      enabled: r.u8(at) !== 0,
      connected: r.u8(at + 1) !== 0,
      dynamic: r.u8(at + 2) !== 0,
      mtu: r.u32(at + 4),
      source: r.cstring(at + 8, 256),
      destination: r.cstring(at + 264, 256),
    };
  });
  return { nodeId: r.u32(28), reachable: r.u8(32) !== 0, links };
}

/** Asks a tracker whether the daemon may stop. */
export function encodeCfgTestShutdown(flags: number): Uint8Array {
  return response(10, 32, CsError.ok).u32(24, flags).bytes;
}

/** Flags of a testshutdown event; undefined for any other event. */
export function decodeCfgTestShutdown(message: Uint8Array): number | undefined {
  const r = new FieldReader(message);
  return r.i32(0) === 10 && r.size >= 28 ? r.u32(24) : undefined;
}
