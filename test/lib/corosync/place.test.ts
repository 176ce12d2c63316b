import { describe, expect, test } from "bun:test";
import { isRejection } from "../../../lib/base/error.ts";
import { isIpv4 } from "../../../lib/base/ip-address.ts";
import { type LocalAddress, placeOf } from "../../../lib/corosync/place.ts";
import { addressOfAutomaticId, automaticNodeId } from "../../../lib/corosync/settings.ts";
import { configOf, LEGACY_CONF } from "./simulated-cluster.ts";

const address = (interfaceName: string, ip: string, netmask = "255.255.255.0"): LocalAddress => ({
  interfaceName,
  address: ip,
  netmask,
  loopback: interfaceName === "lo",
});
const LO = address("lo", "127.0.0.1", "255.0.0.0");
const resolve = (name: string) => (isIpv4(name) ? name : undefined);
const never = () => false;

function place(
  bind: string,
  addresses: readonly LocalAddress[],
  used = never as (id: number) => boolean,
) {
  const config = configOf(LEGACY_CONF.replace("10.0.0.0", bind));
  return placeOf(config, addresses, resolve, used);
}

describe("bindnetaddr", () => {
  test("names a network: its interface is chosen, and the node id made of the address", () => {
    const found = place("172.25.12.0", [
      LO,
      address("eth0", "10.1.1.1"),
      address("eth1", "172.25.12.6"),
    ]);
    expect(found).toMatchObject({
      interfaceName: "eth1",
      address: "172.25.12.6",
      nodeId: 0xac190c06,
    });
  });

  test("an exact address wins over others of its network", () => {
    const found = place("10.0.0.7", [address("eth0", "10.0.0.6"), address("eth0", "10.0.0.7")]);
    expect(found).toMatchObject({ address: "10.0.0.7" });
  });

  test("a virtual address in the same network does not take the node's place", () => {
    const addresses = [address("eth0", "10.0.0.200"), address("eth0", "10.0.0.6")];
    const used = (id: number) => id === automaticNodeId("10.0.0.6", false);
    expect(place("10.0.0.0", addresses, used)).toMatchObject({ address: "10.0.0.6" });
  });

  test("without a match nothing is chosen, least of all loopback; the message lists what there is", () => {
    const refused = place("10.9.9.0", [LO, address("eth0", "10.1.1.1")]);
    expect(isRejection(refused)).toBeTrue();
    expect(refused).toMatchObject({
      text: expect.stringMatching(/conf:4: no interface .* eth0 10.1.1.1\/255.255.255.0/),
    });
    expect(isRejection(place("127.0.0.0", [LO]))).toBeTrue();
  });
});

const NODELIST = `totem {
  version: 2
  transport: udpu
}
nodelist {
  node {
    nodeid: 6
    ring0_addr: 10.0.0.6
  }
  node {
    nodeid: 7
    ring0_addr: other
  }
}
quorum {
  provider: corosync_votequorum
}
`;

describe("a nodelist", () => {
  const names = (name: string) => (name === "other" ? "10.0.0.7" : resolve(name));

  test("tells who we are and resolves names", () => {
    const found = placeOf(configOf(NODELIST), [LO, address("eth0", "10.0.0.7")], names, never);
    expect(found).toMatchObject({ nodeId: 7, address: "10.0.0.7" });
    expect(isRejection(found) ? [] : found.nodes.map((n) => n.address)).toEqual([
      "10.0.0.6",
      "10.0.0.7",
    ]);
  });

  test("without us in it, or with an unknown name, is refused", () => {
    const alone = placeOf(configOf(NODELIST), [LO, address("eth0", "10.0.0.9")], names, never);
    expect(alone).toMatchObject({ code: "no-interface" });
    const unknown = placeOf(configOf(NODELIST), [address("eth0", "10.0.0.6")], resolve, never);
    expect(unknown).toMatchObject({
      code: "unresolved",
      text: expect.stringContaining(":10: ring0_addr other"),
    });
  });
});

test("automatic node ids and back", () => {
  expect(automaticNodeId("172.25.12.6", false)).toBe(2887322630);
  expect(automaticNodeId("172.25.12.6", true)).toBe(2887322630 - 2 ** 31);
  expect(addressOfAutomaticId(2887322630)).toBe("172.25.12.6");
});
