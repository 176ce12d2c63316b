/** Text of the shell's language taken into a document: `load`, `edit` and `filter` (crm-commands.md section 4). */

import { CrmError } from "../base/error.ts";
import type { XmlElement } from "../xml/node.ts";
import { parseXml } from "../xml/parse.ts";
import { createObject, parseContext, updateObject } from "./edit.ts";
import { lowerKeywords } from "./language/keywords.ts";
import { kindOfElement, kindOfWord, kinds } from "./language/kinds.ts";
import { commandLines, splitWords } from "./language/lexer.ts";
import { DEFAULT_SET_IDS } from "./language/properties.ts";
import { LanguageError } from "./language/syntax.ts";
import { putObject } from "./merge.ts";
import type { Message } from "./message.ts";
import { listObjects, schemaOf } from "./objects.ts";

/** The result of a text: the next tree, what was named in it, and what went wrong where. */
export interface Loaded {
  readonly root: XmlElement;
  readonly ids: ReadonlySet<string>;
  readonly messages: readonly Message[];
}

/**
 * Puts every object of a text into the tree. Existing objects are exchanged; option sets are merged when `merge` is set,
 * else exchanged as well.
 */
export function loadText(
  start: XmlElement,
  text: string,
  providersOf: (type: string) => readonly string[],
  merge: boolean,
): Loaded {
  let root = start;
  const ids = new Set<string>();
  const messages: Message[] = [];
  for (const { text: line, line: number } of commandLines(text)) {
    try {
      const before = new Set(listObjects(root).map((o) => o.element));
      if (/^xml\s/.test(line.trim())) root = loadXmlLine(root, line.trim().slice(3).trim());
      else {
        const edit = loadLine(root, line, providersOf, merge);
        root = edit.root;
        messages.push(...edit.messages);
      }
      for (const object of listObjects(root)) if (!before.has(object.element)) ids.add(object.id);
      const named = splitWords(line)[1] ?? "";
      ids.add(named.startsWith("$id=") ? named.slice(4) : named);
    } catch (error) {
      if (!(error instanceof CrmError)) throw error;
      const lines = error instanceof LanguageError ? error.lines : [error.message];
      for (const l of lines) messages.push({ level: "error", text: `line ${number}: ${l}` });
    }
  }
  return { root, ids, messages };
}

function loadLine(
  root: XmlElement,
  line: string,
  providersOf: (type: string) => readonly string[],
  merge: boolean,
): { root: XmlElement; messages: readonly Message[] } {
  const [word = "", ...words] = lowerKeywords(splitWords(line));
  const kind = kindOfWord(word, schemaOf(root));
  if (kind === undefined || words.length < kind.minWords) {
    throw new LanguageError(`syntax: ${[word, ...words].join(" ")}`);
  }
  const draft = kind.parse(words, parseContext(root, providersOf));
  const settings = DEFAULT_SET_IDS[kind.word] !== undefined;
  return settings && merge ? createObject(root, kind, draft) : updateObject(root, kind, draft);
}

function loadXmlLine(root: XmlElement, text: string): XmlElement {
  const el = parseXml(text, "xml");
  const kind = kinds.find((k) => kindOfElement(el, k.section) === k);
  if (kind === undefined)
    throw new LanguageError(`element ${el.name} is no object of the configuration`);
  return putObject(root, kind.section, el);
}
