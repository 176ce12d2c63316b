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

/** A pattern with all that must be the same for it to hold. */
interface Known {
  readonly pattern: AttributePattern;
  readonly configured: ReadonlyMap<string, string>;
  readonly parameters: ReadonlyMap<string, string>;
  /** Names and values in turn that the action of the example added. */
  readonly added: readonly string[];
  /** The added names as the graph writes them. */
  readonly written: readonly string[];
  /** Attributes of the action that the pattern was made from. */
  readonly example: ReadonlyMap<string, string>;
}

export interface PatternedAttributes {
  readonly attributes: ReadonlyMap<string, string>;
  readonly pattern: AttributePattern;
}

/** Do both lists of names and values in turn have the same names? */
function sameNames(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 2) if (a[i] !== b[i]) return false;
  return true;
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
    const { added, configured } = action.meta;
    const parameters = parametersOf(this.book.surroundings, rsc, node);
    let known = this.known.get(rsc);
    if (known === undefined) {
      known = this.learn(action, rsc, parameters);
      if (known === undefined) return undefined;
      this.known.set(rsc, known);
      return { attributes: known.example, pattern: known.pattern };
    }
    if (known.configured !== configured || known.parameters !== parameters) return undefined;
    if (!sameNames(known.added, added)) return undefined;
    const attributes = new Map(known.example);
    // Setting what is there already keeps its place.
    known.written.forEach((name, i) => {
      attributes.set(name, added[2 * i + 1]!);
    });
    return { attributes, pattern: known.pattern };
  }

  /** undefined when two names are one in the graph, so that their order would decide. */
  private learn(
    action: Action,
    rsc: Rsc,
    parameters: ReadonlyMap<string, string>,
  ): Known | undefined {
    const { configured, added } = action.meta;
    const example = this.usual.of(action);
    const written = added.filter((_, i) => i % 2 === 0).map((name) => this.usual.nameOf(name));
    const others = new Set<string>(this.usual.ofResource(rsc).keys());
    for (const name of configured.keys()) others.add(this.usual.nameOf(name));
    const isPlain = (name: string): boolean => example.has(name) && !others.has(name);
    const varies = new Set(written);
    if (varies.size !== written.length || !written.every(isPlain)) return undefined;
    const pattern: AttributePattern = {
      names: [...example.keys()],
      shared: [...example].map(([name, value]) => (varies.has(name) ? undefined : value)),
    };
    // What the action says is copied, as more may be added to it.
    return { pattern, configured, parameters, added: [...added], written, example };
  }
}
