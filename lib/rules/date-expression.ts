/** date_expression of rules: ranges, before, after, and date_spec (spec/scheduler-1 A.5; words of crm_rule: outputs-and-tools D12). */
import { isRejection } from "../base/error.ts";
import { addMonths, addSeconds, addYears, type DateTime, fieldsOf } from "../time/calendar.ts";
import { parseDateTime } from "../time/iso8601.ts";
import { attr, child, type XmlElement } from "../xml/node.ts";

/** What a date expression needs to know. */
export interface DateContext {
  /** Epoch seconds. */
  readonly now: number;
  /** Offset of local time in seconds east of UTC; 0 when absent. */
  readonly offset?: number;
}

export type DateOutcome =
  | "before-range"
  | "within-range"
  | "after-range"
  | "satisfied"
  | "unsatisfied"
  | "undetermined";

export interface DateResult {
  readonly outcome: DateOutcome;
  /** Epoch seconds, strictly after now, at which the outcome may change. */
  readonly nextChange: number | undefined;
  readonly problem?: string;
}

/** Evaluates a `date_expression` element. */
export function evaluateDateExpression(expression: XmlElement, context: DateContext): DateResult {
  const operation = (attr(expression, "operation") ?? "in_range").toLowerCase();
  if (operation === "date_spec") return evaluateDateSpec(expression, context);
  const start = boundary(expression, "start", context);
  const end = boundary(expression, "end", context);
  if (start === "invalid" || end === "invalid") {
    const name = start === "invalid" ? "start" : "end";
    return undetermined(`'${attr(expression, name)}' is not a valid ${name}`);
  }
  const { now } = context;
  if (operation === "in_range") return evaluateRange(expression, now, start, end);
  if (operation === "gt") {
    if (start === undefined) return undetermined("a date_expression with gt has no start");
    if (now > start.epoch) return { outcome: "within-range", nextChange: undefined };
    return { outcome: "before-range", nextChange: start.epoch + 1 };
  }
  if (operation === "lt") {
    if (end === undefined) return undetermined("a date_expression with lt has no end");
    if (now < end.epoch) return { outcome: "within-range", nextChange: end.epoch };
    return { outcome: "after-range", nextChange: undefined };
  }
  return undetermined(`'${operation}' is not a valid operation of a date_expression`);
}

function undetermined(problem: string): DateResult {
  return { outcome: "undetermined", nextChange: undefined, problem };
}

function boundary(
  expression: XmlElement,
  name: "start" | "end",
  context: DateContext,
): DateTime | "invalid" | undefined {
  const text = attr(expression, name);
  if (text === undefined) return undefined;
  const time = parseDateTime(text, context);
  return isRejection(time) ? "invalid" : time;
}

function evaluateRange(
  expression: XmlElement,
  now: number,
  start: DateTime | undefined,
  givenEnd: DateTime | undefined,
): DateResult {
  const duration = child(expression, "duration");
  let end = givenEnd;
  if (end === undefined && start !== undefined && duration !== undefined) {
    end = durationEnd(start, duration);
    if (end === undefined) return undetermined("a duration has an amount that is no number");
  }
  if (start === undefined && end === undefined) {
    return undetermined("a date_expression with in_range has neither start nor end");
  }
  if (start !== undefined && now < start.epoch) {
    return { outcome: "before-range", nextChange: start.epoch };
  }
  if (end === undefined) return { outcome: "within-range", nextChange: undefined };
  if (now > end.epoch) return { outcome: "after-range", nextChange: undefined };
  return { outcome: "within-range", nextChange: end.epoch + 1 };
}

const DURATION_UNITS: readonly (readonly [string, (time: DateTime, n: number) => DateTime])[] = [
  ["years", addYears],
  ["months", addMonths],
  ["weeks", (time, n) => addSeconds(time, n * 604_800)],
  ["days", (time, n) => addSeconds(time, n * 86_400)],
  ["hours", (time, n) => addSeconds(time, n * 3600)],
  ["minutes", (time, n) => addSeconds(time, n * 60)],
  ["seconds", addSeconds],
];

/** Where a `duration` child ends; undefined when an amount is no number. */
function durationEnd(start: DateTime, duration: XmlElement): DateTime | undefined {
  let time = start;
  for (const [name, add] of DURATION_UNITS) {
    const amount = attr(duration, name);
    if (amount === undefined) continue;
    if (!/^\s*[+-]?\d+/.test(amount)) return undefined;
    time = add(time, Number.parseInt(amount, 10));
  }
  return time;
}

const SPEC_FIELDS = [
  ["years", "year"],
  ["months", "month"],
  ["monthdays", "day"],
  ["hours", "hour"],
  ["minutes", "minute"],
  ["seconds", "second"],
  ["yeardays", "ordinal"],
  ["weekyears", "weekYear"],
  ["weeks", "week"],
  ["weekdays", "weekday"],
] as const;

function evaluateDateSpec(expression: XmlElement, context: DateContext): DateResult {
  const spec = child(expression, "date_spec");
  if (spec === undefined) return undetermined("a date_expression with date_spec has no date_spec");
  const fields = fieldsOf({ epoch: context.now, offset: context.offset ?? 0 });
  for (const [name, field] of SPEC_FIELDS) {
    const range = attr(spec, name);
    if (range === undefined) continue;
    const [low, high] = parseRange(range) ?? [Number.NaN, Number.NaN];
    const value = fields[field];
    if (Number.isNaN(low)) {
      return { outcome: "unsatisfied", nextChange: undefined, problem: `'${range}' is no range` };
    }
    if (value < low) return { outcome: "before-range", nextChange: undefined };
    if (value > high) return { outcome: "after-range", nextChange: undefined };
  }
  return { outcome: "satisfied", nextChange: undefined };
}

/** "N", "N-", "-N" or "N-M"; undefined when malformed. */
function parseRange(text: string): readonly [number, number] | undefined {
  const match = /^(\d*)(-?)(\d*)$/.exec(text.trim());
  if (match === null) return undefined;
  const [, from, dash, to] = match as unknown as [string, string, string, string];
  if (from === "" && to === "") return undefined;
  if (dash === "") return [Number(from), Number(from)];
  const low = from === "" ? -Infinity : Number(from);
  const high = to === "" ? Infinity : Number(to);
  return [low, high];
}
