/**
 * What is known of the terminal. process.stdout and its like are opened only where there is one: to open them loads Bun's
 * streams, which takes longer than a small tool runs.
 */
import { isatty } from "node:tty";

/** Columns of the terminal; undefined when stdout is none. */
export function terminalColumns(): number | undefined {
  return isatty(1) ? process.stdout.columns : undefined;
}

const DESCRIPTORS = { stdin: 0, stdout: 1, stderr: 2 } as const;

export function isTerminal(stream: "stdin" | "stdout" | "stderr"): boolean {
  return isatty(DESCRIPTORS[stream]);
}
