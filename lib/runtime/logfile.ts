/**
 * A log file that is appended to, line by line. The formatter gives each line its time and place; corosync 1.4's lines and
 * Pacemaker's differ. A full disk loses lines, never the daemon.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { LogEffect } from "../base/core.ts";
import { epochMs } from "./clock.ts";
import { makeFolder } from "./disk.ts";

export interface LogFileOptions {
  readonly path: string;
  readonly mode?: number;
  /** One line without its newline. `atMs` is epoch milliseconds. */
  readonly format: (record: LogEffect, atMs: number) => string;
}

export interface LogFile {
  write(record: LogEffect): void;
  /** After a rotation: goes on in a new file of the old name. */
  reopen(): void;
  close(): void;
}

/** Opens the file and its folder. Throws the file system's error. */
export function openLogFile(options: LogFileOptions): LogFile {
  makeFolder(dirname(options.path));
  const open = () => openSync(options.path, "a", options.mode ?? 0o640);
  let fd = open();
  return {
    write(record) {
      if (fd < 0) return;
      try {
        writeSync(fd, `${options.format(record, epochMs())}\n`);
      } catch {
        // Nowhere to complain: this is the log.
      }
    },
    reopen() {
      if (fd >= 0) closeSync(fd);
      fd = -1;
      fd = open();
    },
    close() {
      if (fd >= 0) closeSync(fd);
      fd = -1;
    },
  };
}
