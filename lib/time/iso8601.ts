/**
 * ISO 8601 dates and periods: parse and print (spec/scheduler-1 A.5; error texts: spec/outputs-and-tools D17).
 * Pure: what "today" and the local offset are is passed in.
 */
import { isRejection, type Rejection, reject } from "../base/error.ts";
import {
  type DateTime,
  daysInMonth,
  daysInYear,
  fieldsOf,
  firstMonday,
  fromOrdinal,
  ordinalOf,
  SECONDS_PER_DAY,
  weeksInYear,
} from "./calendar.ts";
import { addDuration, type Duration, parseDuration, subtractDuration } from "./duration.ts";

/** What a date without offset or without day refers to. */
export interface LocalClock {
  /** Epoch seconds, for bare times; 0 when absent. */
  readonly now?: number;
  /** Seconds east of UTC for dates without an offset; 0 when absent. */
  readonly offset?: number;
}

export interface Period {
  readonly start: DateTime;
  readonly end: DateTime;
}

const FIRST = -62_135_596_800;
const LAST = 253_402_300_799;

/** A year, a day of the year, and where the text goes on. */
interface DayPart {
  readonly year: number;
  readonly ordinal: number;
  readonly rest: string;
}

/**
 * Parses a date and time. A "/" ends it (periods). The rejection's code names the rule that speaks as the original
 * prints it; its text is the original's.
 */
export function parseDateTime(text: string, clock: LocalClock = {}): DateTime | Rejection {
  const source = "parse_date";
  const noDate = reject(source, `'${text}' is not a valid ISO 8601 date/time specification`);
  if (text === "") return reject(source, "No ISO 8601 date/time specification given");
  if (/^epoch(\/|$)/.test(text)) return { epoch: 0, offset: 0 };
  const local = clock.offset ?? 0;
  let day: DayPart;
  if (text[0] === "T" || /^\d{2}:/.test(text)) {
    const today = fieldsOf({ epoch: clock.now ?? 0, offset: local });
    day = { year: today.year, ordinal: today.ordinal, rest: text[0] === "T" ? text : `T${text}` };
  } else {
    const parsed = parseDay(text);
    if (isRejection(parsed)) return parsed;
    day = parsed;
  }
  const { year, ordinal, rest } = day;
  if (rest === "" || rest[0] === "/") return fromOrdinal(year, ordinal, 0, local);
  if (rest[0] === "Z") return fromOrdinal(year, ordinal, 0, 0);
  if (rest[0] !== "T" && rest[0] !== " ") return noDate;
  const time = parseHms(rest.slice(1));
  if (isRejection(time)) return time;
  const offset = parseOffset(time.rest, local);
  if (isRejection(offset)) return offset;
  if (offset === undefined) return noDate;
  return fromOrdinal(year, ordinal, time.seconds, offset);
}

function parseDay(text: string): DayPart | Rejection {
  const week = /^(-?\d+)-W(\d{1,2})-(\d+)/.exec(text);
  if (week !== null) return weekDate(text, week);
  const civil = /^(-?\d+)-(\d{1,2})-(\d{1,2})/.exec(text) ?? /^(\d{4})(\d{2})(\d{2})/.exec(text);
  if (civil !== null) return civilDate(text, civil);
  const ordinal = /^(\d{4})-?(\d{3})(?!\d)/.exec(text);
  if (ordinal !== null) {
    const year = Number(ordinal[1]);
    const day = Number(ordinal[2]);
    if (year < 1) return invalidDay(text, String(year), "year");
    if (day < 1 || day > daysInYear(year)) {
      return invalidDay(text, String(day), `day of year ${year} (1-${daysInYear(year)})`);
    }
    return { year, ordinal: day, rest: text.slice(ordinal[0].length) };
  }
  return reject("parse_date", `'${text}' is not a valid ISO 8601 date/time specification`);
}

function invalidDay(text: string, value: string, kind: string): Rejection {
  return reject(
    "parse_date",
    `'${text}' is not a valid ISO 8601 date/time specification because '${value}' is not a valid ${kind}`,
  );
}

/** Years are read as unsigned 32-bit numbers; that is how a negative one is reported. */
function yearProblem(text: string, year: number): Rejection | undefined {
  return year < 1 || year > 2 ** 31 - 1
    ? invalidDay(text, String(year < 0 ? year + 2 ** 32 : year), "year")
    : undefined;
}

function civilDate(text: string, match: RegExpExecArray): DayPart | Rejection {
  const year = Number(match[1]);
  const month = Number(match[2]);
  const day = Number(match[3]);
  if (month < 1 || month > 12) return invalidDay(text, String(month), "month");
  const problem = yearProblem(text, year);
  if (problem !== undefined) return problem;
  if (day < 1 || day > daysInMonth(year, month)) {
    return invalidDay(text, String(day), "day of the month");
  }
  return { year, ordinal: ordinalOf(year, month, day), rest: text.slice(match[0].length) };
}

function weekDate(text: string, match: RegExpExecArray): DayPart | Rejection {
  const year = Number(match[1]);
  const week = Number(match[2]);
  const weekday = Number(match[3]);
  const problem = yearProblem(text, year);
  if (problem !== undefined) return problem;
  if (week < 1 || week > weeksInYear(year)) {
    return invalidDay(text, String(week), `week of year ${year} (1-${weeksInYear(year)})`);
  }
  if (weekday < 1 || weekday > 7) return invalidDay(text, String(weekday), "day of the week");
  const days = firstMonday(year) + (week - 1) * 7 + weekday - 1;
  const actual = fieldsOf({ epoch: days * SECONDS_PER_DAY, offset: 0 });
  return { year: actual.year, ordinal: actual.ordinal, rest: text.slice(match[0].length) };
}

interface TimePart {
  readonly seconds: number;
  readonly rest: string;
}

function parseHms(text: string): TimePart | Rejection {
  const source = "parse_hms";
  const match = /^(\d{1,2})(?::?(\d{1,2})(?::?(\d{1,2}))?)?/.exec(text);
  if (match === null) {
    return reject(source, `'${text}' is not a valid ISO 8601 time specification`);
  }
  const invalid = (value: number, kind: string): Rejection =>
    reject(
      source,
      `${text} is not a valid ISO 8601 time specification because ${value} is not a valid ${kind}`,
    );
  const hour = Number(match[1]);
  const minute = Number(match[2] ?? 0);
  const second = Number(match[3] ?? 0);
  if (hour > 24 || (hour === 24 && (minute > 0 || second > 0))) return invalid(hour, "hour");
  if (minute > 59) return invalid(minute, "minute");
  if (second > 59) return invalid(second, "second");
  return { seconds: hour * 3600 + minute * 60 + second, rest: text.slice(match[0].length) };
}

/** Offset in seconds; undefined when the rest is no offset. */
function parseOffset(rest: string, local: number): number | Rejection | undefined {
  const text = rest.trimStart();
  if (text === "" || text[0] === "/") return local;
  if (text[0] === "Z") return 0;
  if (text[0] !== "+" && text[0] !== "-") return undefined;
  const time = parseHms(text.slice(1));
  if (isRejection(time)) return time;
  return text[0] === "-" ? -time.seconds : time.seconds;
}

/** Between 0001-01-01T00:00:00 and 9999-12-31T23:59:59 UTC. */
export function isInRange(time: DateTime): boolean {
  return time.epoch >= FIRST && time.epoch <= LAST;
}

/** Parses "START/END", "START/DURATION" or "DURATION/END". */
export function parsePeriod(text: string, clock: LocalClock = {}): Period | Rejection {
  const source = "parse_period";
  const invalid = (quoted: string, why: string): Rejection =>
    reject(source, `'${quoted}' is not a valid ISO 8601 time period because ${why}`);
  if (text === "") return reject(source, "No ISO 8601 time period given");
  const slash = text.indexOf("/");
  const second = slash < 0 ? undefined : text.slice(slash + 1);
  let start: DateTime | undefined;
  let before: Duration | undefined;
  if (text[0] === "P") {
    const parsed = parseDuration(text);
    if (isRejection(parsed)) return parsed;
    before = parsed;
  } else {
    const parsed = parseDateTime(text, clock);
    if (isRejection(parsed)) return parsed;
    start = parsed;
  }
  if (second === undefined) return invalid(text, "it has no duration or ending time");
  let end: DateTime;
  if (second[0] === "P") {
    if (start === undefined) return invalid(text, "it has two durations");
    const after = parseDuration(second);
    if (isRejection(after)) return after;
    end = addDuration(start, after);
  } else {
    const parsed = parseDateTime(second, clock);
    if (isRejection(parsed)) return parsed;
    end = parsed;
  }
  if (start === undefined) {
    start = before === undefined ? end : subtractDuration(end, before);
  }
  const range = "(must be between 0001-01-01T00:00:00 and 9999-12-31T23:59:59)";
  if (!isInRange(start)) return invalid(second, `the start is invalid ${range}`);
  if (!isInRange(end)) return invalid(second, `the end is invalid ${range}`);
  return { start, end };
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

function four(value: number): string {
  return String(value).padStart(4, "0");
}

/** "Z" or " +01:00". */
function offsetText(offset: number): string {
  if (offset === 0) return "Z";
  const size = Math.abs(offset);
  const minutes = Math.floor((size % 3600) / 60);
  return ` ${offset < 0 ? "-" : "+"}${two(Math.floor(size / 3600))}:${two(minutes)}`;
}

/** How the day is written: 2009-02-28, 2009-059 or 2009-W09-6. */
export type DayForm = "date" | "ordinal" | "week";

/** "2009-02-28 01:00:00 +01:00", in the time's own offset ("Z" for 0). */
export function dateTimeText(time: DateTime, form: DayForm = "date"): string {
  const f = fieldsOf(time);
  let day: string;
  if (form === "ordinal") day = `${four(f.year)}-${String(f.ordinal).padStart(3, "0")}`;
  else if (form === "week") day = `${four(f.weekYear)}-W${two(f.week)}-${f.weekday}`;
  else day = `${four(f.year)}-${two(f.month)}-${two(f.day)}`;
  return `${day} ${two(f.hour)}:${two(f.minute)}:${two(f.second)}${offsetText(time.offset)}`;
}

/** The same point in time, read in UTC. */
export function inUtc(time: DateTime): DateTime {
  return time.offset === 0 ? time : { epoch: time.epoch, offset: 0 };
}

const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const;
const MONTHS = [
  "Jan",
  "Feb",
  "Mar",
  "Apr",
  "May",
  "Jun",
  "Jul",
  "Aug",
  "Sep",
  "Oct",
  "Nov",
  "Dec",
] as const;

/** "Sat Nov 21 09:05:00 2026": ctime's form without its newline, in the time's own offset. */
export function ctimeText(time: DateTime): string {
  const f = fieldsOf(time);
  const day = String(f.day).padStart(2);
  const clock = `${two(f.hour)}:${two(f.minute)}:${two(f.second)}`;
  return `${WEEKDAYS[f.weekday - 1]} ${MONTHS[f.month - 1]} ${day} ${clock} ${f.year}`;
}
