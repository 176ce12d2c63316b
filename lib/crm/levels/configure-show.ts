/** `show` in all its forms, `schema`, and the shell's own checks of itself (crm-commands.md sections 4 and 11). */
import { clusterOption } from "../../cib/options.ts";
import { attr, element, withChildren, type XmlElement } from "../../xml/node.ts";
import { writeXml } from "../../xml/write.ts";
import { printContext } from "../edit.ts";
import { RESOURCE_ELEMENTS } from "../language/group.ts";
import { upperKeywords } from "../language/keywords.ts";
import { kinds } from "../language/kinds.ts";
import { showObject } from "../language/show.ts";
import {
  type ConfigObject,
  configurationOf,
  listObjects,
  orderObjects,
  schemaOf,
  sectionOf,
} from "../objects.ts";
import { clusterProperties } from "../words.ts";
import type { WorkingCopy } from "../working-copy.ts";
import { completeIds } from "./complete-objects.ts";
import type { Command, Shell } from "./shell.ts";

/** What the words of show, edit, save and filter choose. */
export interface Selection {
  readonly xml: boolean;
  readonly objects: readonly ConfigObject[];
  /** Words that name nothing. */
  readonly missing: readonly string[];
  /** Patterns of names whose values must not be shown. */
  readonly obscured: readonly string[];
}

/** Objects that differ from the document that was read. */
function changedObjects(copy: WorkingCopy): readonly ConfigObject[] {
  const before = new Map(
    listObjects(copy.base.root).map((o) => [`${o.kind.word}:${o.id}`, o.element]),
  );
  return listObjects(copy.root).filter((o) => {
    const old = before.get(`${o.kind.word}:${o.id}`);
    return old === undefined || (old !== o.element && writeXml(old) !== writeXml(o.element));
  });
}

/** Reads `[xml] [changed | type:T | tag:T | related:ID | obscure:… | ID]…`. */
export function select(copy: WorkingCopy, words: readonly string[]): Selection {
  const xml = words[0] === "xml";
  const rest = xml ? words.slice(1) : words;
  const all = listObjects(copy.root);
  if (rest.length === 0) return { xml, objects: all, missing: [], obscured: [] };
  const plain = rest.filter((w) => !w.startsWith("obscure:"));
  const obscured = rest.filter((w) => w.startsWith("obscure:")).map((w) => w.slice(8));
  const modern = schemaOf(copy.root) >= 2;
  if (modern && plain.length === 0) return { xml, objects: all, missing: [], obscured };
  const missing: string[] = [];
  const chosen = new Set<ConfigObject>();
  let both = false;
  for (const word of modern ? plain : rest) {
    if (modern && word === "and") {
      both = true;
      continue;
    }
    const some = matching(copy, all, word);
    if (some === undefined) missing.push(word);
    if (both) for (const o of [...chosen].filter((c) => !some?.includes(c))) chosen.delete(o);
    else for (const object of some ?? []) chosen.add(object);
    both = false;
  }
  const objects = all.filter((o) => chosen.has(o));
  return { xml, objects, missing, obscured: modern ? obscured : [] };
}

function matching(
  copy: WorkingCopy,
  all: readonly ConfigObject[],
  word: string,
): readonly ConfigObject[] | undefined {
  if (word === "changed") {
    const changed = new Set(changedObjects(copy).map((o) => o.element));
    return all.filter((o) => changed.has(o.element));
  }
  const filter = /^(type|tag|related):(.+)$/.exec(word);
  if (filter?.[1] === "type" && kinds.some((k) => k.word === filter[2])) {
    return all.filter((o) => o.kind.word === filter[2]);
  }
  if (filter?.[1] === "tag") {
    const tag = all.find((o) => o.kind.word === "tag" && o.id === filter[2]);
    const ids = tag?.element.children.map((c) => attr(c, "id"));
    return ids === undefined ? undefined : all.filter((o) => o === tag || ids.includes(o.id));
  }
  if (filter?.[1] === "related") {
    const id = filter[2] ?? "";
    const some = all.filter((o) => o.id === id || mentions(o.element, id));
    return some.length === 0 ? undefined : some;
  }
  const named = all.filter((o) => o.id === word);
  return named.length === 0 ? undefined : named;
}

function mentions(el: XmlElement, id: string): boolean {
  return [...el.attrs.values()].includes(id) || el.children.some((c) => mentions(c, id));
}

/** The chosen objects in the words of the shell, one after the other. */
export function showText(
  copy: WorkingCopy,
  objects: readonly ConfigObject[],
  sorted: boolean,
): string {
  const context = printContext(copy.root);
  const rows = orderObjects(objects, sorted).map((object) => ({
    object,
    shown: showObject(object.element, object.kind, context),
  }));
  // A container that is shown as XML shows its members too.
  const inXml = new Set(rows.filter((r) => !r.shown.asWords).map((r) => r.object.element));
  return rows
    .filter(({ object }) => object.container === undefined || !inXml.has(object.container))
    .map(({ shown }) => `${shown.text}\n`)
    .join("");
}

/** The CIB with the chosen objects only; sections stay, status goes. */
export function selectedXml(
  copy: WorkingCopy,
  objects: readonly ConfigObject[],
  whole: boolean,
): string {
  const chosen = new Set(objects.map((o) => o.element));
  const prune = (el: XmlElement): XmlElement | undefined => {
    if (chosen.has(el)) return el;
    const members = el.children.map((c) => (RESOURCE_ELEMENTS.has(c.name) ? prune(c) : undefined));
    return members.find((m) => m !== undefined);
  };
  const configuration = configurationOf(copy.root);
  const sections = configuration.children.map((section) => {
    if (whole) return section;
    const kept = section.children.map(prune).filter((c) => c !== undefined);
    return chosen.has(section) ? section : withChildren(section, kept);
  });
  const pruned = element(configuration.name, configuration.attrs, sections);
  const root = withChildren(copy.root, [pruned]);
  return `<?xml version="1.0" ?>\n${writeXml(root)}`;
}

/** Text of a selection in its form. */
export function selectionText(
  shell: Shell,
  copy: WorkingCopy,
  selection: Selection,
  whole: boolean,
): string {
  const text = selection.xml
    ? selectedXml(copy, selection.objects, whole)
    : showText(copy, selection.objects, shell.options["sort-elements"] === "yes");
  return selection.obscured.reduce(obscure, text);
}

/** Values of attributes whose name fits the pattern (`*` stands for anything) as stars. */
function obscure(text: string, pattern: string): string {
  const name = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", "[\\w.-]*")
    .replaceAll("?", ".");
  const hidden = '"******"';
  return text
    .replace(new RegExp(`(?<![\\w.-])(${name})="[^"]*"`, "g"), `$1=${hidden}`)
    .replace(new RegExp(`(name="${name}"[^>]* value=)"[^"]*"`, "g"), `$1${hidden}`);
}

/** Tells which words name nothing. */
export function tellMissing(shell: Shell, selection: Selection): boolean {
  for (const word of selection.missing) shell.error(`object ${word} does not exist`);
  return selection.missing.length === 0;
}

const show: Command = {
  name: "show",
  summary: "display CIB objects",
  usage:
    "[xml] [changed | type:<type> | tag:<tag> | related:<id> | obscure:<name> | <id> [and ...]]...",
  min: 0,
  max: Number.POSITIVE_INFINITY,
  help: `
Prints the configuration as it would be after commit: all of it, some objects by id, those of a
type, or what changed since it was read. With xml, as XML.`,
  async run(shell, words) {
    const copy = await shell.workingCopy();
    const selection = select(copy, words);
    const nothing = selection.objects.length === 0 && words.length > 0;
    if (!nothing || selection.xml) {
      const text = selectionText(shell, copy, selection, words.length <= 1 && selection.xml);
      shell.say(
        shell.switches.display === "uppercase" && !selection.xml ? upperKeywords(text) : text,
      );
    }
    return tellMissing(shell, selection);
  },
  complete: async (shell, words) =>
    completeIds(
      shell,
      words.length === 1 ? ["xml", "changed", ...typeWords()] : ["changed", ...typeWords()],
    ),
};

function typeWords(): readonly string[] {
  return kinds.map((k) => `type:${k.word}`);
}

const schema: Command = {
  name: "schema",
  summary: "set or display current CIB RNG schema",
  usage: "[<schema>]",
  min: 0,
  max: 1,
  async run(shell, [name]) {
    const copy = await shell.workingCopy();
    if (name === undefined) {
      shell.say(attr(copy.root, "validate-with") ?? "");
      return true;
    }
    if (name !== attr(copy.root, "validate-with")) {
      shell.error(
        `schema ${name} not supported by the shell; "upgrade" brings the CIB to the newest one`,
      );
      return false;
    }
    return true;
  },
};

const getProperty: Command = {
  name: "get_property",
  aliases: ["get-property"],
  summary: "show a cluster property or its default",
  usage: "[-t] <name> [<name>...]",
  min: 1,
  max: Number.POSITIVE_INFINITY,
  hidden: true,
  async run(shell, words) {
    const copy = await shell.workingCopy();
    if (schemaOf(copy.root) < 2) {
      shell.error(`syntax: get_property ${words.join(" ")}`);
      return false;
    }
    let ok = true;
    for (const name of words.filter((w) => w !== "-t")) {
      const sets = sectionOf(copy.root, "crm_config")?.children ?? [];
      const names = [name, ...(clusterOption(name)?.aliases ?? [])];
      const pairs = sets.flatMap((set) => set.children);
      const set = pairs.find((p) => names.includes(attr(p, "name") ?? ""));
      const value = set === undefined ? clusterOption(name)?.default : attr(set, "value");
      if (value === undefined) shell.error(`${name}: no such property`);
      else shell.say(value);
      ok &&= value !== undefined;
    }
    return ok;
  },
  complete: async () => clusterProperties,
};

/** Reads back everything shown: finds objects that would not survive an edit. */
const selfTest: Command = {
  name: "_test",
  summary: "check that all objects survive show and load",
  usage: "",
  min: 0,
  max: 0,
  hidden: true,
  async run(shell) {
    const copy = await shell.workingCopy();
    for (const object of listObjects(copy.root)) {
      if (!showObject(object.element, object.kind, printContext(copy.root)).asWords) {
        shell.info(`object ${object.id} cannot be represented in the CLI notation`);
      }
    }
    return true;
  },
};

const objectTable: Command = {
  name: "_objects",
  summary: "list all objects with their container",
  usage: "",
  min: 0,
  max: 0,
  hidden: true,
  async run(shell) {
    const copy = await shell.workingCopy();
    const base = listObjects(copy.base.root);
    const rows = listObjects(copy.root).map((o) => {
      const origin = base.some((b) => b.id === o.id) ? "cib" : "user";
      const parent = o.container === undefined ? "" : (attr(o.container, "id") ?? "");
      return `${o.kind.word}:${o.id}`.padEnd(24).concat(origin.padEnd(7), parent);
    });
    shell.say(["object                  origin parent", ...rows].join("\n"));
    return true;
  },
};

export const showCommands: readonly Command[] = [show, schema, getProperty, selfTest, objectTable];

/** Ids of the sections that exist, for the graph. */
export function constraintsOf(copy: WorkingCopy): readonly XmlElement[] {
  return sectionOf(copy.root, "constraints")?.children ?? [];
}
