/**
 * Nodes as configured, and the remote and guest nodes that resources imply (spec/scheduler-1 section B.1).
 * Bundle nodes are made while their bundle is read (bundles.ts).
 */

import type { Primitive, Resource } from "../cib/model.ts";
import { readPrimitive } from "../cib/read.ts";
import { attr, childrenOf, element, type XmlElement } from "../xml/node.ts";
import { resolveSets } from "./nvsets.ts";
import { isTruthy } from "./options.ts";
import type { Reader } from "./reader.ts";
import type { NodeState } from "./state.ts";

/** Attributes and utilization of the node's element, the first value of each name kept. */
function readConfigured(reader: Reader, node: NodeState, xml: XmlElement): void {
  const { surroundings } = reader;
  resolveSets(surroundings, childrenOf(xml, "instance_attributes"), {}, node.attributes);
  readUtilization(reader, node, xml);
}

/** Adds the `utilization` blocks of an element to the node; values already there are kept. */
export function readUtilization(reader: Reader, node: NodeState, xml: XmlElement): void {
  const blocks = childrenOf(xml, "utilization");
  if (blocks.length === 0) return;
  const found = new Map<string, string>();
  resolveSets(reader.surroundings, blocks, {}, found);
  for (const [name, value] of found) {
    if (!node.utilization.has(name)) node.utilization.set(name, toInteger(value));
  }
}

/** Whole number at the head of a text; 0 when there is none. */
export function toInteger(text: string | undefined): number {
  const value = Number.parseInt(text ?? "", 10);
  return Number.isNaN(value) ? 0 : value;
}

/** #kind: the one attribute of nodes that are neither configured nor seen in the status. */
export function setKind(node: NodeState): void {
  const kind = node.isGuest ? "container" : node.isRemote ? "remote" : "cluster";
  node.attributes.set("#kind", kind);
}

/** #uname, #id, #kind, #is_dc, #cluster-name and #site-name. */
export function setBuiltInAttributes(reader: Reader, node: NodeState): void {
  const set = node.attributes;
  set.set("#uname", node.name);
  set.set("#id", node.id);
  setKind(node);
  set.set("#is_dc", node.isDc ? "true" : "false");
  const { clusterName } = reader.options;
  if (clusterName !== undefined) set.set("#cluster-name", clusterName);
  const site = set.get("site-name") ?? clusterName;
  if (!set.has("#site-name") && site !== undefined) set.set("#site-name", site);
}

/** Cluster and remote nodes are unclean until their status entry is seen, when startup fencing applies. */
function startupState(reader: Reader, node: NodeState): void {
  node.unclean = reader.options.fencingEnabled && reader.options.startupFencing;
}

export function readNodes(reader: Reader): void {
  for (const config of reader.cib.nodes) {
    const known = reader.nodeById(config.id);
    if (known !== undefined) continue;
    const kind = config.type === "remote" ? "remote" : "member";
    const node = reader.addNode(config.id, config.name, kind, config.score);
    startupState(reader, node);
    if (reader.dc === undefined && config.id.toLowerCase() === reader.dcId?.toLowerCase()) {
      reader.dc = node;
      node.isDc = true;
    }
    readConfigured(reader, node, config.xml);
    setBuiltInAttributes(reader, node);
  }
}

/** The primitive is a connection to a remote node. */
export function isConnection(primitive: Primitive): boolean {
  return (
    primitive.standard === "ocf" &&
    primitive.provider?.toLowerCase() === "pacemaker" &&
    primitive.agent.toLowerCase() === "remote"
  );
}

interface GuestWish {
  name: string | undefined;
  address: string | undefined;
  port: string | undefined;
  timeout: string | undefined;
  allowMigrate: string | undefined;
  managed: string | undefined;
}

/** A plain look at a primitive's meta-attributes: no rules, later pairs win (spec/scheduler-1 section B.1). */
function guestWish(primitive: Primitive): GuestWish {
  const wish: GuestWish = {
    name: undefined,
    address: undefined,
    port: undefined,
    timeout: undefined,
    allowMigrate: undefined,
    managed: undefined,
  };
  for (const block of primitive.meta) {
    for (const pair of block.children) {
      const value = attr(pair, "value");
      switch (attr(pair, "name")) {
        case "remote-node":
          wish.name = value;
          break;
        case "remote-addr":
          wish.address = value;
          break;
        case "remote-port":
          wish.port = value;
          break;
        case "remote-connect-timeout":
          wish.timeout = value;
          break;
        case "remote-allow-migrate":
          wish.allowMigrate = value;
          break;
        case "is-managed":
          wish.managed = value;
          break;
      }
    }
  }
  return wish;
}

function pairs(id: string, values: readonly (readonly [string, string | undefined])[]) {
  return values
    .filter((pair): pair is [string, string] => pair[1] !== undefined)
    .map(([name, value]) => element("nvpair", { id: `${id}-${name}`, name, value }));
}

/** The `<primitive>` of a connection that nobody configured. */
export function connectionXml(
  name: string,
  container: string,
  wish: {
    readonly address: string | undefined;
    readonly port: string | undefined;
    readonly timeout: string | undefined;
    readonly allowMigrate: string | undefined;
    readonly managed: string | undefined;
  },
): XmlElement {
  const children: XmlElement[] = [
    element(
      "meta_attributes",
      { id: `${name}-meta_attributes` },
      pairs(`${name}-meta_attributes`, [
        ["internal_rsc", "true"],
        ["container", container],
        ["allow-migrate", wish.allowMigrate],
        ["is-managed", wish.managed],
      ]),
    ),
  ];
  if (wish.address !== undefined || wish.port !== undefined) {
    const id = `${name}-instance_attributes`;
    children.push(
      element(
        "instance_attributes",
        { id },
        pairs(id, [
          ["addr", wish.address],
          ["port", wish.port],
        ]),
      ),
    );
  }
  const op = (operation: string, interval: string, timeout: string): XmlElement =>
    element("op", {
      id: `${name}-${operation}-interval-${interval}`,
      name: operation,
      interval,
      timeout,
    });
  const operations = [op("monitor", "30s", "30s")];
  if (wish.timeout !== undefined) operations.push(op("start", "0", wish.timeout));
  children.push(element("operations", {}, operations));
  return element(
    "primitive",
    { id: name, class: "ocf", provider: "pacemaker", type: "remote" },
    children,
  );
}

function addRemoteNode(reader: Reader, name: string): void {
  if (reader.nodeByName(name) !== undefined || reader.nodeById(name) !== undefined) return;
  startupState(reader, reader.addNode(name, name, "remote", undefined));
}

/**
 * Finds the remote and guest nodes that resources imply, in document order, and returns all resources to read: the
 * configured ones and then the implied connections.
 */
export function readImpliedNodes(reader: Reader): readonly Resource[] {
  const all: Resource[] = [...reader.cib.resources];
  const taken = new Set(all.map((resource) => resource.id));
  const look = (primitive: Primitive): void => {
    if (isConnection(primitive)) {
      addRemoteNode(reader, primitive.id);
      return;
    }
    const wish = guestWish(primitive);
    if (wish.name === undefined || taken.has(wish.name)) return;
    taken.add(wish.name);
    const timeout = wish.timeout ?? "60s";
    all.push(readPrimitive(connectionXml(wish.name, primitive.id, { ...wish, timeout })));
    addRemoteNode(reader, wish.name);
  };
  for (let i = 0; i < all.length; i++) {
    const resource = all[i]!;
    if (resource.kind === "primitive") look(resource);
    else if (resource.kind === "group") for (const member of resource.members) look(member);
  }
  return all;
}

/** Transient attributes overwrite configured ones (spec/scheduler-1 section B.1). */
export function readTransient(reader: Reader, node: NodeState, state: XmlElement): void {
  node.attributes = new Map(node.attributes);
  for (const transient of childrenOf(state, "transient_attributes")) {
    const found = new Map<string, string>();
    const blocks = childrenOf(transient, "instance_attributes");
    resolveSets(reader.surroundings, blocks, {}, found);
    for (const [name, value] of found) node.attributes.set(name, value);
    readUtilization(reader, node, transient);
  }
  node.featureSet = node.attributes.get("#feature-set");
  if (isTruthy(node.attributes.get("standby"))) node.standby = true;
  if (isTruthy(node.attributes.get("maintenance"))) node.maintenance = true;
  readDiscoverySwitch(reader, node);
}

/** resource-discovery-enabled=false counts for guests, and for remote nodes when fencing is enabled. */
function readDiscoverySwitch(reader: Reader, node: NodeState): void {
  const text = node.attributes.get("resource-discovery-enabled");
  if (text === undefined || isTruthy(text) || !node.isRemote) return;
  if (node.isGuest || reader.options.fencingEnabled) node.probesAllowed = false;
}

/** A shutdown has been requested of it. */
export function wantsShutdown(node: NodeState): boolean {
  const value = node.attributes.get("shutdown");
  return value !== undefined && value !== "0";
}
