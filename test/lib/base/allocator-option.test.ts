import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { allocatorOptionAt } from "../../../lib/base/allocator-option.ts";

const NAME = "allow_thp";
const [ENTRIES_AT, ENTRY_BYTES, ADDRESS] = [64, 56, 0x40_0000n];
const [NAME_AT, TABLE_AT, PROGRAM_BYTES] = [300, 400, 600];

/** An ELF file of one loaded segment that begins at `from`, with the option's name and `pointers` rows of a table. */
function program(from: number, pointers: number): Buffer {
  const bytes = Buffer.alloc(PROGRAM_BYTES);
  bytes.writeBigUInt64LE(BigInt(ENTRIES_AT), 32);
  bytes.writeUInt16LE(ENTRY_BYTES, 54);
  bytes.writeUInt16LE(2, 56);
  // A note (type 4) before the segment that is loaded (type 1).
  bytes.writeUInt32LE(4, ENTRIES_AT);
  const entry = ENTRIES_AT + ENTRY_BYTES;
  bytes.writeUInt32LE(1, entry);
  bytes.writeBigUInt64LE(BigInt(from), entry + 8);
  bytes.writeBigUInt64LE(ADDRESS, entry + 16);
  bytes.writeBigUInt64LE(BigInt(PROGRAM_BYTES - from), entry + 32);
  bytes.write(`an-${NAME}\0`, NAME_AT - 3, "latin1");
  for (let row = 0; row < pointers; row++) {
    bytes.writeBigUInt64LE(ADDRESS + BigInt(NAME_AT - from), TABLE_AT + row * 40 + 16);
  }
  return bytes;
}

test("the value of an option lies two words before the pointer to its name", () => {
  expect(allocatorOptionAt(program(0, 1), NAME)).toBe(TABLE_AT);
  expect(allocatorOptionAt(program(200, 1), NAME)).toBe(TABLE_AT);
});

test("no place, or more than one, is none", () => {
  expect(allocatorOptionAt(program(0, 0), NAME)).toBeUndefined();
  expect(allocatorOptionAt(program(0, 2), NAME)).toBeUndefined();
  expect(allocatorOptionAt(program(NAME_AT + 1, 1), NAME)).toBeUndefined();
  expect(allocatorOptionAt(program(0, 1), "purge_delay")).toBeUndefined();
});

test("the pinned Bun keeps its allocator's options there: no huge pages, a thread that gives memory back", () => {
  const bun = readFileSync(process.execPath);
  const option = (name: string) => bun.readBigInt64LE(allocatorOptionAt(bun, name));
  expect(option(NAME)).toBe(0n);
  expect(option("scavenger")).toBe(1n);
});
