/** crm_resource --list-standards, --list-agents, --show-metadata and their kin: which agents this host has (spec D8). */
import { CrmError } from "../../../lib/base/error.ts";
import { Exit } from "../../../lib/base/exit.ts";
import type { Session } from "../../../lib/cli/tool.ts";
import { element } from "../../../lib/xml/node.ts";
import { HostAgents } from "../../crm/agent-port.ts";
import { cdataElement, type ToolOutput } from "../tool-output.ts";
import { failure } from "./context.ts";

type Question = (agents: HostAgents, output: ToolOutput, word: string) => number | Promise<number>;

function lines(output: ToolOutput, words: readonly string[]): void {
  for (const word of words) output.line(word);
}

function standards(agents: HostAgents, output: ToolOutput): number {
  const names = agents.classes().map((c) => c.name);
  lines(output, names);
  const items = names.map((name) => element("item", {}, [], name));
  output.xml(element("list", { name: "standards", count: String(names.length) }, items));
  return Exit.ok;
}

function providers(
  output: ToolOutput,
  names: readonly string[],
  attrs: Readonly<Record<string, string>>,
): number {
  lines(output, names);
  const items = names.map((name) => element("provider", {}, [], name));
  output.xml(element("providers", attrs, items));
  return Exit.ok;
}

function agentsOf(agents: HostAgents, output: ToolOutput, word: string): number {
  const [standard = "", provider] = word.split(":");
  const names = agents.list(standard, provider);
  if (names.length === 0) {
    const whose = provider === undefined ? "" : ` and provider '${provider}'`;
    throw failure(Exit.error, `No agents found for standard '${standard}'${whose}`);
  }
  lines(output, names);
  const items = names.map((name) => element("agent", {}, [], name));
  output.xml(element("agents", { standard, provider }, items));
  return Exit.ok;
}

async function metadata(agents: HostAgents, output: ToolOutput, word: string): Promise<number> {
  const parts = word.split(":");
  const [standard = "", second = "", third] = parts;
  const complete = standard === "ocf" ? parts.length === 3 : parts.length === 2;
  if (!complete) throw failure(Exit.noSuch, `'${word}' is not a valid agent specification`);
  const provider = third === undefined ? undefined : second;
  const agent = { standard, provider, type: third ?? second };
  const text = await agents.metadata(agent);
  if (text === undefined) throw failure(Exit.noSuch, `Metadata query for ${word} failed`);
  if (output.isXml) output.xml(cdataElement("metadata", text));
  else output.raw(text.endsWith("\n") ? text : `${text}\n`);
  return Exit.ok;
}

/** The questions by their option; none needs a CIB. */
export const AGENT_QUESTIONS: Readonly<Record<string, Question>> = {
  "list-standards": standards,
  "list-ocf-providers": (agents, output) => {
    const names = agents.classes().find((c) => c.name === "ocf")?.providers ?? [];
    return providers(output, names, { standard: "ocf" });
  },
  "list-agents": agentsOf,
  "list-ocf-alternatives": (agents, output, word) => {
    const names = agents.providersOf(word);
    if (names.length === 0) throw failure(Exit.noSuch, `No OCF providers found for ${word}`);
    return providers(output, names, { for: word });
  },
  "show-metadata": metadata,
};

/** Answers one of the questions. Throws CrmError when there is no such agent. */
export async function answerAgents(
  session: Session,
  output: ToolOutput,
  question: string,
  word: string,
): Promise<number> {
  const answer = AGENT_QUESTIONS[question];
  if (answer === undefined) throw new CrmError(`unknown question ${question}`, Exit.usage);
  return answer(new HostAgents(session), output, word);
}
