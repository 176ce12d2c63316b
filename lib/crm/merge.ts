/**
 * Whole objects from one document put into another: a commit tried again on a newer version, and XML that is loaded.
 * Objects are the elements directly below a section, known by their id.
 */
import { idOf, withChildren, type XmlElement } from "../xml/node.ts";
import { writeXml } from "../xml/write.ts";
import type { SectionName } from "./language/kind.ts";
import {
  appendToSection,
  configurationOf,
  putSection,
  replaceElement,
  sectionOf,
} from "./objects.ts";

function same(a: XmlElement | undefined, b: XmlElement): boolean {
  return a === b || (a !== undefined && writeXml(a) === writeXml(b));
}

function byId(root: XmlElement, section: string): ReadonlyMap<string, XmlElement> {
  const found = sectionOf(root, section as SectionName)?.children ?? [];
  return new Map(found.map((el) => [idOf(el), el]));
}

/** A copy of `root` with this object in its section: exchanged for the one of its id, or at the end. */
export function putObject(root: XmlElement, section: SectionName, el: XmlElement): XmlElement {
  const old = byId(root, section).get(idOf(el));
  return old === undefined ? appendToSection(root, section, el) : replaceElement(root, old, el);
}

/** What was changed from `base` to `mine`, made again in `theirs`: ours win object by object. */
export function carryOver(base: XmlElement, mine: XmlElement, theirs: XmlElement): XmlElement {
  let next = theirs;
  for (const section of configurationOf(mine).children) {
    const name = section.name as SectionName;
    const before = byId(base, name);
    for (const el of section.children) {
      if (!same(before.get(idOf(el)), el)) next = putObject(next, name, el);
    }
  }
  for (const section of configurationOf(base).children) {
    const kept = byId(mine, section.name);
    for (const el of section.children) {
      const theirsNow = byId(next, section.name).get(idOf(el));
      if (!kept.has(idOf(el)) && theirsNow !== undefined) {
        next = replaceElement(next, theirsNow, undefined);
      }
    }
  }
  return next;
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
