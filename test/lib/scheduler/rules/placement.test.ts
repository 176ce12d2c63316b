/** Where primitives go, and what the configuration asks of one resource (spec/scheduler-2 sections 2, 4 and 7). */
import { describe } from "bun:test";
import { check, location, upOn1 } from "../rule-check.ts";
import { prim, started } from "../support.ts";

describe("where a primitive goes", () => {
  check([
    {
      name: "equal nodes: fewest resources, then the name",
      cluster: { resources: [prim("a"), prim("b"), prim("c")] },
      plan: ["Start a ( n1 )", "Start b ( n2 )", "Start c ( n1 )"],
    },
    {
      name: "names compare by bytes: n10 before n2",
      cluster: { nodes: { n2: {}, n10: {} }, resources: [prim("a")] },
      plan: ["Start a ( n10 )"],
    },
    {
      name: "higher priority is placed first",
      cluster: { resources: [prim("a"), prim("b", { meta: { priority: 5 } })] },
      plan: ["Start b ( n1 )", "Start a ( n2 )"],
    },
    {
      name: "a location score draws it",
      cluster: { resources: [prim("a")], constraints: location("a", "n2", 10) },
      plan: ["Start a ( n2 )"],
    },
    {
      name: "minus INFINITY on all nodes keeps it stopped",
      cluster: {
        resources: [prim("a")],
        constraints: location("a", "n1", "-INFINITY") + location("a", "n2", "-INFINITY"),
      },
      plan: [],
    },
    {
      name: "asymmetric: only where allowed",
      cluster: {
        options: { "symmetric-cluster": false },
        resources: [prim("a"), prim("b")],
        constraints: location("b", "n2", 0),
      },
      plan: ["Start b ( n2 )"],
    },
    {
      name: "stickiness beats a smaller location score",
      cluster: {
        nodes: upOn1("a"),
        resources: [prim("a", { meta: { "resource-stickiness": 20 } })],
        constraints: location("a", "n2", 10),
      },
      plan: [],
    },
    {
      name: "a larger location score beats stickiness",
      cluster: {
        nodes: upOn1("a"),
        resources: [prim("a", { meta: { "resource-stickiness": 5 } })],
        constraints: location("a", "n2", 10),
      },
      plan: ["Move a ( n1 -> n2 )"],
    },
    {
      name: "a rule on a node attribute",
      cluster: {
        nodes: { n1: {}, n2: { attributes: { rack: "b" } } },
        resources: [prim("a")],
        constraints:
          '<rsc_location id="l" rsc="a"><rule id="r" score="INFINITY"><expression id="e" attribute="rack" operation="eq" value="b"/></rule></rsc_location>',
      },
      plan: ["Start a ( n2 )"],
    },
    {
      name: "red health keeps resources away under migrate-on-red",
      cluster: {
        nodes: { n1: { transient: { "#health-disk": "red" } }, n2: {} },
        options: { "node-health-strategy": "migrate-on-red" },
        resources: [prim("a"), prim("b")],
      },
      plan: ["Start a ( n2 )", "Start b ( n2 )"],
    },
    {
      name: "a standby node gives its resources away",
      cluster: {
        nodes: { n1: { attributes: { standby: "on" }, history: [started("a")] }, n2: {} },
        resources: [prim("a")],
      },
      plan: ["Move a ( n1 -> n2 )"],
    },
    {
      name: "an offline node's resources start elsewhere when fencing is off",
      cluster: {
        nodes: {
          n1: { state: { crmd: "offline", in_ccm: "false", join: "down", expected: "down" } },
          n2: {},
        },
        resources: [prim("a")],
      },
      plan: ["Start a ( n2 )"],
    },
  ]);
});

describe("what the configuration asks of one resource", () => {
  check([
    {
      name: "target-role Stopped stops it",
      cluster: {
        nodes: upOn1("a"),
        resources: [prim("a", { meta: { "target-role": "Stopped" } })],
      },
      plan: ["Stop a ( n1 ) due to node availability"],
    },
    {
      name: "an unmanaged resource is left alone",
      cluster: {
        nodes: upOn1("a"),
        resources: [prim("a", { meta: { "is-managed": false, "target-role": "Stopped" } })],
      },
      plan: [],
    },
    {
      name: "maintenance-mode leaves everything alone",
      cluster: { options: { "maintenance-mode": true }, resources: [prim("a")] },
      plan: [],
    },
    {
      name: "stop-all-resources stops all",
      cluster: {
        nodes: upOn1("a"),
        options: { "stop-all-resources": true },
        resources: [prim("a"), prim("b")],
      },
      plan: ["Stop a ( n1 ) due to node availability"],
    },
    {
      name: "defaults count where the resource says nothing",
      cluster: {
        nodes: upOn1("a", "b"),
        defaults: { "target-role": "Stopped" },
        resources: [prim("a"), prim("b", { meta: { "target-role": "Started" } })],
      },
      plan: ["Stop a ( n1 ) due to node availability"],
    },
    {
      name: "fencing on and no device: nothing starts",
      cluster: { options: { "stonith-enabled": true }, resources: [prim("a")] },
      plan: [],
    },
    {
      name: "no quorum: what runs stops, nothing starts",
      cluster: { quorum: false, nodes: upOn1("a"), resources: [prim("a"), prim("b")] },
      plan: ["Stop a ( n1 ) due to no quorum", "Start b ( n2 ) due to no quorum (blocked)"],
    },
    {
      name: "no quorum, policy ignore: as with quorum",
      cluster: {
        quorum: false,
        options: { "no-quorum-policy": "ignore" },
        resources: [prim("a")],
      },
      plan: ["Start a ( n1 )"],
    },
    {
      name: "no quorum, policy freeze: what runs stays",
      cluster: {
        quorum: false,
        options: { "no-quorum-policy": "freeze" },
        nodes: upOn1("a"),
        resources: [prim("a"), prim("b")],
      },
      plan: ["Start b ( n2 ) due to quorum freeze (blocked)"],
    },
  ]);
});
