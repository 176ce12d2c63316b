/**
 * Tells the neighbours that an address has moved: gratuitous ARP for IPv4 (RFC 5227, section 3: an announcement), an unsolicited
 * neighbour advertisement for IPv6 (RFC 4861, section 4.4). Frames are built here and sent raw; arping is not needed.
 */
import { nodeOs } from "../../../lib/runtime/builtin.ts";
import { sleepMs } from "../../../lib/runtime/clock.ts";
import { readFileBytes } from "../../../lib/runtime/ffi/file.ts";
import { sendFrame } from "../../../lib/runtime/ffi/packet.ts";
import { addressBits, familyOf } from "./address.ts";

const ETHERTYPE_ARP = 0x0806;
const ETHERTYPE_IPV6 = 0x86dd;
const NEXT_HEADER_ICMPV6 = 58;
const NEIGHBOUR_ADVERTISEMENT = 136;
const OVERRIDE_FLAG = 0x20;
const TARGET_LINK_LAYER_OPTION = 2;

function bytesOf(value: bigint, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  for (let at = count - 1, rest = value; at >= 0; at--, rest >>= 8n)
    bytes[at] = Number(rest & 255n);
  return bytes;
}

/** "52:54:00:0b:8f:1f" → 6 bytes. */
export function macBytes(text: string): Uint8Array {
  return Uint8Array.from(text.split(":").map((part) => Number.parseInt(part, 16)));
}

function ethernet(to: Uint8Array, from: Uint8Array, type: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(14 + payload.length);
  frame.set(to, 0);
  frame.set(from, 6);
  new DataView(frame.buffer).setUint16(12, type);
  frame.set(payload, 14);
  return frame;
}

/** An ARP request in which sender and target are the announced address. */
export function arpAnnouncement(mac: Uint8Array, address: string): Uint8Array {
  const ip = bytesOf(addressBits(address, 4) ?? 0n, 4);
  const arp = new Uint8Array(28);
  const view = new DataView(arp.buffer);
  view.setUint16(0, 1); // Ethernet
  view.setUint16(2, 0x0800); // IPv4
  arp[4] = 6;
  arp[5] = 4;
  view.setUint16(6, 1); // request
  arp.set(mac, 8);
  arp.set(ip, 14);
  arp.set(ip, 24);
  return ethernet(new Uint8Array(6).fill(255), mac, ETHERTYPE_ARP, arp);
}

function checksum(parts: readonly Uint8Array[]): number {
  let sum = 0;
  for (const part of parts) {
    for (let at = 0; at < part.length; at += 2) sum += part[at]! * 256 + (part[at + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** A neighbour advertisement to all nodes (ff02::1) with the override flag. */
export function neighbourAdvertisement(mac: Uint8Array, address: string): Uint8Array {
  const ip = bytesOf(addressBits(address, 6) ?? 0n, 16);
  const allNodes = bytesOf((0xff02n << 112n) + 1n, 16);
  const icmp = new Uint8Array(32);
  icmp[0] = NEIGHBOUR_ADVERTISEMENT;
  icmp[4] = OVERRIDE_FLAG;
  icmp.set(ip, 8);
  icmp[24] = TARGET_LINK_LAYER_OPTION;
  icmp[25] = 1; // in units of 8 bytes
  icmp.set(mac, 26);
  const pseudo = new Uint8Array(8);
  pseudo[3] = icmp.length;
  pseudo[7] = NEXT_HEADER_ICMPV6;
  new DataView(icmp.buffer).setUint16(2, checksum([ip, allNodes, pseudo, icmp]));
  const packet = new Uint8Array(40 + icmp.length);
  packet[0] = 0x60;
  packet[5] = icmp.length;
  packet[6] = NEXT_HEADER_ICMPV6;
  packet[7] = 255; // hop limit: a router never forwarded it
  packet.set(ip, 8);
  packet.set(allNodes, 24);
  packet.set(icmp, 40);
  return ethernet(Uint8Array.from([0x33, 0x33, 0, 0, 0, 1]), mac, ETHERTYPE_IPV6, packet);
}

/** What the kernel says of an interface. Throws when there is no such interface. */
function factOf(nic: string, name: "address" | "ifindex"): string {
  const bytes = readFileBytes(`/sys/class/net/${nic}/${name}`);
  if (bytes === undefined) throw new Error(`there is no interface ${nic}`);
  return new TextDecoder().decode(bytes).trim();
}

/** Sends one announcement of `address` on `nic`. Throws when the interface is unknown or the right is missing. */
export function announceOnce(nic: string, address: string): void {
  const mac = macBytes(factOf(nic, "address"));
  if (mac.length !== 6 || mac.every((byte) => byte === 0)) return; // lo, tunnels: nobody to tell
  const frame =
    familyOf(address) === 6 ? neighbourAdvertisement(mac, address) : arpAnnouncement(mac, address);
  sendFrame(Number(factOf(nic, "ifindex")), frame);
}

/** True while the address is still on this host: after a stop, another host announces it. */
function isHere(address: string): boolean {
  const family = familyOf(address) ?? 4;
  const bits = addressBits(address, family);
  return Object.values(nodeOs().networkInterfaces()).some((list) =>
    list?.some((a) => addressBits(a.address, family) === bits),
  );
}

/** `quorate agent announce NIC ADDRESS COUNT INTERVAL_MS`: the further announcements, in the background. */
export async function announce(words: readonly string[]): Promise<number> {
  const [nic = "", address = "", count = "0", interval = "0"] = words;
  for (let turn = 0; turn < Number(count); turn++) {
    await sleepMs(Number(interval));
    if (!isHere(address)) return 0;
    try {
      announceOnce(nic, address);
    } catch {
      return 1; // the interface is gone
    }
  }
  return 0;
}
