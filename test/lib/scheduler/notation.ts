/**
 * Small clusters in few lines, for the scheduler's own cases. The configuration is written in crm's language (primitive,
 * group, clone, ms, location, colocation, order, rsc_ticket, bundle, tag …), the rest in these words:
 *
 *     nodes a b c              the nodes, all online
 *     state b offline          or standby, maintenance, unclean, pending, shutdown
 *     set stonith-enabled=true cluster options; fencing is off unless said
 *     defaults resource-stickiness=10
 *     attr a colour=red        an attribute of a node
 *     capacity a cpu=4         utilization of a node
 *     no-quorum
 *     ticket T granted         or revoked, standby
 *     run A a [promoted]       A runs on a: started (promoted), its monitors succeed
 *     removed A ocf:pacemaker:Dummy a    A runs on a, but is no longer configured
 *     op A_monitor_10000@a=7   one more entry of the history: operation, node, result
 *     failcount A a 3
 *     unprobed A               nobody has looked for A yet; else all online nodes have, and found nothing
 */

import { isRejection } from "../../../lib/base/error.ts";
import { type CibDoc, cibDoc } from "../../../lib/cib/document.ts";
import { upgradeRoot } from "../../../lib/cib/upgrade.ts";
import { createObject, parseContext } from "../../../lib/crm/edit.ts";
import { kindOfWord } from "../../../lib/crm/language/kinds.ts";
import { splitWords } from "../../../lib/crm/language/lexer.ts";
import { schemaOf } from "../../../lib/crm/objects.ts";
import { parseOperationSpec } from "../../../lib/simulate/inject.ts";
import { parametersDigest } from "../../../lib/status/digests.ts";
import { parseIntervalMs } from "../../../lib/time/interval.ts";
import { child, element, type XmlElement } from "../../../lib/xml/node.ts";

const EPOCH = "1700000000";
const UUID = "00000000-0000-0000-0000-000000000000";

/** Digests of no parameters, and of the usual timeout (spec/scheduler-1 section B.13): nothing has changed since. */
const DIGESTS = {
  once: parametersDigest(new Map()),
  recurring: parametersDigest(new Map([["CRM_meta_timeout", "20000"]])),
} as const;

type Pairs = ReadonlyMap<string, string>;

function pairs(words: readonly string[]): Map<string, string> {
  return new Map(
    words.map((word) => {
      const at = word.indexOf("=");
      if (at < 1) throw new Error(`"${word}" is not NAME=VALUE`);
      return [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}

function nvset(name: string, id: string, values: Pairs): XmlElement {
  const items = [...values].map(([key, value]) =>
    element("nvpair", { id: `${id}-${key}`, name: key, value }),
  );
  return element(name, { id }, items);
}

interface Entry {
  readonly resource: string;
  readonly task: string;
  readonly intervalMs: number;
  readonly rc: number;
}

/** One node while the lines are read. */
class NodeDraft {
  state = "online";
  readonly attributes = new Map<string, string>();
  readonly capacity = new Map<string, string>();
  readonly transient = new Map<string, string>();
  readonly entries: Entry[] = [];

  constructor(readonly name: string) {}

  configXml(): XmlElement {
    const id = this.name;
    const attributes = new Map(this.attributes);
    if (this.state === "standby" || this.state === "maintenance")
      attributes.set(this.state, "true");
    const parts: XmlElement[] = [];
    if (attributes.size > 0) parts.push(nvset("instance_attributes", `nodes-${id}`, attributes));
    if (this.capacity.size > 0) parts.push(nvset("utilization", `nodes-${id}-u`, this.capacity));
    return element("node", { id, uname: id }, parts);
  }

  private membership(): Record<string, string> {
    switch (this.state) {
      case "offline":
        return { in_ccm: "false", crmd: "offline", join: "down", expected: "down" };
      case "unclean":
        return { in_ccm: "false", crmd: "offline", join: "down", expected: "member" };
      case "pending":
        return { in_ccm: "true", crmd: "offline", join: "down", expected: "member" };
      default:
        return { in_ccm: "true", crmd: "online", join: "member", expected: "member" };
    }
  }

  statusXml(agents: ReadonlyMap<string, XmlElement>, epoch: number): XmlElement {
    const transient = new Map(this.transient);
    if (this.state === "shutdown") transient.set("shutdown", EPOCH);
    const histories = new Map<string, XmlElement[]>();
    let call = epoch;
    for (const e of this.entries) {
      call += 1;
      const list = histories.get(e.resource) ?? [];
      const key = `${e.resource}_${e.task}_${e.intervalMs}`;
      const transition = `${call}:1:${e.task === "monitor" && e.intervalMs === 0 ? 7 : 0}:${UUID}`;
      list.push(
        element("lrm_rsc_op", {
          id: `${e.resource}_last_${e.intervalMs === 0 ? list.length : `${call}_${e.intervalMs}`}`,
          operation_key: key,
          operation: e.task,
          "transition-key": transition,
          "transition-magic": `0:${e.rc};${transition}`,
          "call-id": String(call),
          "rc-code": String(e.rc),
          "op-status": "0",
          interval: String(e.intervalMs),
          "last-rc-change": EPOCH,
          on_node: this.name,
          "op-digest": DIGESTS[e.intervalMs === 0 ? "once" : "recurring"],
        }),
      );
      histories.set(e.resource, list);
    }
    const resources = [...histories].map(([id, list]) => {
      const agent = agents.get(id.replace(/:\d+$/, ""))!.attrs;
      const words = Object.fromEntries(
        ["type", "class", "provider"].map((name) => [name, agent.get(name)]),
      );
      return element("lrm_resource", { id, ...words }, list);
    });
    const down = this.state === "offline" || this.state === "unclean" || this.state === "pending";
    const lrm = element("lrm", { id: this.name }, [element("lrm_resources", {}, resources)]);
    const set = nvset("instance_attributes", `status-${this.name}`, transient);
    return element(
      "node_state",
      { id: this.name, uname: this.name, ...this.membership() },
      down && resources.length === 0
        ? []
        : [element("transient_attributes", { id: this.name }, [set]), lrm],
    );
  }
}

/** All primitives of a configuration by id. */
function primitivesOf(root: XmlElement): Map<string, XmlElement> {
  const found = new Map<string, XmlElement>();
  const visit = (at: XmlElement): void => {
    if (at.name === "primitive") found.set(at.attrs.get("id")!, at);
    for (const part of at.children) visit(part);
  };
  visit(child(child(root, "configuration")!, "resources")!);
  return found;
}

function monitorsOf(primitive: XmlElement): { intervalMs: number; role: string | undefined }[] {
  const operations = child(primitive, "operations")?.children ?? [];
  return operations
    .filter((op) => op.attrs.get("name") === "monitor")
    .map((op) => ({
      intervalMs: parseIntervalMs(op.attrs.get("interval") ?? "0") ?? 0,
      role: op.attrs.get("role"),
    }))
    .filter((op) => op.intervalMs > 0);
}

/** The lines of one cluster while they are read. */
class Draft {
  readonly nodes = new Map<string, NodeDraft>();
  readonly options = new Map([["stonith-enabled", "false"]]);
  readonly defaults = new Map<string, string>();
  readonly tickets: XmlElement[] = [];
  readonly runs: (readonly [string, string, boolean])[] = [];
  readonly removed = new Map<string, XmlElement>();
  readonly operations: string[] = [];
  readonly unprobed = new Set<string>();
  readonly configuration: string[] = [];
  quorum = true;

  node(name: string | undefined): NodeDraft {
    const node = this.nodes.get(name ?? "");
    if (node === undefined) throw new Error(`no node "${name}"; name it in "nodes" first`);
    return node;
  }

  private setState(name: string | undefined, state: string | undefined): void {
    this.node(name).state = state ?? "online";
  }

  private addRemoved(id: string, agent: string, node: string | undefined): void {
    const [standard, ...rest] = agent.split(":");
    const type = rest.pop();
    this.removed.set(id, element("primitive", { id, class: standard, provider: rest[0], type }));
    this.node(node).entries.push({ resource: id, task: "start", intervalMs: 0, rc: 0 });
  }

  read(line: string): void {
    const [word = "", ...rest] = splitWords(line);
    const [one, two, three] = rest;
    if (word === "nodes") for (const name of rest) this.nodes.set(name, new NodeDraft(name));
    else if (word === "state") this.setState(one, two);
    else if (word === "set") for (const [k, v] of pairs(rest)) this.options.set(k, v);
    else if (word === "defaults") for (const [k, v] of pairs(rest)) this.defaults.set(k, v);
    else if (word === "attr")
      for (const [k, v] of pairs(rest.slice(1))) this.node(one).attributes.set(k, v);
    else if (word === "capacity")
      for (const [k, v] of pairs(rest.slice(1))) this.node(one).capacity.set(k, v);
    else if (word === "no-quorum") this.quorum = false;
    else if (word === "ticket") this.tickets.push(ticketXml(one!, two));
    else if (word === "run") this.runs.push([one!, two!, three === "promoted"]);
    else if (word === "removed") this.addRemoved(one!, two!, three);
    else if (word === "op") this.operations.push(one!);
    else if (word === "failcount")
      this.node(two)
        .transient.set(`fail-count-${one}#monitor_10000`, three!)
        .set(`last-failure-${one}#monitor_10000`, EPOCH);
    else if (word === "unprobed") for (const name of rest) this.unprobed.add(name);
    else this.configuration.push(line);
  }

  private frame(): XmlElement {
    const defaults = nvset("meta_attributes", "defaults", this.defaults);
    return element(
      "cib",
      {
        "validate-with": "pacemaker-3.9",
        admin_epoch: "0",
        epoch: "1",
        num_updates: "0",
        "have-quorum": this.quorum ? "1" : "0",
        "dc-uuid": [...this.nodes.keys()][0],
      },
      [
        element("configuration", {}, [
          element("crm_config", {}, [nvset("cluster_property_set", "options", this.options)]),
          element(
            "nodes",
            {},
            [...this.nodes.values()].map((node) => node.configXml()),
          ),
          element("resources"),
          element("constraints"),
          ...(this.defaults.size > 0 ? [element("rsc_defaults", {}, [defaults])] : []),
        ]),
        element("status"),
      ],
    );
  }

  private addHistory(primitives: ReadonlyMap<string, XmlElement>): void {
    const online = [...this.nodes.values()].filter(
      (node) => !["offline", "unclean", "pending"].includes(node.state),
    );
    const at = (id: string, node: string): boolean => {
      const plain = (name: string) => name.replace(/:\d+$/, "");
      return this.runs.some(([rsc, where]) => plain(rsc) === id && where === node);
    };
    for (const id of primitives.keys()) {
      if (this.unprobed.has(id)) continue;
      for (const node of online) {
        if (at(id, node.name)) continue;
        node.entries.push({ resource: id, task: "monitor", intervalMs: 0, rc: 7 });
      }
    }
    for (const [resource, where, promoted] of this.runs) {
      const primitive = primitives.get(resource.replace(/:\d+$/, ""));
      if (primitive === undefined) throw new Error(`run: no primitive ${resource}`);
      const { entries } = this.node(where);
      entries.push({ resource, task: "start", intervalMs: 0, rc: 0 });
      if (promoted) entries.push({ resource, task: "promote", intervalMs: 0, rc: 0 });
      for (const { intervalMs, role } of monitorsOf(primitive)) {
        const forPromoted = role === "Promoted" || role === "Master";
        if (role !== undefined && forPromoted !== promoted) continue;
        entries.push({ resource, task: "monitor", intervalMs, rc: forPromoted ? 8 : 0 });
      }
    }
    for (const text of this.operations) {
      const spec = parseOperationSpec(text);
      if (isRejection(spec)) throw new Error(spec.text);
      this.node(spec.node).entries.push(spec);
    }
  }

  finish(): CibDoc {
    let root = this.frame();
    for (const line of this.configuration) {
      const [word = "", ...words] = splitWords(line);
      const kind = kindOfWord(word, schemaOf(root));
      if (kind === undefined) throw new Error(`"${word}" is no word of the notation`);
      root = createObject(
        root,
        kind,
        kind.parse(
          words,
          parseContext(root, () => ["heartbeat"]),
        ),
      ).root;
    }
    const primitives = primitivesOf(root);
    this.addHistory(primitives);
    const agents = new Map([...primitives, ...this.removed]);
    const states = [...this.nodes.values()].map((n, i) => n.statusXml(agents, 100 * i));
    const tickets = this.tickets.length > 0 ? [element("tickets", {}, this.tickets)] : [];
    const status = element("status", {}, [...tickets, ...states]);
    const whole = element("cib", root.attrs, [child(root, "configuration")!, status]);
    const current = upgradeRoot(whole);
    if (isRejection(current)) throw new Error(current.text);
    return cibDoc(current.root);
  }
}

function ticketXml(id: string, state: string | undefined): XmlElement {
  return element("ticket_state", {
    id,
    granted: state === "revoked" ? "false" : "true",
    standby: state === "standby" ? "true" : undefined,
    "last-granted": EPOCH,
  });
}

/** Reads the lines; throws with the line on what it does not understand. */
export function cluster(text: string): CibDoc {
  const draft = new Draft();
  for (const line of text.split("\n").map((l) => l.trim())) {
    if (line === "" || line.startsWith("#")) continue;
    try {
      draft.read(line);
    } catch (error) {
      throw new Error(`${line}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return draft.finish();
}
