import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { problemText, validateCib } from "../../../lib/cib/validate.ts";
import { parseXml } from "../../../lib/xml/parse.ts";

function cib(resources: string, constraints = "", more = "", schema = "pacemaker-3.9") {
  return parseXml(`<cib validate-with="${schema}" admin_epoch="0" epoch="1" num_updates="0">
    <configuration><crm_config/><nodes/><resources>${resources}</resources>
    <constraints>${constraints}</constraints>${more}</configuration><status/></cib>`);
}

function findings(...args: Parameters<typeof cib>): string {
  return validateCib(cib(...args))
    .map(problemText)
    .join("\n");
}

const A = '<primitive id="a" class="ocf" provider="p" type="t"/>';
const B = '<primitive id="b" class="lsb" type="t"/>';

describe("says what is wrong and what would be right", () => {
  const cases: readonly [string, string, string][] = [
    [
      '<primitive id="a" class="lsb" typ="t"/>',
      "",
      'unknown attribute "typ" (did you mean "type"?)',
    ],
    ['<primitive id="1a" class="lsb" type="t"/>', "", '"1a" is not allowed for id'],
    ['<primitive class="lsb" type="t"/>', "", 'the attribute "id" is missing'],
    ['<primitive id="a" class="ocf" type="t"/>', "", "class ocf need a provider"],
    ['<primitive id="a" class="xxx" type="t"/>', "", '"xxx" is no class of agents'],
    ['<primitiv id="a"/>', "", 'not allowed in <resources> (did you mean "primitive"?)'],
    ['<clone id="c"/>', "", "needs exactly one primitive or group"],
    ['<group id="g"/>', "", "<primitive> is missing in <group>"],
    [A + A, "", 'the id "a" is used twice (also by /cib/configuration/resources/primitive'],
    [A, '<rsc_location id="l" rsc="a" node="n"/>', "needs one of: node with score, rule"],
    [
      A,
      '<rsc_location id="l" rsc="zz" node="n" score="1"/>',
      'rsc names "zz", which does not exist',
    ],
    [A, '<rsc_location id="l" rsc="a" node="n" score="lots"/>', '"lots" is not allowed for score'],
    [A + B, '<rsc_order id="o" first="a" then="b" kind="x"/>', "Optional, Mandatory, Serialize"],
    [A, '<rsc_colocation id="c" rsc="a"/>', "needs one of: rsc with with-rsc, resource_set"],
    [`${A}text`, "", "<resources> holds text (values belong into attributes)"],
  ];
  for (const [resources, constraints, expected] of cases) {
    test(expected, () => expect(findings(resources, constraints)).toContain(expected));
  }
  test("schemas: unknown, none, and what is gone from newer ones", () => {
    expect(findings(A, "", "", "pacemaker-9.9")).toContain('unknown schema "pacemaker-9.9"');
    expect(findings("<nonsense/>", "", "", "none")).toBe("");
    const master = '<master id="m"><primitive id="a" class="ocf" provider="p" type="t"/></master>';
    expect(findings(master)).toBe("");
    expect(findings(master, "", "", "pacemaker-4.0")).toContain("<master> is not allowed");
  });
});

test("a valid configuration has no findings, comments included", () => {
  const text = cib(A + B, '<rsc_colocation id="c" rsc="a" with-rsc="b" score="INFINITY"/>');
  expect(validateCib(text)).toEqual([]);
});

const CASES = `${import.meta.dir}/../../../../shared/data/scheduler/xml`;
if (!existsSync(CASES)) {
  console.log("skipped: ../shared/data/scheduler is not there");
  test.skip("all reference configurations are valid", () => {});
} else {
  test("all reference configurations are valid", () => {
    const wrong = readdirSync(CASES).filter((file) => {
      const root = parseXml(readFileSync(`${CASES}/${file}`, "utf8"), file);
      return validateCib(root).length > 0;
    });
    expect(wrong).toEqual([]);
  }, 30_000);
}
