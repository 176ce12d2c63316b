/** XML from another process: parsed or refused, never thrown. */
import { CrmError } from "../base/error.ts";
import type { XmlElement } from "../xml/node.ts";
import { parseXml } from "../xml/parse.ts";

/** The document, or undefined when it is none. */
export function tryParse(text: string, what: string): XmlElement | undefined {
  try {
    return parseXml(text, what);
  } catch (error) {
    if (error instanceof CrmError) return undefined;
    throw error;
  }
}
