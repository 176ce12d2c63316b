import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  isTerminalDescriptor,
  isThere,
  readFileBytes,
  writeFileBytes,
} from "../../../lib/runtime/ffi/file.ts";
import { brokenDownZone } from "../../../lib/runtime/ffi/time.ts";
import { realSession } from "../../../lib/runtime/session.ts";

const folder = mkdtempSync(join(tmpdir(), "quorate-file-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

test("files of any size are read and written whole, through the C library", () => {
  for (const size of [0, 1, 65_535, 65_536, 65_537, 1_000_000]) {
    const path = join(folder, `of-${size}`);
    const bytes = new Uint8Array(size).map((_, i) => i % 251);
    expect(writeFileBytes(path, bytes, 0o600)).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(Buffer.compare(readFileBytes(path) as Uint8Array, bytes)).toBe(0);
  }
  const path = join(folder, "shorter");
  writeFileBytes(path, new Uint8Array(100));
  writeFileBytes(path, new Uint8Array(3));
  expect(statSync(path).size).toBe(3);
});

test("what cannot be read or written is said, and the session says why", async () => {
  expect(readFileBytes(join(folder, "absent"))).toBeUndefined();
  expect(readFileBytes(folder)).toBeUndefined();
  expect(readFileBytes(`${folder}\0x`)).toBeUndefined();
  expect(writeFileBytes(join(folder, "no", "such"), new Uint8Array(1))).toBe(false);
  expect(isThere(folder)).toBe(true);
  expect(isThere(join(folder, "absent"))).toBe(false);
  const session = realSession("test");
  await expect(session.readFile(join(folder, "absent"))).rejects.toThrow(
    "No such file or directory",
  );
  await expect(session.readFile(folder)).rejects.toThrow("Is a directory");
  await expect(session.writeFile(join(folder, "no", "such"), "x")).rejects.toThrow("No such file");
});

test("a file is no terminal", async () => {
  const path = join(folder, "plain");
  writeFileSync(path, "x");
  const { openSync, closeSync } = await import("node:fs");
  const fd = openSync(path, "r");
  expect(isTerminalDescriptor(fd)).toBe(false);
  closeSync(fd);
});

test("the zone of an instant is the one that Date knows, in summer and in winter", async () => {
  const program = `
    const { zoneOffset } = await import("${join(import.meta.dir, "../../../lib/runtime/zone.ts")}");
    const epochs = [0, 1_300_000_000, 1_700_000_000, 1_720_000_000, 4_000_000_000, -2_000_000_000];
    const wrong = epochs.filter((e) => zoneOffset(e) !== -new Date(e * 1000).getTimezoneOffset() * 60);
    console.log(JSON.stringify(wrong));`;
  for (const TZ of ["UTC", "America/New_York", "Europe/Berlin"]) {
    const run = Bun.spawnSync([process.execPath, "-e", program], { env: { ...process.env, TZ } });
    expect(`${TZ} ${run.stdout.toString().trim()}`).toBe(`${TZ} []`);
  }
  expect(brokenDownZone(0)).toBeNumber();
});
