/**
 * Parts of one document put into another: a commit tried again on a newer version (by differences, or because only the
 * manager wrote of itself), and XML that is loaded
 * (by objects: the elements directly below a section, known by their id).
 */
import type { Rejection } from "../base/error.ts";
import { sameXml } from "../xml/diff.ts";
import { attr, idOf, withChildren, type XmlElement } from "../xml/node.ts";
import { applyPatchset, makePatchset } from "../xml/patch.ts";
import type { SectionName } from "./language/kind.ts";
import {
  appendToSection,
  configurationOf,
  putSection,
  replaceElement,
  sectionOf,
} from "./objects.ts";

function byId(root: XmlElement, section: string): ReadonlyMap<string, XmlElement> {
  const found = sectionOf(root, section as SectionName)?.children ?? [];
  return new Map(found.map((el) => [idOf(el), el]));
}

/** A copy of `root` with this object in its section: exchanged for the one of its id, or at the end. */
export function putObject(root: XmlElement, section: SectionName, el: XmlElement): XmlElement {
  const old = byId(root, section).get(idOf(el));
  return old === undefined ? appendToSection(root, section, el) : replaceElement(root, old, el);
}

/**
 * What was changed from `base` to `mine`, made again in `theirs`: attribute by attribute, so that what somebody else changed
 * in the same set or resource stays. A rejection when a change has lost its place (the object is gone).
 */
export function carryOver(
  base: XmlElement,
  mine: XmlElement,
  theirs: XmlElement,
): XmlElement | Rejection {
  const patchset = makePatchset(base, mine, { versions: false });
  if (patchset === undefined) return theirs;
  return applyPatchset(theirs, patchset, { checkVersions: false });
}

/** Options that the manager itself writes about the cluster, at its start and when its version changes. */
const MANAGERS_OPTIONS: ReadonlySet<string> = new Set([
  "have-watchdog",
  "dc-version",
  "cluster-infrastructure",
  "cluster-name",
  "expected-quorum-votes",
]);

/** `root` with what the manager wrote of itself from `base` to `theirs`: entries of new nodes, and its options. */
function withManagersOwn(root: XmlElement, base: XmlElement, theirs: XmlElement): XmlElement {
  const known = byId(base, "nodes");
  const nodes = sectionOf(theirs, "nodes")?.children ?? [];
  let next = appendToSection(root, "nodes", ...nodes.filter((el) => !known.has(idOf(el))));
  for (const set of sectionOf(theirs, "crm_config")?.children ?? []) {
    const own = set.children.filter((el) => MANAGERS_OPTIONS.has(attr(el, "name") ?? ""));
    if (own.length === 0) continue;
    const before = byId(next, "crm_config").get(idOf(set)) ?? withChildren(set, []);
    const written = new Map(own.map((el) => [idOf(el), el]));
    const kept = before.children.map((el) => written.get(idOf(el)) ?? el);
    const added = own.filter((el) => before.children.every((other) => idOf(other) !== idOf(el)));
    next = putObject(next, "crm_config", withChildren(before, [...kept, ...added]));
  }
  return next;
}

/** The options that the manager writes, as they stand. */
function managersOptions(root: XmlElement): string {
  const sets = sectionOf(root, "crm_config")?.children ?? [];
  const pairs = sets.flatMap((set) => set.children);
  const own = pairs.filter((el) => MANAGERS_OPTIONS.has(attr(el, "name") ?? ""));
  return own.map((el) => `${attr(el, "name")}=${attr(el, "value")}`).join("\n");
}

/**
 * Our changes on the newer version, where from `base` to `theirs` only the manager wrote of itself: that is nobody's change
 * who has to be asked. Undefined where anything else was changed, or where we changed the manager's own options too.
 */
export function overManagersOwn(
  base: XmlElement,
  mine: XmlElement,
  theirs: XmlElement,
): XmlElement | undefined {
  const expected = configurationOf(withManagersOwn(base, base, theirs));
  if (!sameXml(expected, configurationOf(theirs))) return undefined;
  if (managersOptions(base) !== managersOptions(mine)) return undefined;
  return withManagersOwn(mine, base, theirs);
}

/** The configuration of a loaded document: all of it, or its objects put over ours. */
export function loadXml(root: XmlElement, loaded: XmlElement, replace: boolean): XmlElement {
  let next = root;
  for (const section of configurationOf(loaded).children) {
    if (replace) next = putSection(next, section);
    else {
      for (const el of section.children) next = putObject(next, section.name as SectionName, el);
    }
  }
  if (!replace) return next;
  const given = new Set(configurationOf(loaded).children.map((s) => s.name));
  for (const section of configurationOf(next).children) {
    if (!given.has(section.name) && section.name !== "nodes") {
      next = replaceElement(next, section, withChildren(section, []));
    }
  }
  return next;
}
