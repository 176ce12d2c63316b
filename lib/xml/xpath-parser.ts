/** Text to expression tree: the grammar of the XPath subset that lib/xml/xpath.ts describes and evaluates. */
import { type Rejection, reject } from "../base/error.ts";
import { limits } from "../base/limits.ts";

type Axis =
  | "child"
  | "descendant"
  | "descendant-or-self"
  | "parent"
  | "self"
  | "ancestor"
  | "ancestor-or-self"
  | "attribute";

/** One step of a location path. */
export interface Step {
  readonly axis: Axis;
  /** An element or attribute name, "*", "node()", "comment()" or "text()". */
  readonly test: string;
  readonly predicates: readonly Expression[];
}

/** A path from the document or from where it stands. */
export interface LocationPath {
  readonly kind: "path";
  readonly absolute: boolean;
  readonly steps: readonly Step[];
}

/** Anything that has a value. */
export type Expression =
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
      if (first === "/" && !this.#startsStep()) return { kind: "path", absolute, steps };
    }
    steps.push(...this.#stepAfter(first === "//"));
    for (;;) {
      const anywhere = this.#take("//");
      if (!anywhere && !this.#take("/")) break;
      steps.push(...this.#stepAfter(anywhere));
    }
    return { kind: "path", absolute, steps };
  }

  /** `//name` is one step over all descendants, unless a position among siblings matters. */
  #stepAfter(anywhere: boolean): readonly Step[] {
    const step = this.#step();
    if (!anywhere) return [step];
    if (step.axis !== "child" || !step.predicates.every(isPlaceless)) return [ANYWHERE, step];
    return [{ ...step, axis: "descendant" }];
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

/** True for predicates that are no number and do not ask for a position. */
function isPlaceless(predicate: Expression): boolean {
  switch (predicate.kind) {
    case "path":
    case "literal":
      return true;
    case "number":
      return false;
    case "call":
      return /^(not|contains|starts-with)$/.test(predicate.name) && !asksPosition(predicate);
    case "binary":
      return !asksPosition(predicate);
  }
}

function asksPosition(expression: Expression): boolean {
  switch (expression.kind) {
    case "call":
      return (
        expression.name === "position" ||
        expression.name === "last" ||
        expression.args.some(asksPosition)
      );
    case "binary":
      return asksPosition(expression.left) || asksPosition(expression.right);
    default:
      return false;
  }
}

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
