/** Explanations of reference cases, each answer checked by hand against the case's scores, and of a CIB of our own. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { isRejection } from "../../../lib/base/error.ts";
import { cibDoc } from "../../../lib/cib/document.ts";
import { upgradeRoot } from "../../../lib/cib/upgrade.ts";
import { constraintScore, type Explanation, explain } from "../../../lib/explain/explain.ts";
import { explanationText } from "../../../lib/render/explanation.ts";
import { schedule } from "../../../lib/scheduler/schedule.ts";
import { parseXml } from "../../../lib/xml/parse.ts";

const DATA = `${import.meta.dir}/../../../../shared/data/scheduler/xml`;

function plan(path: string, now?: number) {
  const root = upgradeRoot(parseXml(readFileSync(path, "utf8"), path));
  if (isRejection(root)) throw new Error(root.text);
  const recorded = Number(root.root.attrs.get("execution-date") ?? 1_700_000_000);
  return schedule(cibDoc(root.root), now ?? recorded, { traceScores: true, traceCauses: true });
}

/** One line a node: `NODE VERDICT [cause ids] -> remedies`. */
function lines(e: Explanation): string[] {
  return e.nodes.map((n) => {
    const why =
      n.verdict.kind === "forbidden"
        ? n.verdict.by.map((c) => ("constraint" in c ? c.constraint : c.kind)).join("+")
        : n.verdict.kind === "node"
          ? n.verdict.state
          : n.verdict.kind === "lower"
            ? String(n.verdict.by)
            : "";
    const remedies = n.remedies.map((r) => r.kind).join("+");
    return [n.node, n.verdict.kind, why, remedies].filter((w) => w !== "").join(" ");
  });
}

/** Case, resource, node → answer. */
const ANSWERS: readonly (readonly [string, string, string, readonly string[]])[] = [
  ["simple2", "rsc1", "node1", ["node1 chosen", "node2 equal add-score"]],
  ["multi1", "rsc1", "node1", ["node1 chosen", "node2 equal add-score"]],
  ["rsc_dep3", "rsc1", "node1", ["node1 chosen", "node2 forbidden same_1 move-other"]],
  ["rsc_dep1", "rsc1", "node2", ["node1 forbidden not_same_1 move-other", "node2 chosen"]],
  ["rsc_dep7", "rsc3", "node1", ["node1 chosen", "node2 forbidden not_same_3 move-other"]],
  ["attrs1", "rsc1", "node2", ["node1 lower 1 add-score", "node2 chosen"]],
  ["attrs3", "rsc1", "node1", ["node1 chosen", "node2 equal add-score"]],
  [
    "target-0",
    "DcIPaddr",
    "c001n02",
    [
      "c001n01 forbidden run_DcIPaddr remove-constraint",
      "c001n02 chosen",
      "c001n03 forbidden run_DcIPaddr remove-constraint",
      "c001n08 forbidden run_DcIPaddr remove-constraint",
    ],
  ],
  [
    "target-0",
    "rsc_c001n08",
    "c001n08",
    [
      "c001n01 lower 100 add-score",
      "c001n02 lower 100 add-score",
      "c001n03 lower 100 add-score",
      "c001n08 chosen",
    ],
  ],
  [
    "target-2",
    "rsc_c001n08",
    "",
    [
      "c001n01 forbidden next-role start-it",
      "c001n02 forbidden next-role start-it",
      "c001n03 forbidden next-role start-it",
      "c001n08 forbidden next-role start-it",
    ],
  ],
  ["simple6", "rsc1", "", ["node1 forbidden not_same_1 move-other"]],
  ["order1", "rsc2", "node2", ["node1 equal add-score", "node2 chosen"]],
  ["failcount-block", "rsc_pcmk-3", "pcmk-1", ["pcmk-1 chosen", "pcmk-4 node offline node"]],
  ["mon-rsc-3", "rsc1", "node1", ["node1 chosen", "node2 equal add-score"]],
  [
    "systemhealtho2",
    "apache_1",
    "",
    ["hs21c forbidden health mend-health", "hs21d node unclean node"],
  ],
  [
    "placement-capacity",
    "rsc1",
    "",
    ["node1 forbidden utilization free-capacity", "node2 forbidden utilization free-capacity"],
  ],
  [
    "placement-capacity",
    "rsc2",
    "node2",
    ["node1 forbidden utilization free-capacity", "node2 chosen"],
  ],
  [
    "shutdown-lock",
    "rsc1",
    "",
    [
      "node1 node shutting down node",
      "node2 node offline node+unlock",
      "node3 forbidden shutdown-lock unlock",
      "node4 forbidden shutdown-lock unlock",
      "node5 forbidden shutdown-lock unlock",
    ],
  ],
  ["group1", "child_rsc2", "node1", ["node1 chosen", "node2 forbidden #group-members move-other"]],
  ["quorum-2", "rsc3", "node1", ["node1 chosen", "node2 equal add-score"]],
  ["date-2", "test_ip", "", ["router1 node offline node", "router2 node offline node"]],
  ["promoted-2", "child_rsc1:0", "node1", ["node1 chosen", "node2 lower 20 add-score"]],
];

if (existsSync(DATA)) {
  describe("reference cases", () => {
    test.each(ANSWERS)("%s: %s", (name, resource, chosen, expected) => {
      const [found] = explain(plan(`${DATA}/${name}.xml`), resource);
      if (found === undefined) throw new Error(`${resource} is not in ${name}`);
      expect(found.chosen ?? "").toBe(chosen);
      expect(lines(found)).toEqual([...expected]);
    });
  });
} else
  console.log("skipped: ../shared/data/scheduler is not there (explanations of reference cases)");

const OWN = new URL("../../golden/crm_mon/walkthrough.xml", import.meta.url).pathname;

test("in words: where it is, why not elsewhere, what would change it", () => {
  const own = plan(OWN, 1_495_838_571);
  const scoreOf = (id: string) => constraintScore(own.status, id);
  const text = (name: string, node?: string) =>
    explain(own, name)
      .map((e) => explanationText(e, node, scoreOf))
      .join("");
  expect(text("webip")).toBe(`webip runs on server6 now and belongs on server6.
  server6: score 0, chosen
  server8: score 0, equal score: it stays where it runs
    to change it: a location score of 1 more for server8
  server7: score -INFINITY, not possible: the node is standby
    -INFINITY  location cli-ban-webip-on-server7 (-INFINITY)
    to change it: crm node online server7
    to change it: crm configure delete cli-ban-webip-on-server7
`);
  expect(text("webserver", "server8")).toBe(`webserver runs on server6 now and belongs on server6.
  server8: score -INFINITY, forbidden by fail count INFINITY reached migration-threshold INFINITY
    -INFINITY  fail count INFINITY reached migration-threshold INFINITY
    to change it: crm resource cleanup webserver server8
`);
  expect(text("a")).toContain("  because target-role of a is Stopped\n");
  expect(explain(own, "nothing")).toEqual([]);
});

test("a clone's name means its instances", () => {
  const own = plan(OWN, 1_495_838_571);
  expect(explain(own, "pings").map((e) => e.resource)).toEqual(["ping:0", "ping:1", "ping:2"]);
  expect(explain(own, "ping").map((e) => e.resource)).toEqual(["ping:0", "ping:1", "ping:2"]);
});
