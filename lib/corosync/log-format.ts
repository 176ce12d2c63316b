/**
 * How a log record becomes a line (spec/totem section 10): corosync 1.4's form for legacy configurations, 3.x's else.
 * The time comes in as parts, since this shelf has no clock.
 */
import type { LogEffect, LogLevel } from "../base/core.ts";
import type { CorosyncConfig, LogPriority } from "../conf/config.ts";

/** Local time, taken apart. */
export interface LogTime {
  /** 0 is January. */
  readonly month: number;
  readonly day: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
  readonly milliseconds: number;
}

export interface LogPlace {
  readonly pid: number;
  readonly hostName: string;
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** `May 26 19:00:00 ` or with milliseconds, or nothing; the blank belongs to it. */
function stamp(time: LogTime, kind: CorosyncConfig["logging"]["timestamp"]): string {
  if (kind === "off") return "";
  const date = `${MONTHS[time.month] ?? "???"} ${two(time.day)}`;
  const clock = `${two(time.hours)}:${two(time.minutes)}:${two(time.seconds)}`;
  const fraction = kind === "hires" ? `.${String(time.milliseconds).padStart(3, "0")}` : "";
  return `${date} ${clock}${fraction} `;
}

const subsystem = (record: LogEffect) => `[${record.subsystem.padEnd(6)}]`;

/** A line of the log file, without its newline. */
export function fileLine(
  record: LogEffect,
  time: LogTime,
  place: LogPlace,
  config: CorosyncConfig,
): string {
  const when = stamp(time, config.logging.timestamp);
  if (config.form === "legacy") return `${when}corosync ${subsystem(record)} ${record.text}`;
  const where = `[${place.pid}] ${place.hostName} corosync`;
  return `${when}${where} ${record.level.padEnd(7)} ${subsystem(record)} ${record.text}`;
}

/** A line on stderr. */
export function terminalLine(record: LogEffect, time: LogTime, config: CorosyncConfig): string {
  const when = stamp(time, config.logging.timestamp);
  if (config.form === "legacy") return `${when}corosync ${subsystem(record)} ${record.text}`;
  return `${when}${record.level.padEnd(7)} ${subsystem(record)} ${record.text}`;
}

/** What goes to syslog, which adds time and program itself. */
export function syslogText(record: LogEffect, config: CorosyncConfig): string {
  return config.form === "legacy"
    ? `${subsystem(record)} ${record.text}`
    : `${record.level.padEnd(7)} ${subsystem(record)} ${record.text}`;
}

/** Smaller is more important. */
const LEVELS: Readonly<Record<LogLevel, number>> = {
  crit: 2,
  error: 3,
  warning: 4,
  notice: 5,
  info: 6,
  debug: 7,
  trace: 8,
};
const PRIORITIES: Readonly<Record<LogPriority, number>> = {
  emerg: 0,
  alert: 1,
  crit: 2,
  err: 3,
  warning: 4,
  notice: 5,
  info: 6,
  debug: 7,
};

/** Does a record of this level and subsystem pass a threshold? `debug: on` opens it for debug lines. */
export function passes(
  record: LogEffect,
  threshold: LogPriority,
  logging: CorosyncConfig["logging"],
): boolean {
  const own = logging.subsystems[record.subsystem.toUpperCase()]?.debug;
  if (record.level === "trace") return false;
  if (record.level === "debug") return own ?? logging.debug;
  return LEVELS[record.level] <= PRIORITIES[threshold];
}
