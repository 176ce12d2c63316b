/** `alert ID PATH [attributes …] [meta …] [select …] [to RECIPIENT|{ RECIPIENT … }]`: who is told of events. */
import { attr, child, childrenOf, element, type XmlElement } from "../../xml/node.ts";
import { type ObjectKind, printDescription, takeDescription } from "./kind.ts";
import { parseSet, printSets, SET_ELEMENTS } from "./nvset.ts";
import { checkId, type ParseContext, syntaxError, Words } from "./syntax.ts";

const SECTIONS = new Set(["attributes", "meta", "select", "to"]);
const SELECTABLE = ["nodes", "fencing", "resources", "attributes"];
const SET_STOPS = new Set([...SECTIONS, "}"]);

function parseSelect(words: Words, rest: readonly string[]): XmlElement {
  const parts: XmlElement[] = [];
  while (SELECTABLE.includes(words.peek() ?? "")) {
    const what = words.next();
    const names: XmlElement[] = [];
    if (what === "attributes" && words.peek() === "{") {
      for (words.skip(); !words.done && words.peek() !== "}"; words.skip()) {
        names.push(element("attribute", { name: words.peek() }));
      }
      if (words.done) throw syntaxError("alert", rest);
      words.skip();
    }
    parts.push(element(`select_${what}`, {}, names));
  }
  if (parts.length === 0) throw syntaxError("alert", rest);
  return element("select", {}, parts);
}

function parseRecipient(words: Words, rest: readonly string[], context: ParseContext): XmlElement {
  const braces = words.peek() === "{";
  if (braces) words.skip();
  if (words.done) throw syntaxError("alert", rest);
  const value = words.next();
  const description = takeDescription(words);
  const sets: XmlElement[] = [];
  while (words.peek() === "attributes" || words.peek() === "meta") {
    const name = SET_ELEMENTS[words.next()] ?? "";
    sets.push(parseSet(name, words, SET_STOPS, context));
  }
  if (braces && words.next() !== "}") throw syntaxError("alert", rest);
  return element("recipient", { value, description }, sets);
}

function printSelect(select: XmlElement): string {
  const parts = select.children.map((part) => {
    const what = part.name.replace(/^select_/, "");
    const names = part.children.map((c) => attr(c, "name"));
    return names.length === 0 ? what : `${what} { ${names.join(" ")} }`;
  });
  return `select ${parts.join(" ")}`;
}

export const alert: ObjectKind = {
  word: "alert",
  elements: ["alert"],
  section: "alerts",
  minWords: 2,
  usage:
    "<id> <path> [attributes ...] [meta ...] [select ...] [to {<recipient>|{ <recipient> ... }}...]",
  since: 2.05,
  parse(all, context) {
    const words = new Words(all);
    const id = checkId(words.next());
    const path = words.next();
    const description = takeDescription(words);
    const children: XmlElement[] = [];
    while (!words.done) {
      const rest = words.rest();
      const word = words.next();
      if (word === "to") children.push(parseRecipient(words, rest, context));
      else if (word === "select") children.push(parseSelect(words, rest));
      else if (SECTIONS.has(word)) {
        children.push(parseSet(SET_ELEMENTS[word] ?? word, words, SECTIONS, context));
      } else throw syntaxError("alert", rest);
    }
    return { element: element("alert", { id, path, description }, children) };
  },
  print(el, context) {
    const select = child(el, "select");
    const recipients = childrenOf(el, "recipient").map((recipient) => {
      const parts = [
        `"${attr(recipient, "value") ?? ""}"`,
        ...printDescription(recipient),
        ...printSets(recipient, context, "attributes"),
      ];
      return parts.length === 1 ? `to ${parts[0]}` : `to { ${parts.join(" ")} }`;
    });
    return [
      `alert ${attr(el, "id")} "${attr(el, "path") ?? ""}"`,
      ...printDescription(el),
      ...printSets(el, context, "attributes"),
      ...(select === undefined ? [] : [printSelect(select)]),
      ...recipients,
    ];
  },
};
