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
import type { Expression, LocationPath, Step, XPath } from "./xpath-parser.ts";

export { compileXPath, type XPath } from "./xpath-parser.ts";

/** A match: an element, or an attribute of it. */
export interface Match {
  readonly cursor: Cursor;
  readonly attribute?: string;
}

/** Ends an evaluation that would take too long: expressions come from clients and from access rules. */
class Exhausted extends Error {}

/** The document that is asked, and how many elements may still be looked at. */
class Search {
  readonly top: Cursor;
  #visitsLeft: number;
  /** One cursor for each place, so that equal places are the same object. */
  readonly #children = new Map<Cursor, readonly Cursor[]>();

  constructor(root: XmlElement, visits: number) {
    this.top = rootCursor(root);
    this.#visitsLeft = visits;
  }

  visit(count: number): void {
    this.#visitsLeft -= count;
    if (this.#visitsLeft < 0) throw new Exhausted();
  }

  childrenOf(cursor: Cursor): readonly Cursor[] {
    if (cursor.node.children.length === 0) return NO_CURSORS;
    let children = this.#children.get(cursor);
    if (children === undefined) {
      children = childCursors(cursor);
      this.#children.set(cursor, children);
    }
    return children;
  }
}

const NO_CURSORS: readonly Cursor[] = [];

/** All matches in document order, without repeats. Refused when it would look at more than `visits` elements. */
export function select(
  root: XmlElement,
  xpath: XPath,
  visits: number = limits.xpathVisits,
): readonly Match[] | Rejection {
  try {
    return selectWithin(new Search(root, visits), xpath);
  } catch (error) {
    if (!(error instanceof Exhausted)) throw error;
    return reject("xpath", `'${xpath.text}' takes too long on this document`);
  }
}

function selectWithin(search: Search, xpath: XPath): readonly Match[] {
  const found = xpath.paths.flatMap((path) => evaluatePath(path, { cursor: search.top }, search));
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

/** Keeps the first of equal matches. Within a search each place has one cursor. */
function distinct(matches: readonly Match[]): readonly Match[] {
  const elements = new Set<Cursor>();
  const attributes = new Map<Cursor, Set<string>>();
  return matches.filter(({ cursor, attribute }) => {
    if (attribute === undefined) {
      if (elements.has(cursor)) return false;
      elements.add(cursor);
      return true;
    }
    const names = attributes.get(cursor);
    if (names === undefined) attributes.set(cursor, new Set([attribute]));
    else if (names.has(attribute)) return false;
    else names.add(attribute);
    return true;
  });
}

/** The document is the parent of the root; it exists only as the start of absolute paths. */
interface Context {
  readonly cursor: Cursor;
  readonly attribute?: string;
  readonly isDocument?: boolean;
}

function evaluatePath(path: LocationPath, context: Context, search: Search): readonly Match[] {
  let current: readonly Context[] = path.absolute
    ? [{ cursor: search.top, isDocument: true }]
    : [context];
  for (const step of path.steps) {
    const next: Context[] = [];
    for (const from of current) {
      for (const reached of takeStep(step, from, search)) next.push(reached);
    }
    current = current.length > 1 ? (distinct(next) as readonly Context[]) : next;
  }
  return current.filter((c) => c.isDocument !== true);
}

function takeStep(step: Step, from: Context, search: Search): readonly Context[] {
  const reached = alongAxis(step, from, search);
  search.visit(reached.length + 1);
  let candidates = reached.filter((c) => matchesTest(step, c));
  for (const predicate of step.predicates) {
    const size = candidates.length;
    candidates = candidates.filter((c, i) =>
      holds(predicate, c, { position: i + 1, size, search }),
    );
  }
  return candidates;
}

function alongAxis(step: Step, from: Context, search: Search): readonly Context[] {
  if (from.attribute !== undefined) {
    return step.axis === "parent" ? [{ cursor: from.cursor }] : step.axis === "self" ? [from] : [];
  }
  const { cursor } = from;
  const children = (): readonly Context[] =>
    from.isDocument === true ? [{ cursor }] : search.childrenOf(cursor).map((c) => ({ cursor: c }));
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
      let visited = 0;
      const visit = (c: Cursor): void => {
        visited++;
        const candidate = { cursor: c };
        if (matchesTest(step, candidate)) found.push(candidate);
        for (const child of search.childrenOf(c)) visit(child);
      };
      for (const child of children()) visit(child.cursor);
      search.visit(visited);
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
  readonly search: Search;
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
      return evaluatePath(expression, context, position.search);
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
