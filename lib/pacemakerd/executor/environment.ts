/**
 * What an agent finds in its environment (spec/runtime.md 3.9). Only OCF agents get parameters; the daemon's own variables
 * are added by the runtime.
 */
import type { AgentTraits } from "../../ocf/traits.ts";
import type { Operation } from "../controller/history.ts";

/** The action word this agent understands. */
export function actionWord(
  { standard, operation }: Pick<Operation, "standard" | "operation">,
  traits: AgentTraits | undefined,
): string {
  if (standard !== "ocf" && operation === "monitor") return "status";
  const isReload = operation === "reload" || operation === "reload-agent";
  return isReload ? (traits?.reload ?? operation) : operation;
}

/** Variables for one run. */
export function agentEnvironment(operation: Operation): Readonly<Record<string, string>> {
  if (operation.standard !== "ocf") return {};
  const environment: Record<string, string> = {
    OCF_ROOT: "/usr/lib/ocf",
    OCF_RA_VERSION_MAJOR: "1",
    OCF_RA_VERSION_MINOR: "1",
    OCF_EXIT_REASON_PREFIX: "ocf-exit-reason:",
    OCF_RESOURCE_INSTANCE: operation.resource,
    OCF_RESOURCE_TYPE: operation.agent,
    OCF_RESOURCE_PROVIDER: operation.provider ?? "",
    OCF_OUTPUT_FORMAT: "text",
  };
  for (const [name, value] of operation.attributes) {
    if (name === "CRM_meta_op_target_rc") continue;
    const key = name === "OCF_CHECK_LEVEL" ? name : `OCF_RESKEY_${name}`;
    environment[key] = value;
  }
  return environment;
}

/** The text behind the last `ocf-exit-reason:` that stands in a line of stderr. */
export function exitReason(stderr: string): string {
  const mark = "ocf-exit-reason:";
  const lines = stderr.split("\n");
  for (let at = lines.length - 1; at >= 0; at--) {
    const found = lines[at]!.indexOf(mark);
    if (found >= 0) return lines[at]!.slice(found + mark.length).trim();
  }
  return "";
}
