/** What verification finds beyond the schema; texts agree with the originals' (Debian's crm_verify, spec C1). */
import { describe, expect, test } from "bun:test";
import { cibDoc } from "../../../lib/cib/document.ts";
import { schemaLines, verifyConfiguration } from "../../../lib/view/verification.ts";
import { parseXml } from "../../../lib/xml/parse.ts";

const pair = (name: string, value: string) =>
  `<nvpair id="i-${name}" name="${name}" value="${value}"/>`;
const OFF = pair("fencing-enabled", "false");
const PLUGIN = pair("cluster-infrastructure", "classic openais (with plugin)");

function verify(options: string, resources = "", status = "<status/>") {
  const doc = cibDoc(
    parseXml(`<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"><configuration>
      <crm_config><cluster_property_set id="o">${options}</cluster_property_set></crm_config>
      <nodes><node id="1" uname="n1"/></nodes><resources>${resources}</resources><constraints/></configuration>${status}</cib>`),
  );
  return verifyConfiguration(doc, 1_600_000_000);
}

function texts(...args: Parameters<typeof verify>): readonly string[] {
  return verify(...args).messages.map((m) => `${m.level}: ${m.text}`);
}

const dummy = (inner: string) => `<primitive id="a" class="lsb" type="x">${inner}</primitive>`;

describe("configurations that mean something else than they say", () => {
  test("options, roles, operations", () => {
    const meta = `<meta_attributes id="m">${pair("target-role", "Foo")}</meta_attributes>`;
    const operations = `<operations><op id="o1" name="monitor" interval="10"/>
      <op id="o2" name="monitor" interval="10s" timeout="5"/></operations>`;
    const options = OFF + pair("no-quorum-policy", "zzz") + pair("batch-limit", "x");
    expect(texts(options, dummy(meta + operations))).toEqual([
      "error: Using default value for cluster option 'no-quorum-policy' because 'zzz' is invalid",
      "error: Using default value for cluster option 'batch-limit' because 'x' is invalid",
      "error: Ignoring 'target-role' for a because 'Foo' is not valid",
      "error: Operation o2 is duplicate of o1 (do not use same name and interval combination more than once per resource)",
    ]);
  });
  test("the plugin stack has its own words", () => {
    const operations = `<operations><op id="o1" name="monitor" interval="10"/>
      <op id="o2" name="monitor" interval="10s"/><op id="o3" name="stop" interval="0" on-fail="standby"/></operations>`;
    expect(texts(PLUGIN + OFF, dummy(operations))).toEqual([
      "error: Operation o2 is a duplicate of o1",
      "error: Do not use the same (name, interval) combination more than once per resource",
      "error: on-fail=standby is not allowed for stop actions: o3",
    ]);
  });
  test("only agents of class ocf can be promoted", () => {
    const promotable = `<meta_attributes id="m">${pair("promotable", "true")}</meta_attributes>`;
    const found = texts(OFF, `<clone id="c">${promotable}${dummy("")}</clone>`);
    expect(found[0]).toContain("a:0 is of type lsb and therefore cannot be used as a promotable");
  });
});

describe("fencing without a device", () => {
  test("nothing starts, and unclean nodes stay unclean", () => {
    const found = texts("");
    expect(found[0]).toContain("Resource start-up disabled since no fencing resources");
    expect(found[1]).toBe("warning: Node n1 is unclean but cannot be fenced");
    expect(texts("", "", "").length).toBe(1);
    expect(texts(PLUGIN)[1]).toContain("disable STONITH with the stonith-enabled option");
  });
  test("is no error when it is off or there is a device", () => {
    expect(verify(OFF).hasErrors).toBe(false);
    const device = '<primitive id="f" class="stonith" type="fence_x"/>';
    expect(verify("", device).hasErrors).toBe(false);
  });
});

test("the schema's findings come as lines", () => {
  const found = verify(OFF, '<primitive id="a" class="lsb" typ="x"/>');
  expect(found.hasErrors).toBe(true);
  expect(schemaLines(found)[0]).toStartWith("element primitive: /cib/configuration/resources/");
});
