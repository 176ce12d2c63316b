/** `bundle ID {docker|podman|rkt} … [network …] [storage …] [meta …] [primitive RSC]`: a resource inside containers. */
import { attr, childrenOf, element, type XmlElement } from "../../xml/node.ts";
import { RESOURCE_ELEMENTS } from "./group.ts";
import { type ObjectKind, printDescription, takeDescription } from "./kind.ts";
import { parseSet, printSets } from "./nvset.ts";
import { checkId, quoted, syntaxError, Words } from "./syntax.ts";

const TECHNOLOGIES = ["docker", "podman", "rkt"];
const MAPPINGS: Readonly<Record<string, string>> = {
  network: "port-mapping",
  storage: "storage-mapping",
};
const STOPS = new Set([...TECHNOLOGIES, "network", "storage", "meta", "primitive"]);

/** `name=value` words as attributes, up to the first word that is none. */
function takeAttrs(words: Words): Map<string, string> {
  const attrs = new Map<string, string>();
  for (; (words.peek() ?? "").includes("="); words.skip()) {
    const word = words.peek() ?? "";
    const eq = word.indexOf("=");
    attrs.set(word.slice(0, eq), word.slice(eq + 1));
  }
  return attrs;
}

function printAttrs(word: string, el: XmlElement): string {
  const pairs = [...el.attrs].filter(([name]) => name !== "id");
  return [word, ...pairs.map(([name, value]) => quoted(name, value))].join(" ");
}

export const bundle: ObjectKind = {
  word: "bundle",
  elements: ["bundle"],
  section: "resources",
  minWords: 2,
  usage:
    "<id> {docker|podman|rkt} <name>=<value>... [network ... [port-mapping ...]] " +
    "[storage [storage-mapping ...]] [meta ...] [primitive <rsc>]",
  since: 2.09,
  parse(all, context) {
    const words = new Words(all);
    const id = checkId(words.next());
    const description = takeDescription(words);
    const children: XmlElement[] = [];
    const members: string[] = [];
    while (!words.done) {
      const rest = words.rest();
      const word = words.next();
      const mapping = MAPPINGS[word];
      if (TECHNOLOGIES.includes(word)) children.push(element(word, takeAttrs(words)));
      else if (mapping !== undefined) {
        const attrs = takeAttrs(words);
        const parts: XmlElement[] = [];
        while (words.peek() === mapping) {
          words.skip();
          parts.push(element(mapping, takeAttrs(words)));
        }
        children.push(element(word, attrs, parts));
      } else if (word === "meta") children.push(parseSet("meta_attributes", words, STOPS, context));
      else if (word === "primitive" && members.length === 0 && !words.done) {
        members.push(words.next());
      } else throw syntaxError("bundle", rest);
    }
    return { element: element("bundle", { id, description }, children), members };
  },
  print(el, context) {
    const lines: string[] = [`bundle ${attr(el, "id")}`, ...printDescription(el)];
    for (const part of el.children) {
      const mapping = MAPPINGS[part.name];
      if (TECHNOLOGIES.includes(part.name)) lines.push(printAttrs(part.name, part));
      else if (mapping !== undefined) {
        const maps = childrenOf(part, mapping).map((m) => printAttrs(mapping, m));
        lines.push([printAttrs(part.name, part), ...maps].join(" "));
      } else if (RESOURCE_ELEMENTS.has(part.name)) lines.push(`primitive ${attr(part, "id")}`);
    }
    return [...lines, ...printSets(el, context)];
  },
};
