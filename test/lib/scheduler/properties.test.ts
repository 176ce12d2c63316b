/** What holds for every cluster: determinism, limits, mandatory constraints, and that settled means settled. */
import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { graphText } from "../../../lib/render/graph-xml.ts";
import { schedule } from "../../../lib/scheduler/schedule.ts";
import { executeGraph } from "../../../lib/simulate/fake-executor.ts";
import { readStatus } from "../../../lib/status/status.ts";
import { leavesOf } from "../../../lib/status/tree.ts";
import { type ClusterWords, clone, cluster, group, NOW, prim } from "./support.ts";

// Some seconds on a quiet machine; more where much else runs.
setDefaultTimeout(60_000);

const RUNS = { numRuns: 60, seed: 20_231_114 };

interface Drawn {
  readonly words: ClusterWords;
  readonly together: readonly (readonly [string, string])[];
  readonly apart: readonly (readonly [string, string])[];
}

const names = ["a", "b", "c", "d", "e"] as const;

/** Clusters of up to four nodes with primitives, a group, a clone and constraints among the primitives. */
const drawn: fc.Arbitrary<Drawn> = fc
  .record({
    nodes: fc.integer({ min: 1, max: 4 }),
    plain: fc.subarray([...names], { minLength: 1 }),
    stickiness: fc.constantFrom(0, 1, 100),
    standby: fc.boolean(),
    cloneMax: fc.integer({ min: 1, max: 4 }),
    withGroup: fc.boolean(),
    pairs: fc.array(
      fc.record({
        kind: fc.constantFrom("together", "apart", "order"),
        one: fc.constantFrom(...names),
        two: fc.constantFrom(...names),
      }),
      { maxLength: 4 },
    ),
    wishes: fc.array(
      fc.record({
        rsc: fc.constantFrom(...names),
        node: fc.integer({ min: 1, max: 4 }),
        score: fc.integer({ min: -20, max: 20 }),
      }),
      { maxLength: 4 },
    ),
  })
  .map((d) => {
    // Constraints lead from later to earlier names only, so that they never contradict themselves.
    const pairs = d.pairs.filter(
      (p) => p.one < p.two && d.plain.includes(p.one) && d.plain.includes(p.two),
    );
    const constraints = [
      ...pairs.map((p, i) =>
        p.kind === "order"
          ? `<rsc_order id="p${i}" first="${p.one}" then="${p.two}"/>`
          : `<rsc_colocation id="p${i}" rsc="${p.two}" with-rsc="${p.one}" score="${p.kind === "apart" ? "-" : ""}INFINITY"/>`,
      ),
      ...d.wishes
        .filter((w) => d.plain.includes(w.rsc))
        .map(
          (w, i) =>
            `<rsc_location id="w${i}" rsc="${w.rsc}" node="n${w.node}" score="${w.score}"/>`,
        ),
    ];
    const nodes = Object.fromEntries(
      Array.from({ length: d.nodes }, (_, i) => [
        `n${i + 1}`,
        d.standby && i === 0 ? { attributes: { standby: "on" } } : {},
      ]),
    );
    const words: ClusterWords = {
      nodes,
      resources: [
        ...d.plain.map((id) => prim(id, { meta: { "resource-stickiness": d.stickiness } })),
        ...(d.withGroup ? [group("g", [prim("x"), prim("y")])] : []),
        clone("k", prim("z"), { "clone-max": d.cloneMax }),
      ],
      constraints: constraints.join(""),
    };
    const of = (kind: string) =>
      pairs.filter((p) => p.kind === kind).map((p) => [p.two, p.one] as const);
    return { words, together: of("together"), apart: of("apart") };
  });

/** Where everything runs once the schedule has been carried out. */
function settle(words: ClusterWords) {
  const doc = cluster(words);
  const first = schedule(doc, NOW);
  const done = executeGraph(doc, first.graph, { now: NOW, exists: () => true });
  const status = readStatus(done.doc, NOW);
  const places = new Map<string, readonly string[]>();
  for (const resource of status.resources) {
    for (const leaf of leavesOf(resource))
      places.set(
        leaf.id,
        leaf.active.map((n) => n.name),
      );
  }
  return { done, status, places };
}

test("the same input gives the same graph", () => {
  fc.assert(
    fc.property(drawn, ({ words }) => {
      const graph = () => graphText(schedule(cluster(words), NOW).graph);
      expect(graph()).toBe(graph());
    }),
    RUNS,
  );
});

test("a schedule that was carried out leaves nothing to do", () => {
  fc.assert(
    fc.property(drawn, ({ words }) => {
      let { doc } = settle(words).done;
      let left = schedule(doc, NOW).graph;
      // A second round may still move what the first one made room for.
      for (let round = 0; round < 3 && left.synapses.length > 0; round++) {
        doc = executeGraph(doc, left, { now: NOW, exists: () => true }).doc;
        left = schedule(doc, NOW).graph;
      }
      expect(left.synapses.flatMap((s) => s.actions.map((a) => a.operationKey))).toEqual([]);
    }),
    RUNS,
  );
});

test("no resource runs twice, no clone beyond its limits, nothing on a standby node", () => {
  fc.assert(
    fc.property(drawn, ({ words }) => {
      const { places, status } = settle(words);
      for (const nodes of places.values()) expect(nodes.length).toBeLessThanOrEqual(1);
      const standby = status.nodes.filter((n) => n.standby).map((n) => n.name);
      for (const nodes of places.values()) {
        for (const node of nodes) expect(standby).not.toContain(node);
      }
      const used = [...places].filter(([id]) => id.startsWith("z:")).flatMap(([, n]) => n);
      expect(new Set(used).size).toBe(used.length);
      expect(used.length).toBeLessThanOrEqual(status.resources.at(-1)?.clone?.max ?? 0);
    }),
    RUNS,
  );
});

test("mandatory colocations hold", () => {
  fc.assert(
    fc.property(drawn, ({ words, together, apart }) => {
      const { places } = settle(words);
      const place = (id: string): string | undefined => places.get(id)?.[0];
      for (const [one, two] of together) {
        if (place(one) !== undefined) expect(place(one)).toBe(place(two)!);
      }
      for (const [one, two] of apart) {
        if (place(one) !== undefined) expect(place(one)).not.toBe(place(two)!);
      }
    }),
    RUNS,
  );
});

test("unrelated resources do not care about the order of the document", () => {
  const located = (ids: readonly string[]): ClusterWords => ({
    nodes: 4,
    resources: ids.map((id) => prim(id)),
    constraints: names
      .map((id, i) => `<rsc_location id="l${id}" rsc="${id}" node="n${(i % 4) + 1}" score="9"/>`)
      .join(""),
  });
  fc.assert(
    fc.property(fc.shuffledSubarray([...names], { minLength: names.length }), (ids) => {
      expect([...settle(located(ids)).places].sort()).toEqual(
        [...settle(located(names)).places].sort(),
      );
    }),
    RUNS,
  );
});
