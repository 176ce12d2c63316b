/**
 * A busy daemon makes and drops buffers all the time. The allocator gives freed pages back to the system after 10 ms, and each
 * is then fetched and cleared anew: two thirds of the processor time of an encrypted ring under load. It reads how long it
 * shall wait from the environment, before any code of ours runs, so the program starts itself again in its place.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { replaceProgram } from "./ffi/exec.ts";

const VARIABLE = "MIMALLOC_PURGE_DELAY";
/** Never: a wait of any length costs ten wake-ups a second, and what was needed once will be needed again. */
const DELAY = "-1";
const PROGRAM = "/proc/self/exe";

/** The NUL-ended texts of a file of /proc. */
function texts(path: string): readonly string[] {
  return readFileSync(path, "latin1").split("\0").slice(0, -1);
}

/**
 * Sees to it that this process keeps freed pages for its next buffers. Call it before anything is opened: the first call does not
 * return but starts the program anew, under the same pid and with the same words; the one in there returns. Children do not
 * inherit the setting. Where the system does not allow it the process goes on as it is.
 */
export function keepFreedMemory(): void {
  const words = texts("/proc/self/cmdline");
  if (process.env[VARIABLE] === undefined) {
    const environment = [...texts("/proc/self/environ"), `${VARIABLE}=${DELAY}`];
    replaceProgram(PROGRAM, words, environment);
  } else {
    delete process.env[VARIABLE];
    // The system names a process after the file it runs; users look for it by the name they called.
    writeFileSync("/proc/self/comm", basename(words[0] ?? ""));
  }
}
