/** The level `node`: nodes of the cluster, their attributes, standby and maintenance (crm-commands.md section 3). */
import { cibDoc } from "../../cib/document.ts";
import { attr, child, childrenOf, idOf, type XmlElement } from "../../xml/node.ts";
import { writeXml } from "../../xml/write.ts";
import { LanguageError } from "../language/syntax.ts";
import { nodeElements, nodeNames, replaceElement, sectionOf } from "../objects.ts";
import {
  type AttributePlace,
  attributeWords,
  deleteAttribute,
  readAttribute,
  setAttribute,
  tellOutcome,
} from "./attributes.ts";
import type { Command, Level, Shell } from "./shell.ts";

function nodeElement(root: XmlElement, name: string): XmlElement {
  const found = nodeElements(root).find(
    (n) => (attr(n, "uname") ?? idOf(n)).toLowerCase() === name.toLowerCase(),
  );
  if (found === undefined) throw new LanguageError(`${name}: node name not recognized`);
  return found;
}

function place(name: string, setName: "instance_attributes" | "utilization"): AttributePlace {
  return {
    owner: (root) => nodeElement(root, name),
    setName,
    // The ids that crm_attribute makes.
    setId: (owner) => `nodes-${idOf(owner)}${setName === "utilization" ? "-utilization" : ""}`,
  };
}

const completeNodes = async (shell: Shell) => nodeNames((await shell.ports.cib.query()).root);

const status: Command = {
  name: "status",
  summary: "show nodes status as XML",
  usage: "[<node>]",
  min: 0,
  max: 1,
  async run(shell, [name]) {
    const { root } = await shell.ports.cib.query();
    const nodes = sectionOf(root, "nodes");
    if (name !== undefined) shell.say(writeXml(nodeElement(root, name)));
    else if (nodes !== undefined) shell.say(writeXml(nodes));
    return true;
  },
  complete: completeNodes,
};

function nodeLines(el: XmlElement, online: boolean | undefined): readonly string[] {
  const uname = attr(el, "uname") ?? idOf(el);
  const id = idOf(el) === uname ? "" : `(${idOf(el)})`;
  const type = attr(el, "type") ?? "normal";
  const state = online === false ? "(offline)" : "";
  const pairs = ["instance_attributes", "utilization"].flatMap((name) =>
    childrenOf(el, name).flatMap((set) => childrenOf(set, "nvpair")),
  );
  return [
    `${uname}${id}: ${type === "member" ? "normal" : type}${state}`,
    ...pairs.map((p) => `\t${attr(p, "name")}: ${attr(p, "value") ?? ""}`),
  ];
}

const show: Command = {
  name: "show",
  summary: "show node",
  usage: "[<node>]",
  min: 0,
  max: 1,
  async run(shell, [name]) {
    const doc = await shell.ports.cib.query();
    const all = nodeElements(doc.root);
    const chosen = name === undefined ? all : [nodeElement(doc.root, name)];
    // Without any status nobody can say who is online.
    const known = (child(doc.root, "status")?.children.length ?? 0) > 0;
    const online = new Set(known ? await shell.ports.cluster.online(doc) : []);
    const lines = chosen.flatMap((n) =>
      nodeLines(n, known ? online.has(attr(n, "uname") ?? "") : undefined),
    );
    shell.say(lines.join("\n"));
    return true;
  },
  complete: completeNodes,
};

/** standby and online, maintenance and ready: one attribute on or off. */
function switchCommand(
  name: string,
  summary: string,
  attribute: string,
  value: "on" | "off",
  lifetimes: boolean,
): Command {
  return {
    name,
    summary,
    usage: lifetimes ? "[<node>] [{reboot|forever}]" : "[<node>]",
    min: 0,
    max: lifetimes ? 2 : 1,
    help: "Without a node: this host.",
    async run(shell, words) {
      const lifetime = words.find((w) => lifetimes && (w === "reboot" || w === "forever"));
      const others = words.filter((w) => w !== lifetime);
      if (others.length > 1) return shell.usage(this);
      const node = others[0] ?? shell.ports.host.hostName;
      const doc = await shell.ports.cib.query();
      const uname = attr(nodeElement(doc.root, node), "uname") ?? node;
      if (lifetime === "reboot") {
        await shell.ports.cluster.setTransient(uname, attribute, value);
        return true;
      }
      const ok = await setAttribute(shell, place(uname, "instance_attributes"), attribute, value);
      if (ok && (shell.switches.wait || shell.options.wait === "yes")) {
        await shell.ports.cluster.settle();
      }
      return ok;
    },
    complete: async (shell, words) =>
      words.length === 1 ? await completeNodes(shell) : lifetimes ? ["reboot", "forever"] : [],
  };
}

/** attribute and utilization: what crm_attribute does to the nodes section. */
function attributeCommand(
  name: "attribute" | "utilization",
  summary: string,
  setName: "instance_attributes" | "utilization",
): Command {
  return {
    name,
    summary,
    usage: "<node> {set <name> <value> | delete <name> | show <name>}",
    min: 3,
    max: 4,
    async run(shell, words) {
      const { verb, id, name: key, value } = attributeWords(name, words);
      const where = place(id, setName);
      if (verb === "set") return await setAttribute(shell, where, key, value);
      if (verb === "show") {
        const found = await readAttribute(shell, where, key);
        if (found === undefined) shell.error(`${id}: no attribute ${key}`);
        else shell.say(`scope=nodes  name=${key} value=${found}`);
        return found !== undefined;
      }
      const deleted = await deleteAttribute(shell, where, key);
      if (deleted !== undefined) shell.say(`Deleted nodes attribute: id=${deleted} name=${key}\n`);
      return true;
    },
    complete: async (shell, words) =>
      words.length === 1
        ? await completeNodes(shell)
        : words.length === 2
          ? ["set", "delete", "show"]
          : [],
  };
}

/** The transient attributes of a node, from the status section. */
export function transientValue(root: XmlElement, node: string, name: string): string | undefined {
  const id = idOf(nodeElement(root, node));
  const states = child(root, "status")?.children ?? [];
  const state = states.find((s) => idOf(s) === id || attr(s, "uname") === node);
  const sets = state === undefined ? [] : childrenOf(state, "transient_attributes");
  const pairs = sets.flatMap((t) => t.children.flatMap((set) => childrenOf(set, "nvpair")));
  const found = pairs.find((p) => attr(p, "name") === name);
  return found === undefined ? undefined : attr(found, "value");
}

const statusAttr: Command = {
  name: "status-attr",
  summary: "manage status attributes",
  usage: "<node> {set <name> <value> | delete <name> | show <name>}",
  min: 3,
  max: 4,
  async run(shell, words) {
    const { verb, id, name, value } = attributeWords("status-attr", words);
    const { root } = await shell.ports.cib.query();
    const uname = attr(nodeElement(root, id), "uname") ?? id;
    if (verb !== "show") {
      await shell.ports.cluster.setTransient(uname, name, verb === "set" ? value : undefined);
      return true;
    }
    const found = transientValue(root, uname, name);
    if (found === undefined) shell.error(`${id}: no attribute ${name}`);
    else shell.say(`scope=status  name=${name} value=${found}`);
    return found !== undefined;
  },
  complete: async (shell, words) =>
    words.length === 1
      ? await completeNodes(shell)
      : words.length === 2
        ? ["set", "delete", "show"]
        : [],
};

/** Commands that ask before they do something to a node. */
function askedCommand(
  name: string,
  summary: string,
  question: (node: string) => string,
  act: (shell: Shell, node: string) => Promise<boolean>,
): Command {
  return {
    name,
    summary,
    usage: "<node>",
    min: 1,
    max: 1,
    async run(shell, [node = ""]) {
      const { root } = await shell.ports.cib.query();
      const uname = attr(nodeElement(root, node), "uname") ?? node;
      if (!(await shell.confirm(question(uname), false))) {
        if (!shell.interactive) shell.error(`${name} ${uname}: needs a person to agree, or crm -F`);
        return false;
      }
      return await act(shell, uname);
    },
    complete: completeNodes,
  };
}

const fence = askedCommand(
  "fence",
  "fence node",
  (node) => `Fencing ${node} will shut it down and stop everything on it. Do you want to proceed? `,
  async (shell, node) => {
    await shell.ports.cluster.fence(node);
    return true;
  },
);

const clearstate = askedCommand(
  "clearstate",
  "Clear node state",
  (node) => `If ${node} is not really down, its resources may run twice. Is it down? `,
  async (shell, node) => {
    await shell.ports.cluster.confirmDown(node);
    return true;
  },
);

const remove: Command = {
  name: "delete",
  summary: "delete node",
  usage: "<node>",
  min: 1,
  max: 1,
  help: "Forgets a node that has left the cluster for good: its entry, its status, its attributes.",
  async run(shell, [name = ""]) {
    const doc = await shell.ports.cib.query();
    const uname = attr(nodeElement(doc.root, name), "uname") ?? name;
    if ((await shell.ports.cluster.online(doc)).includes(uname)) {
      shell.error(`node ${uname} is online; stop the cluster on it first`);
      return false;
    }
    if (shell.ports.cib.live) await shell.ports.cluster.removeNode(uname);
    const outcome = await shell.ports.cib.change((now) => {
      const entry = nodeElements(now.root).find((n) => attr(n, "uname") === uname);
      if (entry === undefined) return now;
      const state = child(now.root, "status")?.children.find((s) => idOf(s) === idOf(entry));
      const root = replaceElement(now.root, entry, undefined);
      return cibDoc(state === undefined ? root : replaceElement(root, state, undefined));
    });
    if (!tellOutcome(shell, outcome)) return false;
    shell.info(`node ${uname} deleted`);
    return true;
  },
  complete: completeNodes,
};

export const node: Level = {
  name: "node",
  title: "Node management and status commands.",
  below: [],
  commands: [
    status,
    show,
    switchCommand("standby", "put node into standby", "standby", "on", true),
    switchCommand("online", "set node online", "standby", "off", false),
    switchCommand("maintenance", "put node into maintenance mode", "maintenance", "on", false),
    switchCommand("ready", "put node into ready mode", "maintenance", "off", false),
    fence,
    clearstate,
    remove,
    attributeCommand("attribute", "manage attributes", "instance_attributes"),
    attributeCommand("utilization", "manage utilization attributes", "utilization"),
    statusAttr,
  ],
};
