/**
 * From id to element. The index of a document hangs on its root in a WeakMap: trees are immutable, so an index never
 * goes stale, and it is made only when somebody asks.
 */
import type { XmlElement } from "./node.ts";

const indexes = new WeakMap<XmlElement, ReadonlyMap<string, readonly XmlElement[]>>();

/** All elements of a document by id; usually one each, several where the document breaks the rule that ids are unique. */
export function idIndex(root: XmlElement): ReadonlyMap<string, readonly XmlElement[]> {
  const known = indexes.get(root);
  if (known !== undefined) return known;
  const index = new Map<string, XmlElement[]>();
  const visit = (node: XmlElement): void => {
    const id = node.attrs.get("id");
    if (id !== undefined) {
      const others = index.get(id);
      if (others === undefined) index.set(id, [node]);
      else others.push(node);
    }
    for (const child of node.children) visit(child);
  };
  visit(root);
  indexes.set(root, index);
  return index;
}

/** The first element with this id, of this name if one is given. */
export function findById(root: XmlElement, id: string, name?: string): XmlElement | undefined {
  const found = idIndex(root).get(id);
  return name === undefined ? found?.[0] : found?.find((node) => node.name === name);
}

/** The element itself, or what its `id-ref` names (same element name, anywhere in the document). */
export function resolveRef(root: XmlElement, node: XmlElement): XmlElement | undefined {
  const ref = node.attrs.get("id-ref");
  return ref === undefined ? node : findById(root, ref, node.name);
}
