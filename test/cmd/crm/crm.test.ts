/** crm as a process: where its commands come from when nobody sits at a terminal. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const MAIN = resolve(import.meta.dir, "../../../cmd/main.ts");
const folder = mkdtempSync(join(tmpdir(), "crm-"));
const file = join(folder, "cib.xml");
afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(() =>
  writeFileSync(
    file,
    `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0">
  <configuration><crm_config><cluster_property_set id="o"><nvpair id="s" name="stonith-enabled" value="false"/>
  </cluster_property_set></crm_config><nodes/><resources/><constraints/></configuration><status/></cib>\n`,
  ),
);

function crm(stdin: string, ...words: readonly string[]) {
  return Bun.spawnSync([process.execPath, MAIN, "crm", ...words], {
    env: { ...process.env, CIB_file: file, HOME: folder },
    stdin: new TextEncoder().encode(stdin),
  });
}

test("a level's name alone takes a script from stdin, at that level", () => {
  const done = crm("primitive p ocf:pacemaker:Dummy\ncommit\nshow p\n", "configure");
  expect(done.stdout.toString()).toBe("primitive p ocf:pacemaker:Dummy\n");
  expect(done.exitCode).toBe(0);
  expect(readFileSync(file, "utf8")).toContain('<primitive id="p"');
});

test("a wrong line of it names its number and fails the whole", () => {
  const done = crm(
    "primitive p ocf:pacemaker:Dummy\nprimitve q ocf:pacemaker:Dummy\n",
    "configure",
  );
  expect(done.stderr.toString()).toContain("ERROR: 2: syntax: primitve q");
  expect(done.exitCode).toBe(1);
});

test("the role of an operation has two names: neither is unknown to an agent that knows the other", () => {
  const operations = "op monitor interval=10s role=Master op monitor interval=11s role=Slave";
  const done = crm(`primitive st ocf:pacemaker:Stateful ${operations}\nverify\n`, "configure");
  expect(done.stderr.toString()).not.toContain("not advertised");
});
