import { expect, test } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import { processLives } from "../../../lib/runtime/pidfile.ts";
import { type RunOptions, runProgram } from "../../../lib/runtime/spawn.ts";

const shell = (script: string, options: Partial<RunOptions> = {}) =>
  runProgram({ argv: ["/bin/sh", "-c", script], ...options });

test("exit code, both outputs and stdin", async () => {
  const result = await shell("cat; echo err >&2; exit 3", { stdin: "in" }).done;
  expect(result).toMatchObject({ exit: 3, stdout: "in", stderr: "err\n", timedOut: false });
  const nothing = await shell("cat; readlink /proc/self/fd/0").done;
  expect(nothing.stdout).toBe("/dev/null\n");
});

test("the program leads a process group and inherits none of our descriptors", async () => {
  const result = await shell("ps -o pgid= -p $$ | tr -d ' '; echo $$; ls /proc/self/fd").done;
  const [group, pid, ...descriptors] = result.stdout.trim().split("\n");
  expect(group).toBe(pid!);
  // The last one is the folder that ls reads.
  expect(descriptors).toEqual(["0", "1", "2", "3"]);
});

test("done when the process has ended, though a child keeps the pipes", async () => {
  const run = shell("sleep 30 & echo $!");
  const result = await run.done;
  expect(result.exit).toBe(0);
  expect(result.ms).toBeLessThan(5000);
  const child = Number(result.stdout);
  expect(processLives(child)).toBe(true);
  process.kill(child, "SIGKILL");
});

test("a timeout ends the whole group", async () => {
  const run = shell("sleep 30 & echo $!; wait", { timeoutMs: 150 });
  const result = await run.done;
  expect(result).toMatchObject({ exit: undefined, signal: "SIGKILL", timedOut: true });
  await Bun.sleep(20);
  expect(isRunning(Number(result.stdout))).toBe(false);
});

test("with a grace SIGTERM comes first", async () => {
  const script = "trap 'echo term; exit 9' TERM; while :; do sleep 0.02; done";
  const result = await shell(script, { timeoutMs: 150, graceMs: 2000 }).done;
  expect(result).toMatchObject({ exit: 9, timedOut: true, stdout: "term\n" });
});

test("kill ends it at once", async () => {
  const run = shell("sleep 30");
  setTimeout(() => run.kill(), 20);
  expect(await run.done).toMatchObject({ signal: "SIGKILL", killed: true, timedOut: false });
});

test("output beyond the limit is dropped, the program still ends", async () => {
  const result = await shell("head -c 3000000 /dev/zero; echo end >&2", { outputBytes: 1000 }).done;
  expect([result.stdout.length, result.stderr]).toEqual([1000, "end\n"]);
});

test("what cannot be started is a value", async () => {
  expect(await runProgram({ argv: ["/nonexistent"] }).done).toMatchObject({ error: "ENOENT" });
  expect(await runProgram({ argv: ["/etc/passwd"] }).done).toMatchObject({ error: "EACCES" });
});

test("descriptors do not leak", async () => {
  const open = () => readdirSync("/proc/self/fd").length;
  await shell("true").done;
  const before = open();
  for (let i = 0; i < 20; i++) await shell("echo x; sleep 0.5 &").done;
  await Bun.sleep(100);
  expect(open() - before).toBeLessThan(5);
});

/** Zombies do not run. */
function isRunning(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`) !== "";
  } catch {
    return false;
  }
}
