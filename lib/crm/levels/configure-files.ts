/** save, load, edit, filter and graph: the configuration as text outside the shell. */
import { attr, childrenOf, type XmlElement } from "../../xml/node.ts";
import { parseXml } from "../../xml/parse.ts";
import { erase } from "../edit.ts";
import { loadText } from "../load.ts";
import { loadXml } from "../merge.ts";
import { listObjects, nodeNames } from "../objects.ts";
import { defaultOptions } from "../options.ts";
import { deleteObjects } from "../references.ts";
import type { WorkingCopy } from "../working-copy.ts";
import { completeIds } from "./complete-objects.ts";
import { adopt } from "./configure-objects.ts";
import {
  constraintsOf,
  type Selection,
  select,
  selectionText,
  tellMissing,
} from "./configure-show.ts";
import type { Command, Shell } from "./shell.ts";

const save: Command = {
  name: "save",
  summary: "save the CIB to a file",
  usage: "[xml] [<id>...] <file>",
  min: 1,
  max: Number.POSITIVE_INFINITY,
  help: "Writes the configuration, or some objects of it, into a file that load reads.",
  async run(shell, words) {
    const copy = await shell.workingCopy();
    const file = words.at(-1) ?? "";
    const chosen = words.slice(0, -1);
    const selection = select(copy, chosen);
    if (!tellMissing(shell, selection)) return false;
    const whole = chosen.filter((w) => w !== "xml").length === 0;
    await shell.ports.host.writeText(file, selectionText(shell, copy, selection, whole));
    return true;
  },
};

const load: Command = {
  name: "load",
  summary: "import the CIB from a file",
  usage: "[xml] {replace|update} <file>",
  min: 2,
  max: 3,
  help: `
Takes a file into the working copy. replace drops what there is (but nodes) first, update puts the
file's objects over it. Nothing is committed.`,
  async run(shell, words) {
    const xml = words[0] === "xml";
    const [how = "", file = ""] = xml ? words.slice(1) : words;
    if ((how !== "replace" && how !== "update") || file === "") return shell.usage(this);
    const text = await shell.ports.host.readText(file);
    const { root } = await shell.workingCopy();
    if (xml) {
      adopt(shell, { root: loadXml(root, parseXml(text, file), how === "replace"), messages: [] });
      return true;
    }
    const start = how === "replace" ? erase(root, false) : root;
    const loaded = loadText(start, text, (t) => shell.ports.agents.providersOf(t), true);
    if (loaded.messages.some((m) => m.level === "error")) {
      shell.tell(loaded.messages);
      shell.error(`${file}: not loaded`);
      return false;
    }
    adopt(shell, loaded);
    return true;
  },
  complete: async (_shell, words) => (words.length === 1 ? ["xml", "replace", "update"] : []),
};

/** Takes edited text of a selection back: objects that are no longer in it are deleted. False when it has errors. */
function takeBack(shell: Shell, copy: WorkingCopy, selection: Selection, text: string): boolean {
  if (selection.xml) {
    const loaded = parseXml(text, "the edited text");
    const left = new Set(listObjects(loaded).map((o) => o.id));
    const gone = selection.objects.filter((o) => !left.has(o.id)).map((o) => o.id);
    const root = loadXml(deleteObjects(copy.root, gone).root, loaded, false);
    adopt(shell, { root, messages: [] });
    return true;
  }
  const loaded = loadText(copy.root, text, (t) => shell.ports.agents.providersOf(t), false);
  if (loaded.messages.some((m) => m.level === "error")) {
    shell.tell(loaded.messages);
    return false;
  }
  const gone = selection.objects.filter((o) => !loaded.ids.has(o.id)).map((o) => o.id);
  const change = deleteObjects(loaded.root, gone);
  adopt(shell, { root: change.root, messages: [...loaded.messages, ...change.messages] });
  return true;
}

/** The editor of the preferences, unless it was never set and $EDITOR names one. */
function editorOf(shell: Shell): string {
  const { editor } = shell.options;
  const usual = shell.ports.host.env["EDITOR"] ?? "";
  return editor === defaultOptions.editor && usual !== "" ? usual : editor;
}

const edit: Command = {
  name: "edit",
  summary: "edit CIB objects",
  usage: "[xml] [<id>...]",
  min: 0,
  max: Number.POSITIVE_INFINITY,
  help: "Opens the objects in an editor ($EDITOR); what is saved becomes the working copy.",
  async run(shell, words) {
    const copy = await shell.workingCopy();
    const selection = select(copy, words);
    const ok = tellMissing(shell, selection);
    if (!shell.interactive) {
      shell.info("edit not allowed in batch mode");
      return false;
    }
    if (!ok && selection.objects.length === 0) return false;
    let text = selectionText(shell, copy, selection, words.length === 0);
    for (;;) {
      const suffix = selection.xml ? ".xml" : ".pcmk";
      const edited = await shell.ports.host.edit(text, suffix, editorOf(shell));
      if (edited === undefined || edited === text) return edited !== undefined && ok;
      if (takeBack(shell, copy, selection, edited)) return ok;
      text = edited;
      if (!(await shell.confirm("Edit or discard changes? Edit again? ", false))) return false;
    }
  },
  complete: (shell, words) =>
    completeIds(shell, words.length === 1 ? ["xml", "changed"] : ["changed"]),
};

const filter: Command = {
  name: "filter",
  summary: "filter CIB objects",
  usage: "<program> [xml] [<id>...]",
  min: 1,
  max: Number.POSITIVE_INFINITY,
  help: `
Sends the objects through a program and takes its output back.

    filter "sed 's/20s/30s/'" webip`,
  async run(shell, [program = "", ...words]) {
    const copy = await shell.workingCopy();
    const selection = select(copy, words);
    if (!tellMissing(shell, selection)) return false;
    const text = selectionText(shell, copy, selection, false);
    const filtered = await shell.ports.host.pipe(program, text);
    return filtered === text || takeBack(shell, copy, selection, filtered);
  },
};

function label(id: string | undefined): string {
  return JSON.stringify(id ?? "");
}

/** The constraints as a graph in dot's language: order as arrows, colocation dashed, location dotted. */
function dotText(copy: WorkingCopy): string {
  const lines = ["digraph cib {", "  rankdir=LR;"];
  for (const node of nodeNames(copy.root)) lines.push(`  ${label(node)} [shape=box];`);
  for (const { element: el, kind } of listObjects(copy.root)) {
    if (kind.section !== "resources" || kind.word === "rsc_template") continue;
    lines.push(`  ${label(attr(el, "id"))} [shape=ellipse];`);
  }
  for (const { element: el, container } of listObjects(copy.root)) {
    if (container === undefined) continue;
    lines.push(`  ${label(attr(container, "id"))} -> ${label(attr(el, "id"))} [arrowhead=none];`);
  }
  for (const el of constraintsOf(copy)) lines.push(...edges(el));
  return `${lines.join("\n")}\n}\n`;
}

function edges(el: XmlElement): readonly string[] {
  const style =
    el.name === "rsc_order" ? "solid" : el.name === "rsc_colocation" ? "dashed" : "dotted";
  const ends = ["first", "then", "rsc", "with-rsc", "node"]
    .map((n) => attr(el, n))
    .filter((v) => v !== undefined);
  const members = childrenOf(el, "resource_set").flatMap((s) =>
    s.children.map((c) => attr(c, "id")),
  );
  const all = ends.length > 0 ? ends : members;
  return all.slice(1).map((to, index) => {
    const text = label(attr(el, "id"));
    return `  ${label(all[index])} -> ${label(to)} [style=${style}, label=${text}];`;
  });
}

const graph: Command = {
  name: "graph",
  summary: "generate a directed graph",
  usage: "dot [<file>]",
  min: 0,
  max: 3,
  help: "Writes the constraints as a graph in dot's language, to the terminal or into a file.",
  async run(shell, [type, file, format]) {
    if (type !== "dot" || format !== undefined) {
      shell.error(
        'graph: drawing needs a viewer, which this shell has not; "graph dot FILE" writes the graph',
      );
      return false;
    }
    const text = dotText(await shell.workingCopy());
    if (file === undefined) shell.say(text);
    else await shell.ports.host.writeText(file, text);
    return true;
  },
  complete: async (_shell, words) => (words.length === 1 ? ["dot"] : []),
};

export const fileCommands: readonly Command[] = [save, load, edit, filter, graph];
