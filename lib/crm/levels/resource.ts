/** The level `resource`: where resources run and what they should do (crm-commands.md section 2). */
import { attr } from "../../xml/node.ts";
import { listObjects, nodeNames, schemaOf } from "../objects.ts";
import { setAttribute } from "./attributes.ts";
import { attributeCommands } from "./resource-attributes.ts";
import { completeResources, metaPlace, resourceNamed, settleIfWanted } from "./resource-common.ts";
import { historyCommands } from "./resource-history.ts";
import { ban, clear, moveCommands } from "./resource-move.ts";
import { traceCommands } from "./resource-trace.ts";
import type { Command, Level } from "./shell.ts";
import { notAvailable } from "./unavailable.ts";

/** One command for each meta-attribute and value. */
function metaCommand(name: string, summary: string, attribute: string, value: string): Command {
  return {
    name,
    summary,
    usage: "<rsc>",
    min: 1,
    max: Number.POSITIVE_INFINITY,
    async run(shell, ids) {
      // Several at once came with newer shells, which work on newer schemas.
      const many = ids.length > 1 && schemaOf((await shell.ports.cib.query()).root) < 2;
      if (many) return shell.usage(this);
      let ok = true;
      for (const id of ids) {
        ok = (await setAttribute(shell, metaPlace(id), attribute, value)) && ok;
      }
      if (ok) await settleIfWanted(shell);
      return ok;
    },
    complete: completeResources,
  };
}

const status: Command = {
  name: "status",
  aliases: ["show", "list"],
  summary: "show status of resources",
  usage: "[<rsc>]",
  min: 0,
  max: 1,
  async run(shell, [id]) {
    const doc = await shell.ports.cib.query();
    if (id === undefined) {
      shell.say(await shell.ports.cluster.resourceList(doc));
      return listObjects(doc.root).some((o) => o.kind.section === "resources");
    }
    resourceNamed(doc.root, id);
    const places = await shell.ports.cluster.places(doc, id);
    if (places.length === 0) shell.say(`resource ${id} is NOT running`);
    for (const { node, promoted } of places) {
      shell.say(`resource ${id} is running on: ${node} ${promoted ? "Master" : ""}`.trimEnd());
    }
    return true;
  },
  complete: completeResources,
};

const restart: Command = {
  name: "restart",
  summary: "restart a resource",
  usage: "<rsc>",
  min: 1,
  max: 1,
  help: "Stops the resource, waits until that is done, and starts it again.",
  async run(shell, [id = ""]) {
    const place = metaPlace(id);
    const doc = await shell.ports.cib.query();
    const places = await shell.ports.cluster.places(doc, id);
    if (places.length === 0 && shell.ports.cib.live) {
      shell.error(`resource ${id} is not running; "resource start ${id}" starts it`);
      return false;
    }
    shell.info(`ordering ${id} to stop`);
    if (!(await setAttribute(shell, place, "target-role", "Stopped"))) return false;
    await shell.ports.cluster.settle();
    shell.info(`ordering ${id} to start`);
    return await setAttribute(shell, place, "target-role", "Started");
  },
  complete: completeResources,
};

/** promote and demote: for ms and promotable clones only. */
function roleCommand(name: "promote" | "demote", summary: string): Command {
  return {
    name,
    summary,
    usage: "<rsc>",
    min: 1,
    max: 1,
    async run(shell, [id = ""]) {
      const { root } = await shell.ports.cib.query();
      const { element: el, kind } = resourceNamed(root, id);
      const promotable = el.children.some((set) =>
        set.children.some((p) => attr(p, "name") === "promotable" && attr(p, "value") === "true"),
      );
      if (kind.word !== "ms" && !(kind.word === "clone" && promotable)) {
        shell.error(`${id} is not a master-slave resource`);
        return false;
      }
      // Schemas before 3.x know the old names of the roles only.
      const old = kind.word === "ms" || schemaOf(root) < 3;
      const role =
        name === "promote" ? (old ? "Master" : "Promoted") : old ? "Slave" : "Unpromoted";
      const ok = await setAttribute(shell, metaPlace(id), "target-role", role);
      if (ok) await settleIfWanted(shell);
      return ok;
    },
    complete: completeResources,
  };
}

/** Where a resource runs, as crm_resource -W says it. */
const locate: Command = {
  ...status,
  name: "locate",
  aliases: [],
  summary: "show the location of resources",
  usage: "<rsc>",
  min: 1,
  hidden: true,
};

/** What newer shells add. On older schemas the words stay unknown, as they were. */
function newer(command: Command): Command {
  return {
    ...command,
    hidden: true,
    async run(shell, words) {
      if (schemaOf((await shell.ports.cib.query()).root) >= 2)
        return await command.run(shell, words);
      shell.error(`syntax: ${[command.name, ...words].join(" ")}`);
      return false;
    },
  };
}

const maintenance = newer({
  name: "maintenance",
  summary: "put a resource into maintenance mode, or back",
  usage: "<rsc> [{on|off|true|false}]",
  min: 1,
  max: 2,
  async run(shell, [id = "", word = "on"]) {
    const value = ["on", "true", "yes"].includes(word) ? "true" : "false";
    return await setAttribute(shell, metaPlace(id), "maintenance", value);
  },
  complete: completeResources,
});

/** Reports of crm_resource. */
function report(name: string, summary: string, option: string): Command {
  return newer({
    name,
    summary,
    usage: "[<rsc>]",
    min: 0,
    max: 1,
    async run(shell, [id]) {
      const resource = id === undefined ? [] : [`--resource=${id}`];
      shell.say(await shell.ports.cluster.resourceReport([option, ...resource]));
      return true;
    },
    complete: completeResources,
  });
}

const scores = newer({
  name: "scores",
  summary: "show the scores that placed the resources",
  usage: "",
  min: 0,
  max: 0,
  async run(shell) {
    const doc = await shell.ports.cib.query();
    shell.say(await shell.ports.cluster.simulate(doc, { scores: true, utilization: true }));
    return true;
  },
});

const explain: Command = {
  name: "explain",
  summary: "why a resource is where it is, and not elsewhere",
  usage: "<rsc> [<node>]",
  min: 1,
  max: 2,
  help: `
Says for each node (or the one given) what speaks for and against it, and what would have to change
for the resource to run there.`,
  async run(shell, [id = "", node]) {
    shell.say(await shell.ports.cluster.explain(id, node));
    return true;
  },
  complete: async (shell, words) =>
    words.length === 1
      ? await completeResources(shell)
      : nodeNames((await shell.ports.cib.query()).root),
};

const secret: Command = {
  ...notAvailable("resource", "secret"),
  summary: "manage sensitive parameters",
  usage:
    "<rsc> {set <name> <value>|delete <name>|show <name>|stash <name>|unstash <name>|check <name>}",
};

export const resource: Level = {
  name: "resource",
  title: "Resources: where they run and what they should do.",
  below: [],
  commands: [
    status,
    metaCommand("start", "start a resource", "target-role", "Started"),
    metaCommand("stop", "stop a resource", "target-role", "Stopped"),
    restart,
    roleCommand("promote", "promote a master-slave resource"),
    roleCommand("demote", "demote a master-slave resource"),
    metaCommand("manage", "put a resource into managed mode", "is-managed", "true"),
    metaCommand("unmanage", "put a resource into unmanaged mode", "is-managed", "false"),
    ...moveCommands,
    ...attributeCommands.filter((c) => c.name === "param"),
    secret,
    ...attributeCommands.filter((c) => c.name !== "param"),
    ...historyCommands,
    ...traceCommands,
    explain,
    locate,
    newer(ban),
    newer(clear),
    maintenance,
    scores,
    report("operations", "show the operations of a resource", "--list-operations"),
    report("constraints", "show the constraints of a resource", "--constraints"),
  ],
};
