/** crm_mon's filters: by node, by resource, by tag; what is counted stays whole. */
import { expect, test } from "bun:test";
import { cibDoc } from "../../../lib/cib/document.ts";
import { currentText } from "../../../lib/render/current.ts";
import { readStatus } from "../../../lib/status/status.ts";
import { clusterView } from "../../../lib/view/cluster-builder.ts";
import { DEFAULT_DISPLAY } from "../../../lib/view/display.ts";
import { nodesNamed, onlyNodes, onlyResources, resourcesNamed } from "../../../lib/view/filter.ts";
import { parseXml } from "../../../lib/xml/parse.ts";

const dummy = (id: string) => `<primitive id="${id}" class="ocf" provider="x" type="Dummy"/>`;

/** A history entry: the resource runs there. */
const runs = (id: string) =>
  `<lrm_resource id="${id}" class="ocf" provider="x" type="Dummy"><lrm_rsc_op id="${id}_last_0"
   operation_key="${id}_start_0" operation="start" call-id="1" rc-code="0" op-status="0" interval="0"
   transition-key="1:1:0:x" transition-magic="0:0;1:1:0:x"/></lrm_resource>`;

const node = (id: string, name: string, ...ids: string[]) =>
  `<node_state id="${id}" uname="${name}" in_ccm="true" crmd="online" join="member"
   expected="member"><lrm id="${id}"><lrm_resources>${ids.map(runs).join("")}</lrm_resources></lrm>
   </node_state>`;

const status = readStatus(
  cibDoc(
    parseXml(`<cib validate-with="pacemaker-3.9" have-quorum="1"><configuration>
<crm_config><cluster_property_set id="o"><nvpair id="o-s" name="stonith-enabled" value="false"/>
</cluster_property_set></crm_config>
<nodes><node id="1" uname="alpha"/><node id="2" uname="beta"/></nodes>
<resources><group id="shop">${dummy("ip")}${dummy("web")}${dummy("idle")}</group>
<clone id="all">${dummy("watch")}</clone>${dummy("mail")}${dummy("spare")}</resources>
<constraints/><tags><tag id="front"><obj_ref id="web"/><obj_ref id="mail"/></tag>
<tag id="first"><obj_ref id="alpha"/></tag></tags></configuration>
<status>${node("1", "alpha", "ip", "web", "watch")}${node("2", "beta", "mail", "watch")}</status></cib>`),
  ),
  1_600_000_000,
);
const view = clusterView(status);
const show = { ...DEFAULT_DISPLAY, summary: false, failures: false };
const text = (v: typeof view, more = {}) => currentText(v, { ...show, ...more }, String);

test("by node, or by a tag of nodes", () => {
  const expected = `Node List:
  * Online: [ alpha ]

Active Resources:
  * Resource Group: shop (1 member inactive):
    * ip\t(ocf:x:Dummy):\t Started alpha
    * web\t(ocf:x:Dummy):\t Started alpha
  * Clone Set: all [watch]:
    * Started: [ alpha ]
`;
  expect(text(onlyNodes(view, nodesNamed(status, "alpha")))).toBe(expected);
  expect(text(onlyNodes(view, nodesNamed(status, "first")))).toBe(expected);
});

test("by a node that is not there: what runs nowhere stays", () => {
  const nowhere = onlyNodes(view, nodesNamed(status, "gamma"));
  expect(text(nowhere)).toBe("Active Resources:\n  * No active resources\n");
  expect(text(nowhere, { inactive: true })).toContain("spare\t(ocf:x:Dummy):\t Stopped");
});

test("by a tag of resources: members keep their group, and its count", () => {
  expect(
    text(onlyResources(view, resourcesNamed(status, "front")), { nodes: false }),
  ).toBe(`Active Resources:
  * Resource Group: shop (1 member inactive):
    * web\t(ocf:x:Dummy):\t Started alpha
  * mail\t(ocf:x:Dummy):\t Started beta
`);
});

test("by the name that instances share, or by one instance", () => {
  const one = (name: string) => onlyResources(view, resourcesNamed(status, name)).resources[0];
  const clone = one("watch");
  expect(clone?.kind === "clone" && clone.instances.length).toBe(2);
  const exact = one("watch:1");
  expect(exact?.kind === "clone" && exact.instances.map((i) => i.id)).toEqual(["watch:1"]);
});

test("counts instead of lines", () => {
  expect(text(view, { brief: true, nodes: false, inactive: true })).toBe(`Full List of Resources:
  * 1/2\t(ocf:x:Dummy):\tActive beta
  * Resource Group: shop:
    * 2/3\t(ocf:x:Dummy):\tActive alpha
  * Clone Set: all [watch]:
    * Started: [ alpha beta ]
`);
});
