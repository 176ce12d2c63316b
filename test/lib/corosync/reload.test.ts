import { describe, expect, test } from "bun:test";
import { planReload } from "../../../lib/corosync/reload.ts";
import { readHeader } from "../../../lib/wire/fields.ts";
import { CsError } from "../../../lib/wire/ipc/cs-error.ts";
import { encodeCfgRequest } from "../../../lib/wire/ipc/services-cfg.ts";
import { decodeCmapGet, encodeCmapRequest } from "../../../lib/wire/ipc/services-cmap.ts";
import {
  decodeVotequorumInfo,
  encodeVotequorumRequest,
} from "../../../lib/wire/ipc/services-votequorum.ts";
import { configOf, SimulatedCluster } from "./simulated-cluster.ts";

const CONF = `totem {
  version: 2
  transport: udpu
  token: 1000
}
nodelist {
  node {
    nodeid: 6
    ring0_addr: 10.0.0.6
  }
  node {
    nodeid: 7
    ring0_addr: 10.0.0.7
  }
}
quorum {
  provider: corosync_votequorum
}
`;
const EIGHT = "  node {\n    nodeid: 8\n    ring0_addr: 10.0.0.8\n  }\n}\nquorum {";
const WITH_EIGHT = CONF.replace("}\nquorum {", EIGHT);

describe("what of a new corosync.conf comes into effect", () => {
  const plan = (text: string, before = CONF) => {
    const { config, lines } = planReload(configOf(before), configOf(text), 6);
    return { config, texts: lines.map((line) => line.text) };
  };

  test("timers and nodes do", () => {
    const { config, texts } = plan(WITH_EIGHT.replace("token: 1000", "token: 2000"));
    expect(config?.totem.numbers["token"]).toBe(2000);
    expect(config?.nodes.map((node) => node.nodeId)).toEqual([6, 7, 8]);
    expect(texts).toEqual(["adding new UDPU member {10.0.0.8}"]);
    expect(plan(CONF, WITH_EIGHT).texts).toEqual(["removing UDPU member {10.0.0.8}"]);
  });

  test("encryption does, where the transport stays knet", () => {
    const before = CONF.replace("udpu", "knet");
    const after = before.replace("knet", "knet\n  crypto_cipher: aes256\n  crypto_hash: sha256");
    const { config, texts } = plan(after, before);
    const { cipher, hash, keyFile } = config?.totem.knet ?? {};
    expect({ cipher, hash, keyFile }).toEqual({
      cipher: "aes256",
      hash: "sha256",
      keyFile: "/etc/corosync/authkey",
    });
    expect(texts).toEqual([]);
  });

  test("transport and name keep their old value and are named, encryption waits for the transport", () => {
    const { config, texts } = plan(
      CONF.replace(
        "transport: udpu",
        "transport: knet\n  cluster_name: other\n  crypto_cipher: aes256\n  crypto_hash: sha256",
      ),
    );
    const fixed = (key: string) =>
      `Modified entry '${key}' in corosync.conf cannot be changed at run-time`;
    expect(texts).toContain(fixed("totem.transport"));
    expect(texts).toContain(fixed("totem.cluster_name"));
    expect(config?.totem).toMatchObject({
      transport: "udpu",
      clusterName: "",
      knet: { cipher: "none", keyFile: undefined },
    });
  });

  test("another address of a node, or a nodelist without this one, refuses the whole file", () => {
    const moved = plan(CONF.replace("10.0.0.7", "10.0.0.9"));
    expect(moved.config).toBeUndefined();
    expect(moved.texts[0]).toBe(
      "new config has different address for link 0 (addr changed from 10.0.0.7 to 10.0.0.9). Internal value was NOT changed.",
    );
    expect(plan(CONF.replace("nodeid: 6", "nodeid: 5")).config).toBeUndefined();
  });
});

describe("corosync-cfgtool -R", () => {
  function up(conf = CONF): SimulatedCluster {
    const cluster = new SimulatedCluster(3, [6, 7], conf);
    for (const id of [6, 7]) cluster.start(id);
    cluster.run(3000);
    return cluster;
  }

  function reload(cluster: SimulatedCluster, conf: string): number | undefined {
    cluster.nextConfig = conf === "" ? "corosync.conf:4: unknown entry" : configOf(conf);
    const client = cluster.connect(6, "cfg");
    expect(cluster.request(6, client, encodeCfgRequest({ op: "reload" }))).toBeUndefined();
    cluster.run(1000);
    const answer = cluster.nodes.get(6)!.clients.get(client)!.answers.at(-1);
    return answer === undefined ? undefined : readHeader(answer).error;
  }

  const number = (cluster: SimulatedCluster, id: number, key: string) => {
    const message = encodeCmapRequest({ op: "get", key, bufferBytes: 8 });
    const answer = cluster.request(id, cluster.connect(id, "cmap"), message)!;
    const { value } = decodeCmapGet(answer);
    return value === undefined ? undefined : Number(value.value);
  };

  const votes = (cluster: SimulatedCluster, id: number) => {
    const message = encodeVotequorumRequest({ op: "get-info", nodeId: id });
    return decodeVotequorumInfo(cluster.request(id, cluster.connect(id, "votequorum"), message)!)!;
  };

  test("every node takes the new timers and votes; who asked is answered when it is done", () => {
    const cluster = up();
    expect(reload(cluster, WITH_EIGHT.replace("token: 1000", "token: 2000"))).toBe(CsError.ok);
    for (const id of [6, 7]) {
      expect(number(cluster, id, "runtime.config.totem.token")).toBe(2650);
      expect(votes(cluster, id)).toMatchObject({ expectedVotes: 3, quorum: 2 });
      expect(number(cluster, id, "config.reload_in_progress")).toBe(0);
    }
    expect(reload(cluster, CONF)).toBe(CsError.ok);
    for (const id of [6, 7]) {
      expect(number(cluster, id, "nodelist.node.2.nodeid")).toBeUndefined();
      expect(votes(cluster, id).expectedVotes).toBe(2);
    }
  });

  test("two_node comes and goes", () => {
    const cluster = up();
    const provider = "provider: corosync_votequorum";
    expect(reload(cluster, CONF.replace(provider, `${provider}\n  two_node: 1`))).toBe(CsError.ok);
    expect(votes(cluster, 6).quorum).toBe(1);
    cluster.crash(7);
    cluster.run(5000);
    expect(cluster.nodes.get(6)!.log.at(-2)).toContain("Members[1]: 6");
    expect(votes(cluster, 6)).toMatchObject({ quorum: 1, totalVotes: 1 });
    expect(reload(cluster, CONF)).toBe(CsError.ok);
    expect(votes(cluster, 6).quorum).toBe(2);
  });

  test("a file with an error is refused, and changes nothing", () => {
    const cluster = up();
    expect(reload(cluster, "")).toBe(CsError.invalidParameter);
    expect(cluster.nodes.get(7)!.log.at(-1)).toContain("Unable to reload config file: ");
    expect(number(cluster, 6, "runtime.config.totem.token")).toBe(1000);
  });
});

test("quorum.cancel_wait_for_all: the nodes that are there are enough, from now on", () => {
  const provider = "provider: corosync_votequorum";
  const conf = WITH_EIGHT.replace(provider, `${provider}\n  wait_for_all: 1`);
  const cluster = new SimulatedCluster(4, [6, 7, 8], conf);
  for (const id of [6, 7]) cluster.start(id);
  cluster.run(4000);
  const quorate = (id: number) =>
    cluster.nodes.get(id)!.log.some((line) => line.includes("within the primary component"));
  expect([6, 7].some(quorate)).toBe(false);
  const client = cluster.connect(6, "cmap");
  const key = "quorum.cancel_wait_for_all";
  const message = encodeCmapRequest({ op: "set", key, value: { type: "u8", value: 1 } });
  expect(readHeader(cluster.request(6, client, message)!).error).toBe(CsError.ok);
  cluster.run(1000);
  expect([6, 7].every(quorate)).toBe(true);
});
