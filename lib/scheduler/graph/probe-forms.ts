/**
 * Probes are by far the most actions of a graph: each resource is asked for on each node. What a resource's probes say is the
 * same everywhere but for the node, so the rest, their form, is put together once for each resource and expected result.
 * The rules are those of meta.ts (spec/scheduler-1 section E.4, point 2).
 */
import { parametersOf } from "../../status/parameters.ts";
import { type Action, Task } from "../actions/action.ts";
import type { ActionMeta } from "../actions/action-meta.ts";
import type { Book, Rsc } from "../board.ts";
import { ON_NODE, ON_NODE_ID } from "./meta.ts";
import type { ActionForm, FormValue } from "./model.ts";

/** A form and the parameters that it is made from. */
interface Known {
  readonly form: ActionForm;
  readonly parameters: ReadonlyMap<string, string>;
}

/** Makes the form of one probe of a resource; attributes that depend on the node are put right here. */
type Example = (probe: Action, rsc: Rsc) => ActionForm;

function formValue(name: string, value: FormValue): FormValue {
  if (name === ON_NODE) return { ofNode: "name" };
  return name === ON_NODE_ID ? { ofNode: "id" } : value;
}

export class ProbeForms {
  private readonly book: Book;
  private readonly example: Example;
  /** By the meta-attributes that probes of a resource share. */
  private readonly known = new Map<ActionMeta, Known>();

  constructor(book: Book, example: Example) {
    this.book = book;
    this.example = example;
  }

  /** The form of a probe; undefined for any other action, and where more than node and id differ. */
  of(probe: Action): ActionForm | undefined {
    const { rsc, node } = probe;
    if (probe.task !== Task.monitor || probe.intervalMs !== 0 || probe.pseudo) return undefined;
    if (rsc === undefined || node === undefined || node.isGuest) return undefined;
    // Each probe of a fence device has a definition of its own.
    if (rsc.remoteConnection || rsc.fenceDevice || (probe.extra?.size ?? 0) > 0) return undefined;
    const parameters = parametersOf(this.book.surroundings, rsc, node);
    let known = this.known.get(probe.meta);
    if (known === undefined) {
      const form = this.example(probe, rsc);
      const values = [...form.attributes].map(
        ([name, value]) => [name, formValue(name, value)] as const,
      );
      known = { form: { ...form, attributes: new Map(values) }, parameters };
      this.known.set(probe.meta, known);
    }
    return known.parameters === parameters ? known.form : undefined;
  }
}
