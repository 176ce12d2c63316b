/** Node attributes as colocations compare them (spec/scheduler-2 section 8.6). */

import { rootOf } from "../../status/tree.ts";
import type { Node, Rsc } from "../board.ts";

/** The node whose attributes stand for `node` on behalf of a resource; undefined when its host is unassigned. */
function attributeNode(rsc: Rsc, node: Node): Node | undefined {
  if (!node.isGuest) return node;
  const launcher = node.connection?.launcher;
  const bundled =
    launcher?.replicaContainer === true &&
    !rsc.replicaContainer &&
    !rsc.remoteConnection &&
    rootOf(rsc) === rootOf(launcher);
  if (bundled) return launcher.assigned;
  if (rsc.meta.get("container-attribute-target") === "host") return launcher?.assigned;
  return node;
}

export function attributeOn(rsc: Rsc, node: Node, attribute: string): string | undefined {
  return attributeNode(rsc, node)?.attributes.get(attribute);
}

/** Both missing counts as equal; case does not matter. */
export function sameValue(a: string | undefined, b: string | undefined): boolean {
  return a === b || a?.toLowerCase() === b?.toLowerCase();
}
