/**
 * The writing operations of a CIB on its root element: create, modify, replace, delete, erase, bump, patch, upgrade
 * (spec/outputs-and-tools.md D1.3). They return the edited root and leave versions and checks to operations.ts.
 */
import { isRejection } from "../base/error.ts";
import { Errno, Rc, resultText } from "../base/result-code.ts";
import { addScores, INFINITY, parseScore, scoreText } from "../base/score.ts";
import { versionedDigest } from "../xml/digest.ts";
import {
  attr,
  child,
  element,
  withAppended,
  withAttr,
  withChildren,
  type XmlElement,
} from "../xml/node.ts";
import { applyPatchset } from "../xml/patch.ts";
import { type Cursor, findCursor, replaceAll, replaceAt } from "../xml/path.ts";
import { sectionPaths } from "./elements.ts";
import { emptyCib } from "./empty.ts";
import { sectionCursor, sectionOf, selectElements } from "./query.ts";
import {
  CallOption,
  type CibContext,
  type CibRejection,
  type CibRequest,
  type EditResult,
  hasOption,
  refuse,
} from "./request.ts";
import { OUR_SCHEMA, schemaOf } from "./schema.ts";
import { upgradeRoot } from "./upgrade.ts";

type Result = EditResult | CibRejection;

function isWhole(request: CibRequest): boolean {
  const { section } = request;
  return section === undefined || section === "" || section === "all" || section === "cib";
}

/** The data of a request, or why there is none. */
function dataOf(request: CibRequest): XmlElement | CibRejection {
  const { data, section } = request;
  if (data === undefined) return refuse(Errno.EINVAL, `${request.op} needs data`);
  if (isWhole(request) || hasOption(request, CallOption.xpath)) return data;
  return sectionOf(data, section ?? "") ?? refuse(Errno.ENXIO, section);
}

/** The section's cursor; a section that is allowed but missing is made first. */
function openSection(root: XmlElement, section: string | undefined): Cursor | CibRejection {
  const found = sectionCursor(root, section);
  if (found !== undefined) return found;
  const path = sectionPaths().get(section ?? "");
  if (path === undefined) return refuse(Errno.ENXIO, section);
  const grown = grow(root, path);
  return sectionCursor(grown, section) ?? refuse(Errno.ENXIO, section);
}

function grow(node: XmlElement, path: readonly string[]): XmlElement {
  const [name, ...rest] = path;
  if (name === undefined) return node;
  const existing = child(node, name);
  if (existing === undefined) return withAppended(node, grow(element(name), rest));
  const children = node.children.map((c) => (c === existing ? grow(c, rest) : c));
  return withChildren(node, children);
}

/** Same kind and same id; elements without id match each other. */
function isSameObject(a: XmlElement, b: XmlElement): boolean {
  return a.name === b.name && attr(a, "id") === attr(b, "id");
}

/** The first place that a request's XPath leads to, or with the option for it all of them. */
function matchesOf(root: XmlElement, request: CibRequest): readonly Cursor[] | CibRejection {
  const found = selectElements(root, request.section ?? "/cib");
  if (isRejection(found)) return found;
  return hasOption(request, CallOption.multiple) ? found : found.slice(0, 1);
}

/** cib_create. */
export function create(root: XmlElement, request: CibRequest): Result {
  const data = dataOf(request);
  if (isRejection(data)) return data;
  if (hasOption(request, CallOption.xpath)) {
    const found = selectElements(root, request.section ?? "/cib");
    if (isRejection(found)) return found;
    const [first] = found;
    if (first === undefined) return refuse(Errno.ENXIO, request.section);
    return edited(replaceAt(first, withAppended(first.node, data)));
  }
  // Nothing says where a new element would belong; only what exists can be extended.
  if (isWhole(request)) return modify(root, { ...request, options: 0 });
  const section = openSection(root, request.section);
  if (isRejection(section)) return section;
  const additions = data.name === section.node.name ? data.children : [data];
  let target = section.node;
  const failed: XmlElement[] = [];
  for (const addition of additions) {
    const exists = target.children.some(
      (c) => attr(addition, "id") !== undefined && isSameObject(c, addition),
    );
    if (exists) failed.push(failedUpdate(addition, request.op, Errno.EEXIST));
    else target = withAppended(target, addition);
  }
  if (failed.length > 0) {
    return refuse(Errno.EEXIST, attr(failed[0]!, "id"), element("failed", {}, failed));
  }
  return edited(replaceAt(section, target));
}

function failedUpdate(data: XmlElement, operation: string, rc: number): XmlElement {
  return element(
    "failed_update",
    {
      id: attr(data, "id"),
      "object-type": data.name,
      operation,
      reason: resultText(rc),
    },
    [data],
  );
}

/** cib_modify. */
export function modify(root: XmlElement, request: CibRequest): Result {
  const data = dataOf(request);
  if (isRejection(data)) return data;
  if (hasOption(request, CallOption.xpath)) {
    const found = matchesOf(root, request);
    if (isRejection(found)) return found;
    if (found.length === 0) return refuse(Errno.ENXIO, request.section);
    const edits = new Map<XmlElement, XmlElement>();
    for (const at of found) {
      // The path says where to look, the data says for what: the place itself or something below.
      const target = findCursor(at, (node) => isSameObject(node, data));
      if (target === undefined) return refuse(Errno.ENXIO, attr(data, "id") ?? data.name);
      edits.set(target.node, merge(target.node, data));
    }
    return edited(replaceAll(root, edits));
  }
  const section = openSection(root, request.section);
  if (isRejection(section)) return section;
  const target = findCursor(section, (node) => isSameObject(node, data));
  if (target !== undefined) return edited(replaceAt(target, merge(target.node, data)));
  if (!hasOption(request, CallOption.canCreate)) {
    return refuse(Errno.ENXIO, attr(data, "id") ?? data.name);
  }
  return edited(replaceAt(section, withAppended(section.node, data)));
}

/** Attributes of `update` overwrite, children are merged by kind and id, new ones go to the end. */
export function merge(target: XmlElement, update: XmlElement): XmlElement {
  let result = target;
  for (const [name, value] of update.attrs) {
    result = withAttr(result, name, expandScore(attr(target, name), name, value));
  }
  if (update.children.length === 0) return result;
  const children = [...result.children];
  let changed = false;
  for (const c of update.children) {
    const at = children.findIndex(
      (existing) => isSameObject(existing, c) && attr(existing, "id-ref") === attr(c, "id-ref"),
    );
    const existing = children[at];
    const next = existing === undefined ? c : merge(existing, c);
    if (next === existing) continue;
    changed = true;
    if (existing === undefined) children.push(next);
    else children[at] = next;
  }
  return changed ? withChildren(result, children) : result;
}

/** `name++` and `name+=N`: arithmetic on a value that exists, literal text otherwise. */
export function expandScore(old: string | undefined, name: string, value: string): string {
  if (old === undefined || !value.startsWith(name)) return value;
  const rest = value.slice(name.length);
  const step = rest === "++" ? 1 : rest.startsWith("+=") ? scoreOrZero(rest.slice(2)) : undefined;
  if (step === undefined) return value;
  const sum = addScores(scoreOrZero(old), step);
  return scoreText(Math.max(-INFINITY, Math.min(INFINITY, sum)));
}

function scoreOrZero(text: string): number {
  return parseScore(text) ?? 0;
}

/** cib_replace. */
export function replace(root: XmlElement, request: CibRequest): Result {
  const data = dataOf(request);
  if (isRejection(data)) return data;
  if (hasOption(request, CallOption.xpath)) {
    const found = matchesOf(root, request);
    if (isRejection(found)) return found;
    if (found.length === 0) return refuse(Errno.ENXIO, request.section);
    return edited(replaceAll(root, new Map(found.map((c) => [c.node, data] as const))));
  }
  if (isWhole(request) && data.name === "cib") return replaceWhole(root, data);
  const section = data.name === request.section ? openSection(root, request.section) : undefined;
  if (isRejection(section)) return section;
  const scope = section ?? sectionCursor(root, request.section);
  if (scope === undefined) return refuse(Errno.ENXIO, request.section);
  const target = section ?? findCursor(scope, (node) => isSameObject(node, data));
  if (target === undefined) return refuse(Errno.ENXIO, attr(data, "id") ?? data.name);
  return edited(replaceAt(target, data));
}

/**
 * The input's version is checked by operations.ts. Differs: an input without status keeps the current one, since losing
 * the history of all nodes is never what somebody wants who replaces a configuration.
 */
function replaceWhole(root: XmlElement, data: XmlElement): Result {
  const digest = attr(data, "digest");
  let input = data;
  if (digest !== undefined) {
    input = withAttr(data, "digest", undefined);
    if (versionedDigest(input).toLowerCase() !== digest.toLowerCase()) {
      return refuse(Rc.digestMismatch);
    }
  }
  if (child(input, "status") === undefined) {
    input = withAppended(input, child(root, "status") ?? element("status"));
  }
  return edited(input);
}

/** cib_delete. */
export function remove(root: XmlElement, request: CibRequest): Result {
  if (hasOption(request, CallOption.xpath)) {
    const found = matchesOf(root, request);
    if (isRejection(found)) return found;
    if (found.some((c) => c.parent === undefined)) return refuse(Errno.EINVAL, "/cib");
    return edited(replaceAll(root, new Map(found.map((c) => [c.node, undefined] as const))));
  }
  const data = dataOf(request);
  if (isRejection(data)) return data;
  const section = sectionCursor(root, request.section);
  const target =
    section === undefined
      ? undefined
      : findCursor(
          section,
          (node) =>
            node.name === data.name &&
            [...data.attrs].every(([name, value]) => attr(node, name) === value),
        );
  if (target === undefined) return {};
  return target.parent === undefined
    ? refuse(Errno.EINVAL, "/cib")
    : edited(replaceAt(target, undefined));
}

/** cib_erase: everything goes but the root's attributes. */
export function erase(root: XmlElement): Result {
  const emptied = withChildren(root, emptyCib().root.children);
  const adminEpoch = Number.parseInt(attr(root, "admin_epoch") ?? "0", 10) || 0;
  return edited(withAttr(emptied, "admin_epoch", String(adminEpoch + 1)));
}

/** cib_bump. */
export function bump(root: XmlElement): Result {
  const epoch = Number.parseInt(attr(root, "epoch") ?? "0", 10) || 0;
  return edited(withAttr(root, "epoch", String(epoch + 1)));
}

/** cib_apply_diff. */
export function patch(root: XmlElement, request: CibRequest): Result {
  const data = dataOf(request);
  if (isRejection(data)) return data;
  const result = applyPatchset(root, data);
  return isRejection(result) ? refuse(result.rc, result.text) : edited(result);
}

/** cib_upgrade. */
export function upgrade(root: XmlElement, _request: CibRequest, context: CibContext): Result {
  const target = schemaOf(context.upgradeTo ?? OUR_SCHEMA);
  const current = schemaOf(attr(root, "validate-with"));
  if (typeof target !== "number") return refuse(Rc.transformFailed, "unknown target schema");
  if (typeof current === "number" && current >= target) return refuse(Rc.schemaUnchanged);
  const upgraded = upgradeRoot(root, target);
  if (isRejection(upgraded)) return refuse(Rc.transformFailed, upgraded.text);
  // A new line of versions, so that nothing of the old schema can win over it.
  const adminEpoch = Number.parseInt(attr(root, "admin_epoch") ?? "0", 10) || 0;
  let result = withAttr(upgraded.root, "admin_epoch", String(adminEpoch + 1));
  result = withAttr(result, "epoch", "1");
  return edited(withAttr(result, "num_updates", "1"));
}

function edited(root: XmlElement | undefined): Result {
  return root === undefined ? refuse(Errno.EINVAL, "nothing would be left") : { root };
}
