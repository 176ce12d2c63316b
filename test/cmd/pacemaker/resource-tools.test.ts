/** crm_resource, crm_simulate and crm_mon on a CIB in a file: what they write back, what they say. */
import { beforeEach, describe, expect, test } from "bun:test";
import cibadmin from "../../../cmd/pacemaker/cibadmin.ts";
import crmMon from "../../../cmd/pacemaker/crm_mon.ts";
import crmResource from "../../../cmd/pacemaker/crm_resource.ts";
import crmSimulate from "../../../cmd/pacemaker/crm_simulate.ts";
import { MemoryHost } from "../../lib/support/memory-session.ts";

const FILE = "/tmp/cib.xml";
const FENCING_OFF = '<nvpair id="f" name="stonith-enabled" value="false"/>';
const PLUGIN =
  '<nvpair id="p" name="cluster-infrastructure" value="classic openais (with plugin)"/>';

const configuration = (options: string) => `<cib crm_feature_set="3.16.1"
 validate-with="pacemaker-3.9" admin_epoch="0" epoch="5" num_updates="0" have-quorum="1">
<configuration><crm_config><cluster_property_set id="o">${options}</cluster_property_set></crm_config>
<nodes><node id="1" uname="alpha"/></nodes><resources>
<primitive id="ip" class="ocf" provider="heartbeat" type="IPaddr"><instance_attributes id="ia">
<nvpair id="ia-ip" name="ip" value="10.0.0.1"/></instance_attributes></primitive>
<primitive id="web" class="lsb" type="httpd"/></resources>
<constraints><rsc_colocation id="c" rsc="web" with-rsc="ip" score="INFINITY"/></constraints>
</configuration><status/></cib>`;

let host: MemoryHost;
beforeEach(() => {
  host = new MemoryHost();
  host.files.set(FILE, configuration(FENCING_OFF));
  host.env["CIB_file"] = FILE;
});

const version = () => /epoch="(\d+)" num_updates="(\d+)"/.exec(host.files.get(FILE)!)!.slice(1);

describe("crm_simulate --live-check --in-place", () => {
  test("writes back into CIB_file, each step an update of its own", async () => {
    const said = await host.run(crmSimulate, "-L", "-X", "--node-up=alpha");
    expect(said.exit).toBe(0);
    expect(said.out).toContain("* Start      ip      ( alpha )");
    // Two for the node, then probe and start of both.
    expect(version()).toEqual(["5", "6"]);
    expect((await host.run(crmResource, "-r", "web", "-W")).out).toBe(
      "resource web is running on: alpha\n",
    );
  });

  test("a new node is a change of the configuration", async () => {
    await host.run(crmSimulate, "-L", "-X", "--node-up=beta");
    expect(version()[0]).toBe("6");
    expect(host.files.get(FILE)).toContain('uname="beta"');
  });

  test("without --in-place nothing is written", async () => {
    const before = host.files.get(FILE);
    await host.run(crmSimulate, "-L", "-S", "--node-up=alpha");
    expect(host.files.get(FILE)).toBe(before);
  });
});

describe("messages of reading the status", () => {
  beforeEach(() => host.files.set(FILE, configuration("")));

  test("only who asks gets them, in the words of the stack", async () => {
    expect((await host.run(crmMon, "-1")).err).toBe("");
    const current = await host.run(crmMon, "-1", "-V");
    expect(current.err).toStartWith("unpack_resources \terror: Resource start-up disabled");
    host.files.set(FILE, configuration(PLUGIN));
    const classic = (await host.run(crmResource, "-L", "-V")).err.split("\n");
    expect(classic[0]).toBe(
      "   error: unpack_resources: \tResource start-up disabled since no STONITH resources have been defined",
    );
    expect(classic).toHaveLength(4);
  });

  test("PCMK_stderr asks too", async () => {
    host.env["PCMK_stderr"] = "1";
    expect((await host.run(crmResource, "-L")).err).toStartWith("unpack_resources \terror:");
    expect((await host.run(crmSimulate, "-L")).err).toStartWith("unpack_resources \terror:");
  });
});

describe("crm_resource", () => {
  test("attributes of the element; each write is a new version", async () => {
    const set = ["-r", "ip", "--element", "-p", "description", "-v", "shop"];
    expect((await host.run(crmResource, ...set)).out).toContain("name=description value=shop");
    await host.run(crmResource, ...set);
    expect(version()).toEqual(["7", "0"]);
    await host.run(crmResource, "-r", "ip", "--element", "-d", "description");
    expect(host.files.get(FILE)).not.toContain("description");
  });

  test("digests and what they are made of", async () => {
    await host.run(crmSimulate, "-L", "-X", "--node-up=alpha");
    const words = ["--digests", "-r", "ip", "-N", "alpha", "--output-as=xml"];
    const said = await host.run(crmResource, ...words);
    expect(said.out).toContain('<digests resource="ip" node="alpha" task="start" interval="0ms">');
    expect(said.out).toContain('<parameters ip="10.0.0.1"/>');
    const other = await host.run(crmResource, ...words, "ip=10.0.0.2");
    expect(other.out).toContain('<parameters ip="10.0.0.2"/>');
    expect((await host.run(crmResource, "--digests", "-r", "ip")).exit).toBe(64);
  });

  test("agents by name go with commands for agents only", async () => {
    const agent = ["--class", "ocf", "--provider", "pacemaker", "--agent", "Dummy"];
    expect((await host.run(crmResource, ...agent, "-r", "ip", "--validate")).exit).toBe(64);
    expect((await host.run(crmResource, ...agent, "-D")).exit).toBe(64);
    const missing = ["--validate", "--class", "lsb", "--agent", "not/there"];
    const said = await host.run(crmResource, ...missing);
    expect(said.exit).toBe(5);
    expect(said.err).toContain("Error performing operation: Not installed");
  });

  test("a resource that runs is not started twice behind the cluster's back", async () => {
    await host.run(crmSimulate, "-L", "-X", "--node-up=alpha");
    const said = await host.run(crmResource, "-r", "ip", "--force-start");
    expect(said.exit).toBe(107);
    expect(said.err).toContain("runs on alpha");
  });

  test("only a running cluster restarts", async () => {
    expect((await host.run(crmResource, "-r", "ip", "--restart")).exit).toBe(3);
    expect((await host.run(crmResource, "-r", "nope", "--restart")).exit).toBe(105);
  });

  test("a CIB from standard input can be asked, not changed", async () => {
    host.env["CIB_file"] = "-";
    host.stdin = configuration(FENCING_OFF);
    expect((await host.run(crmResource, "-l")).out).toBe("ip\nweb\n");
    expect((await host.run(cibadmin, "-B")).exit).not.toBe(0);
  });
});

describe("crm_resource on rules and groups", () => {
  const rule =
    '<rsc_location id="l" rsc="web"><rule id="l-rule" score="10" role="Started">' +
    '<expression id="l-e" attribute="#uname" operation="eq" value="alpha"/></rule></rsc_location>' +
    '<rsc_location id="p" rsc-pattern="^we" node="alpha" score="-5"/>';

  test("constraints by rule and by pattern are listed with what they come to", async () => {
    host.files.set(
      FILE,
      configuration(FENCING_OFF).replace("<constraints>", `<constraints>${rule}`),
    );
    const said = await host.run(crmResource, "-r", "web", "-a");
    expect(said.out).toStartWith(
      "Locations:\n  * Node alpha (score=10, id=l-rule, rsc=web)\n" +
        "  * Node alpha (score=-5, id=p, rsc=web)\n",
    );
  });

  test("a group whose members are on one node can move", async () => {
    const grouped = configuration(FENCING_OFF)
      .replace('<primitive id="ip"', '<group id="g"><primitive id="ip"')
      .replace('type="httpd"/></resources>', 'type="httpd"/></group></resources>')
      .replace("</nodes>", '<node id="2" uname="beta"/></nodes>');
    host.files.set(FILE, grouped);
    await host.run(crmSimulate, "-L", "-X", "--node-up=alpha");
    const said = await host.run(crmResource, "-r", "g", "-M", "-N", "beta");
    expect(said).toMatchObject({ exit: 0, err: "" });
    expect(host.files.get(FILE)).toContain('id="cli-prefer-g"');
  });
});

describe("crm_resource --list-options", () => {
  test("names each list's options; advanced ones when asked", async () => {
    const some = await host.run(crmResource, "--list-options", "fencing");
    expect(some.out).toContain("  * pcmk_host_map: ");
    expect(some.out).not.toContain("pcmk_off_action");
    const all = await host.run(crmResource, "--list-options", "fencing", "--all");
    expect(all.out).toContain("    * pcmk_off_action: ");
    const meta = await host.run(crmResource, "--list-options", "primitive", "--output-as=xml");
    expect(meta.out).toContain('<parameter name="target-role" advanced="0" generated="0">');
  });
  test("another word is refused", async () => {
    const said = await host.run(crmResource, "--list-options", "other");
    expect(said).toMatchObject({ exit: 64 });
  });
});
