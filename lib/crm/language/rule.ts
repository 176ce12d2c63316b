/** Rules of locations and attribute sets: parse and print (spec/crm-commands.md section 10, rule and expr). */
import { attr, child, element, type XmlElement } from "../../xml/node.ts";
import { scoreAttr, scoreWord } from "./score.ts";
import {
  isModern,
  LanguageError,
  type ParseContext,
  quoted,
  syntaxError,
  type Words,
} from "./syntax.ts";

const BINARY = new Set(["lt", "gt", "lte", "gte", "eq", "ne"]);
const UNARY = new Set(["defined", "not_defined"]);
const DATE_UNITS = new Set([
  "hours",
  "monthdays",
  "weekdays",
  "yearsdays",
  "yeardays",
  "months",
  "weeks",
  "years",
  "weekyears",
  "moon",
]);
const DURATION_UNITS = new Set([...DATE_UNITS, "seconds", "minutes", "days"]);
const IN_RANGE = new Set(["in_range", "in"]);
const DATE_SPEC = new Set(["date_spec", "spec"]);

/**
 * Reads a rule after its keyword: `[$id=x] [$role=R] SCORE: expression`.
 * @throws LanguageError
 */
export function parseRule(words: Words, context: ParseContext): XmlElement {
  const modern = isModern(context);
  const attrs = new Map<string, string>();
  const start = words.rest();
  for (; !words.done; words.skip()) {
    const head = /^(\$id|\$id-ref|\$role|role)=(.*)$/s.exec(words.peek() ?? "");
    if (!head || (head[1] === "role" && !modern)) break;
    attrs.set((head[1] ?? "").replace("$", ""), head[2] ?? "");
  }
  if (attrs.has("id-ref")) return element("rule", attrs);
  const scored = /^(.+):$/.exec(words.peek() ?? "");
  if (scored) {
    attrs.set(...scoreAttr(scored[1] ?? ""));
    words.skip();
  } else if (modern) attrs.set("score", "INFINITY");
  else if (words.done) throw syntaxError("rule", ["rule", ...start]);
  else throw new LanguageError(`syntax in score near <${words.peek()}>`);
  const expressions = [parseExpression(words, context)];
  const operators = new Set<string>();
  while (words.peek() === "and" || words.peek() === "or") {
    operators.add(words.next());
    expressions.push(parseExpression(words, context));
  }
  if (operators.size > 1) {
    const all = `rule ${start.join(" ")}`;
    throw new LanguageError(`rule contains different bool operations: ${all}`);
  }
  if (operators.has("or")) attrs.set("boolean-op", "or");
  return element("rule", attrs, expressions);
}

function parseExpression(words: Words, context: ParseContext): XmlElement {
  const rest = words.rest();
  const first = words.next();
  if (first === "date") return parseDate(words, rest, context);
  if (UNARY.has(first)) {
    if (words.done) throw syntaxError("rule", rest);
    return element("expression", { operation: first, attribute: words.next() });
  }
  const typed = /^(?:(string|version|number|integer):)?(\w+)$/.exec(words.peek() ?? "");
  const operation = typed?.[2] ?? "";
  // The type integer came with the schema 3.5.
  const known = BINARY.has(operation) && (typed?.[1] !== "integer" || context.schema >= 3.05);
  if (!known || words.peek(1) === undefined) throw syntaxError("rule", rest);
  words.skip();
  const value = words.next();
  const source = isModern(context) ? /^(param|meta)\{(.+)\}$/.exec(value) : null;
  return element("expression", {
    attribute: first,
    type: typed?.[1],
    operation,
    "value-source": source?.[1],
    value: source?.[2] ?? value,
  });
}

function parseDate(words: Words, rest: readonly string[], context: ParseContext): XmlElement {
  const word = words.next();
  if (word === "lt" || word === "gt") {
    if (words.done) throw syntaxError("rule", rest);
    const bound = word === "lt" ? "end" : "start";
    return element("date_expression", { operation: word, [bound]: words.next() });
  }
  const range = IN_RANGE.has(word);
  const short = word === "in" || word === "spec";
  if ((!range && !DATE_SPEC.has(word)) || (short && !isModern(context))) {
    throw syntaxError("rule", rest);
  }
  const attrs = new Map([["operation", range ? "in_range" : "date_spec"]]);
  const units = new Map<string, string>();
  for (; !words.done; words.skip()) {
    const pair = /^(\w+)=(.*)$/s.exec(words.peek() ?? "");
    const name = pair?.[1] ?? "";
    if (range && (name === "start" || name === "end")) attrs.set(name, pair?.[2] ?? "");
    else if ((range ? DURATION_UNITS : DATE_UNITS).has(name)) units.set(name, pair?.[2] ?? "");
    else break;
  }
  if (units.size === 0 && !attrs.has("start") && !attrs.has("end")) {
    throw syntaxError("rule", rest);
  }
  if (units.size === 0) return element("date_expression", attrs);
  return element("date_expression", attrs, [element(range ? "duration" : "date_spec", units)]);
}

/** `rule $id="l1-rule" 100: #uname eq node1`. */
export function printRule(rule: XmlElement): string {
  const reference = attr(rule, "id-ref");
  if (reference !== undefined) return `rule ${quoted("$id-ref", reference)}`;
  const parts = ["rule", quoted("$id", attr(rule, "id") ?? "")];
  const role = attr(rule, "role");
  if (role !== undefined) parts.push(quoted("$role", role));
  const score = attr(rule, "score");
  const scored = score === undefined ? attr(rule, "score-attribute") : scoreWord(score);
  if (scored !== undefined) parts.push(`${scored}:`);
  const operator = attr(rule, "boolean-op") ?? "and";
  parts.push(rule.children.map(printExpression).join(` ${operator} `));
  return parts.join(" ");
}

function printExpression(expression: XmlElement): string {
  if (expression.name === "date_expression") return printDate(expression);
  const operation = attr(expression, "operation") ?? "";
  const attribute = attr(expression, "attribute") ?? "";
  if (UNARY.has(operation)) return `${operation} ${attribute}`;
  const type = attr(expression, "type");
  const source = attr(expression, "value-source");
  const plain = attr(expression, "value") ?? "";
  const value = source === undefined || source === "literal" ? plain : `${source}{${plain}}`;
  const shown = value === "" || /[\s'"]/.test(value) ? `"${value}"` : value;
  return `${attribute} ${type === undefined ? "" : `${type}:`}${operation} ${shown}`;
}

function printDate(expression: XmlElement): string {
  const operation = attr(expression, "operation") ?? "in_range";
  if (operation === "lt") return `date lt "${attr(expression, "end") ?? ""}"`;
  if (operation === "gt") return `date gt "${attr(expression, "start") ?? ""}"`;
  const parts = ["date", operation];
  for (const name of ["start", "end"]) {
    const value = attr(expression, name);
    if (value !== undefined) parts.push(quoted(name, value));
  }
  const units = child(expression, "duration") ?? child(expression, "date_spec");
  for (const [name, value] of units?.attrs ?? []) {
    if (name !== "id") parts.push(quoted(name, value));
  }
  return parts.join(" ");
}
