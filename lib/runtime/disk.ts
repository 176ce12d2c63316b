/**
 * Durable files (HOUSE section 3: a `persist` is on disk before any later effect). A full disk is a value, not a throw: the
 * daemon must go on and say so.
 */
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { type Rejection, reject } from "../base/error.ts";
import { diskErrorCode } from "./disk-error.ts";

export { diskErrorCode };

export interface DurableOptions {
  /** Permission bits of the file; default 0600. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function writeAll(fd: number, data: Uint8Array): void {
  for (let done = 0; done < data.length; ) done += writeSync(fd, data, done, data.length - done);
}

/**
 * Writes `path` whole: temporary name, write, fsync, rename, fsync of the folder. `undefined` removes it.
 * @returns undefined, or a Rejection whose code is the errno word (ENOSPC, EACCES, …); the old file is then intact.
 */
export function writeDurably(
  path: string,
  data: Uint8Array | undefined,
  options: DurableOptions = {},
): Rejection | undefined {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    if (data === undefined) {
      rmSync(path, { force: true });
      syncFolder(dirname(path));
      return undefined;
    }
    const fd = openSync(temporary, "w", 0o600);
    try {
      writeAll(fd, data);
      fchmodSync(fd, options.mode ?? 0o600);
      if (options.uid !== undefined || options.gid !== undefined) {
        fchownSync(fd, options.uid ?? process.geteuid!(), options.gid ?? process.getegid!());
      }
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
    syncFolder(dirname(path));
    return undefined;
  } catch (error) {
    rmSync(temporary, { force: true });
    const code = diskErrorCode(error);
    return reject(code, `Could not write ${path}: ${code}`);
  }
}

/** A file's bytes; undefined when it is not there; a Rejection when it is larger than `maximumBytes` or unreadable. */
export function readWhole(path: string, maximumBytes: number): Uint8Array | undefined | Rejection {
  try {
    const size = statSync(path).size;
    if (size > maximumBytes) {
      return reject("EFBIG", `${path} has ${size} bytes; at most ${maximumBytes} are read`);
    }
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    const code = diskErrorCode(error);
    return code === "ENOENT" ? undefined : reject(code, `Could not read ${path}: ${code}`);
  }
}

/** Makes a folder with all above it. */
export function makeFolder(path: string, mode = 0o755): void {
  mkdirSync(path, { recursive: true, mode });
}

/** Removes a file; no complaint when it is absent. */
export function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (diskErrorCode(error) !== "ENOENT") throw error;
  }
}
