/**
 * Patchsets: making and applying format 2, applying format 1 (spec/outputs-and-tools.md D2). Pure: a patchset that does
 * not fit is a Rejection whose `rc` is a result code.
 */
import { type Rejection, reject } from "../base/error.ts";
import { Errno, Rc, resultText } from "../base/result-code.ts";
import { type Change, diffXml } from "./diff.ts";
import { versionedDigest } from "./digest.ts";
import {
  attr,
  COMMENT,
  child,
  childrenOf,
  element,
  withAttr,
  withChildren,
  type XmlElement,
} from "./node.ts";
import { applyFormat1 } from "./patch-v1.ts";

/** A refused patchset. */
export interface PatchRejection extends Rejection {
  /** Result code of lib/base/result-code.ts. */
  readonly rc: number;
}

function refuse(rc: number, why: string): PatchRejection {
  return { ...reject("patch", `${resultText(rc)}: ${why}`), rc };
}

const VERSION_NAMES = ["admin_epoch", "epoch", "num_updates"] as const;

function versionElement(name: string, root: XmlElement): XmlElement {
  const attrs = VERSION_NAMES.map((key) => [key, attr(root, key) ?? "0"] as const);
  return element(name, new Map(attrs));
}

export interface PatchsetOptions {
  /** Write the source and target versions; only a `cib` has them. Default true. */
  readonly versions?: boolean;
  /** Write the versioned digest of the result. */
  readonly digest?: boolean;
  /** Report attributes that only changed their place. Default true. */
  readonly attrOrder?: boolean;
}

/** The patchset (format 2) from `before` to `after`; undefined when nothing differs. */
export function makePatchset(
  before: XmlElement,
  after: XmlElement,
  options: PatchsetOptions = {},
): XmlElement | undefined {
  const changes = diffXml(before, after, { attrOrder: options.attrOrder !== false });
  if (changes.length === 0) return undefined;
  const content: XmlElement[] = [];
  if (options.versions !== false) {
    content.push(
      element("version", {}, [versionElement("source", before), versionElement("target", after)]),
    );
  }
  content.push(...changes.map(changeElement));
  const digest = options.digest === true ? versionedDigest(after) : undefined;
  return element("diff", { format: "2", digest }, content);
}

function changeElement(change: Change): XmlElement {
  const attrs = { operation: change.kind, path: change.path };
  switch (change.kind) {
    case "delete":
      return element("change", { ...attrs, position: change.position?.toString() });
    case "move":
      return element("change", { ...attrs, position: String(change.position) });
    case "create":
      return element("change", { ...attrs, position: String(change.position) }, [change.element]);
    case "modify": {
      const list = change.attrs.map(({ name, value }) =>
        element("change-attr", { name, operation: value === undefined ? "unset" : "set", value }),
      );
      return element("change", attrs, [
        element("change-list", {}, list),
        element("change-result", {}, [change.result]),
      ]);
    }
  }
}

/** Applies a patchset of either format to a document. */
export function applyPatchset(
  root: XmlElement,
  patchset: XmlElement,
  options: { readonly checkVersions?: boolean } = {},
): XmlElement | PatchRejection {
  if (patchset.name !== "diff") return refuse(Rc.badXmlPatch, "the patchset is no <diff>");
  const format = attr(patchset, "format") ?? "1";
  if (format === "1") return applyFormat1(root, patchset) ?? refuse(Rc.diffFailed, "digest");
  if (format !== "2") return refuse(Errno.EINVAL, `unknown patchset format '${format}'`);
  if (options.checkVersions !== false && root.name === "cib") {
    const problem = versionProblem(root, patchset);
    if (problem !== undefined) return problem;
  }
  const board = new Board(root);
  const problem = board.apply(childrenOf(patchset, "change"));
  if (problem !== undefined) return problem;
  const result = board.result();
  const digest = attr(patchset, "digest");
  if (digest !== undefined && versionedDigest(result).toLowerCase() !== digest.toLowerCase()) {
    return refuse(Rc.diffFailed, "the digest of the result is not the one of the patchset");
  }
  return result;
}

function numbers(node: XmlElement): readonly number[] {
  return VERSION_NAMES.map((name) => Number.parseInt(attr(node, name) ?? "0", 10) || 0);
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

function versionProblem(root: XmlElement, patchset: XmlElement): PatchRejection | undefined {
  const version = child(patchset, "version");
  if (version === undefined) return undefined;
  const source = child(version, "source");
  const target = child(version, "target");
  if (source === undefined || target === undefined) return undefined;
  const current = numbers(root);
  const text = `the patchset is for ${numbers(source).join(".")}, the CIB is ${current.join(".")}`;
  const difference = compareNumbers(current, numbers(source));
  if (difference < 0) return refuse(Rc.diffFailed, text);
  if (difference > 0) return refuse(Rc.oldData, text);
  if (compareNumbers(numbers(target), numbers(source)) <= 0) {
    return refuse(Rc.oldData, "the patchset leads to no newer version");
  }
  return undefined;
}

/** An element being worked on. Only what is touched becomes one; `original` is kept while nothing changes. */
interface Draft {
  node: XmlElement;
  readonly parent: Draft | undefined;
  children: (Draft | XmlElement)[] | undefined;
}

/** Mutable working copy of a tree: drafts along the touched paths, shared elements elsewhere. */
class Board {
  #root: Draft | undefined;
  #failed: PatchRejection | undefined;

  constructor(root: XmlElement) {
    this.#root = { node: root, parent: undefined, children: undefined };
  }

  apply(changes: readonly XmlElement[]): PatchRejection | undefined {
    const later: { readonly position: number; readonly change: XmlElement; draft: Draft }[] = [];
    for (const change of changes) {
      const operation = attr(change, "operation");
      const path = attr(change, "path") ?? "";
      const position = Number.parseInt(attr(change, "position") ?? "-1", 10);
      const draft = this.#find(path, position);
      if (draft === undefined) {
        if (operation !== "delete") this.#fail(`nothing is at ${path}`);
        continue;
      }
      if (operation === "delete") this.#remove(draft);
      else if (operation === "modify") this.#modify(draft, change);
      else if (operation === "create") later.push({ position, change, draft });
      else if (operation === "move") {
        this.#toEnd(draft);
        later.push({ position, change, draft });
      } else this.#fail(`unknown operation '${operation ?? ""}'`);
    }
    later.sort((a, b) => a.position - b.position);
    for (const { position, change, draft } of later) {
      if (attr(change, "operation") === "create") this.#create(draft, change, position);
      else this.#move(draft, position);
    }
    return this.#failed;
  }

  result(): XmlElement {
    return this.#root === undefined ? element("cib") : finish(this.#root);
  }

  #fail(why: string): void {
    this.#failed ??= refuse(Rc.diffFailed, why);
  }

  #find(path: string, position: number): Draft | undefined {
    const steps = parsePath(path);
    let draft = this.#root;
    if (steps === undefined || draft === undefined) return undefined;
    const first = steps[0];
    if (first === undefined || !matches(draft.node, first)) return undefined;
    for (const step of steps.slice(1)) {
      const children: (Draft | XmlElement)[] = openChildren(draft);
      const index =
        step.name === "comment"
          ? commentAt(children, position)
          : children.findIndex((c) => matches("node" in c ? c.node : c, step));
      const found = children[index];
      if (found === undefined) return undefined;
      draft = asDraft(draft, children, index, found);
    }
    return draft;
  }

  #remove(draft: Draft): void {
    if (draft.parent === undefined) this.#root = undefined;
    else {
      const siblings = openChildren(draft.parent);
      siblings.splice(siblings.indexOf(draft), 1);
    }
  }

  #modify(draft: Draft, change: XmlElement): void {
    const result = child(change, "change-result")?.children[0];
    if (result === undefined) {
      this.#failed ??= refuse(Errno.ENOMSG, "a modification has no change-result");
      return;
    }
    draft.node = element(draft.node.name, result.attrs, draft.node.children, draft.node.text);
  }

  #toEnd(draft: Draft): void {
    if (draft.parent === undefined) return;
    const siblings = openChildren(draft.parent);
    siblings.splice(siblings.indexOf(draft), 1);
    siblings.push(draft);
  }

  #create(parent: Draft, change: XmlElement, position: number): void {
    const created = change.children[0];
    if (created === undefined) {
      this.#fail("a creation has no element");
      return;
    }
    const siblings = openChildren(parent);
    siblings.splice(position < 0 ? siblings.length : position, 0, created);
  }

  #move(draft: Draft, position: number): void {
    if (draft.parent === undefined) return;
    const siblings = openChildren(draft.parent);
    siblings.splice(siblings.indexOf(draft), 1);
    siblings.splice(position, 0, draft);
    if (siblings.indexOf(draft) !== position) this.#fail(`nothing can move to ${position}`);
  }
}

function openChildren(draft: Draft): (Draft | XmlElement)[] {
  draft.children ??= draft.node.children.slice();
  return draft.children;
}

function asDraft(
  parent: Draft,
  children: (Draft | XmlElement)[],
  index: number,
  found: Draft | XmlElement,
): Draft {
  if ("node" in found) return found;
  const draft: Draft = { node: found, parent, children: undefined };
  children[index] = draft;
  return draft;
}

function finish(draft: Draft): XmlElement {
  if (draft.children === undefined) return draft.node;
  return withChildren(
    draft.node,
    draft.children.map((c) => ("node" in c ? finish(c) : c)),
  );
}

interface PathStep {
  readonly name: string;
  readonly id: string | undefined;
}

/** Splits "/cib/…/nvpair[@id='x']"; undefined when it is no such path. */
function parsePath(path: string): readonly PathStep[] | undefined {
  const steps: PathStep[] = [];
  const step = /\/([^/[\]]+)(?:\[@id=(?:'([^']*)'|"([^"]*)")\])?/y;
  step.lastIndex = 0;
  while (step.lastIndex < path.length) {
    const match = step.exec(path);
    if (match === null) return undefined;
    steps.push({ name: match[1] ?? "", id: match[2] ?? match[3] });
  }
  return steps;
}

function matches(node: XmlElement, step: PathStep): boolean {
  return node.name === step.name && (step.id === undefined || attr(node, "id") === step.id);
}

/** A comment is named by its position among all siblings, else the first one. */
function commentAt(children: readonly (Draft | XmlElement)[], position: number): number {
  const isComment = (c: Draft | XmlElement | undefined): boolean =>
    c !== undefined && ("node" in c ? c.node : c).name === COMMENT;
  if (isComment(children[position])) return position;
  return position >= 0 ? -1 : children.findIndex(isComment);
}

/** Removes version attributes, for comparisons that ignore them. */
export function withoutVersions(root: XmlElement): XmlElement {
  let result = root;
  for (const name of VERSION_NAMES) result = withAttr(result, name, undefined);
  return result;
}
