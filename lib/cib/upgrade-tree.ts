/** Helpers of the schema steps: rewriting trees from the leaves up, keeping what does not change. */
import { attr, withAttr, withChildren, type XmlElement } from "../xml/node.ts";

/** A schema step: returns the same root when it has nothing to do; `note` takes one line for people. */
export type UpgradeStep = (root: XmlElement, note: (text: string) => void) => XmlElement;

/** What becomes of an element: itself, another one, several, or nothing. */
export type Rewrite = (
  node: XmlElement,
  parent: XmlElement | undefined,
) => XmlElement | readonly XmlElement[] | undefined;

/** Rewrites all elements below and including `node`, children first. The root must stay one element. */
export function rewriteTree(root: XmlElement, rewrite: Rewrite): XmlElement {
  const [result] = rewriteNode(root, undefined, rewrite);
  return result ?? root;
}

function rewriteNode(
  node: XmlElement,
  parent: XmlElement | undefined,
  rewrite: Rewrite,
): readonly XmlElement[] {
  let changed = false;
  const children: XmlElement[] = [];
  for (const c of node.children) {
    const next = rewriteNode(c, node, rewrite);
    if (next.length !== 1 || next[0] !== c) changed = true;
    children.push(...next);
  }
  const result = rewrite(changed ? withChildren(node, children) : node, parent);
  if (result === undefined) return [];
  return Array.isArray(result) ? (result as readonly XmlElement[]) : [result as XmlElement];
}

/** True when some element satisfies the test. */
export function someElement(node: XmlElement, test: (node: XmlElement) => boolean): boolean {
  return test(node) || node.children.some((c) => someElement(c, test));
}

/** Applies `edit` to the first child of this name. */
export function editChild(
  node: XmlElement,
  name: string,
  edit: (child: XmlElement) => XmlElement,
): XmlElement {
  const index = node.children.findIndex((c) => c.name === name);
  const found = node.children[index];
  if (found === undefined) return node;
  const after = edit(found);
  if (after === found) return node;
  const children = [...node.children];
  children[index] = after;
  return withChildren(node, children);
}

/** Renames an element's attribute in its place. */
export function renameAttr(node: XmlElement, from: string, to: string): XmlElement {
  const value = attr(node, from);
  if (value === undefined) return node;
  if (attr(node, to) !== undefined) return withAttr(node, from, undefined);
  const attrs = new Map([...node.attrs].map(([n, v]) => [n === from ? to : n, v] as const));
  return Object.freeze({ ...node, attrs });
}
