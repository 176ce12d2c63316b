/** IP addresses as bytes and as text, both families; text in its shortest form (RFC 5952), as the system's calls give it. */

const GROUPS = 8;

function parseIpv4(text: string): readonly number[] | undefined {
  const parts = text.split(".");
  const isRight = parts.length === 4 && parts.every((p) => /^\d{1,3}$/.test(p) && Number(p) <= 255);
  return isRight ? parts.map(Number) : undefined;
}

/** The 16-bit groups of one half of an IPv6 address; the last may be a dotted IPv4 address. */
function parseGroups(half: string): readonly number[] | undefined {
  if (half === "") return [];
  const words = half.split(":");
  const groups: number[] = [];
  for (const [i, word] of words.entries()) {
    const dotted = i === words.length - 1 && word.includes(".") ? parseIpv4(word) : undefined;
    if (dotted !== undefined) {
      groups.push(dotted[0]! * 256 + dotted[1]!, dotted[2]! * 256 + dotted[3]!);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(word)) groups.push(Number.parseInt(word, 16));
    else return undefined;
  }
  return groups;
}

function parseIpv6(text: string): readonly number[] | undefined {
  if (!text.includes(":")) return undefined;
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = [parseGroups(halves[0] ?? ""), parseGroups(halves[1] ?? "")];
  if (head === undefined || tail === undefined) return undefined;
  const missing = GROUPS - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => 0), ...tail];
  return groups.flatMap((group) => [group >> 8, group & 0xff]);
}

/** 4 or 16 bytes; undefined when the text is no address. A zone (`%eth0`) is none of an address. */
export function parseIp(text: string): Uint8Array | undefined {
  const bytes = parseIpv4(text) ?? parseIpv6(text);
  return bytes === undefined ? undefined : Uint8Array.from(bytes);
}

/** The text of 4 or 16 bytes. */
export function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: GROUPS }, (_, i) =>
    ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16),
  );
  let [start, length] = [0, 1];
  for (let at = 0; at < GROUPS; at++) {
    let end = at;
    while (groups[end] === "0") end++;
    if (end - at > length) [start, length] = [at, end - at];
  }
  if (length === 1) return groups.join(":");
  return `${groups.slice(0, start).join(":")}::${groups.slice(start + length).join(":")}`;
}

/** One spelling for each address; other text as it is. */
export function canonicalIp(text: string): string {
  const bytes = parseIp(text);
  return bytes === undefined ? text : ipText(bytes);
}

export function isIpv4(text: string): boolean {
  return parseIpv4(text) !== undefined;
}

export function isIpv6(text: string): boolean {
  return parseIpv6(text) !== undefined;
}

/** fe80::/10: means another host on each interface. */
export function isLinkLocal(text: string): boolean {
  const bytes = parseIp(text);
  return bytes?.length === 16 && bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0x80;
}

/** Is this a multicast address of either family? */
export function isMulticast(text: string): boolean {
  const bytes = parseIp(text);
  if (bytes === undefined) return false;
  return bytes.length === 16 ? bytes[0] === 0xff : bytes[0]! >> 4 === 14;
}

/** Are both in the same network? False for addresses of different families, or what is no address. */
export function isSameNetwork(a: string, b: string, netmask: string): boolean {
  const [one, other, mask] = [parseIp(a), parseIp(b), parseIp(netmask)];
  if (one === undefined || other === undefined || mask === undefined) return false;
  if (one.length !== other.length || one.length !== mask.length) return false;
  return mask.every((bits, i) => (one[i]! & bits) === (other[i]! & bits));
}
