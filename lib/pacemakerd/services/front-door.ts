/** All endpoints of the second process; routes a client's messages to the service it connected to. */

import type { FrontDoorEvent } from "../../wire/ipc/front-door.ts";
import { attr, child, element } from "../../xml/node.ts";
import type { Durable } from "../cib/durable.ts";
import type { Context } from "../context.ts";
import type { Controller } from "../controller/controller.ts";
import type { Membership } from "../membership.ts";
import { AttributesService } from "./attributes.ts";
import { CibService, type CibServicePort } from "./cib.ts";
import { ControllerService } from "./controller.ts";
import { replyTo } from "./envelope.ts";
import { FencerService } from "./fencer.ts";
import { type ClientMessage, Clients, FOLLOWS } from "./session.ts";

/** Names of the endpoints (spec/ipc.md 3.1). */
export const SERVICES = [
  "cib_ro",
  "cib_rw",
  "cib_shm",
  "crmd",
  "attrd",
  "stonith-ng",
  "pacemakerd",
] as const;

export class FrontDoor {
  readonly cib: CibService;
  readonly controller: ControllerService;
  private readonly context: Context;
  private readonly clients: Clients;
  private readonly attributes: AttributesService;
  private readonly fencer: FencerService;

  constructor(
    context: Context,
    membership: Membership,
    controller: Controller,
    durable: Durable,
    port: CibServicePort,
  ) {
    this.context = context;
    this.clients = new Clients(context);
    this.cib = new CibService(context, this.clients, durable, port);
    this.controller = new ControllerService(context, this.clients, membership, controller, port);
    this.attributes = new AttributesService(context, this.clients, membership, port);
    this.fencer = new FencerService(context, this.clients);
  }

  event(event: FrontDoorEvent): void {
    switch (event.kind) {
      case "client-connected":
        this.clients.connected(event);
        return;
      case "client-gone":
        this.cib.gone(event.client);
        this.controller.gone(event.client);
        this.clients.gone(event.client);
        return;
      case "client-request": {
        const message = this.clients.decode(event.client, event.message);
        if (message !== undefined) this.request(message);
      }
    }
  }

  timer(name: string): boolean {
    return this.attributes.timer(name);
  }

  private request(message: ClientMessage): void {
    switch (message.client.service) {
      case "crmd":
        this.controller.request(message);
        return;
      case "attrd":
        this.attributes.request(message);
        return;
      case "stonith-ng":
        this.fencer.request(message);
        return;
      case "pacemakerd":
        this.manager(message);
        return;
      default:
        this.cib.request(message);
        return;
    }
  }

  /** The endpoint pacemakerd (spec 3.4): ping. */
  private manager(message: ClientMessage): void {
    this.clients.acknowledge(message, FOLLOWS);
    if (attr(message.xml, "crm_task") !== "ping") return;
    const data = element("ping_response", {
      crm_subsystem: "pacemakerd",
      pacemakerd_state: "running",
      "crm-timestamp": String(this.context.epoch()),
      result: "ok",
    });
    const to = attr(message.xml, "crm_sys_from") ?? message.client.uuid;
    this.clients.event(
      message.client,
      replyTo(message.xml, to, "pacemakerd", child(data, "none")?.name, data),
    );
  }
}
