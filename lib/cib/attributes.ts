/**
 * Named values of a CIB wherever nvpairs stand: cluster options, node attributes permanent and transient, utilization,
 * tickets, defaults (spec/outputs-and-tools.md D7). Finding them, and the requests that set and delete them.
 */
import { attr, child, childrenOf, element, type XmlElement } from "../xml/node.ts";
import { CallOption, type CibRequest } from "./request.ts";

/** Where values live. */
export type AttributeSection =
  | "crm_config"
  | "nodes"
  | "status"
  | "tickets"
  | "rsc_defaults"
  | "op_defaults";

/** The sections, for checking words. */
export const ATTRIBUTE_SECTIONS: ReadonlySet<string> = new Set([
  "crm_config",
  "nodes",
  "status",
  "tickets",
  "rsc_defaults",
  "op_defaults",
]);

/** Which values are meant. */
export interface AttributeSelector {
  readonly section: AttributeSection;
  /** Id of the node, for nodes and status. */
  readonly nodeId?: string | undefined;
  /** Its name, for a node_state that must be made first. */
  readonly nodeName?: string | undefined;
  readonly utilization?: boolean | undefined;
  readonly setName?: string | undefined;
  readonly name?: string | undefined;
  readonly pattern?: RegExp | undefined;
  /** Id of the nvpair. */
  readonly id?: string | undefined;
}

/** A value that is there. */
export interface FoundAttribute {
  readonly setId: string;
  readonly pair: XmlElement;
}

const BLOCK: Readonly<Record<AttributeSection, string>> = {
  crm_config: "cluster_property_set",
  nodes: "instance_attributes",
  status: "instance_attributes",
  tickets: "instance_attributes",
  rsc_defaults: "meta_attributes",
  op_defaults: "meta_attributes",
};

function blockName(selector: AttributeSelector): string {
  return selector.utilization === true ? "utilization" : BLOCK[selector.section];
}

/** The element whose children are the blocks. */
function holder(root: XmlElement, selector: AttributeSelector): XmlElement | undefined {
  const { section, nodeId } = selector;
  if (section === "status" || section === "tickets") {
    const status = child(root, "status");
    if (status === undefined) return undefined;
    if (section === "tickets") return child(status, "tickets");
    const state = status.children.find((c) => c.name === "node_state" && attr(c, "id") === nodeId);
    return state === undefined ? undefined : child(state, "transient_attributes");
  }
  const configuration = child(root, "configuration");
  const found = configuration === undefined ? undefined : child(configuration, section);
  if (section !== "nodes") return found;
  return found?.children.find((c) => c.name === "node" && attr(c, "id") === nodeId);
}

/** All values that the selector names, in document order. */
export function findAttributes(
  root: XmlElement,
  selector: AttributeSelector,
): readonly FoundAttribute[] {
  const place = holder(root, selector);
  const found: FoundAttribute[] = [];
  for (const set of place === undefined ? [] : childrenOf(place, blockName(selector))) {
    const setId = attr(set, "id") ?? "";
    if (selector.setName !== undefined && setId !== selector.setName) continue;
    for (const pair of childrenOf(set, "nvpair")) {
      if (isMeant(pair, selector)) found.push({ setId, pair });
    }
  }
  return found;
}

function isMeant(pair: XmlElement, selector: AttributeSelector): boolean {
  const name = attr(pair, "name") ?? "";
  if (selector.id !== undefined && attr(pair, "id") !== selector.id) return false;
  if (selector.pattern !== undefined) return selector.pattern.test(name);
  return selector.name === undefined || selector.name === name;
}

/** Id of a set that has to be made. */
function defaultSetId(selector: AttributeSelector): string {
  const suffix = selector.utilization === true ? "-utilization" : "";
  switch (selector.section) {
    case "crm_config":
      return "cib-bootstrap-options";
    case "nodes":
      return `nodes-${selector.nodeId ?? ""}${suffix}`;
    case "status":
      return `status-${selector.nodeId ?? ""}${suffix}`;
    case "tickets":
      return "status-tickets";
    case "rsc_defaults":
      return "rsc-options";
    case "op_defaults":
      return "op-options";
  }
}

/** Characters that no id may have become dots. */
export function sanitizeId(id: string): string {
  const clean = id.replace(/[^\p{L}\p{N}\p{M}._-]/gu, ".");
  return /^[\p{L}_]/u.test(clean) ? clean : `_${clean}`;
}

/** The request that sets a value: in place where it is, made with the customary ids where not. */
export function setRequest(
  selector: AttributeSelector,
  existing: FoundAttribute | undefined,
  value: string,
): CibRequest {
  const name = existing === undefined ? selector.name : attr(existing.pair, "name");
  const setId = sanitizeId(existing?.setId ?? selector.setName ?? defaultSetId(selector));
  const id = attr(existing?.pair ?? element("nvpair"), "id") ?? selector.id;
  const pair = element("nvpair", { id: id ?? sanitizeId(`${setId}-${name ?? ""}`), name, value });
  const set = element(blockName(selector), { id: setId }, [pair]);
  return {
    op: "cib_modify",
    section: selector.section === "tickets" ? "status" : selector.section,
    data: wrap(selector, set),
    options: CallOption.canCreate,
  };
}

/** The set inside everything between it and its section. */
function wrap(selector: AttributeSelector, set: XmlElement): XmlElement {
  const { section, nodeId: id, nodeName } = selector;
  switch (section) {
    case "nodes":
      return element("nodes", {}, [element("node", { id }, [set])]);
    case "status":
      return element("node_state", { id, uname: nodeName }, [
        element("transient_attributes", { id }, [set]),
      ]);
    case "tickets":
      return element("tickets", {}, [set]);
    default:
      return element(section, {}, [set]);
  }
}

/** The request that deletes one value. */
export function deleteRequest(selector: AttributeSelector, found: FoundAttribute): CibRequest {
  return {
    op: "cib_delete",
    section: selector.section === "tickets" ? "status" : selector.section,
    data: element("nvpair", { id: attr(found.pair, "id"), name: attr(found.pair, "name") }),
  };
}

/** A node as the CIB knows it. */
export interface KnownNode {
  readonly id: string;
  readonly name: string;
  readonly kind: "cluster" | "remote";
}

/** The node of this name or, for remote nodes, the resource that stands for it. */
export function findNode(root: XmlElement, name: string): KnownNode | undefined {
  const configuration = child(root, "configuration");
  const nodes = configuration === undefined ? undefined : child(configuration, "nodes");
  for (const node of nodes?.children ?? []) {
    const id = attr(node, "id");
    if (id !== undefined && attr(node, "uname")?.toLowerCase() === name.toLowerCase()) {
      const kind = attr(node, "type") === "remote" ? "remote" : "cluster";
      return { id, name: attr(node, "uname") ?? name, kind };
    }
  }
  const resources = configuration === undefined ? undefined : child(configuration, "resources");
  if (resources !== undefined && namesRemote(resources, name)) {
    return { id: name, name, kind: "remote" };
  }
  const state = child(root, "status")?.children.find(
    (c) => c.name === "node_state" && attr(c, "uname") === name,
  );
  const id = state === undefined ? undefined : attr(state, "id");
  return id === undefined ? undefined : { id, name, kind: "cluster" };
}

function namesRemote(node: XmlElement, name: string): boolean {
  if (node.name === "primitive" && attr(node, "id") === name) {
    return (
      attr(node, "class") === "ocf" &&
      attr(node, "provider") === "pacemaker" &&
      attr(node, "type") === "remote"
    );
  }
  if (
    node.name === "nvpair" &&
    attr(node, "name") === "remote-node" &&
    attr(node, "value") === name
  ) {
    return true;
  }
  return node.children.some((c) => namesRemote(c, name));
}
