/** The transition graph as XML text (spec/scheduler-1 section E.4; spec/outputs-and-tools section A9). */
import type { GraphAction, GraphPrimitive, TransitionGraph } from "../scheduler/graph/model.ts";
import { escapeAttr } from "../xml/write.ts";

/** One attribute with its leading blank; nothing when it has no value. */
function attribute(name: string, value: string | undefined): string {
  return value === undefined ? "" : ` ${name}="${escapeAttr(value)}"`;
}

/** What an action and the triggers that name it have in common. */
function referenceAttributes(action: GraphAction): string {
  const mode = action.operation === "lrm_delete" && action.kind === "crm_event" ? "cib" : undefined;
  return (
    attribute("mode", mode) +
    ` id="${action.id}"` +
    attribute("operation", action.operation) +
    attribute("operation_key", action.operationKey) +
    attribute("internal_operation_key", action.internalKey) +
    attribute("on_node", action.node?.name) +
    attribute("on_node_uuid", action.node?.id) +
    attribute("router_node", action.router) +
    (action.shutdownLock === undefined ? "" : ` shutdown-lock="${action.shutdownLock}"`)
  );
}

function primitiveText(primitive: GraphPrimitive): string {
  return `        <primitive${
    attribute("id", primitive.id) +
    attribute("long-id", primitive.longId) +
    attribute("class", primitive.standard) +
    attribute("provider", primitive.provider) +
    attribute("type", primitive.agent)
  }/>\n`;
}

/** Names that begin with a digit are no attribute names. */
function attributesText(attributes: ReadonlyMap<string, string>): string {
  let plain = "";
  let params = "";
  for (const [name, value] of attributes) {
    const first = name.charCodeAt(0);
    if (first >= 48 && first <= 57) {
      params += `          <param${attribute("name", name)}${attribute("value", value)}/>\n`;
    } else plain += attribute(name, value);
  }
  if (params === "") return `        <attributes${plain}/>\n`;
  return `        <attributes${plain}>\n${params}        </attributes>\n`;
}

function nodesText(name: string, nodes: readonly string[]): string {
  const inner = nodes.map((node) => `          <node${node}/>\n`).join("");
  return inner === "" ? `        <${name}/>\n` : `        <${name}>\n${inner}        </${name}>\n`;
}

function actionText(action: GraphAction): string {
  const { primitive, maintenance } = action;
  let inner = primitive === undefined ? "" : primitiveText(primitive);
  inner += attributesText(action.attributes);
  if (action.downed.length > 0) {
    inner += nodesText(
      "downed",
      action.downed.map((id) => attribute("id", id)),
    );
  }
  if (maintenance !== undefined) {
    const on = new Set(action.maintenanceOn ?? []);
    const state = (id: string) => attribute("node_in_maintenance", on.has(id) ? "1" : "0");
    inner += nodesText(
      "maintenance",
      maintenance.map((id) => attribute("id", id) + state(id)),
    );
  }
  return `      <${action.kind}${referenceAttributes(action)}>\n${inner}      </${action.kind}>\n`;
}

/**
 * The graph in the traditional layout. It is written at once, without a tree between: graphs of large clusters have
 * hundreds of thousands of inputs. The text of a trigger is made once for each object that stands for its action.
 */
export function graphText(graph: TransitionGraph): string {
  const triggers = new Map<GraphAction, string>();
  const triggerText = (input: GraphAction): string => {
    const known = triggers.get(input);
    if (known !== undefined) return known;
    const text = `      <trigger>\n        <${input.kind}${referenceAttributes(input)}/>\n      </trigger>\n`;
    triggers.set(input, text);
    return text;
  };
  let root = "<transition_graph";
  for (const [name, value] of graph.attributes) root += attribute(name, value);
  if (graph.synapses.length === 0) return `${root}/>\n`;
  const parts = [root, ">\n"];
  for (const { id, priority, actions, inputs } of graph.synapses) {
    parts.push(
      `  <synapse id="${id}"${priority > 0 ? ` priority="${priority}"` : ""}>\n    <action_set>\n`,
      ...actions.map(actionText),
      "    </action_set>\n",
    );
    if (inputs.length === 0) parts.push("    <inputs/>\n");
    else {
      parts.push("    <inputs>\n");
      for (const input of inputs) parts.push(triggerText(input));
      parts.push("    </inputs>\n");
    }
    parts.push("  </synapse>\n");
  }
  parts.push("</transition_graph>\n");
  return parts.join("");
}
