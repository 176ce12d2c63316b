/** Replaces the running program, which Bun has no call for. */
import { ptr } from "bun:ffi";
import { openLibc } from "./libc.ts";

const libc = openLibc({
  signal: { args: ["i32", "u64"], returns: "u64" },
  execve: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
});

/** With it the engine's helpers stop a thread for a moment. One that is on its way would end the new program. */
const SIGPWR = 30;
const SIG_IGN = 1;

/** A NULL-ended array of C strings, and what must stay alive as long as it is used. */
function stringArray(texts: readonly string[]) {
  const strings = texts.map((text) => Buffer.from(`${text}\0`, "latin1"));
  const pointers = new BigUint64Array(strings.length + 1);
  for (const [index, bytes] of strings.entries()) pointers[index] = BigInt(ptr(bytes));
  return { strings, pointers };
}

/**
 * execve: on success it does not return. Texts hold one byte per character. Descriptors that are not close-on-exec stay open.
 */
export function replaceProgram(
  path: string,
  args: readonly string[],
  environment: readonly string[],
): void {
  const [file, words, variables] = [
    stringArray([path]),
    stringArray(args),
    stringArray(environment),
  ];
  libc.signal(SIGPWR, SIG_IGN);
  libc.execve(ptr(file.strings[0]!), ptr(words.pointers), ptr(variables.pointers));
}
