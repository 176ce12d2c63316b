/**
 * The endpoints cib_ro, cib_rw and cib_shm (spec/ipc.md 3.2). Queries are answered from our own copy at once; writes go
 * into the order and are answered when they are applied, and on disk everywhere when they changed the configuration.
 */

import { type CibDoc, versionText } from "../../cib/document.ts";
import { CallOption } from "../../cib/operations.ts";
import { CIB_NOTE } from "../../cib/request.ts";
import { attr, child, element, withAttr, type XmlElement } from "../../xml/node.ts";
import { makePatchset } from "../../xml/patch.ts";
import { writeXml } from "../../xml/write.ts";
import { type AppliedRequest, applyRequestMessage, queryCib } from "../cib/apply.ts";
import type { Durable } from "../cib/durable.ts";
import { diffNotice, Subscribers } from "../cib/notify.ts";
import type { Context } from "../context.ts";
import type { Request } from "../messages.ts";
import type { Client, ClientMessage, Clients } from "./session.ts";

const EACCES = -13;
const EINVAL = -22;
const ENOTCONN = -107;
const READS: ReadonlySet<string> = new Set(["cib_query", "noop", "ping", "cib_ismaster"]);
const WRITES: ReadonlySet<string> = new Set([
  "cib_create",
  "cib_modify",
  "cib_replace",
  "cib_delete",
  "cib_apply_diff",
  "cib_bump",
  "cib_erase",
  "cib_upgrade",
  "cib_delete_alt",
]);

export interface CibServicePort {
  doc(): CibDoc;
  /** Synchronised with the others: writes may go into the order. */
  ready(): boolean;
}

interface Waiting {
  readonly message: ClientMessage;
  readonly callId: string;
  readonly options: number;
}

export class CibService {
  private readonly context: Context;
  private readonly clients: Clients;
  private readonly port: CibServicePort;
  private readonly durable: Durable;
  private readonly subscribers = new Subscribers();
  private readonly waiting = new Map<number, Waiting>();
  private nextRequest = 1;

  constructor(context: Context, clients: Clients, durable: Durable, port: CibServicePort) {
    this.context = context;
    this.clients = clients;
    this.durable = durable;
    this.port = port;
  }

  gone(client: number): void {
    this.subscribers.gone(client);
  }

  request(message: ClientMessage): void {
    const { xml, client } = message;
    const op = attr(xml, "cib_op") ?? "";
    if (xml.name === "cib-callback" || op === "cib_notify") {
      const kind = attr(xml, "cib_notify_type") ?? "";
      const active = attr(xml, "cib_notify_activate") === "1";
      const known = this.subscribers.set(client.number, kind, active);
      this.clients.acknowledge(message, known ? 0 : 76);
      return;
    }
    if (op === "register") {
      client.name = attr(xml, "cib_clientname") ?? client.name;
      this.clients.respond(
        message,
        element("cib_command", { cib_op: "register", cib_clientid: client.uuid }),
      );
      return;
    }
    this.command(message, op);
  }

  private command(message: ClientMessage, op: string): void {
    const { xml, client } = message;
    const options = Number.parseInt(attr(xml, "cib_callopt") ?? "0", 10) || 0;
    const waiting: Waiting = { message, callId: attr(xml, "cib_callid") ?? "0", options };
    const section = attr(xml, "cib_section") ?? "";
    if (READS.has(op)) {
      const answer =
        op === "cib_query"
          ? queryCib(this.port.doc(), section, options, this.userOf(message))
          : { rc: 0, output: undefined };
      this.answer(op, waiting, answer.rc, answer.output);
    } else if (!WRITES.has(op)) {
      this.answer(op, waiting, op.startsWith("cib_") ? 0 : EINVAL, undefined);
    } else if (client.service === "cib_ro") {
      this.answer(op, waiting, EACCES, undefined);
    } else if (!this.port.ready()) {
      this.answer(op, waiting, ENOTCONN, undefined);
    } else {
      this.write(waiting, op, section);
    }
  }

  /** Who asks: the peer's own user; only root and hacluster may speak for another. */
  private userOf({ client, xml }: ClientMessage): string {
    const own = this.context.config.userOf(client.uid);
    const claimed = attr(xml, "cib_user");
    return claimed !== undefined && (own === "root" || own === "hacluster") ? claimed : own;
  }

  private write(waiting: Waiting, op: string, section: string): void {
    const { xml, client } = waiting.message;
    const data = child(xml, "cib_calldata")?.children[0];
    const id = this.nextRequest++;
    this.waiting.set(id, waiting);
    this.context.multicast(
      this.newRequest(id, op, section, waiting.options, data, {
        user: this.userOf(waiting.message),
        client: client.name,
      }),
    );
  }

  /** A request of our own, or of a client. */
  private newRequest(
    id: number,
    op: string,
    section: string,
    options: number,
    data: XmlElement | undefined,
    who: { readonly user: string; readonly client: string },
  ): Request {
    return {
      kind: "request",
      id,
      op,
      section,
      callOptions: options & ~CallOption.scopeLocal,
      user: who.user,
      client: who.client,
      now: this.context.epoch(),
      offset: this.context.config.utcOffsetSeconds,
      body: data === undefined ? "" : writeXml(data, { indent: false }),
    };
  }

  /** The controller's own modification of the configuration. */
  modify(section: string, data: XmlElement): void {
    const who = { user: "hacluster", client: "crmd" };
    this.context.multicast(this.newRequest(0, "cib_modify", section, 8, data, who));
  }

  /** A request came out of the order: the new document. `own`: we are its origin. */
  delivered(doc: CibDoc, request: Request, origin: string, own: boolean): AppliedRequest {
    const applied = applyRequestMessage(doc, request, origin);
    const waiting = own ? this.waiting.get(request.id) : undefined;
    if (own) this.waiting.delete(request.id);
    if (waiting === undefined) return applied;
    const reply = (rc: number, note?: string) =>
      this.answer(request.op, waiting, rc, applied.output, note);
    if (applied.rc !== 0 || !applied.configurationChanged) {
      reply(applied.rc);
      return applied;
    }
    this.deferred.push(() =>
      this.durable.whenDurable(versionText(applied.doc.version), ({ rc, note }) => reply(rc, note)),
    );
    return applied;
  }

  private deferred: (() => void)[] = [];

  /** After the change is counted: answers begin to wait for the disk. */
  afterDelivery(): void {
    const { deferred } = this;
    this.deferred = [];
    for (const wait of deferred) wait();
  }

  /** @param note what a person should know besides; tools of ours print it, others ignore the attribute. */
  private answer(
    op: string,
    waiting: Waiting,
    rc: number,
    output: XmlElement | undefined,
    note?: string,
  ): void {
    const { message, callId, options } = waiting;
    if ((options & CallOption.discardReply) !== 0) {
      if (message.wantsResponse) this.clients.acknowledge(message, 0);
      return;
    }
    const reply = element(
      "cib-reply",
      {
        t: "cib",
        cib_op: op,
        cib_callid: callId,
        cib_clientid: message.client.uuid,
        cib_callopt: String(options),
        cib_rc: String(rc),
        [CIB_NOTE]: note,
      },
      output === undefined ? [] : [element("cib_calldata", {}, [output])],
    );
    if ((options & CallOption.sync) !== 0 && message.wantsResponse) {
      this.clients.respond(message, reply);
      return;
    }
    if (message.wantsResponse) this.clients.acknowledge(message, 0);
    this.clients.event(message.client, reply);
  }

  /** Tells subscribers what changed. */
  notify(op: string, before: CibDoc, after: CibDoc): void {
    const diffClients = this.subscribers.of("cib_diff_notify");
    if (diffClients.length > 0) {
      const diff = makePatchset(before.root, after.root, { digest: true });
      if (diff !== undefined) {
        const notice = diffNotice(op, before, after, diff);
        for (const number of diffClients) this.send(number, notice);
      }
    }
    if (op !== "cib_replace") return;
    const refresh = withAttr(
      element("notify-replace", { t: "cib_notify", subt: "cib_refresh_notify", cib_op: op }),
      "cib_rc",
      "0",
    );
    for (const number of this.subscribers.of("cib_refresh_notify")) this.send(number, refresh);
  }

  private send(number: number, xml: XmlElement): void {
    const client: Client | undefined = this.clients.find(number);
    if (client !== undefined) this.clients.event(client, xml);
  }
}
