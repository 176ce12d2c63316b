/** Commands that change existing objects: delete, rename, modgroup, default-timeouts, erase, upgrade. */
import { attr, childrenOf, element, withAttr, type XmlElement } from "../../xml/node.ts";
import { addOperation, erase, modifyGroup } from "../edit.ts";
import { collectIds } from "../language/ids.ts";
import { checkId, LanguageError } from "../language/syntax.ts";
import { configurationOf, findObject, listObjects, replaceElement, schemaOf } from "../objects.ts";
import { deleteObjects, renameObject } from "../references.ts";
import { advisedAction, agentOf } from "./checks.ts";
import { completeIds } from "./complete-objects.ts";
import { adopt } from "./configure-objects.ts";
import type { Command, Shell } from "./shell.ts";
import { notAvailable } from "./unavailable.ts";

/** Resources of a live cluster that are active now. */
async function runningAmong(shell: Shell, ids: readonly string[]): Promise<readonly string[]> {
  if (!shell.ports.cib.live) return [];
  const now = await shell.ports.cib.query();
  const running: string[] = [];
  for (const id of ids) {
    if (findObject(now.root, id)?.kind.section !== "resources") continue;
    if ((await shell.ports.cluster.places(now, id)).length > 0) running.push(id);
  }
  return running;
}

const remove: Command = {
  name: "delete",
  summary: "delete CIB objects",
  usage: "[--force] <id> [<id>...]",
  min: 1,
  max: Number.POSITIVE_INFINITY,
  help: `
Removes objects by id. Constraints that need a removed resource go too or get shorter. A group or
clone that is deleted sets its members free. Resources that run must be stopped first.`,
  async run(shell, words) {
    const { root } = await shell.workingCopy();
    const modern = schemaOf(root) >= 2;
    const force = modern && (words[0] === "--force" || words[0] === "-f");
    const ids = force ? words.slice(1) : words;
    const running = force ? [] : await runningAmong(shell, ids);
    for (const id of running) {
      shell.error(
        `resource ${id} is running, can't delete it; stop it first (resource stop ${id})`,
      );
    }
    const change = deleteObjects(
      root,
      ids.filter((id) => !running.includes(id)),
    );
    adopt(shell, change);
    return change.ok && running.length === 0;
  },
  complete: (shell) => completeIds(shell, []),
};

const rename: Command = {
  name: "rename",
  summary: "rename a CIB object",
  usage: "<old-id> <new-id>",
  min: 2,
  max: 2,
  help: "Gives an object another id and corrects what refers to it. Not for nodes or running resources.",
  async run(shell, [from = "", to = ""]) {
    const { root } = await shell.workingCopy();
    const found = findObject(root, from);
    if (found === undefined) throw new LanguageError(`object ${from} does not exist`);
    checkId(to);
    if (collectIds(configurationOf(root)).has(to)) {
      throw new LanguageError(`${to}: id is already in use`);
    }
    if (found.kind.word === "node" || found.kind.word === "fencing_topology") {
      throw new LanguageError(`a ${found.kind.word} cannot be renamed`);
    }
    if ((await runningAmong(shell, [from])).length > 0) {
      throw new LanguageError(`resource ${from} is running, can't rename it`);
    }
    adopt(shell, renameObject(root, found, to));
    return true;
  },
  complete: (shell, words) => (words.length === 1 ? completeIds(shell, []) : Promise.resolve([])),
};

const modgroup: Command = {
  name: "modgroup",
  summary: "modify group",
  usage: "<group> {add <rsc> [{after|before} <rsc>] | remove <rsc>}",
  min: 3,
  max: 5,
  async run(shell, [id = "", verb = "", member = "", side, of]) {
    const { root } = await shell.workingCopy();
    if (side !== undefined && ((side !== "after" && side !== "before") || of === undefined)) {
      return shell.usage(this);
    }
    const where =
      side === undefined || of === undefined ? undefined : { side: side as "after", of };
    adopt(shell, modifyGroup(root, id, verb, member, where));
    return true;
  },
  complete: async (shell, words) => {
    if (words.length === 2) return ["add", "remove"];
    if (words.length === 4) return ["after", "before"];
    return await completeIds(shell, []);
  },
};

/** Timeouts as the agent advises them: on operations without one, and start and stop that are not there yet. */
function withAdvisedTimeouts(
  root: XmlElement,
  id: string,
  advised: (name: string, role: string | undefined) => string | undefined,
): XmlElement {
  let next = root;
  const ops = () => {
    const el = findObject(next, id)?.element;
    return el === undefined ? [] : childrenOf(el, "operations").flatMap((o) => childrenOf(o, "op"));
  };
  for (const op of ops()) {
    const timeout = advised(attr(op, "name") ?? "", attr(op, "role"));
    if (attr(op, "timeout") === undefined && timeout !== undefined) {
      next = replaceElement(next, op, withAttr(op, "timeout", timeout));
    }
  }
  for (const name of ["start", "stop"]) {
    const timeout = advised(name, undefined);
    const owner = findObject(next, id)?.element;
    if (owner === undefined || timeout === undefined) continue;
    if (ops().some((op) => attr(op, "name") === name)) continue;
    next = addOperation(next, owner, element("op", { name, timeout, interval: "0" }));
  }
  return next;
}

const defaultTimeouts: Command = {
  name: "default-timeouts",
  summary: "set timeouts for operations to minimums from the meta-data",
  usage: "<id> [<id>...]",
  min: 1,
  max: Number.POSITIVE_INFINITY,
  async run(shell, ids) {
    let { root } = await shell.workingCopy();
    let ok = true;
    for (const id of ids) {
      const found = findObject(root, id);
      const agent = found === undefined ? undefined : agentOf(root, found.element);
      const info = agent === undefined ? undefined : await shell.ports.agents.info(agent);
      if (info === undefined) {
        shell.error(
          found === undefined ? `object ${id} does not exist` : `${id}: no meta-data of its agent`,
        );
        ok = false;
        continue;
      }
      root = withAdvisedTimeouts(root, id, (name, role) => {
        const action = advisedAction(info, name, role) ?? advisedAction(info, name, undefined);
        return action?.attrs.get("timeout");
      });
    }
    adopt(shell, { root, messages: [] });
    return ok;
  },
  complete: (shell) => completeIds(shell, []),
};

const eraseAll: Command = {
  name: "erase",
  summary: "erase the CIB",
  usage: "[nodes]",
  min: 0,
  max: 1,
  help: "Removes everything but the nodes from the working copy; with the word nodes, the nodes.",
  async run(shell, [word]) {
    if (word !== undefined && word !== "nodes") {
      shell.error(`syntax: erase ${word}`);
      return false;
    }
    const { root } = await shell.workingCopy();
    const resources = listObjects(root).filter((o) => o.kind.section === "resources");
    const running = await runningAmong(
      shell,
      resources.map((o) => o.id),
    );
    if (running.length > 0 && word !== "nodes" && !shell.switches.force) {
      throw new LanguageError(`resources are running: ${running.join(" ")}; stop them first`);
    }
    adopt(shell, { root: erase(root, word === "nodes"), messages: [] });
    return true;
  },
  complete: async () => ["nodes"],
};

const upgrade: Command = {
  name: "upgrade",
  summary: "upgrade the CIB to version 1.0",
  usage: "",
  min: 0,
  max: 1,
  async run(shell, words) {
    const { root } = await shell.workingCopy();
    if (schemaOf(root) >= 1) return true;
    return await notAvailable("configure", "upgrade").run(shell, words);
  },
};

/** `id.attr`, `id.op.attr` or `id.op.interval.attr` → the element and the attribute it means. */
function setValue(root: XmlElement, path: string, value: string): XmlElement {
  const ids = listObjects(root).filter((o) => path.startsWith(`${o.id}.`));
  const owner = ids.sort((a, b) => b.id.length - a.id.length)[0];
  const parts = owner === undefined ? [] : path.slice(owner.id.length + 1).split(".");
  const name = parts.at(-1);
  if (owner === undefined || name === undefined) throw new LanguageError(`${path}: no such object`);
  if (parts.length === 1) {
    for (const set of owner.element.children) {
      const pair = set.children.find((p) => p.name === "nvpair" && attr(p, "name") === name);
      if (pair !== undefined) return replaceElement(root, pair, withAttr(pair, "value", value));
    }
    throw new LanguageError(`${owner.id} has no attribute ${name}`);
  }
  const ops = childrenOf(owner.element, "operations").flatMap((o) => childrenOf(o, "op"));
  const [opName, interval] = parts;
  const found = ops.filter(
    (op) =>
      attr(op, "name") === opName && (parts.length === 2 || attr(op, "interval") === interval),
  );
  const [op, ...more] = found;
  if (op === undefined || more.length > 0) {
    throw new LanguageError(`${path}: names ${found.length} operations`);
  }
  return replaceElement(root, op, withAttr(op, name, value));
}

const set: Command = {
  name: "set",
  summary: "set an attribute value",
  usage: "<id>.[<op>.[<interval>.]]<attribute> <value>",
  min: 2,
  max: 2,
  hidden: true,
  async run(shell, [path = "", value = ""]) {
    const { root } = await shell.workingCopy();
    if (schemaOf(root) < 2) {
      shell.error(`syntax: set ${path} ${value}`);
      return false;
    }
    adopt(shell, { root: setValue(root, path, value), messages: [] });
    return true;
  },
};

const rsctest: Command = {
  ...notAvailable("configure", "rsctest"),
  summary: "test resources as currently configured",
  usage: "<rsc> [<rsc>...] [<node>...]",
};

export const changeCommands: readonly Command[] = [
  remove,
  rename,
  modgroup,
  defaultTimeouts,
  eraseAll,
  upgrade,
  set,
  rsctest,
];
