/** How many resources are counted, and as what (spec/outputs-and-tools section A3.2). */
import { expect, test } from "bun:test";
import { readStatus } from "../../../lib/status/status.ts";
import { clusterView } from "../../../lib/view/cluster-builder.ts";
import { cluster } from "../scheduler/notation.ts";

function countsOf(text: string): string {
  const { disabled, blocked, resources } = clusterView(
    readStatus(cluster(text), 1_700_000_600),
  ).summary;
  return `${disabled} disabled and ${blocked} blocked of ${resources}`;
}

test("what is no longer configured counts as long as it runs", () => {
  const text = "nodes a\nprimitive A Dummy\nremoved B ocf:pacemaker:Dummy a";
  expect(countsOf(text)).toBe("0 disabled and 0 blocked of 2");
  expect(countsOf(`${text}\nop B_stop_0@a=0`)).toBe("0 disabled and 0 blocked of 1");
});

test("target-role=Unpromoted disables what could be promoted, and nothing else", () => {
  const text = "nodes a b\nprimitive A Dummy meta target-role=Unpromoted\nprimitive M Stateful";
  expect(countsOf(text)).toBe("0 disabled and 0 blocked of 2");
  const promotable = `${text}\nclone C M meta promotable=true target-role=Unpromoted`;
  expect(countsOf(promotable)).toBe("2 disabled and 0 blocked of 3");
});
