/** failcount, cleanup, refresh, reprobe: what the cluster remembers of a resource's operations. */
import { attr, child, childrenOf, idOf, type XmlElement } from "../../xml/node.ts";
import { LanguageError } from "../language/syntax.ts";
import { nodeNames } from "../objects.ts";
import { completeResources, resourceNamed, settleIfWanted } from "./resource-common.ts";
import type { Command, Shell } from "./shell.ts";

/** Names and values of the fail counts of a resource on a node: one for each operation in newer clusters. */
function failCounts(root: XmlElement, id: string, node: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const states = child(root, "status")?.children ?? [];
  for (const state of states.filter((s) => attr(s, "uname") === node || idOf(s) === node)) {
    for (const set of childrenOf(state, "transient_attributes").flatMap((t) => t.children)) {
      for (const pair of childrenOf(set, "nvpair")) {
        const name = attr(pair, "name") ?? "";
        if (name === `fail-count-${id}` || name.startsWith(`fail-count-${id}#`)) {
          found.set(name, attr(pair, "value") ?? "0");
        }
      }
    }
  }
  return found;
}

function total(counts: ReadonlyMap<string, string>): string {
  const values = [...counts.values()];
  if (values.includes("INFINITY")) return "INFINITY";
  return String(values.reduce((sum, v) => sum + Number(v), 0));
}

const failcount: Command = {
  name: "failcount",
  summary: "manage failcounts",
  usage: "<rsc> {set <node> <value> | delete <node> | show <node>}",
  min: 3,
  max: 4,
  async run(shell, [id = "", verb = "", node = "", value]) {
    const { root } = await shell.ports.cib.query();
    resourceNamed(root, id);
    if (!["set", "delete", "show"].includes(verb) || (verb === "set") !== (value !== undefined)) {
      throw new LanguageError(`bad usage: failcount ${[id, verb, node].join(" ")}`);
    }
    if (!nodeNames(root).includes(node))
      throw new LanguageError(`${node}: node name not recognized`);
    const counts = failCounts(root, id, node);
    if (verb === "show") {
      shell.say(`scope=status  name=fail-count-${id} value=${total(counts)}`);
      return true;
    }
    if (verb === "set") {
      if (!/^(\d+|INFINITY)$/.test(value ?? "")) throw new LanguageError(`${value}: not a number`);
      await shell.ports.cluster.setTransient(node, `fail-count-${id}`, value);
    } else {
      for (const name of counts.keys()) {
        await shell.ports.cluster.setTransient(node, name, undefined);
      }
    }
    return true;
  },
  complete: async (shell, words) => {
    if (words.length === 1) return await completeResources(shell);
    if (words.length === 2) return ["set", "delete", "show"];
    return nodeNames((await shell.ports.cib.query()).root);
  },
};

async function clean(
  shell: Shell,
  rsc: string | undefined,
  node: string | undefined,
): Promise<boolean> {
  const text = await shell.ports.cluster.cleanup(rsc, node);
  if (text !== "") shell.say(text);
  await settleIfWanted(shell);
  return true;
}

const completeNodes = async (shell: Shell) => nodeNames((await shell.ports.cib.query()).root);

const cleanup: Command = {
  name: "cleanup",
  summary: "cleanup resource status",
  usage: "<rsc> [<node>]",
  min: 1,
  max: 2,
  help: "Forgets what is known of a resource's operations, failures included; the cluster looks again.",
  async run(shell, [rsc = "", node]) {
    resourceNamed((await shell.ports.cib.query()).root, rsc);
    return await clean(shell, rsc, node);
  },
  complete: async (shell, words) =>
    words.length === 1 ? await completeResources(shell) : await completeNodes(shell),
};

/** Both look again at everything on a node, or on all. */
function lookAgain(name: string, summary: string): Command {
  return {
    name,
    summary,
    usage: "[<node>]",
    min: 0,
    max: 1,
    run: (shell, [node]) => clean(shell, undefined, node),
    complete: completeNodes,
  };
}

export const historyCommands: readonly Command[] = [
  failcount,
  cleanup,
  lookAgain("refresh", "refresh CIB from the LRM status"),
  lookAgain("reprobe", "probe for resources not started by the CRM"),
];
