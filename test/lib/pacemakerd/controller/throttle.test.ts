/** Limits of what runs at once (spec/runtime.md 2.3). */
import { describe, expect, test } from "bun:test";
import {
  jobsAllowed,
  loadLevel,
  mayMigrate,
  Throttle,
} from "../../../../lib/pacemakerd/controller/throttle.ts";
import type { GraphAction } from "../../../../lib/scheduler/graph/model.ts";

describe("load", () => {
  test("levels begin at 1.2, 1.6 and 2 times the threshold of all processors; one alone is busy sooner", () => {
    const at = (average: number) => loadLevel(average, 4, undefined);
    expect([3.2, 3.9, 5.2, 6.5].map(at)).toEqual([0, 1, 2, 3]);
    expect(loadLevel(0.6, 1, undefined)).toBe(1);
    expect(loadLevel(3.9, 4, "200%")).toBe(0);
    expect(loadLevel(3.9, 4, "nonsense")).toBe(1);
  });

  test("a loaded node gets half, a quarter, one job; never none", () => {
    expect([0, 1, 2, 3].map((level) => jobsAllowed(level, 16))).toEqual([16, 8, 4, 1]);
    expect([0, 1, 2, 3].map((level) => jobsAllowed(level, 1))).toEqual([1, 1, 1, 1]);
  });
});

describe("limits", () => {
  test("jobs: twice the processors of that very node, or what the option says", () => {
    const throttle = new Throttle();
    throttle.report(1, 0, 8);
    throttle.report(2, 1, 2);
    expect([1, 2].map((id) => throttle.jobs(id, undefined))).toEqual([16, 2]);
    expect(throttle.jobs(1, "3")).toBe(3);
    expect(throttle.jobs(1, "0")).toBe(16);
  });

  test("batch: as configured, none below 0, 30 in the plugin form; half the nodes when one is at its limit", () => {
    const throttle = new Throttle();
    for (const id of [1, 2, 3, 4]) throttle.report(id, 0, 2);
    const batch = (batchLimit: string | undefined, isLegacy = false) =>
      throttle.batch({ batchLimit, isLegacy });
    expect([batch(undefined), batch("7"), batch("-1"), batch("0", true)]).toEqual([0, 7, 0, 30]);
    throttle.report(4, 3, 2);
    expect([batch("0"), batch("7"), batch("1"), batch("-1")]).toEqual([2, 2, 1, 0]);
    throttle.keep([1, 2, 3]);
    expect(batch("0")).toBe(0);
  });

  test("live migrations count at both ends", () => {
    const move = (source: string, target: string, operation = "migrate_to") =>
      ({
        operation,
        attributes: new Map([
          ["CRM_meta_migrate_source", source],
          ["CRM_meta_migrate_target", target],
        ]),
      }) as unknown as GraphAction;
    const underWay = [move("n1", "n2")];
    expect(mayMigrate(move("n2", "n3"), underWay, "1")).toBe(false);
    expect(mayMigrate(move("n3", "n4"), underWay, "1")).toBe(true);
    expect(mayMigrate(move("n2", "n3"), underWay, undefined)).toBe(true);
    expect(mayMigrate(move("n2", "n3", "start"), underWay, "1")).toBe(true);
  });
});
