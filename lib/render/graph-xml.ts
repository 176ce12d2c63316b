/**
 * The transition graph as XML (spec/scheduler-1 section E.4; spec/outputs-and-tools section A9). It is written at once, without
 * a tree between, in pieces and as bytes: graphs of large clusters have ten thousands of actions. What many actions share
 * (their node, their resource, their form) is made once for each object that stands for it.
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
import { ByteText, bytesOf, textOf } from "./byte-text.ts";

/** Bytes after which a piece is closed. */
const PIECE = 1 << 19;

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

/** What is written of a node: as attributes of an action's element, and as values. */
interface NodeBytes {
  readonly attributes: Uint8Array;
  readonly name: Uint8Array;
  readonly id: Uint8Array;
}

/** What the XML of all actions of a form has in common: the text between what the node gives. */
interface FormBytes {
  /** Up to the action's id; from there to the attributes of the node. */
  readonly toAction: Uint8Array;
  readonly toNode: Uint8Array;
  /** From the end of the start tag to the node's name; from there to its id; from there to the end of the element. */
  readonly toName: Uint8Array;
  readonly toId: Uint8Array;
  readonly toEnd: Uint8Array;
}

/** Start of an action's element up to its id. */
function toActionText({ kind, operation }: ActionForm | GraphAction): string {
  const mode = operation === "lrm_delete" && kind === "crm_event" ? ' mode="cib"' : "";
  return `      <${kind}${mode} id="`;
}

/** From the action's id to the attributes of its node. */
function toNodeText(action: ActionForm | GraphAction): string {
  return `"${
    attribute("operation", action.operation) +
    attribute("operation_key", action.operationKey) +
    attribute("internal_operation_key", action.internalKey)
  }`;
}

const TO_SYNAPSE = bytesOf('  <synapse id="');
const TO_ACTIONS = bytesOf('">\n    <action_set>\n');
const TO_INPUTS = bytesOf("    </action_set>\n    <inputs>\n");
const TO_TRIGGER = bytesOf("      <trigger>\n  ");
const END_OF_TRIGGER = bytesOf("/>\n      </trigger>\n");
const END_OF_INPUTS = bytesOf("    </inputs>\n  </synapse>\n");
const WITHOUT_INPUTS = bytesOf("    </action_set>\n    <inputs/>\n  </synapse>\n");

/** Writes synapses, and remembers what is named again and again. */
class GraphWriter {
  private readonly out: ByteText;
  private readonly nodes = new Map<GraphNode, NodeBytes>();
  private readonly primitives = new Map<GraphPrimitive, string>();
  /** undefined for a form whose attributes are not written as usual. */
  private readonly forms = new Map<ActionForm, FormBytes | undefined>();

  constructor(out: ByteText) {
    this.out = out;
  }

  private nodeBytes(node: GraphNode): NodeBytes {
    let known = this.nodes.get(node);
    if (known === undefined) {
      const name = escapeAttr(node.name);
      const id = escapeAttr(node.id);
      const attributes = bytesOf(` on_node="${name}" on_node_uuid="${id}"`);
      known = { attributes, name: bytesOf(name), id: bytesOf(id) };
      this.nodes.set(node, known);
    }
    return known;
  }

  /** What an action and the triggers that name it have in common: its element's name and attributes. */
  private reference(action: GraphAction): void {
    const { out } = this;
    const { id, node, router, form } = action;
    const known = form && this.formBytes(form);
    if (known === undefined) {
      out.text(toActionText(action));
      out.number(id);
      out.text(toNodeText(action));
    } else {
      out.put(known.toAction);
      out.number(id);
      out.put(known.toNode);
    }
    if (node !== undefined) out.put(this.nodeBytes(node).attributes);
    if (router !== undefined) out.text(attribute("router_node", router));
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

  private formBytes(form: ActionForm): FormBytes | undefined {
    let known = this.forms.get(form);
    if (known === undefined && !this.forms.has(form)) {
      known = this.makeFormBytes(form);
      this.forms.set(form, known);
    }
    return known;
  }

  private makeFormBytes(form: ActionForm): FormBytes | undefined {
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
    return {
      toAction: bytesOf(toActionText(form)),
      toNode: bytesOf(toNodeText(form)),
      toName: bytesOf(toName),
      toId: bytesOf(toId),
      toEnd: bytesOf(`${text}/>\n      </${form.kind}>\n`),
    };
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

  private action(action: GraphAction): void {
    const { out } = this;
    const { form, node, shutdownLock } = action;
    this.reference(action);
    // Written on the action itself only, not where others wait for it.
    if (shutdownLock !== undefined) out.text(` shutdown-lock="${shutdownLock}"`);
    const known = form && this.formBytes(form);
    if (known === undefined || node === undefined) {
      out.text(this.contentText(action));
      return;
    }
    const { name, id } = this.nodeBytes(node);
    out.put(known.toName);
    out.put(name);
    out.put(known.toId);
    out.put(id);
    out.put(known.toEnd);
  }

  /** From the end of an action's start tag to that of its element. */
  private contentText(action: GraphAction): string {
    const { primitive, maintenance, downed } = action;
    let text = ">\n";
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

  synapse({ id, priority, actions, inputs }: Synapse): void {
    const { out } = this;
    out.put(TO_SYNAPSE);
    out.number(id);
    if (priority > 0) out.text(`" priority="${priority}`);
    out.put(TO_ACTIONS);
    for (const action of actions) this.action(action);
    if (inputs.length === 0) {
      out.put(WITHOUT_INPUTS);
      return;
    }
    out.put(TO_INPUTS);
    for (const input of inputs) {
      out.put(TO_TRIGGER);
      this.reference(input);
      out.put(END_OF_TRIGGER);
    }
    out.put(END_OF_INPUTS);
  }
}

/** The graph in the traditional layout, as UTF-8 in pieces; each is valid until the next one is asked for. */
export function* graphPieces(graph: TransitionGraph): Generator<Uint8Array, void> {
  const out = new ByteText();
  out.text("<transition_graph");
  for (const [name, value] of graph.attributes) out.text(attribute(name, value));
  if (graph.synapses.length === 0) {
    out.text("/>\n");
    yield out.take();
    return;
  }
  out.text(">\n");
  const writer = new GraphWriter(out);
  for (const synapse of graph.synapses) {
    writer.synapse(synapse);
    if (out.length >= PIECE) yield out.take();
  }
  out.text("</transition_graph>\n");
  yield out.take();
}

/** The graph in the traditional layout. */
export function graphText(graph: TransitionGraph): string {
  return textOf(graphPieces(graph));
}
