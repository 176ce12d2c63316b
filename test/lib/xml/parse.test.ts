/** What the one parsing file accepts and refuses; hostile documents stay here as tests. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { XMLParser } from "fast-xml-parser";
import { limits } from "../../../lib/base/limits.ts";
import { sameXml } from "../../../lib/xml/diff.ts";
import { versionedDigest } from "../../../lib/xml/digest.ts";
import { COMMENT, element, type XmlElement } from "../../../lib/xml/node.ts";
import { parseXml, parseXmlBytes, XmlError } from "../../../lib/xml/parse.ts";
import { writeXml } from "../../../lib/xml/write.ts";

function refusal(input: string | Uint8Array): string {
  try {
    if (typeof input === "string") parseXml(input, "cib.xml");
    else parseXmlBytes(input, "cib.xml");
  } catch (error) {
    if (error instanceof XmlError) return error.message;
    throw error;
  }
  return "accepted";
}

describe("refused, with the place where it is known", () => {
  const bomb =
    '<!DOCTYPE cib [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>\n<cib>&b;</cib>';
  const cases: readonly [string, string | Uint8Array, string][] = [
    ["an entity bomb", bomb, "cib.xml:1:1: document types and entity declarations are refused"],
    [
      "an external entity",
      '<?xml version="1.0"?>\n<!-- x -->\n <!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
      "cib.xml:3:2: document types",
    ],
    ["an external subset", '<!DOCTYPE a SYSTEM "http://example.com/a.dtd"><a/>', "document types"],
    ["an unknown entity", "<a>&nope;</a>", "Entity 'nope' is not declared"],
    ["a wrong end", "<a>\n <b>\n</a>", "cib.xml:3:1: Expected closing tag 'b'"],
    ["an attribute twice", '<a x="1" x="2"/>', "cib.xml:1:10: Attribute 'x' is repeated"],
    ["an attribute without quotes", "<a x=1/>", "cib.xml:1:4"],
    ["two roots", "<a/><b/>", "cib.xml"],
    ["nothing", "", "cib.xml"],
    ["blanks", "  \n ", "cib.xml"],
    ["a null character", "<a>\u0000</a>", "cib.xml"],
    ["a reference to a null character", '<a x="&#0;"/>', "cib.xml"],
    ["< in a value", '<a x="<"/>', "cib.xml"],
    ["a cut document", '<cib><configuration><nodes id="x', "cib.xml:1"],
    ["bad UTF-8", new Uint8Array([60, 97, 62, 10, 0xff, 0xfe, 60, 47, 97, 62]), "cib.xml:2: not"],
    ["deep nesting", `${"<a>".repeat(300)}${"</a>".repeat(300)}`, "nested deeper than 256"],
    ["very deep nesting", "<a>".repeat(200_000), "cib.xml"],
  ];
  for (const [what, input, expected] of cases) {
    test(what, () => expect(refusal(input)).toContain(expected));
  }
  test("what is too large", () => {
    const size = limits.xmlDocumentBytes + 1;
    expect(refusal(new Uint8Array(size))).toContain("larger than the limit");
  });
});

describe("accepted", () => {
  test("huge attributes, byte order marks, CDATA, references", () => {
    const value = "x".repeat(5_000_000);
    expect(parseXml(`<a v="${value}"/>`).attrs.get("v")).toBe(value);
    expect(parseXmlBytes(new TextEncoder().encode("\ufeff<a/>")).name).toBe("a");
    expect(parseXml("<a><![CDATA[<!DOCTYPE x>]]></a>").text).toBe("<!DOCTYPE x>");
    expect(parseXml('<a v="&#10;&#x41;&lt;&quot;"/>').attrs.get("v")).toBe('\nA<"');
    expect(parseXml('<a __proto__="1"/>').attrs.get("__proto__")).toBe("1");
  });
  test("comments are dropped unless asked for", () => {
    const text = "<a><!-- one --><b/><!--two--></a>";
    expect(parseXml(text).children.map((c) => c.name)).toEqual(["b"]);
    const kept = parseXml(text, "x", { comments: true });
    expect(kept.children.map((c) => c.name)).toEqual([COMMENT, "b", COMMENT]);
    expect(writeXml(kept, { indent: false })).toBe(text);
  });
});

const name = fc.stringMatching(/^[a-z_][a-z0-9._-]{0,8}$/);
const value = fc.string({ unit: "grapheme", maxLength: 12 }).map((s) =>
  // Characters that XML cannot carry at all.
  s.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, ""),
);
const tree: fc.Memo<XmlElement> = fc.memo((depth) =>
  fc
    .record({
      name,
      attrs: fc.uniqueArray(fc.tuple(name, value), { selector: ([n]) => n, maxLength: 3 }),
      children: depth <= 1 ? fc.constant<XmlElement[]>([]) : fc.array(tree(), { maxLength: 3 }),
    })
    .map((e) => element(e.name, new Map(e.attrs), e.children)),
);

test("what is written is read again as it was, in both layouts", () => {
  fc.assert(
    fc.property(tree(4), fc.boolean(), (node, indent) => {
      expect(sameXml(parseXml(writeXml(node, { indent })), node)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test("characters that XML cannot hold are replaced, so that what is written can be read", () => {
  const node = element("a", { v: "x\u0001y\u0000z\uffff" }, [element("b", {}, [], "t\u0007")]);
  const again = parseXml(writeXml(node));
  expect(again.attrs.get("v")).toBe("x\ufffdy\ufffdz\ufffd");
  expect(versionedDigest(again)).toBe(versionedDigest(node));
});

test("agrees with the other parser on names, attributes and order", () => {
  const other = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: "",
    parseAttributeValue: false,
    parseTagValue: false,
    htmlEntities: true,
    trimValues: false,
  });
  type Ordered = Readonly<Record<string, unknown>>;
  const convert = (node: Ordered): XmlElement => {
    const key = Object.keys(node).find((k) => k !== ":@") ?? "";
    const attrs = (node[":@"] ?? {}) as Record<string, string>;
    const children = (node[key] as Ordered[]).filter((c) => !("#text" in c));
    return element(key, attrs, children.map(convert));
  };
  const plain = fc.stringMatching(/^[a-zA-Z0-9 .;:&<>"'-]{0,12}$/);
  fc.assert(
    fc.property(name, fc.array(fc.tuple(name, plain), { maxLength: 4 }), (root, children) => {
      const node = element(
        root,
        {},
        children.map(([n, v]) => element(n, { id: v })),
      );
      const text = writeXml(node);
      const theirs = convert((other.parse(text) as Ordered[])[0]!);
      expect(writeXml(parseXml(text))).toBe(writeXml(theirs));
    }),
  );
});
