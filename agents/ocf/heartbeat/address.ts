/**
 * The arithmetic of addresses behind IPaddr and IPaddr2, without I/O: where an address is, on which interface it belongs, with
 * which mask and broadcast. Works on the output of `ip -json address`.
 */

export interface HostAddress {
  readonly nic: string;
  readonly family: 4 | 6;
  readonly address: string;
  readonly prefix: number;
  readonly broadcast: string | undefined;
}

export interface Placement {
  readonly nic: string;
  readonly prefix: number;
  readonly broadcast: string | undefined;
}

const BITS = { 4: 32, 6: 128 } as const;

/** 4 or 6; undefined when the text is no address. */
export function familyOf(text: string): 4 | 6 | undefined {
  if (addressBits(text, 4) !== undefined) return 4;
  return text.includes(":") && addressBits(text, 6) !== undefined ? 6 : undefined;
}

function parse4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256n + BigInt(part);
  }
  return value;
}

function parse6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const groups = halves.map((h) => (h === "" ? [] : h.split(":")));
  const count = groups.reduce((sum, g) => sum + g.length, 0);
  if (halves.length === 1 ? count !== 8 : count > 7) return undefined;
  const fill = Array<string>(8 - count).fill("0");
  const all = halves.length === 1 ? groups[0]! : [...groups[0]!, ...fill, ...groups[1]!];
  let value = 0n;
  for (const group of all) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
    value = value * 65536n + BigInt(`0x${group}`);
  }
  return value;
}

/** The address as a number; undefined when it is none of this family. */
export function addressBits(text: string, family: 4 | 6): bigint | undefined {
  return family === 4 ? parse4(text) : parse6(text);
}

/** "24" or "255.255.255.0" → 24; undefined when it is neither. */
export function prefixOf(text: string, family: 4 | 6): number | undefined {
  if (/^\d{1,3}$/.test(text)) return Number(text) <= BITS[family] ? Number(text) : undefined;
  const mask = family === 4 ? parse4(text) : undefined;
  if (mask === undefined) return undefined;
  const bits = mask.toString(2).padStart(32, "0");
  return /^1*0*$/.test(bits) ? bits.replaceAll("0", "").length : undefined;
}

/** The last address of the network, as IPv4 broadcasts to. */
export function broadcastOf(address: string, prefix: number): string | undefined {
  const value = parse4(address);
  if (value === undefined || prefix > 30) return undefined;
  const last = value | ((1n << BigInt(32 - prefix)) - 1n);
  return [24n, 16n, 8n, 0n].map((shift) => String((last >> shift) & 255n)).join(".");
}

function sameNetwork(a: bigint, b: bigint, prefix: number, family: 4 | 6): boolean {
  const shift = BigInt(BITS[family] - prefix);
  return a >> shift === b >> shift;
}

/** Reads the output of `ip -json address show`. Throws when it is no such output. */
export function readAddresses(json: string): readonly HostAddress[] {
  interface Row {
    readonly ifname: string;
    readonly addr_info?: readonly {
      readonly family?: string;
      readonly local?: string;
      readonly prefixlen?: number;
      readonly broadcast?: string;
    }[];
  }
  const rows = JSON.parse(json) as readonly Row[];
  return rows.flatMap((row) =>
    (row.addr_info ?? []).flatMap((a): readonly HostAddress[] => {
      const family = a.family === "inet" ? 4 : a.family === "inet6" ? 6 : undefined;
      if (family === undefined || a.local === undefined) return [];
      const prefix = a.prefixlen ?? BITS[family];
      return [{ nic: row.ifname, family, address: a.local, prefix, broadcast: a.broadcast }];
    }),
  );
}

/** Where the address is now; with `nic`, only there counts. */
export function findAddress(
  all: readonly HostAddress[],
  address: string,
  nic: string | undefined,
): HostAddress | undefined {
  const family = familyOf(address);
  if (family === undefined) return undefined;
  const bits = addressBits(address, family);
  return all.find(
    (a) =>
      a.family === family &&
      addressBits(a.address, family) === bits &&
      (nic === undefined || a.nic === nic),
  );
}

/**
 * Where an address belongs: the interface whose own network holds it (the narrowest such network wins), with that network's
 * mask and broadcast. What the caller gives (`nic`, `prefix`, `broadcast`) wins over what is found. Undefined when no
 * interface fits and no nic is given.
 */
export function placeAddress(
  all: readonly HostAddress[],
  address: string,
  wish: { readonly nic?: string; readonly prefix?: number; readonly broadcast?: string },
): Placement | undefined {
  const family = familyOf(address);
  if (family === undefined) return undefined;
  const bits = addressBits(address, family)!;
  const fits = all
    .filter((a) => a.family === family && a.prefix < BITS[family])
    .filter((a) => wish.nic === undefined || a.nic === wish.nic)
    .filter((a) => sameNetwork(addressBits(a.address, family)!, bits, a.prefix, family))
    .sort((a, b) => b.prefix - a.prefix);
  const found = fits[0];
  const nic = wish.nic ?? found?.nic;
  if (nic === undefined) return undefined;
  const prefix = wish.prefix ?? found?.prefix ?? BITS[family];
  const ownBroadcast = prefix === found?.prefix ? found.broadcast : undefined;
  const broadcast =
    family === 6 ? undefined : (wish.broadcast ?? ownBroadcast ?? broadcastOf(address, prefix));
  return { nic, prefix, broadcast };
}
