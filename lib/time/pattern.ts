/**
 * A time in a pattern of strftime's kind, as `timestamp-format` of alerts has it (spec/runtime.md 8.1): the numeric fields, and
 * %N with a width for a part of a second. What is not known stays as it is written.
 */
import { fieldsOf } from "./calendar.ts";

const MICROSECONDS = 6;

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** @param epochMs milliseconds, which may have a fraction; @param offset seconds east of UTC. */
export function patternText(pattern: string, epochMs: number, offset: number): string {
  const epoch = Math.floor(epochMs / 1000);
  const fields = fieldsOf({ epoch, offset });
  const micros = String(Math.floor((epochMs - epoch * 1000) * 1000)).padStart(MICROSECONDS, "0");
  const values: Readonly<Record<string, string>> = {
    Y: String(fields.year),
    y: two(fields.year % 100),
    m: two(fields.month),
    d: two(fields.day),
    e: String(fields.day).padStart(2),
    j: String(fields.ordinal).padStart(3, "0"),
    H: two(fields.hour),
    M: two(fields.minute),
    S: two(fields.second),
    s: String(epoch),
    F: `${fields.year}-${two(fields.month)}-${two(fields.day)}`,
    T: `${two(fields.hour)}:${two(fields.minute)}:${two(fields.second)}`,
    R: `${two(fields.hour)}:${two(fields.minute)}`,
    "%": "%",
  };
  return pattern.replace(/%(\d*)([A-Za-z%])/g, (written, width: string, letter: string) => {
    if (letter !== "N") return values[letter] ?? written;
    const digits = width === "" ? MICROSECONDS : Math.min(9, Number(width));
    return micros.padEnd(9, "0").slice(0, digits);
  });
}
