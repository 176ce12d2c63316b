/** `group ID RSC … [params …] [meta …]`, and `clone` and `ms`, which hold one resource. */
import { attr, element, type XmlElement } from "../../xml/node.ts";
import { type ObjectKind, printDescription, takeDescription } from "./kind.ts";
import { parseSet, printSets, SET_ELEMENTS } from "./nvset.ts";
import {
  checkId,
  type Draft,
  isModern,
  LanguageError,
  type ParseContext,
  syntaxError,
  Words,
} from "./syntax.ts";

const SECTIONS = new Set(["params", "meta"]);

/** Elements that are resources and may stand in a group, clone or ms. */
export const RESOURCE_ELEMENTS: ReadonlySet<string> = new Set([
  "primitive",
  "group",
  "clone",
  "master",
  "bundle",
]);

function parseContainer(
  name: string,
  keyword: string,
  all: readonly string[],
  most: number,
  context: ParseContext,
): Draft {
  const words = new Words(all);
  const id = checkId(words.next());
  const members: string[] = [];
  while (!words.done && members.length < most) {
    const word = words.peek() ?? "";
    if (SECTIONS.has(word) || word.startsWith("description=")) break;
    if (word.includes("=") && isModern(context) && members.length > 0) break;
    if (word.includes("=")) throw syntaxError(keyword, words.rest());
    if (members.includes(word)) {
      throw new LanguageError(`in ${keyword} ${id} child ${word} listed more than once`);
    }
    members.push(words.next());
  }
  if (members.length === 0) throw syntaxError(keyword, all);
  const description = takeDescription(words);
  const sets: XmlElement[] = [];
  if (isModern(context) && (words.peek() ?? "").includes("=")) {
    sets.push(parseSet("instance_attributes", words, SECTIONS, context));
  }
  while (!words.done) {
    const rest = words.rest();
    const word = words.next();
    if (!SECTIONS.has(word)) throw syntaxError(keyword, rest);
    sets.push(parseSet(SET_ELEMENTS[word] ?? word, words, SECTIONS, context));
  }
  return { element: element(name, { id, description }, sets), members };
}

function container(
  word: string,
  name: string,
  aliases: readonly string[],
  most: number,
): ObjectKind {
  return {
    word,
    aliases,
    elements: [name],
    section: "resources",
    minWords: 2,
    usage: `<name> <rsc>${most > 1 ? " [<rsc>...]" : ""} [description=<text>] [params ...] [meta ...]`,
    parse: (words, context) => parseContainer(name, word, words, most, context),
    print: (el, context) => {
      const members = el.children.filter((c) => RESOURCE_ELEMENTS.has(c.name));
      const ids = [attr(el, "id"), ...members.map((m) => attr(m, "id"))].join(" ");
      return [`${word} ${ids}`, ...printDescription(el), ...printSets(el, context)];
    },
  };
}

export const group = container("group", "group", [], Number.POSITIVE_INFINITY);
export const clone = container("clone", "clone", [], 1);
export const ms = container("ms", "master", ["master"], 1);
