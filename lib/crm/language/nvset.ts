/**
 * Attribute sets: `params a=1 b`, `meta $id=x a=1`, `utilization $id-ref=y`, with scores and rules where the schema
 * knows them (spec/crm-commands.md section 10, attrs).
 */
import { attr, childrenOf, element, type XmlElement } from "../../xml/node.ts";
import { parseRule, printRule } from "./rule.ts";
import { scoreOfWord, scoreWord } from "./score.ts";
import {
  isModern,
  LanguageError,
  type ParseContext,
  type PrintContext,
  quoted,
  type Words,
} from "./syntax.ts";

/** The word before a set → the element's name. */
export const SET_ELEMENTS: Readonly<Record<string, string>> = {
  params: "instance_attributes",
  attributes: "instance_attributes",
  meta: "meta_attributes",
  utilization: "utilization",
  op_params: "instance_attributes",
  op_meta: "meta_attributes",
};

/** `name=value`, or a name without value. */
export function parseNvpair(word: string): XmlElement {
  const eq = word.indexOf("=");
  if (eq < 0) return element("nvpair", { name: word });
  return element("nvpair", { name: word.slice(0, eq), value: word.slice(eq + 1) });
}

/** An nvpair with an id of its own (`$id:name=value`) or a reference to another (`@id[:name]`): newer schemas. */
function parseModernNvpair(word: string): XmlElement {
  const own = /^\$([^:=]+):(.*)$/s.exec(word);
  if (own) {
    const pair = parseNvpair(own[2] ?? "");
    return element("nvpair", new Map([["id", own[1] ?? ""], ...pair.attrs]));
  }
  const reference = /^@([^:=]+)(?::(.+))?$/.exec(word);
  if (reference) return element("nvpair", { "id-ref": reference[1], name: reference[2] });
  return parseNvpair(word);
}

/**
 * Reads the words of one set up to one of `stops`. `$id=`, `$id-ref=` come first.
 * @throws LanguageError when a reference names no set.
 */
export function parseSet(
  name: string,
  words: Words,
  stops: ReadonlySet<string>,
  context: ParseContext,
): XmlElement {
  const attrs = new Map<string, string>();
  const children: XmlElement[] = [];
  const modern = isModern(context);
  if (modern && /^[^=]+:$/.test(words.peek() ?? "")) {
    const score = scoreOfWord((words.peek() ?? "").slice(0, -1));
    if (score !== undefined) {
      attrs.set("score", score);
      words.skip();
    }
  }
  while (!words.done && !stops.has(words.peek() ?? "")) {
    const word = words.next();
    if (word.startsWith("$id-ref=")) {
      attrs.set("id-ref", context.resolveSet(name, word.slice("$id-ref=".length)));
    } else if (word.startsWith("$id=")) attrs.set("id", word.slice("$id=".length));
    else if (modern && word === "rule") children.push(parseRule(words, context));
    else children.push(modern ? parseModernNvpair(word) : parseNvpair(word));
  }
  return element(name, attrs, children);
}

/** Like parseSet for property and the defaults: at least one `name=value`, nothing else (`context` names the command). */
export function parsePlainPairs(
  command: string,
  all: readonly string[],
  words: readonly string[],
): readonly XmlElement[] {
  return words.map((word) => {
    if (!/^[^=]+=/.test(word)) {
      throw new LanguageError(`syntax in ${command}: ${command} ${all.join(" ")}`);
    }
    return parseNvpair(word);
  });
}

/** The nvpairs of a set as words. */
export function printPairs(set: XmlElement): readonly string[] {
  return childrenOf(set, "nvpair").map((pair) => {
    const reference = attr(pair, "id-ref");
    const name = attr(pair, "name");
    if (reference === undefined) return quoted(name ?? "", attr(pair, "value"));
    return name === undefined ? `@${reference}` : `@${reference}:${name}`;
  });
}

/** `params $id="x" a="1"` on one line. */
export function printSet(word: string, set: XmlElement, context: PrintContext): string {
  const parts = [word];
  const id = attr(set, "id") ?? "";
  const reference = attr(set, "id-ref");
  const score = attr(set, "score");
  if (reference !== undefined) parts.push(quoted("$id-ref", reference));
  else if (context.referenced.has(id)) parts.push(quoted("$id", id));
  if (score !== undefined) parts.push(`${scoreWord(score)}:`);
  for (const rule of childrenOf(set, "rule")) parts.push(printRule(rule));
  parts.push(...printPairs(set));
  return parts.join(" ");
}

/** Lines for the sets that are direct children of a resource or node, in document order; empty sets are not shown. */
export function printSets(
  owner: XmlElement,
  context: PrintContext,
  instanceWord: "params" | "attributes" = "params",
): readonly string[] {
  const lines: string[] = [];
  for (const child of owner.children) {
    const word = setWord(child.name, instanceWord);
    if (word !== undefined && !isEmptySet(child)) lines.push(printSet(word, child, context));
  }
  return lines;
}

/** The word shown before a set, by element name. */
export function setWord(
  name: string,
  instanceWord: "params" | "attributes" = "params",
): string | undefined {
  if (name === "instance_attributes") return instanceWord;
  if (name === "meta_attributes") return "meta";
  return name === "utilization" ? "utilization" : undefined;
}

/** True for a set that says nothing: the tools leave such behind when the last attribute is deleted. */
export function isEmptySet(set: XmlElement): boolean {
  return set.children.length === 0 && set.attrs.get("id-ref") === undefined;
}
