/**
 * The endpoint stonith-ng (spec/ipc.md 3.6), until fencing exists: tools may register and read an empty history; whoever
 * asks to fence is refused honestly.
 */
import { attr, element } from "../../xml/node.ts";
import type { Context } from "../context.ts";
import { type ClientMessage, type Clients, FOLLOWS } from "./session.ts";

const SYNC = 0x1000;
const NO_DEVICE = { status: "10", rc: "114", legacy: "-19" };
const FINE = { status: "0", rc: "0", legacy: "0" };

export class FencerService {
  private readonly context: Context;
  private readonly clients: Clients;

  constructor(context: Context, clients: Clients) {
    this.context = context;
    this.clients = clients;
  }

  request(message: ClientMessage): void {
    const { xml, client } = message;
    const op = attr(xml, "st_op") ?? "";
    if (op === "register") {
      client.name = attr(xml, "st_clientname") ?? client.name;
      this.clients.respond(
        message,
        element("reply", { st_op: "register", st_clientid: client.uuid }),
      );
      return;
    }
    if (attr(xml, "crm_task") === "rm_node_cache") {
      this.clients.acknowledge(message, 0);
      return;
    }
    if (op === "st_notify") {
      this.clients.acknowledge(message, 0);
      return;
    }
    const options = Number.parseInt(attr(xml, "st_callopt") ?? "0", 10) || 0;
    const harmless = op === "st_fence_history" || op === "st_query" || op === "st_device_remove";
    if (!harmless) {
      this.context.log("error", `${client.name} asked for ${op}: this version cannot fence`);
    }
    const outcome = harmless ? FINE : NO_DEVICE;
    const data =
      op === "st_fence_history"
        ? element("st_history")
        : op === "st_query"
          ? element("st_device", { "st-available-devices": "0" })
          : undefined;
    const reply = element(
      "st-reply",
      {
        st_origin: "quorate",
        t: "stonith-ng",
        "op-status": outcome.status,
        "rc-code": outcome.rc,
        st_rc: outcome.legacy,
        st_op: op,
        st_callid: attr(xml, "st_callid"),
        st_clientid: client.uuid,
        st_clientname: `${client.name}.${client.pid}`,
        st_callopt: String(options),
      },
      data === undefined ? [] : [element("st_calldata", {}, [data])],
    );
    if ((options & SYNC) !== 0 && message.wantsResponse) {
      this.clients.respond(message, reply);
      return;
    }
    this.clients.acknowledge(message, FOLLOWS);
    this.clients.event(client, reply);
  }
}
