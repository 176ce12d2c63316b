/** Devices that switch nodes on, and the digests of their parameters on fencing operations (spec/scheduler-1 section C.12). */
import { operationDigests } from "../../status/digests.ts";
import { leavesOf } from "../../status/tree.ts";
import type { Book, Node, Rsc } from "../board.ts";
import type { Action } from "./action.ts";

export function isUnfencingDevice(rsc: Rsc): boolean {
  return rsc.fenceDevice && (rsc.needsUnfencing || rsc.meta.get("provides") === "unfencing");
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
  action.setMeta("digests-all", all);
  action.setMeta("digests-secure", secure);
}

/** The node was switched on with other parameters of the device. */
function deviceChanged(node: Node, full: string, shown: string): boolean {
  const known = node.attributes.get("#digests-all");
  if (known === undefined || known.includes(full)) return false;
  return node.attributes.get("#digests-secure")?.includes(shown) !== true;
}
