/** The transition graph as XML (spec/scheduler-1 section E.4; spec/outputs-and-tools section A9). */
import type { GraphAction, TransitionGraph } from "../scheduler/graph/model.ts";
import { element, type XmlElement } from "../xml/node.ts";

function referenceAttributes(action: GraphAction): Record<string, string | undefined> {
  return {
    mode: action.operation === "lrm_delete" && action.kind === "crm_event" ? "cib" : undefined,
    id: String(action.id),
    operation: action.operation,
    operation_key: action.operationKey,
    internal_operation_key: action.internalKey,
    on_node: action.node?.name,
    on_node_uuid: action.node?.id,
    router_node: action.router,
    "shutdown-lock": action.shutdownLock === undefined ? undefined : String(action.shutdownLock),
  };
}

/** Names that begin with a digit are no attribute names. */
function attributesXml(attributes: ReadonlyMap<string, string>): XmlElement {
  const plain = new Map<string, string>();
  const params: XmlElement[] = [];
  for (const [name, value] of attributes) {
    if (/^\d/.test(name)) params.push(element("param", { name, value }));
    else plain.set(name, value);
  }
  return element("attributes", plain, params);
}

function actionXml(action: GraphAction): XmlElement {
  const children: XmlElement[] = [];
  const { primitive, maintenance } = action;
  if (primitive !== undefined) {
    children.push(
      element("primitive", {
        id: primitive.id,
        "long-id": primitive.longId,
        class: primitive.standard,
        provider: primitive.provider,
        type: primitive.agent,
      }),
    );
  }
  children.push(attributesXml(action.attributes));
  if (action.downed.length > 0) {
    const nodes = action.downed.map((id) => element("node", { id }));
    children.push(element("downed", {}, nodes));
  }
  if (maintenance !== undefined) {
    const on = new Set(action.maintenanceOn ?? []);
    const nodes = maintenance.map((id) =>
      element("node", { id, node_in_maintenance: on.has(id) ? "1" : "0" }),
    );
    children.push(element("maintenance", {}, nodes));
  }
  return element(action.kind, referenceAttributes(action), children);
}

export function graphXml(graph: TransitionGraph): XmlElement {
  const synapses = graph.synapses.map((synapse) => {
    const triggers = synapse.inputs.map((input) =>
      element("trigger", {}, [element(input.kind, referenceAttributes(input))]),
    );
    const attrs = {
      id: String(synapse.id),
      priority: synapse.priority > 0 ? String(synapse.priority) : undefined,
    };
    return element("synapse", attrs, [
      element("action_set", {}, synapse.actions.map(actionXml)),
      element("inputs", {}, triggers),
    ]);
  });
  return element("transition_graph", graph.attributes, synapses);
}
