import { expect, test } from "bun:test";
import type { LogEffect, LogLevel } from "../../../lib/base/core.ts";
import { fileLine, passes, syslogText, terminalLine } from "../../../lib/corosync/log-format.ts";
import { configOf, LEGACY_CONF } from "./simulated-cluster.ts";

const NODELIST = `totem {
  version: 2
  transport: udpu
}
nodelist {
  node {
    nodeid: 6
    ring0_addr: 10.0.0.6
  }
}
quorum {
  provider: corosync_votequorum
}
logging {
  timestamp: on
  logger_subsys {
    subsys: TOTEM
    debug: on
  }
}
`;

const time = { month: 4, day: 26, hours: 19, minutes: 0, seconds: 5, milliseconds: 7 };
const place = { pid: 42, hostName: "server6" };
const record = (level: LogLevel, subsystem = "TOTEM"): LogEffect => ({
  kind: "log",
  level,
  subsystem,
  text: "a text",
});

test("legacy lines are those of corosync 1.4", () => {
  const config = configOf(LEGACY_CONF);
  const line = "May 26 19:00:05 corosync [TOTEM ] a text";
  expect(fileLine(record("notice"), time, place, config)).toBe(line);
  expect(terminalLine(record("notice"), time, config)).toBe(line);
  expect(syslogText(record("notice"), config)).toBe("[TOTEM ] a text");
  const off = configOf(LEGACY_CONF.replace("timestamp: on", "timestamp: off"));
  expect(fileLine(record("notice"), time, place, off)).toBe("corosync [TOTEM ] a text");
});

test("other lines are those of 3.x", () => {
  const config = configOf(NODELIST);
  expect(fileLine(record("notice"), time, place, config)).toBe(
    "May 26 19:00:05 [42] server6 corosync notice  [TOTEM ] a text",
  );
  const hires = configOf(NODELIST.replace("timestamp: on", "timestamp: hires"));
  expect(terminalLine(record("error", "MAIN"), time, hires)).toBe(
    "May 26 19:00:05.007 error   [MAIN  ] a text",
  );
});

test("debug lines pass where debug is on, for all or for one subsystem", () => {
  const { logging } = configOf(NODELIST);
  expect(passes(record("debug"), "info", logging)).toBeTrue();
  expect(passes(record("debug", "MAIN"), "info", logging)).toBeFalse();
  expect(passes(record("info", "MAIN"), "info", logging)).toBeTrue();
  expect(passes(record("info", "MAIN"), "notice", logging)).toBeFalse();
  expect(passes(record("crit", "MAIN"), "err", logging)).toBeTrue();
});
