/** corosync-cpgtool: groups and their processes; texts and exit codes of the original. */
import { defineTool, type ToolResult } from "../../lib/cli/tool.ts";
import { connectCfg } from "../../lib/client/cfg.ts";
import { connectCpg } from "../../lib/client/cpg.ts";
import { connected, isResult } from "./service-error.ts";

const LIBRARY_ERROR = 2;

/** Bytes that do not print as \xNN, unless they are wanted as they are. */
function groupText(group: string, raw: boolean): string {
  if (raw) return group;
  return [...group]
    .map((char) => {
      const code = char.charCodeAt(0);
      if (char === "\\") return "\\\\";
      return code >= 0x20 && code < 0x7f ? char : `\\x${code.toString(16).padStart(2, "0")}`;
    })
    .join("");
}

export default defineTool({
  name: "corosync-cpgtool",
  summary: "show the process groups of the ring",
  usage: "[-d DELIMITER] [-e] [-n]",
  options: [
    { key: "delimiter", short: ["d"], kind: "value", value: "TEXT", help: "Between the columns" },
    {
      key: "raw",
      short: ["e"],
      kind: "flag",
      help: "Show names with unprintable bytes as they are",
    },
    { key: "names", short: ["n"], kind: "flag", help: "Show the names of the groups only" },
    { key: "help", short: ["h"], long: ["help"], kind: "flag", help: "Show this help and exit" },
  ],
  run: async (options, session): Promise<ToolResult> => {
    const cpg = await connected(
      () => connectCpg(session.ipc),
      () => `Could not initialize corosync cpg API error ${LIBRARY_ERROR}`,
    );
    if (isResult(cpg)) return cpg;
    const raw = options.flag("raw");
    if (options.flag("names")) {
      const names = await cpg.groups();
      return { exit: 0, out: names.map((name) => `${groupText(name, raw)}\n`).join("") };
    }
    const cfg = await connectCfg(session.ipc);
    const delimiter = options.value("delimiter") ?? "\t";
    const wide = options.value("delimiter") === undefined;
    const cell = (text: string, width: number) => (wide ? text.padStart(width) : text);
    let out = wide
      ? `Group Name\t${cell("PID", 10)}\t${cell("Node ID", 10)}\n`
      : `Group Name${delimiter}PID${delimiter}Node ID\n`;
    let last: string | undefined;
    for (const { group, nodeId, pid } of await cpg.processes()) {
      if (group !== last && wide) out += `${groupText(group, raw)}\n`;
      const name = wide ? `\t\t` : `${groupText(group, raw)}${delimiter}`;
      last = group;
      const address = (await cfg.nodeAddresses(nodeId)).join(", ");
      out += `${name}${cell(String(pid), 10).trimEnd()}${delimiter}${cell(String(nodeId), 10)} (${address})\n`;
    }
    return { exit: 0, out };
  },
});
