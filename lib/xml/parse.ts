/**
 * Text to tree: the only file that knows a parser (HOUSE section 5). Bun.XML reads (strict, keeps order, fast);
 * fast-xml-parser's validator gives line and column for what is refused.
 *
 * It decides what is acceptable: at most limits.xmlDocumentBytes, limits.xmlDepth levels, no document type (so no entity
 * declarations, no external entities), valid UTF-8. It does not decide whether the document is a CIB: lib/cib/validate.ts does.
 */
import { XMLValidator } from "fast-xml-parser";
import { CrmError } from "../base/error.ts";
import { Exit } from "../base/exit.ts";
import { limits } from "../base/limits.ts";
import { COMMENT, element, type XmlElement } from "./node.ts";

/** Why a document was refused; `line` and `column` count from 1 and are absent where nobody knows them. */
export class XmlError extends CrmError {
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** The reason without name and place. */
  readonly reason: string;
  constructor(what: string, reason: string, line?: number, column?: number) {
    const place = line === undefined ? "" : `:${line}${column === undefined ? "" : `:${column}`}`;
    super(`${what}${place}: ${reason}`, Exit.configError);
    this.line = line;
    this.column = column;
    this.reason = reason;
  }
}

interface BunXmlNode {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly (BunXmlNode | BunXmlComment | BunXmlInstruction | string)[];
}

interface BunXmlComment {
  readonly comment: string;
}

interface BunXmlInstruction {
  readonly target: string;
  readonly data: string;
}

/** Options of parseXml. */
export interface ParseOptions {
  /** Keep comments as elements named COMMENT with their text. For differences of files. */
  readonly comments?: boolean;
  /** Largest size taken; limits.xmlDocumentBytes unless said. */
  readonly maxBytes?: number;
}

const NO_CHILDREN: readonly XmlElement[] = Object.freeze([]);
const NO_ATTRS: ReadonlyMap<string, string> = new Map();

/**
 * Parses one document. `what` names it in errors ("cib.xml", "the input string").
 * @throws XmlError (a CrmError, exit 78) naming line and column where known.
 */
export function parseXml(text: string, what = "XML", options: ParseOptions = {}): XmlElement {
  refuseSize(text.length, what, options);
  refuseDocumentType(text, what);
  return convert(strictParse(text, what), 1, what, options.comments === true);
}

/** parseXml of bytes: they must be UTF-8 (a byte order mark is dropped). */
export function parseXmlBytes(
  data: Uint8Array,
  what = "XML",
  options: ParseOptions = {},
): XmlElement {
  refuseSize(data.length, what, options);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(data);
  } catch {
    const line = lineOfBadByte(data);
    throw new XmlError(what, "not valid UTF-8; save the file in that encoding", line);
  }
  return parseXml(text, what, options);
}

function refuseSize(size: number, what: string, options: ParseOptions): void {
  const most = options.maxBytes ?? limits.xmlDocumentBytes;
  if (size > most) throw new XmlError(what, `larger than the limit of ${most} bytes`);
}

function strictParse(text: string, what: string): BunXmlNode {
  try {
    return Bun.XML.parse(text, { compact: false }) as BunXmlNode;
  } catch (error) {
    if (error instanceof RangeError) throw tooDeep(what);
    throw located(text, what, error instanceof Error ? error.message : String(error));
  }
}

/** Combines the strict parser's reason with the validator's place. */
function located(text: string, what: string, message: string): XmlError {
  const reason = message.replace(/^XML Parse error: /, "");
  const verdict = XMLValidator.validate(text);
  if (verdict !== true) {
    const { line, col, msg } = verdict.err;
    // The validator repeats what the strict parser said, often with more detail.
    return new XmlError(what, msg === "" ? reason : msg, line, col);
  }
  return new XmlError(what, reason);
}

function tooDeep(what: string): XmlError {
  return new XmlError(what, `elements are nested deeper than ${limits.xmlDepth} levels`);
}

/** A document type may only stand before the root; entity declarations and external entities live in it. */
function refuseDocumentType(text: string, what: string): void {
  let at = 0;
  for (;;) {
    at = text.indexOf("<", at);
    if (at < 0) return;
    if (text.startsWith("<!--", at)) at = text.indexOf("-->", at);
    else if (text.startsWith("<?", at)) at = text.indexOf("?>", at);
    else break;
    if (at < 0) return;
  }
  if (text.startsWith("<!", at)) {
    const line = text.slice(0, at).split("\n").length;
    const column = at - text.lastIndexOf("\n", at);
    throw new XmlError(what, "document types and entity declarations are refused", line, column);
  }
}

function convert(node: BunXmlNode, depth: number, what: string, comments: boolean): XmlElement {
  if (depth > limits.xmlDepth) throw tooDeep(what);
  const attrs = new Map<string, string>();
  const given = node.attributes;
  for (const name in given) attrs.set(name, given[name] as string);
  const content = node.children;
  if (content.length === 0) return element(node.name, attrs, NO_CHILDREN);
  const children: XmlElement[] = [];
  let text: string | undefined;
  for (const part of content) {
    if (typeof part === "string") {
      if (!isBlank(part)) text = (text ?? "") + part;
    } else if ("name" in part) {
      children.push(convert(part, depth + 1, what, comments));
    } else if (comments && "comment" in part) {
      children.push(element(COMMENT, NO_ATTRS, NO_CHILDREN, part.comment));
    }
  }
  return element(node.name, attrs, children.length === 0 ? NO_CHILDREN : children, text);
}

/** White space only: the indentation of a document, which is no content. */
function isBlank(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 32) return false;
  return true;
}

/** Line (from 1) of the first byte that is no UTF-8. */
function lineOfBadByte(data: Uint8Array): number {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let line = 1;
  let start = 0;
  // A newline byte is never part of a longer character, so each line can be tried alone.
  for (;;) {
    const end = data.indexOf(10, start);
    try {
      decoder.decode(data.subarray(start, end < 0 ? data.length : end));
    } catch {
      return line;
    }
    if (end < 0) return line;
    start = end + 1;
    line++;
  }
}
