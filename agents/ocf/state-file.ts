/** Small files below /run in which agents remember that a resource runs here; a restart of the node forgets them. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { AgentCall } from "../agent.ts";

/** The file of this resource: the parameter `state`, or a name of its own. */
export function statePath(call: AgentCall, agent: string): string {
  const given = call.parameter("state");
  return given === ""
    ? `/run/resource-agents/${agent}-${call.instance.replaceAll("/", "_")}.state`
    : given;
}

/** The text in the file; undefined when the resource does not run. */
export function readState(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8").trim() : undefined;
}

export function writeState(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${text}\n`);
}

export function dropState(path: string): void {
  rmSync(path, { force: true });
}
