import { describe, expect, test } from "bun:test";
import { isRejection } from "../../../lib/base/error.ts";
import { cibDoc } from "../../../lib/cib/document.ts";
import { applyRequest, type CibRequest } from "../../../lib/cib/operations.ts";
import { element } from "../../../lib/xml/node.ts";
import { parseXml } from "../../../lib/xml/parse.ts";
import { writeXml } from "../../../lib/xml/write.ts";

const doc = cibDoc(
  parseXml(`<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"><configuration>
  <crm_config><cluster_property_set id="o"><nvpair id="e" name="enable-acl" value="true"/></cluster_property_set></crm_config>
  <nodes/><resources><primitive id="a" class="lsb" type="t"><meta_attributes id="m">
    <nvpair id="n" name="target-role" value="Started"/></meta_attributes></primitive></resources><constraints/>
  <acls><acl_role id="observer"><acl_permission id="p1" kind="read" xpath="/cib"/>
    <acl_permission id="p2" kind="write" xpath="//nvpair[@name='target-role']"/></acl_role>
   <acl_role id="admin"><acl_permission id="p3" kind="read" xpath="/cib"/><acl_permission id="p4" kind="write" object-type="resources"/></acl_role>
   <acl_role id="some"><acl_permission id="p5" kind="read" reference="n"/></acl_role>
   <acl_role id="blind"><acl_permission id="p6" kind="read" xpath="/cib"/><acl_permission id="p7" kind="deny" xpath="//resources"/></acl_role>
   <acl_target id="olaf"><role id="observer"/></acl_target><acl_target id="anna"><role id="admin"/></acl_target>
   <acl_target id="some"><role id="some"/></acl_target><acl_target id="blind"><role id="blind"/></acl_target>
   <acl_group id="wheel"><role id="admin"/></acl_group></acls>
  </configuration><status/></cib>`),
);

function attempt(user: string, request: CibRequest, groups: readonly string[] = []): string {
  const outcome = applyRequest(doc, request, { now: 0, aclUser: user, aclGroups: groups });
  if (isRejection(outcome)) return outcome.code;
  return outcome.result === undefined ? "ok" : writeXml(outcome.result, { indent: false });
}

const setRole: CibRequest = {
  op: "cib_modify",
  section: "resources",
  data: element("nvpair", { id: "n", value: "Stopped" }),
};
const create: CibRequest = {
  op: "cib_create",
  section: "resources",
  data: element("primitive", { id: "b", class: "lsb", type: "t" }),
};
const resources: CibRequest = { op: "cib_query", section: "resources" };

describe("writing", () => {
  test("only what a rule allows, there or above", () => {
    expect(attempt("olaf", setRole)).toBe("ok");
    expect(attempt("olaf", create)).toBe("EACCES");
    expect(attempt("anna", create)).toBe("ok");
    expect(attempt("anna", { op: "cib_modify", data: element("cib", { epoch: "7" }) })).toBe(
      "EACCES",
    );
    expect(attempt("nobody", create)).toBe("EACCES");
    expect(attempt("nobody", create, ["wheel"])).toBe("ok");
  });
  test("root and hacluster are exempt", () => {
    for (const user of ["root", "hacluster"]) expect(attempt(user, create)).toBe("ok");
  });
  test("rights cannot be taken by changing the rules", () => {
    const rule = element("acl_permission", { id: "p2", xpath: "/cib" });
    expect(attempt("olaf", { op: "cib_modify", section: "acls", data: rule })).toBe("EACCES");
    expect(attempt("olaf", { op: "cib_delete", data: element("acls") })).toBe("EACCES");
  });
});

describe("reading", () => {
  test("without rules nothing, denied parts never", () => {
    expect(attempt("nobody", resources)).toBe("EACCES");
    expect(attempt("olaf", resources)).toContain('value="Started"');
    expect(attempt("blind", resources)).toBe("ENXIO");
  });
  test("the way to what may be seen shows ids only", () => {
    expect(attempt("some", resources)).toBe(
      '<resources><primitive id="a"><meta_attributes id="m">' +
        '<nvpair id="n" name="target-role" value="Started"/></meta_attributes></primitive></resources>',
    );
  });
});
