/** From schema 0.6: pairs stood in an <attributes> wrapper, constraints had from and to. */
import { attr, type XmlElement } from "../xml/node.ts";
import { renameAttr, rewriteTree } from "./upgrade-tree.ts";

const RENAMED: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  rsc_colocation: [
    ["from", "rsc"],
    ["to", "with-rsc"],
    ["from_role", "rsc-role"],
    ["to_role", "with-rsc-role"],
  ],
  rsc_order: [
    ["from", "then"],
    ["to", "first"],
    ["action", "then-action"],
    ["to_action", "first-action"],
  ],
};

/** The step from 0.6. */
export function stepFrom0(root: XmlElement): XmlElement {
  return rewriteTree(root, (node) => {
    if (node.name === "attributes") return node.children;
    let result = node;
    for (const [from, to] of RENAMED[node.name] ?? []) result = renameAttr(result, from, to);
    if (node.name === "op" && attr(node, "interval") === undefined) {
      const attrs = new Map([...result.attrs, ["interval", "0"]]);
      result = Object.freeze({ ...result, attrs });
    }
    return result;
  });
}
