/** What is under way, as each text form shows it (spec/runtime.md 3.7: 1.1.10 recorded operations when they had ended). */
import { expect, test } from "bun:test";
import { cibDoc } from "../../../lib/cib/document.ts";
import { readStatus } from "../../../lib/status/status.ts";
import { clusterView } from "../../../lib/view/cluster-builder.ts";
import { parseXml } from "../../../lib/xml/parse.ts";

const PLUGIN = "classic openais (with plugin)";
const UUID = "00000000-0000-4000-8000-000000000000";

function entry(resource: string, task: string, call: number, rc: number, status: number): string {
  const key = `${call}:1:0:${UUID}`;
  return (
    `<lrm_rsc_op id="${resource}_last_0" operation_key="${resource}_${task}_0" operation="${task}" ` +
    `crm_feature_set="3.16.1" transition-key="${key}" transition-magic="${status}:${rc};${key}" on_node="n1" ` +
    `call-id="${call}" rc-code="${rc}" op-status="${status}" interval="0" last-rc-change="1500000000"/>`
  );
}

function shown(stack: string, task: string) {
  const root = parseXml(
    `<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="1" have-quorum="1" dc-uuid="n1" crm_feature_set="3.16.1"><configuration>
      <crm_config><cluster_property_set id="p"><nvpair id="p-1" name="cluster-infrastructure" value="${stack}"/>
        <nvpair id="p-2" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>
      <nodes><node id="n1" uname="n1"/></nodes>
      <resources><group id="g"><primitive id="r" class="ocf" provider="pacemaker" type="Dummy"/></group></resources>
      <constraints/></configuration>
      <status><node_state id="n1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="n1"><lrm_resources>
        <lrm_resource id="r" class="ocf" provider="pacemaker" type="Dummy">${entry("r", task, -1, 193, -1)}</lrm_resource>
      </lrm_resources></lrm></node_state></status></cib>`,
  );
  const view = clusterView(readStatus(cibDoc(root), 1_500_000_010));
  const [group] = view.resources;
  if (group?.kind !== "group") throw new Error("no group");
  const [member] = group.members;
  return {
    role: member?.role,
    at: member?.current?.name,
    pending: member?.pendingAction,
    idle: group.inactive,
    running: view.nodes[0]?.runningCount,
  };
}

test("a start under way: not there in 1.1.10's text, starting in today's", () => {
  expect(shown(PLUGIN, "start")).toEqual({
    role: "Stopped",
    at: undefined,
    pending: undefined,
    idle: 1,
    running: 0,
  });
  expect(shown("corosync", "start")).toMatchObject({ at: "n1", pending: "start", running: 1 });
});

test("a stop under way: still there in 1.1.10's text", () => {
  expect(shown(PLUGIN, "stop")).toMatchObject({ role: "Started", at: "n1", pending: undefined });
});
