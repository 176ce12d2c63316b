import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { mappingOf, preferHugePages } from "../../../lib/runtime/ffi/huge-pages.ts";

const MAPS = `00200000-01a38000 r--p 00000000 fe:00 5316614    /usr/bin/quorate
25f50a00000-25f90a00000 rw-p 00000000 00:00 0
7f7dccfd1000-7f7e0cfd1000 rwxp 00000000 00:00 0
7ffe1f700000-7ffe1f721000 rw-p 00000000 00:00 0    [stack]
`;

test("the mapping of an address is found, its end excluded", () => {
  const heap = { start: 0x25f50a00000, length: 0x40000000 };
  expect(mappingOf(MAPS, 0x25f50a00000)).toEqual(heap);
  expect(mappingOf(MAPS, 0x25f909fffff)).toEqual(heap);
  expect(mappingOf(MAPS, 0x25f90a00000)).toBeUndefined();
});

test("code and what is executable is left alone", () => {
  expect(mappingOf(MAPS, 0x00300000)).toBeUndefined();
  expect(mappingOf(MAPS, 0x7f7dccfd1000)).toBeUndefined();
});

const SETTING = "/sys/kernel/mm/transparent_hugepage/enabled";
const offered = existsSync(SETTING) && !readFileSync(SETTING, "utf8").includes("[never]");
if (!offered) console.log("skipped: this kernel offers no transparent huge pages");

test.skipIf(!offered)("the heap is marked, and new memory comes in huge pages", () => {
  expect(preferHugePages()).toBe(true);
  const block = new Uint8Array(64 * 1024 * 1024).fill(1);
  const kibibytes = /AnonHugePages:\s+(\d+) kB/.exec(
    readFileSync("/proc/self/smaps_rollup", "utf8"),
  );
  expect(block.length).toBeGreaterThan(0);
  expect(Number(kibibytes?.[1])).toBeGreaterThan(0);
});
