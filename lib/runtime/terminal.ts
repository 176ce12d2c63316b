/**
 * What is known of the terminal. process.stdout and its like are opened only where there is one, and node:tty is loaded only
 * where there may be one: both load Bun's streams, which takes longer than a small tool runs.
 */
import { fstatSync } from "node:fs";

const DESCRIPTORS = { stdin: 0, stdout: 1, stderr: 2 } as const;

export function isTerminal(stream: keyof typeof DESCRIPTORS): boolean {
  const fd = DESCRIPTORS[stream];
  return mayBeTerminal(fd) && process.getBuiltinModule("node:tty").isatty(fd);
}

/** Columns of the terminal; undefined when stdout is none. */
export function terminalColumns(): number | undefined {
  return isTerminal("stdout") ? process.stdout.columns : undefined;
}

/** Linux' number of the memory devices: /dev/null is the one that scripts know. */
const MEMORY_DEVICES = 1;

/** A character device other than /dev/null: pipes, sockets and files are known not to be terminals without a question. */
function mayBeTerminal(fd: number): boolean {
  try {
    const status = fstatSync(fd);
    return status.isCharacterDevice() && ((status.rdev >> 8) & 0xfff) !== MEMORY_DEVICES;
  } catch {
    // A descriptor that was closed before the start.
    return false;
  }
}
