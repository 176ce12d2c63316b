/** A file that is written while its text is made. */
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeFilePieces } from "../../../lib/runtime/ffi/file.ts";
import { realSession } from "../../../lib/runtime/session.ts";

const folder = mkdtempSync(join(tmpdir(), "quorate-pieces-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

test("pieces of any length and of any characters are written in order", () => {
  const path = join(folder, "text");
  for (const lengths of [[], [0], [1, 2, 3], [400_000, 5, 700_000, 0, 300_000]]) {
    const pieces = lengths.map((length, i) => ["a", "ä", "€", "é"][i % 4]!.repeat(length));
    expect(writeFilePieces(path, pieces)).toBe(true);
    expect(readFileSync(path, "utf8")).toBe(pieces.join(""));
  }
});

test("the session says why a file cannot be written", async () => {
  const session = realSession("test");
  await expect(session.writePieces(join(folder, "no", "such"), ["x"])).rejects.toThrow(
    "No such file or directory",
  );
  await expect(session.writePieces("/dev/full", ["x"])).rejects.toThrow("No space left on device");
});
