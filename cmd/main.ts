/** The only program entry: prepares the process, runs the tool it was called as, prints what that returns and exits. */
import { commandLine } from "../lib/runtime/command-line.ts";
import { preferHugePages } from "../lib/runtime/ffi/huge-pages.ts";
import { writeAndExit } from "../lib/runtime/output.ts";

/** Programs that stay: what counts is their resident memory, not their start. */
const DAEMONS: ReadonlySet<string> = new Set(["corosync", "pacemakerd"]);

const { called, args } = commandLine();
if (!DAEMONS.has(called) && !DAEMONS.has(args[0] ?? "")) preferHugePages();
// Only now, so that everything else of the program lies in huge pages.
const { dispatch } = await import("./dispatch.ts");
writeAndExit(await dispatch(called, args));
