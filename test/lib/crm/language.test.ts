/** parse(print(x)) = x for generated objects, and the printed form to the letter (spec/crm-commands.md section 11). */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { createObject, parseContext, printContext } from "../../../lib/crm/edit.ts";
import { kindOfWord } from "../../../lib/crm/language/kinds.ts";
import { splitWords } from "../../../lib/crm/language/lexer.ts";
import { showObject } from "../../../lib/crm/language/show.ts";
import { findObject, schemaOf } from "../../../lib/crm/objects.ts";
import type { XmlElement } from "../../../lib/xml/node.ts";
import { parseXml } from "../../../lib/xml/parse.ts";
import { EMPTY } from "./memory-ports.ts";

function add(root: XmlElement, line: string): XmlElement {
  const [word = "", ...words] = splitWords(line);
  const kind = kindOfWord(word, schemaOf(root));
  if (kind === undefined) throw new Error(`no such kind: ${word}`);
  const context = parseContext(root, () => ["heartbeat"]);
  return createObject(root, kind, kind.parse(words, context)).root;
}

function show(root: XmlElement, id: string): string {
  const found = findObject(root, id);
  if (found === undefined) throw new Error(`no such object: ${id}`);
  return showObject(found.element, found.kind, printContext(root)).text;
}

const start = [
  "primitive webip IPaddr params ip=172.25.12.200 op monitor interval=10s timeout=20s",
  "primitive webserver lsb:httpd op monitor interval=30s timeout=15s",
].reduce(add, parseXml(EMPTY));

const SAME: readonly string[] = [
  'primitive p ocf:heartbeat:IPaddr \\\n\tdescription="an address" \\\n\tparams ip="1" \\\n\tmeta priority="3"',
  'primitive q @t \\\n\toperations $id="q-ops" \\\n\top monitor interval="10s" OCF_CHECK_LEVEL="10"',
  'rsc_template t ocf:heartbeat:IPaddr \\\n\tutilization cpu="1"',
  "location l webip -inf: server6",
  'location l webip \\\n\trule $id="l-rule" $role="Master" 100: not_defined pingd or pingd lte 0',
  'location l webip \\\n\trule $id="r" inf: date in_range start="2009-05-26" end="2030-07-26"',
  "location l /web.*/ resource-discovery=never 100: server6",
  "location l { webip webserver } inf: server6",
  "colocation c inf: webserver:Started webip node-attribute=rack",
  'colocation c 50: [ webip webserver sequential="true" ] webip',
  "order o Mandatory: webip:start webserver:promote symmetrical=false",
  "order o inf: ( webip webserver ) webserver",
  "rsc_ticket k t: webip:Master loss-policy=fence",
  'bundle b \\\n\tdocker image="x" replicas="2" \\\n\tnetwork ip-range-start="10.0.0.1" port-mapping port="80" \\\n\tstorage storage-mapping source-dir="/a" target-dir="/b" \\\n\tprimitive webip',
  "tag both webip webserver",
  "role r \\\n\tread cib \\\n\twrite meta:webip:target-role",
];

test("what is shown reads back as the same", () => {
  for (const text of SAME) {
    const line = text.replaceAll("\\\n", " ");
    const id = splitWords(line)[1] ?? "";
    expect(show(add(start, line), id)).toBe(text);
  }
});

test("a node's id is shown only where it is not its name", () => {
  expect(show(add(start, "node $id=44 server44 attributes standby=on"), "server44")).toBe(
    'node $id="44" server44 \\\n\tattributes standby="on"',
  );
  expect(show(start, "server6")).toBe("node server6");
});

test("a comment in the CIB hides nothing", () => {
  const text = EMPTY.replace("<nodes>", "<nodes><!-- ours -->").replace(
    "<resources/>",
    '<resources><!-- a --><primitive id="p" class="lsb" type="httpd"><!-- b --></primitive></resources>',
  );
  const root = parseXml(text, "cib", { comments: true });
  expect(show(root, "p")).toBe("primitive p lsb:httpd");
  const fenced = add(root, "fencing_topology a b");
  expect(show(fenced, "fencing_topology")).toBe("fencing_topology a b");
});

test("what words cannot say is shown as XML", () => {
  const root = add(start, `primitive p IPaddr params ip='say "hi"'`);
  expect(show(root, "p")).toStartWith('xml <primitive id="p"');
});

test("generated ids follow the traditional scheme and avoid what is taken", () => {
  const root = [
    "primitive p IPaddr params ip=1 ip=2 op monitor interval=10s x=1",
    "location l p rule inf: a eq 1 and date date_spec years=2030",
    "property a=1",
  ].reduce(add, start);
  const ids = JSON.stringify([...idsOf(root)]);
  for (const id of [
    "p-instance_attributes",
    "p-instance_attributes-ip",
    "p-instance_attributes-ip-0",
    "p-monitor-10s",
    "p-monitor-10s-instance_attributes-x",
    "l-rule",
    "l-rule-expression",
    "l-rule-expression-0",
    "l-rule-expression-0-date_spec",
    "cib-bootstrap-options-a",
  ]) {
    expect(ids).toContain(`"${id}"`);
  }
});

function idsOf(el: XmlElement): Set<string> {
  const own = el.attrs.get("id");
  const below = el.children.flatMap((c) => [...idsOf(c)]);
  return new Set(own === undefined ? below : [own, ...below]);
}

test("any parameters survive show and read", () => {
  const word = fc.stringMatching(/^[A-Za-z_][\w.-]{0,8}$/);
  const value = fc.string().filter((v) => !/["\n\r\t\\]/.test(v));
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(word, value), { selector: ([n]) => n }), (pairs) => {
      fc.pre(pairs.every(([n]) => !/^(params|meta|utilization|operations|op|rule)$/.test(n)));
      fc.pre(pairs.length > 0);
      const typed = pairs.map(([n, v]) => `'${n}=${v.replaceAll("'", `'"'"'`)}'`).join(" ");
      const root = add(start, `primitive p ocf:heartbeat:IPaddr params ${typed}`);
      const shown = show(root, "p");
      expect(shown).toStartWith("primitive p ");
      const again = add(start, shown.replaceAll("\\\n", " "));
      expect(findObject(again, "p")?.element).toEqual(findObject(root, "p")!.element);
    }),
  );
});

test("nonsense is refused, never thrown as something else", () => {
  const words = fc.constantFrom(
    ..."l webip inf: rule ( ) [ ] { } = $id=x op params meta date lt and server6 :".split(" "),
  );
  const kinds = fc.constantFrom("primitive", "location", "colocation", "order", "group", "role");
  fc.assert(
    fc.property(kinds, fc.array(words, { maxLength: 8 }), (kind, rest) => {
      try {
        add(start, [kind, "x", ...rest].join(" "));
      } catch (error) {
        expect((error as Error).name).toBe("CrmError");
      }
    }),
  );
});
