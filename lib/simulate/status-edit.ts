/**
 * Small edits of a CIB's status section as simulations make them: node states and resource histories, each by name
 * (spec/outputs-and-tools sections A3.3 and A6.3). Works on a copy that is written back once at the end.
 */

import type { CibDoc } from "../cib/document.ts";
import { cibDoc, raiseVersion } from "../cib/document.ts";
import {
  attr,
  child,
  childrenOf,
  element,
  idOf,
  withAttr,
  withChild,
  withChildren,
  type XmlElement,
} from "../xml/node.ts";

export const ORIGIN = "crm_simulate";

interface History {
  readonly attrs: ReadonlyMap<string, string>;
  /** By entry id, in document order. */
  readonly operations: Map<string, XmlElement>;
  highestCall: number;
}

interface NodeEntry {
  attrs: Map<string, string>;
  /** Children other than the history, e.g. transient attributes. */
  others: XmlElement[];
  lrmAttrs: ReadonlyMap<string, string>;
  /** By lrm_resource id; undefined = there is no lrm element. */
  histories: Map<string, History> | undefined;
}

function callOf(operation: XmlElement): number {
  const value = Number.parseInt(attr(operation, "call-id") ?? "", 10);
  return Number.isNaN(value) ? 0 : value;
}

function readHistory(xml: XmlElement): History {
  const operations = new Map<string, XmlElement>();
  let highestCall = 0;
  for (const op of xml.children) {
    operations.set(idOf(op), op);
    highestCall = Math.max(highestCall, callOf(op));
  }
  return { attrs: xml.attrs, operations, highestCall };
}

function readNode(xml: XmlElement): NodeEntry {
  const lrm = child(xml, "lrm");
  const list = lrm === undefined ? undefined : child(lrm, "lrm_resources");
  let histories: Map<string, History> | undefined;
  if (lrm !== undefined) {
    histories = new Map();
    for (const entry of list === undefined ? [] : childrenOf(list, "lrm_resource")) {
      histories.set(idOf(entry), readHistory(entry));
    }
  }
  return {
    attrs: new Map(xml.attrs),
    others: xml.children.filter((c) => c.name !== "lrm"),
    lrmAttrs: lrm?.attrs ?? new Map(),
    histories,
  };
}

function writeNode(node: NodeEntry): XmlElement {
  const children = [...node.others];
  if (node.histories !== undefined) {
    const entries = [...node.histories.values()].map((history) =>
      element("lrm_resource", history.attrs, [...history.operations.values()]),
    );
    children.push(element("lrm", node.lrmAttrs, [element("lrm_resources", {}, entries)]));
  }
  return element("node_state", node.attrs, children);
}

export interface OperationRecord {
  /** Name of the resource's history. */
  readonly resource: string;
  /** Its id in keys and, when the history is new, its name. */
  readonly configured: string;
  readonly standard: string;
  readonly provider: string | undefined;
  readonly agent: string;
  readonly attributes: (callId: number) => { readonly id: string; readonly xml: XmlElement };
}

/** The status section of one document, open for edits. */
export class StatusEdit {
  private readonly doc: CibDoc;
  private readonly status: XmlElement;
  private readonly nodes: (NodeEntry | XmlElement)[] = [];
  private readonly byName = new Map<string, NodeEntry>();
  private readonly byId = new Map<string, NodeEntry>();
  /** Each edit is an update of its own, as it would be in a cluster. */
  private updates = 0;

  constructor(doc: CibDoc) {
    this.doc = doc;
    this.status = child(doc.root, "status") ?? element("status");
    for (const xml of this.status.children) {
      if (xml.name !== "node_state") {
        this.nodes.push(xml);
        continue;
      }
      this.add(readNode(xml));
    }
  }

  private add(node: NodeEntry): NodeEntry {
    this.nodes.push(node);
    const name = node.attrs.get("uname");
    const id = node.attrs.get("id");
    if (name !== undefined && !this.byName.has(name)) this.byName.set(name, node);
    if (id !== undefined && !this.byId.has(id)) this.byId.set(id, node);
    return node;
  }

  /** The node's entry; made when there is none. */
  node(name: string, id: string): NodeEntry {
    const known = this.byName.get(name);
    if (known !== undefined) return known;
    const byId = this.byId.get(id);
    if (byId !== undefined) {
      byId.attrs.set("uname", name);
      this.byName.set(name, byId);
      return byId;
    }
    this.updates += 1;
    return this.add({
      attrs: new Map([
        ["id", id],
        ["uname", name],
      ]),
      others: [],
      lrmAttrs: new Map(),
      histories: undefined,
    });
  }

  /** Sets membership words; with `forget` its history and transient attributes go. */
  setMembership(
    name: string,
    id: string,
    words: Readonly<Record<string, string>>,
    forget: boolean,
  ): void {
    const node = this.node(name, id);
    this.updates += 1;
    for (const [key, value] of Object.entries(words)) node.attrs.set(key, value);
    node.attrs.set("crm-debug-origin", ORIGIN);
    if (!forget) return;
    node.histories = undefined;
    node.others = node.others.filter((c) => c.name !== "transient_attributes");
  }

  /** Sets a transient attribute; answers nothing. */
  setAttribute(name: string, id: string, attribute: string, value: string): void {
    const node = this.node(name, id);
    this.updates += 1;
    const nodeId = node.attrs.get("id") ?? id;
    const at = node.others.findIndex((c) => c.name === "transient_attributes");
    const transient =
      node.others[at] ??
      element("transient_attributes", { id: nodeId }, [
        element("instance_attributes", { id: `status-${nodeId}` }),
      ]);
    const set =
      child(transient, "instance_attributes") ?? element("instance_attributes", { id: nodeId });
    const known = set.children.find((pair) => attr(pair, "name") === attribute);
    const pairId = `${nodeId}-${attribute}`.replace(/[^A-Za-z0-9_.-]/g, ".");
    const changed =
      known === undefined
        ? withChildren(set, [
            ...set.children,
            element("nvpair", { id: pairId, name: attribute, value }),
          ])
        : withChild(set, known, withAttr(known, "value", value));
    const others = transient.children.filter((c) => c !== set);
    const made = withChildren(transient, [...others, changed]);
    if (at < 0) node.others.push(made);
    else node.others[at] = made;
  }

  /** Value of a transient attribute. */
  attribute(name: string, id: string, attribute: string): string | undefined {
    for (const other of this.node(name, id).others) {
      if (other.name !== "transient_attributes") continue;
      for (const set of other.children) {
        const pair = set.children.find((p) => attr(p, "name") === attribute);
        if (pair !== undefined) return attr(pair, "value");
      }
    }
    return undefined;
  }

  hasHistory(nodeName: string, nodeId: string, resource: string): boolean {
    return this.node(nodeName, nodeId).histories?.has(resource) === true;
  }

  /** Writes the result of an operation into the history. */
  record(nodeName: string, nodeId: string, record: OperationRecord): void {
    const node = this.node(nodeName, nodeId);
    this.updates += 1;
    if (node.histories === undefined) {
      node.histories = new Map();
      node.lrmAttrs = new Map([["id", nodeId]]);
    }
    let history = node.histories.get(record.resource) ?? node.histories.get(record.configured);
    if (history === undefined) {
      const attrs = new Map([["id", record.configured]]);
      attrs.set("class", record.standard);
      if (record.provider !== undefined) attrs.set("provider", record.provider);
      attrs.set("type", record.agent);
      history = { attrs, operations: new Map(), highestCall: 0 };
      node.histories.set(record.configured, history);
    }
    history.highestCall += 1;
    const { id, xml } = record.attributes(history.highestCall);
    history.operations.set(id, xml);
  }

  /** The document with the edited status. */
  close(): CibDoc {
    const states = this.nodes.map((node) => ("histories" in node ? writeNode(node) : node));
    const status = withChildren(this.status, states);
    const { root } = this.doc;
    const known = child(root, "status");
    const edited =
      known === undefined
        ? withChildren(root, [...root.children, status])
        : withChild(root, known, status);
    return cibDoc(this.updates === 0 ? edited : raiseVersion(edited, false, this.updates));
  }
}
