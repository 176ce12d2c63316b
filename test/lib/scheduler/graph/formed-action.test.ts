/** Probes share a form in the graph; what is sent to another thread, and what is printed, says the same without it. */
import { expect, test } from "bun:test";
import { graphText } from "../../../../lib/render/graph-xml.ts";
import { plainGraph } from "../../../../lib/scheduler/graph/formed-action.ts";
import { schedule } from "../../../../lib/scheduler/schedule.ts";
import { clone, cluster, NOW, prim } from "../support.ts";

const names = Array.from({ length: 12 }, (_, i) => `r${i}`);
const resources = [
  ...names.map((id) => prim(id, { params: { state: `/run/${id}&lt;` } })),
  clone("c", prim("p")),
];
const { graph } = schedule(cluster({ nodes: 40, resources }), NOW);
const actions = graph.synapses.flatMap((synapse) => synapse.actions);

test("a probe says where it is, what it expects and what the resource is told", () => {
  const probe = actions.find((a) => a.operationKey === "r3_monitor_0" && a.node?.name === "n7")!;
  expect(probe.form).toBeDefined();
  expect(Object.fromEntries(probe.attributes)).toMatchObject({
    CRM_meta_on_node: "n7",
    CRM_meta_on_node_uuid: probe.node!.id,
    CRM_meta_op_target_rc: "7",
    state: "/run/r3<",
  });
  expect(probe.downed).toEqual([]);
});

test("all probes of a resource have one form", () => {
  const forms = new Set(
    actions.filter((a) => a.operationKey === "r3_monitor_0").map((a) => a.form),
  );
  expect(forms.size).toBe(1);
});

test("a graph that was sent to another thread is printed the same", () => {
  const sent = structuredClone(plainGraph(graph));
  expect(sent.synapses.some((s) => s.actions.some((a) => a.form !== undefined))).toBe(false);
  expect(graphText(sent)).toBe(graphText(graph));
});
