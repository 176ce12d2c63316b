import { describe, expect, test } from "bun:test";
import { unpackNvsets } from "../../../lib/rules/nvset.ts";
import { evaluateRule, type RuleContext } from "../../../lib/rules/rule.ts";
import { parseXml } from "../../../lib/xml/parse.ts";

const attributes: Readonly<Record<string, string>> = { a: "10", b: "2.5", v: "1.10.2", s: "Red" };

function passes(conditions: string, more: Partial<RuleContext> = {}, op = "and"): boolean {
  const rule = parseXml(`<rule id="r" boolean-op="${op}">${conditions}</rule>`);
  return evaluateRule(rule, { now: 0, nodeAttribute: (name) => attributes[name], ...more }).passes;
}

function expression(text: string): string {
  return `<expression id="e" ${text}/>`;
}

describe("node attribute expressions", () => {
  const cases: readonly [string, boolean][] = [
    [`attribute="a" operation="eq" value="10"`, true],
    [`attribute="s" operation="eq" value="red"`, true],
    [`attribute="a" operation="gt" value="9"`, true],
    [`attribute="a" operation="gt" value="9" type="string"`, false],
    [`attribute="b" operation="lt" value="10"`, true],
    [`attribute="v" operation="gt" value="1.9" type="version"`, true],
    [`attribute="none" operation="ne" value="x"`, true],
    [`attribute="none" operation="eq" value="x"`, false],
    [`attribute="none" operation="lt" value="x"`, false],
    [`attribute="a" operation="defined"`, true],
    [`attribute="a" operation="defined" value="1"`, false],
    [`attribute="none" operation="not_defined"`, true],
    [`attribute="a" operation="eq"`, false],
    [`attribute="a" operation="like" value="10"`, false],
    [`attribute="s" operation="lt" value="5" type="integer"`, false],
  ];
  for (const [text, expected] of cases) {
    test(`${text} is ${expected}`, () => expect(passes(expression(text))).toBe(expected));
  }

  test("take their value from parameters or meta-attributes, and their name from submatches", () => {
    const context: Partial<RuleContext> = {
      resourceParameter: (name) => (name === "level" ? "10" : undefined),
      resourceMeta: (name) => (name === "level" ? "11" : undefined),
      submatches: ["xa", "a"],
    };
    const text = (source: string) =>
      expression(`attribute="%1" operation="eq" value="level" value-source="${source}"`);
    expect(passes(text("param"), context)).toBe(true);
    expect(passes(text("meta"), context)).toBe(false);
  });
});

test("and, or, nesting, short circuit, broken rules", () => {
  const yes = expression(`attribute="a" operation="defined"`);
  const no = expression(`attribute="none" operation="defined"`);
  expect(passes(yes + no)).toBe(false);
  expect(passes(yes + no, {}, "or")).toBe(true);
  expect(passes(`${no}<rule id="n">${yes}</rule>`, {}, "OR")).toBe(true);
  expect(passes("")).toBe(true);
  expect(passes(yes, {}, "xor")).toBe(false);
  expect(passes(`<expression attribute="a" operation="defined"/>`)).toBe(false);
});

test("resource and operation expressions", () => {
  const resource = { class: "ocf", provider: "heartbeat", type: "IPaddr2" };
  const operation = { name: "monitor", intervalMs: 10_000 };
  expect(passes(`<rsc_expression id="e" class="ocf" type="IPaddr2"/>`, { resource })).toBe(true);
  expect(passes(`<rsc_expression id="e" class="lsb"/>`, { resource })).toBe(false);
  expect(passes(`<op_expression id="e" name="monitor" interval="10s"/>`, { operation })).toBe(true);
  expect(passes(`<op_expression id="e" name="monitor" interval="20"/>`, { operation })).toBe(false);
  expect(passes(`<op_expression id="e" name="monitor"/>`)).toBe(false);
});

describe("dates", () => {
  const at = (now: number, text: string, inner = "") => {
    const rule = parseXml(
      `<rule id="r"><date_expression id="d" ${text}>${inner}</date_expression></rule>`,
    );
    const { passes: yes, nextChange } = evaluateRule(rule, { now });
    return [yes, nextChange];
  };
  test("ranges, and when they change", () => {
    const range = `operation="in_range" start="1970-01-01 00:01:00Z" end="1970-01-01 00:02:00Z"`;
    expect(at(0, range)).toEqual([false, 60]);
    expect(at(60, range)).toEqual([true, 121]);
    expect(at(120, range)).toEqual([true, 121]);
    expect(at(121, range)).toEqual([false, undefined]);
    expect(at(0, `operation="gt" start="epoch"`)).toEqual([false, 1]);
    expect(at(0, `operation="lt" end="1970-01-01 00:00:05Z"`)).toEqual([true, 5]);
    expect(at(86_400, `start="epoch"`, `<duration days="1"/>`)).toEqual([true, 86_401]);
    expect(at(0, `start="nonsense"`)).toEqual([false, undefined]);
  });
  test("date_spec", () => {
    const spec = (inner: string) => at(0, `operation="date_spec"`, `<date_spec ${inner}/>`)[0];
    expect(spec(`years="1970" monthdays="1-15" weekdays="4"`)).toBe(true);
    expect(spec(`years="-1969"`)).toBe(false);
    expect(spec(`hours="9-17"`)).toBe(false);
    expect(spec(`years="1960-"`)).toBe(true);
    expect(spec(`years="x"`)).toBe(false);
  });
});

test("the value that counts: score, then the last block, then the first pair of a block", () => {
  const document = parseXml(`<r>
    <m id="low" score="1"><nvpair id="1" name="x" value="low"/><nvpair id="2" name="y" value="low"/></m>
    <m id="tie1" score="5"><nvpair id="3" name="x" value="tie1"/></m>
    <m id="tie2" score="5"><nvpair id="4" name="x" value="tie2"/><nvpair id="5" name="x" value="no"/></m>
    <m id="ruled" score="INFINITY"><rule id="r" boolean-op="or"><date_expression id="d" operation="gt" start="1970-01-02"/></rule>
      <nvpair id="6" name="x" value="ruled"/></m>
    <m id-ref="other"/>
    <o><m id="other"><nvpair id="7" name="z" value="ref"/><nvpair id-ref="2" name="w"/></m></o></r>`);
  const into = new Map([["kept", "1"]]);
  const next = unpackNvsets(document, "m", { now: 0, document }, into);
  expect(Object.fromEntries(into)).toEqual({ kept: "1", x: "tie2", y: "low", z: "ref", w: "low" });
  expect(next).toBe(86_401);
});
