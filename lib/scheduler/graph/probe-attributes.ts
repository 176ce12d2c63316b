/**
 * Probes are by far the most actions of a graph: each resource is asked for on each node. What a resource's probes say is
 * the same everywhere but for the node and the expected result, so the rest is put together once for each resource.
 * The rules are those of meta.ts (spec/scheduler-1 section E.4, point 2).
 */
import { parametersOf } from "../../status/parameters.ts";
import { type Action, Task } from "../actions/action.ts";
import type { Book, Rsc } from "../board.ts";
import type { GraphAttributes } from "./meta.ts";
import type { AttributePattern } from "./model.ts";

/** What one action's meta-attributes add to the configured ones. */
interface Own {
  readonly names: readonly string[];
  readonly values: readonly string[];
}

/** A pattern with all that must be the same for it to hold. */
interface Known {
  readonly pattern: AttributePattern;
  readonly configured: ReadonlyMap<string, string>;
  readonly parameters: ReadonlyMap<string, string>;
  readonly ownNames: readonly string[];
  /** The own names as the graph writes them. */
  readonly written: readonly string[];
  /** Attributes of the action that the pattern was made from. */
  readonly example: ReadonlyMap<string, string>;
}

export interface PatternedAttributes {
  readonly attributes: ReadonlyMap<string, string>;
  readonly pattern: AttributePattern;
}

/** undefined when the action has lost, or says otherwise, what is configured. */
function ownOf(action: Action): Own | undefined {
  const { configuredMeta } = action;
  const names: string[] = [];
  const values: string[] = [];
  for (const [name, value] of action.meta) {
    if (configuredMeta.has(name)) {
      if (configuredMeta.get(name) !== value) return undefined;
    } else {
      names.push(name);
      values.push(value);
    }
  }
  return names.length + configuredMeta.size === action.meta.size ? { names, values } : undefined;
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}

export class ProbeAttributes {
  private readonly book: Book;
  private readonly usual: GraphAttributes;
  private readonly known = new Map<Rsc, Known>();

  constructor(book: Book, usual: GraphAttributes) {
    this.book = book;
    this.usual = usual;
  }

  /** Attributes of a probe; undefined for any other action, and where the resource's probes differ in more. */
  of(action: Action): PatternedAttributes | undefined {
    const { rsc, node } = action;
    if (action.task !== Task.monitor || action.intervalMs !== 0) return undefined;
    if (rsc === undefined || node === undefined || node.isGuest) return undefined;
    if (rsc.remoteConnection || (action.extra?.size ?? 0) > 0) return undefined;
    const own = ownOf(action);
    if (own === undefined) return undefined;
    const parameters = parametersOf(this.book.surroundings, rsc, node);
    let known = this.known.get(rsc);
    if (known === undefined) {
      known = this.learn(action, rsc, parameters, own);
      if (known === undefined) return undefined;
      this.known.set(rsc, known);
      return { attributes: known.example, pattern: known.pattern };
    }
    if (known.configured !== action.configuredMeta || known.parameters !== parameters) {
      return undefined;
    }
    if (!sameNames(known.ownNames, own.names)) return undefined;
    const attributes = new Map(known.example);
    // Setting what is there already keeps its place.
    for (let i = 0; i < own.values.length; i++) attributes.set(known.written[i]!, own.values[i]!);
    return { attributes, pattern: known.pattern };
  }

  /** undefined when two names are one in the graph, so that their order would decide. */
  private learn(
    action: Action,
    rsc: Rsc,
    parameters: ReadonlyMap<string, string>,
    own: Own,
  ): Known | undefined {
    const example = this.usual.of(action);
    const written = own.names.map((name) => this.usual.nameOf(name));
    const others = new Set<string>(this.usual.ofResource(rsc).keys());
    for (const name of action.configuredMeta.keys()) others.add(this.usual.nameOf(name));
    const isPlain = (name: string): boolean => example.has(name) && !others.has(name);
    if (new Set(written).size !== written.length || !written.every(isPlain)) return undefined;
    const varies = new Set(written);
    const pattern: AttributePattern = {
      names: [...example.keys()],
      shared: [...example].map(([name, value]) => (varies.has(name) ? undefined : value)),
    };
    const configured = action.configuredMeta;
    return { pattern, configured, parameters, ownNames: own.names, written, example };
  }
}
