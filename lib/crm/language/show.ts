/**
 * Objects as text: the form of crmsh 1.2.6 (spec/crm-commands.md section 11). What its words cannot say is shown as XML,
 * which is found out by reading the words back.
 */
import { attr, COMMENT, element, type XmlElement } from "../../xml/node.ts";
import { writeXml } from "../../xml/write.ts";
import { RESOURCE_ELEMENTS } from "./group.ts";
import { assignIds } from "./ids.ts";
import type { ObjectKind } from "./kind.ts";
import { splitWords } from "./lexer.ts";
import { isEmptySet, setWord } from "./nvset.ts";
import { isModern, type ParseContext, type PrintContext } from "./syntax.ts";

/** An object as shown: its lines, and whether words could say all of it. */
export interface Shown {
  readonly text: string;
  readonly asWords: boolean;
}

const CONTINUED = " \\\n";

/** One object, without a final newline. */
export function showObject(el: XmlElement, kind: ObjectKind, context: PrintContext): Shown {
  const clean = sanitize(el);
  const lines = kind.print(clean, context);
  if (saysAll(clean, kind, lines, context)) {
    return { text: lines.join(`${CONTINUED}\t`), asWords: true };
  }
  const xml = writeXml(clean).trimEnd().split("\n").join(CONTINUED);
  return { text: `xml ${xml}`, asWords: false };
}

/** True when reading the lines gives the object again. */
function saysAll(
  clean: XmlElement,
  kind: ObjectKind,
  lines: readonly string[],
  context: PrintContext,
): boolean {
  const text = lines.join(" ");
  if (/[\n\t]/.test(text)) return false;
  const readBack: ParseContext = {
    schema: context.schema,
    nodeNames: context.nodeNames,
    providersOf: () => [],
    resolveSet: (_name, reference) => reference,
  };
  const bare = withoutMembers(clean);
  try {
    const draft = kind.parse(splitWords(text).slice(1), readBack);
    return (
      canonical(assignIds(draft.element, bare, new Set(), isModern(context))) === canonical(bare)
    );
  } catch {
    return false;
  }
}

/** Without what says nothing: empty sets, values that are the default anyway. */
function sanitize(el: XmlElement): XmlElement {
  const attrs = new Map(el.attrs);
  if (el.name === "rule" && attrs.get("boolean-op") === "and") attrs.delete("boolean-op");
  if (el.name === "expression" && attrs.get("type") === "string") attrs.delete("type");
  if (el.name === "resource_set") {
    for (const name of ["sequential", "require-all"]) {
      if (attrs.get(name) === "true") attrs.delete(name);
    }
  }
  const children = el.children
    .filter((c) => c.name !== COMMENT)
    .filter((c) => setWord(c.name) === undefined || !isEmptySet(c))
    .filter((c) => c.name !== "operations" || c.children.length > 0 || c.attrs.size > 0);
  return element(el.name, attrs, children.map(sanitize), el.text);
}

function withoutMembers(el: XmlElement): XmlElement {
  if (!el.children.some((c) => RESOURCE_ELEMENTS.has(c.name))) return el;
  const rest = el.children.filter((c) => !RESOURCE_ELEMENTS.has(c.name));
  return element(el.name, el.attrs, rest);
}

/** A text that is equal for equal elements: attributes sorted, plain node types left out. */
function canonical(el: XmlElement): string {
  const attrs = [...el.attrs]
    .filter(([n, v]) => !(el.name === "node" && n === "type" && (v === "normal" || v === "member")))
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .sort();
  return `<${el.name} ${attrs.join(" ")}>${el.children.map(canonical).join("")}</>`;
}

/** The values of all `id-ref` in a tree: whose `$id` must be shown. */
export function referencedIds(root: XmlElement, into: Set<string> = new Set()): Set<string> {
  const reference = attr(root, "id-ref");
  if (reference !== undefined) into.add(reference);
  for (const child of root.children) referencedIds(child, into);
  return into;
}
