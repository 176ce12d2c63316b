import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { preferHugePages } from "../../../lib/runtime/ffi/huge-pages.ts";

const SETTING = "/sys/kernel/mm/transparent_hugepage/enabled";
const offered = existsSync(SETTING) && !readFileSync(SETTING, "utf8").includes("[never]");
if (!offered) console.log("skipped: this kernel offers no transparent huge pages");

test.skipIf(!offered)("the heap is marked, and new memory comes in huge pages", () => {
  preferHugePages();
  const block = new Uint8Array(64 * 1024 * 1024).fill(1);
  const kibibytes = /AnonHugePages:\s+(\d+) kB/.exec(
    readFileSync("/proc/self/smaps_rollup", "utf8"),
  );
  expect(block.length).toBeGreaterThan(0);
  expect(Number(kibibytes?.[1])).toBeGreaterThan(0);
});
