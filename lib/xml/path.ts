/**
 * Where an element stands. Elements have no parent pointers (they would break sharing), so a cursor remembers the way
 * down; editing at a cursor copies only the elements on that way.
 */
import { COMMENT, withChildren, type XmlElement } from "./node.ts";

/** An element with its place: the parent's cursor and its position among all siblings. */
export interface Cursor {
  readonly node: XmlElement;
  readonly parent: Cursor | undefined;
  readonly index: number;
}

/** The cursor of a document's root element. */
export function rootCursor(root: XmlElement): Cursor {
  return { node: root, parent: undefined, index: 0 };
}

/** Cursors of the children, in document order. */
export function childCursors(parent: Cursor): readonly Cursor[] {
  return parent.node.children.map((node, index) => ({ node, parent, index }));
}

/** The first cursor, itself included, for which `test` holds; depth first, in document order. */
export function findCursor(start: Cursor, test: (node: XmlElement) => boolean): Cursor | undefined {
  if (test(start.node)) return start;
  for (const child of childCursors(start)) {
    const found = findCursor(child, test);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The document's new root after the element at the cursor became `replacement` (undefined: it is removed). */
export function replaceAt(
  cursor: Cursor,
  replacement: XmlElement | undefined,
): XmlElement | undefined {
  let { parent, index } = cursor;
  let current = replacement;
  if (current === cursor.node) return rootOf(cursor).node;
  while (parent !== undefined) {
    const children = parent.node.children.slice();
    if (current === undefined) children.splice(index, 1);
    else children[index] = current;
    current = withChildren(parent.node, children);
    index = parent.index;
    parent = parent.parent;
  }
  return current;
}

/** The topmost cursor of the way. */
export function rootOf(cursor: Cursor): Cursor {
  let top = cursor;
  while (top.parent !== undefined) top = top.parent;
  return top;
}

/** A copy of the tree in which the elements of `edits` (by identity) are replaced or, for undefined, removed. */
export function replaceAll(
  node: XmlElement,
  edits: ReadonlyMap<XmlElement, XmlElement | undefined>,
): XmlElement | undefined {
  if (edits.has(node)) return edits.get(node);
  let changed = false;
  const children: XmlElement[] = [];
  for (const child of node.children) {
    const after = replaceAll(child, edits);
    if (after !== child) changed = true;
    if (after !== undefined) children.push(after);
  }
  return changed ? withChildren(node, children) : node;
}

/** One step of a written path: `primitive[@id='x']`, `crm_config`, `comment`. */
export function stepText(node: XmlElement): string {
  if (node.name === COMMENT) return "comment";
  const id = node.attrs.get("id");
  return id === undefined ? node.name : `${node.name}[@id='${id}']`;
}

/** "/cib/configuration/resources/primitive[@id='x']". */
export function pathText(cursor: Cursor): string {
  const prefix = cursor.parent === undefined ? "" : pathText(cursor.parent);
  return `${prefix}/${stepText(cursor.node)}`;
}
