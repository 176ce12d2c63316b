/**
 * Who refers to whom: what happens to constraints, tags, templates and fencing levels when a resource goes, moves into a
 * container or gets another name (spec/crm-commands.md section 4, delete and rename).
 */
import { attr, element, idOf, withAttr, withChildren, type XmlElement } from "../xml/node.ts";
import { RESOURCE_ELEMENTS } from "./language/group.ts";
import { kindOfElement } from "./language/kinds.ts";
import type { Edit, Message } from "./message.ts";
import {
  appendToSection,
  type ConfigObject,
  findObject,
  listObjects,
  mapElements,
  replaceElement,
  sectionOf,
} from "./objects.ts";

/** Attributes of a constraint that name a resource. */
const RESOURCE_ATTRS = ["rsc", "with-rsc", "first", "then"];

function label(constraint: XmlElement): string {
  const kind = kindOfElement(constraint, "constraints");
  return `${kind?.word ?? constraint.name}:${idOf(constraint)}`;
}

function withRenamed(el: XmlElement, from: string, to: string): XmlElement {
  let next = el;
  for (const name of RESOURCE_ATTRS) if (attr(el, name) === from) next = withAttr(next, name, to);
  return mapElements(next, (c) =>
    c.name === "resource_ref" && idOf(c) === from ? withAttr(c, "id", to) : c,
  );
}

/** True for a colocation or order of a resource with itself: what is left when both ends go into one group. */
function namesOneTwice(constraint: XmlElement): boolean {
  const [a, b] = RESOURCE_ATTRS.map((n) => attr(constraint, n)).filter((v) => v !== undefined);
  return a !== undefined && a === b;
}

/** Constraints that named `from` name `to`. */
export function redirectReferences(root: XmlElement, from: string, to: string): Edit {
  const messages: Message[] = [];
  let next = root;
  for (const constraint of sectionOf(root, "constraints")?.children ?? []) {
    const changed = withRenamed(constraint, from, to);
    if (changed === constraint) continue;
    const selfish = namesOneTwice(changed) && !namesOneTwice(constraint);
    next = replaceElement(next, constraint, selfish ? undefined : changed);
    messages.push({
      level: "info",
      text: selfish
        ? `hanging ${label(constraint)} deleted`
        : `resource references in ${label(constraint)} updated`,
    });
  }
  return { root: next, messages };
}

/** `rename`: the object and everything that names it. The caller has checked both ids. */
export function renameObject(root: XmlElement, found: ConfigObject, to: string): Edit {
  const from = found.id;
  const renamed = replaceElement(root, found.element, withAttr(found.element, "id", to));
  const redirected = redirectReferences(renamed, from, to);
  const swap = (list: string) =>
    list
      .split(",")
      .map((d) => (d === from ? to : d))
      .join(",");
  const next = mapElements(redirected.root, (el) => {
    if (el.name === "obj_ref" && idOf(el) === from) return withAttr(el, "id", to);
    if (el.name === "primitive" && attr(el, "template") === from)
      return withAttr(el, "template", to);
    if (el.name === "fencing-level")
      return withAttr(el, "devices", swap(attr(el, "devices") ?? ""));
    if (found.kind.word === "role" && el.name === "role_ref" && idOf(el) === from) {
      return withAttr(el, "id", to);
    }
    return el;
  });
  return { root: next, messages: redirected.messages };
}

/** Constraints lose a resource that is gone: simple ones go, sets get shorter. */
function dropReferences(root: XmlElement, id: string): Edit {
  const messages: Message[] = [];
  let next = root;
  for (const constraint of sectionOf(root, "constraints")?.children ?? []) {
    if (RESOURCE_ATTRS.some((name) => attr(constraint, name) === id)) {
      next = replaceElement(next, constraint, undefined);
      messages.push({ level: "info", text: `hanging ${label(constraint)} deleted` });
      continue;
    }
    const shorter = shortenSets(constraint, id);
    if (shorter === constraint) continue;
    next = replaceElement(next, constraint, shorter);
    messages.push({
      level: "info",
      text:
        shorter === undefined
          ? `hanging ${label(constraint)} deleted`
          : `constraint ${label(constraint)} updated`,
    });
  }
  return { root: dropTagReferences(next, id), messages };
}

function dropTagReferences(root: XmlElement, id: string): XmlElement {
  return mapElements(root, (el) => {
    if (el.name !== "tag" || !el.children.some((c) => idOf(c) === id)) return el;
    const left = el.children.filter((c) => idOf(c) !== id);
    return left.length === 0 ? undefined : withChildren(el, left);
  });
}

/** A constraint without one member of its sets; with two plain members left it becomes the simple form. */
function shortenSets(constraint: XmlElement, id: string): XmlElement | undefined {
  const sets = constraint.children.filter((c) => c.name === "resource_set");
  if (!sets.some((s) => s.children.some((r) => idOf(r) === id))) return constraint;
  const left = constraint.children
    .map((c) =>
      withChildren(
        c,
        c.children.filter((r) => r.name !== "resource_ref" || idOf(r) !== id),
      ),
    )
    .filter((c) => c.name !== "resource_set" || c.children.length > 0);
  const rest = left.filter((c) => c.name === "resource_set");
  const members = rest.flatMap((s) => s.children.map((ref) => ({ set: s, id: idOf(ref) })));
  const least = constraint.name === "rsc_ticket" || constraint.name === "rsc_location" ? 1 : 2;
  if (members.length < least) return undefined;
  const unordered = rest.some((s) => s.children.length > 1 && attr(s, "sequential") === "false");
  if (members.length > least || unordered) return withChildren(constraint, left);
  return simpleForm(
    constraint,
    left.filter((c) => c.name !== "resource_set"),
    members,
  );
}

function simpleForm(
  constraint: XmlElement,
  others: readonly XmlElement[],
  members: readonly { readonly set: XmlElement; readonly id: string }[],
): XmlElement {
  const attrs = new Map(constraint.attrs);
  const order = constraint.name === "rsc_order";
  const prefixes = order ? ["first", "then"] : ["rsc", "with-rsc"];
  for (const [index, member] of members.entries()) {
    const prefix = prefixes[index] ?? "rsc";
    const suffix = attr(member.set, order ? "action" : "role");
    attrs.set(prefix, member.id);
    if (suffix !== undefined) attrs.set(`${prefix}-${order ? "action" : "role"}`, suffix);
  }
  return element(constraint.name, attrs, others);
}

/** Removes one object with all that hangs on it. Ids that a former deletion took with it are no error. */
function deleteOne(root: XmlElement, found: ConfigObject): Edit {
  const { element: el, id, kind } = found;
  if (kind.word === "fencing_topology") {
    return { root: replaceElement(root, el, undefined), messages: [] };
  }
  if (kind.section !== "resources") {
    return { root: dropTagReferences(replaceElement(root, el, undefined), id), messages: [] };
  }
  if (kind.word === "rsc_template") return deleteTemplate(root, found);
  const members = el.children.filter((c) => RESOURCE_ELEMENTS.has(c.name));
  let next = replaceElement(root, el, undefined);
  const messages: Message[] = [];
  const first = members[0];
  if (first !== undefined) {
    // A deleted container sets its members free; constraints that named it name the first of them.
    next = appendToSection(next, "resources", ...members);
    const moved = redirectSimple(next, id, idOf(first));
    next = moved.root;
    messages.push(...moved.messages);
  }
  const dropped = dropReferences(next, id);
  next = dropped.root;
  messages.push(...dropped.messages);
  const emptied =
    found.container === undefined ? undefined : findObject(next, idOf(found.container));
  if (
    emptied !== undefined &&
    !emptied.element.children.some((c) => RESOURCE_ELEMENTS.has(c.name))
  ) {
    const above = deleteOne(next, emptied);
    return { root: above.root, messages: [...messages, ...above.messages] };
  }
  return { root: next, messages };
}

/** Like redirectReferences, but sets are left to dropReferences. */
function redirectSimple(root: XmlElement, from: string, to: string): Edit {
  const simple = sectionOf(root, "constraints")?.children.filter((c) =>
    RESOURCE_ATTRS.some((name) => attr(c, name) === from),
  );
  const messages: Message[] = [];
  let next = root;
  for (const constraint of simple ?? []) {
    next = replaceElement(next, constraint, withRenamed(constraint, from, to));
    messages.push({ level: "info", text: `resource references in ${label(constraint)} updated` });
  }
  return { root: next, messages };
}

function deleteTemplate(root: XmlElement, found: ConfigObject): Edit {
  let next = root;
  const messages: Message[] = [];
  for (const user of listObjects(root)) {
    if (attr(user.element, "template") !== found.id) continue;
    messages.push({ level: "info", text: `hanging ${user.kind.word}:${user.id} deleted` });
    const now = findObject(next, user.id);
    if (now === undefined) continue;
    const gone = deleteOne(next, now);
    next = gone.root;
    messages.push(...gone.messages);
  }
  const dropped = dropReferences(replaceElement(next, found.element, undefined), found.id);
  return { root: dropped.root, messages: [...messages, ...dropped.messages] };
}

/** `delete ID …`: `ok` is false when some id names nothing; the others are deleted all the same. */
export function deleteObjects(
  root: XmlElement,
  ids: readonly string[],
): Edit & { readonly ok: boolean } {
  let next = root;
  let ok = true;
  const messages: Message[] = [];
  const known = new Set(listObjects(root).map((o) => o.id));
  for (const id of ids) {
    const found = findObject(next, id);
    if (found === undefined) {
      if (known.has(id)) continue;
      ok = false;
      messages.push({ level: "error", text: `object ${id} does not exist` });
      continue;
    }
    const change = deleteOne(next, found);
    next = change.root;
    messages.push(...change.messages);
  }
  return { root: next, messages, ok };
}
