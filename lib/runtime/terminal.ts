/**
 * What is known of the terminal. process.stdout and its like are opened only where there is one: to open them loads Bun's
 * streams, which takes longer than a small tool runs.
 */
import { isTerminalDescriptor } from "./ffi/file.ts";

const DESCRIPTORS = { stdin: 0, stdout: 1, stderr: 2 } as const;

export function isTerminal(stream: keyof typeof DESCRIPTORS): boolean {
  return isTerminalDescriptor(DESCRIPTORS[stream]);
}

/** Columns of the terminal; undefined when stdout is none. */
export function terminalColumns(): number | undefined {
  return isTerminal("stdout") ? process.stdout.columns : undefined;
}
