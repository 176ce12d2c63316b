/**
 * The difference of two trees as a list of changes (spec/outputs-and-tools.md D2.1). Shared subtrees (===) are skipped,
 * so the difference of two versions of a CIB costs what was changed. lib/xml/patch.ts turns it into a patchset.
 */
import { COMMENT, element, type XmlElement } from "./node.ts";
import { stepText } from "./path.ts";

/** An attribute that was set (value) or removed (undefined). */
export interface AttrChange {
  readonly name: string;
  readonly value: string | undefined;
}

/** Paths are those of pathText; `create` names the parent, the others the element itself. */
export type Change =
  | { readonly kind: "delete"; readonly path: string; readonly position?: number }
  | {
      readonly kind: "create";
      readonly path: string;
      readonly position: number;
      readonly element: XmlElement;
    }
  | { readonly kind: "move"; readonly path: string; readonly position: number }
  | {
      readonly kind: "modify";
      readonly path: string;
      readonly attrs: readonly AttrChange[];
      /** The element without children, as it is afterwards. */
      readonly result: XmlElement;
    };

/** `attrOrder: false`: an attribute that only changed its place is no difference. Default true. */
export interface DiffOptions {
  readonly attrOrder?: boolean;
}

/** Same name, attributes in the same order, text and children. */
export function sameXml(a: XmlElement, b: XmlElement): boolean {
  if (a === b) return true;
  if (a.name !== b.name || a.text !== b.text || a.children.length !== b.children.length) {
    return false;
  }
  return sameAttrs(a, b) && a.children.every((child, i) => sameXml(child, b.children[i]!));
}

function sameAttrs(a: XmlElement, b: XmlElement): boolean {
  if (a.attrs === b.attrs) return true;
  if (a.attrs.size !== b.attrs.size) return false;
  const others = b.attrs.entries();
  for (const [name, value] of a.attrs) {
    const [otherName, otherValue] = others.next().value!;
    if (name !== otherName || value !== otherValue) return false;
  }
  return true;
}

/**
 * Changes that lead from `before` to `after`: all deletions first, then creations, modifications and moves in the order
 * of `after`. Both roots must have the same name.
 */
export function diffXml(
  before: XmlElement,
  after: XmlElement,
  options: DiffOptions = {},
): readonly Change[] {
  const path = `/${stepText(after)}`;
  const deletions: Change[] = [];
  collectDeletions(before, after, path, deletions);
  const others: Change[] = [];
  compare(before, after, path, options.attrOrder !== false, others);
  return [...deletions, ...others];
}

/** Deletions in the order of the old document. */
function collectDeletions(
  before: XmlElement,
  after: XmlElement,
  path: string,
  deletions: Change[],
): void {
  if (before === after || before.children === after.children) return;
  const pairs = pairChildren(before, after);
  const successors = new Map([...pairs].map(([next, old]) => [old, next] as const));
  let deleted = 0;
  before.children.forEach((child, index) => {
    const childPath = `${path}/${stepText(child)}`;
    const successor = successors.get(index);
    if (successor !== undefined) {
      collectDeletions(child, after.children[successor]!, childPath, deletions);
      return;
    }
    // A comment has no id: its position tells which, counted without the ones deleted before it.
    const isComment = child.name === COMMENT;
    deletions.push({
      kind: "delete",
      path: childPath,
      ...(isComment ? { position: index - deleted } : {}),
    });
    deleted++;
  });
}

/** Creations, modifications and moves in the order of the new document. */
function compare(
  before: XmlElement,
  after: XmlElement,
  path: string,
  attrOrder: boolean,
  found: Change[],
): void {
  if (before === after) return;
  const attrs = attrChanges(before, after, attrOrder);
  if (attrs.length > 0) {
    found.push({ kind: "modify", path, attrs, result: element(after.name, after.attrs) });
  }
  if (before.children === after.children) return;
  const pairs = pairChildren(before, after);
  const oldOffsets = offsets(before.children, new Set(pairs.values()));
  let newOffset = 0;
  after.children.forEach((child, position) => {
    const partner = pairs.get(position);
    if (partner === undefined) {
      found.push({ kind: "create", path, position, element: child });
      return;
    }
    const childPath = `${path}/${stepText(child)}`;
    compare(before.children[partner]!, child, childPath, attrOrder, found);
    if (oldOffsets.get(partner) !== newOffset) {
      found.push({ kind: "move", path: childPath, position });
    }
    newOffset++;
  });
}

/** Positions among the children that stay. */
function offsets(
  children: readonly XmlElement[],
  kept: ReadonlySet<number>,
): ReadonlyMap<number, number> {
  const result = new Map<number, number>();
  children.forEach((_, index) => {
    if (kept.has(index)) result.set(index, result.size);
  });
  return result;
}

/**
 * Position in `after` → position in `before` of the child it continues: same name and id; without id, the same name in
 * the same order; comments must be equal and at the same position.
 */
export function pairChildren(before: XmlElement, after: XmlElement): ReadonlyMap<number, number> {
  const waiting = new Map<string, number[]>();
  before.children.forEach((child, index) => {
    const key = pairingKey(child, index);
    const list = waiting.get(key);
    if (list === undefined) waiting.set(key, [index]);
    else list.push(index);
  });
  const pairs = new Map<number, number>();
  after.children.forEach((child, index) => {
    const partner = waiting.get(pairingKey(child, index))?.shift();
    if (partner !== undefined) pairs.set(index, partner);
  });
  return pairs;
}

function pairingKey(child: XmlElement, index: number): string {
  if (child.name === COMMENT) return `!${index} ${child.text ?? ""}`;
  const id = child.attrs.get("id") ?? child.attrs.get("id-ref");
  return id === undefined ? child.name : `${child.name} ${id}`;
}

/** Attributes that are new, have another value or stand at another place, then those that are gone. */
function attrChanges(
  before: XmlElement,
  after: XmlElement,
  ordered: boolean,
): readonly AttrChange[] {
  if (before.attrs === after.attrs) return [];
  const places = new Map([...before.attrs.keys()].map((name, index) => [name, index] as const));
  const changes: AttrChange[] = [];
  let index = 0;
  for (const [name, value] of after.attrs) {
    if (before.attrs.get(name) !== value || (ordered && places.get(name) !== index)) {
      changes.push({ name, value });
    }
    index++;
  }
  for (const name of before.attrs.keys()) {
    if (!after.attrs.has(name)) changes.push({ name, value: undefined });
  }
  return changes;
}
