import { expect, test } from "bun:test";
import fc from "fast-check";
import { isRejection } from "../../../lib/base/error.ts";
import { element } from "../../../lib/xml/node.ts";
import { parseXml } from "../../../lib/xml/parse.ts";
import { pathText } from "../../../lib/xml/path.ts";
import { compileXPath, select } from "../../../lib/xml/xpath.ts";

const document = parseXml(`<cib><configuration>
  <resources><group id="g"><primitive id="a" class="ocf"/><primitive id="b" class="lsb"/></group>
  <primitive id="c" class="ocf"><meta_attributes id="m"><nvpair id="n" name="target-role" value="Stopped"/></meta_attributes></primitive></resources>
  <constraints><rsc_location id="l" rsc="a"/></constraints></configuration><status/></cib>`);

function found(text: string): readonly string[] {
  const compiled = compileXPath(text);
  if (isRejection(compiled)) return [compiled.text];
  const matches = select(document, compiled);
  if (isRejection(matches)) return [matches.text];
  return matches.map(
    (m) =>
      pathText(m.cursor).split("/").at(-1) + (m.attribute === undefined ? "" : `@${m.attribute}`),
  );
}

const p = (id: string) => `primitive[@id='${id}']`;

test("paths, predicates, axes, functions, unions", () => {
  const cases: readonly [string, readonly string[]][] = [
    ["/cib/configuration/resources/primitive", [p("c")]],
    ["//primitive", [p("a"), p("b"), p("c")]],
    ["//primitive[@class='ocf']", [p("a"), p("c")]],
    ['//primitive[@class="ocf" and @id != "a"]', [p("c")]],
    ["//primitive[@class='lsb' or @id='c']", [p("b"), p("c")]],
    ["//primitive[not(@class='ocf')]", [p("b")]],
    ["//group/primitive[2]", [p("b")]],
    ["//group/primitive[last()]", [p("b")]],
    ["//group/primitive[position()=1]", [p("a")]],
    ["//*[@id='n']/@value", ["nvpair[@id='n']@value"]],
    ["//nvpair[@name='target-role']/../..", [p("c")]],
    ["//nvpair/ancestor::primitive", [p("c")]],
    ["//primitive[meta_attributes/nvpair[@value='Stopped']]", [p("c")]],
    ["//primitive[contains(@id,'b')] | //rsc_location", [p("b"), "rsc_location[@id='l']"]],
    ["//primitive[starts-with(@class,'o')][2]", []],
    ["//group[count(primitive)=2]", ["group[@id='g']"]],
    ["/cib/*", ["configuration", "status"]],
    ["//status", ["status"]],
    ["//nothing", []],
    ["//rsc_location | //primitive[@id='a']", [p("a"), "rsc_location[@id='l']"]],
  ];
  for (const [text, expected] of cases) expect([text, found(text)]).toEqual([text, [...expected]]);
});

test("what is not understood is refused with the reason", () => {
  expect(found("//a[")[0]).toContain("ends too early");
  expect(found("//a[@b='x")[0]).toContain("unexpected");
  expect(found("//a[foo()]")[0]).toContain("foo() is not supported");
  expect(found("following-sibling::a")[0]).toContain("axis following-sibling");
  expect(found(`//a[${"(".repeat(100)}1${")".repeat(100)}]`)[0]).toContain("nested too deep");
  expect(found("")[0]).toContain("ends too early");
});

test("an expression that would take forever is given up", () => {
  const row = element(
    "a",
    {},
    Array.from({ length: 20 }, () => element("a")),
  );
  const table = element(
    "a",
    {},
    Array.from({ length: 200 }, () => row),
  );
  const compiled = compileXPath(
    `//a${"[//a".repeat(8)}${"]".repeat(8)}[count(//a[count(//a)=1])=1]`,
  );
  if (isRejection(compiled)) throw new Error(compiled.text);
  const given = select(table, compiled, 50_000);
  expect(isRejection(given) ? given.text : "found").toContain("takes too long");
});

test("no text makes it throw", () => {
  const word = fc.constantFrom(
    ..."/ // | . .. @ :: [ ] ( ) , = != < * and or not count last position a b 'x' 1 self parent".split(
      " ",
    ),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(word).map((w) => w.join(" ")),
      ),
      (text) => {
        const compiled = compileXPath(text);
        if (isRejection(compiled)) expect(compiled.text.length).toBeGreaterThan(0);
        else expect(Array.isArray(select(document, compiled))).toBe(true);
      },
    ),
    { numRuns: 1000 },
  );
});
