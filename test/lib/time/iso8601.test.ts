import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isRejection } from "../../../lib/base/error.ts";
import { addMonths, addYears, type DateTime, fieldsOf } from "../../../lib/time/calendar.ts";
import { durationText, parseDuration } from "../../../lib/time/duration.ts";
import { parseIntervalMs, parseTimeoutMs } from "../../../lib/time/interval.ts";
import {
  ctimeText,
  type DayForm,
  dateTimeText,
  parseDateTime,
  parsePeriod,
} from "../../../lib/time/iso8601.ts";

function date(text: string): DateTime {
  const time = parseDateTime(text);
  if (isRejection(time)) throw new Error(time.text);
  return time;
}

function problem(value: unknown): string {
  return isRejection(value) ? value.text : "accepted";
}

describe("dates", () => {
  test("are read in every accepted form", () => {
    const same = [
      "2020-01-01 00:00:00Z",
      "20200101T000000Z",
      "2020-001",
      "2020-W01-3",
      "2019-12-31T24:00:00Z",
      "2020-01-01 02:00 +02:00",
      "2019-12-31T22:00:00-0200",
    ];
    for (const text of same) expect(date(text).epoch).toBe(1577836800);
  });

  test("printed in any form and read again are the same point in time", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -60_000_000_000, max: 250_000_000_000 }),
        fc.constantFrom<DayForm>("date", "ordinal", "week"),
        fc.constantFrom(0, 3600, -12600),
        (epoch, form, offset) => {
          expect(date(dateTimeText({ epoch, offset }, form))).toEqual({ epoch, offset });
        },
      ),
    );
  });

  test("agree with the platform's calendar", () => {
    fc.assert(
      fc.property(fc.integer({ min: -60_000_000_000, max: 250_000_000_000 }), (epoch) => {
        const platform = new Date(epoch * 1000);
        const ours = fieldsOf({ epoch, offset: 0 });
        expect([ours.year, ours.month, ours.day, ours.hour, ours.weekday % 7]).toEqual([
          platform.getUTCFullYear(),
          platform.getUTCMonth() + 1,
          platform.getUTCDate(),
          platform.getUTCHours(),
          platform.getUTCDay(),
        ]);
      }),
    );
  });

  test("say which field is wrong", () => {
    expect(problem(parseDateTime("2019-02-29"))).toContain("'29' is not a valid day of the month");
    expect(problem(parseDateTime("2019-01-01T25"))).toContain("25 is not a valid hour");
    expect(problem(parseDateTime("2019-W53-1"))).toContain("week of year 2019 (1-52)");
    expect(problem(parseDateTime("nonsense"))).toContain("not a valid ISO 8601");
  });
});

test("adding months clamps the day; adding years keeps the ordinal day", () => {
  expect(dateTimeText(addMonths(date("2009-01-31"), 1))).toBe("2009-02-28 00:00:00Z");
  expect(dateTimeText(addMonths(date("2009-01-31"), -2))).toBe("2008-11-30 00:00:00Z");
  expect(dateTimeText(addYears(date("2019-03-01"), 1))).toBe("2020-02-29 00:00:00Z");
});

test("durations are printed as the traditional tools print them", () => {
  const text = (input: string): string => {
    const duration = parseDuration(input);
    return isRejection(duration) ? duration.text : durationText(duration);
  };
  expect(text("P2Y5MT6M")).toBe("   2 years  5 months 360 seconds (6 minutes)");
  expect(text("PT-1H")).toBe("-3600 seconds (1 hour)");
  expect(text("PT")).toContain("no amounts and units given");
  expect(text("P1X")).toContain("'X' is not a valid time unit");
});

test("periods need a start and an end", () => {
  expect(parsePeriod("PT5H/2019-01-01T05:00:00Z")).toEqual({
    start: date("2019-01-01"),
    end: date("2019-01-01T05:00:00Z"),
  });
  expect(problem(parsePeriod("PT2S/P1M"))).toContain("it has two durations");
  expect(problem(parsePeriod("2019-01-01"))).toContain("no duration or ending time");
});

test("intervals: bare numbers are seconds, units go by their beginning", () => {
  const cases: [string, number | undefined][] = [
    ["10", 10_000],
    ["10s", 10_000],
    ["250ms", 250],
    ["2min", 120_000],
    ["1 hour", 3_600_000],
    ["PT1M30S", 90_000],
    ["-5", 0],
    ["1.9s", 1000],
    ["ten", undefined],
    ["5 weeks", undefined],
  ];
  for (const [text, ms] of cases) expect(parseIntervalMs(text)).toBe(ms);
  expect(parseTimeoutMs("PT1M")).toBeUndefined();
});

test("ctime's form pads the day with a blank", () => {
  expect(ctimeText(date("2026-11-01 09:05:00Z"))).toBe("Sun Nov  1 09:05:00 2026");
});
