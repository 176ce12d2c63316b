/** The endpoint attrd (spec/ipc.md 3.5): transient attributes, read from the status section, written through the order. */
import type { CibDoc } from "../../cib/document.ts";
import { attr, element, type XmlElement } from "../../xml/node.ts";
import { transientAttributes } from "../cib/status.ts";
import type { Context } from "../context.ts";
import type { Membership } from "../membership.ts";
import { type ClientMessage, type Clients, FOLLOWS } from "./session.ts";

const PROTOCOL = "4";

export interface AttributesPort {
  doc(): CibDoc;
}

interface Delayed {
  readonly node: string;
  readonly name: string;
  readonly value: string | undefined;
}

/** Seconds or milliseconds of a dampening word ("5", "5s", "200ms"). */
function delayMs(text: string | undefined): number {
  const found = /^(\d+)(ms|s|m)?$/.exec(text ?? "");
  if (found === null) return 0;
  const unit = { ms: 1, s: 1000, m: 60_000 }[found[2] ?? "s"] ?? 1000;
  return Number(found[1]) * unit;
}

export class AttributesService {
  private readonly context: Context;
  private readonly clients: Clients;
  private readonly membership: Membership;
  private readonly port: AttributesPort;
  private readonly dampening = new Map<string, number>();
  private readonly delayed = new Map<string, Map<string, Delayed>>();

  constructor(context: Context, clients: Clients, membership: Membership, port: AttributesPort) {
    this.context = context;
    this.clients = clients;
    this.membership = membership;
    this.port = port;
  }

  request(message: ClientMessage): void {
    const { xml } = message;
    const task = attr(xml, "task") ?? "";
    if (task === "query") {
      this.clients.respond(message, this.query(xml));
      return;
    }
    this.clients.acknowledge(message, FOLLOWS, PROTOCOL);
    const node = attr(xml, "attr_host") || this.context.config.nodeName;
    if (task === "clear-failure") this.clearFailure(xml);
    else if (task === "update" || task === "update-both") this.update(xml, node, task);
    else if (task === "update-delay") {
      this.dampening.set(attr(xml, "attr_name") ?? "", delayMs(attr(xml, "attr_dampening")));
    } else if (task === "refresh") this.flush();
  }

  private update(xml: XmlElement, node: string, task: string): void {
    const pattern = attr(xml, "attr_regex");
    const name = pattern ?? attr(xml, "attr_name");
    if (name === undefined || name === "") return;
    const value = attr(xml, "attr_value");
    if (task === "update-both") this.dampening.set(name, delayMs(attr(xml, "attr_dampening")));
    const delay = this.dampening.get(name) ?? 0;
    if (delay > 0 && task === "update-both") {
      const values = this.delayed.get(name) ?? new Map<string, Delayed>();
      values.set(node, { node, name, value });
      this.delayed.set(name, values);
      this.context.setTimer(`attribute:${name}`, delay);
      return;
    }
    this.send(node, name, value, pattern !== undefined);
  }

  private send(node: string, name: string, value: string | undefined, pattern: boolean): void {
    this.context.multicast({
      kind: "attribute",
      node,
      name,
      ...(value === undefined ? {} : { value }),
      pattern,
    });
  }

  private flush(): void {
    for (const name of [...this.delayed.keys()]) this.timer(`attribute:${name}`);
  }

  /** Timers of ours; false when it is somebody else's. */
  timer(timerName: string): boolean {
    if (!timerName.startsWith("attribute:")) return false;
    const name = timerName.slice("attribute:".length);
    for (const { node, value } of this.delayed.get(name)?.values() ?? []) {
      this.send(node, name, value, false);
    }
    this.delayed.delete(name);
    return true;
  }

  private clearFailure(xml: XmlElement): void {
    const host = attr(xml, "attr_host");
    const nodes = host ? [host] : this.membership.names.map(([, uname]) => uname);
    for (const node of nodes) {
      this.context.multicast({
        kind: "clear-failure",
        node,
        resource: attr(xml, "attr_resource") ?? "",
        operation: attr(xml, "attr_clear_operation") ?? "",
        intervalMs: delayMs(attr(xml, "attr_clear_interval")),
        dropEntry: false,
      });
    }
  }

  private query(xml: XmlElement): XmlElement {
    const name = attr(xml, "attr_name") ?? "";
    const host = attr(xml, "attr_host");
    const nodes: XmlElement[] = [];
    for (const [id, uname] of this.membership.names) {
      if (host !== undefined && host !== uname) continue;
      const node = this.context.cibName(id, uname);
      const value = transientAttributes(this.port.doc(), node.id).get(name);
      if (value === undefined) continue;
      nodes.push(element("node", { attr_host: uname, attr_value: value }));
    }
    return element(
      "x",
      { t: "attrd", subt: "query", attr_version: PROTOCOL, attr_name: name },
      nodes,
    );
  }
}
