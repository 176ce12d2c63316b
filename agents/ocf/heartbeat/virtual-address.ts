/**
 * The actions that IPaddr and IPaddr2 share: one address on one interface of this host, with `ip` of iproute2.
 * Differs: where no interface fits on this node, start answers "not installed" (5) instead of "not configured" (6), so that
 * another node may try.
 */
import { Exit } from "../../../lib/base/exit.ts";
import { selfCommand } from "../../../lib/runtime/command-line.ts";
import type { AgentAction, AgentCall } from "../../agent.ts";
import {
  familyOf,
  findAddress,
  type HostAddress,
  type Placement,
  placeAddress,
  prefixOf,
  readAddresses,
} from "./address.ts";

/** What an agent's own parameters mean, in common terms. */
export interface AnnounceWish {
  readonly count: number;
  readonly intervalMs: number;
}

export interface VirtualAddressTraits {
  readonly announce: (call: AgentCall) => AnnounceWish;
  /** Further words for `ip address add`. */
  readonly addWords: (call: AgentCall) => readonly string[];
}

interface Wanted {
  readonly ip: string;
  readonly nic: string | undefined;
  /** eth0:1 → label of that name. */
  readonly label: string | undefined;
  readonly prefix: number | undefined;
  readonly broadcast: string | undefined;
}

/** Reads the parameters; an exit code when one of them is wrong. */
function wanted(call: AgentCall): Wanted | number {
  const ip = call.parameter("ip");
  const family = familyOf(ip);
  if (family === undefined) return call.fail(Exit.notConfigured, `ip="${ip}" is no address`);
  const mask = call.parameter("cidr_netmask");
  const prefix = mask === "" ? undefined : prefixOf(mask, family);
  if (mask !== "" && prefix === undefined) {
    return call.fail(
      Exit.notConfigured,
      `cidr_netmask="${mask}" is no netmask; write 24 or 255.255.255.0`,
    );
  }
  const broadcast = call.parameter("broadcast");
  if (broadcast !== "" && familyOf(broadcast) !== 4) {
    return call.fail(Exit.notConfigured, `broadcast="${broadcast}" is no IPv4 address`);
  }
  const [nic = "", alias] = call.parameter("nic").split(":");
  const named = call.parameter("iflabel");
  const label = named === "" ? alias : named;
  return {
    ip,
    nic: nic === "" ? undefined : nic,
    label: label === undefined || nic === "" ? undefined : `${nic}:${label}`,
    prefix,
    broadcast: broadcast === "" ? undefined : broadcast,
  };
}

/** All addresses of this host; an exit code when `ip` cannot say. */
function addresses(call: AgentCall): readonly HostAddress[] | number {
  const done = call.ask(["ip", "-json", "address", "show"]);
  if (done.exit === 0) {
    try {
      return readAddresses(done.stdout);
    } catch {
      return call.fail(
        Exit.notInstalled,
        "this `ip` knows no -json; iproute2 4.13 or newer is needed",
      );
    }
  }
  return call.fail(
    Exit.notInstalled,
    `\`ip\` of the package iproute2 is needed: ${done.stderr.trim()}`,
  );
}

async function announcePlace(
  call: AgentCall,
  traits: VirtualAddressTraits,
  nic: string,
  ip: string,
): Promise<void> {
  const { count, intervalMs } = traits.announce(call);
  if (count < 1) return;
  try {
    // Only a start needs it, and not before the address is there.
    const { announceOnce } = await import("./announce.ts");
    announceOnce(nic, ip);
  } catch (error) {
    call.say(`could not announce ${ip} on ${nic}: ${String(error)}`);
    return;
  }
  if (count > 1) {
    const rest = ["agent", "announce", nic, ip, String(count - 1), String(intervalMs)];
    call.spawnDetached([...selfCommand(), ...rest]);
  }
}

async function start(call: AgentCall, traits: VirtualAddressTraits): Promise<number> {
  const want = wanted(call);
  if (typeof want === "number") return want;
  const all = addresses(call);
  if (typeof all === "number") return all;
  if (findAddress(all, want.ip, want.nic) !== undefined) return Exit.ok;
  const place = placeAddress(all, want.ip, {
    ...(want.nic === undefined ? {} : { nic: want.nic }),
    ...(want.prefix === undefined ? {} : { prefix: want.prefix }),
    ...(want.broadcast === undefined ? {} : { broadcast: want.broadcast }),
  });
  if (place === undefined) {
    return call.fail(
      Exit.notInstalled,
      `no interface of this node has an address in the network of ${want.ip}; give nic and cidr_netmask`,
    );
  }
  const added = add(call, traits, want, place);
  if (added !== Exit.ok) return added;
  call.ask(["ip", "link", "set", place.nic, "up"]);
  await announcePlace(call, traits, place.nic, want.ip);
  return Exit.ok;
}

function add(
  call: AgentCall,
  traits: VirtualAddressTraits,
  want: Wanted,
  place: Placement,
): number {
  const words = ["ip", "address", "add", `${want.ip}/${place.prefix}`];
  if (place.broadcast !== undefined) words.push("broadcast", place.broadcast);
  words.push("dev", place.nic);
  if (want.label !== undefined) words.push("label", want.label);
  if (familyOf(want.ip) === 6) words.push("nodad");
  const done = call.ask([...words, ...traits.addWords(call)]);
  if (done.exit === 0 || done.stderr.includes("File exists")) return Exit.ok;
  return call.fail(Exit.error, `could not add ${want.ip} to ${place.nic}: ${done.stderr.trim()}`);
}

function stop(call: AgentCall): number {
  const want = wanted(call);
  if (typeof want === "number") return want;
  const all = addresses(call);
  if (typeof all === "number") return all;
  const found = findAddress(all, want.ip, want.nic);
  if (found === undefined) return Exit.ok;
  const words = ["ip", "address", "del", `${want.ip}/${found.prefix}`, "dev", found.nic];
  const done = call.ask(words);
  if (done.exit === 0 || done.stderr.includes("Cannot assign requested address")) return Exit.ok;
  return call.fail(
    Exit.error,
    `could not remove ${want.ip} from ${found.nic}: ${done.stderr.trim()}`,
  );
}

function monitor(call: AgentCall): number {
  const want = wanted(call);
  if (typeof want === "number") return want;
  const all = addresses(call);
  if (typeof all === "number") return all;
  return findAddress(all, want.ip, want.nic) === undefined ? Exit.notRunning : Exit.ok;
}

function validate(call: AgentCall): number {
  const want = wanted(call);
  return typeof want === "number" ? want : Exit.ok;
}

/** The table of actions of an address agent. */
export function addressActions(traits: VirtualAddressTraits): readonly AgentAction[] {
  return [
    { name: "start", timeoutS: 20, run: (call) => start(call, traits) },
    { name: "stop", timeoutS: 20, run: stop },
    { name: "status", timeoutS: 20, intervalS: 10, run: monitor },
    { name: "monitor", timeoutS: 20, intervalS: 10, run: monitor },
    { name: "validate-all", timeoutS: 20, run: validate },
  ];
}
