import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readHeader } from "../../../lib/wire/fields.ts";
import { CsError } from "../../../lib/wire/ipc/cs-error.ts";
import { encodeCfgRequest } from "../../../lib/wire/ipc/services-cfg.ts";
import { decodeCmapGet, encodeCmapRequest } from "../../../lib/wire/ipc/services-cmap.ts";
import { encodeCpgRequest } from "../../../lib/wire/ipc/services-cpg.ts";
import { decodeQuorumNumber, encodeQuorumRequest } from "../../../lib/wire/ipc/services-quorum.ts";
import {
  decodeVotequorumInfo,
  encodeVotequorumRequest,
  type VotequorumInfo,
} from "../../../lib/wire/ipc/services-votequorum.ts";
import { SimulatedCluster } from "./simulated-cluster.ts";

const NODES = [6, 7, 8];
const GROUP = "test\0";

function info(cluster: SimulatedCluster, id: number): VotequorumInfo {
  const client = cluster.connect(id, "votequorum");
  const message = encodeVotequorumRequest({ op: "get-info", nodeId: id });
  return decodeVotequorumInfo(cluster.request(id, client, message)!)!;
}

function quorate(cluster: SimulatedCluster, id: number): boolean {
  const client = cluster.connect(id, "quorum");
  const answer = cluster.request(id, client, encodeQuorumRequest({ op: "get-quorate" }));
  return decodeQuorumNumber(answer!).value === 1;
}

function up(seed: number, ids: readonly number[] = NODES): SimulatedCluster {
  const cluster = new SimulatedCluster(seed, ids);
  for (const id of ids) cluster.start(id);
  cluster.run(3000);
  return cluster;
}

describe("the walkthrough's first steps", () => {
  test("a lone first node has no quorum; three have, and expect three votes", () => {
    const cluster = new SimulatedCluster(1, NODES);
    cluster.start(6);
    cluster.run(2000);
    expect(quorate(cluster, 6)).toBeFalse();
    expect(info(cluster, 6)).toMatchObject({ expectedVotes: 2, totalVotes: 1, quorum: 2 });
    cluster.start(7);
    cluster.start(8);
    cluster.run(3000);
    for (const id of NODES) {
      expect(quorate(cluster, id)).toBeTrue();
      expect(info(cluster, id)).toMatchObject({ expectedVotes: 3, totalVotes: 3, quorum: 2 });
    }
  });

  test("the seed's four greps find their lines", () => {
    const log = up(2).nodes.get(6)!.log;
    const grep = (...patterns: RegExp[]) => log.filter((l) => patterns.some((p) => p.test(l)));
    expect(grep(/Corosync Cluster Engine/, /configuration file/)).toEqual([
      "[MAIN  ] Corosync Cluster Engine ('0.0.0'): started and ready to provide service.",
      "[MAIN  ] Successfully read main configuration file '/etc/corosync/corosync.conf'.",
    ]);
    expect(grep(/TOTEM(?!.*entering)/).slice(0, 4)).toEqual([
      "[TOTEM ] Initializing transport (UDP/IP Multicast).",
      "[TOTEM ] Initializing transmit/receive security: none (mode 0).",
      "[TOTEM ] The network interface [10.0.0.6] is now up.",
      "[TOTEM ] A processor joined or left the membership and a new membership was formed.",
    ]);
    expect(grep(/pcmk_startup/)).toEqual([
      "[pcmk  ] info: pcmk_startup: CRM: Initialized",
      "[pcmk  ] Logging: Initialized pcmk_startup",
      "[pcmk  ] info: pcmk_startup: Maximum core file size is: 18446744073709551615",
      "[pcmk  ] info: pcmk_startup: Service: 9",
      "[pcmk  ] info: pcmk_startup: Local hostname: server6",
    ]);
    expect(grep(/ERROR/).map((l) => l.slice(0, 41))).toEqual([
      "[pcmk  ] ERROR: process_ais_conf: You hav",
      "[pcmk  ] ERROR: process_ais_conf: Please ",
    ]);
  });

  test("pacemakerd is started when the node is ready, stopped before the node leaves", () => {
    const cluster = up(3);
    const node = cluster.nodes.get(8)!;
    expect(node.started).toEqual(["start-process pacemakerd"]);
    cluster.post(8, { kind: "process-started", name: "pacemakerd", pid: 100 });
    cluster.post(8, { kind: "terminate", reason: "test" });
    cluster.run(5000);
    expect(node.started.at(-1)).toBe("stop-process pacemakerd");
    expect(node.exit).toBeUndefined();
    expect(info(cluster, 6).totalVotes).toBe(3);
    cluster.post(8, {
      kind: "process-exited",
      name: "pacemakerd",
      pid: 100,
      exit: 0,
      signal: undefined,
    });
    expect(node.exit).toBe(0);
    cluster.run(100);
    expect(info(cluster, 6).totalVotes).toBe(2);
  });
});

describe("faults", () => {
  test("two of three go on, the third does not; healed, all agree", () => {
    const cluster = up(4);
    cluster.partition([6, 7], [8]);
    cluster.run(5000);
    expect(NODES.map((id) => quorate(cluster, id))).toEqual([true, true, false]);
    cluster.partition();
    cluster.run(5000);
    expect(NODES.map((id) => quorate(cluster, id))).toEqual([true, true, true]);
  });

  test("expected votes survive the crash of all", () => {
    const cluster = up(5);
    for (const id of NODES) cluster.crash(id);
    cluster.run(100);
    cluster.start(6);
    cluster.run(3000);
    expect(info(cluster, 6)).toMatchObject({ expectedVotes: 3, quorum: 2, totalVotes: 1 });
    expect(quorate(cluster, 6)).toBeFalse();
  });

  test("a node killed by another ends", () => {
    const cluster = up(6);
    const client = cluster.connect(6, "cfg");
    const message = encodeCfgRequest({ op: "kill-node", nodeId: 8, reason: "test" });
    cluster.request(6, client, message);
    cluster.run(3000);
    expect(cluster.nodes.get(8)!.exit).toBe(1);
    expect(cluster.nodes.get(8)!.log.at(-1)).toContain("Killed by node 6 : test");
  });

  test("a hostile client gets an error, the daemon goes on", () => {
    const cluster = up(7);
    for (const service of ["cmap", "cfg", "cpg", "quorum", "votequorum"]) {
      const client = cluster.connect(6, service);
      for (let i = 0; i < 300; i++) {
        const noise = Uint8Array.from({ length: 16 + Math.floor(cluster.chance() * 300) }, () =>
          Math.floor(cluster.chance() * 256),
        );
        const view = new DataView(noise.buffer);
        view.setInt32(0, Math.floor(cluster.chance() * 16), true);
        view.setInt32(8, noise.length, true);
        cluster.request(6, client, noise);
      }
      cluster.post(6, { kind: "client-gone", client });
    }
    cluster.run(2000);
    const client = cluster.connect(6, "cmap");
    const get = encodeCmapRequest({ op: "get", key: "totem.version", bufferBytes: 4 });
    const answer = decodeCmapGet(cluster.request(6, client, get)!);
    expect(answer.value).toEqual({ type: "u32", value: 2 });
  });
});

/** Every client's messages as text, with the changes of its group between them. */
function historyOf(cluster: SimulatedCluster, id: number, client: number): readonly string[] {
  const events = cluster.nodes.get(id)!.clients.get(client)?.events ?? [];
  return events.flatMap((event) =>
    event.event === "deliver" ? [new TextDecoder().decode(event.data)] : [],
  );
}

/** True when what both have seen is in the same order. */
function sameOrder(a: readonly string[], b: readonly string[]): boolean {
  const inB = new Map(b.map((text, i) => [text, i]));
  const places = a.flatMap((text) => inB.get(text) ?? []);
  return places.every((place, i) => i === 0 || place > places[i - 1]!);
}

/** Random partitions, loss and crashes while every node's client talks; then all is healed. */
function storm(seed: number): {
  cluster: SimulatedCluster;
  clients: Map<number, number>;
  hash: string;
} {
  const ids = [1, 2, 3, 4];
  const cluster = up(seed, ids);
  const clients = new Map<number, number>();
  const join = (id: number) => {
    const client = cluster.connect(id, "cpg");
    const message = encodeCpgRequest({ op: "join", group: GROUP, pid: client, flags: 0 });
    const answer = cluster.request(id, client, message);
    // During a synchronisation the answer is "try again".
    if (answer !== undefined && readHeader(answer).error === CsError.ok) clients.set(id, client);
  };
  for (const id of ids) join(id);
  cluster.run(200);
  let message = 0;
  for (let round = 0; round < 12; round++) {
    cluster.loss = cluster.chance() < 0.5 ? 0 : cluster.chance() * 0.1;
    const dice = cluster.chance();
    const victim = ids[Math.floor(cluster.chance() * ids.length)]!;
    if (dice < 0.4) {
      const left = ids.filter(() => cluster.chance() < 0.5);
      cluster.partition(
        left,
        ids.filter((id) => !left.includes(id)),
      );
    } else if (dice < 0.6) cluster.partition();
    else if (dice < 0.8 && cluster.nodes.get(victim)!.alive) {
      cluster.crash(victim);
      clients.delete(victim);
    }
    for (let i = 0; i < 20; i++) {
      for (const [id, client] of clients) {
        if (!cluster.nodes.get(id)!.alive) continue;
        const data = new TextEncoder().encode(`${id}:${client}:${message++}`);
        cluster.request(id, client, encodeCpgRequest({ op: "multicast", data }));
      }
      cluster.run(cluster.chance() * 60);
    }
    for (const id of ids) {
      if (cluster.nodes.get(id)!.alive || cluster.chance() < 0.3) continue;
      cluster.start(id);
      cluster.run(1500);
      if (cluster.nodes.get(id)!.core.ready) join(id);
    }
  }
  cluster.loss = 0;
  cluster.partition();
  for (const id of ids) if (!cluster.nodes.get(id)!.alive) cluster.start(id);
  cluster.run(12_000);
  const hash = createHash("sha256");
  for (const node of cluster.nodes.values()) hash.update(node.log.join("\n"));
  return { cluster, clients, hash: hash.digest("hex") };
}

describe("a storm of faults", () => {
  test.each(Array.from({ length: 12 }, (_, i) => i + 1))("seed %d", (seed) => {
    const { cluster, clients } = storm(seed);
    const ids = [...cluster.nodes.keys()];
    expect(ids.map((id) => info(cluster, id).totalVotes)).toEqual([4, 4, 4, 4]);
    expect(ids.map((id) => quorate(cluster, id))).toEqual([true, true, true, true]);
    const histories = [...clients].map(([id, client]) => historyOf(cluster, id, client));
    for (const a of histories) {
      expect(new Set(a).size).toBe(a.length);
      for (const b of histories) expect(sameOrder(a, b)).toBeTrue();
    }
    const last = [...clients].map(([id, client]) => {
      const events = cluster.nodes.get(id)!.clients.get(client)!.events;
      const change = events.findLast((e) => e.event === "configuration");
      return change?.event === "configuration"
        ? change.members.map((m) => `${m.nodeId}/${m.pid}`).join(" ")
        : "";
    });
    expect([...new Set(last)].length > 1 ? last : []).toEqual([]);
  });

  test("the same seed gives the same history", () => {
    expect(storm(99).hash).toBe(storm(99).hash);
  });
});
