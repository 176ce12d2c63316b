/** Groups and clones (spec/scheduler-2 sections 10 to 13; spec/scheduler-1 section C.7). */
import { describe, expect, test } from "bun:test";
import { check, colocation, location } from "../rule-check.ts";
import { absent, actions, clone, group, prim, started } from "../support.ts";

describe("groups", () => {
  const g = group("g", [prim("a"), prim("b")]);
  check([
    {
      name: "members run together, in order",
      cluster: { resources: [g], constraints: location("g", "n2", 1) },
      plan: ["Start a ( n2 )", "Start b ( n2 )"],
    },
    {
      name: "a member that is banned everywhere stops those after it only",
      cluster: {
        nodes: 1,
        resources: [group("g", [prim("a"), prim("b"), prim("c")])],
        constraints: location("b", "n1", "-INFINITY"),
      },
      plan: ["Start a ( n1 )"],
    },
    {
      name: "the recovery of a member restarts those after it",
      cluster: {
        nodes: {
          n1: {
            history: [
              started("a"),
              started("b"),
              { resource: "a", task: "monitor", interval: 10_000, rc: 1, id: "a_last_failure_0" },
            ],
          },
          n2: { history: [absent("a"), absent("b")] },
        },
        resources: [
          group("g", [prim("a", { ops: [{ name: "monitor", interval: "10s" }] }), prim("b")]),
        ],
      },
      plan: ["Recover a ( n1 )", "Restart b ( n1 ) due to required a start"],
    },
  ]);
});

describe("clones", () => {
  check([
    {
      name: "one instance on every node",
      cluster: { nodes: 3, resources: [clone("c", prim("a"))] },
      plan: ["Start a:0 ( n1 )", "Start a:1 ( n2 )", "Start a:2 ( n3 )"],
    },
    {
      name: "clone-max bounds the instances",
      cluster: { nodes: 3, resources: [clone("c", prim("a"), { "clone-max": 2 })] },
      plan: ["Start a:0 ( n1 )", "Start a:1 ( n2 )"],
    },
    {
      name: "clone-node-max bounds them per node",
      cluster: {
        resources: [
          clone("c", prim("a"), { "clone-max": 5, "clone-node-max": 2, "globally-unique": true }),
        ],
      },
      plan: ["Start a:0 ( n1 )", "Start a:1 ( n2 )", "Start a:2 ( n1 )", "Start a:3 ( n2 )"],
    },
    {
      name: "the first node by name is promoted where no score is set but a location asks for the role",
      cluster: {
        resources: [clone("c", prim("a", { agent: "Stateful" }), { promotable: true })],
        constraints:
          '<rsc_location id="l" rsc="c"><rule id="r" role="Promoted" score="10"><expression id="e" attribute="#uname" operation="eq" value="n2"/></rule></rsc_location>',
      },
      plan: ["Start a:0 ( n1 )", "Promote a:1 ( Stopped -> Promoted n2 )"],
    },
    {
      name: "promotion scores decide",
      cluster: {
        nodes: {
          n1: { attributes: { "master-a": "5" } },
          n2: { attributes: { "master-a": "10" } },
        },
        resources: [clone("c", prim("a", { agent: "Stateful" }), { promotable: true })],
      },
      plan: ["Promote a:0 ( Stopped -> Promoted n2 )", "Start a:1 ( n1 )"],
    },
    {
      name: "a dependent with the promoted instance follows it",
      cluster: {
        nodes: { n1: { attributes: { "master-a": "5" } }, n2: {} },
        resources: [clone("c", prim("a", { agent: "Stateful" }), { promotable: true }), prim("ip")],
        constraints: colocation("ip", "c", "INFINITY", 'with-rsc-role="Promoted"'),
      },
      plan: ["Promote a:0 ( Stopped -> Promoted n1 )", "Start a:1 ( n2 )", "Start ip ( n1 )"],
    },
    {
      name: "notify surrounds each change with messages",
      cluster: { nodes: 1, resources: [clone("c", prim("a"), { notify: true })] },
      plan: ["Start a:0 ( n1 )"],
    },
  ]);
  test("notify makes pre, post and their confirmations", () => {
    const words = { nodes: 1, resources: [clone("c", prim("a"), { notify: true })] };
    const made = actions(words).filter((key) => key.includes("notify"));
    expect(made).toEqual([
      "a:0_post_notify_start_0 on n1",
      "c_confirmed-post_notify_running_0",
      "c_confirmed-pre_notify_start_0",
      "c_post_notify_running_0",
      "c_pre_notify_start_0",
    ]);
  });
});
