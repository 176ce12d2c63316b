import { expect, test } from "bun:test";
import { limits } from "../../../lib/base/limits.ts";
import { Supervisor, type SupervisorEvent } from "../../../lib/corosync/supervisor.ts";

class Run {
  now = 0;
  readonly supervisor = new Supervisor({ QUORATE_LOGFORM: "legacy" });

  /** Effects in short words, log lines left out. */
  step(event: SupervisorEvent, at = this.now): readonly string[] {
    this.now = at;
    return this.supervisor.step(at, event).flatMap((effect) => {
      if (effect.kind === "set-timer") return [`${effect.name} in ${effect.delayMs}`];
      if (effect.kind === "stop-process") return [effect.signal];
      return effect.kind === "log" || effect.kind === "cancel-timer" ? [] : [effect.kind];
    });
  }

  exits(exit: number | undefined, at: number): readonly string[] {
    return this.step(
      { kind: "process-exited", pid: 5, exit, signal: exit === undefined ? "SIGKILL" : undefined },
      at,
    );
  }
}

test("a dead manager is started at once, then after growing pauses, then at once again", () => {
  const run = new Run();
  expect(run.step({ kind: "ready" })).toEqual(["start-process"]);
  run.step({ kind: "process-started", pid: 5 });
  expect(run.exits(undefined, 1000)).toEqual(["start-process"]);
  const pauses: string[] = [];
  for (let at = 2000; at < 8000; at += 1000) {
    pauses.push(...run.exits(1, at));
    run.step({ kind: "timer", name: "supervisor.respawn" }, at + 1);
  }
  expect(pauses).toEqual(
    [1000, 2000, 4000, 8000, 10_000, 10_000].map((ms) => `supervisor.respawn in ${ms}`),
  );
  expect(limits.managerBackoffMs).toBe(10_000);
  expect(run.exits(1, 500_000)).toEqual(["start-process"]);
});

test("while a manager of before still stops its resources, it is tried again each second", () => {
  const run = new Run();
  run.step({ kind: "ready" });
  for (let at = 0; at < 5; at++) {
    expect(run.exits(100, at)).toEqual(["supervisor.respawn in 1000"]);
    expect(run.step({ kind: "timer", name: "supervisor.respawn" })).toEqual(["start-process"]);
  }
  expect(run.exits(1, 6)).toEqual(["start-process"]);
});

test("at the end it is asked, then reminded, at last killed", () => {
  const run = new Run();
  run.step({ kind: "ready" });
  run.step({ kind: "process-started", pid: 5 });
  expect(run.step({ kind: "stop" })).toEqual([
    "SIGTERM",
    `supervisor.escalate in ${limits.managerStopMs}`,
    "supervisor.remind in 30000",
  ]);
  expect(run.step({ kind: "stop" })).toEqual([]);
  expect(run.step({ kind: "timer", name: "supervisor.remind" })).toEqual([
    "supervisor.remind in 30000",
  ]);
  expect(run.step({ kind: "timer", name: "supervisor.escalate" })).toEqual(["SIGKILL"]);
  expect(run.exits(undefined, 5)).toEqual(["stopped"]);
});

test("stopped while it waits to be started again: nothing lives, so it is over at once", () => {
  const run = new Run();
  run.step({ kind: "ready" });
  run.exits(1, 1);
  run.exits(1, 2);
  expect(run.step({ kind: "stop" })).toEqual(["stopped"]);
  expect(run.step({ kind: "timer", name: "supervisor.respawn" })).toEqual([]);
});
