/**
 * Reads a `<transition_graph>` document back into data, for crm_simulate -x and tests.
 * Followed: spec/outputs-and-tools.md A9, spec/scheduler-1 section E.4.
 */
import { type Rejection, reject } from "../base/error.ts";
import type {
  GraphAction,
  GraphPrimitive,
  Synapse,
  TransitionGraph,
} from "../scheduler/graph/model.ts";
import { attr, child, childrenOf, type XmlElement } from "../xml/node.ts";

function integer(node: XmlElement, name: string): number {
  const value = Number.parseInt(attr(node, name) ?? "", 10);
  return Number.isSafeInteger(value) ? value : 0;
}

function readPrimitive(node: XmlElement): GraphPrimitive {
  const longId = attr(node, "long-id");
  const provider = attr(node, "provider");
  return {
    id: attr(node, "id") ?? "",
    ...(longId === undefined ? {} : { longId }),
    standard: attr(node, "class") ?? "",
    ...(provider === undefined ? {} : { provider }),
    agent: attr(node, "type") ?? "",
  };
}

function readAttributes(node: XmlElement): ReadonlyMap<string, string> {
  const attributes = child(node, "attributes");
  if (attributes === undefined) return new Map();
  const all = new Map(attributes.attrs);
  for (const param of childrenOf(attributes, "param")) {
    const name = attr(param, "name");
    if (name !== undefined && !all.has(name)) all.set(name, attr(param, "value") ?? "");
  }
  return all;
}

/** One action element: rsc_op, crm_event or pseudo_event, with or without children. */
export function readAction(node: XmlElement): GraphAction | Rejection {
  const kind = node.name;
  if (kind !== "rsc_op" && kind !== "crm_event" && kind !== "pseudo_event") {
    return reject("graph", `<${kind}> is no action: expected rsc_op, crm_event or pseudo_event`);
  }
  const internalKey = attr(node, "internal_operation_key");
  const nodeId = attr(node, "on_node_uuid");
  const router = attr(node, "router_node");
  const primitive = child(node, "primitive");
  const downed = child(node, "downed");
  const maintenance = child(node, "maintenance");
  return {
    id: integer(node, "id"),
    kind,
    operation: attr(node, "operation") ?? "",
    operationKey: attr(node, "operation_key") ?? "",
    ...(internalKey === undefined ? {} : { internalKey }),
    ...(nodeId === undefined ? {} : { node: { id: nodeId, name: attr(node, "on_node") ?? "" } }),
    ...(router === undefined ? {} : { router }),
    ...(primitive === undefined ? {} : { primitive: readPrimitive(primitive) }),
    attributes: readAttributes(node),
    downed: downed === undefined ? [] : downed.children.map((c) => attr(c, "id") ?? ""),
    ...(maintenance === undefined
      ? {}
      : { maintenance: maintenance.children.map((c) => attr(c, "id") ?? "") }),
  };
}

function readSynapse(node: XmlElement): Synapse | Rejection {
  const actions: GraphAction[] = [];
  const inputs: GraphAction[] = [];
  for (const element of child(node, "action_set")?.children ?? []) {
    const action = readAction(element);
    if ("rejected" in action) return action;
    actions.push(action);
  }
  for (const trigger of child(node, "inputs")?.children ?? []) {
    for (const element of trigger.children) {
      const action = readAction(element);
      if ("rejected" in action) return action;
      inputs.push(action);
    }
  }
  return { id: integer(node, "id"), priority: integer(node, "priority"), actions, inputs };
}

/** The whole graph, or why it is none. */
export function readGraph(root: XmlElement): TransitionGraph | Rejection {
  if (root.name !== "transition_graph") {
    return reject("graph", `<${root.name}> is no transition graph: expected <transition_graph>`);
  }
  const synapses: Synapse[] = [];
  for (const element of childrenOf(root, "synapse")) {
    const synapse = readSynapse(element);
    if ("rejected" in synapse) return synapse;
    synapses.push(synapse);
  }
  return { attributes: new Map(root.attrs), synapses };
}
