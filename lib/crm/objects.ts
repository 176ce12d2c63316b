/**
 * The configuration as a list of objects: what `show` lists, what an id means, and how one object is exchanged for another
 * in the immutable tree. Elements are found by identity; a change copies only the path from the root.
 */
import { attr, child, element, idOf, withChildren, type XmlElement } from "../xml/node.ts";
import { TOPOLOGY_ID } from "./language/fencing.ts";
import { RESOURCE_ELEMENTS } from "./language/group.ts";
import type { ObjectKind, SectionName } from "./language/kind.ts";
import { kindOfElement, kinds } from "./language/kinds.ts";

/** One object with its place. */
export interface ConfigObject {
  readonly id: string;
  readonly kind: ObjectKind;
  readonly element: XmlElement;
  /** The group, clone or ms it stands in. */
  readonly container: XmlElement | undefined;
}

/** Sections in the order in which new ones are put into the configuration. */
const SECTION_ORDER: readonly SectionName[] = [
  "crm_config",
  "nodes",
  "resources",
  "constraints",
  "rsc_defaults",
  "op_defaults",
  "fencing-topology",
  "acls",
  "tags",
  "alerts",
];

/** `<configuration>`; an empty one when the document has none. */
export function configurationOf(root: XmlElement): XmlElement {
  return child(root, "configuration") ?? element("configuration");
}

export function sectionOf(root: XmlElement, name: SectionName): XmlElement | undefined {
  return child(configurationOf(root), name);
}

/** The id by which people name an object: a node's name, the topology's word, else the element's id. */
function nameOf(el: XmlElement): string {
  if (el.name === "node") return attr(el, "uname") ?? idOf(el);
  return el.name === "fencing-topology" ? TOPOLOGY_ID : idOf(el);
}

/** Lists by document: trees never change, so a list stays true. */
const lists = new WeakMap<XmlElement, readonly ConfigObject[]>();

/** All objects, in document order; members follow their container. */
export function listObjects(root: XmlElement): readonly ConfigObject[] {
  const known = lists.get(root);
  if (known !== undefined) return known;
  const found: ConfigObject[] = [];
  lists.set(root, found);
  const add = (el: XmlElement, section: string, container: XmlElement | undefined) => {
    const kind = kindOfElement(el, section);
    if (kind !== undefined) found.push({ id: nameOf(el), kind, element: el, container });
    if (section !== "resources") return;
    for (const c of el.children) if (RESOURCE_ELEMENTS.has(c.name)) add(c, section, el);
  };
  for (const section of configurationOf(root).children) {
    if (section.name === "fencing-topology") {
      if (section.children.length > 0) add(section, section.name, undefined);
    } else for (const el of section.children) add(el, section.name, undefined);
  }
  return found;
}

/** Objects by id, the first where several have one id (a node and a resource of its name). */
const indexes = new WeakMap<XmlElement, ReadonlyMap<string, ConfigObject>>();

export function findObject(root: XmlElement, id: string): ConfigObject | undefined {
  let index = indexes.get(root);
  if (index === undefined) {
    index = new Map(
      listObjects(root)
        .toReversed()
        .map((o) => [o.id, o]),
    );
    indexes.set(root, index);
  }
  return index.get(id);
}

/** Objects as `show` lists them: by kind, then by id (or as they stand when `sorted` is false). */
export function orderObjects(
  objects: readonly ConfigObject[],
  sorted: boolean,
): readonly ConfigObject[] {
  return kinds.flatMap((kind) => {
    const some = objects.filter((o) => o.kind === kind);
    return sorted ? some.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)) : some;
  });
}

/** A copy of `root` in which the element `before` (found by identity) is `after`, or gone. */
export function replaceElement(
  root: XmlElement,
  before: XmlElement,
  after: XmlElement | undefined,
): XmlElement {
  if (root === before) return after ?? root;
  let changed = false;
  const children: XmlElement[] = [];
  for (const c of root.children) {
    if (c === before) {
      changed = true;
      if (after !== undefined) children.push(after);
      continue;
    }
    const next = changed ? c : replaceElement(c, before, after);
    if (next !== c) changed = true;
    children.push(next);
  }
  return changed ? withChildren(root, children) : root;
}

/** A copy of `root` with `added` at the end of a section, which is made when there is none. */
export function appendToSection(
  root: XmlElement,
  name: SectionName,
  ...added: readonly XmlElement[]
): XmlElement {
  const section = sectionOf(root, name);
  if (section !== undefined) {
    return replaceElement(root, section, withChildren(section, [...section.children, ...added]));
  }
  return putSection(root, element(name, {}, added));
}

/** A copy of `root` with a whole section put in its place. */
export function putSection(root: XmlElement, section: XmlElement): XmlElement {
  const configuration = configurationOf(root);
  const existing = child(configuration, section.name);
  if (existing !== undefined) return replaceElement(root, existing, section);
  const rank = (name: string) => SECTION_ORDER.indexOf(name as SectionName);
  const before = configuration.children.filter(
    (c) => rank(c.name) >= 0 && rank(c.name) < rank(section.name),
  );
  const last = before.at(-1);
  const at = last === undefined ? 0 : configuration.children.indexOf(last) + 1;
  const children = configuration.children.toSpliced(at, 0, section);
  const next = withChildren(configuration, children);
  if (child(root, "configuration") === undefined)
    return withChildren(root, [next, ...root.children]);
  return replaceElement(root, configuration, next);
}

/** A copy in which `change` was applied to every element below `root` of one of these names; undefined removes it. */
export function mapElements(
  root: XmlElement,
  change: (el: XmlElement) => XmlElement | undefined,
): XmlElement {
  let changed = false;
  const children: XmlElement[] = [];
  for (const c of root.children) {
    const own = change(c);
    const next = own === undefined ? undefined : mapElements(own, change);
    if (next !== c) changed = true;
    if (next !== undefined) children.push(next);
  }
  return changed ? withChildren(root, children) : root;
}

/** The entries of the cluster's nodes, in document order. */
export function nodeElements(root: XmlElement): readonly XmlElement[] {
  return (sectionOf(root, "nodes")?.children ?? []).filter((el) => el.name === "node");
}

/** Names of the cluster's nodes, in document order. */
export function nodeNames(root: XmlElement): readonly string[] {
  return nodeElements(root).map(nameOf);
}

/** Number of `validate-with` with two places behind the point (pacemaker-3.9 → 3.09); none or unknown counts as the newest. */
export function schemaOf(root: XmlElement): number {
  const number = /^pacemaker-(\d+)\.(\d+)/.exec(attr(root, "validate-with") ?? "");
  return number === null ? 99 : Number(number[1]) + Number(number[2]) / 100;
}
