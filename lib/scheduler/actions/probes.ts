/** Probes: what is unknown on a node is asked before anything starts (spec/scheduler-1 section C.5). */
import { mergeSort } from "../../base/collections.ts";
import { Rc } from "../../status/history.ts";
import { Discovery } from "../../status/node-table.ts";
import { Role } from "../../status/roles.ts";
import { isActive, topOf } from "../../status/tree.ts";
import type { Book, Node, Rsc } from "../board.ts";
import { order, orderProbe } from "../constraints/ordering.ts";
import { Rel } from "../ordering/relation.ts";
import { type Action, Task } from "./action.ts";
import { fenceNode } from "./fence.ts";
import { connectionState } from "./remote.ts";
import { requestAction } from "./table.ts";
import { orderAfterUnfencing } from "./unfencing.ts";

export function scheduleProbes(book: Book): void {
  if (!book.options.startupProbes) return;
  for (const node of book.nodes) {
    if (!node.online) {
      if (node.kind === "remote" && connectionState(node) === "failed") {
        fenceNode(book, node, "the connection is unrecoverable", false);
      }
      continue;
    }
    if (node.unclean || !node.probesAllowed) continue;
    for (const rsc of book.resources) book.kind(rsc).createProbe(book, rsc, node);
  }
}

const compareNumbers = (a: Rsc, b: Rsc): number => (a.instance ?? 0) - (b.instance ?? 0);

/** Instances in order of their numbers. */
export function byNumber(rsc: Rsc): Rsc[] {
  const { children } = rsc;
  for (let i = 1; i < children.length; i++) {
    if (compareNumbers(children[i - 1]!, children[i]!) > 0) {
      return mergeSort(children, compareNumbers);
    }
  }
  return children;
}

/** Fence devices and connections do not exist on remote nodes; what launches guests not on guests. */
function canExistOn(rsc: Rsc, node: Node): boolean {
  if (!node.isRemote) return true;
  if (rsc.fenceDevice || rsc.remoteConnection) return false;
  return !(node.isGuest && rsc.launched.some((part) => part.remoteConnection));
}

function discoveryForbids(rsc: Rsc, node: Node): boolean {
  const known = rsc.allowed.mode(node.index);
  const mode = known === Discovery.absent ? node.baseDiscovery : known;
  const exclusive = rsc.exclusiveDiscovery || topOf(rsc).exclusiveDiscovery;
  if (exclusive && mode !== Discovery.exclusive) return true;
  return mode === Discovery.never;
}

/** A guest about to start or stop must not be probed; what waits for it is ordered instead. */
function guestForbids(book: Book, rsc: Rsc, node: Node): boolean {
  const launcher = node.isGuest ? node.connection?.launcher : undefined;
  if (launcher === undefined) return false;
  const top = topOf(rsc);
  if (launcher.role === Role.stopped) {
    const host = launcher.assigned;
    if (host !== undefined && !launcher.known.has(host.index)) {
      order(book, launcher, Task.monitor, top, Task.start, Rel.plain);
    }
    return true;
  }
  const moves =
    launcher.active.length > 0 &&
    (launcher.assigned === undefined || launcher.active[0] !== launcher.assigned);
  if (
    node.remoteReset ||
    node.unclean ||
    launcher.failed ||
    launcher.nextRole === Role.stopped ||
    moves
  ) {
    order(book, launcher, Task.stop, top, Task.start, Rel.plain);
    return true;
  }
  return false;
}

function setExpected(rsc: Rsc, node: Node, probe: Action): void {
  if (!rsc.active.includes(node)) probe.meta = probe.meta.expecting(Rc.notRunning);
  else if (rsc.role === Role.promoted) probe.meta = probe.meta.expecting(Rc.promoted);
}

/** Probes one primitive; answers whether an action was made. */
export function probePrimitive(book: Book, rsc: Rsc, node: Node): boolean {
  if (!canExistOn(rsc, node)) return false;
  if (rsc.launcher !== undefined && !rsc.remoteConnection) return false;
  if (rsc.removed || rsc.known.has(node.index)) return false;
  if (discoveryForbids(rsc, node) || guestForbids(book, rsc, node)) return false;
  const key = rsc.keyOf(Task.monitor);
  const probe = requestAction(book, rsc, key, Task.monitor, node, false);
  // Unmanaged resources are probed too.
  probe.optional = false;
  orderAfterUnfencing(book, rsc, node, probe, Rel.plain);
  setExpected(rsc, node, probe);
  const top = topOf(rsc);
  const target = top.variant === "clone" ? top : rsc;
  let flags: number = Rel.plain;
  if (!probe.runnable && !isActive(target, false)) flags |= Rel.unrunnableBlocks;
  orderProbe(book, probe, target, flags);
  return true;
}
