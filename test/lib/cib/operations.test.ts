import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isRejection } from "../../../lib/base/error.ts";
import { type CibDoc, cibDoc, versionText } from "../../../lib/cib/document.ts";
import {
  applyRequest,
  CallOption,
  type CibContext,
  type CibOutcome,
  type CibRejection,
  type CibRequest,
  emptyCib,
} from "../../../lib/cib/operations.ts";
import { attr, child, element, withAttr, type XmlElement } from "../../../lib/xml/node.ts";
import { parseXml } from "../../../lib/xml/parse.ts";
import { applyPatchset, makePatchset } from "../../../lib/xml/patch.ts";
import { writeXml } from "../../../lib/xml/write.ts";

const context: CibContext = { now: 1_000_000_000 };
const dummy = (id: string, more = "") =>
  parseXml(`<primitive id="${id}" class="ocf" provider="p" type="Dummy" ${more}/>`);

function attempt(doc: CibDoc, request: CibRequest, more: Partial<CibContext> = {}) {
  return applyRequest(doc, request, { ...context, ...more });
}

function done(doc: CibDoc, request: CibRequest, more: Partial<CibContext> = {}): CibOutcome {
  const outcome = attempt(doc, request, more);
  if (isRejection(outcome)) throw new Error(outcome.text);
  return outcome;
}

function refused(doc: CibDoc, request: CibRequest, more: Partial<CibContext> = {}): CibRejection {
  const outcome = attempt(doc, request, more);
  if (!isRejection(outcome)) throw new Error("accepted");
  return outcome;
}

const createA: CibRequest = { op: "cib_create", section: "resources", data: dummy("a") };

function withA(): CibDoc {
  return done(emptyCib(), createA).doc;
}

function resources(doc: CibDoc): string {
  const section = child(child(doc.root, "configuration")!, "resources")!;
  return section.children.map((c) => `${attr(c, "id")}:${attr(c, "description") ?? ""}`).join(" ");
}

describe("versions", () => {
  test("a changed configuration raises epoch, a changed status num_updates, nothing nothing", () => {
    const one = done(emptyCib(), createA);
    expect([versionText(one.doc.version), one.configurationChanged]).toEqual(["0.2.0", true]);
    const state: CibRequest = {
      op: "cib_create",
      section: "status",
      data: element("node_state", { id: "1", uname: "n" }),
    };
    const two = done(one.doc, state);
    expect([versionText(two.doc.version), two.configurationChanged]).toEqual(["0.2.1", false]);
    const same = done(two.doc, { op: "cib_modify", section: "resources", data: dummy("a") });
    expect([same.changed, same.doc === two.doc]).toEqual([false, true]);
  });
  test("erase raises admin_epoch too, bump only epoch", () => {
    const doc = withA();
    expect(versionText(done(doc, { op: "cib_erase" }).doc.version)).toBe("1.3.0");
    expect(done(doc, { op: "cib_bump" }).doc.version.epoch).toBe(3);
  });
  test("an upgrade begins a new line of versions, and is refused when there is nothing to do", () => {
    const old = emptyCib({ schema: "pacemaker-3.0", epoch: 7 });
    const { doc } = done(old, { op: "cib_upgrade" });
    expect([versionText(doc.version), attr(doc.root, "validate-with")]).toEqual([
      "1.1.2",
      "pacemaker-3.9",
    ]);
    expect(refused(doc, { op: "cib_upgrade" }).code).toBe("pcmk_rc_schema_unchanged");
  });
  test("an older whole CIB is refused, a newer one accepted", () => {
    const doc = withA();
    const older = withAttr(doc.root, "epoch", "1");
    expect(refused(doc, { op: "cib_replace", data: older }).code).toBe("pcmk_rc_old_data");
    const newer = withAttr(doc.root, "epoch", "9");
    expect(done(doc, { op: "cib_replace", data: newer }).doc.version.epoch).toBe(9);
  });
  test("a live CIB records who changed it", () => {
    const { root } = done(emptyCib(), createA, { origin: "n1", client: "crm" }).doc;
    expect([attr(root, "update-origin"), attr(root, "update-client")]).toEqual(["n1", "crm"]);
    expect(attr(root, "cib-last-written")).toBe("Sun Sep  9 01:46:40 2001");
  });
  test("the operations are the same whichever way the change travels", () => {
    const before = withA();
    const request: CibRequest = { op: "cib_create", section: "resources", data: dummy("b") };
    const after = done(before, request).doc;
    const diff = makePatchset(before.root, after.root, { digest: true });
    const applied = done(before, { op: "cib_apply_diff", data: diff! }).doc;
    expect(writeXml(applied.root)).toBe(writeXml(after.root));
    expect(refused(after, { op: "cib_apply_diff", data: diff! }).code).toBe("pcmk_rc_old_data");
  });
});

describe("create", () => {
  test("refuses what exists, and says which", () => {
    const rejection = refused(withA(), createA);
    expect([rejection.code, rejection.rc]).toEqual(["EEXIST", 17]);
    const failed = rejection.result!.children[0]!;
    expect([attr(failed, "id"), attr(failed, "reason")]).toEqual(["a", "File exists"]);
  });
  test("makes a section that is missing", () => {
    const data = parseXml(`<tag id="t"><obj_ref id="x"/></tag>`);
    const { root } = done(emptyCib(), { op: "cib_create", section: "tags", data }).doc;
    expect(child(child(root, "configuration")!, "tags")!.children.length).toBe(1);
  });
});

describe("modify", () => {
  test("merges attributes and children, and creates only when allowed", () => {
    const data = parseXml(`<primitive id="a" description="d"><meta_attributes id="m">
      <nvpair id="n" name="x" value="1"/></meta_attributes></primitive>`);
    const { doc } = done(withA(), { op: "cib_modify", section: "resources", data });
    expect(resources(doc)).toBe("a:d");
    const missing: CibRequest = { op: "cib_modify", section: "resources", data: dummy("z") };
    expect(refused(doc, missing).code).toBe("ENXIO");
    const created = done(doc, { ...missing, options: CallOption.canCreate });
    expect(resources(created.doc)).toBe("a:d z:");
  });
  test("counts with ++ and +=", () => {
    const set = (value: string) => element("cib", { admin_epoch: value });
    const one = done(emptyCib(), { op: "cib_modify", data: set("admin_epoch++") }).doc;
    const two = done(one, { op: "cib_modify", data: set("admin_epoch+=5") }).doc;
    expect([one.version.adminEpoch, two.version.adminEpoch]).toEqual([1, 6]);
  });
  test("with XPath looks for the element in the match", () => {
    const doc = done(withA(), { op: "cib_create", section: "resources", data: dummy("b") }).doc;
    const described = (id: string | undefined, section: string): CibRequest => ({
      op: "cib_modify",
      section,
      data: element("primitive", { id, description: "d" }),
      options: CallOption.xpath,
    });
    expect(resources(done(doc, described("b", "//resources")).doc)).toBe("a: b:d");
    expect(resources(done(doc, described("a", "//primitive")).doc)).toBe("a:d b:");
    for (const request of [described("b", "//primitive"), described(undefined, "//primitive")]) {
      expect(refused(doc, request).code).toBe("ENXIO");
    }
  });
});

describe("delete and replace", () => {
  test("delete needs all given attributes to match, and finding nothing is no error", () => {
    const doc = withA();
    const wrong = element("primitive", { id: "a", type: "other" });
    expect(done(doc, { op: "cib_delete", data: wrong }).changed).toBe(false);
    const right = element("primitive", { id: "a" });
    expect(resources(done(doc, { op: "cib_delete", data: right }).doc)).toBe("");
    const root: CibRequest = { op: "cib_delete", section: "/cib", options: CallOption.xpath };
    expect(refused(doc, root).code).toBe("EINVAL");
  });
  test("replace needs something to replace, and keeps the status that the input lacks", () => {
    const doc = withA();
    const data = dummy("a", 'description="new"');
    const request: CibRequest = { op: "cib_replace", section: "resources", data };
    expect(resources(done(doc, request).doc)).toBe("a:new");
    expect(refused(doc, { ...request, data: dummy("q") }).code).toBe("ENXIO");
    const state = element("node_state", { id: "1" });
    const live = done(doc, { op: "cib_create", section: "status", data: state }).doc;
    const bare = element("cib", live.root.attrs, [child(live.root, "configuration")!]);
    const replaced = done(live, { op: "cib_replace", data: withAttr(bare, "epoch", "7") }).doc;
    expect(child(replaced.root, "status")!.children.length).toBe(1);
  });
});

describe("query", () => {
  test("sections, XPath, paths, without children", () => {
    const doc = withA();
    const ask = (section: string | undefined, options = 0) =>
      done(doc, { op: "cib_query", section, options }).result!;
    expect(ask(undefined).name).toBe("cib");
    expect(ask("resources").children.length).toBe(1);
    expect(ask("resources", CallOption.noChildren).children.length).toBe(0);
    expect(ask("/cib/configuration/*", CallOption.xpath).children.length).toBe(4);
    const paths = ask("//primitive", CallOption.xpath | CallOption.xpathAddress);
    expect(attr(paths, "id")).toBe("/cib/configuration/resources/primitive[@id='a']");
    expect(refused(doc, { op: "cib_query", section: "tags" }).code).toBe("ENXIO");
  });
});

test("a result that is no valid configuration is refused, with what is wrong and the document", () => {
  const rejection = refused(emptyCib(), {
    op: "cib_create",
    section: "resources",
    data: parseXml(`<primitive id="a" class="ocf" typ="Dummy"/>`),
  });
  expect(rejection.code).toBe("pcmk_rc_schema_validation");
  expect(rejection.text).toContain('unknown attribute "typ" (did you mean "type"?)');
  expect(rejection.result?.name).toBe("cib");
});

test("many requests cannot nest deeper than a parser accepts", () => {
  let doc = emptyCib();
  const nest = (levels: number, inner: XmlElement): XmlElement =>
    levels === 0 ? inner : nest(levels - 1, element("x", { id: "x" }, [inner]));
  doc = done(doc, { op: "cib_create", section: "status", data: nest(200, element("y")) }).doc;
  const deeper: CibRequest = {
    op: "cib_create",
    section: "//y",
    data: nest(100, element("z")),
    options: CallOption.xpath,
  };
  expect(refused(doc, deeper).text).toContain("nested deeper than 256 levels");
});

test("a newer feature set is refused by a live cluster only", () => {
  const data = element("cib", { crm_feature_set: "99.0" });
  const request: CibRequest = { op: "cib_modify", data };
  expect(refused(emptyCib(), request, { origin: "n" }).code).toBe("EPROTONOSUPPORT");
  expect(done(emptyCib(), request).changed).toBe(true);
});

test("no request of any kind changes the document it got, and the version never falls", () => {
  const ids = fc.constantFrom("a", "b", "c");
  const request: fc.Arbitrary<CibRequest> = fc.oneof(
    ids.map((id): CibRequest => ({ op: "cib_create", section: "resources", data: dummy(id) })),
    ids.map(
      (id): CibRequest => ({
        op: "cib_modify",
        section: "resources",
        data: dummy(id, 'description="x"'),
        options: CallOption.canCreate,
      }),
    ),
    ids.map((id): CibRequest => ({ op: "cib_delete", data: element("primitive", { id }) })),
    fc.constantFrom<CibRequest>({ op: "cib_erase" }, { op: "cib_bump" }),
  );
  fc.assert(
    fc.property(fc.array(request, { maxLength: 12 }), (requests) => {
      let doc = emptyCib();
      for (const r of requests) {
        const text = writeXml(doc.root);
        const outcome = attempt(doc, r);
        expect(writeXml(doc.root)).toBe(text);
        if (isRejection(outcome)) continue;
        const { version } = cibDoc(outcome.doc.root);
        const newer =
          version.adminEpoch - doc.version.adminEpoch ||
          version.epoch - doc.version.epoch ||
          version.numUpdates - doc.version.numUpdates;
        expect(outcome.changed ? newer > 0 : newer === 0).toBe(true);
        const diff = makePatchset(doc.root, outcome.doc.root, { digest: true });
        if (diff !== undefined) {
          const again = applyPatchset(doc.root, diff);
          expect(isRejection(again) ? again.text : writeXml(again)).toBe(
            writeXml(outcome.doc.root),
          );
        }
        doc = outcome.doc;
      }
    }),
  );
});
