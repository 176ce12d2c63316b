/**
 * An action of a graph that is one of many (graph/probe-forms.ts): it holds what is its own and finds the rest in their form.
 * Large graphs have ten thousands of them.
 */
import type {
  ActionForm,
  ActionKind,
  GraphAction,
  GraphNode,
  GraphPrimitive,
  Synapse,
  TransitionGraph,
} from "./model.ts";

const NO_NODES: readonly string[] = [];

export class FormedAction implements GraphAction {
  private made: ReadonlyMap<string, string> | undefined;

  constructor(
    readonly id: number,
    readonly form: ActionForm,
    readonly node: GraphNode,
    readonly router: string | undefined,
    readonly shutdownLock: number | undefined,
  ) {}

  get kind(): ActionKind {
    return this.form.kind;
  }

  get operation(): string {
    return this.form.operation;
  }

  get operationKey(): string {
    return this.form.operationKey;
  }

  get internalKey(): string | undefined {
    return this.form.internalKey;
  }

  get primitive(): GraphPrimitive {
    return this.form.primitive;
  }

  get downed(): readonly string[] {
    return NO_NODES;
  }

  get attributes(): ReadonlyMap<string, string> {
    if (this.made === undefined) {
      const all = new Map<string, string>();
      for (const [name, value] of this.form.attributes) {
        all.set(name, typeof value === "string" ? value : this.node[value.ofNode]);
      }
      this.made = all;
    }
    return this.made;
  }
}

/** The same action with everything in it. */
function plainAction(action: GraphAction): GraphAction {
  if (action.form === undefined) return action;
  return {
    id: action.id,
    kind: action.kind,
    operation: action.operation,
    operationKey: action.operationKey,
    internalKey: action.internalKey,
    node: action.node,
    router: action.router,
    primitive: action.primitive,
    attributes: action.attributes,
    downed: action.downed,
    shutdownLock: action.shutdownLock,
  };
}

/** A graph of plain objects only, which can be sent to another thread. */
export function plainGraph(graph: TransitionGraph): TransitionGraph {
  const made = new Map<GraphAction, GraphAction>();
  const plain = (action: GraphAction): GraphAction => {
    let known = made.get(action);
    if (known === undefined) {
      known = plainAction(action);
      made.set(action, known);
    }
    return known;
  };
  const synapses = graph.synapses.map(
    ({ id, priority, actions, inputs }): Synapse => ({
      id,
      priority,
      actions: actions.map(plain),
      inputs: inputs.map(plain),
    }),
  );
  return { attributes: graph.attributes, synapses };
}
