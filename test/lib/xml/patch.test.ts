import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isRejection } from "../../../lib/base/error.ts";
import { sameXml } from "../../../lib/xml/diff.ts";
import { onDiskDigest, parametersDigest, versionedDigest } from "../../../lib/xml/digest.ts";
import { element, type XmlElement } from "../../../lib/xml/node.ts";
import { parseXml } from "../../../lib/xml/parse.ts";
import { applyPatchset, makePatchset } from "../../../lib/xml/patch.ts";
import { writeXml } from "../../../lib/xml/write.ts";

/** Trees in which siblings of one name have different ids, as in a CIB. */
const tree: fc.Memo<XmlElement> = fc.memo((depth) =>
  fc
    .record({
      name: fc.constantFrom("a", "b"),
      attrs: fc.dictionary(fc.constantFrom("x", "y", "z"), fc.constantFrom("1", "2"), {
        maxKeys: 2,
      }),
      children:
        depth <= 1
          ? fc.constant<[string, XmlElement][]>([])
          : fc.uniqueArray(fc.tuple(fc.constantFrom("p", "q", "r", "s"), tree(depth - 1)), {
              maxLength: 4,
              selector: ([id]) => id,
            }),
    })
    .map(({ name, attrs, children }) =>
      element(
        name,
        attrs,
        children.map(([id, c]) => element(c.name, new Map([["id", id], ...c.attrs]), c.children)),
      ),
    ),
);

function asRoot(node: XmlElement): XmlElement {
  return element("root", node.attrs, node.children);
}

test("a patchset leads from one tree to the other, and nothing differs without one", () => {
  fc.assert(
    fc.property(tree(4), tree(4), (x, y) => {
      const before = asRoot(x);
      const after = asRoot(y);
      const patchset = makePatchset(before, after, { versions: false, digest: true });
      if (patchset === undefined) {
        expect(sameXml(before, after)).toBe(true);
        return;
      }
      const travelled = parseXml(writeXml(patchset));
      const result = applyPatchset(before, travelled);
      if (isRejection(result)) throw new Error(`${result.text}\n${writeXml(patchset)}`);
      expect(writeXml(result)).toBe(writeXml(after));
    }),
    { numRuns: 300 },
  );
});

describe("a patchset is refused", () => {
  const cib = (epoch: number) =>
    parseXml(`<cib admin_epoch="0" epoch="${epoch}" num_updates="0"><configuration/></cib>`);
  const patchset = makePatchset(cib(1), cib(2))!;
  const rc = (root: XmlElement, patch: XmlElement) => {
    const result = applyPatchset(root, patch);
    return isRejection(result) ? result.rc : 0;
  };
  test("when the CIB is older or newer than its source", () => {
    expect(rc(cib(1), patchset)).toBe(0);
    expect(rc(cib(0), patchset)).toBe(-1012);
    expect(rc(cib(3), patchset)).toBe(-1013);
  });
  test("when it names what is not there, has a wrong digest or an unknown format", () => {
    const change = `<change operation="modify" path="/cib/nothing"/>`;
    expect(rc(cib(1), parseXml(`<diff format="2">${change}</diff>`))).toBe(-1012);
    expect(rc(cib(1), parseXml(`<diff format="2" digest="00"/>`))).toBe(-1012);
    expect(rc(cib(1), parseXml(`<diff format="7"/>`))).toBe(22);
    expect(rc(cib(1), parseXml("<nonsense/>"))).toBe(-1036);
  });
});

test("format 1 is read", () => {
  const before = parseXml(`<cib epoch="1"><r><p id="a" x="1"/><p id="b"/></r></cib>`);
  const patch = parseXml(`<diff><diff-removed><cib epoch="1"><r><p id="a" x="1"/>
    <p id="b" __crm_diff_marker__="removed:top"/></r></cib></diff-removed>
    <diff-added><cib epoch="2"><r><p id="a" x="2"/>
    <p id="c" __crm_diff_marker__="added:top"><q/></p></r></cib></diff-added></diff>`);
  const after = applyPatchset(before, patch);
  if (isRejection(after)) throw new Error(after.text);
  expect(writeXml(after, { indent: false })).toBe(
    `<cib epoch="2"><r><p id="a" x="2"/><p id="c"><q/></p></r></cib>`,
  );
});

test("digests: the versioned one ignores who wrote when, the on-disk one does not", () => {
  const a = parseXml(`<cib update-user="root"><x crm-debug-origin="f"/></cib>`);
  const b = parseXml("<cib><x/></cib>");
  expect(versionedDigest(a)).toBe(versionedDigest(b));
  expect(onDiskDigest(a)).not.toBe(onDiskDigest(b));
  // As Debian's cibadmin -5 and -6 print them for its own empty CIB.
  const empty = parseXml(`<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1"
    num_updates="0" admin_epoch="0"><configuration><crm_config/><nodes/><resources/><constraints/>
    </configuration><status/></cib>`);
  expect(onDiskDigest(empty)).toBe("a072cbbb8cf0bc0a4c9214043d46f53d");
  expect(versionedDigest(empty)).toBe("2322e0c31d4a16bd152401aef7db04d8");
  // No parameters: the digest that every agent without parameters has in its history.
  expect(parametersDigest([])).toBe("f2317cad3d54cec5d7d7aa7d0bf35cf8");
});

test("no patchset makes it throw: what does not fit is refused", () => {
  const word = fc.constantFrom("create", "delete", "move", "modify", "nothing");
  const path = fc.constantFrom(
    "/root",
    "/root/a",
    "/root/a[@id='p']",
    "/root/comment",
    "x",
    "",
    "/",
  );
  const change = fc.record({
    operation: word,
    path,
    position: fc.constantFrom("0", "7", "-3", "x"),
  });
  fc.assert(
    fc.property(tree(3), fc.array(change, { maxLength: 5 }), (node, changes) => {
      const elements = changes.map((c) => element("change", c, [element("a", { id: "p" })]));
      const patchset = element("diff", { format: "2" }, elements);
      const result = applyPatchset(asRoot(node), patchset, { checkVersions: false });
      expect(isRejection(result) ? result.text.length > 0 : result.name.length > 0).toBe(true);
    }),
    { numRuns: 300 },
  );
});
