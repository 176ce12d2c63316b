/** corosync-cpgtool: groups and their processes; texts and exit codes of the original. */
import { defineTool, type ToolResult } from "../../lib/cli/tool.ts";
import { type CfgClient, connectCfg } from "../../lib/client/cfg.ts";
import { type CpgClient, connectCpg } from "../../lib/client/cpg.ts";
import { connected, isResult } from "./service-error.ts";

/** Bytes that do not print as \xNN, or, raw, as the UTF-8 text they are. */
function groupText(group: string, raw: boolean): string {
  if (raw) return new TextDecoder().decode(Uint8Array.from(group, (char) => char.charCodeAt(0)));
  return [...group]
    .map((char) => {
      const code = char.charCodeAt(0);
      if (char === "\\") return "\\\\";
      return code >= 0x20 && code < 0x7f ? char : `\\x${code.toString(16).padStart(2, "0")}`;
    })
    .join("");
}

/** Names of all groups: one a line, or all in one line with a delimiter behind each. */
async function showNames(cpg: CpgClient, raw: boolean, delimiter: string | undefined) {
  const names = (await cpg.groups()).map((name) => groupText(name, raw));
  return delimiter === undefined
    ? names.map((name) => `${name}\n`).join("")
    : `${names.map((name) => `${name}${delimiter}`).join("")}\n`;
}

/** One line for each process, without addresses: for programs. */
async function showRows(cpg: CpgClient, raw: boolean, delimiter: string): Promise<string> {
  const rows = (await cpg.processes()).map(({ group, pid, nodeId }) => [
    groupText(group, raw),
    String(pid),
    String(nodeId),
  ]);
  return [["GRP_NAME", "PID", "NODEID"], ...rows].map((row) => `${row.join(delimiter)}\n`).join("");
}

/** Groups, and below each its processes. */
async function showTable(cpg: CpgClient, cfg: CfgClient, raw: boolean): Promise<string> {
  const cell = (text: string) => text.padStart(10);
  let out = `Group Name\t${cell("PID")}\t${cell("Node ID")}\n`;
  let last: string | undefined;
  for (const { group, nodeId, pid } of await cpg.processes()) {
    if (group !== last) out += `${groupText(group, raw)}\n`;
    last = group;
    const address = (await cfg.nodeAddresses(nodeId)).join(", ");
    out += `\t\t${cell(String(pid))}\t${cell(String(nodeId))} (${address})\n`;
  }
  return out;
}

export default defineTool({
  name: "corosync-cpgtool",
  summary: "show the process groups of the ring",
  parsing: "getopt",
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
      (_name, code) => `Could not initialize corosync cpg API error ${code}`,
    );
    if (isResult(cpg)) return cpg;
    const raw = options.flag("raw");
    const delimiter = options.value("delimiter");
    if (options.flag("names")) return { exit: 0, out: await showNames(cpg, raw, delimiter) };
    if (delimiter !== undefined) return { exit: 0, out: await showRows(cpg, raw, delimiter) };
    return { exit: 0, out: await showTable(cpg, await connectCfg(session.ipc), raw) };
  },
});
