/** The reference cases of crmsh 1.2.6 that our shell must match, with the list of those that it does not. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { playCase, readCases, usableCases } from "./crm-runner.ts";

const DATA = `${import.meta.dir}/../../../shared/data/crm/batch-golden-1.2.6.json`;

/** Cases that differ, with the reason. The list only ever gets shorter. */
const DIFFERING: Readonly<Record<string, string>> = {
  "lifetime-move": "an end relative to the time of the run",
  "rsc-move-lifetime": "an end relative to the time of the run",
  "prim-ambiguous-provider": "only our own agents here: one provider has Stateful",
  "prim-params-unicode": "Differs: words can say letters outside ASCII",
  "colo-instance": "instances of the 1.2 schema",
  "order-zero": "Differs: a deprecated score does not keep a commit back (the seed's mandatory:)",
  "order-score": "Differs: a deprecated score does not keep a commit back (the seed's mandatory:)",
  "argv-order": "Differs: a deprecated score does not keep a commit back (the seed's mandatory:)",
  "graph-dot": "Differs: the graph is written as text, no viewer is needed",
  "xml-quoted": "Differs: the quoted form works",
  "xml-quoted-loc": "Differs: the quoted form works",
  "xml-argv": "Differs: the quoted form works",
};

/** QUORATE_SHOW=1 prints what differs. */
const SHOW = process.env["QUORATE_SHOW"] !== undefined;

if (!existsSync(DATA)) {
  console.log("skipped: ../shared/data/crm is not there");
  test.skip("reference cases of the shell", () => {});
} else {
  test("reference cases of the shell", async () => {
    const data = readCases(DATA);
    const cases = usableCases(data);
    const failing: string[] = [];
    for (const c of cases) {
      const found = await playCase(data, c);
      if (found !== "") failing.push(c.name);
      if (found !== "" && SHOW) console.log(found);
    }
    console.log(`crm: ${cases.length - failing.length} of ${cases.length} reference cases`);
    expect(failing.filter((name) => DIFFERING[name] === undefined)).toEqual([]);
    expect(Object.keys(DIFFERING).filter((name) => !failing.includes(name))).toEqual([]);
  }, 120_000);
}
