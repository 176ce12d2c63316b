import { describe, expect, test } from "bun:test";
import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import {
  canonicalIp,
  ipText,
  isIpv4,
  isIpv6,
  isLinkLocal,
  isMulticast,
  isSameNetwork,
  parseIp,
} from "../../../lib/base/ip-address.ts";

describe("IP addresses", () => {
  test("texts are what node:net takes for addresses", () => {
    const texts = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ unit: fc.constantFrom(..."0:.f19") }));
    fc.assert(
      fc.property(texts, (text) => {
        expect(isIpv4(text)).toBe(isIPv4(text));
        expect(isIpv6(text)).toBe(isIPv6(text));
      }),
    );
  });

  test("bytes to text and back; one spelling for each address", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      // Many zeros.
      fc
        .array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 16, maxLength: 16 })
        .map((a) => Uint8Array.from(a)),
    );
    fc.assert(
      fc.property(bytes, (address) => {
        expect(parseIp(ipText(address))).toEqual(address);
        if (address.length === 16) {
          expect(ipText(address)).toBe(
            new URL(`http://[${ipText(address)}]`).hostname.slice(1, -1),
          );
        }
      }),
    );
    expect(canonicalIp("FD77:0:0::0:1")).toBe("fd77::1");
    expect(canonicalIp("::ffff:10.0.0.1")).toBe("::ffff:a00:1");
    expect(canonicalIp("node1")).toBe("node1");
  });

  test("networks, multicast, link-local", () => {
    expect(isSameNetwork("fd77::1", "fd77::", "ffff:ffff:ffff:ffff::")).toBe(true);
    expect(isSameNetwork("fd77::1", "fd78::", "ffff:ffff:ffff:ffff::")).toBe(false);
    expect(isSameNetwork("10.0.1.5", "10.0.0.0", "255.255.0.0")).toBe(true);
    expect(isSameNetwork("10.0.1.5", "fd77::", "255.255.0.0")).toBe(false);
    expect(["224.0.0.1", "239.1.1.1", "ff15::1"].every(isMulticast)).toBe(true);
    expect(["223.0.0.1", "240.0.0.1", "fd00::1", "x"].some(isMulticast)).toBe(false);
    expect(["fe80::1", "febf::1"].every(isLinkLocal)).toBe(true);
    expect(["fec0::1", "fd00::1", "10.0.0.1"].some(isLinkLocal)).toBe(false);
  });
});
