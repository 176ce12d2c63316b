/**
 * Clients of the traditional endpoints: who they are, and how an answer reaches them (spec/ipc.md 3.1). A request that
 * wants a response gets exactly one; everything else travels as an event.
 */
import { isRejection } from "../../base/error.ts";
import type { ClientConnected } from "../../wire/ipc/front-door.ts";
import {
  decodePacemakerFrame,
  encodePacemakerFrame,
  PacemakerFlag,
} from "../../wire/ipc/pacemaker.ts";
import { element, type XmlElement } from "../../xml/node.ts";
import { writeXml } from "../../xml/write.ts";
import type { Context } from "../context.ts";
import { tryParse } from "../parse.ts";

/** Exit code "indeterminate": the true answer follows as an event. */
export const FOLLOWS = 112;
export const PROTOCOL_ERROR = 76;

/** One connected client. */
export interface Client {
  readonly number: number;
  readonly service: string;
  readonly uid: number;
  readonly pid: number;
  /** The id we gave it at registration. */
  uuid: string;
  /** The program's own name. */
  name: string;
  events: number;
}

/** A decoded request. */
export interface ClientMessage {
  readonly client: Client;
  readonly id: number;
  readonly wantsResponse: boolean;
  readonly xml: XmlElement;
}

export class Clients {
  private readonly context: Context;
  private readonly all = new Map<number, Client>();

  constructor(context: Context) {
    this.context = context;
  }

  connected(event: ClientConnected): void {
    this.all.set(event.client, {
      number: event.client,
      service: event.service,
      uid: event.uid,
      pid: event.pid,
      uuid: this.context.uuid(),
      name: `pid ${event.pid}`,
      events: 0,
    });
  }

  gone(client: number): void {
    this.all.delete(client);
  }

  find(client: number): Client | undefined {
    return this.all.get(client);
  }

  /** The request in a libqb message; a client that sends anything else is dropped. */
  decode(client: number, message: Uint8Array): ClientMessage | undefined {
    const known = this.all.get(client);
    if (known === undefined) return undefined;
    const frame = decodePacemakerFrame(message);
    const xml = isRejection(frame) ? undefined : tryParse(frame.text, `${known.service} request`);
    if (isRejection(frame) || xml === undefined) {
      const why = isRejection(frame) ? frame.text : "no XML";
      this.context.log(
        "warning",
        `Dropped a client of ${known.service} (pid ${known.pid}): ${why}`,
      );
      this.context.effect({ kind: "drop-client", client });
      this.all.delete(client);
      return undefined;
    }
    const wantsResponse = (frame.flags & PacemakerFlag.response) !== 0;
    return { client: known, id: frame.id, wantsResponse, xml };
  }

  respond(message: ClientMessage, xml: XmlElement): void {
    if (!message.wantsResponse) return;
    const text = writeXml(xml, { indent: false });
    this.context.effect({
      kind: "respond",
      client: message.client.number,
      message: encodePacemakerFrame({
        id: message.id,
        flags: PacemakerFlag.response | PacemakerFlag.serverFree,
        text,
      }),
    });
  }

  /** The acknowledgement of a request whose answer is elsewhere or nothing. */
  acknowledge(message: ClientMessage, status: number, protocol?: string): void {
    this.respond(
      message,
      element("ack", {
        function: "quorate",
        line: "1",
        status: String(status),
        "ipc-protocol-version": protocol,
      }),
    );
  }

  event(client: Client, xml: XmlElement): void {
    if (!this.all.has(client.number)) return;
    client.events++;
    this.context.effect({
      kind: "send-event",
      client: client.number,
      message: encodePacemakerFrame({
        id: client.events,
        flags: PacemakerFlag.event | PacemakerFlag.serverFree,
        text: writeXml(xml, { indent: false }),
      }),
    });
  }
}
