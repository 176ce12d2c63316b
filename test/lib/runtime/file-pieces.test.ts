/** A file that is written while its pieces are made. */
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeFilePieces } from "../../../lib/runtime/ffi/file.ts";
import { realSession } from "../../../lib/runtime/session.ts";

const folder = mkdtempSync(join(tmpdir(), "quorate-pieces-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

test("pieces of any length are written in order", () => {
  const path = join(folder, "text");
  for (const lengths of [[], [0], [1, 2, 3], [400_000, 5, 700_000, 0, 300_000]]) {
    const pieces = lengths.map((length, i) => new Uint8Array(length).fill(i + 1));
    expect(writeFilePieces(path, pieces)).toBe(true);
    expect(Buffer.compare(readFileSync(path), Buffer.concat(pieces))).toBe(0);
  }
});

test("the session says why a file cannot be written", async () => {
  const session = realSession("test");
  const bytes = new Uint8Array(1);
  await expect(session.writePieces(join(folder, "no", "such"), [bytes])).rejects.toThrow(
    "No such file or directory",
  );
  await expect(session.writePieces("/dev/full", [bytes])).rejects.toThrow(
    "No space left on device",
  );
});
