/** Attributes of an action in the graph (spec/scheduler-1 section E.4, point 2). */
import { OUR_FEATURE_SET } from "../../cib/schema.ts";
import { parametersOf } from "../../status/parameters.ts";
import { currentNode } from "../../status/tree.ts";
import { type Action, Task } from "../actions/action.ts";
import type { Book, Node, Rsc } from "../board.ts";

/** Where an action takes place: name and id of the node. */
export const ON_NODE = "CRM_meta_on_node";
export const ON_NODE_ID = "CRM_meta_on_node_uuid";

/** CRM_meta_NAME with underscores. */
function metaName(name: string): string {
  return `CRM_meta_${name.includes("-") ? name.replaceAll("-", "_") : name}`;
}

/** Meta of a resource and its ancestors that operations are told. */
function addResourceMeta(rsc: Rsc, into: Map<string, string>): void {
  for (let at: Rsc | undefined = rsc; at !== undefined; at = at.parent) {
    if (at.variant === "clone") addCloneMeta(at, into);
    if (at.variant !== "primitive") {
      if (at.launcher !== undefined) into.set("CRM_meta_container", at.launcher.id);
      continue;
    }
    const instance = at.meta.get("clone");
    if (instance !== undefined) into.set("CRM_meta_clone", instance);
    const remote = at.meta.get("remote-node");
    if (remote !== undefined) into.set("CRM_meta_remote_node", remote);
  }
  for (let at: Rsc | undefined = rsc; at !== undefined; at = at.parent) {
    if (at.launcher !== undefined) into.set("CRM_meta_container", at.launcher.id);
    const ip = at.meta.get("external-ip");
    if (ip !== undefined) into.set("pcmk_external_ip", ip);
  }
}

function addCloneMeta(clone: Rsc, into: Map<string, string>): void {
  const traits = clone.clone!;
  const set = (name: string, value: string | number): void => {
    into.set(metaName(name), String(value));
  };
  set("globally-unique", clone.unique ? "true" : "false");
  set("notify", clone.notify ? "true" : "false");
  set("clone-max", traits.max);
  set("clone-node-max", traits.nodeMax);
  if (!clone.promotable) return;
  set("promoted-max", traits.promotedMax);
  set("promoted-node-max", traits.promotedNodeMax);
  set("master-max", traits.promotedMax);
  set("master-node-max", traits.promotedNodeMax);
}

/** The host of a guest as it is for this action: where its launcher is, or will be. */
function guestHost(action: Action, node: Node): Node | undefined {
  const launcher = node.connection?.launcher;
  if (launcher === undefined) return undefined;
  let task = action.task;
  if (task === Task.notify || task === Task.notified) {
    task = action.meta.get("notify_operation") ?? task;
  }
  switch (task) {
    case Task.stop:
    case Task.stopped:
    case Task.demote:
    case Task.demoted:
      return currentNode<Node>(launcher);
    case Task.start:
    case Task.running:
    case Task.monitor:
    case Task.promote:
    case Task.promoted:
      return launcher.assigned;
    default:
      return undefined;
  }
}

function addGuestMeta(action: Action, into: Map<string, string>): void {
  const { node, rsc } = action;
  if (node === undefined || !node.isGuest || rsc === undefined) return;
  const host = guestHost(action, node);
  if (host === undefined) return;
  const target = rsc.meta.get("container-attribute-target");
  if (target !== undefined) setNew(into, metaName("container-attribute-target"), target);
  setNew(into, metaName("physical-host"), host.name);
}

function setNew(into: Map<string, string>, name: string, value: string): void {
  if (!into.has(name)) into.set(name, value);
}

/** The host whose name stands for "#uname" in a bundled connection's address. */
function addressHost(rsc: Rsc): Node | undefined {
  const { launcher } = rsc;
  return launcher === undefined ? undefined : (launcher.assigned ?? currentNode<Node>(launcher));
}

function addParameters(book: Book, action: Action, rsc: Rsc, into: Map<string, string>): void {
  if (action.node === undefined && rsc.variant !== "primitive") return;
  for (const [name, value] of parametersOf(book.surroundings, rsc, action.node)) {
    const isPlaceholder = rsc.remoteConnection && name === "addr" && value === "#uname";
    setNew(into, name, isPlaceholder ? (addressHost(rsc)?.name ?? value) : value);
  }
}

/** Puts together the attributes of one graph's actions. */
export class GraphAttributes {
  private readonly book: Book;
  private readonly names = new Map<string, string>();

  constructor(book: Book) {
    this.book = book;
  }

  /** `metaName`, made once for each name. */
  private nameOf(name: string): string {
    let known = this.names.get(name);
    if (known === undefined) {
      known = metaName(name);
      this.names.set(name, known);
    }
    return known;
  }

  /** All attributes, sorted by name. `place`: the node that the graph names. */
  of(action: Action, place: Node | undefined): ReadonlyMap<string, string> {
    const into = new Map<string, string>([["crm_feature_set", OUR_FEATURE_SET]]);
    const { rsc } = action;
    for (const [name, value] of action.extra ?? []) setNew(into, name, value);
    if (rsc !== undefined) addParameters(this.book, action, rsc, into);
    action.meta.forEach((value, name) => {
      if (!name.includes("#") && !name.includes(":")) into.set(this.nameOf(name), value);
    });
    if (place !== undefined) into.set(ON_NODE, place.name).set(ON_NODE_ID, place.id);
    if (rsc !== undefined) {
      addResourceMeta(rsc, into);
      addGuestMeta(action, into);
    }
    const sorted = new Map<string, string>();
    for (const name of [...into.keys()].sort()) sorted.set(name, into.get(name)!);
    return sorted;
  }
}
