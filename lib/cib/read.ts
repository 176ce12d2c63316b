/**
 * CIB XML → typed model (lib/cib/model.ts): templates expanded, references resolved, nothing decided.
 * Followed: spec/scheduler-1 section A.7 (templates, operations), A.1 (sections).
 */
import { attr, child, childrenOf, element, idOf, type XmlElement } from "../xml/node.ts";
import type { CibDoc } from "./document.ts";
import { section } from "./document.ts";
import type {
  Bundle,
  Cib,
  Clone,
  Constraint,
  Group,
  NodeConfig,
  Primitive,
  Resource,
  ResourceSet,
} from "./model.ts";

type Find = (name: string, id: string) => XmlElement | undefined;

/** An index over the whole document made at first use: most CIBs have no reference at all. */
function lazyIndex(root: XmlElement): Find {
  let index: Map<string, XmlElement> | undefined;
  const fill = (node: XmlElement, into: Map<string, XmlElement>): void => {
    const id = attr(node, "id");
    if (id !== undefined) {
      const key = `${node.name} ${id}`;
      if (!into.has(key)) into.set(key, node);
    }
    for (const c of node.children) fill(c, into);
  };
  return (name, id) => {
    if (index === undefined) {
      index = new Map();
      fill(root, index);
    }
    return index.get(`${name} ${id}`);
  };
}

/** First element of this name anywhere below, document order. */
function findFirst(node: XmlElement, name: string): XmlElement | undefined {
  for (const c of node.children) {
    if (c.name === name) return c;
    const below = findFirst(c, name);
    if (below !== undefined) return below;
  }
  return undefined;
}

/** Follows an element's id-ref to the element of the same name. */
function resolve(node: XmlElement, find: Find): XmlElement | undefined {
  const reference = attr(node, "id-ref");
  return reference === undefined ? node : find(node.name, reference);
}

/** Roles fall into three classes when a template's operation meets the primitive's. */
function roleClass(op: XmlElement): string {
  const role = attr(op, "role") ?? "Started";
  return role === "Slave" || role === "Unpromoted" ? "Started" : role;
}

function operationsOf(resource: XmlElement, find: Find): XmlElement | undefined {
  const own = child(resource, "operations");
  return own === undefined ? undefined : resolve(own, find);
}

/** Template content with the primitive's own content after it; undefined when the template is missing. */
function expandTemplate(
  xml: XmlElement,
  template: XmlElement | undefined,
  find: Find,
): XmlElement | undefined {
  if (template === undefined) return undefined;
  const own = operationsOf(xml, find);
  const inherited = operationsOf(template, find);
  const children: XmlElement[] = [];
  for (const c of template.children) if (c.name !== "operations") children.push(c);
  for (const c of xml.children) if (c.name !== "operations") children.push(c);
  if (own === undefined) {
    if (inherited !== undefined) children.push(inherited);
  } else {
    const taken = new Set(own.children.map((op) => `${attr(op, "name")} ${roleClass(op)}`));
    const rest = (inherited?.children ?? []).filter(
      (op) => !taken.has(`${attr(op, "name")} ${roleClass(op)}`),
    );
    children.push(element("operations", own.attrs, [...own.children, ...rest]));
  }
  const attrs = new Map(template.attrs);
  attrs.set("id", idOf(xml));
  return element("primitive", attrs, children);
}

function blocks(xml: XmlElement) {
  return {
    meta: childrenOf(xml, "meta_attributes"),
    parameters: childrenOf(xml, "instance_attributes"),
    utilization: childrenOf(xml, "utilization"),
  };
}

interface ReadContext {
  readonly find: Find;
  readonly templateXml: Map<string, XmlElement>;
  readonly templates: Map<string, string[]>;
}

/** Reads one primitive element that needs no template; also for primitives that the status implies. */
export function readPrimitive(
  xml: XmlElement,
  template: string | undefined = undefined,
  find: Find = () => undefined,
): Primitive {
  const operations = operationsOf(xml, find);
  return {
    kind: "primitive",
    id: idOf(xml),
    xml,
    ...blocks(xml),
    standard: attr(xml, "class") ?? "",
    provider: attr(xml, "provider"),
    agent: attr(xml, "type") ?? "",
    operations: operations === undefined ? [] : childrenOf(operations, "op"),
    template,
  };
}

function readPrimitiveOrTemplate(xml: XmlElement, context: ReadContext): Primitive | undefined {
  const template = attr(xml, "template");
  if (template === undefined) return readPrimitive(xml, undefined, context.find);
  if (template === idOf(xml)) return undefined;
  const expanded = expandTemplate(xml, context.templateXml.get(template), context.find);
  if (expanded === undefined) return undefined;
  context.templates.get(template)?.push(idOf(xml));
  return readPrimitive(expanded, template, context.find);
}

function readGroup(xml: XmlElement, context: ReadContext): Group {
  const members: Primitive[] = [];
  for (const c of childrenOf(xml, "primitive")) {
    const member = idOf(c) === "" ? undefined : readPrimitiveOrTemplate(c, context);
    if (member !== undefined) members.push(member);
  }
  return { kind: "group", id: idOf(xml), xml, ...blocks(xml), members };
}

function readClone(xml: XmlElement, context: ReadContext): Clone {
  const inner = xml.children.find((c) => c.name === "primitive" || c.name === "group");
  let content: Primitive | Group | undefined;
  if (inner !== undefined) {
    content =
      inner.name === "group" ? readGroup(inner, context) : readPrimitiveOrTemplate(inner, context);
  }
  const isMaster = xml.name === "master";
  return { kind: "clone", id: idOf(xml), xml, ...blocks(xml), isMaster, child: content };
}

function readBundle(xml: XmlElement, context: ReadContext): Bundle {
  const inner = child(xml, "primitive");
  const content = inner === undefined ? undefined : readPrimitiveOrTemplate(inner, context);
  return { kind: "bundle", id: idOf(xml), xml, ...blocks(xml), child: content };
}

function readResource(xml: XmlElement, context: ReadContext): Resource | undefined {
  if (idOf(xml) === "") return undefined;
  switch (xml.name) {
    case "primitive":
      return readPrimitiveOrTemplate(xml, context);
    case "group":
      return readGroup(xml, context);
    case "clone":
    case "master":
      return readClone(xml, context);
    case "bundle":
      return readBundle(xml, context);
    default:
      return undefined;
  }
}

function readSets(xml: XmlElement, find: Find): ResourceSet[] {
  const sets: ResourceSet[] = [];
  for (const c of childrenOf(xml, "resource_set")) {
    const set = resolve(c, find);
    if (set === undefined) continue;
    sets.push({
      xml: set,
      id: idOf(set),
      members: childrenOf(set, "resource_ref").map(idOf),
    });
  }
  return sets;
}

/** The rules of a location, an older `lifetime` wrapper excluded (the schema upgrade folds it). */
function readConstraint(xml: XmlElement, find: Find): Constraint | undefined {
  const base = { id: idOf(xml), xml, sets: readSets(xml, find) };
  switch (xml.name) {
    case "rsc_location": {
      const rule = child(xml, "rule");
      return {
        kind: "location",
        ...base,
        resource: attr(xml, "rsc"),
        pattern: attr(xml, "rsc-pattern"),
        rule: rule === undefined ? undefined : resolve(rule, find),
      };
    }
    case "rsc_colocation":
      return {
        kind: "colocation",
        ...base,
        dependent: attr(xml, "rsc"),
        primary: attr(xml, "with-rsc"),
      };
    case "rsc_order":
      return { kind: "order", ...base, first: attr(xml, "first"), then: attr(xml, "then") };
    case "rsc_ticket":
      return {
        kind: "ticket",
        ...base,
        ticket: attr(xml, "ticket"),
        resource: attr(xml, "rsc"),
      };
    default:
      return undefined;
  }
}

function readNodes(xml: XmlElement | undefined): NodeConfig[] {
  const nodes: NodeConfig[] = [];
  for (const c of xml === undefined ? [] : childrenOf(xml, "node")) {
    const type = attr(c, "type") ?? "member";
    if (type !== "member" && type !== "remote") break;
    if (idOf(c) === "") continue;
    nodes.push({
      xml: c,
      id: idOf(c),
      name: attr(c, "uname") ?? idOf(c),
      type,
      score: attr(c, "score"),
    });
  }
  return nodes;
}

function defaultsOf(root: XmlElement, name: string): readonly XmlElement[] {
  const found = findFirst(root, name);
  return found === undefined ? [] : childrenOf(found, "meta_attributes");
}

/** Reads a document that the schema upgrade has brought to the current form (lib/cib/upgrade.ts). */
export function readCib(doc: CibDoc): Cib {
  const find = lazyIndex(doc.root);
  const resourcesXml = section(doc, "resources");
  const context: ReadContext = { find, templateXml: new Map(), templates: new Map() };
  for (const c of resourcesXml === undefined ? [] : childrenOf(resourcesXml, "template")) {
    context.templateXml.set(idOf(c), c);
    context.templates.set(idOf(c), []);
  }
  const resources: Resource[] = [];
  for (const c of resourcesXml?.children ?? []) {
    const resource = readResource(c, context);
    if (resource !== undefined) resources.push(resource);
  }
  const tags = new Map<string, readonly string[]>();
  const tagsXml = section(doc, "tags");
  for (const tag of tagsXml === undefined ? [] : childrenOf(tagsXml, "tag")) {
    tags.set(idOf(tag), childrenOf(tag, "obj_ref").map(idOf));
  }
  const constraints: Constraint[] = [];
  for (const c of section(doc, "constraints")?.children ?? []) {
    const constraint = readConstraint(c, find);
    if (constraint !== undefined) constraints.push(constraint);
  }
  const crmConfig = section(doc, "crm_config");
  return {
    doc,
    propertySets: crmConfig === undefined ? [] : childrenOf(crmConfig, "cluster_property_set"),
    nodes: readNodes(section(doc, "nodes")),
    resources,
    templates: context.templates,
    tags,
    constraints,
    resourceDefaults: defaultsOf(doc.root, "rsc_defaults"),
    operationDefaults: defaultsOf(doc.root, "op_defaults"),
    status: section(doc, "status"),
    find,
  };
}
