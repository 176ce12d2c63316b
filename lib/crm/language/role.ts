/** `role ID RIGHT SPEC …`: what a role may read and write (spec/crm-commands.md section 10, acl). */
import { attr, element, type XmlElement } from "../../xml/node.ts";
import { type ObjectKind, printDescription, takeDescription } from "./kind.ts";
import { checkId, isModern, type ParseContext, syntaxError, Words } from "./syntax.ts";

const RIGHTS = new Set(["read", "write", "deny"]);

const primitiveOf = (id: string) => `//primitive[@id='${id}']`;
const named = (id: string) => `/nvpair[@name='${id}']`;

/** A short word for a common path. `pattern` reads the path back; `%` stands for an id or name. */
interface Shortcut {
  readonly word: string;
  readonly path: (args: readonly string[]) => string;
  readonly least: number;
  readonly most: number;
}

const SHORTCUTS: readonly Shortcut[] = [
  {
    word: "meta",
    least: 1,
    most: 2,
    path: ([rsc, n]) =>
      `${primitiveOf(rsc ?? "")}/meta_attributes${n === undefined ? "" : named(n)}`,
  },
  {
    word: "params",
    least: 1,
    most: 2,
    path: ([rsc, n]) =>
      `${primitiveOf(rsc ?? "")}/instance_attributes${n === undefined ? "" : named(n)}`,
  },
  {
    word: "utilization",
    least: 1,
    most: 1,
    path: ([rsc]) => `${primitiveOf(rsc ?? "")}/utilization`,
  },
  {
    word: "location",
    least: 1,
    most: 1,
    path: ([rsc]) => `//rsc_location[@id='cli-prefer-${rsc}' and @rsc='${rsc}']`,
  },
  {
    word: "property",
    least: 0,
    most: 1,
    path: ([n]) => `//crm_config/cluster_property_set${n === undefined ? "" : named(n)}`,
  },
  {
    word: "node",
    least: 0,
    most: 1,
    path: ([n]) => `//nodes/node${n === undefined ? "" : `[@uname='${n}']`}`,
  },
  {
    word: "nodeattr",
    least: 0,
    most: 1,
    path: ([n]) => `//nodes/node/instance_attributes${n === undefined ? "" : named(n)}`,
  },
  {
    word: "nodeutil",
    least: 0,
    most: 1,
    path: ([n]) => `//nodes/node/utilization${n === undefined ? "" : `[@uname='${n}']`}`,
  },
  { word: "status", least: 0, most: 0, path: () => "/cib/status" },
  { word: "cib", least: 0, most: 0, path: () => "/cib" },
];

function shortcutPath(word: string): string | undefined {
  const [name, ...args] = word.split(":");
  const shortcut = SHORTCUTS.find((s) => s.word === name);
  if (shortcut === undefined) return undefined;
  return args.length >= shortcut.least && args.length <= shortcut.most
    ? shortcut.path(args)
    : undefined;
}

/** The shortcut that means this path, by trying the quoted words in it. */
function shortcutWord(path: string): string | undefined {
  const args = [...path.matchAll(/'([^']*)'/g)].map((m) =>
    (m[1] ?? "").replace(/^cli-prefer-/, ""),
  );
  const unique = [...new Set(args)];
  for (const { word, path: make, least, most } of SHORTCUTS) {
    if (unique.length < least || unique.length > most) continue;
    if (make(unique) === path) return [word, ...unique].join(":");
  }
  return undefined;
}

/** Attributes one specification word sets; undefined when it is none. */
function parseSpec(word: string, modern: boolean): Readonly<Record<string, string>> | undefined {
  const colon = word.indexOf(":");
  const value = word.slice(colon + 1);
  switch (colon < 0 ? "" : word.slice(0, colon)) {
    case "xpath":
      return { xpath: value };
    case "ref":
      return { [modern ? "reference" : "ref"]: value };
    case "tag":
      return { [modern ? "object-type" : "tag"]: value };
    case "type":
      return modern ? { "object-type": value } : undefined;
    case "attribute":
    case "attr":
      return { attribute: value };
    default: {
      const path = shortcutPath(word);
      return path === undefined ? undefined : { xpath: path };
    }
  }
}

/**
 * One right with its specifications. Old schemas hold them in one element; from 2.0 on each object has an element of its
 * own, with the attribute that follows it.
 */
export function parsePermission(
  command: string,
  words: Words,
  context: ParseContext,
): readonly XmlElement[] {
  const rest = words.rest();
  const modern = isModern(context);
  const right = words.next();
  if (!RIGHTS.has(right)) throw syntaxError(command, rest);
  const first = new Map<string, string>();
  if (modern) {
    first.set("kind", right);
    const id = /^([\w.-]+):$/.exec(words.peek() ?? "");
    if (id) {
      first.set("id", id[1] ?? "");
      words.skip();
    }
    const description = takeDescription(words);
    if (description !== undefined) first.set("description", description);
  }
  const all: Map<string, string>[] = [first];
  let specs = 0;
  for (; !words.done && !RIGHTS.has(words.peek() ?? ""); specs++) {
    const spec = parseSpec(words.next(), modern);
    if (spec === undefined) throw syntaxError(command, rest);
    const another = modern && specs > 0 && !("attribute" in spec);
    if (another) all.push(new Map([["kind", right]]));
    for (const [name, value] of Object.entries(spec)) all.at(-1)?.set(name, value);
  }
  if (specs === 0) throw syntaxError(command, rest);
  return all.map((attrs) => element(modern ? "acl_permission" : right, attrs));
}

export function printPermission(permission: XmlElement): string {
  const parts = [attr(permission, "kind") ?? permission.name];
  for (const [name, value] of permission.attrs) {
    if (name === "xpath") parts.push(shortcutWord(value) ?? `xpath:"${value}"`);
    else if (name === "ref" || name === "reference") parts.push(`ref:${value}`);
    else if (name === "tag") parts.push(`tag:${value}`);
    else if (name === "object-type") parts.push(`type:${value}`);
    else if (name === "attribute") parts.push(`attribute:${value}`);
    else if (name === "description") parts.push(`description="${value}"`);
  }
  return parts.join(" ");
}

export const role: ObjectKind = {
  word: "role",
  elements: ["acl_role"],
  section: "acls",
  minWords: 2,
  usage:
    "<role> {read|write|deny} {xpath:<path>|tag:<element>|ref:<id>|<shortcut>} [attribute:<name>] ...",
  parse(all, context) {
    const words = new Words(all);
    const id = checkId(words.next());
    const description = isModern(context) ? takeDescription(words) : undefined;
    const permissions: XmlElement[] = [];
    while (!words.done) permissions.push(...parsePermission("role", words, context));
    if (permissions.length === 0) throw syntaxError("role", all);
    return { element: element("acl_role", { id, description }, permissions) };
  },
  print(el) {
    return [`role ${attr(el, "id")}`, ...printDescription(el), ...el.children.map(printPermission)];
  },
};
