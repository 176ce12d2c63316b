/** `primitive ID AGENT|@TEMPLATE …` and `rsc_template ID AGENT …`: agent, sets and operations. */
import { attr, childrenOf, element, type XmlElement } from "../../xml/node.ts";
import { type ObjectKind, printDescription, takeDescription } from "./kind.ts";
import {
  isEmptySet,
  parseNvpair,
  parseSet,
  printPairs,
  printSet,
  SET_ELEMENTS,
  setWord,
} from "./nvset.ts";
import {
  checkId,
  type Draft,
  isModern,
  LanguageError,
  type ParseContext,
  type PrintContext,
  quoted,
  syntaxError,
  Words,
} from "./syntax.ts";

const SECTIONS = new Set(["params", "meta", "utilization", "operations", "op"]);
const OP_STOPS = new Set([...SECTIONS, "op_params", "op_meta"]);

/** Attributes of `<op>`; any other name becomes an instance attribute of the operation. */
export const OP_ATTRIBUTES: readonly string[] = [
  "interval",
  "timeout",
  "role",
  "on-fail",
  "enabled",
  "start-delay",
  "interval-origin",
  "record-pending",
  "requires",
  "description",
  "id",
];

/**
 * `ocf:heartbeat:IPaddr` → class, provider, type. A missing class is ocf. A missing provider is the only one that has the
 * agent; newer schemas (newer shells) take heartbeat's, then pacemaker's, where several have it.
 */
function parseAgent(
  word: string,
  rest: readonly string[],
  context: ParseContext,
): Map<string, string> {
  const parts = word.split(":");
  const type = parts.at(-1) ?? "";
  const standard = parts.length > 1 ? (parts[0] ?? "") : "ocf";
  if (type === "" || standard === "" || parts.length > 3) throw syntaxError("primitive", rest);
  if (standard !== "ocf") {
    if (parts.length > 2) throw syntaxError("primitive", rest);
    return new Map([
      ["class", standard],
      ["type", type],
    ]);
  }
  let provider = parts.length === 3 ? parts[1] : undefined;
  if (provider === undefined) {
    const found = context.providersOf(type);
    const usual = ["heartbeat", "pacemaker"].find((p) => found.includes(p));
    if (isModern(context) && usual !== undefined && found.length > 1) {
      return new Map([
        ["class", standard],
        ["provider", usual],
        ["type", type],
      ]);
    }
    if (found.length !== 1) {
      const which = found.length > 1 ? ` (one of ${found.join(", ")})` : "";
      throw new LanguageError(
        `provider could not be determined for ${word}${which}`,
        `syntax in primitive: ${rest.join(" ")}`,
      );
    }
    provider = found[0];
  }
  return new Map([
    ["class", standard],
    ["provider", provider ?? ""],
    ["type", type],
  ]);
}

function parseResource(
  name: string,
  keyword: string,
  all: readonly string[],
  context: ParseContext,
): Draft {
  const words = new Words(all);
  const attrs = new Map([["id", checkId(takeId(words, context))]]);
  const rest = words.rest();
  const agent = words.next();
  if (agent === "") throw syntaxError(keyword, all);
  if (agent.startsWith("@") && name === "primitive") attrs.set("template", agent.slice(1));
  else for (const [key, value] of parseAgent(agent, rest, context)) attrs.set(key, value);
  const description = takeDescription(words);
  if (description !== undefined) attrs.set("description", description);
  const children: XmlElement[] = [];
  let operations: XmlElement | undefined;
  const implied = isModern(context) && !words.done && !SECTIONS.has(words.peek() ?? "");
  if (implied) children.push(parseSet("instance_attributes", words, SECTIONS, context));
  while (!words.done) {
    const left = words.rest();
    const word = words.next();
    if (!SECTIONS.has(word)) throw syntaxError(keyword, left);
    if (word === "op" || word === "operations") {
      const before = operations;
      operations ??= element("operations");
      if (word === "op") operations = addOperation(operations, words, keyword, left, context);
      else operations = withOperationsId(operations, words, keyword, left, context);
      if (before === undefined) children.push(operations);
      else children[children.indexOf(before)] = operations;
    } else children.push(parseSet(SET_ELEMENTS[word] ?? word, words, SECTIONS, context));
  }
  return { element: element(name, attrs, children) };
}

/** The id of an object; newer grammars accept `id=ID`. */
function takeId(words: Words, context: ParseContext): string {
  const word = words.next();
  return isModern(context) && word.startsWith("id=") ? word.slice(3) : word;
}

function withOperationsId(
  operations: XmlElement,
  words: Words,
  keyword: string,
  left: readonly string[],
  context: ParseContext,
): XmlElement {
  const given = /^\$(id|id-ref)=(.+)$/.exec(words.next());
  if (!given) throw syntaxError(keyword, left);
  const value = given[2] ?? "";
  const set = given[1] === "id" ? value : context.resolveSet("operations", value);
  return element("operations", { [given[1] ?? ""]: set }, operations.children);
}

function addOperation(
  operations: XmlElement,
  words: Words,
  keyword: string,
  left: readonly string[],
  context: ParseContext,
): XmlElement {
  const name = words.next();
  if (name === "" || name.includes("=")) throw syntaxError(keyword, left);
  const attrs = new Map([["name", name]]);
  const pairs: XmlElement[] = [];
  const sets: XmlElement[] = [];
  const modern = isModern(context);
  while (!words.done && !SECTIONS.has(words.peek() ?? "")) {
    const word = words.next();
    if (modern && (word === "op_params" || word === "op_meta")) {
      sets.push(parseSet(SET_ELEMENTS[word] ?? word, words, OP_STOPS, context));
      continue;
    }
    const eq = word.indexOf("=");
    const key = eq < 0 ? word : word.slice(0, eq);
    if (eq >= 0 && OP_ATTRIBUTES.includes(key)) attrs.set(key, word.slice(eq + 1));
    else pairs.push(parseNvpair(word));
  }
  if (!attrs.has("interval")) attrs.set("interval", "0");
  if (pairs.length > 0) sets.unshift(element("instance_attributes", {}, pairs));
  const op = element("op", attrs, sets);
  return element("operations", operations.attrs, [...operations.children, op]);
}

/** `op monitor interval="10s" timeout="20s" OCF_CHECK_LEVEL="10"`. */
export function printOperation(op: XmlElement): string {
  const parts = ["op", attr(op, "name") ?? ""];
  for (const [name, value] of op.attrs) {
    if (name !== "name" && name !== "id") parts.push(quoted(name, value));
  }
  const [first, ...others] = op.children.filter((c) => !isEmptySet(c));
  for (const set of first === undefined ? [] : [first, ...others]) {
    if (set.name === "meta_attributes") parts.push("op_meta");
    else if (set !== first) parts.push("op_params");
    parts.push(...printPairs(set));
  }
  return parts.join(" ");
}

function printOperations(operations: XmlElement): readonly string[] {
  const lines: string[] = [];
  const id = attr(operations, "id");
  const reference = attr(operations, "id-ref");
  // Two blanks before $id-ref: as the original prints it.
  if (reference !== undefined) lines.push(`operations  ${quoted("$id-ref", reference)}`);
  else if (id !== undefined) lines.push(`operations ${quoted("$id", id)}`);
  return [...lines, ...childrenOf(operations, "op").map(printOperation)];
}

function printResource(keyword: string, el: XmlElement, context: PrintContext): readonly string[] {
  const template = attr(el, "template");
  const agent = ["class", "provider", "type"]
    .map((a) => attr(el, a))
    .filter((p) => p !== undefined);
  const lines = [
    `${keyword} ${attr(el, "id")} ${template === undefined ? agent.join(":") : `@${template}`}`,
    ...printDescription(el),
  ];
  for (const child of el.children) {
    const word = setWord(child.name);
    if (child.name === "operations") lines.push(...printOperations(child));
    else if (word !== undefined && !isEmptySet(child)) lines.push(printSet(word, child, context));
  }
  return lines;
}

const SECTIONS_USAGE =
  "[description=<text>] [params ...] [meta ...] [utilization ...] [operations ...] [op <name> ...]";

export const primitive: ObjectKind = {
  word: "primitive",
  elements: ["primitive"],
  section: "resources",
  minWords: 2,
  usage: `<rsc> {[<class>:[<provider>:]]<type>|@<template>} ${SECTIONS_USAGE}`,
  parse: (words, context) => parseResource("primitive", "primitive", words, context),
  print: (el, context) => printResource("primitive", el, context),
};

export const template: ObjectKind = {
  word: "rsc_template",
  elements: ["template"],
  section: "resources",
  minWords: 2,
  usage: `<name> [<class>:[<provider>:]]<type> ${SECTIONS_USAGE}`,
  parse: (words, context) => parseResource("template", "rsc_template", words, context),
  print: (el, context) => printResource("rsc_template", el, context),
};
