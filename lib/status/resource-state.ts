/**
 * One resource's history on one node, as a whole: its role there, whether the node is known, what must be done about
 * failures (spec/scheduler-1 sections B.5 and B.8).
 */
import { INFINITY } from "../base/score.ts";
import type { XmlElement } from "../xml/node.ts";
import { attr } from "../xml/node.ts";
import { addActive } from "./active.ts";
import { secondsOf } from "./failcounts.ts";
import { requestFencing } from "./fence-request.ts";
import { OpStatus, parseHistory } from "./history.ts";
import { addRemovedResource, findOwner, restrainRemoved } from "./history-owner.ts";
import { toInteger } from "./nodes.ts";
import { OnFail } from "./operations.ts";
import type { Reader } from "./reader.ts";
import { addNodeScore, targetRoleOf } from "./resources.ts";
import { type Progress, readEntry } from "./results.ts";
import { Role } from "./roles.ts";
import type { NodeState, ResourceHistory, ResourceState } from "./state.ts";
import { currentNode, isBundled } from "./tree.ts";

/** Containers to stop because the connection inside failed, newest first; stops are made after all histories. */
export type LauncherStops = ResourceState[];

/** The state is known here: the resource learns it, and so do its ancestors up to one that is unique. */
function markKnown(resource: ResourceState, node: NodeState): void {
  for (let at: ResourceState | undefined = resource; at !== undefined; at = at.parent) {
    at.known.add(node.index);
    if (at.unique) return;
  }
}

function fenceForActive(reader: Reader, resource: ResourceState, node: NodeState): void {
  if (node.isGuest) {
    resource.failed = true;
    resource.stopIfFailed = true;
    requestFencing(reader, node, `${resource.id} is thought to be active there`);
    return;
  }
  if (!reader.options.fencingEnabled) return;
  if (node.isRemote && node.connection?.failed === false) {
    node.seen = false;
    requestFencing(
      reader,
      node,
      `${resource.id} is active there (fencing will be revoked if remote connection can be re-established elsewhere)`,
    );
    return;
  }
  requestFencing(reader, node, `${resource.id} is thought to be active there`);
}

function fail(resource: ResourceState): void {
  resource.failed = true;
  resource.stopIfFailed = true;
}

function askStop(reader: Reader, resource: ResourceState, node: NodeState): void {
  reader.askStop(resource, node, (reason) => requestFencing(reader, node, reason));
}

function restartLauncher(
  reader: Reader,
  resource: ResourceState,
  node: NodeState,
  active: boolean,
  stops: LauncherStops,
): void {
  fail(resource);
  const { launcher } = resource;
  if (launcher !== undefined && isBundled(resource)) stops.unshift(launcher);
  else if (launcher !== undefined) askStop(reader, launcher, node);
  else if (active) askStop(reader, resource, node);
}

function resetRemote(
  reader: Reader,
  resource: ResourceState,
  node: NodeState,
  active: boolean,
): void {
  fail(resource);
  if (reader.options.fencingEnabled) {
    const remote = reader.nodeByName(resource.id);
    if (remote !== undefined && !remote.remoteFenced) {
      requestFencing(reader, remote, "remote connection is unrecoverable");
    }
  }
  if (active) askStop(reader, resource, node);
  if (resource.reconnectMs > 0) resource.nextRole = Role.stopped;
}

function react(
  reader: Reader,
  resource: ResourceState,
  node: NodeState,
  onFail: OnFail,
  active: boolean,
  stops: LauncherStops,
): void {
  switch (onFail) {
    case OnFail.ignore:
      return;
    case OnFail.demote:
      resource.failed = true;
      reader.intents.push({ kind: "demote", resource, node });
      return;
    case OnFail.fence:
      requestFencing(reader, node, `${resource.id} failed there`);
      return;
    case OnFail.standby:
      node.standby = true;
      node.standbyOnFail = true;
      return;
    case OnFail.block:
      resource.managed = false;
      resource.blocked = true;
      return;
    case OnFail.ban:
      addNodeScore(resource, node, -INFINITY);
      return;
    case OnFail.stop:
      resource.nextRole = Role.stopped;
      return;
    case OnFail.restart:
      if (!active) return;
      fail(resource);
      askStop(reader, resource, node);
      return;
    case OnFail.restartContainer:
      restartLauncher(reader, resource, node, active, stops);
      return;
    case OnFail.resetRemote:
      resetRemote(reader, resource, node, active);
      return;
  }
}

function processState(reader: Reader, p: Progress, stops: LauncherStops): void {
  const { resource, node } = p;
  const active = resource.role > Role.stopped;
  const { onFail } = p;
  if (resource.role !== Role.unknown) markKnown(resource, node);
  if (active && !node.online && !node.maintenance && resource.managed) {
    fenceForActive(reader, resource, node);
  }
  // Fencing will clean up on an unclean node.
  const effective = node.unclean ? OnFail.ignore : onFail;
  react(reader, resource, node, effective, active, stops);
  if (resource.failed && resource.remoteConnection) {
    const remote = reader.nodeByName(resource.id);
    if (remote?.unclean === true) remote.seen = true;
  }
  if (active) {
    addActive(reader, resource, node, onFail !== OnFail.ignore);
    if (effective === OnFail.demote || effective === OnFail.block) resource.failed = true;
    else if (effective !== OnFail.ignore) fail(resource);
  } else if (resource.historyId?.includes(":") === true) {
    reader.clearHistoryId(resource);
  } else if (reader.hasStop(resource, node)) {
    reader.intents.push({ kind: "stop-optional", resource, node });
  }
  if (
    resource.role === Role.stopped &&
    resource.active.length > 0 &&
    resource.partialTarget !== undefined &&
    resource.partialSource === node
  ) {
    resource.role = Role.started;
  }
}

/** Recurring operations that already run are actions too: optional ones (spec/scheduler-1 section B.5). */
function noteRunningMonitors(reader: Reader, p: Progress): void {
  const { resource, node, history } = p;
  if (!node.online) return;
  const { startIndex, stopIndex } = history;
  history.operations.forEach((op, i) => {
    if (op.intervalMs === 0 || op.status === OpStatus.pending) return;
    if (i < startIndex) return;
    if (startIndex < stopIndex && i <= stopIndex) return;
    const key = `${resource.id}_${op.task}_${op.intervalMs}`;
    reader.intents.push({ kind: "recurring", resource, node, key, task: op.task });
  });
}

/** The lock that a shutdown left on this node, or its end (spec/scheduler-1 section B.10). */
function readLock(reader: Reader, resource: ResourceState, node: NodeState, xml: XmlElement): void {
  if (!reader.options.shutdownLock) return;
  const time = toInteger(attr(xml, "shutdown-lock"));
  if (time <= 0) return;
  const limit = secondsOf(reader.options.shutdownLockLimitMs);
  if (limit > 0 && reader.now > time + limit) {
    reader.intents.push({ kind: "lock-expired", resource, node });
    return;
  }
  resource.lockNode = node;
  resource.lockTime = time;
}

/** Reads one `lrm_resource`. */
export function readResourceHistory(
  reader: Reader,
  node: NodeState,
  xml: XmlElement,
  stops: LauncherStops,
): ResourceState | undefined {
  const id = attr(xml, "id");
  if (id === undefined) return undefined;
  const history: ResourceHistory = parseHistory(node, xml);
  if (history.operations.length === 0 && !reader.options.shutdownLock) return undefined;
  reader.histories.push(history);
  let resource = findOwner(reader, node, id);
  if (resource === undefined) {
    if (history.operations.length === 0) return undefined;
    resource = addRemovedResource(reader, id, xml);
    if (resource === undefined) return undefined;
    restrainRemoved(reader, resource);
  }
  readLock(reader, resource, node, xml);
  const saved = resource.role;
  resource.role = Role.unknown;
  const progress: Progress = {
    resource,
    node,
    history,
    onFail: OnFail.ignore,
    lastFailure: undefined,
  };
  for (const op of history.operations) readEntry(reader, progress, op);
  noteRunningMonitors(reader, progress);
  processState(reader, progress, stops);
  const target = targetRoleOf(resource);
  if (target !== undefined && (resource.nextRole === Role.unknown || resource.nextRole > target)) {
    resource.nextRole = target;
  }
  if (saved > resource.role) resource.role = saved;
  return resource;
}

/** The stops that failed bundled connections asked of their containers, newest first. */
export function stopLaunchers(reader: Reader, stops: LauncherStops): void {
  for (const launcher of stops) {
    const node = currentNode<NodeState>(launcher);
    if (node !== undefined) askStop(reader, launcher, node);
  }
}
