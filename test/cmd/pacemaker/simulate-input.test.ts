/** crm_simulate: which configurations it takes, and --profile. */
import { beforeEach, describe, expect, test } from "bun:test";
import crmSimulate from "../../../cmd/pacemaker/crm_simulate.ts";
import { MemoryHost } from "../../lib/support/memory-session.ts";

const configuration = (constraints: string) => `<cib crm_feature_set="3.16.1"
 validate-with="pacemaker-1.2" admin_epoch="0" epoch="5" num_updates="0">
<configuration><crm_config/><nodes/><resources>
<primitive id="ip" class="ocf" provider="heartbeat" type="IPaddr"/>
<primitive id="web" class="lsb" type="httpd"/></resources>
<constraints>${constraints}</constraints></configuration><status/></cib>`;

const VALID = configuration('<rsc_order id="o" first="ip" then="web"/>');
const INVALID = configuration('<rsc_order id="o" first="ip" first-action="break" then="web"/>');

let host: MemoryHost;
beforeEach(() => {
  host = new MemoryHost();
});

describe("an invalid configuration", () => {
  test("is not scheduled; the finding names the place", async () => {
    host.files.set("/cib.xml", INVALID);
    const said = await host.run(crmSimulate, "-x", "/cib.xml", "-S");
    expect(said.exit).toBe(78);
    expect(said.out).toBe("");
    const place = "/cib/configuration/constraints/rsc_order[@id='o']";
    expect(said.err).toContain(`element rsc_order: ${place}: "break" is not allowed`);
    expect(said.err).toContain("Cannot upgrade configuration (claiming pacemaker-1.2 schema)");
  });

  test("is taken when validation is turned off", async () => {
    host.files.set("/cib.xml", INVALID.replace("pacemaker-1.2", "none"));
    const said = await host.run(crmSimulate, "-x", "/cib.xml", "-S");
    expect(said.exit).toBe(0);
    expect(said.out).toStartWith("Schema validation of configuration is disabled");
  });

  test("may hold what only a later schema has", async () => {
    host.files.set("/cib.xml", VALID.replace("</constraints>", "</constraints><tags/>"));
    expect((await host.run(crmSimulate, "-x", "/cib.xml", "-S")).exit).toBe(0);
  });
});

describe("--profile", () => {
  test("times each XML file; what cannot be used is told and left out", async () => {
    host.files.set("/d/b.xml", VALID);
    host.files.set("/d/a.xml", VALID);
    host.files.set("/d/bad.xml", INVALID);
    host.files.set("/d/.hidden.xml", VALID);
    host.files.set("/d/notes.txt", "");
    const said = await host.run(crmSimulate, "-P", "/d", "-N", "2");
    expect(said.exit).toBe(0);
    const lines = said.out?.replace(/\d+\.\d\d secs/g, "T");
    expect(lines).toBe("Timings:\n  * Testing /d/a.xml ... T\n  * Testing /d/b.xml ... T\n");
    expect(said.err).toContain("rsc_order");
  });

  test("in XML", async () => {
    host.files.set("/d/a.xml", VALID);
    const said = await host.run(crmSimulate, "-P", "/d", "--output-as=xml");
    expect(said.out).toMatch(/<timings>\s*<timing file="\/d\/a.xml" duration="\d+\.\d{6}"\/>/);
  });

  test("a number of repeats that is none", async () => {
    expect((await host.run(crmSimulate, "-P", "/d", "-N", "many")).exit).toBe(64);
  });
});
