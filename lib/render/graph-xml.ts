/**
 * The transition graph as XML text (spec/scheduler-1 section E.4; spec/outputs-and-tools section A9). It is written at
 * once, without a tree between, and in pieces: graphs of large clusters have ten thousands of actions. Text that many
 * actions share (their node, their resource, their form) is made once for each object that stands for it.
 */
import type {
  ActionForm,
  GraphAction,
  GraphNode,
  GraphPrimitive,
  Synapse,
  TransitionGraph,
} from "../scheduler/graph/model.ts";
import { escapeAttr } from "../xml/write.ts";

/** Characters after which a piece of the text is closed. */
const PIECE = 1 << 16;

/** One attribute with its leading blank; nothing when it has no value. */
function attribute(name: string, value: string | undefined): string {
  return value === undefined ? "" : ` ${name}="${escapeAttr(value)}"`;
}

/** Names that begin with a digit are no attribute names. */
function isParameterName(name: string): boolean {
  const first = name.charCodeAt(0);
  return first >= 48 && first <= 57;
}

function nodesText(name: string, nodes: readonly string[]): string {
  const inner = nodes.map((node) => `          <node${node}/>\n`).join("");
  return inner === "" ? `        <${name}/>\n` : `        <${name}>\n${inner}        </${name}>\n`;
}

function maintenanceText(ids: readonly string[], on: readonly string[]): string {
  const entering = new Set(on);
  const state = (id: string) => attribute("node_in_maintenance", entering.has(id) ? "1" : "0");
  return nodesText(
    "maintenance",
    ids.map((id) => attribute("id", id) + state(id)),
  );
}

/** Texts of a node: as attributes of an action's element, and as values. */
interface NodeText {
  readonly attributes: string;
  readonly name: string;
  readonly id: string;
}

/** What the XML of all actions of a form has in common: the text between what the node gives. */
interface FormText {
  /** Up to the action's id; from there to the attributes of the node. */
  readonly toAction: string;
  readonly toNode: string;
  /** From the end of the start tag to the node's name; from there to its id; from there to the end of the element. */
  readonly toName: string;
  readonly toId: string;
  readonly toEnd: string;
}

/** Start of an action's element up to its id, and from there to the attributes of its node. */
function startOf(action: ActionForm | GraphAction): { toAction: string; toNode: string } {
  const { kind, operation } = action;
  const mode = operation === "lrm_delete" && kind === "crm_event" ? ' mode="cib"' : "";
  const toNode =
    attribute("operation", operation) +
    attribute("operation_key", action.operationKey) +
    attribute("internal_operation_key", action.internalKey);
  return { toAction: `<${kind}${mode} id="`, toNode: `"${toNode}` };
}

function routerText({ router }: GraphAction): string {
  return attribute("router_node", router);
}

/** Written on the action itself only, not where others wait for it. */
function lockText({ shutdownLock }: GraphAction): string {
  return shutdownLock === undefined ? "" : ` shutdown-lock="${shutdownLock}"`;
}

/** Remembers the text of what is named again and again. */
class GraphWriter {
  private readonly nodes = new Map<GraphNode, NodeText>();
  private readonly primitives = new Map<GraphPrimitive, string>();
  /** undefined for a form whose attributes are not written as usual. */
  private readonly forms = new Map<ActionForm, FormText | undefined>();

  private nodeText(node: GraphNode): NodeText {
    let text = this.nodes.get(node);
    if (text === undefined) {
      const name = escapeAttr(node.name);
      const id = escapeAttr(node.id);
      text = { attributes: ` on_node="${name}" on_node_uuid="${id}"`, name, id };
      this.nodes.set(node, text);
    }
    return text;
  }

  /** What an action and the triggers that name it have in common: its element's name and attributes. */
  private reference(action: GraphAction): string {
    const { id, node, form } = action;
    const { toAction, toNode } = (form && this.formText(form)) ?? startOf(action);
    const place = node === undefined ? "" : this.nodeText(node).attributes;
    return `${toAction}${id}${toNode}${place}${routerText(action)}`;
  }

  private primitiveText(primitive: GraphPrimitive): string {
    let text = this.primitives.get(primitive);
    if (text === undefined) {
      text = `        <primitive${
        attribute("id", primitive.id) +
        attribute("long-id", primitive.longId) +
        attribute("class", primitive.standard) +
        attribute("provider", primitive.provider) +
        attribute("type", primitive.agent)
      }/>\n`;
      this.primitives.set(primitive, text);
    }
    return text;
  }

  private formText(form: ActionForm): FormText | undefined {
    let text = this.forms.get(form);
    if (text === undefined && !this.forms.has(form)) {
      text = this.makeFormText(form);
      this.forms.set(form, text);
    }
    return text;
  }

  private makeFormText(form: ActionForm): FormText | undefined {
    const words: string[] = [];
    const before: string[] = [];
    let text = `>\n${this.primitiveText(form.primitive)}        <attributes`;
    for (const [name, value] of form.attributes) {
      if (isParameterName(name)) return undefined;
      if (typeof value === "string") text += attribute(name, value);
      else {
        words.push(value.ofNode);
        before.push(`${text} ${name}="`);
        text = '"';
      }
    }
    const [toName, toId] = before;
    if (words.join() !== "name,id" || toName === undefined || toId === undefined) return undefined;
    const toEnd = `${text}/>\n      </${form.kind}>\n`;
    return { ...startOf(form), toName, toId, toEnd };
  }

  private attributesText({ attributes }: GraphAction): string {
    let plain = "";
    let params = "";
    attributes.forEach((value, name) => {
      if (isParameterName(name)) {
        params += `          <param${attribute("name", name)}${attribute("value", value)}/>\n`;
      } else plain += ` ${name}="${escapeAttr(value)}"`;
    });
    if (params === "") return `        <attributes${plain}/>\n`;
    return `        <attributes${plain}>\n${params}        </attributes>\n`;
  }

  private actionText(action: GraphAction): string {
    const { form, node } = action;
    const known = form && this.formText(form);
    if (known === undefined || node === undefined) return this.plainText(action);
    // The parts of its reference and the rest in one go: most of a large graph's text is made here.
    const { toAction, toNode, toName, toId, toEnd } = known;
    const { attributes, name, id } = this.nodeText(node);
    const more = routerText(action) + lockText(action);
    return `      ${toAction}${action.id}${toNode}${attributes}${more}${toName}${name}${toId}${id}${toEnd}`;
  }

  private plainText(action: GraphAction): string {
    const { primitive, maintenance, downed } = action;
    let text = `      ${this.reference(action)}${lockText(action)}>\n`;
    if (primitive !== undefined) text += this.primitiveText(primitive);
    text += this.attributesText(action);
    if (downed.length > 0) {
      text += nodesText(
        "downed",
        downed.map((id) => attribute("id", id)),
      );
    }
    if (maintenance !== undefined) {
      text += maintenanceText(maintenance, action.maintenanceOn ?? []);
    }
    return `${text}      </${action.kind}>\n`;
  }

  synapse({ id, priority, actions, inputs }: Synapse): string {
    let text = `  <synapse id="${id}"${priority > 0 ? ` priority="${priority}"` : ""}>\n    <action_set>\n`;
    for (const action of actions) text += this.actionText(action);
    if (inputs.length === 0) return `${text}    </action_set>\n    <inputs/>\n  </synapse>\n`;
    text += "    </action_set>\n    <inputs>\n";
    for (const input of inputs) {
      text += `      <trigger>\n        ${this.reference(input)}/>\n      </trigger>\n`;
    }
    return `${text}    </inputs>\n  </synapse>\n`;
  }
}

/** The graph in the traditional layout, in pieces. */
export function* graphPieces(graph: TransitionGraph): Generator<string, void> {
  let piece = "<transition_graph";
  for (const [name, value] of graph.attributes) piece += attribute(name, value);
  if (graph.synapses.length === 0) {
    yield `${piece}/>\n`;
    return;
  }
  piece += ">\n";
  const writer = new GraphWriter();
  for (const synapse of graph.synapses) {
    piece += writer.synapse(synapse);
    if (piece.length < PIECE) continue;
    yield piece;
    piece = "";
  }
  yield `${piece}</transition_graph>\n`;
}

/** The graph in the traditional layout. */
export function graphText(graph: TransitionGraph): string {
  return [...graphPieces(graph)].join("");
}
