/** Alerts (spec/runtime.md 8.1). */
import { describe, expect, test } from "bun:test";
import { cibDoc } from "../../../lib/cib/document.ts";
import { emptyCib } from "../../../lib/cib/empty.ts";
import { alertCalls } from "../../../lib/pacemakerd/alerts.ts";
import type { AlertEffect } from "../../../lib/pacemakerd/api.ts";
import { child, withAppended, withChild } from "../../../lib/xml/node.ts";
import { parseXml } from "../../../lib/xml/parse.ts";
import { Lone } from "./lone.ts";

function configured(alerts: string) {
  const { root } = emptyCib({ epoch: 1 });
  const configuration = child(root, "configuration")!;
  const parsed = parseXml(`<alerts>${alerts}</alerts>`);
  return cibDoc(withChild(root, configuration, withAppended(configuration, parsed)));
}

const MAIL =
  '<alert id="a" path="/bin/mail"><meta_attributes id="a-m"><nvpair id="a-t" name="timeout" value="7s"/></meta_attributes>' +
  '<instance_attributes id="a-i"><nvpair id="a-c" name="color" value="red"/></instance_attributes>' +
  '<recipient id="r1" value="me"/><recipient id="r2" value="you"><meta_attributes id="r2-m">' +
  '<nvpair id="r2-e" name="enabled" value="false"/></meta_attributes></recipient>' +
  '<recipient id="r3" value="them"><instance_attributes id="r3-i"><nvpair id="r3-c" name="color" value="blue"/></instance_attributes></recipient></alert>';

describe("what is configured", () => {
  test("one call for each recipient, whose own words count more; who is disabled has none", () => {
    const calls = alertCalls(configured(MAIL));
    expect(calls.map((c) => [c.recipient, c.timeoutMs, c.environment["color"]])).toEqual([
      ["me", 7000, "red"],
      ["them", 7000, "blue"],
    ]);
    expect([...calls[0]!.kinds]).toEqual(["node", "fencing", "resource"]);
  });

  test("no recipient: one call; a selection of kinds and of attributes", () => {
    const select =
      '<select><select_attributes><attribute id="x" name="ping"/></select_attributes><select_nodes/></select>';
    const [call] = alertCalls(configured(`<alert id="a" path="/p">${select}</alert>`));
    expect(call).toMatchObject({ path: "/p", recipient: undefined, timeoutMs: 30_000 });
    expect([...call!.kinds].sort()).toEqual(["attribute", "node"]);
    expect([...call!.attributes]).toEqual(["ping"]);
  });
});

describe("what is told", () => {
  const told = (lone: Lone) => lone.effects.filter((e): e is AlertEffect => e.kind === "alert");
  const stored = (alerts: string) => ({
    cib: configured(alerts),
    quorateSeq: 0,
    quoratePosition: 0,
    withoutQuorum: "",
    promised: 0,
    backupSequence: 0,
  });

  test("a node that goes and comes; the first membership is no news", () => {
    const lone = new Lone({ stored: stored('<alert id="a" path="/p"/>') }).join();
    expect(told(lone)).toEqual([]);
    const members = [{ nodeId: 1, processId: 7 }];
    const next = { ringId: "1.c", ringSeq: 12, ringMembers: [1, 2] };
    lone.post({ kind: "cpg-configuration", members, ...next });
    expect(told(lone).map((e) => e.environment)).toMatchObject([
      {
        CRM_alert_kind: "node",
        CRM_alert_node: "2",
        CRM_alert_nodeid: "2",
        CRM_alert_desc: "member",
        CRM_alert_node_sequence: "1",
        CRM_alert_timestamp_epoch: "1500000000",
        CRM_alert_timestamp_usec: "000000",
      },
    ]);
  });

  test("attributes only where they are selected", () => {
    const select =
      '<select><select_attributes><attribute id="x" name="ping"/></select_attributes></select>';
    const lone = new Lone({ stored: stored(`<alert id="a" path="/p">${select}</alert>`) }).join();
    for (const name of ["ping", "pong"]) {
      lone.ask("attrd", `<x t="attrd" task="update" attr_name="${name}" attr_value="5"/>`);
    }
    expect(told(lone).map((e) => e.environment["CRM_alert_attribute_name"])).toEqual(["ping"]);
  });
});
