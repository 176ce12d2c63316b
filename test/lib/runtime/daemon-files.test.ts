/** Pid files, log files, syslog, and a daemon that reports how its start went. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogEffect } from "../../../lib/base/core.ts";
import { startDaemon } from "../../../lib/runtime/daemonize.ts";
import { openLogFile } from "../../../lib/runtime/logfile.ts";
import { dropPidFile, pidOf, processLives, takePidFile } from "../../../lib/runtime/pidfile.ts";
import { openSyslog, traditionalStamp } from "../../../lib/runtime/syslog.ts";

const folder = mkdtempSync(join(tmpdir(), "quorate-daemon-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a pid file keeps a second daemon out while the first one lives", () => {
  const path = join(folder, "run", "d.pid");
  expect(takePidFile(path)).toBeUndefined();
  expect(pidOf(path)).toBe(process.pid);
  expect(takePidFile(path)).toBeUndefined();
  writeFileSync(path, "1\n");
  dropPidFile(path);
  expect(readFileSync(path, "utf8")).toBe("1\n");
  writeFileSync(path, `${process.ppid}\n`);
  expect(takePidFile(path)).toBe(process.ppid);
  for (const text of ["", "abc", "-5", "99999999"]) {
    writeFileSync(path, text);
    expect(takePidFile(path)).toBeUndefined();
  }
  dropPidFile(path);
  expect(pidOf(path)).toBeUndefined();
  expect(processLives(process.pid)).toBe(true);
});

test("a log file gets formatted lines and goes on after a rotation", () => {
  const path = join(folder, "log", "c.log");
  const log = openLogFile({ path, format: (r, atMs) => `${atMs > 0} ${r.level}: ${r.text}` });
  const line = (text: string): LogEffect => ({
    kind: "log",
    level: "info",
    subsystem: "MAIN",
    text,
  });
  log.write(line("one"));
  renameSync(path, `${path}.1`);
  log.write(line("two"));
  log.reopen();
  log.write(line("three"));
  log.close();
  log.write(line("never"));
  expect(readFileSync(`${path}.1`, "utf8")).toBe("true info: one\ntrue info: two\n");
  expect(readFileSync(path, "utf8")).toBe("true info: three\n");
});

test("syslog's stamp pads the day with a blank; without a daemon lines vanish", () => {
  expect(traditionalStamp(new Date(2026, 10, 4, 3, 2, 1).getTime())).toBe("Nov  4 03:02:01");
  const syslog = openSyslog("test", "daemon", join(folder, "no-such-socket"));
  syslog.write("info", "text");
  syslog.close();
});

/** A daemon in a few lines of shell: descriptor 3 is where it reports. */
const daemon = (script: string) => startDaemon(["/bin/sh", "-c", script], 2000);

test("a daemon's start ends with its report, its end, or the patience", async () => {
  expect(await daemon("echo ready >&3; exec 3>&-; sleep 0.2")).toMatchObject({ exit: 0 });
  expect(await daemon("echo cannot bind >&3; exit 1")).toMatchObject({
    exit: 1,
    message: "cannot bind",
  });
  expect(await daemon("exit 7")).toMatchObject({ exit: 7, message: "ended by 7" });
  const slow = await startDaemon(["/bin/sh", "-c", "sleep 1"], 50);
  expect(slow).toMatchObject({ exit: 1, message: "not ready after 0 s" });
  const missing = await startDaemon(["/nonexistent"], 1000);
  expect(missing.exit).toBe(1);
});
