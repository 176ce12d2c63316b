/** Interval specifications of options, operations and timeouts: "10s", "1min", "PT5M", 20 (spec/scheduler-1 A.5). */
import { isRejection } from "../base/error.ts";
import { durationSeconds, parseDuration } from "./duration.ts";

/**
 * Milliseconds of an interval specification: ISO duration or number with unit (bare numbers are seconds).
 * Undefined when it is neither. Negative values count as 0.
 */
export function parseIntervalMs(text: string): number | undefined {
  const trimmed = text.trimStart();
  if (!trimmed.startsWith("P")) return parseTimeoutMs(trimmed);
  const duration = parseDuration(trimmed);
  return isRejection(duration) ? undefined : Math.max(0, durationSeconds(duration) * 1000);
}

/** Milliseconds of a timeout: number with unit, no ISO durations. Undefined when it is none; negative counts as 0. */
export function parseTimeoutMs(text: string): number | undefined {
  const match = /^\s*([+-]?\d+)(?:\.\d*)?\s*(.*)$/s.exec(text);
  if (match === null) return undefined;
  const value = Math.max(0, Number(match[1]));
  const unit = (match[2] ?? "").toLowerCase();
  // The order decides: "ms" before "m".
  if (unit === "" || unit.startsWith("s")) return value * 1000;
  if (unit.startsWith("ms")) return value;
  if (unit.startsWith("us")) return Math.floor(value / 1000);
  if (unit.startsWith("m")) return value * 60_000;
  if (unit.startsWith("h")) return value * 3_600_000;
  return undefined;
}

/** "1m30s", "500ms", "0s": the largest whole units, one after the other. */
export function intervalWords(ms: number): string {
  if (ms % 1000 !== 0) return `${ms}ms`;
  const seconds = ms / 1000;
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "m"],
    [seconds % 60, "s"],
  ];
  return parts.map(([n, unit]) => (n > 0 ? `${n}${unit}` : "")).join("") || "0s";
}
