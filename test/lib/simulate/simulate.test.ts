/** Injections, simulated execution and their words (spec/outputs-and-tools section A3, A6). */
import { describe, expect, test } from "bun:test";
import { isRejection } from "../../../lib/base/error.ts";
import {
  executionDateLine,
  executionLine,
  transitionLines,
} from "../../../lib/render/simulation.ts";
import {
  hasInjections,
  type Injections,
  inject,
  parseOperationSpec,
} from "../../../lib/simulate/inject.ts";
import { simulate } from "../../../lib/simulate/run.ts";
import { readStatus } from "../../../lib/status/status.ts";
import { cluster, NOW, prim, started } from "../scheduler/support.ts";

const NONE: Injections = {
  quorum: undefined,
  watchdog: undefined,
  nodesUp: [],
  nodesDown: [],
  nodesFailed: [],
  ticketsGranted: [],
  ticketsRevoked: [],
  ticketsStandby: [],
  ticketsActivated: [],
  operations: [],
};

const one = cluster({ nodes: { n1: { history: [started("a")] }, n2: {} }, resources: [prim("a")] });

describe("injections", () => {
  test("an operation spec is KEY@NODE=RC", () => {
    expect(parseOperationSpec("a_migrate_to_0@n1=1")).toEqual({
      resource: "a",
      task: "migrate_to",
      intervalMs: 0,
      node: "n1",
      rc: 1,
    });
    expect(isRejection(parseOperationSpec("a@n1"))).toBe(true);
  });
  test("a node goes down: its history goes, its resources move", () => {
    const { doc, items } = inject(one, { ...NONE, nodesDown: ["n1"] }, NOW);
    expect(items).toEqual([{ kind: "node", action: "Offline", node: "n1" }]);
    const status = readStatus(doc, NOW);
    expect(status.nodes.map((n) => n.online)).toEqual([false, true]);
    expect(status.resources[0]!.active).toEqual([]);
  });
  test("a failed monitor counts, and is recovered from", () => {
    const { doc, items } = inject(one, { ...NONE, operations: ["a_monitor_10000@n1=1"] }, NOW);
    expect(items).toEqual([
      { kind: "operation", spec: "a_monitor_10000@n1=1" },
      { kind: "attribute", name: "fail-count-a#monitor_10000", value: "1", nodeId: "n1" },
      {
        kind: "attribute",
        name: "last-failure-a#monitor_10000",
        value: String(NOW),
        nodeId: "n1",
      },
    ]);
    const done = simulate(doc, { now: NOW, schedule: true, execute: false });
    expect(transitionLines(done).map((l) => l.replace(/\s+/g, " "))).toEqual([
      "Transition Summary:",
      " * Recover a ( n1 )",
    ]);
  });
  test("an unknown resource is an error, the rest goes on", () => {
    const { errors } = inject(one, { ...NONE, operations: ["zz_start_0@n1=1"] }, NOW);
    expect(errors).toEqual(["Invalid resource name: zz"]);
  });
  test("tickets and quorum", () => {
    const { doc } = inject(one, { ...NONE, quorum: "false", ticketsGranted: ["T"] }, NOW);
    const status = readStatus(doc, NOW);
    expect(status.quorate).toBe(false);
    expect(status.tickets.get("T")?.granted).toBe(true);
    expect(hasInjections({ ...NONE, quorum: "false" })).toBe(false);
    expect(hasInjections({ ...NONE, ticketsGranted: ["T"] })).toBe(true);
  });
});

describe("execution", () => {
  const doc = cluster({ resources: [prim("a", { ops: [{ name: "monitor", interval: "10s" }] })] });
  test("every action leaves its mark; afterwards nothing is left to do", () => {
    const done = simulate(doc, { now: NOW, schedule: true, execute: true });
    expect(done.execution!.state).toBe("complete");
    expect(done.execution!.steps.map(executionLine)).toEqual([
      "Resource action: a               monitor on n2",
      "Resource action: a               monitor on n1",
      "Resource action: a               start on n1",
      "Resource action: a               monitor=10000 on n1",
    ]);
    expect(done.revised!.resources[0]!.active.map((n) => n.name)).toEqual(["n1"]);
    const again = simulate(done.execution!.doc, { now: NOW, schedule: true, execute: false });
    expect(again.schedule!.graph.synapses).toEqual([]);
  });
  test("an operation that shall fail does, and what waits for it does not happen", () => {
    const failure = { resource: "a", task: "start", intervalMs: 0, node: "n1", rc: 1 };
    const done = simulate(doc, { now: NOW, schedule: true, execute: true, failures: [failure] });
    const lines = done.execution!.steps.map(executionLine);
    expect(lines.at(-1)).toMatch(/^Pretending action \d+ failed with rc=1$/);
    const node = done.revised!.nodes[0]!;
    expect(node.attributes.get("fail-count-a#start_0")).toBe("INFINITY");
  });
});

test("the effective time is told in UTC", () => {
  expect(executionDateLine(1_591_117_281)).toBe(
    "Using the original execution date of: 2020-06-02 17:01:21Z",
  );
});
