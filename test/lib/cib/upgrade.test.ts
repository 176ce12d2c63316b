import { describe, expect, test } from "bun:test";
import { isRejection } from "../../../lib/base/error.ts";
import { upgradeRoot } from "../../../lib/cib/upgrade.ts";
import { problemText, validateCib } from "../../../lib/cib/validate.ts";
import { parseXml } from "../../../lib/xml/parse.ts";
import { writeXml } from "../../../lib/xml/write.ts";

interface Parts {
  readonly options?: string;
  readonly nodes?: string;
  readonly resources?: string;
  readonly constraints?: string;
  readonly more?: string;
}

function upgraded(schema: string, parts: Parts, target?: number): string {
  const options = parts.options ?? "";
  const set =
    options === "" ? "" : `<cluster_property_set id="o">${options}</cluster_property_set>`;
  const root = parseXml(`<cib validate-with="${schema}" admin_epoch="0" epoch="1" num_updates="0">
    <configuration><crm_config>${set}</crm_config><nodes>${parts.nodes ?? ""}</nodes>
    <resources>${parts.resources ?? ""}</resources>
    <constraints>${parts.constraints ?? ""}</constraints>${parts.more ?? ""}</configuration><status/></cib>`);
  const result = upgradeRoot(root, target);
  if (isRejection(result)) throw new Error(result.text);
  expect(validateCib(result.root).map(problemText)).toEqual([]);
  return writeXml(result.root, { indent: false });
}

const option = (name: string, value: string) =>
  `<nvpair id="i-${name}" name="${name}" value="${value}"/>`;
const primitive = (id: string, inner = "", type = 'class="ocf" provider="p" type="t"') =>
  `<primitive id="${id}" ${type}>${inner}</primitive>`;

describe("2.10 to 3.0", () => {
  test("options: underscores, moved defaults, dropped ones", () => {
    const text = upgraded("pacemaker-2.10", {
      options:
        option("no_quorum_policy", "ignore") +
        option("default-resource-stickiness", "100") +
        option("default-action-timeout", "30s") +
        option("expected-quorum-votes", "2"),
    });
    expect(text).toContain('name="no-quorum-policy" value="ignore"');
    expect(text).toContain('<rsc_defaults><meta_attributes id="_cibtr-2_rsc_defaults">');
    expect(text).toContain('name="resource-stickiness" value="100"');
    expect(text).toContain('name="timeout" value="30s"');
    expect(text).not.toContain("expected-quorum-votes");
  });
  test("operations: options among parameters become meta-attributes, requires the resource's", () => {
    const inner = `<operations><op id="s" name="start" interval="0"><instance_attributes id="sp">
      ${option("requires", "nothing")}${option("on-fail", "block")}${option("x", "1")}</instance_attributes></op></operations>`;
    const text = upgraded("pacemaker-2.5", { resources: primitive("a", inner) });
    expect(text).toContain('<meta_attributes id="_cibtr-2_sp-meta"><nvpair id="i-on-fail"');
    expect(text).toContain('<meta_attributes id="_cibtr-2_a-meta">');
    expect(text).toContain('name="requires" value="nothing"');
    expect(text).toContain('<instance_attributes id="sp"><nvpair id="i-x"');
  });
  test("nothing changes where nothing is outdated", () => {
    const text = upgraded("pacemaker-2.10", { resources: primitive("a") }, 300);
    expect(text).toContain('<primitive id="a" class="ocf" provider="p" type="t"/>');
  });
});

describe("3.10 to 4.0", () => {
  test("master becomes a promotable clone", () => {
    const text = upgraded("pacemaker-3.9", {
      resources: `<master id="m">${primitive("a")}</master>`,
    });
    expect(text).toContain('<clone id="m"><meta_attributes');
    expect(text).toContain('name="promotable" value="true"');
  });
  test("resources of classes that are gone go with all that refers to them", () => {
    const gone = 'class="nagios" type="check"';
    const text = upgraded("pacemaker-3.0", {
      resources: `<group id="g">${primitive("n", "", gone)}</group>${primitive("a")}`,
      constraints: '<rsc_colocation id="c" rsc="a" with-rsc="g" score="1"/>',
    });
    expect(text).toContain("<constraints/>");
    expect(text).not.toContain('id="g"');
  });
  test("a location with two rules becomes two", () => {
    const rule = (id: string) =>
      `<rule id="${id}" score="1"><expression id="${id}e" attribute="x" operation="defined"/></rule>`;
    const text = upgraded("pacemaker-3.0", {
      resources: primitive("a"),
      constraints: `<rsc_location id="l" rsc="a">${rule("r1")}${rule("r2")}</rsc_location>`,
    });
    expect(text).toContain('<rsc_location id="pcmk__3_10_upgrade-l-1" rsc="a"><rule id="r1"');
    expect(text).toContain('<rsc_location id="pcmk__3_10_upgrade-l-2" rsc="a"><rule id="r2"');
  });
  test("options and ping nodes", () => {
    const text = upgraded("pacemaker-3.5", {
      options: option("crmd-transition-delay", "1s") + option("stonith-action", "poweroff"),
      nodes: '<node id="1" uname="p" type="ping"/>',
    });
    expect(text).toContain('name="transition-delay" value="1s"');
    expect(text).toContain('name="stonith-action" value="off"');
    expect(text).toContain('type="member"');
    expect(text).toContain('node="p" score="-INFINITY" resource-discovery="never"');
  });
});

test("1.x: access rules become roles with permissions", () => {
  const text = upgraded("pacemaker-1.2", {
    more: `<acls><acl_user id="u"><role_ref id="r"/><write id="w" xpath="//x"/></acl_user>
      <acl_role id="r"><read id="rd" tag="primitive"/></acl_role></acls>`,
  });
  expect(text).toContain('<acl_target id="u"><role id="r"/><role id="auto-u"/></acl_target>');
  expect(text).toContain('<acl_permission id="w" kind="write" xpath="//x"/>');
  expect(text).toContain('<acl_permission id="rd" kind="read" object-type="primitive"/>');
});

test("none and the newest are left alone, unknown schemas refused", () => {
  const of = (schema: string) => upgradeRoot(parseXml(`<cib validate-with="${schema}"/>`));
  expect(of("none")).toMatchObject({ notes: [] });
  expect(of("pacemaker-4.0")).toMatchObject({ notes: [] });
  expect(isRejection(of("pacemaker-7.0"))).toBe(true);
});
