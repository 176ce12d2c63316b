/** What may follow in the commands that name or make objects (crm-interactive.md, TAB completion). */

import type { ObjectKind } from "../language/kind.ts";
import { listObjects, nodeNames } from "../objects.ts";
import type { AgentName } from "../ports.ts";
import { clusterProperties, metaAttributes, operationAttributes } from "../words.ts";
import type { Shell } from "./shell.ts";

/** All ids, after some other words. */
export async function completeIds(
  shell: Shell,
  others: readonly string[],
): Promise<readonly string[]> {
  const { root } = await shell.workingCopy();
  return [...others, ...listObjects(root).map((o) => o.id)];
}

/** Resources that constraints may name: no members of groups or clones. */
async function topResources(shell: Shell): Promise<readonly string[]> {
  const { root } = await shell.workingCopy();
  return listObjects(root)
    .filter((o) => o.kind.section === "resources" && o.container === undefined)
    .map((o) => o.id);
}

/** Agents as they are typed: classes, `class:`, providers, types. */
export function completeAgent(shell: Shell, typed: string): readonly string[] {
  const { agents } = shell.ports;
  const parts = typed.split(":");
  const [standard = "", provider = ""] = parts;
  if (parts.length === 1) {
    const classes = agents.classes().map((c) => `${c.name}:`);
    return [...classes, ...agents.list("ocf", undefined)];
  }
  const providers = agents.classes().find((c) => c.name === standard)?.providers ?? [];
  if (providers.length === 0)
    return agents.list(standard, undefined).map((t) => `${standard}:${t}`);
  if (parts.length === 2) return providers.map((p) => `${standard}:${p}:`);
  return agents.list(standard, provider).map((t) => `${standard}:${provider}:${t}`);
}

function agentNamed(shell: Shell, word: string): AgentName | undefined {
  const parts = word.split(":");
  const type = parts.at(-1) ?? "";
  if (parts.length === 3) return { standard: parts[0] ?? "", provider: parts[1], type };
  if (parts.length === 2) return { standard: parts[0] ?? "", provider: undefined, type };
  const provider = shell.ports.agents.providersOf(type)[0];
  return provider === undefined ? undefined : { standard: "ocf", provider, type };
}

const SECTIONS = ["params", "meta", "utilization", "operations", "op"];

async function completePrimitive(
  shell: Shell,
  words: readonly string[],
): Promise<readonly string[]> {
  if (words.length === 1) return [];
  if (words.length === 2) return completeAgent(shell, words[1] ?? "");
  const before = words.slice(2, -1);
  const section = before.findLast((w) => SECTIONS.includes(w));
  const agent = agentNamed(shell, words[1] ?? "");
  const info = agent === undefined ? undefined : await shell.ports.agents.info(agent);
  if (section === "op") {
    const since = before.length - before.lastIndexOf("op");
    if (since === 1)
      return [...new Set(info?.actions.map((a) => a.name) ?? ["start", "stop", "monitor"])];
    return [...operationAttributes.map((a) => `${a}=`), ...SECTIONS];
  }
  if (section === "params") {
    const parameters = [...(info?.parameters ?? [])].sort(
      (a, b) => Number(b.required) - Number(a.required),
    );
    return [...parameters.map((p) => `${p.name}=`), ...SECTIONS];
  }
  if (section === "meta") return [...metaAttributes.map((m) => `${m}=`), ...SECTIONS];
  return SECTIONS;
}

/** Candidates for the last of the words of an object command. */
export async function completeObject(
  shell: Shell,
  kind: ObjectKind,
  words: readonly string[],
): Promise<readonly string[]> {
  const { root } = await shell.workingCopy();
  switch (kind.word) {
    case "primitive":
    case "rsc_template":
      return await completePrimitive(shell, words);
    case "property":
      return clusterProperties.map((p) => `${p}=`);
    case "rsc_defaults":
      return metaAttributes.map((m) => `${m}=`);
    case "op_defaults":
      return operationAttributes.map((a) => `${a}=`);
    case "group":
    case "clone":
    case "ms":
      return words.length === 1 ? [] : [...(await topResources(shell)), "meta", "params"];
    case "location":
      if (words.length === 1) return [];
      return words.length === 2
        ? await topResources(shell)
        : [...nodeNames(root), "rule", "inf:", "-inf:"];
    case "colocation":
      if (words.length === 1) return [];
      return words.length === 2 ? ["inf:", "-inf:"] : await topResources(shell);
    case "order":
      if (words.length === 1) return [];
      return words.length === 2
        ? ["Mandatory:", "Optional:", "Serialize:"]
        : [...(await topResources(shell)), "symmetrical="];
    case "rsc_ticket":
      return words.length < 3 ? [] : [...(await topResources(shell)), "loss-policy="];
    case "fencing_topology":
      return nodeNames(root).map((n) => `${n}:`);
    case "node":
      return words.length === 1 ? nodeNames(root) : ["attributes", "utilization"];
    case "tag":
      return words.length === 1 ? [] : await completeIds(shell, []);
    default:
      return [];
  }
}
