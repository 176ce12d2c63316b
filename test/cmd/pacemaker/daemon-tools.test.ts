/** crm_node, crmadmin and attrd_updater: their texts and exit codes, against scripted daemons. */
import { expect, test } from "bun:test";
import attrdUpdater from "../../../cmd/pacemaker/attrd_updater.ts";
import crmNode from "../../../cmd/pacemaker/crm_node.ts";
import crmadmin from "../../../cmd/pacemaker/crmadmin.ts";
import { CrmError } from "../../../lib/base/error.ts";
import { parseOptions } from "../../../lib/cli/options.ts";
import type { Session, Tool } from "../../../lib/cli/tool.ts";
import { attr, type XmlElement } from "../../../lib/xml/node.ts";
import { managerService, memoryIpc, memorySession } from "../../lib/client/memory-ipc.ts";

const seen: XmlElement[] = [];

function controllerData(request: XmlElement): string {
  switch (attr(request, "crm_task")) {
    case "list-nodes":
      return (
        '<nodes><node id="2" uname="node10" in_ccm="lost"/>' +
        '<node id="1" uname="node2" in_ccm="member"/></nodes>'
      );
    case "node-info":
      if (attr(request, "id") === "9") return "<node/>";
      return '<node id="1" uname="node2" crmd="member" have-quorum="true"/>';
    default:
      return '<ping_response crmd_state="S_IDLE" result="ok"/>';
  }
}

const wrapped = (request: XmlElement, data: string) =>
  `<a reference="${attr(request, "reference")}" src="node2"><crm_xml>${data}</crm_xml></a>`;

const services = {
  crmd: managerService(
    (request) => ({
      response: '<ack status="112"/>',
      events:
        attr(request, "crm_task") === "hello" ? [] : [wrapped(request, controllerData(request))],
    }),
    seen,
  ),
  attrd: managerService(
    (request) => ({
      response:
        attr(request, "task") !== "query"
          ? '<ack status="112"/>'
          : attr(request, "attr_name") === "a"
            ? '<q attr_name="a"><node attr_host="node2" attr_value="1"/></q>'
            : '<ack status="6"/>',
    }),
    seen,
  ),
  pacemakerd: managerService(
    (request) => ({
      response: '<ack status="112"/>',
      events: [
        wrapped(
          request,
          '<ping_response crm_subsystem="pacemakerd" pacemakerd_state="running" crm-timestamp="1795353600"/>',
        ),
      ],
    }),
    seen,
  ),
  "stonith-ng": managerService(() => ({ response: '<reply st_clientid="f"/>' }), seen),
  cib_rw: managerService(
    (request) => ({
      response:
        attr(request, "cib_op") === "register"
          ? '<x cib_clientid="c"/>'
          : `<r cib_callid="${attr(request, "cib_callid")}" cib_rc="0"/>`,
    }),
    seen,
  ),
};

async function run(tool: Tool, line: string, given: Partial<Session> = {}, alive = true) {
  const words = line.split(" ").filter((word) => word !== "");
  const session = memorySession(memoryIpc(alive ? services : {}), { program: tool.name, ...given });
  try {
    const result = await tool.run(parseOptions(tool.options, words), session);
    return [result.exit, result.out ?? "", result.err ?? ""] as const;
  } catch (error) {
    if (error instanceof CrmError) return [error.exit, "", error.message] as const;
    throw error;
  }
}

const nodeCases: readonly (readonly [string, number, string])[] = [
  ["-l", 0, "1 node2 member\n2 node10 lost\n"],
  ["-p", 0, "node2 \n"],
  ["-i", 0, "1\n"],
  ["-n", 0, "node2\n"],
  ["-q", 0, "1\n"],
  ["-N 1", 0, "node2\n"],
  // The last command given counts.
  ["-l -q", 0, "1\n"],
];

for (const [line, exit, out] of nodeCases) {
  test(`crm_node ${line}`, async () => {
    expect(await run(crmNode, line)).toEqual([exit, out, ""]);
  });
}

test("crm_node: unknown id, danger, no command, no cluster", async () => {
  expect(await run(crmNode, "-N 9")).toEqual([68, "", "Node is not known to cluster\n"]);
  const [exit, , text] = await run(crmNode, "-R node10");
  expect([exit, text]).toEqual([107, expect.stringContaining("--force flag is required")]);
  expect((await run(crmNode, ""))[0]).toBe(64);
  expect(await run(crmNode, "-l", {}, false)).toEqual([
    102,
    "",
    "error: Could not connect to controller: Connection refused\n",
  ]);
});

test("crm_node -n believes what the executor tells an agent", async () => {
  const env = { OCF_RESKEY_CRM_meta_on_node: "remote1" };
  expect(await run(crmNode, "-n", { env }, false)).toEqual([0, "remote1\n", ""]);
});

test("crm_node -R --force tells every daemon and clears the CIB", async () => {
  seen.length = 0;
  expect((await run(crmNode, "-R node10 --force"))[0]).toBe(0);
  const told = seen.map((r) => attr(r, "crm_task") ?? attr(r, "task") ?? attr(r, "cib_section"));
  const order = [
    "rm_node_cache",
    "rm_node_cache",
    "peer-remove",
    "rm_node_cache",
    "nodes",
    "status",
  ];
  expect(told.filter((word) => word !== undefined && word !== "hello")).toEqual(order);
  expect(attr(seen[1]!, "uname")).toBe("node10");
});

const adminCases: readonly (readonly [string, number, string])[] = [
  ["-D", 0, "Designated Controller is: node2\n"],
  ["-D -q", 0, "node2\n"],
  ["-S node2", 0, "Controller on node2 in state S_IDLE: ok\n"],
  ["-q -S node2", 0, "S_IDLE\n"],
  ["-P", 0, "Status of pacemakerd: 'Pacemaker is running' (last updated 2026-11-22 13:20:00Z)\n"],
];

for (const [line, exit, out] of adminCases) {
  test(`crmadmin ${line}`, async () => {
    expect(await run(crmadmin, line)).toEqual([exit, out, ""]);
  });
}

test("crmadmin: no command, bad time, no cluster", async () => {
  const [exit, , text] = await run(crmadmin, "");
  expect([exit, text]).toEqual([64, expect.stringContaining("Must specify a command option")]);
  expect((await run(crmadmin, "-D -t soon"))[0]).toBe(64);
  expect(await run(crmadmin, "-D", {}, false)).toEqual([
    102,
    "",
    "error: Could not connect to controller: Connection refused\nerror: Command failed: Connection refused\n",
  ]);
});

test("crmadmin lists nodes by kind", async () => {
  const cib = `<cib><configuration><nodes><node id="1" uname="n1"/><node id="r" type="remote" uname="r"/></nodes>
    <resources><group id="g"><primitive id="vm" class="ocf" provider="heartbeat" type="VirtualDomain">
    <meta_attributes id="m"><nvpair id="p" name="remote-node" value="guest1"/></meta_attributes></primitive></group>
    <primitive id="r" class="ocf" provider="pacemaker" type="remote"/></resources></configuration></cib>`;
  const given = {
    env: { CIB_file: "x.xml" },
    exists: () => true,
    readFile: async () => new TextEncoder().encode(cib),
  };
  const all = "cluster node: n1 (1)\nguest node: guest1 (guest1)\nremote node: r (r)\n";
  expect((await run(crmadmin, "-N", given))[1]).toBe(all);
  expect((await run(crmadmin, "-N guest,remote -q", given))[1]).toBe("guest1\nr\n");
  expect((await run(crmadmin, "-N cluster -B", given))[1]).toBe("export n1=1\n");
});

test("attrd_updater: sets, reads, and says what is wrong", async () => {
  seen.length = 0;
  expect(await run(attrdUpdater, "-n a -U 5 -d 2s -p -N node2")).toEqual([0, "", ""]);
  const sent = seen[0]!;
  expect([attr(sent, "attr_value"), attr(sent, "attr_dampening")]).toEqual(["5", "2s"]);
  expect([attr(sent, "attr_is_private"), attr(sent, "attr_host")]).toEqual(["1", "node2"]);
  expect(await run(attrdUpdater, "-n a -Q")).toEqual([0, 'name="a" host="node2" value="1"\n', ""]);
  expect(await run(attrdUpdater, "-n nope -Q")).toEqual([
    105,
    "",
    "attrd_updater: Could not query value of nope: attribute does not exist\n",
  ]);
  for (const line of [
    "-U 1",
    "-Q",
    "-n a -P b -D",
    "-P b -Q",
    "-n a -U 1 -l never",
    "-n a -U 1 -W x",
  ]) {
    expect((await run(attrdUpdater, line))[0]).toBe(64);
  }
  expect((await run(attrdUpdater, "-n a -B 5"))[2]).toContain("without required --delay");
  expect(await run(attrdUpdater, "-n a -U 1", {}, false)).toEqual([
    102,
    "",
    "attrd_updater: Could not update a=1: Connection refused (111)\n",
  ]);
});
