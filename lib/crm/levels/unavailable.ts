/** Commands that are listed but do nothing yet: they say so and fail, so that no script believes otherwise. */
import type { Command, Level } from "./shell.ts";

/** A command of this name that answers honestly. */
export function notAvailable(level: string, name: string, summary = ""): Command {
  return {
    name,
    summary,
    usage: "...",
    min: 0,
    max: Number.POSITIVE_INFINITY,
    async run(shell) {
      shell.error(`${level}.${name}: not available yet in this version; nothing was done`);
      return false;
    },
  };
}

function level(
  name: string,
  title: string,
  commands: readonly (readonly [string, string])[],
): Level {
  return {
    name,
    title,
    below: [],
    commands: commands.map(([word, summary]) => notAvailable(name, word, summary)),
  };
}

export const history = level("history", "What the cluster did, from its logs. Not available yet.", [
  ["source", "set the source of the history"],
  ["limit", "limit the time frame"],
  ["refresh", "read the logs again"],
  ["detail", "set the level of detail"],
  ["setnodes", "set the list of cluster nodes"],
  ["info", "show where the history comes from"],
  ["latest", "show the latest transition"],
  ["resource", "show events of resources"],
  ["node", "show events of nodes"],
  ["log", "show log lines"],
  ["peinputs", "list or get scheduler inputs"],
  ["transition", "show a transition"],
  ["show", "show a configuration"],
  ["graph", "draw a configuration"],
  ["diff", "compare two configurations"],
  ["session", "manage sessions"],
  ["exclude", "leave log lines out"],
]);

export const site = level("site", "Clusters of several sites: tickets. Not available yet.", [
  ["ticket", "manage tickets"],
]);

export const cibstatus = level(
  "cibstatus",
  "Edit the status section of a working copy, to try what would happen. Not available yet.",
  [
    ["load", "load the status section"],
    ["save", "save the status section"],
    ["origin", "show where the status comes from"],
    ["show", "show the status section"],
    ["quorum", "set whether there is quorum"],
    ["node", "change the state of a node"],
    ["op", "edit the result of an operation"],
    ["ticket", "change a ticket"],
    ["run", "show what would happen"],
    ["simulate", "show what would happen"],
  ],
);

const templates = level("template", "Configurations from templates. Not available yet.", [
  ["new", "make a configuration from templates"],
  ["load", "open a configuration"],
  ["edit", "edit a configuration"],
  ["delete", "delete a configuration"],
  ["show", "show the commands a configuration makes"],
  ["apply", "take the commands over"],
]);

/** There are no templates and no configurations made from them, so their list is empty. */
export const template: Level = {
  ...templates,
  commands: [
    ...templates.commands,
    {
      name: "list",
      summary: "list configurations or templates",
      usage: "[templates]",
      min: 0,
      max: 1,
      run: async () => true,
    },
  ],
};
