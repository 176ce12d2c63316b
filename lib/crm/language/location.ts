/** `location ID RSC SCORE: NODE` or `location ID RSC rule …`; with sets, patterns and roles in newer schemas. */
import { attr, childrenOf, element, type XmlElement } from "../../xml/node.ts";
import type { ObjectKind } from "./kind.ts";
import { parseSets, printSetWords, rolesOf } from "./resource-set.ts";
import { parseRule, printRule } from "./rule.ts";
import { scoreAttr, scoreWord } from "./score.ts";
import { checkId, isModern, type ParseContext, syntaxError, Words } from "./syntax.ts";

const SHOWN = new Set([
  "id",
  "rsc",
  "rsc-pattern",
  "score",
  "score-attribute",
  "node",
  "role",
  "resource-discovery",
]);

/** The resources a location speaks of: attributes and set children. */
function parseWho(
  words: Words,
  context: ParseContext,
): [Map<string, string>, readonly XmlElement[]] {
  const word = words.next();
  const pattern = /^\/(.+)\/$/.exec(word);
  if (isModern(context) && pattern) return [new Map([["rsc-pattern", pattern[1] ?? ""]]), []];
  if (!isModern(context) || word !== "{") return [new Map([["rsc", word]]), []];
  const members: string[] = [];
  while (!words.done && words.peek() !== "}") members.push(words.next());
  if (words.done) throw syntaxError("location", members);
  words.skip();
  return [new Map(), parseSets("location", members, "role", context)];
}

function takeOptions(words: Words, attrs: Map<string, string>, context: ParseContext): void {
  while (isModern(context)) {
    const given = /^\$?(role|resource-discovery)=(.+)$/.exec(words.peek() ?? "");
    if (!given) return;
    attrs.set(given[1] ?? "", given[2] ?? "");
    words.skip();
  }
}

export const location: ObjectKind = {
  word: "location",
  elements: ["rsc_location"],
  section: "constraints",
  minWords: 2,
  usage: "<id> <rsc> {<score>: <node> | <rule> [<rule>...]}",
  parse(all, context) {
    const words = new Words(all);
    const id = checkId(words.next());
    const [who, sets] = parseWho(words, context);
    const attrs = new Map([["id", id], ...who]);
    takeOptions(words, attrs, context);
    const scored = /^(.+):$/.exec(words.peek() ?? "");
    if (scored) {
      const rest = words.rest();
      words.skip();
      if (words.done) throw syntaxError("location", rest);
      attrs.set(...scoreAttr(scored[1] ?? ""));
      attrs.set("node", words.next());
      if (isModern(context) && rolesOf(context).includes(words.peek() ?? "")) {
        attrs.set("role", words.next());
      }
      if (!words.done) throw syntaxError("location", words.rest());
      return { element: element("rsc_location", attrs, sets) };
    }
    const rules: XmlElement[] = [];
    while (!words.done) {
      if (words.peek() !== "rule") throw syntaxError("rule", words.rest());
      words.skip();
      rules.push(parseRule(words, context));
    }
    if (rules.length === 0) throw syntaxError("location", all);
    return { element: element("rsc_location", attrs, [...sets, ...rules]) };
  },
  print(el, context) {
    const pattern = attr(el, "rsc-pattern");
    const sets = childrenOf(el, "resource_set");
    const head = ["location", attr(el, "id")];
    if (pattern !== undefined) head.push(`/${pattern}/`);
    else if (sets.length === 0) head.push(attr(el, "rsc"));
    else head.push("{", ...printSetWords(sets, "role", -1), "}");
    if (isModern(context)) {
      for (const name of ["role", "resource-discovery"]) {
        const value = attr(el, name);
        if (value !== undefined) head.push(`${name}=${value}`);
      }
    }
    const node = attr(el, "node");
    if (node !== undefined && [...el.attrs.keys()].every((name) => SHOWN.has(name))) {
      const score = attr(el, "score");
      head.push(`${score === undefined ? attr(el, "score-attribute") : scoreWord(score)}:`, node);
    }
    return [head.join(" "), ...childrenOf(el, "rule").map(printRule)];
  },
};
