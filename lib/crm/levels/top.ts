/** The top level: status and the way to all others. */
import type { Command, Level } from "./shell.ts";

const STATUS_WORDS = new Set(["bynode", "inactive", "ops", "timing", "failcounts"]);

const status: Command = {
  name: "status",
  summary: "show cluster status",
  usage: "[bynode] [inactive] [ops] [timing] [failcounts]",
  min: 0,
  max: 5,
  help: `
What crm_mon -1 shows: nodes, resources and where they run. The words add to it: bynode groups by
node, inactive shows what does not run, ops and timing the operations, failcounts the failures.`,
  async run(shell, words) {
    if (words.some((w) => !STATUS_WORDS.has(w))) {
      shell.error(`syntax in status: status ${words.join(" ")}`);
      return false;
    }
    shell.say(await shell.ports.cluster.status(shell.ports.cib.query(), words));
    return true;
  },
  complete: async () => [...STATUS_WORDS],
};

export const top: Level = {
  name: "top",
  title: "This is crm shell, a Pacemaker command line interface.",
  below: [
    { name: "cib", summary: "manage shadow CIBs", before: "status" },
    { name: "resource", summary: "resources management", before: "status" },
    { name: "configure", summary: "CRM cluster configuration", before: "status" },
    { name: "node", summary: "nodes management", before: "status" },
    { name: "options", summary: "user preferences", before: "status" },
    { name: "history", summary: "CRM cluster history", before: "status" },
    { name: "site", summary: "Geo-cluster support", before: "status" },
    { name: "ra", summary: "resource agents information center", before: "status" },
  ],
  commands: [status],
};
