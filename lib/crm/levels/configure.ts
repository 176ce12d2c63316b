/** The level `configure`: editing the CIB in a working copy; only commit touches the cluster (crm-commands.md section 4). */
import { isChanged } from "../working-copy.ts";
import { changeCommands } from "./configure-change.ts";
import { commitCommands, leaveConfigure } from "./configure-commit.ts";
import { fileCommands } from "./configure-files.ts";
import { objectCommands } from "./configure-objects.ts";
import { showCommands } from "./configure-show.ts";
import type { Command, Level } from "./shell.ts";

/** The order of the help is the seed's. */
const ORDER = [
  "node",
  "primitive",
  "monitor",
  "group",
  "clone",
  "ms",
  "rsc_template",
  "location",
  "colocation",
  "order",
  "rsc_ticket",
  "property",
  "rsc_defaults",
  "fencing_topology",
  "role",
  "user",
  "op_defaults",
  "schema",
  "show",
  "edit",
  "filter",
  "delete",
  "default-timeouts",
  "rename",
  "modgroup",
  "refresh",
  "erase",
  "ptest",
  "rsctest",
  "commit",
  "verify",
  "upgrade",
  "save",
  "load",
  "graph",
  "xml",
];

function place(command: Command): number {
  const at = ORDER.indexOf(command.name);
  return at < 0 ? ORDER.length : at;
}

export const configure: Level = {
  name: "configure",
  title:
    "Describe the cluster: resources, where and in which order they run, properties.\n" +
    "Changes collect here; nothing reaches the cluster before commit.",
  below: [
    { name: "cib", summary: "CIB shadow management", before: "commit" },
    { name: "cibstatus", summary: "CIB status management and editing", before: "commit" },
    {
      name: "template",
      summary: "edit and import a configuration from a template",
      before: "commit",
    },
  ],
  commands: [
    ...objectCommands,
    ...showCommands,
    ...changeCommands,
    ...fileCommands,
    ...commitCommands,
  ].sort((a, b) => place(a) - place(b)),
  enter: async (shell) => {
    await shell.workingCopy();
    return true;
  },
  leave: async (shell) => {
    const copy = shell.copy;
    if (copy !== undefined && isChanged(copy) && !(await leaveConfigure(shell))) return false;
    shell.copy = undefined;
    return true;
  },
};
