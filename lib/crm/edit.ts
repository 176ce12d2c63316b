/**
 * The working copy of `configure` (HOUSE section 1, crm): base and edited document, and the changes people ask for as
 * functions from one tree to the next. Nothing here reaches a cluster; commit (levels/configure.ts) sends the difference.
 */
import { type CibDoc, cibDoc } from "../cib/document.ts";
import { attr, element, idOf, withAttr, withChildren, type XmlElement } from "../xml/node.ts";
import { RESOURCE_ELEMENTS } from "./language/group.ts";
import { assignIds, collectIds, freeId } from "./language/ids.ts";
import type { ObjectKind } from "./language/kind.ts";
import { parseNvpair } from "./language/nvset.ts";
import { DEFAULT_SET_IDS } from "./language/properties.ts";
import { referencedIds } from "./language/show.ts";
import {
  type Draft,
  isModern as isModernSchema,
  LanguageError,
  type ParseContext,
  type PrintContext,
} from "./language/syntax.ts";
import type { Edit, Message } from "./message.ts";
import {
  appendToSection,
  configurationOf,
  findObject,
  listObjects,
  nodeNames,
  putSection,
  replaceElement,
  schemaOf,
  sectionOf,
} from "./objects.ts";
import { redirectReferences } from "./references.ts";
import type { WorkingCopy } from "./working-copy.ts";

export function editedDoc(copy: WorkingCopy): CibDoc {
  return cibDoc(copy.root);
}

/** The surroundings for parsing in this document. */
export function parseContext(
  root: XmlElement,
  providersOf: (type: string) => readonly string[],
): ParseContext {
  return {
    schema: schemaOf(root),
    nodeNames: nodeNames(root),
    providersOf,
    resolveSet: (name, reference) => resolveSet(root, name, reference),
  };
}

export function printContext(root: XmlElement): PrintContext {
  return {
    schema: schemaOf(root),
    nodeNames: nodeNames(root),
    referenced: referencedIds(configurationOf(root)),
  };
}

/** `$id-ref=` may name a set or an object with exactly one such set. */
function resolveSet(root: XmlElement, name: string, reference: string): string {
  const owner = findObject(root, reference)?.element;
  const sets = owner?.children.filter((c) => c.name === name && attr(c, "id") !== undefined) ?? [];
  return sets.length === 1 && sets[0] !== undefined ? idOf(sets[0]) : reference;
}

/** Adds a new object. @throws LanguageError when the id is in use. */
export function createObject(root: XmlElement, kind: ObjectKind, draft: Draft): Edit {
  const settingsId = DEFAULT_SET_IDS[kind.word];
  if (settingsId !== undefined)
    return { root: mergeSettings(root, kind, draft, settingsId), messages: [] };
  if (kind.word === "fencing_topology") {
    const old = sectionOf(root, "fencing-topology");
    const taken = collectIds(
      configurationOf(old === undefined ? root : replaceElement(root, old, element("x"))),
    );
    return {
      root: putSection(root, assignIds(draft.element, undefined, taken, isModern(root))),
      messages: [],
    };
  }
  const taken = takeIds(root);
  const id = objectId(draft);
  if (taken.has(id) || (kind.word === "node" && nodeNames(root).includes(id))) {
    keepIds(root, taken);
    throw new LanguageError(`${id}: id is already in use`);
  }
  if (draft.members !== undefined) return createContainer(root, kind, draft, taken);
  const made = assignIds(draft.element, undefined, taken, isModern(root));
  return { root: keepIds(appendToSection(root, kind.section, made), taken), messages: [], made };
}

/** The ids in use by document, so that a long script does not collect them again for each of its lines. */
const known = new WeakMap<XmlElement, Set<string>>();

/** All ids of a document. The set becomes the caller's, who adds to it; keepIds hands it on to the next document. */
function takeIds(root: XmlElement): Set<string> {
  const ids = known.get(root);
  known.delete(root);
  return ids ?? collectIds(configurationOf(root));
}

/** `root` together with the set of its ids. */
function keepIds(root: XmlElement, ids: Set<string>): XmlElement {
  known.set(root, ids);
  return root;
}

function isModern(root: XmlElement): boolean {
  return isModernSchema({ schema: schemaOf(root) });
}

function objectId(draft: Draft): string {
  const { element: el } = draft;
  return el.name === "node" ? (attr(el, "uname") ?? "") : idOf(el);
}

/** `property a=b` changes one option of the existing set; the set is made when there is none. */
function mergeSettings(
  root: XmlElement,
  kind: ObjectKind,
  draft: Draft,
  standardId: string,
): XmlElement {
  const section = sectionOf(root, kind.section);
  const sets = section?.children.filter((c) => kind.elements.includes(c.name)) ?? [];
  const given = attr(draft.element, "id");
  const wanted = given ?? standardId;
  const found = sets.find((s) => idOf(s) === wanted) ?? (given === undefined ? sets[0] : undefined);
  const taken = takeIds(root);
  if (found === undefined) {
    const id = given ?? freeId(wanted, taken);
    taken.delete(id);
    const made = assignIds(withAttr(draft.element, "id", id), undefined, taken, isModern(root));
    return appendToSection(root, kind.section, made);
  }
  const added = draft.element.children;
  const kept = found.children.map((old) => {
    const next = added.find((n) => n.name === "nvpair" && attr(n, "name") === attr(old, "name"));
    const value = next === undefined ? undefined : attr(next, "value");
    return value === undefined ? old : withAttr(old, "value", value);
  });
  const names = new Set(found.children.map((c) => attr(c, "name")));
  const fresh = added.filter((n) => n.name !== "nvpair" || !names.has(attr(n, "name")));
  const merged = withChildren(found, [...kept, ...fresh]);
  return replaceElement(root, found, assignIds(merged, found, taken, isModern(root)));
}

/** Takes the members out of where they stand; what is missing is told and left out. */
function takeMembers(
  root: XmlElement,
  owner: string,
  members: readonly string[],
): { root: XmlElement; taken: readonly XmlElement[]; messages: readonly Message[] } {
  const messages: Message[] = [];
  const taken: XmlElement[] = [];
  let left = root;
  for (const id of members) {
    const found = findObject(left, id);
    if (found === undefined || !RESOURCE_ELEMENTS.has(found.element.name)) {
      messages.push({ level: "error", text: `object ${id} does not exist` });
    } else if (found.container !== undefined && idOf(found.container) !== owner) {
      throw new LanguageError(`${id} is already in ${idOf(found.container)}; take it out first`);
    } else {
      taken.push(found.element);
      left = replaceElement(left, found.element, undefined);
    }
  }
  return { root: left, taken, messages };
}

function createContainer(root: XmlElement, kind: ObjectKind, draft: Draft, ids: Set<string>): Edit {
  const id = idOf(draft.element);
  const moved = takeMembers(root, id, draft.members ?? []);
  const made = assignIds(draft.element, undefined, ids, isModern(root));
  const whole = withChildren(made, [...made.children, ...moved.taken]);
  let next = appendToSection(moved.root, kind.section, whole);
  const messages = [...moved.messages];
  for (const member of moved.taken) {
    const redirected = redirectReferences(next, idOf(member), id);
    next = redirected.root;
    messages.push(...redirected.messages);
  }
  return { root: next, messages };
}

/** Exchanges an existing object for what was typed, keeping ids and members that stay. @throws LanguageError */
export function updateObject(root: XmlElement, kind: ObjectKind, draft: Draft): Edit {
  const id = kind.word === "fencing_topology" ? kind.word : objectId(draft);
  const found = listObjects(root).find((o) => o.id === id && o.kind === kind);
  if (found === undefined) return createObject(root, kind, draft);
  const taken = takeIds(root);
  const old = found.element;
  const bare = withChildren(
    old,
    old.children.filter((c) => !RESOURCE_ELEMENTS.has(c.name)),
  );
  const made = assignIds(draft.element, bare, taken, isModern(root));
  if (draft.members === undefined) return { root: replaceElement(root, old, made), messages: [] };
  const inside = old.children.filter((c) => RESOURCE_ELEMENTS.has(c.name));
  const leaving = inside.filter((c) => !draft.members?.includes(idOf(c)));
  const staying = inside.filter((c) => draft.members?.includes(idOf(c)));
  const arriving = draft.members.filter((m) => !inside.some((c) => idOf(c) === m));
  const moved = takeMembers(root, id, arriving);
  const all = [...staying, ...moved.taken];
  const members = draft.members.flatMap((m) => all.filter((c) => idOf(c) === m));
  const whole = withChildren(made, [...made.children, ...members]);
  let next = replaceElement(moved.root, old, whole);
  if (leaving.length > 0) next = appendToSection(next, "resources", ...leaving);
  return { root: next, messages: moved.messages };
}

/** `monitor RSC[:ROLE] INTERVAL[:TIMEOUT]`: one more operation. @throws LanguageError */
export function addMonitor(
  root: XmlElement,
  rsc: string,
  role: string | undefined,
  interval: string,
  timeout: string | undefined,
): XmlElement {
  const found = findObject(root, rsc);
  if (found === undefined) throw new LanguageError(`object ${rsc} does not exist`);
  if (found.element.name !== "primitive" && found.element.name !== "template") {
    throw new LanguageError(`${rsc} is not a primitive; a monitor belongs to one`);
  }
  const operations = found.element.children.find((c) => c.name === "operations");
  const same = operations?.children.some(
    (op) => attr(op, "name") === "monitor" && attr(op, "interval") === interval,
  );
  if (same) throw new LanguageError(`${rsc} already has a monitor op with interval ${interval}`);
  const op = element("op", { role, interval, timeout, name: "monitor" });
  return addOperation(root, found.element, op);
}

/** A copy with one more operation of a primitive or template. */
export function addOperation(root: XmlElement, owner: XmlElement, op: XmlElement): XmlElement {
  const operations = owner.children.find((c) => c.name === "operations");
  const next =
    operations === undefined
      ? withChildren(owner, [...owner.children, element("operations", {}, [op])])
      : replaceElement(owner, operations, withChildren(operations, [...operations.children, op]));
  return replaceElement(root, owner, assignIds(next, owner, takeIds(root)));
}

/** `modgroup ID add RSC [after|before RSC]` and `remove`. @throws LanguageError */
export function modifyGroup(
  root: XmlElement,
  id: string,
  verb: string,
  member: string,
  where?: { readonly side: "after" | "before"; readonly of: string },
): Edit {
  const found = findObject(root, id);
  if (found === undefined) throw new LanguageError(`object ${id} does not exist`);
  if (found.element.name !== "group") throw new LanguageError(`element ${id} is not a group`);
  const inside = found.element.children.find((c) => idOf(c) === member);
  if (verb === "remove") {
    if (inside === undefined) throw new LanguageError(`${member} is not member of ${id}`);
    const smaller = replaceElement(found.element, inside, undefined);
    if (!smaller.children.some((c) => RESOURCE_ELEMENTS.has(c.name))) {
      throw new LanguageError(`${member} is the last member of ${id}; delete the group instead`);
    }
    const next = replaceElement(root, found.element, smaller);
    return { root: appendToSection(next, "resources", inside), messages: [] };
  }
  if (verb !== "add") throw new LanguageError(`modgroup subcommand ${verb} unknown`);
  if (inside !== undefined) throw new LanguageError(`${member} is already in ${id}`);
  const moved = takeMembers(root, id, [member]);
  const added = moved.taken[0];
  if (added === undefined) throw new LanguageError(`object ${member} does not exist`);
  if (added.name !== "primitive") throw new LanguageError(`${member} is not a primitive`);
  const children = found.element.children;
  let at = children.length;
  if (where !== undefined) {
    at = children.findIndex((c) => idOf(c) === where.of);
    if (at < 0) throw new LanguageError(`${where.of} is not member of ${id}`);
    if (where.side === "after") at++;
  }
  const larger = withChildren(found.element, children.toSpliced(at, 0, added));
  return { root: replaceElement(moved.root, found.element, larger), messages: [] };
}

/** Removes everything from the configuration but the nodes; with `nodes`, the nodes only. */
export function erase(root: XmlElement, nodes: boolean): XmlElement {
  const configuration = configurationOf(root);
  const children = configuration.children
    .filter((s) => nodes || s.name !== "fencing-topology")
    .map((s) => ((s.name === "nodes") === nodes ? withChildren(s, []) : s));
  return replaceElement(root, configuration, withChildren(configuration, children));
}

/** Sets one nvpair in a set of an element; the set is made when there is none. `ids` name the parts that are new. */
export function setNvpair(
  owner: XmlElement,
  setName: string,
  name: string,
  value: string,
  ids: { readonly set: string; readonly taken: Set<string> },
): XmlElement {
  const sets = owner.children.filter((c) => c.name === setName);
  const holding = sets.find((s) => s.children.some((c) => attr(c, "name") === name));
  const pair = holding?.children.find((c) => attr(c, "name") === name);
  if (holding !== undefined && pair !== undefined) {
    return replaceElement(owner, pair, withAttr(pair, "value", value));
  }
  const set = sets.find((s) => attr(s, "id-ref") === undefined);
  const base = set ?? element(setName, { id: freeId(ids.set, ids.taken) });
  const id = freeId(`${idOf(base)}-${name}`, ids.taken);
  const made = element("nvpair", new Map([["id", id], ...parseNvpair(`${name}=${value}`).attrs]));
  const larger = withChildren(base, [...base.children, made]);
  if (set !== undefined) return replaceElement(owner, set, larger);
  return withChildren(owner, [...owner.children, larger]);
}

/** Removes one nvpair by name; the set stays, even empty. undefined when there is none. */
export function deleteNvpair(
  owner: XmlElement,
  setName: string,
  name: string,
): { readonly owner: XmlElement; readonly id: string } | undefined {
  for (const set of owner.children.filter((c) => c.name === setName)) {
    const pair = set.children.find((c) => attr(c, "name") === name);
    if (pair !== undefined)
      return { owner: replaceElement(owner, pair, undefined), id: idOf(pair) };
  }
  return undefined;
}

/** The value of one nvpair of an element's sets of this name. */
export function nvpairValue(owner: XmlElement, setName: string, name: string): string | undefined {
  for (const set of owner.children.filter((c) => c.name === setName)) {
    for (const pair of set.children) if (attr(pair, "name") === name) return attr(pair, "value");
  }
  return undefined;
}
