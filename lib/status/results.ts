/**
 * What one history entry says about a resource: its role, its failure, what to do about it
 * (spec/scheduler-1 section B.7). The state of the whole history is drawn in resource-state.ts.
 */
import { exitCode } from "../base/result-code.ts";
import { INFINITY } from "../base/score.ts";
import { operationDigests } from "./digests.ts";
import { leafFailCount, secondsOf } from "./failcounts.ts";
import { requestFencing } from "./fence-request.ts";
import { canFence } from "./fencing.ts";
import { OpStatus, Rc } from "./history.ts";
import { readFailedMigrateFrom, readFailedMigrateTo, readMigrateTo } from "./migration-history.ts";
import { defineOperation, OnFail, onFailOf, roleAfterFailure } from "./operations.ts";
import type { Reader } from "./reader.ts";
import { addNodeScore } from "./resources.ts";
import { Role } from "./roles.ts";
import type { NodeState, Operation, ResourceHistory, ResourceState } from "./state.ts";
import { isBundled, topOf, uniqueOrTop } from "./tree.ts";

/** What is known while the entries of one history are read, oldest first. */
export interface Progress {
  readonly resource: ResourceState;
  readonly node: NodeState;
  readonly history: ResourceHistory;
  /** The worst reaction so far. */
  onFail: OnFail;
  lastFailure: Operation | undefined;
}

/** An entry with its result as the manager understands it. */
interface Result {
  readonly op: Operation;
  rc: number;
  status: number;
  readonly expired: boolean;
  readonly maskedProbe: boolean;
}

const KNOWN_TASKS = new Set([
  "monitor",
  "start",
  "stop",
  "promote",
  "demote",
  "migrate_to",
  "migrate_from",
  "asyncmon",
]);

function isProbe(op: Operation): boolean {
  return op.task === "monitor" && op.intervalMs === 0;
}

/** The agent cannot even run here: shown as stopped, but the node is banned. */
function isMaskedProbe(resource: ResourceState, op: Operation): boolean {
  if (!isProbe(op) || isBundled(resource)) return false;
  return (
    op.rc === Rc.notInstalled ||
    op.rc === Rc.invalidParameter ||
    op.status === OpStatus.notInstalled
  );
}

function isReadable(op: Operation): boolean {
  if (op.id === "" || !KNOWN_TASKS.has(op.task)) return false;
  if (!Number.isInteger(op.status) || op.status < -1 || op.status > 11) return false;
  if (op.status === OpStatus.cancelled) return false;
  return Number.isInteger(op.rc) && op.rc >= 0 && op.rc <= 255;
}

function setActive(resource: ResourceState): void {
  resource.role = topOf(resource).promotable ? Role.unpromoted : Role.started;
}

function clearFailCount(reader: Reader, p: Progress, reason: string): void {
  const { resource, node } = p;
  const afterFencing = reader.options.fencingEnabled && resource.reconnectMs > 0;
  reader.intents.push({ kind: "clear-failcount", resource, node, reason, afterFencing });
}

/** Recurring monitors of a connection stay failed until its node has been fenced. */
function waitsForFencing(reader: Reader, p: Progress, op: Operation): boolean {
  if (!p.resource.remoteConnection || p.resource.reconnectMs === 0) return false;
  if (op.intervalMs === 0 || !reader.options.fencingEnabled) return false;
  const remote = reader.nodeByName(p.resource.id);
  return remote !== undefined && !remote.remoteFenced;
}

/** Has the failure timeout passed? Also clears fail counts that have outlived their cause. */
function isExpired(reader: Reader, p: Progress, op: Operation): boolean {
  if (op.status === OpStatus.notInstalled) return false;
  const { resource, node } = p;
  const timeout = secondsOf(resource.failureTimeoutMs);
  let expired = false;
  let clearReason: string | undefined;
  if (timeout > 0 && op.lastRcChange !== undefined) {
    expired = reader.now >= op.lastRcChange + timeout && !waitsForFencing(reader, p, op);
    const effective = leafFailCount(reader, node, resource, true, op.xml);
    if (effective.count > 0) reader.recheckAt(effective.last + timeout + 1);
  }
  if (expired) {
    const raw = leafFailCount(reader, node, resource, false, op.xml);
    if (raw.count > 0) {
      if (leafFailCount(reader, node, resource, true, op.xml).count === 0) {
        clearReason = "it expired";
      } else expired = false;
    } else if (op.id.endsWith("_last_failure_0") && resource.reconnectMs > 0) {
      clearReason = "reconnect interval is set";
    }
  }
  if (clearReason === undefined && !expired && parametersChanged(reader, p, op)) {
    clearReason = "resource parameters have changed";
  }
  if (clearReason !== undefined) clearFailCount(reader, p, clearReason);
  if (expired && isProbe(op)) {
    switch (op.rc) {
      case Rc.ok:
      case Rc.notRunning:
      case Rc.promoted:
      case Rc.degraded:
      case Rc.degradedPromoted:
        expired = false;
    }
  }
  return expired;
}

/** The failure on record happened with other parameters. */
function parametersChanged(reader: Reader, p: Progress, op: Operation): boolean {
  if (!op.id.endsWith("_last_failure_0")) return false;
  if (op.task !== "start" && op.task !== "monitor") return false;
  if (isPlaceholderConnection(p.resource)) {
    reader.postponedFailures.push({ resource: p.resource, node: p.node, operation: op });
    return false;
  }
  const digests = operationDigests(
    reader.surroundings,
    p.resource,
    p.node,
    op.task,
    op.intervalMs,
    op.xml,
  );
  return digests.verdict !== "match" && digests.verdict !== "unknown";
}

/** A bundle's connection whose address is only known once its container is assigned. */
export function isPlaceholderConnection(resource: ResourceState): boolean {
  if (!resource.remoteConnection || !resource.nestingAllowed) return false;
  return resource.config.parameters.some((block) =>
    block.children.some(
      (pair) => pair.attrs.get("name") === "addr" && pair.attrs.get("value") === "#uname",
    ),
  );
}

function recordFailure(reader: Reader, p: Progress, op: Operation): void {
  const { node, resource } = p;
  if (!node.online && node.shutdown) return;
  if (reader.failures.some((f) => f.xml === op.xml)) return;
  reader.failures.push({ operation: op, node, resource, xml: op.xml });
}

function blockIfUnstoppable(reader: Reader, p: Progress, op: Operation): void {
  if (op.task !== "stop" || canFence(reader, p.node)) return;
  p.resource.managed = false;
  p.resource.blocked = true;
}

/** Translates rc and status into one of: done, pending, error, hard, fatal, … */
function remap(reader: Reader, p: Progress, r: Result): void {
  const { op } = r;
  if (r.rc === Rc.degraded || r.rc === Rc.degradedPromoted) {
    r.rc = r.rc === Rc.degraded ? Rc.ok : Rc.promoted;
    if (!r.expired) recordFailure(reader, p, op);
  }
  if (r.maskedProbe && (r.status !== OpStatus.done || r.rc !== Rc.notRunning)) {
    r.status = OpStatus.done;
    r.rc = Rc.notRunning;
  }
  if (r.status === OpStatus.noFenceDevice || r.status === OpStatus.noSecrets) {
    r.status = OpStatus.errorHard;
    return;
  }
  if (r.status !== OpStatus.done && r.status !== OpStatus.error) return;
  if (op.expectedRc < 0) r.status = OpStatus.error;
  else r.status = r.rc === op.expectedRc ? OpStatus.done : OpStatus.error;
  remapByCode(reader, p, r);
}

function remapByCode(reader: Reader, p: Progress, r: Result): void {
  const { op } = r;
  const { resource } = p;
  switch (r.rc) {
    case Rc.ok:
      if (isProbe(op) && op.expectedRc === Rc.notRunning) r.status = OpStatus.done;
      return;
    case Rc.notRunning:
      if (isProbe(op) || op.expectedRc === r.rc || !resource.managed) {
        r.status = OpStatus.done;
        resource.role = Role.stopped;
        p.onFail = OnFail.ignore;
        resource.nextRole = Role.unknown;
      }
      return;
    case Rc.promoted:
      if (isProbe(op) && r.rc !== op.expectedRc) r.status = OpStatus.done;
      if (!r.expired || r.rc === op.expectedRc) resource.role = Role.promoted;
      return;
    case Rc.failedPromoted:
      if (!r.expired) resource.role = Role.promoted;
      r.status = OpStatus.error;
      return;
    case Rc.notConfigured:
      r.status = OpStatus.errorFatal;
      return;
    case Rc.unimplemented:
      if (op.intervalMs > 0) {
        r.status = OpStatus.notSupported;
        return;
      }
      if (!r.expired) blockIfUnstoppable(reader, p, op);
      r.status = OpStatus.errorHard;
      return;
    case Rc.notInstalled:
    case Rc.invalidParameter:
    case Rc.insufficientPrivileges:
      if (!r.expired) blockIfUnstoppable(reader, p, op);
      r.status = OpStatus.errorHard;
      return;
    default:
      if (r.status === OpStatus.done) r.status = OpStatus.error;
  }
}

/** Forgets failures that later success has made good (spec/scheduler-1 section B.7, "clearing"). */
function clearPastFailures(p: Progress): void {
  switch (p.onFail) {
    case OnFail.stop:
    case OnFail.ban:
    case OnFail.standby:
    case OnFail.fence:
      return;
    case OnFail.resetRemote:
      if (p.resource.reconnectMs > 0) return;
      break;
  }
  p.onFail = OnFail.ignore;
  p.resource.nextRole = Role.unknown;
}

/** The entry counts as having had this result. */
function updateForSuccess(reader: Reader, p: Progress, r: Result, rc: number): void {
  const { op } = r;
  const { resource } = p;
  if (rc === Rc.notInstalled || r.maskedProbe) {
    resource.role = Role.stopped;
    return;
  }
  if (rc === Rc.notRunning) {
    clearPastFailures(p);
    return;
  }
  switch (op.task) {
    case "monitor":
      if (p.lastFailure !== undefined && p.lastFailure.key === op.key) clearPastFailures(p);
      if (resource.role < Role.started) setActive(resource);
      return;
    case "start":
    case "migrate_from":
      resource.role = Role.started;
      clearPastFailures(p);
      return;
    case "stop":
      resource.role = Role.stopped;
      clearPastFailures(p);
      return;
    case "promote":
      resource.role = Role.promoted;
      clearPastFailures(p);
      return;
    case "demote":
      resource.role = Role.unpromoted;
      if (p.onFail === OnFail.demote) clearPastFailures(p);
      return;
    case "migrate_to":
      readMigrateTo(reader, { resource, node: p.node, op, historyId: p.history.id });
      return;
    default:
      if (resource.role < Role.started) setActive(resource);
  }
}

/** Bans the resource everywhere; a member of an anonymous clone takes the whole clone with it. */
function banEverywhere(reader: Reader, resource: ResourceState): void {
  const target = uniqueOrTop(resource);
  for (const node of reader.nodesByIndex) target.allowed.set(node.index, -INFINITY);
}

function updateForFailure(
  reader: Reader,
  p: Progress,
  r: Result,
  reaction: { readonly onFail: OnFail; readonly roleAfter: Role },
): void {
  const { op } = r;
  const { resource, node } = p;
  p.lastFailure = op;
  if (r.rc !== Rc.notInstalled || reader.options.symmetric) recordFailure(reader, p, op);
  if (reaction.onFail > p.onFail) p.onFail = reaction.onFail;
  switch (op.task) {
    case "stop":
      addNodeScore(resource, node, -INFINITY);
      break;
    case "migrate_to":
      readFailedMigrateTo(reader, { resource, node, op, historyId: p.history.id });
      break;
    case "migrate_from":
      readFailedMigrateFrom(reader, { resource, node, op, historyId: p.history.id });
      break;
    case "promote":
      resource.role = Role.promoted;
      break;
    case "demote":
      if (reaction.onFail === OnFail.block) {
        resource.role = Role.promoted;
        resource.nextRole = Role.stopped;
      } else resource.role = r.rc === Rc.notRunning ? Role.stopped : Role.unpromoted;
      break;
  }
  if (isProbe(op) && r.rc === Rc.notInstalled) resource.role = Role.stopped;
  else if (resource.role < Role.started) setActive(resource);
  if (reaction.roleAfter !== Role.started && resource.nextRole < reaction.roleAfter) {
    resource.nextRole = reaction.roleAfter;
  }
  if (reaction.roleAfter === Role.stopped) banEverywhere(reader, resource);
}

/** The configured reaction to a failure of this entry. */
function reactionTo(
  reader: Reader,
  p: Progress,
  op: Operation,
): { readonly onFail: OnFail; readonly roleAfter: Role } {
  const { resource } = p;
  const { surroundings, options } = reader;
  const { meta } = defineOperation(surroundings, resource, p.node, op.task, op.intervalMs);
  const onFail = onFailOf(resource, options, op.task, op.intervalMs, meta);
  return { onFail, roleAfter: roleAfterFailure(resource, op.task, onFail) };
}

function readPending(reader: Reader, p: Progress, op: Operation): void {
  const { resource, node } = p;
  const last = p.lastFailure;
  if (last !== undefined && last.task === op.task && last.intervalMs === op.intervalMs) {
    if ((last.lastRcChange ?? -1) >= (op.lastRcChange ?? -1)) return;
  }
  if (op.task === "start") {
    resource.startPending = true;
    setActive(resource);
  } else if (op.task === "promote") resource.role = Role.promoted;
  else if (op.task === "migrate_to" && node.unclean) {
    const target = reader.nodeByName(op.xml.attrs.get("migrate_target"));
    if (target !== undefined) {
      reader.askStop(resource, target, (reason) => requestFencing(reader, target, reason));
    }
  }
  if (resource.pendingAction === undefined) {
    if (isProbe(op)) {
      // Shown as monitoring, but no reason to count the resource as being there.
      return;
    }
    resource.pendingAction = op.task;
    resource.pendingNode = node;
  }
}

/** A failure whose timeout has passed; true when the entry needs no further look. */
function skipExpired(reader: Reader, p: Progress, r: Result): boolean {
  const { op } = r;
  if (r.maskedProbe && op.rc !== op.expectedRc) {
    if (p.resource.role <= Role.stopped) p.resource.role = Role.unknown;
    return true;
  }
  if (r.rc === op.expectedRc) return false;
  if (op.intervalMs === 0) return true;
  if (p.node.online && !p.node.unclean) {
    reader.expiredMonitors.add(op.xml);
    return true;
  }
  return false;
}

function readMaskedProbe(reader: Reader, p: Progress, r: Result): void {
  updateForSuccess(reader, p, r, r.op.expectedRc);
  recordFailure(reader, p, r.op);
  addNodeScore(uniqueOrTop(p.resource), p.node, -INFINITY);
}

function readNotInstalled(reader: Reader, p: Progress, r: Result): void {
  const reaction = reactionTo(reader, p, r.op);
  if (reaction.onFail === OnFail.ignore) p.onFail = OnFail.ban;
  addNodeScore(uniqueOrTop(p.resource), p.node, -INFINITY);
  updateForFailure(reader, p, r, reaction);
}

function readFailure(reader: Reader, p: Progress, r: Result): void {
  const { op } = r;
  const { resource, node } = p;
  const reaction = reactionTo(reader, p, op);
  const containerStop = reaction.onFail === OnFail.restartContainer && op.task === "stop";
  if (reaction.onFail === OnFail.ignore || containerStop) {
    updateForSuccess(reader, p, r, op.expectedRc);
    resource.failureIgnored = true;
    recordFailure(reader, p, op);
    if (containerStop && p.onFail <= OnFail.restart) p.onFail = OnFail.restartContainer;
    return;
  }
  updateForFailure(reader, p, r, reaction);
  if (r.status === OpStatus.errorHard) {
    const target = uniqueOrTop(resource);
    addNodeScore(target, node, -INFINITY);
    const why = `because of hard failure (${exitCode(r.rc).text})`;
    const text = `Preventing ${target.id} from restarting on ${node.name} ${why} | ${op.id}`;
    reader.messages.push({ level: "error", source: "unpack_rsc_op", text });
  } else if (r.status === OpStatus.errorFatal) {
    const target = uniqueOrTop(resource);
    for (const each of reader.nodesByIndex) addNodeScore(target, each, -INFINITY);
  }
}

/** Applies one entry. */
export function readEntry(reader: Reader, p: Progress, op: Operation): void {
  if (!isReadable(op)) return;
  const expired = isExpired(reader, p, op);
  const r: Result = {
    op,
    rc: op.rc,
    status: op.status,
    expired,
    maskedProbe: isMaskedProbe(p.resource, op),
  };
  remap(reader, p, r);
  if (expired && skipExpired(reader, p, r)) return;
  if (r.maskedProbe && !expired) {
    readMaskedProbe(reader, p, r);
    return;
  }
  switch (r.status) {
    case OpStatus.pending:
      readPending(reader, p, op);
      return;
    case OpStatus.done:
      updateForSuccess(reader, p, r, r.rc);
      return;
    case OpStatus.notInstalled:
      readNotInstalled(reader, p, r);
      return;
    case OpStatus.notConnected: {
      const connection = p.node.connection;
      if (p.node.isRemote && connection?.managed === true) {
        connection.failed = true;
        connection.stopIfFailed = true;
      }
      break;
    }
  }
  readFailure(reader, p, r);
}
