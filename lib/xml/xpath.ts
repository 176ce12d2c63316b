/**
 * The part of XPath 1.0 that configurations and tools use: location paths over elements and attributes, predicates with
 * and, or, not(), =, !=, <, >, positions, contains(), starts-with(), count(), name(), last(), position(), and unions.
 * Not supported, and refused by name: other axes than child, descendant, parent, self, ancestor and attribute; variables;
 * arithmetic.
 */
import { type Rejection, reject } from "../base/error.ts";
import { limits } from "../base/limits.ts";
import { COMMENT, type XmlElement } from "./node.ts";
import { type Cursor, childCursors, rootCursor } from "./path.ts";

type Axis =
  | "child"
  | "descendant"
  | "descendant-or-self"
  | "parent"
  | "self"
  | "ancestor"
  | "ancestor-or-self"
  | "attribute";

interface Step {
  readonly axis: Axis;
  /** An element or attribute name, "*", "node()", "comment()" or "text()". */
  readonly test: string;
  readonly predicates: readonly Expression[];
}

interface LocationPath {
  readonly kind: "path";
  readonly absolute: boolean;
  readonly steps: readonly Step[];
}

type Expression =
  | LocationPath
  | { readonly kind: "literal"; readonly value: string }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Expression[] }
  | {
      readonly kind: "binary";
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    };

/** A compiled expression: one location path or a union of them. */
export interface XPath {
  readonly text: string;
  readonly paths: readonly LocationPath[];
}

/** A match: an element, or an attribute of it. */
export interface Match {
  readonly cursor: Cursor;
  readonly attribute?: string;
}

const FUNCTIONS = new Set([
  "not",
  "contains",
  "starts-with",
  "count",
  "name",
  "local-name",
  "last",
  "position",
  "string",
  "normalize-space",
  "string-length",
  "translate",
  "true",
  "false",
]);

class Syntax extends Error {}

const TOKEN =
  /\s*(?:(\/\/|\/|\|{1,2}|\.\.|\.|@|::|!=|<=|>=|[()[\],=<>*$+])|("[^"]*"|'[^']*')|(\d+(?:\.\d+)?)|([A-Za-z_][\w.-]*(?::(?!:)[\w.-]+)?))/y;

function tokenize(text: string): readonly string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    if (text.slice(at).trim() === "") break;
    const match = TOKEN.exec(text);
    if (match === null) throw new Syntax(`unexpected '${text.slice(at).trim()[0]}'`);
    tokens.push(match[1] ?? match[2] ?? match[3] ?? match[4] ?? "");
  }
  return tokens;
}

class Parser {
  readonly #tokens: readonly string[];
  #at = 0;
  #depth = 0;
  constructor(text: string) {
    this.#tokens = tokenize(text);
  }

  union(): readonly LocationPath[] {
    const paths = [this.path()];
    while (this.#take("|")) paths.push(this.path());
    if (this.#peek() !== undefined) throw new Syntax(`unexpected '${this.#peek()}'`);
    return paths;
  }

  path(): LocationPath {
    const steps: Step[] = [];
    const first = this.#peek();
    const absolute = first === "/" || first === "//";
    if (absolute) {
      this.#at++;
      if (first === "//") steps.push(ANYWHERE);
      else if (!this.#startsStep()) return { kind: "path", absolute, steps };
    }
    steps.push(this.#step());
    for (;;) {
      if (this.#take("//")) steps.push(ANYWHERE);
      else if (!this.#take("/")) break;
      steps.push(this.#step());
    }
    return { kind: "path", absolute, steps };
  }

  #startsStep(): boolean {
    const token = this.#peek();
    return token !== undefined && /^([A-Za-z_*@.]|\.\.)/.test(token);
  }

  #step(): Step {
    const token = this.#peek();
    if (token === undefined) throw new Syntax("the path ends too early");
    if (token === "." || token === "..") {
      this.#at++;
      return { axis: token === "." ? "self" : "parent", test: "node()", predicates: [] };
    }
    let axis: Axis = "child";
    if (this.#take("@")) axis = "attribute";
    else if (this.#tokens[this.#at + 1] === "::") {
      axis = axisNamed(token);
      this.#at += 2;
    }
    let test = this.#tokens[this.#at++];
    if (test === undefined || !/^([A-Za-z_]|\*$)/.test(test)) {
      throw new Syntax(`expected a name instead of '${test ?? "the end"}'`);
    }
    if (/^(comment|text|node)$/.test(test) && this.#take("(")) {
      this.#expect(")");
      test += "()";
    }
    const predicates: Expression[] = [];
    while (this.#take("[")) {
      predicates.push(this.#or());
      this.#expect("]");
    }
    return { axis, test, predicates };
  }

  #or(): Expression {
    if (++this.#depth > limits.xpathDepth) throw new Syntax("nested too deep");
    let left = this.#and();
    while (this.#take("or")) left = { kind: "binary", operator: "or", left, right: this.#and() };
    this.#depth--;
    return left;
  }

  #and(): Expression {
    let left = this.#comparison();
    while (this.#take("and")) {
      left = { kind: "binary", operator: "and", left, right: this.#comparison() };
    }
    return left;
  }

  #comparison(): Expression {
    const left = this.#primary();
    const operator = this.#peek();
    if (operator === undefined || !/^(=|!=|<|<=|>|>=)$/.test(operator)) return left;
    this.#at++;
    return { kind: "binary", operator, left, right: this.#primary() };
  }

  #primary(): Expression {
    const token = this.#peek();
    if (token === undefined) throw new Syntax("the expression ends too early");
    if (/^["']/.test(token)) {
      this.#at++;
      return { kind: "literal", value: token.slice(1, -1) };
    }
    if (/^\d/.test(token)) {
      this.#at++;
      return { kind: "number", value: Number(token) };
    }
    if (this.#take("(")) {
      const inner = this.#or();
      this.#expect(")");
      return inner;
    }
    if (this.#tokens[this.#at + 1] === "(" && !/^(comment|text|node)$/.test(token)) {
      return this.#call(token);
    }
    return this.path();
  }

  #call(name: string): Expression {
    if (!FUNCTIONS.has(name)) throw new Syntax(`the function ${name}() is not supported`);
    this.#at += 2;
    const args: Expression[] = [];
    if (!this.#take(")")) {
      do args.push(this.#or());
      while (this.#take(","));
      this.#expect(")");
    }
    return { kind: "call", name, args };
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) {
      throw new Syntax(`expected '${token}' instead of '${this.#peek() ?? "the end"}'`);
    }
  }
}

const ANYWHERE: Step = { axis: "descendant-or-self", test: "node()", predicates: [] };

function axisNamed(name: string): Axis {
  switch (name) {
    case "child":
    case "descendant":
    case "descendant-or-self":
    case "parent":
    case "self":
    case "ancestor":
    case "ancestor-or-self":
    case "attribute":
      return name;
    default:
      throw new Syntax(`the axis ${name} is not supported`);
  }
}

/** Compiles an expression; the rejection says what is wrong with it. */
export function compileXPath(text: string): XPath | Rejection {
  if (text.length > limits.xpathBytes) return reject("xpath", "the XPath expression is too long");
  try {
    return { text, paths: new Parser(text).union() };
  } catch (error) {
    if (!(error instanceof Syntax)) throw error;
    return reject("xpath", `'${text}' is not a usable XPath expression: ${error.message}`);
  }
}

/** All matches in document order, without repeats. */
export function select(root: XmlElement, xpath: XPath): readonly Match[] {
  const top = rootCursor(root);
  const found = xpath.paths.flatMap((path) => evaluatePath(path, { cursor: top }, top));
  if (found.length < 2) return found;
  const keyed = found.map((match) => ({ match, key: placeOf(match.cursor) }));
  keyed.sort((a, b) => comparePlaces(a.key, b.key));
  const sorted = keyed.map(({ match }) => match);
  return xpath.paths.length === 1 ? sorted : distinct(sorted);
}

/** Positions from the root down. */
function placeOf(cursor: Cursor): readonly number[] {
  const place: number[] = [];
  for (let c: Cursor | undefined = cursor; c !== undefined; c = c.parent) place.push(c.index);
  return place.reverse();
}

function comparePlaces(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function sameCursor(a: Cursor, b: Cursor): boolean {
  return (
    a.node === b.node &&
    a.index === b.index &&
    (a.parent === b.parent ||
      (a.parent !== undefined && b.parent !== undefined && sameCursor(a.parent, b.parent)))
  );
}

/** Keeps the first of equal matches. Elements are compared by place, as equal subtrees may be shared. */
function distinct(matches: readonly Match[]): readonly Match[] {
  const seen = new Map<XmlElement, Match[]>();
  const result: Match[] = [];
  for (const match of matches) {
    const known = seen.get(match.cursor.node);
    if (known === undefined) seen.set(match.cursor.node, [match]);
    else if (known.some((k) => same(k, match))) continue;
    else known.push(match);
    result.push(match);
  }
  return result;
}

function same(a: Match, b: Match): boolean {
  return a.attribute === b.attribute && sameCursor(a.cursor, b.cursor);
}

/** The document is the parent of the root; it exists only as the start of absolute paths. */
interface Context {
  readonly cursor: Cursor;
  readonly attribute?: string;
  readonly isDocument?: boolean;
}

function evaluatePath(path: LocationPath, context: Context, top: Cursor): readonly Match[] {
  let current: readonly Context[] = path.absolute ? [{ cursor: top, isDocument: true }] : [context];
  for (const step of path.steps) {
    const next: Context[] = [];
    for (const from of current) next.push(...takeStep(step, from, top));
    current = current.length > 1 ? (distinct(next) as readonly Context[]) : next;
  }
  return current.filter((c) => c.isDocument !== true);
}

function takeStep(step: Step, from: Context, top: Cursor): readonly Context[] {
  let candidates = alongAxis(step, from).filter((c) => matchesTest(step, c));
  for (const predicate of step.predicates) {
    const size = candidates.length;
    candidates = candidates.filter((c, i) => holds(predicate, c, { position: i + 1, size, top }));
  }
  return candidates;
}

function alongAxis(step: Step, from: Context): readonly Context[] {
  if (from.attribute !== undefined) {
    return step.axis === "parent" ? [{ cursor: from.cursor }] : step.axis === "self" ? [from] : [];
  }
  const { cursor } = from;
  const children = (): readonly Context[] =>
    from.isDocument === true ? [{ cursor }] : childCursors(cursor).map((c) => ({ cursor: c }));
  switch (step.axis) {
    case "child":
      return children();
    case "self":
      return [from];
    case "parent":
      return cursor.parent === undefined ? [] : [{ cursor: cursor.parent }];
    case "ancestor":
    case "ancestor-or-self": {
      const found: Context[] = step.axis === "ancestor" ? [] : [from];
      for (let c = cursor.parent; c !== undefined; c = c.parent) found.push({ cursor: c });
      return found;
    }
    case "attribute": {
      const names = step.test === "*" ? [...cursor.node.attrs.keys()] : [step.test];
      return names
        .filter((name) => cursor.node.attrs.has(name))
        .map((attribute) => ({ cursor, attribute }));
    }
    case "descendant":
    case "descendant-or-self": {
      const found: Context[] = step.axis === "descendant" ? [] : [from];
      const visit = (c: Context): void => {
        found.push(c);
        for (const child of childCursors(c.cursor)) visit({ cursor: child });
      };
      for (const child of children()) visit(child);
      return found;
    }
  }
}

function matchesTest(step: Step, candidate: Context): boolean {
  if (step.axis === "attribute" || step.test === "node()") return true;
  if (candidate.isDocument === true || candidate.attribute !== undefined) return false;
  const { name } = candidate.cursor.node;
  if (step.test === "comment()") return name === COMMENT;
  if (name === COMMENT) return false;
  return step.test === "*" || step.test === name;
}

interface Position {
  readonly position: number;
  readonly size: number;
  readonly top: Cursor;
}

type Value = string | number | boolean | readonly Match[];

function holds(predicate: Expression, context: Context, position: Position): boolean {
  const value = evaluate(predicate, context, position);
  return typeof value === "number" ? value === position.position : toBoolean(value);
}

function toBoolean(value: Value): boolean {
  if (typeof value === "object") return value.length > 0;
  return typeof value === "string" ? value !== "" : Boolean(value);
}

function stringOf(match: Match): string {
  if (match.attribute !== undefined) return match.cursor.node.attrs.get(match.attribute) ?? "";
  const collect = (node: XmlElement): string =>
    (node.text ?? "") + node.children.map(collect).join("");
  return collect(match.cursor.node);
}

function toText(value: Value): string {
  if (typeof value === "object") return value[0] === undefined ? "" : stringOf(value[0]);
  return String(value);
}

function toNumber(value: Value): number {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return Number(value);
  const text = toText(value).trim();
  return text === "" ? Number.NaN : Number(text);
}

function evaluate(expression: Expression, context: Context, position: Position): Value {
  switch (expression.kind) {
    case "literal":
    case "number":
      return expression.value;
    case "path":
      return evaluatePath(expression, context, position.top);
    case "call":
      return callFunction(expression.name, expression.args, context, position);
    case "binary": {
      const left = evaluate(expression.left, context, position);
      if (expression.operator === "and" && !toBoolean(left)) return false;
      if (expression.operator === "or" && toBoolean(left)) return true;
      const right = evaluate(expression.right, context, position);
      if (expression.operator === "and" || expression.operator === "or") return toBoolean(right);
      return compare(expression.operator, left, right);
    }
  }
}

/** A node-set stands for each of its strings: one that satisfies the comparison is enough. */
function compare(operator: string, left: Value, right: Value): boolean {
  if (typeof left === "object") {
    return left.some((match) => compare(operator, stringOf(match), right));
  }
  if (typeof right === "object") {
    return right.some((match) => compare(operator, left, stringOf(match)));
  }
  if (operator === "=" || operator === "!=") {
    const equal =
      typeof left === "number" || typeof right === "number"
        ? toNumber(left) === toNumber(right)
        : typeof left === "boolean" || typeof right === "boolean"
          ? toBoolean(left) === toBoolean(right)
          : left === right;
    return equal === (operator === "=");
  }
  const [a, b] = [toNumber(left), toNumber(right)];
  if (operator === "<") return a < b;
  if (operator === "<=") return a <= b;
  return operator === ">" ? a > b : a >= b;
}

/** Each character of `from` becomes the one at its place in `to`, or goes where `to` is shorter. */
function translate(text: string, from: string, to: string): string {
  return [...text]
    .map((c) => {
      const at = from.indexOf(c);
      return at < 0 ? c : (to[at] ?? "");
    })
    .join("");
}

function callFunction(
  name: string,
  args: readonly Expression[],
  context: Context,
  position: Position,
): Value {
  const value = (index: number): Value => {
    const arg = args[index];
    return arg === undefined ? [context as Match] : evaluate(arg, context, position);
  };
  switch (name) {
    case "not":
      return !toBoolean(value(0));
    case "contains":
      return toText(value(0)).includes(toText(value(1)));
    case "starts-with":
      return toText(value(0)).startsWith(toText(value(1)));
    case "count": {
      const set = value(0);
      return typeof set === "object" ? set.length : Number.NaN;
    }
    case "name":
    case "local-name": {
      const set = value(0);
      const first = typeof set === "object" ? set[0] : undefined;
      return first === undefined ? "" : (first.attribute ?? first.cursor.node.name);
    }
    case "last":
      return position.size;
    case "position":
      return position.position;
    case "normalize-space":
      return toText(value(0)).trim().replace(/\s+/g, " ");
    case "string-length":
      return toText(value(0)).length;
    case "translate":
      return translate(toText(value(0)), toText(value(1)), toText(value(2)));
    case "true":
      return true;
    case "false":
      return false;
    default:
      return toText(value(0));
  }
}
