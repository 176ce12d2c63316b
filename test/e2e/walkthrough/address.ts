/** The page's virtual address: STONITH off, the address comes up, moves with standby, is stopped and deleted. */
import type { Block } from "../story.ts";
import {
  ALL_ONLINE,
  configured,
  crm,
  enter,
  fact,
  leftNode,
  onlyOn,
  others,
  SETTLE_MS,
  settles,
  shownBy,
  status,
  TOP,
} from "./words.ts";

export const stonith: Block = {
  title: "Disable STONITH",
  see: "crm_verify is content now",
  steps: [
    crm("server8", [
      enter("configure"),
      configured("property stonith-enabled=false"),
      configured("commit"),
    ]),
    { kind: "type", on: "server8", command: "crm_verify -L -V", show: "" },
  ],
};

export const vip: Block = {
  title: "A virtual address",
  see: "vip is Started on one node, and the address is on that host",
  steps: [
    crm("server8", [
      enter("configure"),
      configured(
        "primitive vip ocf:heartbeat:IPaddr params ip=172.25.12.200 nic='eth0' cidr_netmask='24' broadcast='172.25.12.255'",
      ),
      configured("verify"),
      configured("commit"),
      TOP,
      settles(status(1, `${ALL_ONLINE}\n vip (ocf::heartbeat:IPaddr): Started {node:vip}`)),
    ]),
    shownBy("vip"),
    onlyOn("vip"),
  ],
};

export const move: Block = {
  title: "Standby: the address moves",
  see: "the node is standby and another host has the address",
  steps: [
    crm(
      (w) => fact(w, "vip"),
      [
        enter("node"),
        { type: "standby", level: "node" },
        TOP,
        settles(
          (w) =>
            status(
              1,
              `Node ${fact(w, "vip")}: standby
Online: [ ${others(fact(w, "vip"))} ]
 vip (ocf::heartbeat:IPaddr): Started {node:moved}`,
            ),
          leftNode("moved", "vip"),
        ),
      ],
    ),
    shownBy("moved"),
    onlyOn("moved"),
    crm(
      (w) => fact(w, "vip"),
      [
        enter("node"),
        { type: "online", level: "node" },
        TOP,
        settles(status(1, `${ALL_ONLINE}\n vip (ocf::heartbeat:IPaddr): Started {node}`)),
        // The page's next blocks show this node standby again.
        enter("node"),
        { type: "standby", level: "node" },
      ],
    ),
  ],
};

export const remove: Block = {
  title: "Stop it, delete it",
  see: "a running resource is not deleted; a stopped one is",
  steps: [
    crm("server8", [
      enter("resource"),
      { type: "status", level: "resource", show: " vip (ocf::heartbeat:IPaddr): Started" },
      { type: "stop vip", level: "resource" },
      {
        type: "status",
        level: "resource",
        show: " vip (ocf::heartbeat:IPaddr): Stopped",
        settleMs: SETTLE_MS,
      },
      TOP,
      enter("configure"),
      configured("delete vip"),
      configured("commit"),
    ]),
  ],
};
