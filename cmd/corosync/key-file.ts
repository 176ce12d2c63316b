/** Writes a secret so that at no moment anybody else can read it: a new file with mode 0400, then renamed over the old. */
import { closeSync, fsyncSync, openSync, renameSync, unlinkSync, writeSync } from "node:fs";

const SECRET_MODE = 0o400;

/** Throws the file system's error; an old file of the name is then untouched. */
export function writeKeyFile(path: string, key: Uint8Array): void {
  const temporary = `${path}.${process.pid}.new`;
  const fd = openSync(temporary, "wx", SECRET_MODE);
  try {
    try {
      writeSync(fd, key);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    unlinkSync(temporary);
    throw error;
  }
}
