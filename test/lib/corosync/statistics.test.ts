import { expect, test } from "bun:test";
import { ProcessStatistics } from "../../../lib/corosync/statistics.ts";
import type { CmapValue } from "../../../lib/wire/cmap.ts";
import { serviceMessage } from "../../../lib/wire/service.ts";

function made() {
  const ring = { orf_token_rx: 0, mcast_tx: 0, continuous_gather: 0 };
  const links = new Map<string, CmapValue>([
    ["knet.node2.link0.rx_data_packets", { type: "u64", value: 7n }],
    ["knet.node2.link0.mtu", { type: "u32", value: 1446 }],
  ]);
  const statistics = new ProcessStatistics({
    ring: () => ring,
    queueRoom: () => 100,
    waiting: () => 3,
    transport: () => links,
  });
  return { ring, links, statistics };
}

test("clients: what each asked and was told; who is gone is only counted", () => {
  const { statistics } = made();
  statistics.clientConnected(5, "cpg", 4242, "corosync-cpgtoo");
  statistics.clientMessage(5, "requests");
  statistics.clientMessage(5, "requests");
  statistics.clientMessage(5, "responses");
  const all = statistics.all(0);
  const path = "stats.ipcs.service2.4242.0x5";
  expect(all.get(`${path}.requests`)).toEqual({ type: "u64", value: 2n });
  expect(all.get(`${path}.responses`)).toEqual({ type: "u64", value: 1n });
  expect(all.get(`${path}.procname`)).toEqual({ type: "string", value: "corosync-cpgtoo" });
  statistics.clientGone(5);
  statistics.clientGone(5);
  expect([...statistics.all(0).keys()].filter((key) => key.startsWith(path))).toEqual([]);
  expect(statistics.all(0).get("stats.ipcs.global.closed")).toEqual({ type: "u64", value: 1n });
});

test("the token: how long ago, and how often", () => {
  const { ring, statistics } = made();
  for (let at = 0; at <= 10_000; at += 100) {
    ring.orf_token_rx++;
    statistics.noteToken(at);
  }
  const all = statistics.all(10_030);
  expect(all.get("stats.srp.time_since_token_last_received")).toEqual({ type: "u64", value: 30n });
  expect(all.get("stats.srp.mtt_rx_token")).toEqual({ type: "u32", value: 100 });
});

test("counters that are set back count from there; states do not change", () => {
  const { ring, links, statistics } = made();
  ring.mcast_tx = 9;
  statistics.clear("totem");
  ring.mcast_tx = 11;
  expect(statistics.all(0).get("stats.srp.mcast_tx")).toEqual({ type: "u64", value: 2n });
  statistics.clear("knet");
  expect(statistics.all(0).get("stats.knet.node2.link0.mtu")).toEqual({ type: "u32", value: 1446 });
  const key = "stats.knet.node2.link0.rx_data_packets";
  expect(statistics.all(0).get(key)).toEqual({ type: "u64", value: 0n });
  // The transport was opened anew: its counters begin at 0.
  links.set("knet.node2.link0.rx_data_packets", { type: "u64", value: 2n });
  expect(statistics.all(0).get(key)).toEqual({ type: "u64", value: 2n });
});

test("messages of services by function, told again only after a change", () => {
  const { statistics } = made();
  expect(statistics.serviceKeys()?.length).toBe(34);
  expect(statistics.serviceKeys()).toBeUndefined();
  statistics.serviceSent(serviceMessage(2, 3, 16).bytes);
  statistics.serviceReceived(2, 3);
  statistics.serviceReceived(2, 3);
  statistics.serviceReceived(99, 99);
  const keys = new Map(statistics.serviceKeys());
  expect(keys.get("runtime.services.cpg.3.tx")).toEqual({ type: "u64", value: 1n });
  expect(keys.get("runtime.services.cpg.3.rx")).toEqual({ type: "u64", value: 2n });
});

test("times at which the process did not run: the latest ten, the latest first", () => {
  const { statistics } = made();
  for (let n = 1; n <= 12; n++) statistics.scheduleMiss({ delayMs: n * 1000, atEpochMs: n });
  const all = statistics.all(0);
  expect(all.get("stats.schedmiss.0.delay")).toEqual({ type: "float", value: 12_000 });
  expect(all.get("stats.schedmiss.9.timestamp")).toEqual({ type: "u64", value: 3n });
  expect(all.has("stats.schedmiss.10.delay")).toBe(false);
  statistics.clear("schedmiss");
  expect(statistics.all(0).has("stats.schedmiss.0.delay")).toBe(false);
});
