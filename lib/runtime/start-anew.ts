/**
 * The engine and its allocator read their settings from the environment, before any code of ours runs. A program that wants
 * others starts itself again in its place: the same process, the same words.
 */
import { basename } from "node:path";
import { replaceProgram } from "./ffi/exec.ts";
import { readFileBytes, writeFileBytes } from "./ffi/file.ts";

const PROGRAM = "/proc/self/exe";
/** The collector's usual signal is ignored over the restart (ffi/exec.ts), about which it complains; 16 is free on Linux. */
const COLLECTOR = { JSC_SIGNAL_FOR_GC: "16" };

/** The NUL-ended texts of a file of /proc, one character for each byte. */
function texts(path: string): readonly string[] {
  const bytes = readFileBytes(path) ?? new Uint8Array();
  return Buffer.from(bytes).toString("latin1").split("\0").slice(0, -1);
}

/**
 * Gives this process `settings` (variables of the environment). Call it before anything is opened or printed: the first call
 * does not return but starts the program anew, under the same pid and with the same words; the one in there returns. Children
 * do not inherit the settings. Answers whether they hold: where the system does not allow it the process goes on without.
 */
export function startAnewWith(settings: Readonly<Record<string, string>>): boolean {
  const all: Readonly<Record<string, string>> = { ...settings, ...COLLECTOR };
  const names = Object.keys(all);
  const words = texts("/proc/self/cmdline");
  if (names.some((name) => process.env[name] === undefined)) {
    const wanted = names.map((name) => `${name}=${all[name]}`);
    const others = texts("/proc/self/environ").filter(
      (text) => !names.includes(text.slice(0, text.indexOf("="))),
    );
    replaceProgram(PROGRAM, words, [...others, ...wanted]);
    return false;
  }
  for (const name of names) delete process.env[name];
  // The system names a process after the file it runs; users look for it by the name they called.
  writeFileBytes("/proc/self/comm", new TextEncoder().encode(basename(words[0] ?? "")));
  return true;
}
