/**
 * Tree to text: the traditional layout (two blanks per level, empty elements closed at once, no declaration) and the
 * one-line form; spec/outputs-and-tools.md D1.4. Control characters in values become references, so that what is read
 * again is what was written.
 *
 * Differs: the installed originals write a newline in a value as the two characters \n, which loses it.
 */
import { CDATA, COMMENT, type XmlElement } from "./node.ts";

/** How to write: `indent: true` (the default) is the traditional layout with a final newline; false is one line without. */
export interface WriteOptions {
  readonly indent?: boolean;
  /** Levels of indentation to start with. */
  readonly level?: number;
}

const SPECIAL_IN_ATTR = /[&<>"\u0000-\u001f\ufffe\uffff]/;
const SPECIAL_IN_TEXT = /[&<>\r\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/** What stands for a character that no XML document can hold, such as those an agent's output may bring. */
const REPLACEMENT = "\ufffd";

/** True for characters that XML cannot hold, not even as a reference. */
function isIllegal(code: number): boolean {
  return (
    (code < 32 && code !== 9 && code !== 10 && code !== 13) || code === 0xfffe || code === 0xffff
  );
}

/** What is written in place of a special character; `numeric` writes the reference to one that has no name. */
export function references(numeric: (code: number) => string): (character: string) => string {
  return (character) => {
    switch (character) {
      case "&":
        return "&amp;";
      case "<":
        return "&lt;";
      case ">":
        return "&gt;";
      case '"':
        return "&quot;";
      default: {
        const code = character.charCodeAt(0);
        return isIllegal(code) ? REPLACEMENT : numeric(code);
      }
    }
  };
}

const decimal = references((code) => `&#${code};`);

/** Escapes an attribute value for double quotes; `reference` is of the kind that `references` makes. */
export function escapeAttr(value: string, reference = decimal): string {
  return SPECIAL_IN_ATTR.test(value)
    ? value.replace(/[&<>"\u0000-\u001f\ufffe\uffff]/g, reference)
    : value;
}

/** Escapes text between tags. */
export function escapeText(value: string): string {
  return SPECIAL_IN_TEXT.test(value)
    ? value.replace(/[&<>\r\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, decimal)
    : value;
}

/** The opening tag without its end: `<name a="b"`. */
export function openTag(node: XmlElement): string {
  let tag = `<${node.name}`;
  for (const [name, value] of node.attrs) tag += ` ${name}="${escapeAttr(value)}"`;
  return tag;
}

/** Writes one element and all below it. */
export function writeXml(node: XmlElement, options: WriteOptions = {}): string {
  const parts: string[] = [];
  if (options.indent === false) writeOneLine(node, parts);
  else writeIndented(node, "  ".repeat(options.level ?? 0), parts);
  return parts.join("");
}

/** A section cannot hold its own end, so that is split over two. */
function cdata(text: string): string {
  return `<![CDATA[${text.replaceAll("]]>", "]]]]><![CDATA[>")}]]>`;
}

function writeOneLine(node: XmlElement, parts: string[]): void {
  if (node.name === COMMENT) {
    parts.push("<!--", node.text ?? "", "-->");
    return;
  }
  if (node.name === CDATA) {
    parts.push(cdata(node.text ?? ""));
    return;
  }
  if (node.children.length === 0 && node.text === undefined) {
    parts.push(openTag(node), "/>");
    return;
  }
  parts.push(openTag(node), ">");
  if (node.text !== undefined) parts.push(escapeText(node.text));
  for (const child of node.children) writeOneLine(child, parts);
  parts.push("</", node.name, ">");
}

function writeIndented(node: XmlElement, margin: string, parts: string[]): void {
  if (node.name === COMMENT) {
    parts.push(margin, "<!--", node.text ?? "", "-->\n");
    return;
  }
  if (node.children.length === 0) {
    if (node.text === undefined) parts.push(margin, openTag(node), "/>\n");
    else parts.push(margin, openTag(node), ">", escapeText(node.text), "</", node.name, ">\n");
    return;
  }
  const [only] = node.children;
  if (only?.name === CDATA) {
    parts.push(margin, openTag(node), ">", cdata(only.text ?? ""), "</", node.name, ">\n");
    return;
  }
  parts.push(margin, openTag(node), ">");
  if (node.text !== undefined) parts.push(escapeText(node.text));
  parts.push("\n");
  for (const child of node.children) writeIndented(child, `${margin}  `, parts);
  parts.push(margin, "</", node.name, ">\n");
}
