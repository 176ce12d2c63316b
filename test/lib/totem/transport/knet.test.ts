/** knet's decisions: links come up and go down, datagrams arrive once and whole, by the links of the mode. */
import { describe, expect, test } from "bun:test";
import {
  type KnetConfig,
  type KnetEffect,
  KnetTransport,
} from "../../../../lib/totem/transport/knet.ts";
import { KnetReceiver } from "../../../../lib/totem/transport/knet-receiver.ts";
import { decodeKnet, encodeKnet, type KnetData } from "../../../../lib/wire/knet.ts";

const timers = { pingIntervalMs: 250, pingTimeoutMs: 500, pongCount: 2 };
const addressOf = (node: number, link: number) => ({
  address: `10.0.${link}.${node}`,
  port: 5405 + link,
});

/** A ring datagram of so many bytes, meant for `target` (0 = everybody). */
function datagram(bytes: number, target = 0): Uint8Array {
  const data = Uint8Array.from({ length: bytes }, (_, index) => index & 0xff);
  new DataView(data.buffer).setUint32(9, target, true);
  return data;
}

/** Nodes 1 to `count` with all links on one network; time passes in steps of 20 ms. */
class Network {
  readonly nodes = new Map<number, KnetTransport>();
  readonly received = new Map<number, Uint8Array[]>();
  readonly links: string[] = [];
  /** Packets by kind, with the links they went over. */
  readonly sent: { readonly kind: string; readonly link: number; readonly bytes: number }[] = [];
  readonly dead = new Set<number>();
  largest = 1472;
  now = 0;

  /** Hear nothing. */
  readonly deaf = new Set<number>();
  private readonly ids: readonly number[];

  constructor(
    count: number,
    private readonly linkCount: number,
    private readonly mode: KnetConfig["mode"],
  ) {
    this.ids = Array.from({ length: count }, (_, index) => index + 1);
    for (const nodeId of this.ids) {
      this.received.set(nodeId, []);
      this.nodes.set(nodeId, this.make(nodeId));
    }
    for (const [id, node] of this.nodes) this.carry(id, node.step(0, { kind: "start" }));
  }

  restart(nodeId: number): void {
    const node = this.make(nodeId);
    this.nodes.set(nodeId, node);
    this.carry(nodeId, node.step(this.now, { kind: "start" }));
  }

  private make(nodeId: number): KnetTransport {
    const links = Array.from({ length: this.linkCount }, (_, link) => ({
      link,
      priority: link,
      local: addressOf(nodeId, link),
      peers: new Map(this.ids.map((id) => [id, addressOf(id, link)] as const)),
      timers,
    }));
    const { mode } = this;
    return new KnetTransport({ nodeId, mode, links, room: (bytes: number) => bytes });
  }

  run(ms: number): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += 20;
      for (const [id, node] of this.nodes) {
        this.carry(id, node.step(this.now, { kind: "timer", name: "knet" }));
      }
    }
  }

  send(from: number, to: number | "all", data: Uint8Array): void {
    const node = this.nodes.get(from)!;
    this.carry(from, node.step(this.now, { kind: "ring-send", to, data }));
  }

  private carry(from: number, effects: readonly KnetEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === "datagram") this.received.get(from)?.push(effect.data);
      else if (effect.kind === "link") {
        this.links.push(`${from}>${effect.nodeId}/${effect.link} ${effect.up ? "up" : "down"}`);
      } else if (effect.kind === "packet") this.transmit(from, effect);
    }
  }

  private transmit(from: number, effect: Extract<KnetEffect, { kind: "packet" }>): void {
    const { link, data } = effect;
    this.sent.push({ kind: decodeKnet(data)?.kind ?? "", link, bytes: data.length });
    const to = Number(effect.to.address.split(".")[3]);
    if (this.dead.has(link) || this.deaf.has(to) || data.length > this.largest) return;
    const event = { kind: "packet", link, from: addressOf(from, link), data } as const;
    this.carry(to, this.nodes.get(to)?.step(this.now, event) ?? []);
  }
}

describe("links", () => {
  test("come up with the third pong and go down when pongs stay away", () => {
    const network = new Network(2, 1, "passive");
    network.run(240);
    expect(network.links).toEqual([]);
    network.run(300);
    expect(network.links).toEqual(["1>2/0 up", "2>1/0 up"]);
    expect(network.nodes.get(1)?.reachable).toEqual([2]);
    network.dead.add(0);
    network.run(1000);
    expect(network.links.slice(2)).toEqual(["1>2/0 down", "2>1/0 down"]);
    expect(network.nodes.get(1)?.reachable).toEqual([]);
  });

  test("find the largest packet that passes, and fall back when none does", () => {
    const wide = new Network(2, 1, "passive");
    wide.run(1000);
    wide.send(1, 2, datagram(1400, 2));
    expect(wide.sent.at(-1)).toMatchObject({ kind: "data", bytes: 1414 });
    const narrow = new Network(2, 1, "passive");
    narrow.largest = 1300;
    narrow.run(3000);
    narrow.send(1, 2, datagram(1400, 2));
    expect(narrow.sent.slice(-2).map((packet) => packet.bytes)).toEqual([1252, 176]);
    expect(narrow.received.get(2)?.map((data) => data.length)).toEqual([1400]);
  });
});

describe("datagrams", () => {
  test("of a restarted node reach a peer that heard of it only after its first ones", () => {
    const network = new Network(3, 1, "passive");
    network.run(1000);
    for (let count = 0; count < 100; count++) network.send(1, "all", datagram(20));
    // Its ways to the others come up one after the other; it sends as soon as there is one.
    network.deaf.add(3);
    network.restart(1);
    network.run(1000);
    network.send(1, "all", datagram(30));
    network.deaf.clear();
    network.run(1000);
    network.send(1, "all", datagram(40));
    expect(network.received.get(3)?.at(-1)).toHaveLength(40);
  });

  test("larger than a packet are cut and put together", () => {
    const network = new Network(3, 1, "passive");
    network.run(1000);
    const data = datagram(60_000);
    network.send(1, "all", data);
    expect(network.received.get(2)).toEqual([data]);
    expect(network.received.get(3)).toEqual([data]);
    expect(network.received.get(1)).toEqual([]);
  });

  test("to ourselves come back, those meant for others do not go up", () => {
    const network = new Network(2, 1, "passive");
    network.run(1000);
    network.send(1, 1, datagram(20, 1));
    network.send(1, 2, datagram(20, 7));
    expect(network.received.get(1)).toHaveLength(1);
    expect(network.received.get(2)).toHaveLength(0);
  });

  test("from an address that is not the peer's are dropped", () => {
    const network = new Network(2, 1, "passive");
    network.run(1000);
    const data = encodeKnet({
      kind: "data",
      nodeId: 2,
      seq: 9,
      compress: 0,
      broadcast: true,
      fragments: 1,
      fragment: 0,
      channel: 0,
      payload: datagram(20),
    });
    const from = { address: "10.9.9.9", port: 5405 };
    const effects = network.nodes
      .get(1)
      ?.step(network.now, { kind: "packet", link: 0, from, data });
    expect(effects).toEqual([]);
  });
});

describe("modes", () => {
  const linksUsed = (mode: KnetConfig["mode"], datagrams: number): readonly number[] => {
    const network = new Network(2, 2, mode);
    network.run(1000);
    const before = network.sent.length;
    for (let count = 0; count < datagrams; count++) network.send(1, 2, datagram(20, 2));
    expect(network.received.get(2)).toHaveLength(datagrams);
    return network.sent.slice(before).map((packet) => packet.link);
  };

  test("passive takes the highest priority, active all, rr one after the other", () => {
    expect(linksUsed("passive", 2)).toEqual([1, 1]);
    expect(linksUsed("active", 2)).toEqual([1, 0, 1, 0]);
    expect(linksUsed("rr", 4)).toEqual([1, 0, 1, 0]);
  });

  test("passive changes over when its link dies, and back", () => {
    const network = new Network(2, 2, "passive");
    network.run(1000);
    network.dead.add(1);
    network.run(1000);
    network.send(1, 2, datagram(20, 2));
    expect(network.sent.at(-1)).toMatchObject({ kind: "data", link: 0 });
    network.dead.clear();
    network.run(1000);
    network.send(1, 2, datagram(20, 2));
    expect(network.sent.at(-1)).toMatchObject({ kind: "data", link: 1 });
    expect(network.received.get(2)).toHaveLength(2);
  });
});

describe("receiver", () => {
  const packet = (seq: number, fragments = 1, fragment = 0): KnetData => ({
    kind: "data",
    nodeId: 2,
    seq,
    compress: 0,
    broadcast: true,
    fragments,
    fragment,
    channel: 0,
    payload: new Uint8Array([seq & 0xff, fragment]),
  });

  test("takes each number once, late ones too, across the wrap", () => {
    const receiver = new KnetReceiver();
    const taken = [65533, 65535, 1, 65535, 65533, 65534, 1].map(
      (seq) => receiver.receive(packet(seq)) !== undefined,
    );
    expect(taken).toEqual([true, true, true, false, false, true, false]);
  });

  test("numbers older than the window are dropped, a restarted peer begins anew", () => {
    const receiver = new KnetReceiver();
    receiver.receive(packet(10_000));
    expect(receiver.receive(packet(5000))).toBeUndefined();
    receiver.onPing(0);
    expect(receiver.receive(packet(1))).toBeDefined();
  });

  test("a peer whose latest number lies behind all that is remembered begins anew", () => {
    const receiver = new KnetReceiver();
    receiver.receive(packet(10_000));
    receiver.onPing(9990);
    expect(receiver.receive(packet(10_000))).toBeUndefined();
    receiver.onPing(50_000);
    expect(receiver.receive(packet(50_000))).toBeDefined();
  });

  test("fragments come in any order and more than once", () => {
    const receiver = new KnetReceiver();
    for (const fragment of [3, 1, 3]) {
      expect(receiver.receive(packet(7, 3, fragment))).toBeUndefined();
    }
    expect([...(receiver.receive(packet(7, 3, 2)) ?? [])]).toEqual([7, 1, 7, 2, 7, 3]);
    expect(receiver.receive(packet(7, 3, 2))).toBeUndefined();
  });

  test("the memory for incomplete datagrams is bounded", () => {
    const receiver = new KnetReceiver();
    for (let seq = 1; seq <= 200; seq++) receiver.receive(packet(seq, 2, 1));
    expect(receiver.receive(packet(1, 2, 2))).toBeUndefined();
    expect(receiver.receive(packet(200, 2, 2))).toBeDefined();
  });
});

describe("another configuration while it runs", () => {
  const link = (number: number, peers: readonly number[], priority = 1) => ({
    link: number,
    priority,
    local: addressOf(1, number),
    peers: new Map(peers.map((id) => [id, addressOf(id, number)] as const)),
    timers,
  });

  test("links that stay keep their state, new ones come up, those of nodes that go are told down", () => {
    const network = new Network(3, 1, "passive");
    network.run(2000);
    const node = network.nodes.get(1)!;
    expect(node.reachable).toEqual([2, 3]);
    const faster = { ...link(0, [1, 2]), timers: { ...timers, pingTimeoutMs: 400 } };
    const effects = node.step(network.now, {
      kind: "configure",
      links: [faster, link(1, [1, 2])],
    });
    const told = effects.filter((effect) => effect.kind === "link");
    expect(told).toEqual([{ kind: "link", nodeId: 3, link: 0, up: false }]);
    expect(node.reachable).toEqual([2]);
    expect(node.datagramBytes(2, 0)).toBe(1472);
    expect(node.datagramBytes(3, 0)).toBeUndefined();
    // The new link is pinged at once, the old one goes on.
    const links = effects.flatMap((effect) => (effect.kind === "packet" ? [effect.link] : []));
    expect(links).toContain(1);
    expect(node.reachable).toEqual([2]);
  });

  test("it asks to be woken when the next ping, timeout or probe is due, not before", () => {
    const network = new Network(2, 1, "passive");
    network.run(2000);
    const node = network.nodes.get(1)!;
    const wake = node
      .step(network.now, { kind: "timer", name: "knet" })
      .find((effect) => effect.kind === "set-timer");
    const delayMs = wake?.kind === "set-timer" ? wake.delayMs : 0;
    expect(delayMs).toBeGreaterThan(5);
    expect(delayMs).toBeLessThanOrEqual(timers.pingIntervalMs);
    const kinds = (at: number) =>
      node.step(at, { kind: "timer", name: "knet" }).map((effect) => effect.kind);
    expect(kinds(network.now + delayMs / 2)).toEqual(["set-timer"]);
    expect(kinds(network.now + delayMs)).toContain("packet");
  });

  test("priorities change which link carries the ring", () => {
    const network = new Network(2, 2, "passive");
    network.run(2000);
    const node = network.nodes.get(1)!;
    const used = () => {
      const sent = node.step(network.now, { kind: "ring-send", to: "all", data: datagram(100) });
      return sent.flatMap((effect) => (effect.kind === "packet" ? [effect.link] : []));
    };
    expect(used()).toEqual([1]);
    node.step(network.now, { kind: "configure", links: [link(0, [1, 2], 9), link(1, [1, 2], 1)] });
    expect(used()).toEqual([0]);
  });
});
