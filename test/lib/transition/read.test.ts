/** Graphs read back from their XML (spec/scheduler-1 section E.4). */
import { describe, expect, test } from "bun:test";
import { isRejection } from "../../../lib/base/error.ts";
import { readGraph } from "../../../lib/transition/read.ts";
import { parseXml } from "../../../lib/xml/parse.ts";

const TEXT = `<transition_graph cluster-delay="60s" batch-limit="0" transition_id="1">
  <synapse id="0" priority="5">
    <action_set>
      <rsc_op id="4" operation="start" operation_key="a_start_0" on_node="n1" on_node_uuid="1">
        <primitive id="a" class="ocf" provider="pacemaker" type="Dummy"/>
        <attributes CRM_meta_timeout="20000" crm_feature_set="3.16.1"><param name="1st" value="x"/></attributes>
      </rsc_op>
    </action_set>
    <inputs>
      <trigger><rsc_op id="2" operation="monitor" operation_key="a_monitor_0" on_node="n1" on_node_uuid="1"/></trigger>
    </inputs>
  </synapse>
  <synapse id="1">
    <action_set><crm_event id="9" operation="do_shutdown" operation_key="do_shutdown-n1" on_node="n1" on_node_uuid="1"><attributes/><downed><node id="1"/></downed></crm_event></action_set>
    <inputs/>
  </synapse>
</transition_graph>`;

describe("reading a graph", () => {
  test("synapses, actions, inputs, parameters", () => {
    const graph = readGraph(parseXml(TEXT));
    if (isRejection(graph)) throw new Error(graph.text);
    expect(graph.attributes.get("transition_id")).toBe("1");
    const [first, second] = graph.synapses;
    expect(first!.priority).toBe(5);
    expect(first!.actions[0]).toMatchObject({
      id: 4,
      kind: "rsc_op",
      node: { id: "1", name: "n1" },
      primitive: { id: "a", standard: "ocf", provider: "pacemaker", agent: "Dummy" },
    });
    expect(first!.actions[0]!.attributes.get("1st")).toBe("x");
    expect(first!.inputs.map((a) => a.id)).toEqual([2]);
    expect(second!.actions[0]!.downed).toEqual(["1"]);
  });

  test("what is no graph is refused", () => {
    expect(isRejection(readGraph(parseXml("<cib/>")))).toBe(true);
    const odd =
      "<transition_graph><synapse id='0'><action_set><odd/></action_set></synapse></transition_graph>";
    expect(isRejection(readGraph(parseXml(odd)))).toBe(true);
  });
});
