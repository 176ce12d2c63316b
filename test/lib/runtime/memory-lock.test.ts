import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { lockProgram, programMappings } from "../../../lib/runtime/ffi/memory-lock.ts";

test("programs and libraries are found, memory shared with others and the heap are not", () => {
  const maps = `55d0a000-55d0c000 r--p 00000000 fe:00 123 /usr/bin/program
7f0000000000-7f0000001000 rw-p 00000000 00:00 0
7f0000002000-7f0000004000 r-xp 00001000 fe:00 77 /usr/lib/a library.so
7f0000005000-7f0000006000 rw-s 00000000 00:1b 9 /dev/shm/qb-1-2/qb-request-cmap-data
7f0000007000-7f0000008000 r-xp 00000000 00:1b 9 /tmp/gone (deleted)
7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0 [stack]
`;
  expect(programMappings(maps)).toEqual([
    { from: 0x55d0a000n, bytes: 0x2000n },
    { from: 0x7f0000002000n, bytes: 0x2000n },
  ]);
});

test("locking holds code in memory, not the reservations of the heap", () => {
  if (!lockProgram()) {
    console.log("memory lock: not allowed here");
    return;
  }
  const status = readFileSync("/proc/self/status", "utf8");
  const kilobytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]);
  expect(kilobytes("VmLck")).toBeGreaterThan(0);
  expect(kilobytes("VmLck")).toBeLessThan(400_000);
});
