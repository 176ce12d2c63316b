/** iso8601: read and print dates, durations and periods as the manager does (spec/outputs-and-tools.md D17). */
import { CrmError, isRejection, type Rejection } from "../../lib/base/error.ts";
import { Exit } from "../../lib/base/exit.ts";
import { flag, value } from "../../lib/cli/option-makers.ts";
import {
  defineTool,
  type ParsedOptions,
  type Session,
  type ToolResult,
} from "../../lib/cli/tool.ts";
import { zoneOffset } from "../../lib/runtime/zone.ts";
import type { DateTime } from "../../lib/time/calendar.ts";
import {
  addDuration,
  type Duration,
  durationText,
  parseDuration,
} from "../../lib/time/duration.ts";
import {
  type DayForm,
  dateTimeText,
  inUtc,
  isInRange,
  type LocalClock,
  parseDateTime,
  parsePeriod,
} from "../../lib/time/iso8601.ts";
import { element } from "../../lib/xml/node.ts";
import { OUTPUT_OPTIONS, type ToolOutput, withOutput } from "./tool-output.ts";

/** How times are printed. */
interface Form {
  readonly day: DayForm;
  readonly isLocal: boolean;
  readonly unit: "text" | "seconds" | "epoch";
}

/** Seconds from the year 1 to 1970, the zero of --seconds. */
const SECONDS_BEFORE_EPOCH = 62_135_596_800;

function formOf(given: ParsedOptions): Form {
  return {
    day: given.flag("ordinal") ? "ordinal" : given.flag("week") ? "week" : "date",
    isLocal: given.flag("local"),
    unit: given.flag("epoch") ? "epoch" : given.flag("seconds") ? "seconds" : "text",
  };
}

function timeText(time: DateTime, form: Form, keepOffset = false): string {
  if (form.unit === "epoch") return String(time.epoch);
  if (form.unit === "seconds") return String(time.epoch + SECONDS_BEFORE_EPOCH);
  if (form.isLocal) {
    return dateTimeText({ epoch: time.epoch, offset: zoneOffset(time.epoch) }, form.day);
  }
  return dateTimeText(keepOffset ? time : inUtc(time), form.day);
}

/** Says why a text was not understood, as the log would, and ends the tool. */
function refuse(output: ToolOutput, problem: Rejection, what: string, text: string): CrmError {
  output.log(`${problem.code} \terror: ${problem.text}`);
  return new CrmError(`Invalid ${what} specified: ${text}`, Exit.invalidParameter);
}

function accept<T>(parsed: T | Rejection, output: ToolOutput, what: string, text: string): T {
  if (isRejection(parsed)) throw refuse(output, parsed, what, text);
  return parsed;
}

function showPeriod(output: ToolOutput, text: string, clock: LocalClock, form: Form): void {
  const { start, end } = accept(parsePeriod(text, clock), output, "interval", text);
  const [from, to] = [timeText(start, form), timeText(end, form)];
  output.line(`Period: ${from} to ${to}`);
  output.xml(element("period", {}, [element("start", {}, [], from), element("end", {}, [], to)]));
}

/** Prints where a duration leads; false when an expected text is not met. */
function showEnd(output: ToolOutput, start: DateTime, duration: Duration, form: Form): DateTime {
  const end = addDuration(start, duration);
  if (!isInRange(end)) {
    const text = `Unable to calculate ending time of ${timeText(start, form)} plus ${durationText(duration)}`;
    throw new CrmError(text, Exit.software);
  }
  const text = timeText(end, form, true);
  output.line(`Duration ends at: ${text}`);
  output.xml(element("duration_ends", {}, [], text));
  return end;
}

async function run(given: ParsedOptions, session: Session): Promise<ToolResult> {
  return withOutput(given, session, async (output) => {
    const form = formOf(given);
    const now = Math.floor(session.now() / 1000);
    const clock = { now, offset: zoneOffset(now) };
    const dateWord = given.value("date");
    const periodWord = given.value("period");
    const durationWord = given.value("duration");
    const nothing = [dateWord, periodWord, durationWord].every((word) => word === undefined);
    if (given.flag("now") || nothing) {
      const text = timeText({ epoch: now, offset: 0 }, form);
      output.line(`Current date/time: ${text}`);
      output.xml(element("now", {}, [], text));
    }
    let date: DateTime | undefined;
    let shown: string | undefined;
    if (dateWord !== undefined) {
      date = accept(parseDateTime(dateWord, clock), output, "date/time", dateWord);
      shown = timeText(date, form);
      output.line(`Date: ${shown}`);
      output.xml(element("date", {}, [], shown));
    }
    if (durationWord !== undefined) {
      const parsed = parseDuration(durationWord);
      const duration = accept(parsed, output, "duration", durationWord);
      output.line(`Duration: ${durationText(duration)}`);
      output.xml(element("duration", {}, [], durationText(duration)));
      if (date !== undefined) shown = timeText(showEnd(output, date, duration, form), form);
    }
    if (periodWord !== undefined) showPeriod(output, periodWord, clock, form);
    const expected = given.value("expected");
    return output.finish(expected !== undefined && expected !== shown ? Exit.error : Exit.ok);
  });
}

export default defineTool({
  name: "iso8601",
  summary: "read and print dates, durations and periods",
  usage: "[COMMAND ...] [OPTION ...]",
  options: [
    flag("now", "n", "Show the current time", "Commands"),
    value("date", "d", "DATE", "Show a date", "Commands"),
    value(
      "period",
      "p",
      "PERIOD",
      "Show a period: START/END, START/DURATION, DURATION/END",
      "Commands",
    ),
    value(
      "duration",
      "D",
      "DURATION",
      "Show a duration, and where it leads from --date",
      "Commands",
    ),
    value("expected", "E", "TEXT", "End with 1 unless the result is this text", "Commands"),
    flag("seconds", "s", "Seconds since the year 1", "Output forms"),
    flag("epoch", "S", "Seconds since 1970", "Output forms"),
    flag("local", "L", "In local time", "Output forms"),
    flag("ordinal", "O", "As day of the year", "Output forms"),
    flag("week", "W", "As week date", "Output forms"),
    ...OUTPUT_OPTIONS,
  ],
  run,
});
