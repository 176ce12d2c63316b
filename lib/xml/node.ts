/**
 * XML as a value (HOUSE section 5): an immutable tree. A changed document shares all unchanged parts with the old one,
 * so a CIB version is one pointer and `===` on subtrees means "unchanged".
 */

/** One element. Attributes keep their order. Text is kept only where the document type has text (rare in a CIB). */
export interface XmlElement {
  readonly name: string;
  readonly attrs: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  readonly text?: string;
}

/** Name of the elements that stand for comments (parseXml with `comments: true`); the comment is their `text`. */
export const COMMENT = "#comment";

/** Name of the elements that are written as a CDATA section of their `text`; only ever an only child. */
export const CDATA = "#cdata";

const NO_CHILDREN: readonly XmlElement[] = Object.freeze([]);
const NO_ATTRS: ReadonlyMap<string, string> = new Map();

/** Makes an element. `attrs` may be a plain object (its key order is the attribute order; undefined values are left out). */
export function element(
  name: string,
  attrs: Readonly<Record<string, string | undefined>> | ReadonlyMap<string, string> = NO_ATTRS,
  children: readonly XmlElement[] = NO_CHILDREN,
  text?: string,
): XmlElement {
  const map =
    attrs instanceof Map
      ? (attrs as ReadonlyMap<string, string>)
      : new Map(Object.entries(attrs).filter((e): e is [string, string] => e[1] !== undefined));
  return Object.freeze(
    text === undefined ? { name, attrs: map, children } : { name, attrs: map, children, text },
  );
}

/** The value of an attribute, or undefined. */
export function attr(node: XmlElement, name: string): string | undefined {
  return node.attrs.get(name);
}

/** The element's `id`, or "" when it has none. */
export function idOf(node: XmlElement): string {
  return node.attrs.get("id") ?? "";
}

/** First child of this name. */
export function child(node: XmlElement, name: string): XmlElement | undefined {
  for (const c of node.children) if (c.name === name) return c;
  return undefined;
}

/** All children of this name, in document order. */
export function childrenOf(node: XmlElement, name: string): readonly XmlElement[] {
  return node.children.filter((c) => c.name === name);
}

/** A copy with one attribute set (undefined removes it). A new attribute is appended at the end. */
export function withAttr(node: XmlElement, name: string, value: string | undefined): XmlElement {
  if (node.attrs.get(name) === value) return node;
  const attrs = new Map(node.attrs);
  if (value === undefined) attrs.delete(name);
  else attrs.set(name, value);
  return element(node.name, attrs, node.children, node.text);
}

/** A copy with other children. */
export function withChildren(node: XmlElement, children: readonly XmlElement[]): XmlElement {
  return element(node.name, node.attrs, children, node.text);
}

/** A copy in which `before` (found by identity) is replaced by `after`; undefined removes it. */
export function withChild(
  node: XmlElement,
  before: XmlElement,
  after: XmlElement | undefined,
): XmlElement {
  const children: XmlElement[] = [];
  for (const c of node.children) {
    if (c !== before) children.push(c);
    else if (after !== undefined) children.push(after);
  }
  return withChildren(node, children);
}

/** A copy with `added` at the end. */
export function withAppended(node: XmlElement, ...added: readonly XmlElement[]): XmlElement {
  return withChildren(node, [...node.children, ...added]);
}
