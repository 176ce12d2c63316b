/** What administrators do meanwhile: changes through cib_rw, each with a mark of its own, and which of them were acknowledged. */

import { isRejection } from "../../lib/base/error.ts";
import { CIB_NOTE } from "../../lib/cib/request.ts";
import { decodePacemakerFrame, encodePacemakerFrame } from "../../lib/wire/ipc/pacemaker.ts";
import { attr, element, type XmlElement } from "../../lib/xml/node.ts";
import { parseXml } from "../../lib/xml/parse.ts";
import { writeXml } from "../../lib/xml/write.ts";
import type { SimNode, World } from "./world.ts";

const CAN_CREATE = 8;

export interface Acknowledged {
  readonly mark: string;
  /** The answer does not say "without quorum": such a change must never be lost (HOUSE rule 4). */
  readonly quorate: boolean;
}

/** A resource set-up for the run. */
export interface Plan {
  readonly resources: readonly string[];
  readonly xml: XmlElement;
}

function primitive(id: string): XmlElement {
  const monitor = element("op", { id: `${id}-monitor`, name: "monitor", interval: "10s" });
  return element("primitive", { id, class: "ocf", provider: "pacemaker", type: "Dummy" }, [
    element("operations", {}, [monitor]),
  ]);
}

/** Some single resources and a group. */
export function plan(world: World): Plan {
  const singles = Array.from({ length: world.prng.between(1, 4) }, (_, at) => `r${at + 1}`);
  const members = Array.from({ length: world.prng.between(0, 3) }, (_, at) => `g${at + 1}`);
  const children = singles.map(primitive);
  if (members.length > 0) children.push(element("group", { id: "group" }, members.map(primitive)));
  return { resources: [...singles, ...members], xml: element("resources", {}, children) };
}

/** A marked change that waits for its answer. */
export interface Pending {
  readonly mark: string;
  readonly nodeId: number;
  readonly life: number;
  readonly sentAt: number;
}

export class Workload {
  readonly acknowledged: Acknowledged[] = [];
  refused = 0;
  private readonly world: World;
  private readonly pending = new Map<string, Pending>();
  private nextMark = 1;
  /** Mark of the request that is being sent at this moment. */
  private expected = "";

  constructor(world: World) {
    this.world = world;
  }

  /** Sends one request to a node's cib_rw; `mark` "" = nobody watches it. */
  request(sim: SimNode, op: string, section: string, data: XmlElement, mark: string): void {
    const command = element(
      "cib_command",
      {
        t: "cib",
        cib_op: op,
        cib_section: section,
        cib_callid: "2",
        cib_callopt: String(CAN_CREATE),
      },
      [element("cib_calldata", {}, [data])],
    );
    // The reply comes later, with the order; but a refusal may come at once.
    this.expected = mark;
    const client = this.send(sim, "cib_rw", command);
    if (this.expected === "" || mark === "") return;
    this.expected = "";
    const { id: nodeId, managerLife: life } = sim;
    const sentAt = this.world.now;
    this.pending.set(`${nodeId}/${life}/${client}`, { mark, nodeId, life, sentAt });
  }

  /** A change that nothing else ever touches. */
  mark(sim: SimNode): void {
    const mark = `mark-${this.nextMark++}`;
    const pair = element("nvpair", { id: mark, name: mark, value: "1" });
    const set = element("cluster_property_set", { id: "marks" }, [pair]);
    this.request(sim, "cib_modify", "crm_config", element("crm_config", {}, [set]), mark);
  }

  option(sim: SimNode, name: string, value: string): void {
    const pair = element("nvpair", { id: `sim-${name}`, name, value });
    const set = element("cluster_property_set", { id: "sim" }, [pair]);
    this.request(sim, "cib_modify", "crm_config", element("crm_config", {}, [set]), "");
  }

  /** A parameter of a resource changes: "fake" can be reloaded, "state" needs a restart. */
  parameter(sim: SimNode, resource: string, name: "fake" | "state"): void {
    const pair = element("nvpair", {
      id: `${resource}-${name}`,
      name,
      value: String(this.nextMark),
    });
    const set = element("instance_attributes", { id: `${resource}-params` }, [pair]);
    const changed = element("primitive", { id: resource }, [set]);
    this.request(sim, "cib_modify", "resources", element("resources", {}, [changed]), "");
  }

  standby(sim: SimNode, target: SimNode, on: boolean): void {
    const id = this.world.options.form === "legacy" ? target.name : String(target.id);
    const pair = element("nvpair", {
      id: `standby-${id}`,
      name: "standby",
      value: on ? "on" : "off",
    });
    const set = element("instance_attributes", { id: `nodes-${id}` }, [pair]);
    const node = element("node", { id, uname: target.name }, [set]);
    this.request(sim, "cib_modify", "nodes", element("nodes", {}, [node]), "");
  }

  /** `crm_resource -C`: a node forgets what it knows of a resource, and probes it again. */
  cleanUp(sim: SimNode, target: SimNode, resource: string): void {
    const primitive = element("primitive", {
      id: resource,
      class: "ocf",
      provider: "pacemaker",
      type: "Dummy",
    });
    const order = element("rsc_op", { on_node: target.name, "transition-key": "1:0:0:x" }, [
      primitive,
      element("attributes", { crm_feature_set: "3.16.1" }),
    ]);
    const envelope = element("x", { t: "crmd", crm_task: "lrm_delete", reference: "clean-up" }, [
      element("crm_xml", {}, [order]),
    ]);
    this.send(sim, "crmd", envelope);
  }

  /** An administrator deletes a node's whole state. */
  wipeStatus(sim: SimNode, target: SimNode): void {
    this.request(sim, "cib_delete", "status", element("node_state", { uname: target.name }), "");
  }

  /** An administrator replaces the whole status section by an empty one. */
  emptyStatus(sim: SimNode): void {
    this.request(sim, "cib_replace", "status", element("status"), "");
  }

  private send(sim: SimNode, service: string, xml: XmlElement): number {
    const client = sim.node.toolClient();
    const text = writeXml(xml, { indent: false });
    const message = encodePacemakerFrame({ id: 1, flags: 0, text });
    this.world.toManager(sim, {
      kind: "client-connected",
      service,
      client,
      uid: 0,
      gid: 0,
      pid: 1,
    });
    this.world.toManager(sim, { kind: "client-request", client, message });
    return client;
  }

  /** Changes of clients of this life of a node's manager that are not answered. */
  unanswered(sim: SimNode): readonly Pending[] {
    return [...this.pending.values()].filter(
      (p) => p.nodeId === sim.id && p.life === sim.managerLife,
    );
  }

  /** A reply to one of our clients. */
  answer(sim: SimNode, client: number, message: Uint8Array): void {
    const frame = decodePacemakerFrame(message);
    const key = `${sim.id}/${sim.managerLife}/${client}`;
    const mark = this.pending.get(key)?.mark ?? (this.expected === "" ? undefined : this.expected);
    if (mark === undefined || isRejection(frame)) return;
    this.pending.delete(key);
    this.expected = "";
    const reply = parseXml(frame.text);
    if (attr(reply, "cib_rc") !== "0") {
      this.refused++;
      return;
    }
    const quorate = attr(reply, CIB_NOTE) === undefined;
    this.acknowledged.push({ mark, quorate });
  }
}
