/**
 * Format 1 patchsets, as Pacemaker 1.1.10 wrote them (spec/outputs-and-tools.md D2.4): partial trees of what was removed and
 * added. They are read, never written.
 */
import { attr, child, withAttr, withChildren, type XmlElement } from "./node.ts";

const MARKER = "__crm_diff_marker__";

/** Applies a format 1 patchset; undefined when it holds no changes at all. */
export function applyFormat1(root: XmlElement, patchset: XmlElement): XmlElement | undefined {
  const removed = child(patchset, "diff-removed")?.children[0];
  const added = child(patchset, "diff-added")?.children[0];
  if (removed === undefined && added === undefined) return undefined;
  const without = removed === undefined ? root : subtract(root, removed);
  return added === undefined ? without : add(without, added);
}

function key(node: XmlElement): string {
  return `${node.name} ${attr(node, "id") ?? attr(node, "id-ref") ?? ""}`;
}

/** Takes away what `removed` names: marked elements whole, of the others the attributes that have the same value. */
function subtract(node: XmlElement, removed: XmlElement): XmlElement {
  let result = node;
  for (const [name, value] of removed.attrs) {
    if (name === "id" || name === MARKER) continue;
    if (attr(result, name) === value) result = withAttr(result, name, undefined);
  }
  const partners = new Map(removed.children.map((c) => [key(c), c] as const));
  const children: XmlElement[] = [];
  for (const c of node.children) {
    const partner = partners.get(key(c));
    if (partner === undefined) children.push(c);
    else if (attr(partner, MARKER) !== "removed:top") children.push(subtract(c, partner));
  }
  return withChildren(result, children);
}

function withoutMarker(node: XmlElement): XmlElement {
  return withAttr(node, MARKER, undefined);
}

/** Puts in what `added` names, merging with what is there. */
function add(node: XmlElement, added: XmlElement): XmlElement {
  let result = node;
  for (const [name, value] of added.attrs) {
    if (name !== MARKER) result = withAttr(result, name, value);
  }
  const children = [...node.children];
  for (const c of added.children) {
    const at = children.findIndex((existing) => key(existing) === key(c));
    if (at < 0) children.push(withoutMarker(c));
    else children[at] = add(children[at]!, c);
  }
  return withChildren(result, children);
}
