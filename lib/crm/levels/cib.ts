/** The level `cib`: shadow copies of the configuration to try things in. */

import { listObjects } from "../objects.ts";
import { isChanged } from "../working-copy.ts";
import { showText } from "./configure-show.ts";
import type { Command, Level, Shell } from "./shell.ts";

async function shadowNames(shell: Shell): Promise<readonly string[]> {
  return await shell.ports.shadow.list();
}

/** The name given, or the shadow in use; undefined after an error message. */
function nameOr(shell: Shell, name: string | undefined): string | undefined {
  const chosen = name ?? shell.ports.cib.name;
  if (chosen !== "live") return chosen;
  shell.error("no shadow CIB is in use; give a name");
  return undefined;
}

/** Another configuration would take uncommitted changes with it; false after an error message. */
function mayLeave(shell: Shell): boolean {
  if (shell.copy === undefined || !isChanged(shell.copy)) return true;
  shell.error("there are changes that are not committed; commit or refresh first");
  return false;
}

const fresh: Command = {
  name: "new",
  summary: "create a new shadow CIB",
  usage: "[<name>] [withstatus] [force] [empty]",
  min: 0,
  max: 4,
  async run(shell, words) {
    if (!mayLeave(shell)) return false;
    const flags = new Set(["withstatus", "force", "empty"]);
    const name = words.find((w) => !flags.has(w)) ?? shell.ports.host.env["USER"] ?? "shadow";
    if (!/^[\w.-]+$/.test(name) || name === "live") {
      shell.error(`${name}: not a name for a shadow CIB`);
      return false;
    }
    await shell.ports.shadow.create(name, {
      force: words.includes("force") || shell.switches.force,
      empty: words.includes("empty"),
    });
    shell.info(`${name} shadow CIB created`);
    await shell.ports.shadow.use(name);
    shell.copy = undefined;
    return true;
  },
};

const use: Command = {
  name: "use",
  summary: "change working CIB",
  usage: "[<name>|live] [withstatus]",
  min: 0,
  max: 2,
  async run(shell, [name = "live"]) {
    if (!mayLeave(shell)) return false;
    await shell.ports.shadow.use(name === "live" ? undefined : name);
    shell.copy = undefined;
    return true;
  },
  complete: async (shell) => ["live", ...(await shadowNames(shell))],
};

const remove: Command = {
  name: "delete",
  summary: "delete a shadow CIB",
  usage: "<name>",
  min: 1,
  max: 1,
  async run(shell, [name = ""]) {
    if (shell.ports.cib.name === name) {
      shell.error(`${name} shadow CIB is in use`);
      return false;
    }
    await shell.ports.shadow.remove(name);
    shell.info(`${name} shadow CIB deleted`);
    return true;
  },
  complete: shadowNames,
};

const reset: Command = {
  name: "reset",
  summary: "copy live cib to a shadow CIB",
  usage: "[<name>]",
  min: 0,
  max: 1,
  async run(shell, [given]) {
    const name = nameOr(shell, given);
    if (name === undefined || !mayLeave(shell)) return false;
    await shell.ports.shadow.create(name, { force: true, empty: false });
    shell.copy = undefined;
    shell.info(`copied live CIB to ${name}`);
    return true;
  },
  complete: shadowNames,
};

const commit: Command = {
  name: "commit",
  summary: "copy a shadow CIB to the cluster",
  usage: "[<name>]",
  min: 0,
  max: 1,
  async run(shell, [given]) {
    const name = nameOr(shell, given);
    if (name === undefined) return false;
    const outcome = await shell.ports.shadow.commit(name);
    if (outcome.kind === "done") {
      shell.info(`committed '${name}' shadow CIB to the cluster`);
      return true;
    }
    const why =
      outcome.kind === "refused" ? outcome.text : "the cluster's configuration has changed";
    shell.error(`${name}: not committed: ${why}`);
    return false;
  },
  complete: shadowNames,
};

const diff: Command = {
  name: "diff",
  summary: "diff between the shadow CIB and the live CIB",
  usage: "",
  min: 0,
  max: 0,
  async run(shell) {
    const name = nameOr(shell, undefined);
    if (name === undefined) return false;
    const lines = async (shadow: boolean) => {
      const doc = shadow ? await shell.ports.shadow.read(name) : await shell.ports.shadow.liveDoc();
      return showText({ base: doc, root: doc.root }, listObjects(doc.root), true).split("\n");
    };
    const [live, mine] = [await lines(false), await lines(true)];
    const [before, after] = [new Set(live), new Set(mine)];
    const gone = live.filter((l) => !after.has(l)).map((l) => `-${l}`);
    shell.say([...gone, ...mine.filter((l) => !before.has(l)).map((l) => `+${l}`)].join("\n"));
    return true;
  },
};

const list: Command = {
  name: "list",
  summary: "list all shadow CIBs",
  usage: "",
  min: 0,
  max: 0,
  async run(shell) {
    shell.say((await shadowNames(shell)).join("\n"));
    return true;
  },
};

export const cib: Level = {
  name: "cib",
  title:
    "Shadow CIBs: copies of the configuration in which nothing happens until they are committed.",
  below: [{ name: "cibstatus", summary: "CIB status management and editing" }],
  commands: [fresh, remove, reset, commit, use, diff, list],
};
