/**
 * Finds the applet by the name the binary was called by (a link such as crm_mon) or by the first word (`quorate crm_mon …`),
 * parses its options and runs it. What it returns is printed by main.ts; nothing else writes to stdout.
 */
import { CrmError } from "../lib/base/error.ts";
import { Exit } from "../lib/base/exit.ts";
import { helpText } from "../lib/cli/help.ts";
import { parseOptions, passThrough, withCommonOptions } from "../lib/cli/options.ts";
import type { ParsedOptions, Tool, ToolResult } from "../lib/cli/tool.ts";
import { IpcError } from "../lib/client/transport.ts";
import { realSession } from "../lib/runtime/session.ts";
import { applets } from "./applets.ts";
import { VERSION } from "./version.ts";

function overview(): string {
  const lines = ["Usage: quorate TOOL [ARGUMENT ...]", ""];
  const titles = {
    quorate: "What Quorate adds",
    corosync: "The ring (corosync)",
    pacemaker: "The manager (Pacemaker)",
    crm: "The shell",
  } as const;
  for (const [group, title] of Object.entries(titles)) {
    const rows = Object.entries(applets).filter(([, a]) => a.group === group);
    if (rows.length === 0) continue;
    lines.push(`${title}:`);
    for (const [name, applet] of rows) lines.push(`  ${name.padEnd(24)}${applet.summary}`);
    lines.push("");
  }
  lines.push(
    "`quorate TOOL --help` describes one tool. Each tool also answers to a link of its name.",
  );
  return `${lines.join("\n")}\n`;
}

/** Errors for people become `TOOL: text` on stderr and the tool's exit code; other errors are thrown on. */
function failureOf(tool: Tool, error: unknown): ToolResult {
  if (error instanceof CrmError) {
    const err = error.message === "" ? "" : `${tool.name}: ${error.message}\n`;
    return { exit: error.exit, err };
  }
  if (error instanceof IpcError) {
    return { exit: Exit.disconnected, err: `${tool.name}: ${error.message}\n` };
  }
  throw error;
}

function parsed(tool: Tool, args: readonly string[]): ParsedOptions | ToolResult {
  const style = tool.parsing === "getopt" ? "getopt" : "goption";
  try {
    return parseOptions(withCommonOptions(tool.options), args, style);
  } catch (error) {
    const { misuseOutput } = tool;
    const out = misuseOutput === "help" ? helpText(tool) : misuseOutput;
    return { ...failureOf(tool, error), ...(out === undefined ? {} : { out }) };
  }
}

/** Runs one tool on its words. */
async function runTool(tool: Tool, args: readonly string[]): Promise<ToolResult> {
  const session = realSession(tool.name);
  try {
    if (tool.parsing === "pass") return await tool.run(passThrough(args), session);
    const options = parsed(tool, args);
    if ("exit" in options) return options;
    if (options.flag("help")) return { exit: Exit.ok, out: helpText(tool) };
    if (options.flag("version"))
      return { exit: Exit.ok, out: `Quorate ${VERSION} (${tool.name})\n` };
    return await tool.run(options, session);
  } catch (error) {
    return failureOf(tool, error);
  }
}

/**
 * citty's part: the commands that people give to Quorate. The traditional tools and the agents, which the manager calls all
 * day, do without: to load it takes longer than some of them run.
 */
async function runCommand(tool: Tool, args: readonly string[]) {
  const citty = await import("citty");
  let result: ToolResult = { exit: Exit.software };
  const command = citty.defineCommand({
    meta: { name: tool.name, description: tool.summary },
    run: async ({ rawArgs }) => {
      result = await runTool(tool, rawArgs);
    },
  });
  await citty.runCommand(command, { rawArgs: [...args] });
  return result;
}

/** Runs what was called; the result is not printed yet. */
export async function dispatch(called: string, args: readonly string[]): Promise<ToolResult> {
  const named = Object.hasOwn(applets, called) ? called : undefined;
  const name = named ?? args[0] ?? "help";
  const words = named === undefined ? args.slice(1) : args;
  if (name === "help" || name === "--help" || name === "-h") {
    return { exit: Exit.ok, out: overview() };
  }
  if (name === "--version" || name === "-v") return { exit: Exit.ok, out: `Quorate ${VERSION}\n` };
  const applet = Object.hasOwn(applets, name) ? applets[name] : undefined;
  if (applet === undefined) {
    return {
      exit: Exit.usage,
      err: `quorate: there is no tool "${name}"; \`quorate help\` lists them\n`,
    };
  }
  const tool = (await applet.load()).default;
  if (applet.group !== "quorate" || tool.parsing === "pass") return await runTool(tool, words);
  return await runCommand(tool, words);
}
