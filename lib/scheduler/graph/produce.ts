/** The transition graph of a settled board (spec/scheduler-1 section E). */
import { type Action, notifyKey, opKey, Task } from "../actions/action.ts";
import { routerOf } from "../actions/remote.ts";
import { requestAction } from "../actions/table.ts";
import type { Book, Node, Rsc } from "../board.ts";
import { FormedAction } from "./formed-action.ts";
import { isGraphed, isInput, mergeInputs } from "./inputs.ts";
import { GraphAttributes } from "./meta.ts";
import type {
  ActionForm,
  ActionKind,
  GraphAction,
  GraphNode,
  GraphPrimitive,
  Synapse,
  TransitionGraph,
} from "./model.ts";
import { ProbeForms } from "./probe-forms.ts";

function rootAttributes(book: Book): Map<string, string> {
  const { options } = book;
  const attributes = new Map<string, string>([
    ["cluster-delay", options.clusterDelayText],
    ["fencing-timeout", options.fencingTimeoutText],
    ["failed-stop-offset", "INFINITY"],
    ["failed-start-offset", options.startFailureIsFatal ? "INFINITY" : "1"],
    ["batch-limit", options.batchLimitText],
    ["transition_id", String(book.settings.transitionId ?? 1)],
  ]);
  if (options.migrationLimit > 0) attributes.set("migration-limit", String(options.migrationLimit));
  if (book.recheckBy !== undefined) attributes.set("recheck-by", String(book.recheckBy));
  return attributes;
}

function kindOf(action: Action): ActionKind {
  switch (action.task) {
    case Task.stonith:
      return action.pseudo ? "pseudo_event" : "crm_event";
    case Task.shutdown:
    case Task.clearFailCount:
    case Task.lrmDelete:
      return "crm_event";
    default:
      return action.pseudo ? "pseudo_event" : "rsc_op";
  }
}

/** Key as agents know it: with the name that the history uses. */
export function historyKey(action: Action, historyId: string): string {
  if (action.task === Task.notify) {
    const type = action.meta.get("notify_type") ?? "";
    return notifyKey(historyId, type, action.meta.get("notify_operation") ?? "");
  }
  const task = action.cancelledTask ?? action.task;
  return opKey(historyId, task, action.intervalMs);
}

function primitiveOf(rsc: Rsc): GraphPrimitive {
  const { config } = rsc;
  const base =
    config.kind === "primitive"
      ? {
          standard: config.standard,
          agent: config.agent,
          ...(config.provider === undefined ? {} : { provider: config.provider }),
        }
      : { standard: "", agent: "" };
  if (rsc.removed && rsc.historyId !== undefined) {
    return { id: rsc.historyId, longId: rsc.id, ...base };
  }
  if (!rsc.unique) {
    const differs = rsc.historyId !== undefined && rsc.historyId !== rsc.name;
    return { id: rsc.name, longId: differs ? rsc.historyId! : rsc.id, ...base };
  }
  return { id: rsc.id, ...base };
}

/** Nodes that go down with an action. */
function downedBy(book: Book, action: Action): readonly string[] {
  const { node, rsc } = action;
  if (node === undefined) return NO_NODES;
  if (action.task === Task.shutdown) return [node.id];
  if (action.task === Task.stonith) {
    const kind = action.meta.get("stonith_action");
    if (kind !== "off" && kind !== "reboot") return [];
    return [node.id, ...guestsOn(book, node).map((guest) => guest.id)];
  }
  if (rsc?.remoteConnection === true && action.task === Task.stop) {
    const migrating = action.before.some(
      (rel) => rel.first.rsc === rsc && rel.first.task === Task.migrateFrom,
    );
    return migrating ? [] : [rsc.id];
  }
  return NO_NODES;
}

/** Guests whose connections run on a host, in the order found. */
function guestsOn(book: Book, host: Node): Node[] {
  const guests: Node[] = [];
  for (const rsc of host.running) {
    if (!rsc.remoteConnection || rsc.launcher === undefined) continue;
    const guest = book.nodes.find((node) => node.connection === rsc);
    if (guest !== undefined) guests.push(guest);
  }
  return guests;
}

/** Shutdown lock of a resource, on what happens at its lock node. */
function lockOf(action: Action): number | undefined {
  const { rsc, node } = action;
  if (rsc?.lockNode === undefined || node !== rsc.lockNode || rsc.lockTime <= 0) return undefined;
  if (node.shutdown && action.task !== Task.stop) return undefined;
  return rsc.lockTime;
}

/** Makes the graph's actions; nodes and resources that many of them name are described once. */
class Describer {
  private readonly book: Book;
  private readonly attributes: GraphAttributes;
  private readonly forms: ProbeForms;
  private readonly nodes = new Map<Node, GraphNode>();
  private readonly primitives = new Map<Rsc, GraphPrimitive>();

  constructor(book: Book) {
    this.book = book;
    this.attributes = new GraphAttributes(book);
    this.forms = new ProbeForms(book, (probe, rsc) => ({
      kind: kindOf(probe),
      operation: probe.task,
      ...this.keysOf(probe),
      primitive: this.primitive(rsc),
      attributes: this.attributes.of(probe, probe.node),
    }));
  }

  private node(node: Node): GraphNode {
    let known = this.nodes.get(node);
    if (known === undefined) {
      known = { id: node.id, name: node.name };
      this.nodes.set(node, known);
    }
    return known;
  }

  private primitive(rsc: Rsc): GraphPrimitive {
    let known = this.primitives.get(rsc);
    if (known === undefined) {
      known = primitiveOf(rsc);
      this.primitives.set(rsc, known);
    }
    return known;
  }

  /** The node that the graph names. */
  private placeOf(action: Action, kind: ActionKind): Node | undefined {
    const showsNode = kind !== "pseudo_event" || action.task === Task.stonith;
    return showsNode ? action.node : undefined;
  }

  private formed(action: Action): GraphAction | undefined {
    const form = this.forms.of(action);
    if (form === undefined) return undefined;
    const router = routerOf(action)?.name;
    return new FormedAction(action.id, form, this.node(action.node!), router, lockOf(action));
  }

  private keysOf(action: Action): Pick<ActionForm, "operationKey" | "internalKey"> {
    const historyId = action.rsc?.historyId;
    return historyId === undefined
      ? { operationKey: action.key, internalKey: undefined }
      : { operationKey: historyKey(action, historyId), internalKey: action.key };
  }

  /** What others say of an action that they wait for: the part that triggers repeat. */
  trigger(action: Action): GraphAction {
    return this.formed(action) ?? this.plainTrigger(action);
  }

  private plainTrigger(action: Action): GraphAction {
    const kind = kindOf(action);
    const node = this.placeOf(action, kind);
    return {
      id: action.id,
      kind,
      operation: action.task,
      ...this.keysOf(action),
      node: node === undefined ? undefined : this.node(node),
      router: node === undefined ? undefined : routerOf(action)?.name,
      attributes: NO_ATTRIBUTES,
      downed: NO_NODES,
    };
  }

  action(action: Action): GraphAction {
    const formed = this.formed(action);
    if (formed !== undefined) return formed;
    const { book } = this;
    const { rsc } = action;
    const base = this.plainTrigger(action);
    const maintenance =
      action.task === "maintenance_nodes" && rsc === undefined
        ? changedMaintenance(book)
        : undefined;
    return {
      ...base,
      shutdownLock: base.node === undefined ? undefined : lockOf(action),
      primitive: rsc === undefined || action.pseudo ? undefined : this.primitive(rsc),
      attributes: this.attributes.of(action, this.placeOf(action, base.kind)),
      downed: base.node === undefined ? NO_NODES : downedBy(book, action),
      maintenance: maintenance?.map((node) => node.id),
      maintenanceOn: maintenance?.filter((node) => node.maintenance).map((node) => node.id),
    };
  }
}

const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map();
const NO_NODES: readonly string[] = [];
const NO_INPUTS: readonly GraphAction[] = [];

/** Remote nodes that must be told of a change of their maintenance state. */
function changedMaintenance(book: Book): readonly Node[] {
  return book.nodes.filter((node) => node.isRemote && node.maintenance !== node.remoteMaintenance);
}

function priorityOf(action: Action): number {
  const { rsc } = action;
  return Math.max(action.priority, rsc?.priority ?? 0);
}

/** Emits every action of the graph in the reference's order. */
export function produceGraph(book: Book): TransitionGraph {
  const synapses: Synapse[] = [];
  const describer = new Describer(book);
  // An action is named by all that wait for it: one object serves them all.
  const inputOf = (action: Action): GraphAction => {
    action.described ??= describer.trigger(action);
    return action.described;
  };
  const emit = (action: Action): void => {
    mergeInputs(action);
    if (action.inGraph || !isGraphed(action)) return;
    action.inGraph = true;
    const known = action.described;
    const written = known?.form === undefined ? describer.action(action) : known;
    action.described ??= written;
    let inputs: GraphAction[] | undefined;
    for (const rel of action.before) {
      if (!isInput(rel)) continue;
      rel.printed = true;
      inputs ??= [];
      inputs.push(inputOf(rel.first));
    }
    synapses.push({
      id: synapses.length,
      priority: priorityOf(action),
      actions: [written],
      inputs: inputs ?? NO_INPUTS,
    });
  };
  for (const rsc of book.resources) book.kind(rsc).addToGraph(book, rsc, emit);
  if (changedMaintenance(book).length > 0) {
    const name = "maintenance_nodes";
    const action = requestAction(book, undefined, name, name, undefined, false);
    action.pseudo = true;
    action.alwaysInGraph = true;
  }
  for (let i = book.actions.length - 1; i >= 0; i--) emit(book.actions[i]!);
  return { attributes: rootAttributes(book), synapses };
}
