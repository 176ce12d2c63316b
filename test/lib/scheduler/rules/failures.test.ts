/** What failures on record lead to (spec/scheduler-1 sections A.10, B.7 and B.8). */
import { describe } from "bun:test";
import { check, location, upOn1 } from "../rule-check.ts";
import { absent, prim, started } from "../support.ts";

describe("failures", () => {
  const failedMonitor = {
    resource: "a",
    task: "monitor",
    interval: 10_000,
    rc: 1,
    id: "a_last_failure_0",
  };
  const monitored = (meta = {}, more = {}) =>
    prim("a", { meta, ops: [{ name: "monitor", interval: "10s", ...more }] });
  const failedOn1 = (transient?: Record<string, string>) => ({
    n1: {
      history: [started("a"), failedMonitor],
      ...(transient === undefined ? {} : { transient }),
    },
    n2: { history: [absent("a")] },
  });
  check([
    {
      name: "a failed monitor: recovered where it is",
      cluster: { nodes: failedOn1(), resources: [monitored()] },
      plan: ["Recover a ( n1 )"],
    },
    {
      name: "migration-threshold reached: recovered elsewhere",
      cluster: {
        nodes: failedOn1({
          "fail-count-a#monitor_10000": "1",
          "last-failure-a#monitor_10000": "1699999000",
        }),
        resources: [monitored({ "migration-threshold": 1 })],
      },
      plan: ["Recover a ( n1 -> n2 )"],
    },
    {
      name: "on-fail=stop: stopped",
      cluster: { nodes: failedOn1(), resources: [monitored({}, { "on-fail": "stop" })] },
      plan: ["Stop a ( n1 ) due to node availability"],
    },
    {
      name: "on-fail=block: nothing",
      cluster: { nodes: failedOn1(), resources: [monitored({}, { "on-fail": "block" })] },
      plan: [],
    },
    {
      name: "on-fail=ignore: nothing",
      cluster: { nodes: failedOn1(), resources: [monitored({}, { "on-fail": "ignore" })] },
      plan: [],
    },
    {
      name: "on-fail=standby: the node gives everything away",
      cluster: { nodes: failedOn1(), resources: [monitored({}, { "on-fail": "standby" })] },
      plan: ["Recover a ( n1 -> n2 )"],
    },
    {
      name: "an old failure whose timeout has passed counts no more",
      cluster: { nodes: failedOn1(), resources: [monitored({ "failure-timeout": "60s" })] },
      plan: [],
    },
    {
      name: "a failed stop without fencing blocks",
      cluster: {
        nodes: {
          n1: { history: [started("a"), { resource: "a", task: "stop", rc: 1 }] },
          n2: {},
        },
        resources: [prim("a")],
      },
      plan: [],
    },
    {
      name: "an agent that is not installed bans its node",
      cluster: {
        nodes: {
          n1: { history: [{ resource: "a", task: "monitor", rc: 5, expected: 7, status: 4 }] },
          n2: {},
        },
        resources: [prim("a")],
        constraints: location("a", "n1", 100),
      },
      plan: ["Start a ( n2 )"],
    },
    {
      name: "active on two nodes: stopped on both, started on one",
      cluster: {
        nodes: { n1: { history: [started("a")] }, n2: { history: [started("a")] } },
        resources: [prim("a")],
      },
      plan: ["Restart a ( n1 )"],
    },
    {
      name: "active on two nodes with multiple-active=block: left",
      cluster: {
        nodes: { n1: { history: [started("a")] }, n2: { history: [started("a")] } },
        resources: [prim("a", { meta: { "multiple-active": "block" } })],
      },
      plan: [],
    },
    {
      name: "what nobody configured any more is stopped",
      cluster: { nodes: upOn1("old"), resources: [prim("a")] },
      plan: ["Start a ( n1 )", "Stop old ( n1 ) due to node availability"],
    },
  ]);
});
