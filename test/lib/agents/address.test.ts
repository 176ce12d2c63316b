/** Where an address belongs: interface, mask, broadcast (agents/ocf/heartbeat/address.ts) and how the neighbours are told. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  addressBits,
  broadcastOf,
  familyOf,
  findAddress,
  placeAddress,
  prefixOf,
  readAddresses,
} from "../../../agents/ocf/heartbeat/address.ts";
import {
  arpAnnouncement,
  macBytes,
  neighbourAdvertisement,
} from "../../../agents/ocf/heartbeat/announce.ts";

/** As `ip -json address show` prints it, on a host with two networks. */
const host = readAddresses(
  JSON.stringify([
    { ifname: "lo", addr_info: [{ family: "inet", local: "127.0.0.1", prefixlen: 8 }] },
    {
      ifname: "eth0",
      addr_info: [
        { family: "inet", local: "172.25.12.6", prefixlen: 24, broadcast: "172.25.12.255" },
        { family: "inet6", local: "fe80::1", prefixlen: 64 },
      ],
    },
    {
      ifname: "eth1",
      addr_info: [
        { family: "inet", local: "172.25.0.1", prefixlen: 16, broadcast: "172.25.255.255" },
        { family: "inet6", local: "2001:db8::1", prefixlen: 32 },
      ],
    },
    { ifname: "down0" },
  ]),
);

describe("an address finds its interface", () => {
  test("the narrowest network that holds it wins", () => {
    expect(placeAddress(host, "172.25.12.200", {})).toEqual({
      nic: "eth0",
      prefix: 24,
      broadcast: "172.25.12.255",
    });
    expect(placeAddress(host, "172.25.13.1", {})?.nic).toBe("eth1");
  });

  test("what the administrator gives wins", () => {
    const wish = { nic: "eth1", prefix: 28, broadcast: "172.25.12.207" };
    expect(placeAddress(host, "172.25.12.200", wish)).toEqual(wish);
  });

  test("a given nic without a fitting network gets a host address", () => {
    expect(placeAddress(host, "10.0.0.1", { nic: "eth0" })).toEqual({
      nic: "eth0",
      prefix: 32,
      broadcast: undefined,
    });
  });

  test("no fitting network and no nic: no place", () => {
    expect(placeAddress(host, "10.0.0.1", {})).toBeUndefined();
  });

  test("IPv6 has no broadcast", () => {
    expect(placeAddress(host, "2001:db8::99", {})).toEqual({
      nic: "eth1",
      prefix: 32,
      broadcast: undefined,
    });
  });

  test("an address is found in any spelling, and only on the asked interface", () => {
    expect(findAddress(host, "2001:0db8:0:0:0:0:0:1", undefined)?.nic).toBe("eth1");
    expect(findAddress(host, "172.25.12.6", "eth1")).toBeUndefined();
    expect(findAddress(host, "172.25.12.60", undefined)).toBeUndefined();
  });
});

describe("words of an address", () => {
  test.each([
    ["172.25.12.200", 4],
    ["fe80::1", 6],
    ["::", 6],
    ["1:2:3:4:5:6:7:8", 6],
    ["172.25.12", undefined],
    ["172.25.12.256", undefined],
    ["1::2::3", undefined],
    ["1:2:3:4:5:6:7", undefined],
    ["fe", undefined],
    ["", undefined],
  ] as const)("%s is of family %p", (text, family) => {
    expect(familyOf(text)).toBe(family);
  });

  test.each([
    ["24", 24],
    ["255.255.255.0", 24],
    ["255.255.255.255", 32],
    ["0.0.0.0", 0],
    ["255.0.255.0", undefined],
    ["33", undefined],
    ["x", undefined],
  ] as const)("netmask %s is %p bits", (text, bits) => {
    expect(prefixOf(text, 4)).toBe(bits);
  });

  test("the broadcast address is the last of the network", () => {
    expect(broadcastOf("172.25.12.200", 24)).toBe("172.25.12.255");
    expect(broadcastOf("10.1.2.3", 30)).toBe("10.1.2.3");
    expect(broadcastOf("10.1.2.3", 31)).toBeUndefined();
  });

  test("every dotted address is read back as it was", () => {
    fc.assert(
      fc.property(fc.ipV4(), (text) => {
        const bits = addressBits(text, 4)!;
        const back = [24n, 16n, 8n, 0n].map((s) => (bits >> s) & 255n).join(".");
        expect(back).toBe(text.split(".").map(Number).join("."));
      }),
    );
  });
});

describe("the neighbours are told", () => {
  const mac = macBytes("52:54:00:0b:8f:1f");

  test("an ARP announcement names the address as sender and as target", () => {
    const frame = arpAnnouncement(mac, "172.25.12.200");
    expect(Buffer.from(frame).toString("hex")).toBe(
      "ffffffffffff5254000b8f1f0806" +
        "0001080006040001" +
        "5254000b8f1fac190cc8" +
        "000000000000ac190cc8",
    );
  });

  test("a neighbour advertisement's checksum makes the sum come out even", () => {
    const frame = neighbourAdvertisement(mac, "fd00::5");
    const icmp = frame.subarray(54);
    const pseudo = new Uint8Array([...frame.subarray(22, 54), 0, 0, 0, icmp.length, 0, 0, 0, 58]);
    let sum = 0;
    for (const part of [pseudo, icmp]) {
      for (let at = 0; at < part.length; at += 2) sum += part[at]! * 256 + part[at + 1]!;
    }
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
    expect(sum).toBe(0xffff);
    expect(icmp[0]).toBe(136);
  });
});
