/** Unfencing: devices must be switched on for a node before resources that need it start (spec/scheduler-1 section C.12). */
import { operationDigests } from "../../status/digests.ts";
import { leavesOf } from "../../status/tree.ts";
import type { Book, Node, Rsc } from "../board.ts";
import { Rel, relate } from "../ordering/relation.ts";
import type { Action } from "./action.ts";
import { fenceOperation } from "./fence.ts";

export function isUnfencingDevice(rsc: Rsc): boolean {
  return rsc.fenceDevice && (rsc.needsUnfencing || rsc.meta.get("provides") === "unfencing");
}

export function isUnfenced(node: Node): boolean {
  const value = node.attributes.get("#node-unfenced");
  return value !== undefined && value !== "0";
}

/** Puts the devices' digests on a fencing operation; an "on" with other digests than the node knows is required. */
export function addUnfencingDigests(book: Book, node: Node, action: Action, kind: string): void {
  let all = "";
  let secure = "";
  const devices = book.resources.flatMap((rsc) => leavesOf(rsc)).filter(isUnfencingDevice);
  for (const device of devices.reverse()) {
    const digests = operationDigests(book.surroundings, device, node, "on", 0, undefined);
    const agent = device.config.kind === "primitive" ? device.config.agent : "";
    const full = `${device.id}:${agent}:${digests.all},`;
    const shown = `${device.id}:${agent}:${digests.secure},`;
    all += full;
    secure += shown;
    if (kind === "on" && deviceChanged(node, full, shown)) action.optional = false;
  }
  action.meta.set("digests-all", all);
  action.meta.set("digests-secure", secure);
}

/** The node was switched on with other parameters of the device. */
function deviceChanged(node: Node, full: string, shown: string): boolean {
  const known = node.attributes.get("#digests-all");
  if (known === undefined || known.includes(full)) return false;
  return node.attributes.get("#digests-secure")?.includes(shown) !== true;
}

function canUnfence(node: Node): boolean {
  return node.online && !node.unclean && !node.shutdown;
}

/** A change of a device makes unfencing necessary: on its node, or else wherever the device may run. */
export function triggerUnfencing(
  book: Book,
  rsc: Rsc | undefined,
  node: Node | undefined,
  reason: string,
  dependency: Action | undefined,
): void {
  if (!book.unfencingInUse) return;
  if (rsc !== undefined && !isUnfencingDevice(rsc)) return;
  if (node !== undefined && canUnfence(node)) {
    const unfence = fenceOperation(book, node, "on", false, reason, false);
    if (dependency !== undefined) relate(unfence, dependency, Rel.plain);
    return;
  }
  if (rsc === undefined) return;
  for (const each of book.nodes) {
    if (rsc.allowed.has(each.index) && canUnfence(each)) {
      triggerUnfencing(book, rsc, each, reason, dependency);
    }
  }
}

/** Orders an action behind unfencing of its node. */
export function orderAfterUnfencing(
  book: Book,
  rsc: Rsc,
  node: Node,
  action: Action,
  flags: number,
): void {
  const applies = rsc.needsUnfencing || (rsc.fenceDevice && book.unfencingInUse);
  if (!applies) return;
  const unfence = fenceOperation(book, node, "on", true, undefined, false);
  relate(unfence, action, flags);
  if (!isUnfenced(node)) {
    const reason = `required by ${rsc.id} ${action.task}`;
    triggerUnfencing(book, undefined, node, reason, undefined);
  }
}
