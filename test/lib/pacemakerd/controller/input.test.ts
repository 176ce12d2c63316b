/** What the scheduler is told of nodes whose managers are gone (HOUSE rule 9). */
import { expect, test } from "bun:test";
import { cibDoc } from "../../../../lib/cib/document.ts";
import { schedulingInput } from "../../../../lib/pacemakerd/controller/input.ts";
import { findById } from "../../../../lib/xml/index.ts";
import { parseXml } from "../../../../lib/xml/parse.ts";

function isUnmanaged(history: string, abandoned: readonly string[]): boolean {
  const doc = cibDoc(
    parseXml(
      `<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config>
      <cluster_property_set id="s"><nvpair id="s-1" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>
      <nodes/><resources><primitive id="r" class="ocf" provider="pacemaker" type="Dummy"/></resources><constraints/></configuration>
      <status><node_state id="n1" uname="n1"><lrm id="n1"><lrm_resources>${history}</lrm_resources></lrm></node_state></status></cib>`,
    ),
  );
  const input = schedulingInput(doc, { controllerId: "n2", quorate: true, abandoned });
  return findById(input.root, "quorate-abandoned-r-is-managed") !== undefined;
}

const entry = (operation: string, rc: number) =>
  `<lrm_resource id="r"><lrm_rsc_op id="r_last_0" operation="${operation}" rc-code="${rc}"/></lrm_resource>`;

test("what runs, may run or is not known on an abandoned node is left alone", () => {
  expect(isUnmanaged(entry("start", 0), ["n1"])).toBe(true);
  expect(isUnmanaged(entry("stop", 193), ["n1"])).toBe(true);
  expect(isUnmanaged('<lrm_resource id="r"/>', ["n1"])).toBe(true);
});

test("what is known not to run there, or to be nobody's, is scheduled", () => {
  expect(isUnmanaged(entry("stop", 0), ["n1"])).toBe(false);
  expect(isUnmanaged(entry("monitor", 7), ["n1"])).toBe(false);
  expect(isUnmanaged("", ["n1"])).toBe(false);
  expect(isUnmanaged(entry("start", 0), [])).toBe(false);
});
