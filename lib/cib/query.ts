/** Reading from a CIB: sections, XPath, paths instead of elements (spec/outputs-and-tools.md D1.3, query). */
import { isRejection } from "../base/error.ts";
import { Errno } from "../base/result-code.ts";
import { child, element, type XmlElement } from "../xml/node.ts";
import { type Cursor, childCursors, pathText, rootCursor } from "../xml/path.ts";
import { compileXPath, select } from "../xml/xpath.ts";
import { sectionPaths } from "./elements.ts";
import {
  CallOption,
  type CibRejection,
  type CibRequest,
  type EditResult,
  hasOption,
  refuse,
} from "./request.ts";

/** cib_query. */
export function query(root: XmlElement, request: CibRequest): EditResult | CibRejection {
  if (hasOption(request, CallOption.xpath)) return queryXPath(root, request);
  const cursor = sectionCursor(root, request.section);
  if (cursor === undefined) return refuse(Errno.ENXIO, request.section);
  const found = cursor.node;
  return { result: hasOption(request, CallOption.noChildren) ? bare(found) : found };
}

function bare(node: XmlElement): XmlElement {
  return element(node.name, node.attrs);
}

/** The cursor of a section; the whole CIB for no section and for "all". */
export function sectionCursor(root: XmlElement, section: string | undefined): Cursor | undefined {
  const path =
    section === undefined || section === "" || section === "all"
      ? []
      : (sectionPaths().get(section) ?? undefined);
  if (path === undefined) return undefined;
  let cursor: Cursor | undefined = rootCursor(root);
  for (const name of path) {
    if (cursor === undefined) return undefined;
    cursor = childCursors(cursor).find((c) => c.node.name === name);
  }
  return cursor;
}

/** The elements an XPath names; attributes count for their elements. */
export function selectElements(root: XmlElement, xpath: string): readonly Cursor[] | CibRejection {
  const compiled = compileXPath(xpath);
  if (isRejection(compiled)) return refuse(Errno.EINVAL, compiled.text);
  const matches = select(root, compiled);
  if (isRejection(matches)) return refuse(Errno.EINVAL, matches.text);
  const cursors: Cursor[] = [];
  for (const { cursor } of matches) {
    if (cursors.at(-1)?.node !== cursor.node) cursors.push(cursor);
  }
  return cursors;
}

function queryXPath(root: XmlElement, request: CibRequest): EditResult | CibRejection {
  const found = selectElements(root, request.section ?? "/cib");
  if (isRejection(found)) return found;
  const [first] = found;
  if (first === undefined) return refuse(Errno.ENXIO, request.section);
  const render = (cursor: Cursor): XmlElement => {
    if (hasOption(request, CallOption.xpathAddress)) {
      return element("xpath-query-path", { id: pathText(cursor) });
    }
    return hasOption(request, CallOption.noChildren) ? bare(cursor.node) : cursor.node;
  };
  if (found.length === 1) return { result: render(first) };
  return { result: element("xpath-query", {}, found.map(render)) };
}

/** The part of `data` that belongs to a section: data itself, or what it holds of the section. */
export function sectionOf(data: XmlElement, section: string): XmlElement | undefined {
  const path = sectionPaths().get(section);
  if (path === undefined || data.name === section) return data;
  if (data.name !== "cib" && data.name !== "configuration") return data;
  let node: XmlElement | undefined = data;
  for (const name of data.name === "cib" ? path : path.slice(1)) {
    node = node === undefined ? undefined : child(node, name);
  }
  return node;
}
