/** The shell over a cluster in memory: nothing before commit, optimistic commits, questions, refusals. */
import { expect, test } from "bun:test";
import { cibDoc } from "../../../lib/cib/document.ts";
import { complete } from "../../../lib/crm/levels/complete.ts";
import {
  appendToSection,
  mapElements,
  replaceElement,
  sectionOf,
} from "../../../lib/crm/objects.ts";
import { element, withAttr, withChildren } from "../../../lib/xml/node.ts";
import { MemoryCluster } from "./memory-ports.ts";

const WEBIP = "primitive webip IPaddr params ip=172.25.12.200";

/** Another administrator renames server7's entry. */
function changedElsewhere(cluster: MemoryCluster): void {
  cluster.set((doc) =>
    cibDoc(
      mapElements(doc.root, (el) =>
        el.attrs.get("uname") === "server7" ? withAttr(el, "uname", "other") : el,
      ),
    ),
  );
}

test("nothing reaches the cluster before commit", async () => {
  const cluster = new MemoryCluster();
  const shell = cluster.shell();
  await shell.runLine("configure");
  await shell.runLine(WEBIP);
  expect(cluster.writes).toBe(0);
  expect(await shell.runLine("commit")).toBe(true);
  expect(cluster.writes).toBe(1);
  expect(cluster.xml()).toContain('<primitive id="webip" class="ocf" provider="heartbeat"');
});

test("a script commits when it leaves configure, a person is asked", async () => {
  const script = new MemoryCluster();
  expect(await script.run("configure", WEBIP)).toBe(true);
  expect(script.writes).toBe(1);
  const person = new MemoryCluster();
  person.answers = [false];
  await person.run("configure", WEBIP, "cd");
  expect(person.questions).toEqual(["There are changes pending. Do you want to commit them? "]);
  expect(person.writes).toBe(0);
});

test("a change made elsewhere meanwhile is not overwritten; both versions are named", async () => {
  const cluster = new MemoryCluster();
  const shell = cluster.shell();
  await shell.runLine("configure");
  await shell.runLine(WEBIP);
  changedElsewhere(cluster);
  expect(await shell.runLine("commit")).toBe(false);
  expect(cluster.err).toContain("read version 0.1.0, now 0.2.0");
  expect(cluster.writes).toBe(0);
  expect(cluster.xml()).not.toContain("webip");
});

/** The manager comes up: it enters a node, and its version beside the options. */
function managerWrites(cluster: MemoryCluster): void {
  cluster.set((doc) => {
    const node = element("node", { id: "99", uname: "server99" });
    const pair = element("nvpair", { id: "x-dc-version", name: "dc-version", value: "9" });
    const root = appendToSection(doc.root, "nodes", node);
    const set = sectionOf(root, "crm_config")?.children[0];
    if (set === undefined) {
      const made = element("cluster_property_set", { id: "cib-bootstrap-options" }, [pair]);
      return cibDoc(appendToSection(root, "crm_config", made));
    }
    return cibDoc(replaceElement(root, set, withChildren(set, [...set.children, pair])));
  });
}

test("what the manager writes of itself meanwhile is kept and hinders no commit", async () => {
  const cluster = new MemoryCluster();
  const shell = cluster.shell();
  await shell.runLine("configure");
  await shell.runLine(WEBIP);
  await shell.runLine("property no-quorum-policy=stop");
  managerWrites(cluster);
  expect(await shell.runLine("commit")).toBe(true);
  for (const text of ["server99", "x-dc-version", "no-quorum-policy", '"webip"']) {
    expect(cluster.xml()).toContain(text);
  }
  expect(cluster.xml().split('id="cib-bootstrap-options"').length).toBe(2);
});

test("an option of the manager that both changed is nobody's to overwrite", async () => {
  const cluster = new MemoryCluster();
  const shell = cluster.shell();
  await shell.runLine("configure");
  await shell.runLine("property dc-version=mine");
  managerWrites(cluster);
  expect(await shell.runLine("commit")).toBe(false);
  expect(cluster.writes).toBe(0);
});

test("a person may see the other change and make the own one again on top of it", async () => {
  const cluster = new MemoryCluster();
  cluster.answers = [true, true];
  const shell = cluster.shell();
  await shell.runLine("configure");
  await shell.runLine(WEBIP);
  changedElsewhere(cluster);
  expect(await shell.runLine("commit")).toBe(true);
  expect(cluster.out).toContain('node $id="server7" other');
  expect(cluster.xml()).toContain('uname="other"');
  expect(cluster.xml()).toContain('id="webip"');
});

test("the other change survives in the same set, attribute by attribute", async () => {
  const cluster = new MemoryCluster();
  await cluster.run("configure property stonith-enabled=false");
  cluster.answers = [false, true];
  const shell = cluster.shell();
  await shell.runLine("configure");
  await shell.runLine("property no-quorum-policy=ignore");
  cluster.answers = undefined;
  await cluster.run("configure property cluster-delay=30s");
  expect(await shell.runLine("commit")).toBe(true);
  for (const name of ["stonith-enabled", "no-quorum-policy", "cluster-delay"]) {
    expect(cluster.xml()).toContain(`name="${name}"`);
  }
});

test("a commit with errors needs force", async () => {
  const cluster = new MemoryCluster();
  expect(await cluster.run("configure", "primitive webip IPaddr", "commit")).toBe(false);
  expect(cluster.err).toContain("ERROR: webip: required parameter ip not defined");
  expect(cluster.writes).toBe(0);
  await cluster.run("configure", "primitive webip IPaddr", "commit force");
  expect(cluster.writes).toBe(1);
  expect(cluster.err).toContain("INFO: commit forced");
});

test("a running resource is not deleted", async () => {
  const cluster = new MemoryCluster();
  await cluster.run("configure", WEBIP);
  cluster.running = { webip: [{ node: "server6", promoted: false }] };
  expect(await cluster.run("configure delete webip")).toBe(false);
  expect(cluster.err).toContain("resource webip is running, can't delete it");
  cluster.running = {};
  expect(await cluster.run("configure delete webip")).toBe(true);
  expect(cluster.xml()).not.toContain("webip");
});

test("standby without a name is this host", async () => {
  const cluster = new MemoryCluster();
  expect(await cluster.run("node standby")).toBe(true);
  expect(cluster.xml()).toContain('<nvpair id="nodes-server6-standby" name="standby" value="on"/>');
});

test("one command returns to where it was; levels nest; unknown words are refused", async () => {
  const cluster = new MemoryCluster();
  const shell = cluster.shell();
  expect(shell.prompt()).toBe("crm(live)# ");
  await shell.runLine("configure");
  expect(shell.prompt()).toBe("crm(live)configure# ");
  await shell.runLine("cib");
  expect(shell.prompt()).toBe("crm(live)configure cib# ");
  await shell.runLine("cd ../../node");
  expect(shell.prompt()).toBe("crm(live)node# ");
  await shell.runLine("cd");
  await shell.runLine("configure show server6");
  expect(shell.prompt()).toBe("crm(live)# ");
  expect(cluster.out).toBe("node server6\n");
  expect(await shell.runLine("frobnicate")).toBe(false);
  expect(cluster.err).toBe("ERROR: syntax: frobnicate\n");
});

test("what is not there yet says so and fails", async () => {
  const cluster = new MemoryCluster();
  for (const line of [
    "resource secret a show b",
    "history info",
    "site ticket x",
    "template new a",
  ]) {
    const word = line.startsWith("template") ? `configure ${line}` : line;
    expect(await cluster.run(word)).toBe(false);
  }
  expect(cluster.err.match(/not available yet/g)).toHaveLength(4);
});

test("messages of a script carry the line number", async () => {
  const cluster = new MemoryCluster();
  const shell = cluster.shell();
  shell.line = 7;
  await shell.runLine("configure delete nosuch");
  expect(cluster.err).toBe("ERROR: 7: object nosuch does not exist\n");
});

test("save and load give the same configuration", async () => {
  const cluster = new MemoryCluster();
  const lines = [WEBIP, "location l webip 100: server6", "property stonith-enabled=false"];
  await cluster.run("configure", ...lines, "save /tmp/saved");
  const other = new MemoryCluster();
  other.files.set("/tmp/saved", cluster.files.get("/tmp/saved") ?? "");
  expect(await other.run("configure load replace /tmp/saved")).toBe(true);
  expect(other.xml()).toBe(cluster.xml());
  other.files.set("/tmp/bad", "primitive\nfrob x");
  expect(await other.run("configure load update /tmp/bad")).toBe(false);
  expect(other.err).toContain("/tmp/bad: not loaded");
});

test("TAB knows levels, commands, ids, agents, parameters and their help", async () => {
  const cluster = new MemoryCluster();
  await cluster.run("configure", WEBIP);
  const shell = cluster.shell();
  const candidates = async (line: string) => (await complete(shell, line)).candidates;
  expect(await candidates("conf")).toEqual(["configure"]);
  expect(await candidates("resource st")).toEqual(["status", "start", "stop"]);
  expect(await candidates("resource stop ")).toEqual(["webip"]);
  await shell.runLine("configure");
  expect(await candidates("delete we")).toEqual(["webip"]);
  expect(await candidates("primitive x ocf:")).toEqual(["ocf:heartbeat:"]);
  expect(await candidates("primitive x ocf:heartbeat:IP")).toEqual(["ocf:heartbeat:IPaddr"]);
  expect(await candidates("primitive x IPaddr params i")).toEqual(["ip="]);
  expect(await candidates("primitive x IPaddr op mo")).toEqual(["monitor"]);
  expect(await candidates("property stonith-en")).toEqual(["stonith-enabled="]);
  expect((await complete(shell, "primitive x IPaddr params ip=")).help).toBe(
    "ip* (string): the ip\n    more about ip",
  );
});

test("help lists a level, describes a command, names what it does not know", async () => {
  const cluster = new MemoryCluster();
  await cluster.run("help", "configure help", "help primitive", "help topics");
  expect(cluster.out).toContain("\tresource         resources management\n");
  expect(cluster.out).toContain("\tmonitor          add monitor operation to a primitive\n");
  expect(cluster.out).toContain("primitive webip IPaddr params ip=172.25.12.200");
  expect(await cluster.run("help nosuch")).toBe(false);
});

test("changes that were taken back leave nothing to commit", async () => {
  const cluster = new MemoryCluster();
  await cluster.run("configure", WEBIP, "delete webip", "commit");
  expect(cluster.writes).toBe(0);
  expect(cluster.err).toContain("INFO: apparently there is nothing to commit");
});

test("check-mode and check-frequency decide what keeps a commit back", async () => {
  const cluster = new MemoryCluster();
  await cluster.run("configure", "primitive a IPaddr", "commit");
  expect(cluster.writes).toBe(0);
  await cluster.run("options check-mode relaxed", "configure", "primitive a IPaddr", "commit");
  expect(cluster.err).toContain("WARNING: a: required parameter ip not defined");
  expect(cluster.writes).toBe(1);
});

test("a cluster with running resources is not erased", async () => {
  const cluster = new MemoryCluster();
  await cluster.run("configure", WEBIP);
  cluster.running = { webip: [{ node: "server6", promoted: false }] };
  expect(await cluster.run("configure erase")).toBe(false);
  expect(cluster.err).toContain("resources are running: webip");
});
