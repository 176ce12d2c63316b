/**
 * What each kind of resource must answer (HOUSE section 4). One const object per kind, in its own file; the book holds the
 * table, so that the kinds can ask each other without importing each other.
 */
import type { Action } from "../actions/action.ts";
import type { Book, Node, Rsc } from "../board.ts";
import type { Colocation, Location } from "../constraints/model.ts";

/** What evaluating a relation has changed. */
export interface Change {
  first: boolean;
  then: boolean;
}

/** The relation under evaluation, as the kinds see it. */
export interface Evaluation {
  readonly first: Action;
  readonly then: Action;
  /** Node to which the evaluation is limited. */
  readonly node: Node | undefined;
  /** Flags of the first action as evaluated for this pair. */
  readonly firstFlags: number;
  /** Which aspects the property may read: Flag.optional, Flag.runnable or both. */
  readonly filter: number;
  /** The property under evaluation. */
  readonly property: number;
}

export interface Variant {
  /** Decides where it runs. `prefer` wins among equals; `final` false means that the caller may undo it. */
  assign(book: Book, rsc: Rsc, prefer: Node | undefined, final: boolean): Node | undefined;
  /** Orderings and colocations that its kind implies. */
  createConstraints(book: Book, rsc: Rsc): void;
  createActions(book: Book, rsc: Rsc): void;
  /** Probes what is unknown on a node; answers whether an action was made. */
  createProbe(book: Book, rsc: Rsc, node: Node): boolean;
  applyLocation(book: Book, rsc: Rsc, location: Location): void;
  /** Adds the colocations that concern `asker` (the resource first asked, or one of its kin). */
  collectThisWith(book: Book, rsc: Rsc, asker: Rsc, into: Colocation[]): void;
  collectWithThis(book: Book, rsc: Rsc, asker: Rsc, into: Colocation[]): void;
  /** Flags of one of its actions as others see them, maybe on one node only. */
  flagsOf(book: Book, action: Action, node: Node | undefined): number;
  /** Lets one property of a relation take effect; see ordering/settle.ts. */
  evaluate(book: Book, evaluation: Evaluation): Change;
  /** Emits its actions and those of its parts. */
  addToGraph(book: Book, rsc: Rsc, emit: (action: Action) => void): void;
}
