/**
 * The transition graph as XML text (spec/scheduler-1 section E.4; spec/outputs-and-tools section A9). It is written at
 * once, without a tree between: graphs of large clusters have hundreds of thousands of inputs. Text that many actions
 * share (their node, their resource, a pattern of attributes) is made once for each object that stands for it.
 */
import type {
  AttributePattern,
  GraphAction,
  GraphNode,
  GraphPrimitive,
  Synapse,
  TransitionGraph,
} from "../scheduler/graph/model.ts";
import { escapeAttr } from "../xml/write.ts";

/** Characters after which a piece of the text is closed: pieces are joined once, at the end. */
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

/** The text of a pattern: what stands before each action's own values, and after the last. */
interface PatternText {
  readonly before: readonly string[];
  /** Names of the own values. */
  readonly own: readonly string[];
  readonly end: string;
}

function patternText(pattern: AttributePattern): PatternText {
  const before: string[] = [];
  const own: string[] = [];
  let text = "        <attributes";
  pattern.names.forEach((name, i) => {
    const value = pattern.shared[i];
    if (value !== undefined) text += attribute(name, value);
    else {
      own.push(name);
      before.push(`${text} ${name}="`);
      text = '"';
    }
  });
  return { before, own, end: `${text}/>\n` };
}

/** Remembers the text of what is named again and again. */
class GraphWriter {
  private readonly nodes = new Map<GraphNode, string>();
  private readonly primitives = new Map<GraphPrimitive, string>();
  /** undefined for a pattern with names that are no attribute names. */
  private readonly patterns = new Map<AttributePattern, PatternText | undefined>();
  private readonly references = new Map<GraphAction, string>();

  private nodeText(node: GraphNode): string {
    let text = this.nodes.get(node);
    if (text === undefined) {
      text = attribute("on_node", node.name) + attribute("on_node_uuid", node.id);
      this.nodes.set(node, text);
    }
    return text;
  }

  /** What an action and the triggers that name it have in common: its element's name and attributes. */
  private reference(action: GraphAction): string {
    let text = this.references.get(action);
    if (text !== undefined) return text;
    const { kind, operation, node } = action;
    const mode = operation === "lrm_delete" && kind === "crm_event" ? ' mode="cib"' : "";
    text =
      `<${kind}${mode} id="${action.id}"` +
      attribute("operation", operation) +
      attribute("operation_key", action.operationKey) +
      attribute("internal_operation_key", action.internalKey) +
      (node === undefined ? "" : this.nodeText(node)) +
      attribute("router_node", action.router);
    this.references.set(action, text);
    return text;
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

  private patternTextOf(pattern: AttributePattern): PatternText | undefined {
    if (!this.patterns.has(pattern)) {
      const unusual = pattern.names.some(isParameterName);
      this.patterns.set(pattern, unusual ? undefined : patternText(pattern));
    }
    return this.patterns.get(pattern);
  }

  private attributesText({ attributes, pattern }: GraphAction): string {
    const known = pattern === undefined ? undefined : this.patternTextOf(pattern);
    if (known !== undefined) {
      let text = "";
      for (let i = 0; i < known.own.length; i++) {
        text += known.before[i]! + escapeAttr(attributes.get(known.own[i]!)!);
      }
      return text + known.end;
    }
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
    const { primitive, maintenance, downed, shutdownLock } = action;
    const lock = shutdownLock === undefined ? "" : ` shutdown-lock="${shutdownLock}"`;
    let text = `      ${this.reference(action)}${lock}>\n`;
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

/** The graph in the traditional layout. */
export function graphText(graph: TransitionGraph): string {
  let piece = "<transition_graph";
  for (const [name, value] of graph.attributes) piece += attribute(name, value);
  if (graph.synapses.length === 0) return `${piece}/>\n`;
  piece += ">\n";
  const writer = new GraphWriter();
  const pieces: string[] = [];
  for (const synapse of graph.synapses) {
    piece += writer.synapse(synapse);
    if (piece.length < PIECE) continue;
    pieces.push(piece);
    piece = "";
  }
  pieces.push(piece, "</transition_graph>\n");
  return pieces.join("");
}
