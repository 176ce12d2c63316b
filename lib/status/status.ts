/**
 * (CIB, time) → what the cluster is (spec/scheduler-1 sections 0, A and B). The order of the steps fixes the order of
 * intents, and with it action ids: nodes and tickets first, then histories, then remote nodes.
 *
 * Example: `const status = readStatus(doc, now); status.nodes.filter((n) => n.online)`.
 * The document must be upgraded (lib/cib/upgrade.ts) to the current schema.
 */
import type { CibDoc } from "../cib/document.ts";
import { readCib } from "../cib/read.ts";
import { parseIntervalMs } from "../time/interval.ts";
import { attr, child, childrenOf, type XmlElement } from "../xml/node.ts";
import { readMemberState, readRemoteFenced, readRemoteState } from "./node-state.ts";
import { readImpliedNodes, readNodes, setKind } from "./nodes.ts";
import { resolveSets, type Surroundings } from "./nvsets.ts";
import { clusterOptions, isTruthy } from "./options.ts";
import { Reader } from "./reader.ts";
import { type LauncherStops, readResourceHistory, stopLaunchers } from "./resource-state.ts";
import { linkLaunchers, sortByPriority, unpackResource } from "./resources.ts";
import { Role } from "./roles.ts";
import type { ClusterStatus, NodeState, ResourceState } from "./state.ts";
import { leavesOf } from "./tree.ts";

function openReader(doc: CibDoc, now: number): Reader {
  const cib = readCib(doc);
  const early: number[] = [];
  let reader: Reader | undefined;
  const surroundings: Surroundings = {
    cib,
    now,
    recheckAt(time) {
      if (reader === undefined) early.push(time);
      else reader.recheckAt(time);
    },
  };
  const texts = new Map<string, string>();
  resolveSets(surroundings, cib.propertySets, {}, texts);
  reader = new Reader(cib, now, clusterOptions(texts, parseIntervalMs), surroundings);
  for (const time of early) reader.recheckAt(time);
  return reader;
}

const NO_FENCING =
  "Resource start-up disabled since no fencing resources have been defined. Either configure " +
  "some or disable fencing with the fencing-enabled option. NOTE: Clusters with shared data " +
  "need fencing to ensure data integrity.";

function readResources(reader: Reader): void {
  const configs = readImpliedNodes(reader);
  const made = [];
  for (const config of configs) {
    const resource = unpackResource(reader, config);
    if (resource === undefined) continue;
    made.push(resource);
    reader.register(resource);
    if (leavesOf(resource).some((leaf) => leaf.fenceDevice)) reader.hasFenceDevice = true;
  }
  reader.resources.push(...made);
  linkLaunchers(reader);
  reader.resources.splice(0, reader.resources.length, ...sortByPriority(made));
  if (reader.options.fencingEnabled && !reader.fencingPossible) {
    reader.messages.push({ level: "error", source: "unpack_resources", text: NO_FENCING });
  }
}

function readTickets(reader: Reader, xml: XmlElement): void {
  for (const state of childrenOf(xml, "ticket_state")) {
    const id = attr(state, "id");
    if (id === undefined || id === "") continue;
    const lastGranted = Number.parseInt(attr(state, "last-granted") ?? "", 10);
    reader.tickets.set(id, {
      id,
      granted: isTruthy(attr(state, "granted")),
      standby: isTruthy(attr(state, "standby")),
      lastGranted: Number.isNaN(lastGranted) ? undefined : lastGranted,
      attributes: new Map([...state.attrs].filter(([name]) => name !== "id")),
    });
  }
}

/** First pass: tickets and cluster nodes, document order. */
function readNodeStates(reader: Reader): void {
  for (const xml of reader.cib.status?.children ?? []) {
    if (xml.name === "tickets") readTickets(reader, xml);
    if (xml.name !== "node_state") continue;
    const node = reader.findNode(attr(xml, "id"), attr(xml, "uname"));
    if (node === undefined) continue;
    if (node.isRemote) readRemoteFenced(node, xml);
    else readMemberState(reader, node, xml);
  }
}

/** May the node's history be read in this pass? (spec/scheduler-1 section B.4) */
function isReadyForHistory(reader: Reader, node: NodeState): boolean {
  const { options } = reader;
  if (node.isGuest) {
    const { connection } = node;
    return connection?.role === Role.started && connection.launcher?.role === Role.started;
  }
  if (node.isRemote) {
    return (
      node.connection !== undefined &&
      (options.shutdownLock || node.connection.role === Role.started)
    );
  }
  return options.fencingEnabled || options.shutdownLock || node.online;
}

function readHistory(reader: Reader, node: NodeState, xml: XmlElement, stops: LauncherStops): void {
  node.historyRead = true;
  if (node.isRemote) readRemoteState(reader, node, xml);
  const lrm = child(xml, "lrm");
  const list = lrm === undefined ? undefined : child(lrm, "lrm_resources");
  let launched = false;
  for (const entry of list === undefined ? [] : childrenOf(list, "lrm_resource")) {
    const resource = readResourceHistory(reader, node, entry, stops);
    if (resource?.removedLaunched === true) launched = true;
  }
  if (launched && list !== undefined) linkRemovedLaunched(reader, list);
}

/** Removed resources that were launched by another one find it again by name. */
function linkRemovedLaunched(reader: Reader, list: XmlElement): void {
  for (const entry of childrenOf(list, "lrm_resource")) {
    const id = attr(entry, "id");
    const container = attr(entry, "container");
    if (id === undefined || container === undefined) continue;
    const launcher = reader.findResource(container);
    const resource = reader.findResource(id);
    if (launcher === undefined || resource?.removedLaunched !== true) continue;
    if (resource.launcher !== undefined) continue;
    resource.launcher = launcher;
    launcher.launched.push(resource);
  }
}

function readHistories(reader: Reader): void {
  const states = (reader.cib.status?.children ?? []).filter((xml) => xml.name === "node_state");
  const stops: LauncherStops = [];
  const pass = (force: boolean): boolean => {
    let processed = false;
    for (const xml of states) {
      const id = attr(xml, "id");
      const name = attr(xml, "uname");
      if (id === undefined || name === undefined) continue;
      const node = reader.findNode(id, name);
      if (node === undefined || node.historyRead) continue;
      if (!force && !isReadyForHistory(reader, node)) continue;
      readHistory(reader, node, xml, stops);
      processed = true;
    }
    return processed;
  };
  while (pass(false));
  pass(reader.options.fencingEnabled);
  stopLaunchers(reader, stops);
}

function finishRemoteNodes(reader: Reader): void {
  for (const node of reader.nodes) {
    if (!node.isRemote) continue;
    if (node.shutdown && node.connection !== undefined) {
      node.connection.nextRole = Role.stopped;
    }
    if (!node.historyRead) readRemoteState(reader, node, undefined);
  }
}

/** Remote nodes that nobody connects to are not unclean for want of a status. */
function settleUnconnected(reader: Reader): void {
  for (const node of reader.nodes) {
    if (node.isRemote && node.connection === undefined) node.unclean = false;
  }
}

function forgetPending(resource: ResourceState): void {
  resource.pendingAction = undefined;
  for (const c of resource.children) forgetPending(c);
}

/**
 * Reads everything. `now` in epoch seconds; the result must not be changed. `pending: false` leaves out operations that
 * are under way, for displays that do not want them.
 */
export function readStatus(
  doc: CibDoc,
  now: number,
  options: { readonly pending?: boolean } = {},
): ClusterStatus {
  const reader = openReader(doc, now);
  readNodes(reader);
  readResources(reader);
  for (const node of reader.nodes) setKind(node);
  settleUnconnected(reader);
  readNodeStates(reader);
  readHistories(reader);
  finishRemoteNodes(reader);
  if (options.pending === false) for (const resource of reader.resources) forgetPending(resource);
  return reader;
}
