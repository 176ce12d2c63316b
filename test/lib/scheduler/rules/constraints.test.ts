/** Colocations and orderings (spec/scheduler-2 section 8; spec/scheduler-1 section D). */
import { describe, expect, test } from "bun:test";
import { check, colocation, location, order, upOn1 } from "../rule-check.ts";
import { actions, prim, started } from "../support.ts";

describe("colocation", () => {
  check([
    {
      name: "INFINITY: on the same node",
      cluster: {
        resources: [prim("a"), prim("b")],
        constraints: colocation("b", "a", "INFINITY") + location("a", "n2", 1),
      },
      plan: ["Start a ( n2 )", "Start b ( n2 )"],
    },
    {
      name: "minus INFINITY: never on the same node",
      cluster: {
        nodes: 1,
        resources: [prim("a"), prim("b")],
        constraints: colocation("b", "a", "-INFINITY"),
      },
      plan: ["Start a ( n1 )"],
    },
    {
      name: "the dependent's location moves the primary",
      cluster: {
        resources: [prim("a"), prim("b")],
        constraints: colocation("b", "a", "INFINITY") + location("b", "n2", 50),
      },
      plan: ["Start a ( n2 )", "Start b ( n2 )"],
    },
    {
      name: "without influence the dependent follows an active primary",
      cluster: {
        nodes: upOn1("a"),
        resources: [prim("a", { meta: { "resource-stickiness": 1 } }), prim("b")],
        constraints:
          colocation("b", "a", "INFINITY", 'influence="false"') + location("b", "n2", 50),
      },
      plan: ["Start b ( n1 )"],
    },
    {
      name: "a mandatory primary that cannot run keeps the dependent stopped",
      cluster: {
        resources: [prim("a", { meta: { "target-role": "Stopped" } }), prim("b")],
        constraints: colocation("b", "a", "INFINITY"),
      },
      plan: [],
    },
    {
      name: "by an attribute other than the name",
      cluster: {
        nodes: {
          n1: { attributes: { rack: "x" } },
          n2: { attributes: { rack: "y" } },
          n3: { attributes: { rack: "y" } },
        },
        resources: [prim("a"), prim("b")],
        constraints:
          colocation("b", "a", "INFINITY", 'node-attribute="rack"') +
          location("a", "n2", 10) +
          location("b", "n2", "-INFINITY"),
      },
      plan: ["Start a ( n2 )", "Start b ( n3 )"],
    },
  ]);
});

describe("ordering", () => {
  check([
    {
      name: "first cannot start: then does not either",
      cluster: {
        resources: [prim("a", { meta: { "target-role": "Stopped" } }), prim("b")],
        constraints: order("a", "b"),
      },
      plan: ["Start b ( n1 ) due to unrunnable a start (blocked)"],
    },
    {
      name: "first must restart: then restarts with it",
      cluster: {
        nodes: { n1: { history: [started("a"), started("b")] }, n2: {} },
        resources: [prim("a"), prim("b")],
        constraints: order("a", "b") + location("a", "n2", 10),
      },
      plan: ["Move a ( n1 -> n2 )", "Restart b ( n1 ) due to required a start"],
    },
    {
      name: "Optional: then goes on without first",
      cluster: {
        resources: [prim("a", { meta: { "target-role": "Stopped" } }), prim("b")],
        constraints: order("a", "b", 'kind="Optional"'),
      },
      plan: ["Start b ( n1 )"],
    },
    {
      name: "a set with require-all=false needs only one",
      cluster: {
        resources: [prim("a", { meta: { "target-role": "Stopped" } }), prim("b"), prim("c")],
        constraints:
          '<rsc_order id="o"><resource_set id="s1" sequential="false" require-all="false"><resource_ref id="a"/><resource_ref id="b"/></resource_set><resource_set id="s2"><resource_ref id="c"/></resource_set></rsc_order>',
      },
      plan: ["Start b ( n1 )", "Start c ( n2 )"],
    },
  ]);
  test("starts wait for each other in the graph", () => {
    const words = { resources: [prim("a"), prim("b")], constraints: order("a", "b") };
    expect(actions(words)).toContain("b_start_0 on n2");
  });
});
