/** Reading a status: nodes, histories, failures (spec/scheduler-1 sections A and B). */
import { describe, expect, test } from "bun:test";
import { leafFailCount } from "../../../lib/status/failcounts.ts";
import { compareAge, parseOperation } from "../../../lib/status/history.ts";
import { clusterOptions, parseBoolean } from "../../../lib/status/options.ts";
import { Role } from "../../../lib/status/roles.ts";
import { readStatus } from "../../../lib/status/status.ts";
import { parseIntervalMs } from "../../../lib/time/interval.ts";
import { element } from "../../../lib/xml/node.ts";
import { absent, clone, cluster, NOW, prim, started } from "../scheduler/support.ts";

const device = prim("fence", { standard: "stonith", agent: "fence_x" });

function nodeNamed(words: Parameters<typeof cluster>[0], name: string) {
  return readStatus(cluster(words), NOW).nodes.find((node) => node.name === name)!;
}

describe("node states with fencing", () => {
  const judged = (state: Record<string, string>, transient = {}) => {
    const node = nodeNamed(
      {
        options: { "stonith-enabled": true },
        nodes: { n1: {}, n2: { state, transient } },
        resources: [device],
      },
      "n2",
    );
    return `${node.online ? "online" : "offline"}${node.unclean ? " unclean" : ""}${node.pending ? " pending" : ""}`;
  };
  const rows: readonly (readonly [string, Record<string, string>, string])[] = [
    ["a member", {}, "online"],
    ["gone, expected up", { in_ccm: "false", crmd: "offline" }, "offline unclean"],
    ["gone, expected down", { in_ccm: "false", crmd: "offline", expected: "down" }, "offline"],
    ["its manager died", { crmd: "offline" }, "online unclean"],
    ["banned", { join: "banned" }, "online unclean"],
    ["joining", { join: "pending" }, "online pending"],
    ["never heard of by the others", { in_ccm: "x" }, "offline unclean"],
  ];
  for (const [name, state, answer] of rows) {
    test(name, () => expect(judged(state)).toBe(answer));
  }
  test("an administrator asked for it to be fenced", () => {
    expect(judged({}, { terminate: "true" })).toBe("online unclean");
  });
});

describe("histories", () => {
  const roleOf = (history: Parameters<typeof cluster>[0]["nodes"] & object) => {
    const status = readStatus(cluster({ nodes: history, resources: [prim("a")] }), NOW);
    return status.resources[0]!;
  };
  test("a start makes it started, a later stop stopped", () => {
    expect(roleOf({ n1: { history: [started("a")] } }).role).toBe(Role.started);
    const stopped = roleOf({ n1: { history: [started("a"), { resource: "a", task: "stop" }] } });
    expect(stopped.role).toBe(Role.stopped);
    expect(stopped.active).toEqual([]);
  });
  test("a probe that finds it counts as a start", () => {
    const found = roleOf({ n1: { history: [{ resource: "a", task: "monitor", expected: 7 }] } });
    expect(found.role).toBe(Role.started);
    expect(found.active.map((n) => n.name)).toEqual(["n1"]);
  });
  test("a pending start is remembered with its node", () => {
    const entry = { resource: "a", task: "start", rc: 193, status: -1 };
    const pending = roleOf({ n1: { history: [entry] } });
    expect(pending.pendingAction).toBe("start");
    expect(pending.pendingNode?.name).toBe("n1");
  });
  test("call ids order the operations of one node; pending ones are newest", () => {
    const op = (callId: string, magic = "") =>
      parseOperation(
        element("lrm_rsc_op", {
          id: callId,
          "call-id": callId,
          on_node: "n",
          "transition-magic": magic,
        }),
      );
    expect(compareAge(op("2"), op("10"))).toBeLessThan(0);
    const magic = "0:0;1:1:0:u";
    expect(compareAge(op("-1", magic), op("10", magic))).toBeGreaterThan(0);
  });
  test("anonymous instances take numbers in the order in which nodes are read", () => {
    const status = readStatus(
      cluster({
        nodes: { n1: { history: [absent("a")] }, n2: { history: [started("a")] } },
        resources: [clone("c", prim("a"))],
      }),
      NOW,
    );
    const instances = status.resources[0]!.children;
    expect(instances.map((i) => i.active.map((n) => n.name))).toEqual([[], ["n2"]].reverse());
  });
});

test("fail counts add up over operations and expire", () => {
  const read = (timeout: string) => {
    const status = readStatus(
      cluster({
        nodes: {
          n1: {
            transient: {
              "fail-count-a#monitor_10000": "2",
              "fail-count-a#start_0": "1",
              "last-failure-a#start_0": String(NOW - 100),
            },
          },
        },
        resources: [prim("a", { meta: { "failure-timeout": timeout } })],
      }),
      NOW,
    );
    return leafFailCount(status, status.nodes[0]!, status.resources[0]!, true).count;
  };
  expect(read("0")).toBe(3);
  expect(read("50s")).toBe(0);
  expect(read("500s")).toBe(3);
});

test("options: aliases, defaults, and invalid values", () => {
  const options = clusterOptions(
    new Map([
      ["stonith-enabled", "no"],
      ["no-quorum-policy", "suicide"],
      ["symmetric-cluster", "perhaps"],
    ]),
    parseIntervalMs,
  );
  expect(options.fencingEnabled).toBe(false);
  expect(options.noQuorumPolicy).toBe("fence");
  expect(options.symmetric).toBe(true);
  expect(parseBoolean("Y")).toBe(true);
  expect(parseBoolean("perhaps")).toBeUndefined();
});

test("reading leaves the document as it is, and twice the same", () => {
  const doc = cluster({ nodes: { n1: { history: [started("a")] } }, resources: [prim("a")] });
  const before = JSON.stringify([...doc.root.children].map((c) => c.name));
  const one = readStatus(doc, NOW);
  const two = readStatus(doc, NOW);
  expect(JSON.stringify([...doc.root.children].map((c) => c.name))).toBe(before);
  expect(two.intents.length).toBe(one.intents.length);
});
