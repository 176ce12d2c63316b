/**
 * Where pacemakerd's lines go: in the legacy form into corosync's own log file, as its plugin did (spec E); else into
 * /var/log/pacemaker/pacemaker.log in Pacemaker's form.
 */
import type { LogEffect, LogLevel } from "../../lib/base/core.ts";
import { openLogFile } from "../../lib/runtime/logfile.ts";

export interface ManagerLog {
  write(record: LogEffect): void;
  close(): void;
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const DEFAULT_FILE = "/var/log/pacemaker/pacemaker.log";
const PLUGIN_WORDS: Readonly<Partial<Record<LogLevel, string>>> = {
  crit: "CRIT",
  error: "ERROR",
  warning: "WARN",
};

function two(value: number): string {
  return String(value).padStart(2, "0");
}

function clock(date: Date): string {
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return `${MONTHS[date.getMonth()]} ${two(date.getDate())} ${time}`;
}

/** `May 26 19:00:00 corosync [pcmk  ] notice: TEXT`. */
export function pluginLine(record: LogEffect, at: Date): string {
  const level = PLUGIN_WORDS[record.level] ?? record.level;
  return `${clock(at)} corosync [pcmk  ] ${level}: ${record.text}`;
}

/** `Nov 22 13:03:28.123 node1 pacemakerd [27] notice: TEXT`. */
export function managerLine(record: LogEffect, at: Date, host: string, pid: number): string {
  const fraction = String(at.getMilliseconds()).padStart(3, "0");
  const where = `${host} ${record.subsystem} [${pid}]`;
  return `${clock(at)}.${fraction} ${where} ${record.level}: ${record.text}`;
}

/**
 * Opens the log. Never throws: a manager without a log still works, and says so on stderr.
 * @param env QUORATE_LOGFILE and QUORATE_LOGFORM as corosync's supervisor sets them.
 */
export function openManagerLog(
  env: Readonly<Record<string, string | undefined>>,
  hostName: string,
  terminal: (text: string) => void,
): ManagerLog {
  const legacy = env["QUORATE_LOGFORM"] === "legacy";
  const path = legacy ? env["QUORATE_LOGFILE"] : (env["PCMK_logfile"] ?? DEFAULT_FILE);
  const format = (record: LogEffect, atMs: number) =>
    legacy
      ? pluginLine(record, new Date(atMs))
      : managerLine(record, new Date(atMs), hostName, process.pid);
  const quiet = (record: LogEffect) => record.level === "debug" || record.level === "trace";
  try {
    const file = path === undefined ? undefined : openLogFile({ path, format });
    return {
      write: (record) => {
        if (!quiet(record)) file?.write(record);
      },
      close: () => file?.close(),
    };
  } catch (error) {
    terminal(`pacemakerd: no log: ${String(error)}\n`);
    return { write: () => {}, close: () => {} };
  }
}
