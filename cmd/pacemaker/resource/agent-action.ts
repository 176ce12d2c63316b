/**
 * crm_resource --validate and --force-ACTION: runs a resource's agent here and now, past the cluster (spec/outputs-and-tools
 * D8). The agent is that of a configured resource (-r), or one named by --class, --provider and --agent.
 */
import { CrmError } from "../../../lib/base/error.ts";
import { Exit } from "../../../lib/base/exit.ts";
import { exitCode } from "../../../lib/base/result-code.ts";
import type { ParsedOptions, Session } from "../../../lib/cli/tool.ts";
import { parametersOf } from "../../../lib/status/parameters.ts";
import { currentNode } from "../../../lib/status/tree.ts";
import { parseTimeoutMs } from "../../../lib/time/interval.ts";
import { element } from "../../../lib/xml/node.ts";
import { agentCommand } from "../agent-runner.ts";
import type { ToolOutput } from "../tool-output.ts";
import { type ResourceContext, wantedResource } from "./context.ts";

/** Commands of crm_resource and the agent's action behind each. */
export const AGENT_ACTIONS: Readonly<Record<string, string>> = {
  validate: "validate-all",
  "force-check": "monitor",
  "force-start": "start",
  "force-stop": "stop",
  "force-promote": "promote",
  "force-demote": "demote",
};

const DEFAULT_TIMEOUT_MS = 20_000;

interface Agent {
  readonly standard: string;
  readonly provider: string | undefined;
  readonly type: string;
}

interface Call {
  readonly agent: Agent;
  /** The configured resource; undefined for an agent alone. */
  readonly resource: string | undefined;
  readonly parameters: ReadonlyMap<string, string>;
  /** "validate", "force-check", …: as typed. */
  readonly command: string;
  readonly level: string;
}

/** --option NAME=VALUE, any number. */
function overridesOf(given: ParsedOptions): ReadonlyMap<string, string> {
  return new Map(
    given.list("option").map((word) => {
      const at = word.indexOf("=");
      if (at < 1) throw new CrmError(`'${word}' is no NAME=VALUE`, Exit.usage);
      return [word.slice(0, at), word.slice(at + 1)] as const;
    }),
  );
}

/** Words about options that do not go together; undefined when all is well. */
export function agentOptionProblem(given: ParsedOptions, command: string): string | undefined {
  const named = ["class", "agent", "provider"].some((key) => given.value(key) !== undefined);
  if (!named) return undefined;
  if (given.value("resource") !== undefined) {
    return "--class, --agent, and --provider cannot be used with -r/--resource";
  }
  if (AGENT_ACTIONS[command] === undefined) {
    return "--class, --agent, and --provider can only be used with --validate and --force-*";
  }
  if (given.value("class") === undefined || given.value("agent") === undefined) {
    return "--class and --agent are needed together";
  }
  return undefined;
}

/** Runs an agent that no resource needs to have. */
export async function runNamedAgent(
  given: ParsedOptions,
  session: Session,
  output: ToolOutput,
  command: string,
  level: string,
): Promise<number> {
  const agent: Agent = {
    standard: given.value("class") ?? "",
    provider: given.value("provider"),
    type: given.value("agent") ?? "",
  };
  const parameters = overridesOf(given);
  const call: Call = { agent, resource: undefined, parameters, command, level };
  return perform(given, session, output, call);
}

/** Runs the agent of -r with its configured parameters. */
export async function runResourceAgent(
  context: ResourceContext,
  command: string,
  level: string,
): Promise<number> {
  const { given, status } = context;
  const resource = wantedResource(context);
  const { config } = resource;
  if (config.kind !== "primitive") {
    throw new CrmError(`'${config.id}' is no primitive: it has no agent of its own`, Exit.usage);
  }
  const starts = command === "force-start" || command === "force-promote";
  if (starts && resource.active.length > 0 && !given.flag("force")) {
    const where = resource.active.map((n) => n.name).join(" ");
    const text = `'${config.id}' runs on ${where}: starting it here too may harm its data (--force insists)`;
    throw new CrmError(text, Exit.unsafe);
  }
  const surroundings = { cib: status.cib, now: status.now, recheckAt: () => {} };
  const own = parametersOf(surroundings, resource, currentNode(resource));
  const agent: Agent = {
    standard: config.standard,
    provider: config.provider,
    type: config.agent,
  };
  const parameters = new Map([...own, ...overridesOf(given)]);
  const call: Call = { agent, resource: resource.name, parameters, command, level };
  return perform(given, context.session, context.output, call);
}

/** What agents find in their environment (spec/runtime.md 3.9); OCF_RESKEY_ of the caller's own stays. */
function environmentOf(session: Session, call: Call, timeoutMs: number): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(session.env))
    if (value !== undefined) env[name] = value;
  for (const [name, value] of call.parameters) env[`OCF_RESKEY_${name}`] = value;
  return {
    ...env,
    OCF_ROOT: "/usr/lib/ocf",
    OCF_RA_VERSION_MAJOR: "1",
    OCF_RA_VERSION_MINOR: "1",
    OCF_RESOURCE_INSTANCE: call.resource ?? "test",
    OCF_RESOURCE_TYPE: call.agent.type,
    ...(call.agent.provider === undefined ? {} : { OCF_RESOURCE_PROVIDER: call.agent.provider }),
    ...(call.level === "" ? {} : { OCF_CHECK_LEVEL: call.level }),
    OCF_RESKEY_CRM_meta_timeout: String(timeoutMs),
  };
}

async function perform(
  given: ParsedOptions,
  session: Session,
  output: ToolOutput,
  call: Call,
): Promise<number> {
  const { standard, provider, type } = call.agent;
  const action = AGENT_ACTIONS[call.command] ?? call.command;
  const isScript = standard !== "ocf";
  const verb = isScript && action === "monitor" ? "status" : action;
  const argv = agentCommand({ standard, provider, agent: type, action: verb });
  const timeoutMs = parseTimeoutMs(given.value("timeout") ?? "") ?? DEFAULT_TIMEOUT_MS;
  const env = environmentOf(session, call, timeoutMs);
  const done =
    argv === undefined
      ? { exit: Exit.notInstalled, stdout: "", stderr: "" }
      : await session.runProgram(argv, { env, timeoutMs });
  const { text } = exitCode(done.exit);
  const name = [standard, provider, type].filter((part) => part !== undefined).join(":");
  const whose = call.resource === undefined ? "" : ` for ${call.resource}`;
  const result =
    argv === undefined
      ? "could not be executed (Not installed)"
      : `returned ${done.exit} (${text})`;
  output.line(`Operation ${call.command}${whose} (${name}) ${result}`);
  for (const [source, said] of [
    ["stdout", done.stdout],
    ["stderr", done.stderr],
  ] as const) {
    if (said.trim() !== "") output.line(`${source}: ${said.trimEnd()}`);
  }
  output.xml(
    element(
      "resource-agent-action",
      { action: call.command, class: standard, type, provider, rsc: call.resource },
      [
        element("overrides"),
        element("agent-status", {
          code: String(done.exit),
          message: text,
          execution_code: argv === undefined ? "7" : "0",
          execution_message: argv === undefined ? "Not installed" : "Done",
        }),
      ],
    ),
  );
  if (done.exit !== 0) throw new CrmError(`Error performing operation: ${text}`, done.exit);
  return Exit.ok;
}
