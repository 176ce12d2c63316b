/**
 * The status section as a value: pure edits that every member makes alike when a message of the order says so.
 * Followed: spec/runtime.md 1.1 to 1.5 (node_state, transient attributes), 4.1 to 4.5 (history), D1.2 (version triple).
 */
import { type CibDoc, cibDoc, section } from "../../cib/document.ts";
import {
  attr,
  child,
  childrenOf,
  element,
  idOf,
  withAppended,
  withAttr,
  withChild,
  withChildren,
  type XmlElement,
} from "../../xml/node.ts";

/** A node as the CIB names it: with the plugin stack the id is the uname. */
export interface NodeName {
  readonly id: string;
  readonly uname: string;
}

/** The document with another status section; one more num_updates when it differs. */
export function withStatus(doc: CibDoc, edit: (status: XmlElement) => XmlElement): CibDoc {
  const before = section(doc, "status");
  const after = edit(before ?? element("status"));
  if (after === before) return doc;
  const root =
    before === undefined ? withAppended(doc.root, after) : withChild(doc.root, before, after);
  return cibDoc(withAttr(root, "num_updates", String(doc.version.numUpdates + 1)));
}

/** The `node_state` of a node, by id. */
export function nodeState(doc: CibDoc, id: string): XmlElement | undefined {
  return section(doc, "status")?.children.find((c) => c.name === "node_state" && idOf(c) === id);
}

/** The document with one node_state edited; it is created when absent. */
export function withNodeState(
  doc: CibDoc,
  node: NodeName,
  edit: (state: XmlElement) => XmlElement,
): CibDoc {
  return withStatus(doc, (status) => {
    const before = status.children.find((c) => c.name === "node_state" && idOf(c) === node.id);
    if (before === undefined) {
      return withAppended(status, edit(element("node_state", { id: node.id, uname: node.uname })));
    }
    const after = edit(before);
    return after === before ? status : withChild(status, before, after);
  });
}

/** Sets attributes of an element; undefined removes. The same element when nothing changes. */
export function withAttrs(
  node: XmlElement,
  attrs: Readonly<Record<string, string | undefined>>,
): XmlElement {
  let result = node;
  for (const [name, value] of Object.entries(attrs)) result = withAttr(result, name, value);
  return result;
}

/** The element with its child of this name replaced, added or (undefined) removed. */
export function withNamedChild(
  node: XmlElement,
  name: string,
  replacement: XmlElement | undefined,
): XmlElement {
  const before = child(node, name);
  if (before === undefined) {
    return replacement === undefined ? node : withAppended(node, replacement);
  }
  return before === replacement ? node : withChild(node, before, replacement);
}

function xmlId(text: string): string {
  return text.replace(/[^A-Za-z0-9_.:-]/g, ".");
}

/** Name and value of all transient attributes of a node. */
export function transientAttributes(doc: CibDoc, id: string): ReadonlyMap<string, string> {
  const state = nodeState(doc, id);
  const found = new Map<string, string>();
  const sets = state === undefined ? undefined : child(state, "transient_attributes");
  for (const set of sets === undefined ? [] : childrenOf(sets, "instance_attributes")) {
    for (const pair of childrenOf(set, "nvpair")) {
      const name = attr(pair, "name");
      if (name !== undefined && !found.has(name)) found.set(name, attr(pair, "value") ?? "");
    }
  }
  return found;
}

function withPair(
  set: XmlElement,
  nodeId: string,
  name: string,
  value: string | undefined,
): XmlElement {
  const before = childrenOf(set, "nvpair").find((pair) => attr(pair, "name") === name);
  if (before !== undefined) {
    if (value !== undefined && attr(before, "value") === value) return set;
    return withChild(
      set,
      before,
      value === undefined ? undefined : withAttr(before, "value", value),
    );
  }
  if (value === undefined) return set;
  const id = xmlId(`status-${nodeId}-${name}`);
  return withAppended(set, element("nvpair", { id, name, value }));
}

/** The document with one transient attribute set, or removed when `value` is undefined. */
export function withTransient(
  doc: CibDoc,
  node: NodeName,
  name: string,
  value: string | undefined,
): CibDoc {
  if (value === undefined && !transientAttributes(doc, node.id).has(name)) return doc;
  return withNodeState(doc, node, (state) => {
    const block =
      child(state, "transient_attributes") ?? element("transient_attributes", { id: node.id });
    const before = child(block, "instance_attributes");
    const set = before ?? element("instance_attributes", { id: xmlId(`status-${node.id}`) });
    const edited = withPair(set, node.id, name, value);
    return withNamedChild(
      state,
      "transient_attributes",
      withNamedChild(block, "instance_attributes", edited),
    );
  });
}

/** Entries of `update` written over those of the same id; other attributes and entries stay (4.4). */
function mergeEntries(resource: XmlElement, update: XmlElement): XmlElement {
  let merged = resource;
  for (const entry of update.children) {
    const before = merged.children.find((c) => c.name === entry.name && idOf(c) === idOf(entry));
    if (before === undefined) {
      merged = withAppended(merged, entry);
      continue;
    }
    let after = before;
    for (const [name, value] of entry.attrs) after = withAttr(after, name, value);
    if (after !== before) merged = withChild(merged, before, after);
  }
  return withAttrs(merged, Object.fromEntries(update.attrs));
}

/** Is the last word on a resource of a history that it does not run? Without any word it may. */
export function isKnownDown(resource: XmlElement): boolean {
  const last = resource.children.find((c) => idOf(c) === `${idOf(resource)}_last_0`);
  if (last === undefined) return resource.children.length > 0;
  const operation = attr(last, "operation");
  const rc = attr(last, "rc-code");
  if (operation === "stop") return rc === "0";
  return operation === "monitor" && rc !== "0" && rc !== "8";
}

/**
 * A history in place of an older one. What may have run by the older one and is not in the new stays without entries, which
 * means "not known": a manager that was killed comes back knowing nothing, and may go before it has looked (HOUSE rule 9).
 */
export function withUnknownOf(before: XmlElement | undefined, lrm: XmlElement): XmlElement {
  const list = child(lrm, "lrm_resources") ?? element("lrm_resources");
  const known = new Set(list.children.map(idOf));
  const former = before === undefined ? undefined : child(before, "lrm_resources");
  const unknown = (former?.children ?? []).filter((r) => !known.has(idOf(r)) && !isKnownDown(r));
  if (unknown.length === 0) return lrm;
  const kept = unknown.map((resource) => withChildren(resource, []));
  return withNamedChild(lrm, "lrm_resources", withChildren(list, [...list.children, ...kept]));
}

/** An `lrm` element with one `lrm_resource` merged in. */
export function withHistory(lrm: XmlElement, update: XmlElement): XmlElement {
  const list = child(lrm, "lrm_resources") ?? element("lrm_resources");
  const before = list.children.find((c) => idOf(c) === idOf(update));
  const after =
    before === undefined
      ? withAppended(list, update)
      : withChild(list, before, mergeEntries(before, update));
  return withNamedChild(lrm, "lrm_resources", after);
}

/** An `lrm` element without a resource, without one entry of it, or ("" and "") without anything. */
export function withoutHistory(lrm: XmlElement, resource: string, entry: string): XmlElement {
  const list = child(lrm, "lrm_resources");
  if (list === undefined) return lrm;
  if (resource === "") {
    return list.children.length === 0 ? lrm : withChild(lrm, list, withChildren(list, []));
  }
  const before = list.children.find((c) => idOf(c) === resource);
  if (before === undefined) return lrm;
  if (entry === "") return withChild(lrm, list, withChild(list, before, undefined));
  const gone = before.children.find((c) => idOf(c) === entry);
  if (gone === undefined) return lrm;
  return withChild(lrm, list, withChild(list, before, withChild(before, gone, undefined)));
}

/** An empty history of a node. */
export function emptyLrm(nodeId: string): XmlElement {
  return element("lrm", { id: nodeId }, [element("lrm_resources")]);
}

/** The document with a node's `lrm` edited. */
export function withLrm(
  doc: CibDoc,
  node: NodeName,
  edit: (lrm: XmlElement) => XmlElement,
): CibDoc {
  return withNodeState(doc, node, (state) =>
    withNamedChild(state, "lrm", edit(child(state, "lrm") ?? emptyLrm(node.id))),
  );
}
