/** Rules of placement and action, one small cluster each (spec/scheduler-1, spec/scheduler-2). */
import { describe, expect, test } from "bun:test";
import {
  absent,
  actions,
  type ClusterWords,
  clone,
  group,
  plan,
  prim,
  started,
} from "./support.ts";

interface Rule {
  readonly name: string;
  readonly cluster: ClusterWords;
  readonly plan: readonly string[];
}

function check(rules: readonly Rule[]): void {
  for (const rule of rules) {
    test(rule.name, () => {
      expect(plan(rule.cluster)).toEqual([...rule.plan]);
    });
  }
}

const location = (rsc: string, node: string, score: string | number, more = ""): string =>
  `<rsc_location id="l-${rsc}-${node}" rsc="${rsc}" node="${node}" score="${score}" ${more}/>`;
const colocation = (rsc: string, withRsc: string, score: string | number, more = ""): string =>
  `<rsc_colocation id="c-${rsc}-${withRsc}" rsc="${rsc}" with-rsc="${withRsc}" score="${score}" ${more}/>`;
const order = (first: string, then: string, more = ""): string =>
  `<rsc_order id="o-${first}-${then}" first="${first}" then="${then}" ${more}/>`;

const upOn1 = (...ids: string[]) => ({ n1: { history: ids.map(started) }, n2: {} });

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

describe("fencing and shutdown", () => {
  const device = prim("fence", { standard: "stonith", agent: "fence_x" });
  const lost = { in_ccm: "false", crmd: "offline", join: "down", expected: "member" };
  check([
    {
      name: "a lost member is fenced before its resources start elsewhere",
      cluster: {
        options: { "stonith-enabled": true },
        nodes: { n1: {}, n2: { state: lost, history: [started("a")] } },
        resources: [device, prim("a")],
      },
      plan: [
        "Fence (reboot) n2 'peer is no longer part of the cluster'",
        "Start fence ( n1 )",
        "Move a ( n2 -> n1 )",
      ],
    },
    {
      name: "an unseen node is fenced at startup",
      cluster: {
        options: { "stonith-enabled": true },
        nodes: { n1: {}, n2: { state: "unseen" } },
        resources: [device],
      },
      plan: ["Fence (reboot) n2 'node is unclean'", "Start fence ( n1 )"],
    },
    {
      name: "an unseen node is left without startup-fencing",
      cluster: {
        options: { "stonith-enabled": true, "startup-fencing": false },
        nodes: { n1: {}, n2: { state: "unseen" } },
        resources: [device],
      },
      plan: ["Start fence ( n1 )"],
    },
    {
      name: "a node that shuts down gives its resources away first",
      cluster: {
        nodes: { n1: {}, n2: { transient: { shutdown: "1" }, history: [started("a")] } },
        resources: [prim("a")],
      },
      plan: ["Move a ( n2 -> n1 )"],
    },
  ]);
});

describe("capacities, tickets, migration", () => {
  const big = (id: string, memory: number) => prim(id, { utilization: { memory } });
  check([
    {
      name: "utilization: what does not fit stays stopped",
      cluster: {
        options: { "placement-strategy": "utilization" },
        nodes: { n1: { utilization: { memory: 10 } }, n2: { utilization: { memory: 4 } } },
        resources: [big("a", 8), big("b", 4), big("c", 4)],
      },
      plan: ["Start a ( n1 )", "Start b ( n2 )"],
    },
    {
      name: "balanced: the node with more room",
      cluster: {
        options: { "placement-strategy": "balanced" },
        nodes: { n1: { utilization: { memory: 10 } }, n2: { utilization: { memory: 20 } } },
        resources: [big("a", 5)],
      },
      plan: ["Start a ( n2 )"],
    },
    {
      name: "a ticket that is not granted stops its resource",
      cluster: {
        nodes: upOn1("a"),
        resources: [prim("a")],
        constraints: '<rsc_ticket id="t" ticket="T" rsc="a" loss-policy="stop"/>',
      },
      plan: ["Stop a ( n1 ) due to node availability"],
    },
    {
      name: "a granted ticket lets it run",
      cluster: {
        resources: [prim("a")],
        constraints: '<rsc_ticket id="t" ticket="T" rsc="a" loss-policy="stop"/>',
        tickets: '<tickets><ticket_state id="T" granted="true" standby="false"/></tickets>',
      },
      plan: ["Start a ( n1 )"],
    },
    {
      name: "allow-migrate: it moves alive",
      cluster: {
        nodes: upOn1("a"),
        resources: [prim("a", { meta: { "allow-migrate": true } })],
        constraints: location("a", "n2", 10),
      },
      plan: ["Migrate a ( n1 -> n2 )"],
    },
    {
      name: "a mandatory first that moves turns it into stop and start",
      cluster: {
        nodes: { n1: { history: [started("a"), started("b")] }, n2: {} },
        resources: [prim("a"), prim("b", { meta: { "allow-migrate": true } })],
        constraints: order("a", "b") + location("a", "n2", 10) + location("b", "n2", 10),
      },
      plan: ["Move a ( n1 -> n2 )", "Move b ( n1 -> n2 ) due to unmigrateable a stop"],
    },
  ]);
});
