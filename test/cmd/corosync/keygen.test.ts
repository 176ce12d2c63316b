import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import keygen from "../../../cmd/corosync/corosync-keygen.ts";
import { parseOptions, withCommonOptions } from "../../../lib/cli/options.ts";
import { realSession } from "../../../lib/runtime/session.ts";

const folder = mkdtempSync(join(tmpdir(), "quorate-keygen-"));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...words: string[]) =>
  keygen.run(
    parseOptions(withCommonOptions(keygen.options), words),
    realSession("corosync-keygen"),
  );

test("1024 bits, mode 0400, the traditional lines; an existing key is replaced", async () => {
  const file = join(folder, "authkey");
  const lines =
    "Corosync Cluster Engine Authentication key generator.\n" +
    "Gathering 1024 bits for key from /dev/urandom.\n" +
    `Writing corosync key to ${file}.\n`;
  expect(await run("-k", file)).toEqual({ exit: 0, out: lines });
  const first = readFileSync(file);
  expect(first.length).toBe(128);
  expect(statSync(file).mode & 0o777).toBe(0o400);
  expect(await run("-l", "-k", file)).toMatchObject({ exit: 0 });
  expect(readFileSync(file).equals(first)).toBeFalse();
});

test("another size, another source", async () => {
  const file = join(folder, "large");
  const result = await run("-s", "256", "-r", "/dev/zero", "-k", file);
  expect(result.out).toContain("Gathering 2048 bits for key from /dev/zero.");
  expect(readFileSync(file).equals(Buffer.alloc(256))).toBeTrue();
});

test("refusals are the original's, and leave nothing behind", async () => {
  expect(await run("-s", "10", "-k", join(folder, "x"))).toEqual({
    exit: 1,
    err: "corosync-keygen: Unsupported key size (supported <128,4096>)\n",
  });
  const missing = join(folder, "none", "authkey");
  expect(await run("-k", missing)).toMatchObject({
    exit: 2,
    err: `corosync-keygen: Could not create ${missing}: No such file or directory\n`,
  });
  const short = join(folder, "short");
  expect((await run("-r", "/dev/null", "-k", short)).exit).toBe(2);
  expect(statSync(short, { throwIfNoEntry: false })).toBeUndefined();
});
