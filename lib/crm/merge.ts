/**
 * Parts of one document put into another: a commit tried again on a newer version (by differences), and XML that is loaded
 * (by objects: the elements directly below a section, known by their id).
 */
import type { Rejection } from "../base/error.ts";
import { idOf, withChildren, type XmlElement } from "../xml/node.ts";
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
