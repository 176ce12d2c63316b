/**
 * The one place that knows how Bun lays out argv. In a compiled binary argv[0] is "bun" and argv[1] a path inside the
 * binary, while `process.argv0` is the name the user typed; run from source, argv[1] is cmd/main.ts.
 */
/** `called` is the last part of the name the program was started by; `args` are the user's words. */
export function commandLine(): { readonly called: string; readonly args: readonly string[] } {
  const compiled = import.meta.url.includes("/$bunfs/");
  return {
    called: compiled ? process.argv0.slice(process.argv0.lastIndexOf("/") + 1) : "quorate",
    args: process.argv.slice(2),
  };
}

/** How this very program is started again: the words before a tool's name. */
export function selfCommand(): readonly string[] {
  return import.meta.url.includes("/$bunfs/")
    ? [process.execPath]
    : [process.execPath, process.argv[1] ?? ""];
}
