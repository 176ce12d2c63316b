/** The one place that decides which text a cluster's tools print (HOUSE, decision "Text form"). */
import type { TextForm } from "./cluster.ts";

/** "classic openais (with plugin)" is the stack of corosync 1 with the plugin: Pacemaker 1.1.10's text; else today's. */
export function textForm(stack: string | undefined): TextForm {
  return stack?.includes("classic openais") === true ? "classic" : "current";
}
