/** Compiles cmd/main.ts (and the Worker entries) into dist/quorate and links every traditional tool's name to it. */
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { applets } from "./cmd/applets.ts";
import { allocatorOptionAt } from "./lib/base/allocator-option.ts";

/**
 * How the allocator serves a tool. Huge pages: the first touch of a 4 KiB page costs more than what a tool does with it, and a
 * small tool touches a thousand of them before its first line of ours runs, a quarter of its processor time and up to a half on
 * a large input. No thread that gives freed memory back: the process ends before it has done so, a twentieth.
 * Daemons decide otherwise when they start (lib/runtime/process-settings.ts).
 */
const ALLOCATOR_OPTIONS = { allow_thp: 1, scavenger: 0 } as const;

/** Writes them into the compiled program: from outside they would have to come in the environment. */
function setAllocatorOptions(path: string): void {
  const program = readFileSync(path);
  const file = openSync(path, "r+");
  try {
    for (const [name, value] of Object.entries(ALLOCATOR_OPTIONS)) {
      const at = allocatorOptionAt(program, name);
      const long = Buffer.alloc(8);
      long.writeBigInt64LE(BigInt(value));
      if (at !== undefined) writeSync(file, long, 0, long.length, at);
      else
        console.error(`this Bun's allocator has no option ${name}: tools will start more slowly`);
    }
  } finally {
    closeSync(file);
  }
}

const started = performance.now();
const out = new URL("dist/", import.meta.url).pathname;
mkdirSync(out, { recursive: true });

const result = await Bun.build({
  entrypoints: ["cmd/main.ts", "cmd/schedule-worker.ts"].map(
    (path) => new URL(path, import.meta.url).pathname,
  ),
  minify: { syntax: true, whitespace: true, identifiers: false },
  sourcemap: "none",
  // Each tool loads its own part only, already translated: a start costs 0.06 s of processor time instead of 0.23 s.
  splitting: true,
  format: "esm",
  bytecode: true,
  compile: {
    outfile: `${out}quorate`,
    // Translation to machine code pays where a function runs some ten thousand times, not in a tool's 50 ms.
    jitPolicy: 300,
    // A daemon must not read .env or bunfig.toml from the folder it happens to start in.
    autoloadDotenv: false,
    autoloadBunfig: false,
  },
});
if (!result.success) {
  for (const message of result.logs) console.error(message);
  process.exit(1);
}

setAllocatorOptions(`${out}quorate`);

let links = 0;
for (const [name, applet] of Object.entries(applets)) {
  if (applet.group === "quorate") continue;
  rmSync(`${out}${name}`, { force: true });
  symlinkSync("quorate", `${out}${name}`);
  links += 1;
}
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.error(`dist/quorate built with ${links} links in ${seconds} s`);
