/**
 * `quorate agent ocf:PROVIDER:TYPE ACTION`: runs a built-in resource agent with OCF_RESKEY_* from the environment; its exit
 * code is the OCF code. Also what agents and the lab start in the background: `announce` and `web`.
 */
import { agentCall } from "../../agents/call.ts";
import { announce } from "../../agents/ocf/heartbeat/announce.ts";
import { agentKey, builtinAgents } from "../../agents/table.ts";
import { serveFolder } from "../../agents/web.ts";
import { Exit } from "../../lib/base/exit.ts";
import { defineTool } from "../../lib/cli/tool.ts";

const USAGE = "ocf:PROVIDER:TYPE ACTION | --list";

export default defineTool({
  name: "agent",
  summary: "run a built-in resource agent",
  usage: USAGE,
  parsing: "pass",
  options: [],
  run: async (options, session) => {
    const [name, action, ...rest] = options.positionals;
    if (name === "--list") {
      const lines = Object.keys(builtinAgents).map((key) => `ocf:${key}\n`);
      return { exit: Exit.ok, out: lines.join("") };
    }
    if (name === undefined || action === undefined) {
      return { exit: Exit.usage, err: `Usage: quorate agent ${USAGE}\n` };
    }
    if (name === "announce") return { exit: await announce([action, ...rest]) };
    if (name === "web") return { exit: await serveFolder(action, rest[0]) };
    const key = agentKey(name);
    const load = key === undefined ? undefined : builtinAgents[key];
    if (load === undefined) {
      return {
        exit: Exit.notInstalled,
        err: `agent: there is no built-in agent "${name}"; \`quorate agent --list\` lists them\n`,
      };
    }
    const agent = (await load()).default;
    if (action === "meta-data") return { exit: Exit.ok, out: agent.metadata() };
    if (action === "usage" || action === "help") {
      const actions = agent.definition.actions.map((a) => a.name);
      return { exit: Exit.ok, out: `usage: ${agent.id} {${[...new Set(actions)].join("|")}}\n` };
    }
    return { exit: await agent.perform(agentCall(agent.definition, action, session.env)) };
  },
});
