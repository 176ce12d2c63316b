/**
 * The configuration as types everyone uses (HOUSE section 5): what the XML says, nothing decided. Each object keeps its
 * `.xml`. Attribute sets stay as unresolved blocks, as their meaning depends on rules and time (lib/status/nvsets.ts).
 * Followed: spec/scheduler-1 sections A.1, A.7, B.1, D.2, D.9, D.10 and scheduler-2 sections 4 and 5.
 */
import type { XmlElement } from "../xml/node.ts";
import type { CibDoc } from "./document.ts";

export interface NodeConfig {
  readonly xml: XmlElement;
  readonly id: string;
  readonly name: string;
  readonly type: "member" | "remote";
  /** Text of the `score` attribute, if any. */
  readonly score: string | undefined;
}

interface ResourceBase {
  readonly id: string;
  /** The element after template expansion. */
  readonly xml: XmlElement;
  /** `meta_attributes` blocks in document order. */
  readonly meta: readonly XmlElement[];
  /** `instance_attributes` blocks in document order. */
  readonly parameters: readonly XmlElement[];
  /** `utilization` blocks in document order. */
  readonly utilization: readonly XmlElement[];
}

export interface Primitive extends ResourceBase {
  readonly kind: "primitive";
  /** class: ocf, lsb, service, systemd, stonith, … */
  readonly standard: string;
  readonly provider: string | undefined;
  readonly agent: string;
  /** `op` elements, a template's included. */
  readonly operations: readonly XmlElement[];
  /** The template it is made from. */
  readonly template: string | undefined;
}

export interface Group extends ResourceBase {
  readonly kind: "group";
  readonly members: readonly Primitive[];
}

export interface Clone extends ResourceBase {
  readonly kind: "clone";
  /** True for the old `<master>` element. */
  readonly isMaster: boolean;
  readonly child: Primitive | Group | undefined;
}

export interface Bundle extends ResourceBase {
  readonly kind: "bundle";
  readonly child: Primitive | undefined;
}

export type Resource = Primitive | Group | Clone | Bundle;

/** A set inside a constraint, id-ref resolved. Absent attributes are undefined: their defaults depend on the constraint. */
export interface ResourceSet {
  readonly xml: XmlElement;
  readonly id: string;
  readonly members: readonly string[];
}

interface ConstraintBase {
  readonly id: string;
  readonly xml: XmlElement;
  readonly sets: readonly ResourceSet[];
}

export interface LocationConstraint extends ConstraintBase {
  readonly kind: "location";
  readonly resource: string | undefined;
  readonly pattern: string | undefined;
  readonly rule: XmlElement | undefined;
}

export interface ColocationConstraint extends ConstraintBase {
  readonly kind: "colocation";
  readonly dependent: string | undefined;
  readonly primary: string | undefined;
}

export interface OrderConstraint extends ConstraintBase {
  readonly kind: "order";
  readonly first: string | undefined;
  readonly then: string | undefined;
}

export interface TicketConstraint extends ConstraintBase {
  readonly kind: "ticket";
  readonly ticket: string | undefined;
  readonly resource: string | undefined;
}

export type Constraint =
  | LocationConstraint
  | ColocationConstraint
  | OrderConstraint
  | TicketConstraint;

/** A read configuration. `status` is the raw section: lib/status gives it meaning. */
export interface Cib {
  readonly doc: CibDoc;
  readonly propertySets: readonly XmlElement[];
  readonly nodes: readonly NodeConfig[];
  readonly resources: readonly Resource[];
  /** Ids of all templates, and per template the primitives made from it in document order. */
  readonly templates: ReadonlyMap<string, readonly string[]>;
  /** Tag id → referenced ids in document order. */
  readonly tags: ReadonlyMap<string, readonly string[]>;
  readonly constraints: readonly Constraint[];
  /** `meta_attributes` blocks of rsc_defaults and op_defaults. */
  readonly resourceDefaults: readonly XmlElement[];
  readonly operationDefaults: readonly XmlElement[];
  readonly status: XmlElement | undefined;
  /** Element by name and id anywhere in the document; for id-ref. */
  find(name: string, id: string): XmlElement | undefined;
}
