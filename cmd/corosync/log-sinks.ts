/** Where the daemon's log lines go: file, syslog and stderr, each by its own threshold. */
import type { LogEffect } from "../../lib/base/core.ts";
import type { CorosyncConfig } from "../../lib/conf/config.ts";
import {
  fileLine,
  type LogTime,
  passes,
  syslogText,
  terminalLine,
} from "../../lib/corosync/log-format.ts";
import { epochMs } from "../../lib/runtime/clock.ts";
import { openLogFile } from "../../lib/runtime/logfile.ts";
import { openSyslog } from "../../lib/runtime/syslog.ts";

export interface LogSinks {
  write(record: LogEffect): void;
  reopen(): void;
  /** Another configuration: thresholds, forms and files as it says. Keeps the old file where the new one cannot be opened. */
  use(config: CorosyncConfig): void;
}

function timeOf(atMs: number): LogTime {
  const date = new Date(atMs);
  return {
    month: date.getMonth(),
    day: date.getDate(),
    hours: date.getHours(),
    minutes: date.getMinutes(),
    seconds: date.getSeconds(),
    milliseconds: date.getMilliseconds(),
  };
}

/**
 * Opens them. Throws when the log file cannot be opened.
 * @param terminal writes to stderr, in the foreground only.
 */
export function openLogSinks(
  config: CorosyncConfig,
  hostName: string,
  terminal: ((text: string) => void) | undefined,
): LogSinks {
  const place = { pid: process.pid, hostName };
  let current = config;
  const fileOf = ({ logging }: CorosyncConfig) =>
    logging.toLogfile && logging.logfile !== undefined
      ? openLogFile({
          path: logging.logfile,
          format: (record, atMs) => fileLine(record, timeOf(atMs), place, current),
        })
      : undefined;
  const syslogOf = ({ logging }: CorosyncConfig) =>
    logging.toSyslog ? openSyslog("corosync", logging.syslogFacility) : undefined;
  let file = fileOf(config);
  let syslog = syslogOf(config);
  return {
    write(record) {
      const { logging } = current;
      if (passes(record, logging.logfilePriority, logging)) file?.write(record);
      if (passes(record, logging.syslogPriority, logging)) {
        syslog?.write(record.level, syslogText(record, current));
      }
      if (logging.toStderr && passes(record, logging.logfilePriority, logging)) {
        terminal?.(`${terminalLine(record, timeOf(epochMs()), current)}\n`);
      }
    },
    reopen: () => file?.reopen(),
    use(next) {
      const before = current.logging;
      const { logging } = next;
      current = next;
      if (logging.toLogfile !== before.toLogfile || logging.logfile !== before.logfile) {
        const old = file;
        file = fileOf(next);
        old?.close();
      }
      if (
        logging.toSyslog !== before.toSyslog ||
        logging.syslogFacility !== before.syslogFacility
      ) {
        syslog?.close();
        syslog = syslogOf(next);
      }
    },
  };
}
