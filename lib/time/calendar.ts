/**
 * Calendar arithmetic without a clock: civil, ordinal and week dates of a point in time, and adding to it
 * (spec/scheduler-1 A.5). The proleptic Gregorian calendar; one-second granularity.
 */

/** A point in time: seconds since 1970-01-01T00:00:00Z, and the offset (seconds east of UTC) it is read in. */
export interface DateTime {
  readonly epoch: number;
  readonly offset: number;
}

/** A time as people read it, in its own offset. Weekday 1 is Monday. */
export interface Fields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** Day of the year from 1. */
  readonly ordinal: number;
  readonly weekYear: number;
  readonly week: number;
  readonly weekday: number;
}

export const SECONDS_PER_DAY = 86_400;

const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334] as const;

export function isLeapYear(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

/** 365 or 366. */
export function daysInYear(year: number): number {
  return isLeapYear(year) ? 366 : 365;
}

/** Days of a month (1 to 12). */
export function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days from 1970-01-01 to the first day of a year; negative before. */
function daysToYear(year: number): number {
  const y = year - 1;
  return y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) - 719_162;
}

/** Day of the year (from 1) of a civil date. */
export function ordinalOf(year: number, month: number, day: number): number {
  const leap = month > 2 && isLeapYear(year) ? 1 : 0;
  return DAYS_BEFORE_MONTH[month - 1]! + leap + day;
}

/** Days from 1970-01-01 to an ordinal date. */
export function dayNumber(year: number, ordinal: number): number {
  return daysToYear(year) + ordinal - 1;
}

/** 1 (Monday) to 7 of a day number. */
function weekdayOf(days: number): number {
  return ((((days + 3) % 7) + 7) % 7) + 1;
}

/** Day number of the Monday of week 1, the week that holds 4 January. */
export function firstMonday(year: number): number {
  const fourth = daysToYear(year) + 3;
  return fourth - (weekdayOf(fourth) - 1);
}

/** 52 or 53. */
export function weeksInYear(year: number): number {
  return (firstMonday(year + 1) - firstMonday(year)) / 7;
}

/** Everything that can be read from a point in time. */
export function fieldsOf(time: DateTime): Fields {
  const local = time.epoch + time.offset;
  const days = Math.floor(local / SECONDS_PER_DAY);
  const second = local - days * SECONDS_PER_DAY;
  let year = 1970 + Math.floor(days / 365.2425);
  while (daysToYear(year) > days) year--;
  while (daysToYear(year + 1) <= days) year++;
  const ordinal = days - daysToYear(year) + 1;
  let month = 12;
  while (ordinalOf(year, month, 1) > ordinal) month--;
  const day = ordinal - ordinalOf(year, month, 1) + 1;
  let weekYear = year;
  if (days < firstMonday(year)) weekYear--;
  else if (days >= firstMonday(year + 1)) weekYear++;
  return {
    year,
    month,
    day,
    hour: Math.floor(second / 3600),
    minute: Math.floor((second % 3600) / 60),
    second: second % 60,
    ordinal,
    weekYear,
    week: Math.floor((days - firstMonday(weekYear)) / 7) + 1,
    weekday: weekdayOf(days),
  };
}

/** A point in time from an ordinal date and the seconds of its day, in the given offset. */
export function fromOrdinal(
  year: number,
  ordinal: number,
  secondOfDay: number,
  offset: number,
): DateTime {
  return { epoch: dayNumber(year, ordinal) * SECONDS_PER_DAY + secondOfDay - offset, offset };
}

function secondOfDay(fields: Fields): number {
  return fields.hour * 3600 + fields.minute * 60 + fields.second;
}

/** Keeps the ordinal day of the year, not month and day. */
export function addYears(time: DateTime, years: number): DateTime {
  if (years === 0) return time;
  const f = fieldsOf(time);
  return fromOrdinal(f.year + years, f.ordinal, secondOfDay(f), time.offset);
}

/** Clamps the day to the length of the month that is reached. */
export function addMonths(time: DateTime, months: number): DateTime {
  if (months === 0) return time;
  const f = fieldsOf(time);
  const index = f.year * 12 + f.month - 1 + months;
  const year = Math.floor(index / 12);
  const month = index - year * 12 + 1;
  const day = Math.min(f.day, daysInMonth(year, month));
  return fromOrdinal(year, ordinalOf(year, month, day), secondOfDay(f), time.offset);
}

export function addSeconds(time: DateTime, seconds: number): DateTime {
  return seconds === 0 ? time : { epoch: time.epoch + seconds, offset: time.offset };
}
