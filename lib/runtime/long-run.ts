/**
 * A tool that works for a second on a large input. Each of its many functions runs some ten thousand times: that is worth the
 * engine's quick translation to machine code, and early. The optimising ones took a third of the whole run's processor time
 * and were done when the work was. They can be switched off at the start of a process only.
 */
import { translateEarly } from "./jit-policy.ts";
import { KEEP_FREED_MEMORY } from "./process-settings.ts";
import { startAnewWith } from "./start-anew.ts";

/** Above this size the second start (0.05 s) is always worth its while; a running cluster's CIB of 1 MB takes 0.2 s. */
const LONG_INPUT_BYTES = 512 * 1024;

/**
 * Prepares this process for the work on an input file: if it is a long one the program starts itself again, see `startAnewWith`.
 * Call it before anything is printed. Run from source (in a test) it does nothing.
 */
export function prepareForInput(path: string): void {
  if (!import.meta.url.includes("/$bunfs/")) return;
  // A pipe has no size, or an endless one.
  const { size } = Bun.file(path);
  if (size < LONG_INPUT_BYTES || !Number.isFinite(size)) return;
  const settings = { BUN_JSC_useDFGJIT: "0", ...KEEP_FREED_MEMORY };
  if (startAnewWith(settings)) translateEarly();
}
