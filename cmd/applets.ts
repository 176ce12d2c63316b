/** The table of tools: build.ts makes a link for each traditional name, `quorate help` lists them, main.ts loads one. */
import type { Tool } from "../lib/cli/tool.ts";

export interface Applet {
  readonly summary: string;
  /** "traditional" tools are linked by name; "quorate" ones are subcommands only. */
  readonly group: "corosync" | "pacemaker" | "crm" | "quorate";
  readonly load: () => Promise<{ readonly default: Tool }>;
}

export const applets: Readonly<Record<string, Applet>> = {};
