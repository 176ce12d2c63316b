/** What people see, whole: the help of every level, and the walkthrough typed as one script. UPDATE=1 rewrites the files. */
import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { levels } from "../../../lib/crm/levels/levels.ts";
import { MemoryCluster } from "./memory-ports.ts";

function golden(name: string, text: string): void {
  const path = `${import.meta.dir}/../../golden/crm/${name}.txt`;
  if (process.env["UPDATE"] === "1") writeFileSync(path, text);
  expect(text).toBe(readFileSync(path, "utf8"));
}

/** Runs lines and writes them down with what came of each, as a terminal would show it. */
async function transcript(lines: readonly string[]): Promise<string> {
  const cluster = new MemoryCluster();
  const shell = cluster.shell();
  let text = "";
  for (const line of lines) {
    text += `${shell.prompt()}${line}\n`;
    cluster.out = "";
    cluster.err = "";
    await shell.runLine(line);
    text += cluster.err + cluster.out;
  }
  return text;
}

test("help of every level", async () => {
  const below = Object.keys(levels).filter((name) => name !== "top");
  const lines = below.map((name) =>
    name === "cibstatus" || name === "template" ? `configure ${name} help` : `${name} help`,
  );
  golden("help", await transcript(["help", ...lines, "help primitive", "resource help migrate"]));
});

test("the walkthrough's configuration, typed", async () => {
  golden(
    "walkthrough",
    await transcript([
      "configure",
      "property stonith-enabled=false",
      "commit",
      "primitive vip ocf:heartbeat:IPaddr params ip=172.25.12.200 nic='eth0'",
      "verify",
      "commit",
      "cd",
      "node",
      "standby",
      "cd",
      "resource",
      "stop vip",
      "cd",
      "configure",
      "delete vip",
      "commit",
      "primitive webip IPaddr params ip=172.25.12.200 op monitor interval=10s timeout=20s",
      "primitive webserver lsb:httpd op monitor interval=30s timeout=15s",
      "colocation apache inf: webserver webip",
      "show",
      "order webip_before_webserver mandatory: webip webserver",
      "commit",
      "show changed",
      "show xml webip_before_webserver",
      "primitive webip IPaddr",
      "primitive x Nosuch",
      "group g",
      "commit",
    ]),
  );
});
