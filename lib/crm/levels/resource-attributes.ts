/** param, meta and utilization of a resource: one value at a time, at once, with the texts of crm_resource. */
import { attr, idOf } from "../../xml/node.ts";
import {
  type AttributePlace,
  attributeWords,
  deleteAttribute,
  readAttribute,
  setAttribute,
} from "./attributes.ts";
import { completeResources, resourceNamed, settleIfWanted } from "./resource-common.ts";
import type { Command } from "./shell.ts";

function attributeCommand(name: string, setName: string, summary: string): Command {
  const place = (id: string): AttributePlace => ({
    owner: (root) => resourceNamed(root, id).element,
    setName,
    setId: (owner) => `${idOf(owner)}-${setName}`,
  });
  return {
    name,
    summary,
    usage: "<rsc> {set <name> <value> | delete <name> | show <name>}",
    min: 3,
    max: 4,
    async run(shell, words) {
      const { verb, id, name: key, value } = attributeWords(name, words);
      const where = place(id);
      if (verb === "show") {
        const found = await readAttribute(shell, where, key);
        if (found === undefined) shell.error(`resource ${id}: ${name} ${key} is not set`);
        else shell.say(found);
        return found !== undefined;
      }
      if (verb === "delete") {
        const deleted = await deleteAttribute(shell, where, key);
        if (deleted !== undefined) shell.say(`Deleted '${id}' option: id=${deleted} name=${key}`);
      } else {
        if (!(await setAttribute(shell, where, key, value))) return false;
        const { root } = await shell.ports.cib.query();
        for (const set of where.owner(root).children.filter((c) => c.name === setName)) {
          const pair = set.children.find((c) => attr(c, "name") === key);
          if (pair === undefined) continue;
          shell.say(
            `Set '${id}' option: id=${idOf(pair)} set=${idOf(set)} name=${key} value=${value}`,
          );
        }
      }
      await settleIfWanted(shell);
      return true;
    },
    complete: async (shell, words) => {
      if (words.length === 1) return await completeResources(shell);
      return words.length === 2 ? ["set", "delete", "show"] : [];
    },
  };
}

export const attributeCommands: readonly Command[] = [
  attributeCommand("param", "instance_attributes", "manage a parameter of a resource"),
  attributeCommand("meta", "meta_attributes", "manage a meta attribute"),
  attributeCommand("utilization", "utilization", "manage a utilization attribute"),
];
