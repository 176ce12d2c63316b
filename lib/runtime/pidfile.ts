/** Pid files: one daemon of a kind at a time. */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { makeFolder, removeFile } from "./disk.ts";

/** The living process that a pid file names; undefined when there is none. */
export function pidOf(path: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
  const pid = Number(text.trim());
  return Number.isInteger(pid) && pid > 1 && processLives(pid) ? pid : undefined;
}

/** True when a process of this number exists, whoever owns it. */
export function processLives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Writes our pid. Returns the other's pid instead when another process holds the file. */
export function takePidFile(path: string): number | undefined {
  const other = pidOf(path);
  if (other !== undefined && other !== process.pid) return other;
  makeFolder(dirname(path));
  writeFileSync(path, `${process.pid}\n`, { mode: 0o644 });
  return undefined;
}

/** Removes the file if it is ours. */
export function dropPidFile(path: string): void {
  if (pidOf(path) === process.pid) removeFile(path);
}
