/**
 * Rules: is a condition of the configuration true now, and when may the answer change (spec/scheduler-1 A.4).
 * A condition that cannot be evaluated counts as not true, and its reason is a value, never a log line.
 */

import { parseIntervalMs } from "../time/interval.ts";
import { findById } from "../xml/index.ts";
import { attr, type XmlElement } from "../xml/node.ts";
import { evaluateDateExpression } from "./date-expression.ts";

/** Looks up a value by name; undefined when there is none. */
export type Lookup = (name: string) => string | undefined;

/** What a rule may ask. Only `now` is always there; what is absent counts as having no values. */
export interface RuleContext {
  /** Epoch seconds. */
  readonly now: number;
  /** Offset of local time in seconds east of UTC, for dates without one and for date_spec. */
  readonly offset?: number;
  /** The document, for id-ref. */
  readonly document?: XmlElement;
  readonly nodeAttribute?: Lookup;
  readonly resourceParameter?: Lookup;
  readonly resourceMeta?: Lookup;
  /** Submatches of a location constraint's rsc-pattern; [0] is the whole match. */
  readonly submatches?: readonly (string | undefined)[];
  readonly resource?: {
    readonly class: string | undefined;
    readonly provider: string | undefined;
    readonly type: string | undefined;
  };
  readonly operation?: { readonly name: string; readonly intervalMs: number };
}

/** `nextChange`: epoch seconds, strictly after now, at which the rule may answer otherwise. */
export interface RuleResult {
  readonly passes: boolean;
  readonly nextChange: number | undefined;
  /** Why a part could not be evaluated; it then counted as not true. */
  readonly problem?: string;
}

const PASSES: RuleResult = { passes: true, nextChange: undefined };
const FAILS: RuleResult = { passes: false, nextChange: undefined };

function broken(problem: string): RuleResult {
  return { passes: false, nextChange: undefined, problem };
}

/** The earlier of two times, undefined being never. */
export function earliest(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : Math.min(a, b);
}

/** Replaces %0 to %9 by the submatches of an rsc-pattern; without submatches the text stays. */
export function expandSubmatches(
  text: string,
  submatches: readonly (string | undefined)[] | undefined,
): string {
  if (submatches === undefined) return text;
  return text.replace(/%(\d)/g, (_, digit: string) => submatches[Number(digit)] ?? "");
}

/** Evaluates a `rule` element. */
export function evaluateRule(rule: XmlElement, context: RuleContext): RuleResult {
  const ref = attr(rule, "id-ref");
  if (ref !== undefined) {
    const target =
      context.document === undefined ? undefined : findById(context.document, ref, "rule");
    if (target === undefined || target === rule) return broken(`no rule with id '${ref}'`);
    return evaluateRule(target, context);
  }
  if (attr(rule, "id") === undefined) return broken("a rule has no id");
  const booleanOp = (attr(rule, "boolean-op") ?? "and").toLowerCase();
  if (booleanOp !== "and" && booleanOp !== "or") {
    return broken(`'${booleanOp}' is not a valid boolean-op`);
  }
  let passes = true;
  let nextChange: number | undefined;
  let problem: string | undefined;
  for (const condition of rule.children) {
    const result = evaluateCondition(condition, context);
    if (result === undefined) continue;
    nextChange = earliest(nextChange, result.nextChange);
    problem ??= result.problem;
    passes = result.passes;
    if (passes === (booleanOp === "or")) break;
  }
  return problem === undefined ? { passes, nextChange } : { passes, nextChange, problem };
}

/** One condition of a rule; undefined for elements that are none. */
export function evaluateCondition(
  condition: XmlElement,
  context: RuleContext,
): RuleResult | undefined {
  switch (condition.name) {
    case "rule":
      return evaluateRule(condition, context);
    case "expression":
      return withId(condition, () => evaluateExpression(condition, context));
    case "date_expression":
      return withId(condition, () => {
        const { outcome, nextChange, problem } = evaluateDateExpression(condition, context);
        const passes = outcome === "within-range" || outcome === "satisfied";
        return problem === undefined ? { passes, nextChange } : { passes, nextChange, problem };
      });
    case "rsc_expression":
      return withId(condition, () => evaluateResourceExpression(condition, context));
    case "op_expression":
      return withId(condition, () => evaluateOperationExpression(condition, context));
    default:
      return undefined;
  }
}

function withId(condition: XmlElement, evaluate: () => RuleResult): RuleResult {
  return attr(condition, "id") === undefined ? broken(`a ${condition.name} has no id`) : evaluate();
}

function evaluateResourceExpression(condition: XmlElement, context: RuleContext): RuleResult {
  for (const name of ["class", "provider", "type"] as const) {
    const wanted = attr(condition, name);
    if (wanted !== undefined && wanted !== context.resource?.[name]) return FAILS;
  }
  return PASSES;
}

function evaluateOperationExpression(condition: XmlElement, context: RuleContext): RuleResult {
  const name = attr(condition, "name");
  if (name === undefined) return broken("an op_expression has no name");
  if (name !== context.operation?.name) return FAILS;
  const interval = attr(condition, "interval");
  if (interval === undefined) return PASSES;
  return parseIntervalMs(interval) === context.operation.intervalMs ? PASSES : FAILS;
}

function evaluateExpression(condition: XmlElement, context: RuleContext): RuleResult {
  const name = attr(condition, "attribute");
  if (name === undefined) return broken("an expression has no attribute");
  const operation = (attr(condition, "operation") ?? "").toLowerCase();
  const actual = context.nodeAttribute?.(expandSubmatches(name, context.submatches));
  const value = attr(condition, "value");
  if (operation === "defined" || operation === "not_defined") {
    if (value !== undefined) return broken(`an expression with ${operation} has a value`);
    return (actual !== undefined) === (operation === "defined") ? PASSES : FAILS;
  }
  if (value === undefined) return broken(`an expression with ${operation} has no value`);
  const reference = referenceValue(value, attr(condition, "value-source"), context);
  const type = comparisonType(attr(condition, "type"), operation, actual, reference);
  const order = compareValues(type, actual, reference);
  return holds(operation, order, actual !== undefined && reference !== undefined);
}

function holds(operation: string, order: number, bothPresent: boolean): RuleResult {
  const verdict = (passes: boolean): RuleResult => (passes ? PASSES : FAILS);
  switch (operation) {
    case "eq":
      return verdict(order === 0);
    case "ne":
      return verdict(order !== 0);
    case "lt":
      return verdict(bothPresent && order < 0);
    case "lte":
      return verdict(bothPresent && order <= 0);
    case "gt":
      return verdict(bothPresent && order > 0);
    case "gte":
      return verdict(bothPresent && order >= 0);
    default:
      return broken(`'${operation}' is not a valid operation of an expression`);
  }
}

function referenceValue(
  value: string,
  source: string | undefined,
  context: RuleContext,
): string | undefined {
  switch ((source ?? "literal").toLowerCase()) {
    case "param":
      return context.resourceParameter?.(value);
    case "meta":
      return context.resourceMeta?.(value);
    default:
      return value;
  }
}

type ComparisonType = "string" | "integer" | "number" | "version";

function comparisonType(
  given: string | undefined,
  operation: string,
  actual: string | undefined,
  reference: string | undefined,
): ComparisonType {
  const word = given?.toLowerCase();
  if (word === "string" || word === "integer" || word === "number" || word === "version") {
    return word;
  }
  if (operation === "eq" || operation === "ne") return "string";
  return actual?.includes(".") === true || reference?.includes(".") === true ? "number" : "integer";
}

/** Negative, 0 or positive. A missing value is below every present one and equal to another missing one. */
function compareValues(
  type: ComparisonType,
  left: string | undefined,
  right: string | undefined,
): number {
  if (left === undefined || right === undefined) {
    if (left === right) return 0;
    return left === undefined ? -1 : 1;
  }
  if (type === "version") return compareVersions(left, right);
  if (type === "integer") {
    const [a, b] = [prefixInteger(left), prefixInteger(right)];
    if (a !== undefined && b !== undefined) return a < b ? -1 : Number(a > b);
  }
  if (type === "number") {
    const [a, b] = [Number.parseFloat(left), Number.parseFloat(right)];
    if (!Number.isNaN(a) && !Number.isNaN(b)) return a < b ? -1 : Number(a > b);
  }
  const [a, b] = [left.toLowerCase(), right.toLowerCase()];
  return a < b ? -1 : Number(a > b);
}

/** The integer a text begins with; 64 bits, so not a number of JavaScript. */
function prefixInteger(text: string): bigint | undefined {
  const digits = /^\s*([+-]?\d+)/.exec(text)?.[1];
  return digits === undefined ? undefined : BigInt(digits.replace(/^\+/, ""));
}

/** Compares the leading N(.N)* of each, component by component; missing components count as 0. */
export function compareVersions(left: string, right: string): number {
  const components = (text: string): readonly number[] =>
    (/^\s*(\d+(?:\.\d+)*)/.exec(text)?.[1] ?? "0").split(".").map(Number);
  const [a, b] = [components(left), components(right)];
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}
