/** The level `ra`: what resource agents there are and what they can do. */
import { agentPage, columns } from "../agent-page.ts";
import type { AgentName } from "../ports.ts";
import { agentText } from "./checks.ts";
import { completeAgent } from "./complete-objects.ts";
import type { Command, Level, Shell } from "./shell.ts";

/** `ocf:heartbeat:IPaddr`, `lsb:httpd` or a type that only one provider has; undefined after an error message. */
function agentOfWord(shell: Shell, word: string): AgentName | undefined {
  const parts = word.split(":");
  const type = parts.at(-1) ?? "";
  if (parts.length === 3) return { standard: parts[0] ?? "", provider: parts[1], type };
  if (parts.length === 2 && parts[0] !== "ocf") {
    return { standard: parts[0] ?? "", provider: undefined, type };
  }
  const providers = shell.ports.agents.providersOf(type);
  if (providers.length === 0) {
    shell.error(`ocf:${type}: no such resource agent`);
    return undefined;
  }
  const provider = providers.includes("heartbeat") ? "heartbeat" : providers[0];
  return { standard: "ocf", provider, type };
}

const classes: Command = {
  name: "classes",
  summary: "list classes and providers",
  usage: "",
  min: 0,
  max: 0,
  async run(shell) {
    const lines = shell.ports.agents
      .classes()
      .map((c) => (c.providers.length === 0 ? c.name : `${c.name} / ${c.providers.join(" ")}`));
    shell.say(lines.join("\n"));
    return true;
  },
};

const list: Command = {
  name: "list",
  summary: "list RA for a class (and provider)",
  usage: "<class> [<provider>]",
  min: 1,
  max: 2,
  async run(shell, [standard = "", provider]) {
    const known = shell.ports.agents.classes().find((c) => c.name === standard);
    if (known === undefined) {
      shell.error(`class ${standard} does not exist`);
      return false;
    }
    if (provider !== undefined && !known.providers.includes(provider)) {
      shell.error(`there is no provider ${provider} for class ${standard}`);
      return false;
    }
    shell.say(columns(shell.ports.agents.list(standard, provider), shell.terminal.columns));
    return true;
  },
  complete: async (shell, words) => {
    const all = shell.ports.agents.classes();
    if (words.length === 1) return all.map((c) => c.name);
    return all.find((c) => c.name === words[0])?.providers ?? [];
  },
};

const meta: Command = {
  name: "meta",
  aliases: ["info"],
  summary: "show meta data for a RA",
  usage: "[<class>:[<provider>:]]<type> | <type> <class> [<provider>]",
  min: 1,
  max: 3,
  help: "Parameters, operations and advised times of an agent, for example: meta ocf:heartbeat:IPaddr",
  async run(shell, [word = "", standard, provider]) {
    const agent =
      standard === undefined ? agentOfWord(shell, word) : { standard, provider, type: word };
    if (agent === undefined) return false;
    const info = await shell.ports.agents.info(agent);
    if (info === undefined) {
      shell.error(
        shell.ports.agents.exists(agent)
          ? `${agentText(agent)}: has no meta-data`
          : `${agentText(agent)}: no such resource agent`,
      );
      return false;
    }
    shell.say(agentPage(info, agentText(agent)));
    return true;
  },
  complete: async (shell, words) =>
    words.length === 1 ? completeAgent(shell, words[0] ?? "") : [],
};

const providers: Command = {
  name: "providers",
  summary: "show providers for a RA and a class",
  usage: "<type> [<class>]",
  min: 1,
  max: 2,
  async run(shell, [word = ""]) {
    const type = word.split(":").at(-1) ?? "";
    shell.say(shell.ports.agents.providersOf(type).join(" "));
    return true;
  },
  complete: async (shell) => shell.ports.agents.list("ocf", undefined),
};

const validate: Command = {
  name: "validate",
  summary: "validate parameters for a RA",
  usage: "<agent> [<name>=<value>...]",
  min: 1,
  max: Number.POSITIVE_INFINITY,
  async run(shell, [word = "", ...pairs]) {
    const agent = agentOfWord(shell, word);
    if (agent === undefined) return false;
    const parameters = new Map<string, string>();
    for (const pair of pairs) {
      const eq = pair.indexOf("=");
      if (eq < 1) {
        shell.error(`${pair}: expected <name>=<value>`);
        return false;
      }
      parameters.set(pair.slice(0, eq), pair.slice(eq + 1));
    }
    const { exit, text } = await shell.ports.agents.validate(agent, parameters);
    if (text !== "") shell.say(text);
    if (exit !== 0)
      shell.error(`${agentText(agent)}: validate-all failed with exit status ${exit}`);
    return exit === 0;
  },
};

export const ra: Level = {
  name: "ra",
  title: "Resource agents: what may be a resource, with which parameters.",
  below: [],
  commands: [classes, list, meta, providers, validate],
};
