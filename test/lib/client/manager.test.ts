/** The clients of the manager's services against scripted answers. */
import { expect, test } from "bun:test";
import { Rc } from "../../../lib/base/result-code.ts";
import { CallOption } from "../../../lib/cib/request.ts";
import { connectAttributes } from "../../../lib/client/attributes.ts";
import { type CibChange, connectCib } from "../../../lib/client/cib.ts";
import { connectController } from "../../../lib/client/controller.ts";
import { connectFencer } from "../../../lib/client/fencer.ts";
import { connectLauncher } from "../../../lib/client/pacemakerd.ts";
import { attr, element, type XmlElement } from "../../../lib/xml/node.ts";
import { type ManagerAnswer, managerService, memoryIpc, memorySession } from "./memory-ipc.ts";

const REGISTERED = '<x cib_op="register" cib_clientid="uuid-1"/>';

/** A session whose one service answers registrations by itself. */
function sessionOf(
  name: string,
  answer: (request: XmlElement) => ManagerAnswer,
  seen: XmlElement[] = [],
  connects: string[] = [],
) {
  const service = managerService((request) => {
    if (attr(request, "cib_op") === "register") return { response: REGISTERED };
    if (attr(request, "st_op") === "register") return { response: '<reply st_clientid="f1"/>' };
    return answer(request);
  }, seen);
  return memorySession(memoryIpc({ [name]: service }, connects));
}

const cibReply = (request: XmlElement, rc: number, data = "") =>
  `<cib-reply t="cib" cib_callid="${attr(request, "cib_callid")}" cib_rc="${rc}">${data}</cib-reply>`;

test("cib: a synchronous call carries its options and gets result code and data; a change registers first", async () => {
  const seen: XmlElement[] = [];
  const data = '<cib_calldata><cib admin_epoch="1" epoch="2" num_updates="3"/></cib_calldata>';
  const session = sessionOf("cib_rw", (r) => ({ response: cibReply(r, 0, data) }), seen);
  const cib = await connectCib(session);
  expect((await cib.document()).version).toEqual({ adminEpoch: 1, epoch: 2, numUpdates: 3 });
  await cib.call({ op: "cib_modify", section: "nodes", data: element("nodes"), user: "mary" });
  const [query, , modify] = seen;
  expect(attr(query!, "cib_async_id")).toBeUndefined();
  expect(attr(modify!, "cib_async_id")).toBe("uuid-1");
  expect(Number(attr(query!, "cib_callopt"))).toBe(CallOption.sync | CallOption.scopeLocal);
  expect(modify?.children[0]?.children[0]?.name).toBe("nodes");
  expect([attr(modify!, "cib_user"), attr(modify!, "cib_section")]).toEqual(["mary", "nodes"]);
});

test("cib: an asynchronous call gets the event with its call id; notifications go elsewhere", async () => {
  const notify =
    '<notify t="cib_notify" subt="cib_diff_notify" cib_op="cib_modify" cib_rc="0">' +
    '<cib_update_result><diff format="2"/></cib_update_result></notify>';
  const session = sessionOf("cib_rw", (r) => ({
    response: '<ack status="0"/>',
    events: [notify, '<cib-reply cib_callid="99" cib_rc="0"/>', cibReply(r, -6)],
  }));
  const cib = await connectCib(session);
  const changes: CibChange[] = [];
  cib.onChange = (change) => changes.push(change);
  expect(await cib.call({ op: "cib_delete", async: true })).toEqual({ rc: 6, data: undefined });
  expect(changes).toMatchObject([{ op: "cib_modify", rc: 0, diff: { name: "diff" } }]);
});

test("cib: legacy numbers become result codes, with text and exit code", async () => {
  let rc = -203;
  const cib = await connectCib(sessionOf("cib_rw", (r) => ({ response: cibReply(r, rc) })));
  expect((await cib.call({ op: "cib_bump" })).rc).toBe(Rc.schemaValidation);
  rc = -205;
  await expect(cib.run({ op: "cib_apply_diff" })).rejects.toMatchObject({
    rc: Rc.oldData,
    exit: 103,
    message: "Update was older than existing configuration",
  });
  rc = -6;
  expect(await cib.find("//none")).toBeUndefined();
});

test("cib: a second answer to an earlier request is skipped", async () => {
  const cib = await connectCib(
    sessionOf("cib_rw", (r) => ({ stale: "<late/>", response: cibReply(r, 0) })),
  );
  expect(await cib.call({ op: "cib_bump" })).toMatchObject({ rc: 0 });
});

test("cib: a request beyond the connection's size goes over one that holds it", async () => {
  const connects: string[] = [];
  const cib = await connectCib(
    sessionOf("cib_rw", (r) => ({ response: cibReply(r, 0) }), [], connects),
  );
  const data = element("crm_config", { value: "v".repeat(600_000) });
  expect((await cib.call({ op: "cib_replace", data })).rc).toBe(0);
  expect(connects).toEqual(["cib_rw", "cib_rw"]);
  await cib.call({ op: "cib_replace", data: element("crm_config") });
  expect(connects.length).toBe(2);
});

test("controller: says hello first, matches answers by reference", async () => {
  const seen: XmlElement[] = [];
  const session = sessionOf(
    "crmd",
    (request) => {
      const reference = attr(request, "reference");
      const data =
        attr(request, "crm_task") === "list-nodes"
          ? '<nodes><node id="1" uname="n1" in_ccm="member"/><node id="2" uname="n2"/></nodes>'
          : '<ping_response crm_subsystem="dc" crmd_state="S_IDLE" result="ok"/>';
      const answer = `<a reference="${reference}" src="n1"><crm_xml>${data}</crm_xml></a>`;
      return { events: ['<a reference="other"/>', answer] };
    },
    seen,
  );
  const controller = await connectController(session);
  expect(await controller.nodes()).toEqual([
    { id: "1", name: "n1", state: "member" },
    { id: "2", name: "n2", state: "" },
  ]);
  const dc = { node: "n1", subsystem: "dc", state: "S_IDLE", result: "ok" };
  expect(await controller.ping()).toEqual(dc);
  expect(seen.map((r) => attr(r, "crm_task"))).toEqual(["hello", "list-nodes", "ping"]);
  expect(attr(seen[0]!, "crm_sys_from")).toBe("4711_tool");
});

test("controller: an order about a resource names node, router and agent", async () => {
  const seen: XmlElement[] = [];
  const answer = '<a crm_task="lrm_invoke"/>';
  const session = sessionOf("crmd", () => ({ events: [answer] }), seen);
  const controller = await connectController(session);
  const target = { id: "ip", standard: "ocf", provider: "heartbeat", type: "IPaddr2" };
  await controller.deleteHistory({ ...target, node: "n2" });
  await controller.failResource({ ...target, node: "remote1", routerNode: "n1" });
  const [, remove, fail] = seen;
  expect(attr(remove!, "crm_host_to")).toBe("n2");
  const order = fail?.children[0]?.children[0];
  expect([attr(order!, "on_node"), attr(order!, "router_node")]).toEqual(["remote1", "n1"]);
  expect(attr(order!.children[0]!, "type")).toBe("IPaddr2");
});

test("waiting ends when nobody answers and when the manager goes away", async () => {
  const silent = sessionOf("crmd", () => ({}));
  const controller = await connectController(silent);
  await expect(controller.ping("n9", 10)).rejects.toMatchObject({ code: "timeout" });
  let calls = 0;
  const service = () => (++calls === 1 ? {} : { gone: true });
  const dying = await connectController(memorySession(memoryIpc({ crmd: service })));
  await expect(dying.ping()).rejects.toMatchObject({ code: "closed" });
});

test("attributes: 112 means taken, another status is an error, a query without answer ENXIO", async () => {
  let response = '<ack status="112"/>';
  const seen: XmlElement[] = [];
  const attributes = await connectAttributes(sessionOf("attrd", () => ({ response }), seen));
  await attributes.update({ name: "a", value: "1", dampening: "5s" });
  expect(attr(seen[0]!, "attr_dampening")).toBe("5s");
  response = '<ack status="6"/>';
  await expect(attributes.update({ name: "a" })).rejects.toMatchObject({ rc: 6 });
  await expect(attributes.query("a")).rejects.toMatchObject({ rc: 6, exit: 105 });
  response = '<q attr_name="a"><node attr_host="n1" attr_value="1"/></q>';
  expect(await attributes.query("a")).toEqual([{ host: "n1", value: "1" }]);
});

test("fencer: devices, history, results", async () => {
  const session = sessionOf("stonith-ng", (request) => {
    const body =
      attr(request, "st_op") === "st_query"
        ? '<x><st_device_id id="d1"/><st_device_id id="d2"/></x>'
        : '<st_history><s st_target="n2" st_device_action="off" st_state="4" st_date="7"/></st_history>';
    const failed = attr(request, "st_op") === "st_fence" ? -62 : 0;
    return {
      response: `<st-reply st_rc="${failed}" rc-code="0"><st_calldata>${body}</st_calldata></st-reply>`,
    };
  });
  const fencer = await connectFencer(session);
  expect(await fencer.devices()).toEqual(["d1", "d2"]);
  expect(await fencer.history()).toMatchObject([{ target: "n2", action: "off", state: 4 }]);
  const request = { target: "n2", action: "reboot", timeoutSeconds: 5 };
  expect((await fencer.fence(request)).rc).toBe(62);
});

test("launcher: the response only announces the event", async () => {
  const session = sessionOf("pacemakerd", (request) => ({
    response: '<ack status="112"/>',
    events: [
      `<a reference="${attr(request, "reference")}"><crm_xml><ping_response
        crm_subsystem="pacemakerd" pacemakerd_state="running" crm-timestamp="99" result="ok"/></crm_xml></a>`,
    ],
  }));
  const launcher = await connectLauncher(session);
  expect(await launcher.ping()).toEqual({
    subsystem: "pacemakerd",
    state: "running",
    updated: 99,
    result: "ok",
  });
});

test("a service that is not there is refused", async () => {
  const nobody = memorySession(memoryIpc({}));
  await expect(connectCib(nobody)).rejects.toMatchObject({ code: "refused" });
});
