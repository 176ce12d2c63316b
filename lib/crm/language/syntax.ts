/**
 * What every kind of object shares while its words are read: a cursor over the words, the surroundings the grammar
 * depends on, and the error of refused input (spec/crm-commands.md section 10 and crm-interactive.md, error families).
 */
import { CrmError } from "../../base/error.ts";
import type { XmlElement } from "../../xml/node.ts";

/** What the grammar must know of the configuration and the host. */
export interface ParseContext {
  /** Number of `validate-with` (schemaOf): pacemaker-3.9 → 3.09. Schemas before 2.0 know fewer words. */
  readonly schema: number;
  /** Names of the cluster's nodes, for a fencing topology without targets. */
  readonly nodeNames: readonly string[];
  /** Providers of an ocf agent on this host, for a type without class. */
  readonly providersOf: (type: string) => readonly string[];
  /** The attribute set a `$id-ref=` means: an id, or an object that owns exactly one set of this element name. */
  readonly resolveSet: (elementName: string, reference: string) => string;
}

/** Schemas from 2.0 on understand the newer crmsh's grammar: tags, targets, location sets and so on. */
export function isModern(context: { readonly schema: number }): boolean {
  return context.schema >= 2;
}

/** What the words of one object say. Elements still without id get one from ids.ts. */
export interface Draft {
  readonly element: XmlElement;
  /** Ids of the resources that belong into a group or clone, in order. */
  readonly members?: readonly string[];
}

/** What printing must know of the configuration. */
export interface PrintContext {
  readonly schema: number;
  readonly nodeNames: readonly string[];
  /** Ids of attribute sets and operations that others refer to: their `$id` is shown. */
  readonly referenced: ReadonlySet<string>;
}

/** Words that cannot be understood. `lines` are the messages, in order, without level. */
export class LanguageError extends CrmError {
  readonly lines: readonly string[];
  constructor(...lines: readonly string[]) {
    super(lines.join("\n"));
    this.lines = lines;
  }
}

/** `syntax in CONTEXT: the rest of the words`. */
export function syntaxError(context: string, rest: readonly string[]): LanguageError {
  return new LanguageError(`syntax in ${context}: ${rest.join(" ")}`);
}

/** A cursor over the words after the keyword. */
export class Words {
  private at = 0;
  readonly all: readonly string[];
  constructor(all: readonly string[]) {
    this.all = all;
  }

  get done(): boolean {
    return this.at >= this.all.length;
  }

  peek(ahead = 0): string | undefined {
    return this.all[this.at + ahead];
  }

  /** The next word; "" at the end, so callers check `done` where it matters. */
  next(): string {
    return this.all[this.at++] ?? "";
  }

  skip(count = 1): void {
    this.at += count;
  }

  back(count = 1): void {
    this.at -= count;
  }

  rest(): readonly string[] {
    return this.all.slice(this.at);
  }
}

/** Ids: a letter or underscore, then letters, digits, `_`, `-`, `.`. */
export function checkId(id: string): string {
  if (!/^[A-Za-z_][\w.-]*$/.test(id)) throw new LanguageError(`${id}: invalid object id`);
  return id;
}

/** `name="value"`, or the bare name of an nvpair without value. */
export function quoted(name: string, value: string | undefined): string {
  return value === undefined ? name : `${name}="${value}"`;
}
