/** History entries: ids, digests and fail counts (spec/runtime.md 4.1 to 4.5, measured values). */
import { describe, expect, test } from "bun:test";
import {
  entryIds,
  failCountChange,
  historyUpdate,
  isFailure,
  type Operation,
  OpStatus,
  operationDigest,
  pendingUpdate,
} from "../../../../lib/pacemakerd/controller/history.ts";
import { attr } from "../../../../lib/xml/node.ts";

const digestOf = (parameters: Record<string, string>, intervalMs = 0) =>
  operationDigest(new Map(Object.entries(parameters)), intervalMs);

function operation(name: string, intervalMs: number, targetRc = 0): Operation {
  return {
    resource: "P1",
    standard: "ocf",
    provider: "lab",
    agent: "svc",
    operation: name,
    intervalMs,
    key: `13:1:${targetRc}:bef6e1b0-2d04-498a-8df0-db9a3f6c8bb9`,
    targetRc,
    nodeName: "n1",
    attributes: new Map([["CRM_meta_timeout", "20000"]]),
  };
}

describe("operation digests", () => {
  test("measured vectors", () => {
    expect(digestOf({})).toBe("f2317cad3d54cec5d7d7aa7d0bf35cf8");
    expect(digestOf({ CRM_meta_timeout: "20000" })).toBe("f2317cad3d54cec5d7d7aa7d0bf35cf8");
    expect(digestOf({ CRM_meta_timeout: "20000" }, 10000)).toBe("4811cef7f7f94e3a35a70be7916cb2fd");
    expect(
      digestOf({ state: "one", color: "red", passwd: "hush", crm_feature_set: "3.16.1" }),
    ).toBe("63621a4fa9ef5b72d154da3b907b30b0");
    expect(
      digestOf({ state: "one", color: "red", passwd: "hush", CRM_meta_timeout: "4000" }, 5000),
    ).toBe("199d9213212b90d3a39a26e06cf655f3");
  });
});

describe("entries", () => {
  test("a failed one-time operation leaves two, a failed monitor one", () => {
    expect(entryIds(operation("start", 0), OpStatus.done, 1)).toEqual([
      "P1_last_failure_0",
      "P1_last_0",
    ]);
    expect(entryIds(operation("monitor", 5000), OpStatus.done, 7)).toEqual(["P1_last_failure_0"]);
    expect(entryIds(operation("monitor", 5000), OpStatus.done, 0)).toEqual(["P1_monitor_5000"]);
    expect(entryIds(operation("monitor", 0, 7), OpStatus.done, 7)).toEqual(["P1_last_0"]);
    expect(entryIds(operation("migrate_to", 0), OpStatus.done, 1)).toEqual(["P1_migrate_to_0"]);
  });

  test("attributes in the order of the original, pending ones included", () => {
    const [entry] = pendingUpdate(operation("start", 0), 1795355589).children;
    expect([...entry!.attrs.keys()]).toEqual([
      "id",
      "operation_key",
      "operation",
      "crm-debug-origin",
      "crm_feature_set",
      "transition-key",
      "transition-magic",
      "exit-reason",
      "on_node",
      "call-id",
      "rc-code",
      "op-status",
      "interval",
      "last-rc-change",
      "exec-time",
      "queue-time",
      "op-digest",
    ]);
    expect(attr(entry!, "transition-magic")).toBe(
      "-1:193;13:1:0:bef6e1b0-2d04-498a-8df0-db9a3f6c8bb9",
    );
    expect(attr(entry!, "id")).toBe("P1_last_0");
  });

  test("a reload counts as a start when it worked", () => {
    const outcome = {
      callId: 4,
      rc: 0,
      status: OpStatus.done,
      exitReason: "",
      changed: 1,
      execMs: 2,
      queueMs: 0,
      origin: "do_update_resource",
    };
    const [entry] = historyUpdate(operation("reload", 0), outcome).children;
    expect(attr(entry!, "operation")).toBe("start");
  });
});

describe("failures", () => {
  test("a degraded result is sound, a cancelled one no failure", () => {
    expect(isFailure(OpStatus.done, 190, 0)).toBe(false);
    expect(isFailure(OpStatus.cancelled, 1, 0)).toBe(false);
    expect(isFailure(OpStatus.timeout, 0, 0)).toBe(true);
  });

  test("what each operation adds to the fail count", () => {
    expect(failCountChange("monitor", 10000, true)).toBe("increment");
    expect(failCountChange("monitor", 0, true)).toBeUndefined();
    expect(failCountChange("start", 0, true)).toBe("infinity");
    expect(failCountChange("start", 0, false)).toBe("increment");
    expect(failCountChange("stop", 0, true)).toBe("infinity");
    expect(failCountChange("asyncmon", 0, true)).toBe("increment");
    expect(failCountChange("migrate_to", 0, true)).toBeUndefined();
  });
});
