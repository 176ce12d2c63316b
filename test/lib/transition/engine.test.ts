/** The transition engine on hand-made graphs (spec/runtime.md 2.3 to 2.7). */
import { describe, expect, test } from "bun:test";
import type { GraphAction, Synapse, TransitionGraph } from "../../../lib/scheduler/graph/model.ts";
import { TransitionEngine } from "../../../lib/transition/engine.ts";

function action(id: number, kind: GraphAction["kind"] = "rsc_op", node = "1"): GraphAction {
  return {
    id,
    kind,
    operation: "start",
    operationKey: `r${id}_start_0`,
    node: { id: node, name: `n${node}` },
    attributes: new Map(),
    downed: [],
  };
}

/** `edges[i]` are the ids of the inputs of action i+1. */
function graph(actions: readonly GraphAction[], edges: readonly number[][], priority = 0) {
  const synapses: Synapse[] = actions.map((a, at) => ({
    id: at,
    priority,
    actions: [a],
    inputs: (edges[at] ?? []).map((id) => actions.find((other) => other.id === id)!),
  }));
  return { attributes: new Map(), synapses } satisfies TransitionGraph;
}

describe("transition engine", () => {
  test("starts in order of inputs and ends complete", () => {
    const engine = new TransitionEngine(graph([action(1), action(2), action(3)], [[], [1], [2]]));
    const started: number[] = [];
    const fire = (a: GraphAction) => {
      started.push(a.id);
      return "pending" as const;
    };
    expect(engine.pass(fire)).toMatchObject({ state: "active", fired: 1, pending: 1 });
    expect(engine.pass(fire).state).toBe("pending");
    expect(engine.confirm(1, false)).toBe("confirmed");
    expect(engine.confirm(1, false)).toBe("already");
    expect(engine.confirm(99, false)).toBe("unknown");
    engine.pass(fire);
    engine.confirm(2, false);
    engine.pass(fire);
    engine.confirm(3, false);
    expect(engine.pass(fire)).toMatchObject({ state: "complete", completed: 3 });
    expect(started).toEqual([1, 2, 3]);
  });

  test("an action done at once lets a later synapse start in the same pass, an earlier one in the next", () => {
    const engine = new TransitionEngine(graph([action(1), action(2), action(3)], [[3], [3], []]));
    const started: number[] = [];
    const fire = (a: GraphAction) => {
      started.push(a.id);
      return "done" as const;
    };
    engine.pass(fire);
    expect(started).toEqual([3]);
    engine.pass(fire);
    expect(started).toEqual([3, 1, 2]);
    expect(engine.pass(fire).state).toBe("complete");
  });

  test("a failure stops its dependents; without an abort the graph is terminated", () => {
    const engine = new TransitionEngine(graph([action(1), action(2)], [[], [1]]));
    engine.pass(() => "pending");
    engine.confirm(1, true);
    expect(engine.pass(() => "pending")).toMatchObject({ state: "terminated", incomplete: 1 });
  });

  test("an abort lets running actions finish and skips the rest, pseudo events excepted", () => {
    const engine = new TransitionEngine(
      graph([action(1), action(2), action(3, "pseudo_event")], [[], [1], [1]]),
    );
    engine.pass(() => "pending");
    engine.abort(1_000_000, "restart", "Configuration change");
    engine.abort(1, "wait", "weaker");
    engine.confirm(1, false);
    const fired: number[] = [];
    engine.pass((a) => {
      fired.push(a.id);
      return "done";
    });
    expect(fired).toEqual([3]);
    expect(engine.pass(() => "done").state).toBe("stopped");
    expect(engine.completion).toBe("restart");
    expect(engine.abortReason).toBe("Configuration change");
  });

  test("batch limit and job limits defer actions", () => {
    const engine = new TransitionEngine(graph([action(1), action(2), action(3)], [[], [], []]), {
      batchLimit: () => 1,
    });
    expect(engine.pass(() => "pending").fired).toBe(1);
    expect(engine.pass(() => "pending").fired).toBe(0);
    const busy = new TransitionEngine(graph([action(1), action(2)], [[], []]), {
      mayStart: (a) => a.id !== 2,
    });
    expect(busy.pass(() => "pending").fired).toBe(1);
  });

  test("a lost node fails what was sent to it and what was still to be sent", () => {
    const engine = new TransitionEngine(
      graph([action(1, "rsc_op", "1"), action(2, "rsc_op", "2")], [[], [1]]),
    );
    engine.pass(() => "pending");
    expect(engine.nodeLost("1").map((a) => a.id)).toEqual([1]);
    engine.abort(1_000_000, "restart", "Node failure");
    const result = engine.pass(() => "pending");
    expect(result.fired).toBe(0);
    expect(engine.isOver).toBe(true);
  });
});
