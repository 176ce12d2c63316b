/** The built-in resource agents by "PROVIDER:TYPE", loaded when one is called. */
import type { Agent } from "./agent.ts";

type Load = () => Promise<{ readonly default: Agent }>;

export const builtinAgents: Readonly<Record<string, Load>> = {
  "heartbeat:Dummy": () => import("./ocf/heartbeat/Dummy.ts"),
  "heartbeat:IPaddr": () => import("./ocf/heartbeat/IPaddr.ts"),
  "heartbeat:IPaddr2": () => import("./ocf/heartbeat/IPaddr2.ts"),
  "heartbeat:anything": () => import("./ocf/heartbeat/anything.ts"),
  "heartbeat:apache": () => import("./ocf/heartbeat/apache.ts"),
  "pacemaker:Dummy": () => import("./ocf/pacemaker/Dummy.ts"),
  "pacemaker:Stateful": () => import("./ocf/pacemaker/Stateful.ts"),
  "pacemaker:ping": () => import("./ocf/pacemaker/ping.ts"),
};

/** "ocf:heartbeat:IPaddr", "heartbeat/IPaddr" or "IPaddr" → key of the table; undefined when there is none. */
export function agentKey(name: string): string | undefined {
  const words = name.replace(/^ocf:/, "").split(/[:/]+/);
  const key = words.length === 1 ? undefined : words.join(":");
  if (key !== undefined) return Object.hasOwn(builtinAgents, key) ? key : undefined;
  return Object.keys(builtinAgents).find((k) => k.endsWith(`:${words[0]}`));
}
