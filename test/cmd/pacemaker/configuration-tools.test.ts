/** The tools that read and write configurations, on files: texts and exit codes. */
import { beforeEach, describe, expect, test } from "bun:test";
import cibadmin from "../../../cmd/pacemaker/cibadmin.ts";
import crmAttribute from "../../../cmd/pacemaker/crm_attribute.ts";
import crmFailcount from "../../../cmd/pacemaker/crm_failcount.ts";
import crmMaster from "../../../cmd/pacemaker/crm_master.ts";
import crmRule from "../../../cmd/pacemaker/crm_rule.ts";
import crmShadow from "../../../cmd/pacemaker/crm_shadow.ts";
import crmStandby from "../../../cmd/pacemaker/crm_standby.ts";
import crmTicket from "../../../cmd/pacemaker/crm_ticket.ts";
import crmVerify from "../../../cmd/pacemaker/crm_verify.ts";
import type { Tool } from "../../../lib/cli/tool.ts";
import { MemoryHost } from "../../lib/support/memory-session.ts";

const FILE = "/tmp/cib.xml";

function configuration(options: string): string {
  return `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0">
  <configuration>
    <crm_config><cluster_property_set id="cib-bootstrap-options">${options}</cluster_property_set></crm_config>
    <nodes><node id="1" uname="node1"/></nodes>
    <resources><primitive id="vip" class="ocf" provider="heartbeat" type="IPaddr"/></resources>
    <constraints><rsc_location id="l" rsc="vip"><rule id="r" score="1">
      <date_expression id="d" operation="lt" end="2020-01-01"/></rule></rsc_location></constraints>
  </configuration>
  <status/>
</cib>
`;
}

const option = (name: string, value: string) =>
  `<nvpair id="${name}" name="${name}" value="${value}"/>`;
const PLUGIN = option("cluster-infrastructure", "classic openais (with plugin)");

let host: MemoryHost;
beforeEach(() => {
  host = new MemoryHost();
  host.files.set(FILE, configuration(""));
  host.env["CIB_file"] = FILE;
});

async function says(tool: Tool, words: readonly string[], text: string, exit = 0): Promise<void> {
  const said = await host.run(tool, ...words);
  expect([said.err + said.out, said.exit]).toEqual([text, exit]);
}

describe("crm_verify", () => {
  test("speaks as in the walkthrough on the plugin stack", async () => {
    host.files.set(FILE, configuration(PLUGIN));
    await says(
      crmVerify,
      ["-x", FILE, "-V"],
      "   error: unpack_resources: \tResource start-up disabled since no STONITH resources have been defined\n" +
        "   error: unpack_resources: \tEither configure some or disable STONITH with the stonith-enabled option\n" +
        "   error: unpack_resources: \tNOTE: Clusters with shared data need STONITH to ensure data integrity\n" +
        "Errors found during check: config not valid\n",
      2,
    );
    const short = "Errors found during check: config not valid\n  -V may provide more details\n";
    await says(crmVerify, ["-x", FILE], short, 2);
    host.files.set(FILE, configuration(PLUGIN + option("stonith-enabled", "false")));
    await says(crmVerify, ["-x", FILE, "-V"], "");
  });
  test("speaks as today elsewhere, and needs an input", async () => {
    await says(crmVerify, ["-x", FILE], "Configuration invalid (-V may provide more detail)\n", 78);
    host.files.set(FILE, configuration(option("fencing-enabled", "false")));
    await says(crmVerify, ["-x", FILE], "");
    await says(crmVerify, [], "crm_verify: No input specified: use -L, -x, -X or -p\n", 1);
    const other = "Input is not a CIB (outermost element is <a> not <cib>)\n";
    await says(crmVerify, ["-X", "<a/>"], other, 78);
    const live = await host.run(crmVerify, "-x", "/nowhere");
    expect([live.err.startsWith("crm_verify: Verification failed:"), live.exit]).toEqual([
      true,
      78,
    ]);
  });
});

describe("cibadmin", () => {
  test("creates, refuses twice, deletes", async () => {
    const xml = '<primitive id="b" class="lsb" type="x"/>';
    await says(cibadmin, ["-C", "-o", "resources", "-X", xml], "");
    const again = await host.run(cibadmin, "-C", "-o", "resources", "-X", xml);
    expect([again.err, again.exit]).toEqual(["cibadmin: CIB API call failed: File exists\n", 108]);
    await says(cibadmin, ["-Q", "--xpath", "//primitive[@id='b']"], `${xml}\n`);
    await says(cibadmin, ["-D", "-X", '<primitive id="b"/>'], "");
    const gone = "cibadmin: CIB API call failed: No such device or address\n";
    await says(cibadmin, ["-Q", "--xpath", "//primitive[@id='b']"], gone, 105);
  });
  test("names what is not valid, and prints the refused configuration", async () => {
    const said = await host.run(cibadmin, "-M", "-X", '<primitive id="vip" typ="x"/>');
    expect(said.err).toBe(
      '/cib/configuration/resources/primitive[@id=\'vip\']: unknown attribute "typ" (did you mean "type"?)\n' +
        "cibadmin: CIB API call failed: Update does not conform to the configured schema\n",
    );
    expect([said.out.startsWith("<cib "), said.exit]).toEqual([true, 78]);
  });
  test("keeps from accidents, wants data, says why it cannot read them", async () => {
    const said = await host.run(cibadmin, "-E");
    expect([said.err.includes("considered dangerous"), said.exit]).toEqual([true, 107]);
    await says(
      cibadmin,
      ["-C"],
      "cibadmin: The supplied command requires input via --xml-file, --xml-text, or --xml-pipe\n",
      64,
    );
    const bad = await host.run(cibadmin, "-R", "-X", "<cib><a></cib>");
    expect(bad.err).toContain("Couldn't parse input from input string: Expected closing tag 'a'");
    delete host.env["CIB_file"];
    const live = await host.run(cibadmin, "-Q");
    expect(live.err).toContain(
      "Could not connect to the CIB API: Transport endpoint is not connected",
    );
    expect(live.exit).toBe(102);
  });
});

describe("attributes", () => {
  test("options of the cluster", async () => {
    await says(crmAttribute, ["-n", "batch-limit", "-v", "5"], "");
    const found = "scope=crm_config name=batch-limit value=5\n";
    await says(crmAttribute, ["-n", "batch-limit", "-G"], found);
    await says(crmAttribute, ["-n", "batch-limit", "-v", "value++"], "");
    await says(crmAttribute, ["-n", "batch-limit", "-q"], "6\n");
    const deleted =
      "Deleted crm_config option: id=cib-bootstrap-options-batch-limit name=batch-limit\n";
    await says(crmAttribute, ["-n", "batch-limit", "-D"], deleted);
    const none = "crm_attribute: Error performing operation: No such device or address\n";
    await says(crmAttribute, ["-n", "batch-limit"], none, 105);
  });
  test("standby of a node, permanent and until it restarts", async () => {
    await says(crmStandby, [], "scope=status  name=standby value=off\n");
    await says(crmStandby, ["-v", "on", "-l", "reboot"], "");
    await says(crmStandby, [], "scope=status  name=standby value=on\n");
    await says(crmStandby, ["-v", "on"], "");
    await says(crmStandby, ["-q"], "on\n");
    const said = await host.run(crmStandby, "-D");
    expect(said.out.split("\n").length).toBe(3);
    await says(crmStandby, ["-N", "x"], "crm_standby: Could not map name=x to a UUID\n", 105);
  });
  test("fail counts add up; promotion scores", async () => {
    const status = ["-t", "status", "-N", "node1"];
    await says(crmAttribute, ["-n", "fail-count-vip#monitor_10000", "-v", "2", ...status], "");
    await says(crmAttribute, ["-n", "fail-count-vip#start_0", "-v", "INFINITY", ...status], "");
    const both = "scope=status  name=fail-count-vip value=INFINITY\n";
    await says(crmFailcount, ["-r", "vip"], both);
    const one = ["-r", "vip", "-n", "monitor", "-I", "10s", "-q"];
    await says(crmFailcount, one, "2\n");
    await says(crmFailcount, ["-r", "vip", "-D"], "");
    await says(crmFailcount, ["-r", "vip", "-q"], "0\n");
    host.env["OCF_RESOURCE_INSTANCE"] = "vip";
    await says(crmMaster, ["-v", "10"], "");
    await says(crmMaster, ["-G", "-q"], "10\n");
  });
});

describe("other tools", () => {
  test("shadow copies: make, change, compare, commit", async () => {
    host.env["CIB_shadow_dir"] = "/shadow";
    const created = await host.run(crmShadow, "-b", "-c", "try");
    expect(created.out).toContain("\texport CIB_shadow=try\n");
    host.env["CIB_shadow"] = "try";
    await says(crmAttribute, ["-n", "x", "-v", "1"], "");
    const diff = await host.run(crmShadow, "--diff");
    expect([diff.out.includes('<nvpair id="cib-bootstrap-options-x"'), diff.exit]).toEqual([
      true,
      1,
    ]);
    expect(host.files.get(FILE)).not.toContain('name="x"');
    await says(crmShadow, ["--commit", "try", "--force"], "");
    expect(host.files.get(FILE)).toContain('name="x"');
    await says(crmShadow, ["-w"], "try\n");
    const wrong = await host.run(crmShadow, "--switch", "../etc");
    expect([wrong.exit, wrong.err.includes("is no name")]).toEqual([64, true]);
  });
  test("tickets want --force where resources may run twice", async () => {
    const refused = await host.run(crmTicket, "-t", "T", "-g");
    expect([refused.exit, refused.err.includes("please specify --force")]).toEqual([4, true]);
    await says(crmTicket, ["-t", "T", "-g", "--force"], "");
    await says(crmTicket, ["-t", "T", "-G", "granted"], "true\n");
    await says(crmTicket, ["-t", "T", "-s"], "");
    const line = await host.run(crmTicket, "-l");
    expect(line.out).toStartWith('T\tgranted [standby] last-granted="');
  });
  test("rules: over, in effect, unknown", async () => {
    await says(crmRule, ["-c", "-r", "r"], "Rule r is expired\n", 110);
    await says(crmRule, ["-c", "-r", "r", "-d", "2019-05-01"], "Rule r is still in effect\n");
    const none = "Could not determine whether rule q is in effect: Rule not found\n";
    await says(crmRule, ["-c", "-r", "q"], none, 105);
  });
});
