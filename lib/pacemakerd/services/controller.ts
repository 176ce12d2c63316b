/**
 * The endpoint crmd (spec/ipc.md 3.3): who is the controller, which nodes there are, and what tools ask of executors.
 */
import type { CibDoc } from "../../cib/document.ts";
import { section } from "../../cib/document.ts";
import { attr, child, element, idOf, type XmlElement } from "../../xml/node.ts";
import { writeXml } from "../../xml/write.ts";
import { nodeState } from "../cib/status.ts";
import type { Context } from "../context.ts";
import type { Controller } from "../controller/controller.ts";
import type { Membership } from "../membership.ts";
import { replyTo, requestTo } from "./envelope.ts";
import {
  type Client,
  type ClientMessage,
  type Clients,
  FOLLOWS,
  PROTOCOL_ERROR,
} from "./session.ts";

export interface ControllerServicePort {
  doc(): CibDoc;
}

interface ToolOrder {
  readonly client: Client;
  readonly reference: string;
  readonly resource: string;
  readonly node: string;
}

/** What may be asked besides hello. Everything else is refused, with one answer like any request. */
const TASKS: ReadonlySet<string> = new Set([
  "ping",
  "list-nodes",
  "node-info",
  "lrm_delete",
  "lrm_fail",
  "lrm_refresh",
  "probe_again",
  "rm_node_cache",
]);

export class ControllerService {
  private readonly context: Context;
  private readonly clients: Clients;
  private readonly membership: Membership;
  private readonly controller: Controller;
  private readonly port: ControllerServicePort;
  /** Tools that wait for an executor's answer, by the key they sent. */
  private readonly waiting = new Map<string, ToolOrder>();

  constructor(
    context: Context,
    clients: Clients,
    membership: Membership,
    controller: Controller,
    port: ControllerServicePort,
  ) {
    this.context = context;
    this.clients = clients;
    this.membership = membership;
    this.controller = controller;
    this.port = port;
  }

  gone(client: number): void {
    for (const [key, order] of this.waiting) {
      if (order.client.number === client) this.waiting.delete(key);
    }
  }

  request(message: ClientMessage): void {
    const { xml, client } = message;
    const task = attr(xml, "crm_task") ?? "";
    if (task === "hello") {
      const options = child(child(xml, "crm_xml") ?? xml, "options");
      client.name =
        (options === undefined ? undefined : attr(options, "client_name")) ?? client.name;
      this.clients.acknowledge(message, 0);
      return;
    }
    const data = child(xml, "crm_xml")?.children[0];
    if (!TASKS.has(task)) {
      this.context.log(
        "warning",
        `${client.name} asked the controller for ${task || "nothing"}, which is unknown`,
      );
      this.clients.acknowledge(message, PROTOCOL_ERROR);
      return;
    }
    this.clients.acknowledge(message, FOLLOWS);
    switch (task) {
      case "ping":
        this.ping(message);
        return;
      case "list-nodes":
        this.reply(message, this.nodeList());
        return;
      case "node-info":
        this.reply(message, this.nodeInfo(data));
        return;
      case "lrm_delete":
      case "lrm_fail":
        this.order(message, task === "lrm_delete" ? "delete" : "fail", data);
        return;
      case "lrm_refresh":
      case "probe_again":
        this.probeAgain(message, data);
        return;
      default:
        // rm_node_cache: the CIB alone remembers nodes here, so there is nothing to forget.
        return;
    }
  }

  private reply(message: ClientMessage, data: XmlElement, from = "crmd", host?: string): void {
    const source = host ?? this.context.config.nodeName;
    this.clients.event(
      message.client,
      replyTo(message.xml, message.client.uuid, from, source, data),
    );
  }

  private ping(message: ClientMessage): void {
    const toController = attr(message.xml, "crm_sys_to") === "dc";
    const controllerId = this.membership.controller;
    const host = attr(message.xml, "crm_host_to") ?? this.context.config.nodeName;
    if (toController && controllerId === undefined) return;
    const answering =
      toController && controllerId !== undefined ? this.membership.uname(controllerId) : host;
    const isSelf = answering === this.context.config.nodeName;
    const state = isSelf
      ? this.controller.state
      : answering === this.membership.uname(controllerId ?? -1)
        ? "S_IDLE"
        : "S_NOT_DC";
    this.reply(
      message,
      element("ping_response", {
        crm_subsystem: toController ? "dc" : "crmd",
        crmd_state: state,
        result: "ok",
      }),
      toController ? "dc" : "crmd",
      answering,
    );
  }

  private nodeList(): XmlElement {
    const present = new Set(this.membership.members.map((id) => this.membership.uname(id) ?? ""));
    const nodes = (section(this.port.doc(), "nodes")?.children ?? []).filter(
      (n) => n.name === "node",
    );
    return element(
      "nodes",
      {},
      nodes.map((node) => {
        const uname = attr(node, "uname") ?? idOf(node);
        const id = this.membership.nodeIdOf(uname);
        return element("node", {
          id: id === undefined ? idOf(node) : String(id),
          uname,
          in_ccm: present.has(uname) ? "member" : "lost",
        });
      }),
    );
  }

  private nodeInfo(data: XmlElement | undefined): XmlElement {
    const asked = data === undefined ? undefined : attr(data, "id");
    const self = this.context.config;
    const id = asked === undefined ? self.nodeId : Number.parseInt(asked, 10);
    const uname = this.membership.uname(id);
    const state =
      uname === undefined
        ? undefined
        : nodeState(this.port.doc(), this.context.cibName(id, uname).id);
    return element("node", {
      crm_subsystem: "crmd",
      "have-quorum": this.controller.quorate === true ? "true" : "false",
      id: uname === undefined ? undefined : String(id),
      uname,
      crmd: this.membership.members.includes(id) ? "member" : "lost",
      remote_node: state !== undefined && attr(state, "remote_node") === "true" ? "true" : "false",
    });
  }

  private order(
    message: ClientMessage,
    task: "delete" | "fail",
    data: XmlElement | undefined,
  ): void {
    const primitive = data === undefined ? undefined : child(data, "primitive");
    const host =
      (data === undefined ? undefined : (attr(data, "router_node") ?? attr(data, "on_node"))) ??
      attr(message.xml, "crm_host_to") ??
      this.context.config.nodeName;
    const to = this.membership.nodeIdOf(host);
    const resource = primitive === undefined ? "" : idOf(primitive);
    if (data === undefined || resource === "" || to === undefined) return;
    const key = `${message.client.uuid}/${attr(message.xml, "reference") ?? ""}`;
    this.waiting.set(key, {
      client: message.client,
      reference: attr(message.xml, "reference") ?? "",
      resource,
      node: host,
    });
    this.context.multicast({
      kind: "executor-request",
      to,
      task,
      resource,
      key,
      client: message.client.name,
      now: this.context.epoch(),
      body: writeXml(data, { indent: false }),
    });
  }

  /** The executor has done what a tool asked. */
  answered(key: string): void {
    const order = this.waiting.get(key);
    if (order === undefined) return;
    this.waiting.delete(key);
    const state = element("node_state", { id: order.node, uname: order.node }, [
      element("lrm", { id: order.node }, [
        element("lrm_resources", {}, [
          element("lrm_resource", { id: order.resource }, [
            element("lrm_rsc_op", {
              id: `${order.resource}_last_0`,
              operation_key: `${order.resource}_delete_0`,
              operation: "delete",
              "rc-code": "0",
              "op-status": "0",
            }),
          ]),
        ]),
      ]),
    ]);
    this.clients.event(
      order.client,
      requestTo("lrm_invoke", order.reference, order.client.uuid, "lrmd", order.node, state),
    );
  }

  private probeAgain(message: ClientMessage, data: XmlElement | undefined): void {
    const only = data === undefined ? undefined : attr(data, "on_node");
    for (const id of this.membership.members) {
      const uname = this.membership.uname(id);
      if (uname === undefined || (only !== undefined && only !== uname)) continue;
      this.context.multicast({
        kind: "executor-request",
        to: id,
        task: "forget-all",
        resource: "",
        key: "",
        client: message.client.name,
        now: this.context.epoch(),
        body: "",
      });
      const reference = attr(message.xml, "reference") ?? "";
      this.clients.event(
        message.client,
        requestTo("lrm_invoke", reference, message.client.uuid, `${id}_lrmd`, uname, undefined),
      );
    }
  }
}
