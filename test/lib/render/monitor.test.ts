/** What crm_mon prints of one CIB, form by form: the texts are compared side by side (spec/outputs-and-tools B1, B2). */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { cibDoc } from "../../../lib/cib/document.ts";
import { classicSimpleStatus, classicText } from "../../../lib/render/classic.ts";
import { clusterHtml } from "../../../lib/render/cluster-html.ts";
import { clusterXml } from "../../../lib/render/cluster-xml.ts";
import { currentSimpleStatus, currentText } from "../../../lib/render/current.ts";
import { readStatus } from "../../../lib/status/status.ts";
import { ctimeText } from "../../../lib/time/iso8601.ts";
import { clusterView } from "../../../lib/view/cluster-builder.ts";
import { DEFAULT_DISPLAY } from "../../../lib/view/display.ts";
import { parseXml } from "../../../lib/xml/parse.ts";
import { writeXml } from "../../../lib/xml/write.ts";

const path = new URL("../../golden/crm_mon/walkthrough.xml", import.meta.url).pathname;
const NOW = 1495838571;
const clock = (epoch: number) => ctimeText({ epoch, offset: 0 });
const doc = cibDoc(parseXml(readFileSync(path, "utf8"), path));
const view = clusterView(readStatus(doc, NOW));

test("the walkthrough's form, to the letter", () => {
  expect(view.form).toBe("classic");
  expect(classicText(view, DEFAULT_DISPLAY, clock)).toBe(`Last updated: Fri May 26 22:42:51 2017
Last change: Fri May 26 22:42:45 2017 via crm_attribute on server7
Stack: classic openais (with plugin)
Current DC: server8 - partition with quorum
Version: 1.1.10-quorate
3 Nodes configured, 3 expected votes
6 Resources configured


Node server7: standby
Online: [ server6 server8 ]

 webip\t(ocf::heartbeat:IPaddr):\tStarted server6 
 webserver\t(lsb:httpd):\tStarted server6 
 Clone Set: pings [ping]
     Started: [ server6 ]
     Stopped: [ server7 server8 ]

Failed actions:
    webserver_start_0 (node=server8, call=24, rc=1, status=complete, last-rc-change=Fri May 26 22:42:05 2017
, queued=63ms, exec=0ms
): unknown error
`);
});

test("the classic form with inactive resources, attributes, operations, fail counts and bans", () => {
  const show = {
    ...DEFAULT_DISPLAY,
    summary: false,
    inactive: true,
    attributes: true,
    operations: true,
    failures: false,
    bans: "",
  };
  expect(classicText(view, show, clock)).toBe(`Node server7: standby
Online: [ server6 server8 ]

Full list of resources:

 webip\t(ocf::heartbeat:IPaddr):\tStarted server6 
 webserver\t(lsb:httpd):\tStarted server6 
 Clone Set: pings [ping]
     Started: [ server6 ]
     Stopped: [ server7 server8 ]
 Resource Group: stopped
     a\t(ocf::pacemaker:Dummy):\tStopped 

Node Attributes:
* Node server6:
    + site                            \t: north     

Operations:
* Node server6: 
   webip: migration-threshold=1000000
    + (12) start: rc=0 (ok)
    + (13) monitor: interval=10000ms rc=0 (ok)
   webserver: migration-threshold=1000000
    + (14) start: rc=0 (ok)
   ping: migration-threshold=1000000
    + (15) start: rc=0 (ok)
* Node server8: 
   webserver: migration-threshold=1000000 fail-count=INFINITY last-failure='Fri May 26 22:42:05 2017'
    + (24) start: rc=1 (unknown error)
    + (25) stop: rc=0 (ok)

Fencing constraints:
 cli-ban-webip-on-server7\tprevents webip from running on server7
`);
});

test("resources below their nodes, and the one line for monitoring systems", () => {
  const show = { ...DEFAULT_DISPLAY, summary: false, groupByNode: true, failures: false };
  expect(classicText(view, show, clock)).toBe(`Node server6: online
\twebip\t(ocf::heartbeat:IPaddr):\tStarted 
\twebserver\t(lsb:httpd):\tStarted 
\tping\t(ocf::pacemaker:Dummy):\tStarted 
Node server7: standby
Node server8: online
`);
  expect(classicSimpleStatus(view)).toEqual({
    text: "Ok: 2 nodes online, 1 standby nodes, 6 resources configured\n",
    ok: true,
  });
});

test("the current form of the same view", () => {
  expect(currentText(view, { ...DEFAULT_DISPLAY, inactive: true }, clock)).toBe(`Cluster Summary:
  * Stack: classic openais (with plugin)
  * Current DC: server8 (version 1.1.10-quorate) - partition with quorum
  * Last updated: Fri May 26 22:42:51 2017
  * Last change:  Fri May 26 22:42:45 2017 via crm_attribute on server7
  * 3 nodes configured
  * 6 resource instances configured (1 DISABLED)

Node List:
  * Node server7: standby
  * Online: [ server6 server8 ]

Full List of Resources:
  * webip\t(ocf:heartbeat:IPaddr):\t Started server6
  * webserver\t(lsb:httpd):\t Started server6
  * Clone Set: pings [ping]:
    * Started: [ server6 ]
    * Stopped: [ server7 server8 ]
  * Resource Group: stopped:
    * a\t(ocf:pacemaker:Dummy):\t Stopped (disabled)

Failed Resource Actions:
  * webserver start on server8 returned 'Error occurred' at Fri May 26 22:42:05 2017 after 63ms
`);
});

test("parts of the summary, one by one", () => {
  const bare = { ...DEFAULT_DISPLAY, nodes: false, resources: false, failures: false };
  const none = { ...bare, stack: false, dc: false, times: false, counts: false };
  expect(currentText(view, none, clock)).toBe("");
  expect(currentText(view, { ...none, dc: true }, clock)).toBe(
    "Cluster Summary:\n  * Current DC: server8 (version 1.1.10-quorate) - partition with quorum\n",
  );
  expect(clusterXml(view, none, clock)).toEqual([]);
  expect(clusterXml(view, { ...none, stack: true }, clock).map((e) => writeXml(e))).toEqual([
    '<summary>\n  <stack type="classic openais (with plugin)"/>\n</summary>\n',
  ]);
});

test("no header stands over a list of bans without members", () => {
  const quiet = { ...DEFAULT_DISPLAY, summary: false, nodes: false, resources: false };
  const text = currentText(view, { ...quiet, failures: false, bans: "no such prefix" }, clock);
  expect(text).toBe("");
});

test("the one line for monitoring systems in the current form", () => {
  expect(currentSimpleStatus(view)).toEqual({
    ok: true,
    text: "CLUSTER OK: 2 nodes online, 1 standby node, 6 resource instances configured\n",
  });
  const lost = { ...view, nodes: view.nodes.map((n) => ({ ...n, online: n.name !== "server7" })) };
  expect(currentSimpleStatus(lost)).toEqual({
    ok: false,
    text: "CLUSTER WARN: offline node: server7\n",
  });
});

test("XML and HTML say the same", () => {
  const xml = clusterXml(view, { ...DEFAULT_DISPLAY, inactive: true }, clock)
    .map((e) => writeXml(e, { indent: true }))
    .join("");
  expect(xml).toContain('<node name="server7" id="server7" online="true" standby="true"');
  expect(xml).toContain(
    '<resource id="webip" resource_agent="ocf:heartbeat:IPaddr" role="Started"',
  );
  expect(xml).toContain('<failure op_key="webserver_start_0" node="server8"');
  const page = clusterHtml(view, DEFAULT_DISPLAY, clock, "<title>", undefined);
  expect(page).toContain("<title>&lt;title&gt;</title>");
  expect(page).toContain(
    '<li><span class="rsc-ok">webip\t(ocf:heartbeat:IPaddr):\t Started server6</span></li>',
  );
});
