import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readWhole, removeFile, writeDurably } from "../../../lib/runtime/disk.ts";

const folder = mkdtempSync(join(tmpdir(), "quorate-disk-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const bytes = (text: string) => new TextEncoder().encode(text);

test("writes, replaces and removes a file and leaves no temporary behind", () => {
  const path = join(folder, "state");
  expect(writeDurably(path, bytes("one"), { mode: 0o640 })).toBeUndefined();
  expect(statSync(path).mode & 0o777).toBe(0o640);
  expect(writeDurably(path, bytes("two"))).toBeUndefined();
  expect(readFileSync(path, "utf8")).toBe("two");
  expect(readdirSync(folder)).toEqual(["state"]);
  expect(writeDurably(path, undefined)).toBeUndefined();
  expect(readWhole(path, 10)).toBeUndefined();
  removeFile(path);
});

test("a disk that refuses is a value that names path and reason", () => {
  expect(writeDurably(join(folder, "none", "x"), bytes("x"))).toMatchObject({ code: "ENOENT" });
});

test("a file above the limit is not read", () => {
  const path = join(folder, "large");
  writeDurably(path, bytes("12345"));
  expect(readWhole(path, 4)).toMatchObject({ code: "EFBIG" });
  expect(readWhole(path, 5)).toEqual(bytes("12345"));
});
