/** Capacities, tickets and live migration (spec/scheduler-2 sections 15, 17 and 18). */
import { describe, expect, test } from "bun:test";
import { schedule } from "../../../../lib/scheduler/schedule.ts";
import { check, location, order, upOn1 } from "../rule-check.ts";
import { type ClusterWords, cluster, NOW, planOf, prim, started } from "../support.ts";

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

test("a live move whose start has no quorum is planned all the same, and cannot run", () => {
  const words: ClusterWords = {
    nodes: upOn1("a"),
    resources: [prim("a", { meta: { "allow-migrate": true } })],
    constraints: location("a", "n2", 10),
    options: { "no-quorum-policy": "stop" },
    quorum: false,
  };
  const made = schedule(cluster(words), NOW);
  expect(planOf(made)).toEqual(["Stop a ( n1 ) due to no quorum"]);
  const moves = made.actions.filter((action) => action.task === "migrate_from");
  expect(moves.map((move) => [move.node?.name, move.optional, move.runnable])).toEqual([
    ["n2", false, false],
  ]);
});
