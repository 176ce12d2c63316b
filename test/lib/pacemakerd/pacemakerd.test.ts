/** The manager's core as its surroundings see it: clients, disk, agents, endings (HOUSE rules 4, 5, 10, 11). */
import { describe, expect, test } from "bun:test";
import { encodeMessage } from "../../../lib/pacemakerd/messages.ts";
import { GroupPort } from "../../../lib/pacemakerd/ring.ts";
import { attr, child } from "../../../lib/xml/node.ts";
import { Lone } from "./lone.ts";

const SYNC = 4096;

function modify(text: string, section = "crm_config"): string {
  return `<cib_command t="cib" cib_op="cib_modify" cib_section="${section}" cib_callid="2" cib_callopt="${SYNC + 8}"><cib_calldata>${text}</cib_calldata></cib_command>`;
}

const OPTION =
  '<crm_config><cluster_property_set id="s"><nvpair id="s-a" name="a" value="1"/></cluster_property_set></crm_config>';

function order(operation: string, extra = ""): Uint8Array {
  const body = `<rsc_op id="3" operation="${operation}" operation_key="r_${operation}_0" on_node="n1" on_node_uuid="1"><primitive id="r" class="ocf" provider="pacemaker" type="Dummy"/><attributes CRM_meta_timeout="20000" ${extra}/></rsc_op>`;
  const label = "1.8/1:7";
  return new GroupPort({ nodeId: 1, processId: 7 }).send(
    encodeMessage({ kind: "order", label, to: 1, key: "3:0:0:x", now: 5, body }),
  )[0]!;
}

function deliver(lone: Lone, body: Uint8Array): void {
  lone.post({ kind: "cpg-deliver", from: { nodeId: 1, processId: 7 }, body });
}

describe("clients of the CIB", () => {
  test("a query is answered from our own copy, before and after the ring is there", () => {
    const lone = new Lone();
    const text = '<cib_command t="cib" cib_op="cib_query" cib_callid="2" cib_callopt="4352"/>';
    const [before] = lone.ask("cib_ro", text);
    expect(attr(before!.xml, "cib_rc")).toBe("0");
    lone.join();
    const [after] = lone.ask("cib_ro", text);
    const cib = child(child(after!.xml, "cib_calldata")!, "cib")!;
    expect(attr(cib, "have-quorum")).toBe("1");
    expect(after!.event).toBe(false);
  });

  test("a change is answered after it is on disk, never before", () => {
    const lone = new Lone().join();
    const from = lone.effects.length;
    const [reply] = lone.ask("cib_rw", modify(OPTION));
    expect(attr(reply!.xml, "cib_rc")).toBe("0");
    const kinds = lone.effects.slice(from).map((e) => (e.kind === "persist" ? e.path : e.kind));
    expect(kinds.lastIndexOf("/cib/cib.xml")).toBeGreaterThan(0);
    expect(kinds.lastIndexOf("/cib/cib.xml")).toBeLessThan(kinds.indexOf("respond"));
  });

  test("a full disk: the client is told, nothing is reported as safe, and the disk is tried again", () => {
    const lone = new Lone().join();
    lone.diskFails = (path) => path.endsWith("cib.xml");
    const [reply] = lone.ask("cib_rw", modify(OPTION));
    expect(attr(reply!.xml, "cib_rc")).toBe("-28");
    expect(lone.logs("error").join()).toContain("/cib/cib.xml");
    lone.wait(3500);
    expect(lone.logs("error").filter((t) => t.includes("/cib/cib.xml")).length).toBe(1);
    lone.diskFails = () => false;
    lone.wait(1500);
    expect(lone.logs("notice")).toContain("The CIB is on disk again");
    const again = OPTION.replace('value="1"', 'value="2"');
    expect(attr(lone.ask("cib_rw", modify(again))[0]!.xml, "cib_rc")).toBe("0");
  });

  test("cib_ro refuses writes, garbage costs the connection", () => {
    const lone = new Lone().join();
    expect(attr(lone.ask("cib_ro", modify(OPTION))[0]!.xml, "cib_rc")).toBe("-13");
    expect(lone.ask("cib_rw", "<not xml")).toEqual([]);
    expect(lone.effects.some((e) => e.kind === "drop-client")).toBe(true);
  });

  test("a refused change says so at once and changes nothing", () => {
    const lone = new Lone().join();
    const before = lone.core.view.doc;
    const [reply] = lone.ask(
      "cib_rw",
      modify('<nvpair id="lost" value="1"/>').replace(String(SYNC + 8), String(SYNC)),
    );
    expect(Number(attr(reply!.xml, "cib_rc"))).toBeLessThan(0);
    expect(lone.core.view.doc).toBe(before);
  });

  test("who subscribed hears of changes as differences", () => {
    const lone = new Lone().join();
    lone.ask(
      "cib_ro",
      '<cib-callback cib_op="cib_notify" cib_notify_type="cib_diff_notify" cib_notify_activate="1"/>',
    );
    const news = lone.ask("cib_rw", modify(OPTION)).find((a) => attr(a.xml, "t") === "cib_notify");
    const result = child(news!.xml, "cib_update_result")!;
    expect(attr(child(result, "diff")!, "format")).toBe("2");
  });
});

describe("other endpoints", () => {
  test("ping, list-nodes, attributes, and an honest fencer", () => {
    const lone = new Lone().join();
    const ping = lone.ask("pacemakerd", '<x crm_task="ping" crm_sys_from="me" reference="r"/>');
    expect(attr(ping[0]!.xml, "status")).toBe("112");
    expect(attr(ping[1]!.xml, "crm_sys_to")).toBe("me");
    lone.ask("attrd", '<x t="attrd" task="update" attr_name="a" attr_value="value++"/>');
    const query = lone.ask("attrd", '<x t="attrd" task="query" attr_name="a"/>');
    expect(attr(query[0]!.xml.children[0]!, "attr_value")).toBe("1");
    const fence = lone.ask(
      "stonith-ng",
      `<stonith_command t="stonith-ng" st_op="st_fence" st_callid="2" st_callopt="${SYNC}"/>`,
    );
    expect(attr(fence[0]!.xml, "op-status")).toBe("10");
  });
});

describe("orders", () => {
  test("pending is recorded before the agent runs, the result after it", () => {
    const lone = new Lone().join();
    deliver(lone, order("start"));
    expect(lone.runs[0]).toMatchObject({ action: "start", agent: "Dummy", resource: "r" });
    const entry = () =>
      JSON.stringify(lone.core.view.ownState()!.children, (_, v) =>
        v instanceof Map ? Object.fromEntries(v) : v,
      );
    expect(entry()).toContain('"transition-magic":"-1:193;3:0:0:x"');
    lone.finish(0);
    expect(entry()).toContain('"transition-magic":"0:0;3:0:0:x"');
  });

  test("what the agent says of its parameters enters the record, which waits for it", () => {
    const lone = new Lone().join();
    lone.metaData =
      '<resource-agent name="Dummy"><version>1.1</version><parameters><parameter name="state"/>' +
      '<parameter name="passwd"/><parameter name="color" reloadable="1"/></parameters><actions>' +
      '<action name="reload-agent"/></actions></resource-agent>';
    deliver(lone, order("start", 'color="red" passwd="hush" state="one"'));
    lone.finish(0);
    const history = child(child(lone.core.view.ownState()!, "lrm")!, "lrm_resources")!;
    const entry = history.children[0]!.children[0]!;
    // Measured with the original (spec/runtime.md 4.3).
    expect(Object.fromEntries(entry.attrs)).toMatchObject({
      id: "r_last_0",
      "op-digest": "63621a4fa9ef5b72d154da3b907b30b0",
      "op-force-restart": "  passwd state  ",
      "op-restart-digest": "5ef4959bcbcfad6573e15fd2beefb86e",
      "op-secure-params": "  passwd  ",
      "op-secure-digest": "db0a927295d0f4e45ea94cf4e49bb4a7",
    });
  });

  test("an order of another membership is refused", () => {
    const lone = new Lone().join();
    const members = [{ nodeId: 1, processId: 7 }];
    lone.post({
      kind: "cpg-configuration",
      members,
      ringId: "1.c",
      ringSeq: 12,
      ringMembers: [1],
    });
    deliver(lone, order("start"));
    expect(lone.runs).toEqual([]);
  });
});

describe("endings", () => {
  test("corosync dies: what runs is stopped at once, then exit 102", () => {
    const lone = new Lone().join();
    deliver(lone, order("start"));
    lone.finish(0);
    lone.runs.length = 0;
    lone.post({ kind: "ring-lost" });
    expect(lone.runs[0]).toMatchObject({ action: "stop", resource: "r" });
    expect(lone.effects.some((e) => e.kind === "exit")).toBe(false);
    lone.finish(0);
    expect(lone.effects.at(-1)).toEqual({ kind: "exit", code: 102 });
  });

  test("SIGTERM without a ring ends at once; with one the cluster is asked", () => {
    const alone = new Lone();
    alone.post({ kind: "terminate" });
    expect(alone.effects.at(-1)).toEqual({ kind: "exit", code: 0 });
    const lone = new Lone().join();
    lone.post({ kind: "terminate" });
    expect(lone.effects.some((e) => e.kind === "exit")).toBe(false);
    expect(
      lone.ask("attrd", '<x t="attrd" task="query" attr_name="shutdown"/>')[0]!.xml.children,
    ).toHaveLength(1);
  });

  test("another manager in the ring: nothing is scheduled, and the log says why", () => {
    const lone = new Lone();
    lone.post({ kind: "foreign-groups", groups: ["crmd"] });
    lone.join();
    expect(lone.effects.some((e) => e.kind === "compute")).toBe(false);
    expect(lone.logs("error").join()).toContain("crmd");
  });
});

describe("status belongs to its owner", () => {
  test("after an erase the node says again what runs", () => {
    const lone = new Lone().join();
    deliver(lone, order("start"));
    lone.finish(0);
    lone.ask(
      "cib_rw",
      `<cib_command t="cib" cib_op="cib_erase" cib_callid="2" cib_callopt="${SYNC}"/>`,
    );
    const own = lone.core.view.ownState()!;
    expect(attr(own, "join")).toBe("member");
    expect(child(child(own, "lrm")!, "lrm_resources")!.children.map((c) => attr(c, "id"))).toEqual([
      "r",
    ]);
  });
});
