/** Every built-in agent: its meta-data document, and the OCF exit codes of actions that need no machine. */
import { describe, expect, test } from "bun:test";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import type { Agent, AgentCall } from "../../../agents/agent.ts";
import { agentCall } from "../../../agents/call.ts";
import { directive } from "../../../agents/ocf/heartbeat/apache.ts";
import { agentKey, builtinAgents } from "../../../agents/table.ts";

const all: readonly (readonly [string, Agent])[] = await Promise.all(
  Object.entries(builtinAgents).map(async ([key, load]) => [key, (await load()).default] as const),
);

/** A call whose programs answer as told, and which keeps what was asked. */
function fakeCall(
  agent: Agent,
  action: string,
  parameters: Readonly<Record<string, string>>,
  answer: (argv: readonly string[]) => { exit: number; stdout?: string; stderr?: string },
): { readonly call: AgentCall; readonly ran: string[]; readonly reasons: string[] } {
  const env: Record<string, string> = { OCF_RESOURCE_INSTANCE: "vip" };
  for (const [name, value] of Object.entries(parameters)) env[`OCF_RESKEY_${name}`] = value;
  const ran: string[] = [];
  const reasons: string[] = [];
  const answered = (argv: readonly string[]) => {
    ran.push(argv.join(" "));
    return { stdout: "", stderr: "", ...answer(argv) };
  };
  const call: AgentCall = {
    ...agentCall(agent.definition, action, env),
    say: () => undefined,
    fail: (exit, reason) => {
      reasons.push(reason);
      return exit;
    },
    ask: answered,
    run: async (argv) => answered(argv),
    spawnDetached: () => 0,
  };
  return { call, ran, reasons };
}

describe.each(all)("%s", (key, agent) => {
  test("has the name it is found by", () => {
    expect(agent.id).toBe(`ocf:${key}`);
    expect(agentKey(agent.id)).toBe(key);
  });

  test("has a meta-data document with all a person or a shell asks for", () => {
    const xml = agent.metadata();
    expect(XMLValidator.validate(xml)).toBe(true);
    const parser = new XMLParser({
      ignoreAttributes: false,
      attributeNamePrefix: "",
      isArray: (name) => name === "parameter" || name === "action",
    });
    const root = parser.parse(xml)["resource-agent"];
    expect(root.name).toBe(agent.definition.name);
    const actions = root.actions.action.map((a: { name: string }) => a.name);
    for (const needed of ["start", "stop", "monitor", "meta-data", "validate-all"]) {
      expect(actions).toContain(needed);
    }
    for (const action of root.actions.action) expect(action.timeout).toMatch(/^\d+s$/);
    for (const parameter of root.parameters.parameter) {
      expect(parameter.longdesc["#text"].length).toBeGreaterThan(10);
      expect(parameter.shortdesc["#text"].length).toBeGreaterThan(0);
      expect(parameter.content.type).toMatch(/^(string|integer|boolean|time|select)$/);
    }
  });

  test("answers 3 to an action it does not know", async () => {
    const { call } = fakeCall(agent, "dance", {}, () => ({ exit: 0 }));
    expect(await agent.perform(call)).toBe(3);
  });
});

const addresses = (...list: readonly string[]) =>
  JSON.stringify([
    {
      ifname: "eth0",
      addr_info: list.map((local) => ({
        family: "inet",
        local,
        prefixlen: 24,
        broadcast: "172.25.12.255",
      })),
    },
  ]);

describe("IPaddr", () => {
  const agent = all.find(([key]) => key === "heartbeat:IPaddr")![1];
  const ip = { ip: "172.25.12.200", ARP_REPEAT: "0" };
  const host =
    (...list: readonly string[]) =>
    (argv: readonly string[]) => ({
      exit: 0,
      stdout: argv.includes("-json") ? addresses(...list) : "",
    });

  test("start adds the address with the mask and broadcast it found", async () => {
    const { call, ran } = fakeCall(agent, "start", ip, host("172.25.12.6"));
    expect(await agent.perform(call)).toBe(0);
    expect(ran[1]).toBe("ip address add 172.25.12.200/24 broadcast 172.25.12.255 dev eth0");
  });

  test("a second start is a success and changes nothing", async () => {
    const { call, ran } = fakeCall(agent, "start", ip, host("172.25.12.6", "172.25.12.200"));
    expect(await agent.perform(call)).toBe(0);
    expect(ran).toEqual(["ip -json address show"]);
  });

  test("monitor: 0 where it is, 7 where it is not", async () => {
    const here = fakeCall(agent, "monitor", ip, host("172.25.12.200"));
    const away = fakeCall(agent, "monitor", ip, host("172.25.12.6"));
    expect(await agent.perform(here.call)).toBe(0);
    expect(await agent.perform(away.call)).toBe(7);
  });

  test("stop removes it with the mask it has; a second stop is a success", async () => {
    const first = fakeCall(agent, "stop", ip, host("172.25.12.200"));
    expect(await agent.perform(first.call)).toBe(0);
    expect(first.ran[1]).toBe("ip address del 172.25.12.200/24 dev eth0");
    const second = fakeCall(agent, "stop", ip, host("172.25.12.6"));
    expect(await agent.perform(second.call)).toBe(0);
    expect(second.ran.length).toBe(1);
  });

  test("an error of `ip` is an error with its words", async () => {
    const { call, reasons } = fakeCall(agent, "start", ip, (argv) =>
      argv.includes("-json")
        ? { exit: 0, stdout: addresses("172.25.12.6") }
        : { exit: 2, stderr: "Operation not permitted" },
    );
    expect(await agent.perform(call)).toBe(1);
    expect(reasons[0]).toContain("Operation not permitted");
  });

  test.each([
    [{}, "required"],
    [{ ip: "nonsense" }, "no address"],
    [{ ip: "172.25.12.200", cidr_netmask: "255.0.255.0" }, "netmask"],
    [{ ip: "172.25.12.200", broadcast: "x" }, "broadcast"],
    [{ ip: "172.25.12.200", ARP_REPEAT: "many" }, "whole number"],
  ])("%p is refused as not configured", async (parameters, words) => {
    const { call, reasons } = fakeCall(agent, "start", parameters, host("172.25.12.6"));
    expect(await agent.perform(call)).toBe(6);
    expect(reasons[0]).toContain(words);
  });
});

describe("a state in a file", () => {
  const state = `/tmp/quorate-agents-test-${process.pid}`;

  test("Dummy: start, start, monitor, stop, stop, monitor", async () => {
    const agent = all.find(([key]) => key === "pacemaker:Dummy")![1];
    const codes: number[] = [];
    for (const action of ["monitor", "start", "start", "monitor", "stop", "stop", "monitor"]) {
      codes.push(await agent.perform(fakeCall(agent, action, { state }, () => ({ exit: 0 })).call));
    }
    expect(codes).toEqual([7, 0, 0, 0, 0, 0, 7]);
  });

  test("Stateful: promote and demote, with the scores it tells", async () => {
    const agent = all.find(([key]) => key === "pacemaker:Stateful")![1];
    const codes: number[] = [];
    const told: string[] = [];
    for (const action of ["start", "promote", "monitor", "demote", "monitor", "stop", "promote"]) {
      const fake = fakeCall(agent, action, { state }, () => ({ exit: 0 }));
      codes.push(await agent.perform(fake.call));
      told.push(...fake.ran.map((r) => r.split("crm_master ")[1]!));
    }
    expect(codes).toEqual([0, 0, 8, 0, 0, 0, 7]);
    expect(told).toEqual([
      "-l reboot -v 5",
      "-l reboot -v 10",
      "-l reboot -v 10",
      "-l reboot -v 5",
      "-l reboot -v 5",
      "-l reboot -D",
    ]);
  });
});

test("apache reads the last directive of a name, quoted or not", () => {
  const text = 'PidFile /a\n# PidFile /c\n  pidfile "/b b"\nServerRoot /etc/apache2\n';
  expect(directive(text, "PidFile")).toBe("/b b");
  expect(directive(text, "Listen")).toBeUndefined();
});
