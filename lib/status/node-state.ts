/** Is a node up, clean, joining, leaving? (spec/scheduler-1 sections B.2 and B.3) */
import { INFINITY } from "../base/score.ts";
import { attr, type XmlElement } from "../xml/node.ts";
import { secondsOf } from "./failcounts.ts";
import { requestFencing } from "./fence-request.ts";
import { readTransient, setBuiltInAttributes, toInteger, wantsShutdown } from "./nodes.ts";
import { isTruthy, parseBoolean } from "./options.ts";
import type { Reader } from "./reader.ts";
import { Role } from "./roles.ts";
import type { NodeState } from "./state.ts";

/** Epoch seconds since which the node is a member; 0 = is not; -1 = never seen. */
function memberSince(text: string | undefined, now: number): number {
  if (text === undefined) return -1;
  const flag = parseBoolean(text);
  if (flag !== undefined) return flag ? now : 0;
  const value = Number.parseInt(text, 10);
  return Number.isNaN(value) || value < 0 ? -1 : value;
}

/** Epoch seconds since which its controller is a peer; 0 = is not. */
function peerSince(text: string | undefined): number {
  if (text === undefined || text === "offline") return 0;
  if (text === "online") return 1;
  const value = Number.parseInt(text, 10);
  return Number.isNaN(value) || value < 0 ? 0 : value;
}

interface Observed {
  readonly member: number;
  readonly peer: number;
  readonly join: string | undefined;
  readonly expected: string | undefined;
}

function onlineWithoutFencing(reader: Reader, node: NodeState, o: Observed): boolean {
  if (o.member > 0 && o.peer > 0 && o.join?.toLowerCase() === "member") return true;
  if (o.member > 0 && o.peer <= 0 && node.expectedUp) {
    requestFencing(reader, node, "peer is unexpectedly down");
  }
  return false;
}

function terminationRequested(node: NodeState): boolean {
  const text = node.attributes.get("terminate");
  return text !== undefined && (isTruthy(text) || toInteger(text) > 0);
}

function pendingTooLong(reader: Reader, o: Observed): boolean {
  const timeout = secondsOf(reader.options.nodePendingTimeoutMs);
  if (timeout <= 0 || o.member <= 0 || o.peer > 0) return false;
  const deadline = o.member + timeout;
  if (reader.now >= deadline) return true;
  reader.recheckAt(deadline);
  return false;
}

function joining(node: NodeState): boolean {
  node.standby = true;
  node.pending = true;
  return true;
}

/** First matching row decides; the answer is "online". */
function onlineWithFencing(reader: Reader, node: NodeState, o: Observed): boolean {
  if (node.shutdown) return o.peer > 0;
  if (o.member < 0) {
    requestFencing(reader, node, "peer has not been seen by the cluster");
    return false;
  }
  if (o.join === "banned") {
    requestFencing(reader, node, "peer failed Pacemaker membership criteria");
    return o.member > 0;
  }
  if (terminationRequested(node)) {
    if (o.member <= 0 && o.peer <= 0 && o.join === "down") return false;
    requestFencing(reader, node, "fencing was requested");
    return o.member > 0;
  }
  if (o.expected === undefined || o.expected === "down") {
    if (pendingTooLong(reader, o)) {
      requestFencing(reader, node, "peer pending timed out on joining the process group");
    } else if (o.member > 0 || o.peer > 0) joining(node);
    return o.member > 0;
  }
  if (o.member <= 0) {
    requestFencing(reader, node, "peer is no longer part of the cluster", true);
    return false;
  }
  if (o.peer <= 0) {
    requestFencing(reader, node, "peer process is no longer available");
    return true;
  }
  if (o.join === "member") return true;
  if (o.join === "pending" || o.join === "down") return joining(node);
  requestFencing(reader, node, "peer was in an unknown state");
  return true;
}

/** Judges one cluster node by its `node_state`. */
export function readMemberState(reader: Reader, node: NodeState, state: XmlElement): void {
  readTransient(reader, node, state);
  node.unclean = false;
  node.seen = true;
  node.shutdown = wantsShutdown(node);
  const observed: Observed = {
    member: memberSince(attr(state, "in_ccm"), reader.now),
    peer: peerSince(attr(state, "crmd")),
    join: attr(state, "join"),
    expected: attr(state, "expected"),
  };
  if (!node.shutdown && observed.expected?.toLowerCase() === "member") node.expectedUp = true;
  node.online = reader.options.fencingEnabled
    ? onlineWithFencing(reader, node, observed)
    : onlineWithoutFencing(reader, node, observed);
  if (!node.online || node.shutdown) node.baseScore = -INFINITY;
  if (!reader.quorate && node.online && reader.noQuorumPolicy === "fence") {
    requestFencing(reader, node, "cluster does not have quorum");
  }
  setBuiltInAttributes(reader, node);
}

/** The first pass remembers only whether a remote node has been fenced. */
export function readRemoteFenced(node: NodeState, state: XmlElement): void {
  node.remoteFenced = toInteger(attr(state, "node_fenced")) !== 0;
}

/** Whether a remote or guest node is up follows from its connection (spec/scheduler-1 section B.3). */
export function judgeRemote(node: NodeState): void {
  const connection = node.connection;
  if (connection === undefined) {
    node.online = false;
    return;
  }
  const launcher = connection.launcher;
  const host = launcher?.active.length === 1 ? launcher.active[0] : undefined;
  if (connection.role === Role.started) {
    node.online = true;
    if (connection.nextRole === Role.stopped) node.shutdown = true;
  }
  if (launcher?.failed === true) {
    node.online = false;
    node.remoteReset = true;
  } else if (connection.failed) node.online = false;
  else if (connection.role === Role.stopped || launcher?.role === Role.stopped) {
    node.online = false;
    node.remoteReset = false;
  } else if (host !== undefined && !host.online && host.unclean) {
    node.online = false;
    node.remoteReset = true;
  }
}

/** Attributes and switches of a remote node, read before its history. */
export function readRemoteState(
  reader: Reader,
  node: NodeState,
  state: XmlElement | undefined,
): void {
  judgeRemote(node);
  if (state === undefined) return;
  node.remoteMaintenance = toInteger(attr(state, "node_in_maintenance")) !== 0;
  const { connection } = node;
  if (!node.remoteReset) {
    node.unclean = false;
    node.seen = true;
  }
  readTransient(reader, node, state);
  if (wantsShutdown(node)) node.shutdown = true;
  if (connection !== undefined && !connection.managed) node.maintenance = true;
  setBuiltInAttributes(reader, node);
}
