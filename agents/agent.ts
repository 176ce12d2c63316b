/**
 * What a resource agent is (OCF Resource Agent API 1.1; spec/runtime.md section 3.9 for its environment): one table of
 * parameters and actions, from which both the meta-data document and the checks come, and a function for each action.
 *
 * Agents run as `quorate agent ocf:PROVIDER:TYPE ACTION` with OCF_RESKEY_* in the environment. Agents of the same name below
 * /usr/lib/ocf/resource.d win over these; the executor decides that.
 */
import { Exit } from "../lib/base/exit.ts";

export interface AgentParameter {
  readonly name: string;
  readonly type: "string" | "integer" | "boolean" | "time" | "select";
  /** Allowed words of a select. */
  readonly values?: readonly string[];
  readonly default?: string;
  readonly required?: boolean;
  /** Two resources of the type may not have the same value. */
  readonly unique?: boolean;
  /** A change needs reload-agent only, no restart. */
  readonly reloadable?: boolean;
  readonly short: string;
  readonly long: string;
}

/** An advertised action with the least time it wants. */
export interface AgentAction {
  readonly name: string;
  readonly timeoutS: number;
  readonly intervalS?: number;
  readonly depth?: number;
  readonly role?: "Promoted" | "Unpromoted";
  /** Absent for meta-data, which every agent answers alike. */
  readonly run?: (call: AgentCall) => Promise<number> | number;
}

export interface AgentDefinition {
  readonly provider: string;
  readonly name: string;
  readonly version: string;
  readonly short: string;
  readonly long: string;
  readonly parameters: readonly AgentParameter[];
  readonly actions: readonly AgentAction[];
}

export interface ProgramAnswer {
  /** As a shell has it: 127 when there is no such program. */
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The world as an agent may see it; agents/call.ts makes the real one, tests their own. */
export interface AgentCall {
  readonly action: string;
  /** OCF_RESOURCE_INSTANCE. */
  readonly instance: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The value of a parameter, or its default; "" when it has neither. */
  parameter(name: string): string;
  /** True when the caller gave it a value. */
  given(name: string): boolean;
  /** True for yes, true, 1, on. */
  flag(name: string): boolean;
  /** A whole number; the default when the value is none. */
  number(name: string): number;
  /** True when this is a probe: a monitor without interval. */
  readonly probe: boolean;
  /** Milliseconds that the executor gives this action; undefined when it does not say. */
  readonly timeoutMs: number | undefined;
  /** A line for the log. */
  say(text: string): void;
  /** Says why it fails (ocf-exit-reason) and returns `exit`, for `return call.fail(…)`. */
  fail(exit: number, reason: string): number;
  /** Runs a program of the system that answers and ends, and leaves nothing behind. */
  ask(argv: readonly string[]): ProgramAnswer;
  /** Runs any program: one that it leaves behind may hold its output open. */
  run(argv: readonly string[]): Promise<ProgramAnswer>;
  /** Starts a program that outlives the action, with files for its output. Returns its pid. */
  spawnDetached(
    argv: readonly string[],
    options?: { readonly stdout?: string; readonly stderr?: string; readonly cwd?: string },
  ): number;
  sleep(ms: number): Promise<void>;
}

export interface Agent {
  readonly definition: AgentDefinition;
  /** "ocf:heartbeat:IPaddr" */
  readonly id: string;
  /** The meta-data document. */
  metadata(): string;
  /** Runs one action; the OCF exit code. */
  perform(call: AgentCall): Promise<number>;
}

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function attribute(name: string, value: string | undefined): string {
  return value === undefined ? "" : ` ${name}="${escapeText(value).replaceAll('"', "&quot;")}"`;
}

function described(indent: string, element: "longdesc" | "shortdesc", text: string): string {
  return `${indent}<${element} lang="en">${escapeText(text)}</${element}>`;
}

function parameterXml(p: AgentParameter): string {
  const bit = (value: boolean | undefined) => (value === true ? "1" : "0");
  const open =
    attribute("name", p.name) +
    attribute("unique", bit(p.unique)) +
    attribute("required", bit(p.required)) +
    (p.reloadable === true ? attribute("reloadable", "1") : "");
  const content = attribute("type", p.type) + attribute("default", p.default);
  const values = (p.values ?? []).map((v) => `        <option${attribute("value", v)}/>`);
  return [
    `    <parameter${open}>`,
    described("      ", "longdesc", p.long),
    described("      ", "shortdesc", p.short),
    values.length === 0
      ? `      <content${content}/>`
      : [`      <content${content}>`, ...values, "      </content>"].join("\n"),
    "    </parameter>",
  ].join("\n");
}

function actionXml(a: AgentAction): string {
  const words =
    attribute("name", a.name) +
    attribute("role", a.role) +
    attribute("timeout", `${a.timeoutS}s`) +
    (a.intervalS === undefined ? "" : attribute("interval", `${a.intervalS}s`)) +
    (a.depth === undefined ? "" : attribute("depth", String(a.depth)));
  return `    <action${words}/>`;
}

/** The meta-data document of an agent, from its table. */
export function metadataXml(d: AgentDefinition): string {
  const parameters = d.parameters.map(parameterXml);
  return `${[
    '<?xml version="1.0"?>',
    `<resource-agent${attribute("name", d.name)}${attribute("version", d.version)}>`,
    "  <version>1.1</version>",
    described("  ", "longdesc", d.long),
    described("  ", "shortdesc", d.short),
    ...(parameters.length === 0
      ? ["  <parameters/>"]
      : ["  <parameters>", ...parameters, "  </parameters>"]),
    "  <actions>",
    ...d.actions.map(actionXml),
    "  </actions>",
    "</resource-agent>",
  ].join("\n")}\n`;
}

/** A value that its parameter's type does not allow; undefined when all are right. */
function wrongValue(d: AgentDefinition, call: AgentCall): string | undefined {
  for (const p of d.parameters) {
    const value = call.parameter(p.name);
    if (p.required === true && value === "") return `the parameter ${p.name} is required`;
    if (!call.given(p.name)) continue;
    if (p.type === "integer" && !/^[+-]?\d+$/.test(value)) {
      return `${p.name}="${value}" is no whole number`;
    }
    if (p.values !== undefined && !p.values.includes(value)) {
      return `${p.name}="${value}" is none of ${p.values.join(", ")}`;
    }
  }
  return undefined;
}

/** Actions that answer without looking at parameters. */
const UNCHECKED = new Set(["meta-data", "usage", "help"]);

/** Makes an agent from its table. */
export function defineAgent(definition: AgentDefinition): Agent {
  const meta: AgentDefinition = {
    ...definition,
    actions: [...definition.actions, { name: "meta-data", timeoutS: 5 }],
  };
  return {
    definition: meta,
    id: `ocf:${definition.provider}:${definition.name}`,
    metadata: () => metadataXml(meta),
    perform: async (call) => {
      const action = definition.actions.find((a) => a.name === call.action);
      if (action?.run === undefined || UNCHECKED.has(call.action)) return Exit.unimplemented;
      const wrong = wrongValue(definition, call);
      if (wrong !== undefined) return call.fail(Exit.notConfigured, wrong);
      return await action.run(call);
    },
  };
}
