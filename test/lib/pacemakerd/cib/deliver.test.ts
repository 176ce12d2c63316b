/** Messages of the order against the CIB (spec/runtime.md 1.5, 4.4, 4.5, 5.3). */
import { describe, expect, test } from "bun:test";
import type { CibDoc } from "../../../../lib/cib/document.ts";
import { emptyCib } from "../../../../lib/cib/empty.ts";
import {
  applyAttribute,
  applyClearFailure,
  applyGoodbye,
  applyLoss,
  applyPublish,
  applyResult,
  expandValue,
} from "../../../../lib/pacemakerd/cib/deliver.ts";
import { emptyLrm, nodeState, transientAttributes } from "../../../../lib/pacemakerd/cib/status.ts";
import type { Result } from "../../../../lib/pacemakerd/messages.ts";
import { findById } from "../../../../lib/xml/index.ts";
import { attr, child, element } from "../../../../lib/xml/node.ts";

const node = { id: "1", uname: "n1" };

function joined(): CibDoc {
  return applyPublish(emptyCib(), node, emptyLrm("1"));
}

function set(doc: CibDoc, name: string, value: string | undefined): CibDoc {
  const update = value === undefined ? {} : { value };
  return applyAttribute(doc, node, {
    kind: "attribute",
    node: "n1",
    name,
    pattern: false,
    ...update,
  });
}

function failed(operation: string, intervalMs: number, onFail = ""): Result {
  return {
    kind: "result",
    key: "",
    resource: "P1",
    operation,
    intervalMs,
    rc: 1,
    status: 0,
    targetRc: 0,
    onFail,
    now: 1000,
    body: "",
  };
}

const update = element("lrm_resource", { id: "P1", class: "ocf", type: "Dummy" }, [
  element("lrm_rsc_op", { id: "P1_last_failure_0", operation_key: "P1_monitor_5000" }),
]);

describe("attributes", () => {
  test("ids are made from names, characters that ids cannot have become dots", () => {
    const doc = set(joined(), "fail-count-P1#monitor_5000", "1");
    expect(findById(doc.root, "status-1-fail-count-P1.monitor_5000")).toBeDefined();
    expect(transientAttributes(doc, "1").get("fail-count-P1#monitor_5000")).toBe("1");
  });

  test("values grow where they are delivered", () => {
    expect(expandValue(undefined, "value++")).toBe("1");
    expect(expandValue("4", "value+=5")).toBe("9");
    expect(expandValue("INFINITY", "value++")).toBe("INFINITY");
    expect(expandValue("4", "C++")).toBe("5");
    expect(expandValue("4", "plain")).toBe("plain");
  });

  test("an unset attribute goes, setting the same again changes nothing", () => {
    const doc = set(joined(), "a", "1");
    expect(set(doc, "a", "1")).toBe(doc);
    expect(transientAttributes(set(doc, "a", undefined), "1").has("a")).toBe(false);
    expect(set(doc, "b", undefined)).toBe(doc);
  });

  test("each change is one more num_updates", () => {
    const doc = joined();
    expect(set(doc, "a", "1").version.numUpdates).toBe(doc.version.numUpdates + 1);
  });
});

describe("results", () => {
  test("a failed monitor counts, a failed start is infinity, a failed probe nothing", () => {
    const monitor = applyResult(joined(), node, failed("monitor", 5000), update);
    expect([...transientAttributes(monitor, "1")]).toEqual([
      ["last-failure-P1#monitor_5000", "1000"],
      ["fail-count-P1#monitor_5000", "1"],
    ]);
    const again = applyResult(monitor, node, failed("monitor", 5000), update);
    expect(transientAttributes(again, "1").get("fail-count-P1#monitor_5000")).toBe("2");
    const start = applyResult(joined(), node, failed("start", 0), update);
    expect(transientAttributes(start, "1").get("fail-count-P1#start_0")).toBe("INFINITY");
    const probe = applyResult(joined(), node, failed("monitor", 0), update);
    expect(transientAttributes(probe, "1").size).toBe(0);
  });

  test("on-fail=ignore leaves only the time", () => {
    const doc = applyResult(joined(), node, failed("monitor", 5000, "ignore"), update);
    expect([...transientAttributes(doc, "1").keys()]).toEqual(["last-failure-P1#monitor_5000"]);
  });

  test("clearing takes counts and entry, only of the operation that is named", () => {
    let doc = applyResult(joined(), node, failed("monitor", 5000), update);
    const clear = {
      kind: "clear-failure",
      node: "n1",
      resource: "P1",
      operation: "start",
      intervalMs: 0,
      dropEntry: true,
    } as const;
    doc = applyClearFailure(doc, node, clear);
    expect(transientAttributes(doc, "1").size).toBe(2);
    doc = applyClearFailure(doc, node, { ...clear, operation: "" });
    expect(transientAttributes(doc, "1").size).toBe(0);
    expect(findById(doc.root, "P1_last_failure_0")).toBeUndefined();
  });
});

describe("coming and going", () => {
  const history = (entry: string, operation: string, rc: string) =>
    element("lrm", { id: "1" }, [
      element("lrm_resources", {}, [
        element("lrm_resource", { id: "P1", class: "ocf", provider: "pacemaker", type: "Dummy" }, [
          element("lrm_rsc_op", { id: entry, operation, "rc-code": rc }),
        ]),
      ]),
    ]);
  const known = (doc: CibDoc) =>
    child(child(nodeState(doc, "1")!, "lrm")!, "lrm_resources")!.children.map(
      (r) => `${attr(r, "id")} ${r.children.length}`,
    );

  test("a manager that comes back knowing nothing: what may run there stays unknown", () => {
    const up = applyPublish(joined(), node, history("P1_last_0", "start", "0"));
    expect(known(up)).toEqual(["P1 1"]);
    const back = applyPublish(up, node, emptyLrm("1"));
    expect(known(back)).toEqual(["P1 0"]);
    expect(known(applyPublish(back, node, emptyLrm("1")))).toEqual(["P1 0"]);
    const stopped = applyPublish(joined(), node, history("P1_last_0", "stop", "0"));
    expect(known(applyPublish(stopped, node, emptyLrm("1")))).toEqual([]);
  });

  test("a member is online, a lost node is down but was expected", () => {
    const up = nodeState(joined(), "1")!;
    expect([attr(up, "crmd"), attr(up, "join"), attr(up, "expected")]).toEqual([
      "online",
      "member",
      "member",
    ]);
    const lost = nodeState(applyLoss(set(joined(), "a", "1"), node, false), "1")!;
    expect([attr(lost, "in_ccm"), attr(lost, "join"), attr(lost, "expected")]).toEqual([
      "false",
      "down",
      "member",
    ]);
    expect(child(lost, "transient_attributes")).toBeUndefined();
    expect(child(lost, "lrm")).toBeDefined();
  });

  test("a manager that died while its node stayed keeps its place", () => {
    const state = nodeState(applyLoss(joined(), node, true), "1")!;
    expect([attr(state, "in_ccm"), attr(state, "crmd"), attr(state, "join")]).toEqual([
      "true",
      "offline",
      "member",
    ]);
  });

  test("a clean leave is expected", () => {
    const state = nodeState(applyGoodbye(joined(), node), "1")!;
    expect([attr(state, "crmd"), attr(state, "join"), attr(state, "expected")]).toEqual([
      "offline",
      "down",
      "down",
    ]);
  });
});
