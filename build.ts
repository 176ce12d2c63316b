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
 * Lets the allocator ask for huge pages. The first touch of a 4 KiB page costs more than what a tool does with it, and a small
 * tool touches a thousand of them before its first line of ours runs: a fifth of its processor time, and a quarter to a half
 * on a large input. Daemons decide otherwise when they start (lib/runtime/process-settings.ts).
 */
function allowHugePages(program: string): void {
  const at = allocatorOptionAt(readFileSync(program), "allow_thp");
  if (at === undefined) {
    console.error("this Bun's allocator keeps its options elsewhere: tools will start more slowly");
    return;
  }
  const file = openSync(program, "r+");
  try {
    writeSync(file, Uint8Array.of(1), 0, 1, at);
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

allowHugePages(`${out}quorate`);

let links = 0;
for (const [name, applet] of Object.entries(applets)) {
  if (applet.group === "quorate") continue;
  rmSync(`${out}${name}`, { force: true });
  symlinkSync("quorate", `${out}${name}`);
  links += 1;
}
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.error(`dist/quorate built with ${links} links in ${seconds} s`);
