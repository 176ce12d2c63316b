/**
 * ISO 8601 durations as the manager reads them (spec/scheduler-1 A.5; texts: spec/outputs-and-tools D17):
 * weeks count as days, hours and minutes as seconds; years and months stay what they are.
 */
import { isRejection, type Rejection, reject } from "../base/error.ts";
import { addMonths, addSeconds, addYears, type DateTime, SECONDS_PER_DAY } from "./calendar.ts";

/** Amounts may be negative. */
export interface Duration {
  readonly years: number;
  readonly months: number;
  readonly days: number;
  readonly seconds: number;
}

/** What one unit adds, in date and in time position. */
const UNITS: Readonly<Record<string, readonly [keyof Duration, number]>> = {
  Y: ["years", 1],
  M: ["months", 1],
  W: ["days", 7],
  D: ["days", 1],
  H: ["seconds", 3600],
  S: ["seconds", 1],
};

const LARGEST = 2 ** 31 - 1;

/**
 * Parses "P1Y2M3DT4H5M6S" up to its end or a "/". The rejection's code is the name of the rule that speaks, as the
 * original prints it.
 */
export function parseDuration(text: string): Duration | Rejection {
  const source = "crm_time_parse_duration";
  const invalid = (why: string): Rejection =>
    reject(source, `'${text}' is not a valid ISO 8601 time duration because ${why}`);
  if (text === "") return reject(source, "No ISO 8601 time duration given");
  if (text[0] !== "P") return invalid("it does not start with a 'P'");
  if (text.length === 1 || text[1] === "/") return invalid("nothing follows 'P'");
  const sums = { years: 0, months: 0, days: 0, seconds: 0 };
  let inTime = false;
  let amounts = 0;
  let at = 1;
  while (at < text.length && text[at] !== "/") {
    if (text[at] === "T") {
      inTime = true;
      at++;
      continue;
    }
    const element = parseElement(text, at, inTime);
    if (isRejection(element)) return element;
    sums[element.field] += element.amount;
    at = element.next;
    amounts++;
  }
  return amounts === 0 ? invalid("no amounts and units given") : sums;
}

interface DurationElement {
  readonly field: keyof Duration;
  readonly amount: number;
  readonly next: number;
}

function parseElement(text: string, at: number, inTime: boolean): DurationElement | Rejection {
  const invalid = (why: string): Rejection =>
    reject("parse_duration_element", `'${text}' is not a valid ISO 8601 duration because ${why}`);
  const rest = text.slice(at);
  const digits = /^[+-]?\d+/.exec(rest)?.[0];
  if (digits === undefined) return invalid(`no valid integer at '${rest}'`);
  const number = Number(digits);
  const unit = rest[digits.length];
  if (unit === undefined || unit === "/") return invalid(`no units after ${number}`);
  const meaning: readonly [keyof Duration, number] | undefined =
    inTime && unit === "M" ? ["seconds", 60] : UNITS[unit];
  if (meaning === undefined) return invalid(`'${unit}' is not a valid time unit`);
  const amount = number * meaning[1];
  if (Math.abs(amount) > LARGEST) {
    return reject(
      "parse_duration_element",
      `'${text}' could not be parsed as an ISO 8601 duration because the the parsed value for ` +
        "one or more time units is too large",
    );
  }
  return { field: meaning[0], amount, next: at + digits.length + 1 };
}

/** Adds years, months, days, seconds in that order. */
export function addDuration(time: DateTime, duration: Duration): DateTime {
  const months = addMonths(addYears(time, duration.years), duration.months);
  return addSeconds(months, duration.days * SECONDS_PER_DAY + duration.seconds);
}

/** Takes the same away, in the same order. */
export function subtractDuration(time: DateTime, duration: Duration): DateTime {
  return addDuration(time, {
    years: -duration.years,
    months: -duration.months,
    days: -duration.days,
    seconds: -duration.seconds,
  });
}

/** Length in seconds where years and months do not depend on a date: 365 and 30 days (interval specifications). */
export function durationSeconds(duration: Duration): number {
  const days = duration.years * 365 + duration.months * 30 + duration.days;
  return days * SECONDS_PER_DAY + duration.seconds;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** "   2 years  5 months 360 seconds (6 minutes)"; the blanks are part of the traditional text. */
export function durationText(duration: Duration): string {
  let text = "";
  const part = (value: number, width: number, word: string): void => {
    if (value !== 0) text += `${String(value).padStart(width)} ${word}${value === 1 ? "" : "s"} `;
  };
  part(duration.years, 4, "year");
  part(duration.months, 2, "month");
  part(duration.days, 2, "day");
  const { seconds } = duration;
  if (seconds === 0 && text !== "") return text;
  text += plural(seconds, "second");
  const size = Math.abs(seconds);
  if (size < 60) return text;
  const parts: string[] = [];
  if (size >= 3600) parts.push(plural(Math.floor(size / 3600), "hour"));
  if (size % 3600 >= 60) parts.push(plural(Math.floor((size % 3600) / 60), "minute"));
  if (size % 60 > 0) parts.push(plural(size % 60, "second"));
  return `${text} (${parts.join(" ")})`;
}
