import { expect, test } from "bun:test";
import { join } from "node:path";

const library = join(import.meta.dir, "../../../lib/runtime/process-settings.ts");

test("the program starts itself once more, as the same process with the same words; children inherit nothing", async () => {
  const script = `
    const { becomeBusyDaemon } = await import(${JSON.stringify(library)});
    const asked = process.env.MIMALLOC_PURGE_DELAY;
    console.log(process.pid, asked, process.argv.slice(-2).join());
    becomeBusyDaemon();
    const name = await Bun.file("/proc/self/comm").text();
    console.log(process.env.MIMALLOC_PURGE_DELAY, process.env.KEPT, name.trim());
    Bun.gc(true);
    console.log(Object.keys(process.env).sort().join());`;
  const child = Bun.spawn([process.execPath, "-e", script, "one", "two ü"], {
    env: { KEPT: "kept ü", PATH: process.env["PATH"] },
    stdin: "ignore",
    stderr: "pipe",
  });
  const lines = (await new Response(child.stdout).text()).trim().split("\n");
  expect(await child.exited).toBe(0);
  const first = `${child.pid} undefined one,two ü`;
  const name = process.execPath.slice(process.execPath.lastIndexOf("/") + 1);
  expect(lines).toEqual([
    first,
    first.replace("undefined", "-1"),
    `undefined kept ü ${name}`,
    "KEPT,PATH",
  ]);
  expect(await new Response(child.stderr).text()).toBe("");
});
