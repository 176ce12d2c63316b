/** corosync-cfgtool: links, nodes, reload, shutdown; texts and exit codes of the original. */
import { helpText } from "../../lib/cli/help.ts";
import { defineTool, type Tool, type ToolResult } from "../../lib/cli/tool.ts";
import { type CfgClient, CfgShutdown, connectCfg } from "../../lib/client/cfg.ts";
import { type CmapClient, connectCmap } from "../../lib/client/cmap.ts";
import { CorosyncError } from "../../lib/client/corosync.ts";
import type { IpcTransport } from "../../lib/client/transport.ts";
import { CsError } from "../../lib/wire/ipc/cs-error.ts";
import type { LinkStatus } from "../../lib/wire/ipc/services-cfg.ts";
import {
  connected,
  errorCode,
  errorName,
  failed,
  isResult,
  lastAction,
  listedNodes,
  wholeNumber,
} from "./service-error.ts";

const INIT = "Could not initialize corosync configuration API error";
const KILL_REASON = "killed by administrator";
/** Links a node may have. */
const LINKS = 8;
/** The original does not wait longer for a node to agree to its end. */
const TRIES = 10;

async function heading(cfg: CfgClient, cmap: CmapClient): Promise<string> {
  const transport = (await cmap.getString("totem.transport")) ?? "knet";
  return `Local node ID ${await cfg.localNodeId()}, transport ${transport}\n`;
}

/** Nodes to show: those of the nodelist, or, in the legacy form, those that were ever seen. */
async function nodeIds(cmap: CmapClient): Promise<readonly number[]> {
  const listed = [...(await listedNodes(cmap)).keys()];
  if (listed.length > 0) return listed.toSorted((a, b) => a - b);
  const members = await cmap.keys("runtime.members.");
  const ids = members.flatMap((key) => {
    const id = /^runtime\.members\.(\d+)\.status$/.exec(key)?.[1];
    return id === undefined ? [] : [Number(id)];
  });
  return ids.toSorted((a, b) => a - b);
}

/** knet names its protocol behind the number of a link; udp and udpu have no links to name. */
async function protocol(cmap: CmapClient): Promise<string> {
  return (await cmap.getString("totem.transport")) === "knet" ? "udp" : "";
}

/** The one link that -i means, where it names one; all of them otherwise, as with the original. */
function chosenLinks(
  links: readonly (LinkStatus | undefined)[],
  wanted: string | undefined,
): readonly number[] {
  const numbers = links.flatMap((link, number) => (link === undefined ? [] : [number]));
  const chosen = numbers.filter((n) => wanted === String(n) || wanted === links[n]?.source);
  return chosen.length === 0 ? numbers : chosen;
}

async function showLinks(
  cfg: CfgClient,
  cmap: CmapClient,
  brief: boolean,
  wanted: string | undefined,
): Promise<string> {
  const local = await cfg.localNodeId();
  const ids = await nodeIds(cmap);
  const nodes = await Promise.all(
    ids.map(async (id) => ({ id, status: await cfg.nodeStatus(id) })),
  );
  // Of a node that speaks of itself the original shows link 0 only; the others tell which links there are.
  const others = nodes.toSorted((a, b) => Number(a.id === local) - Number(b.id === local));
  const links = Array.from({ length: LINKS }, (_, number) =>
    others.map(({ status }) => status?.links[number]).find((link) => link?.enabled === true),
  );
  const name = await protocol(cmap);
  let text = await heading(cfg, cmap);
  for (const number of chosenLinks(links, wanted)) {
    let codes = "";
    let lines = "";
    for (const { id, status } of nodes) {
      const up = status?.links[number]?.connected === true;
      const word = id === local ? "localhost" : up ? "connected" : "disconnected";
      codes += id === local ? "n" : up ? "3" : "1";
      lines += `\t\tnodeid: ${String(id).padStart(10)}:\t${word}\n`;
    }
    const status = brief ? `\tstatus\t= ${codes}\n` : `\tstatus:\n${lines}`;
    text += `LINK ID ${number} ${name}\n\taddr\t= ${links[number]?.source ?? ""}\n${status}`;
  }
  return text;
}

async function showNodes(cfg: CfgClient, cmap: CmapClient): Promise<string> {
  const local = await cfg.localNodeId();
  const name = await protocol(cmap);
  const arrow = name === "" ? "" : "->";
  let text = await heading(cfg, cmap);
  for (const id of await nodeIds(cmap)) {
    if (id === local) continue;
    const status = await cfg.nodeStatus(id);
    if (status === undefined) continue;
    text += `nodeid: ${id} ${status.reachable ? "reachable" : "unreachable"}\n`;
    for (const [number, link] of status.links.entries()) {
      if (!link.enabled) continue;
      const words = link.connected ? "enabled connected" : "enabled";
      const ends = `${link.source}${arrow}${link.destination}`;
      text += `   LINK: ${number} ${name} (${ends}) ${words} mtu: ${link.mtu}\n`;
    }
    text += "\n";
  }
  return text;
}

async function killNode(ipc: IpcTransport, id: number): Promise<ToolResult> {
  const out = `Killing node ${id}\n`;
  const result = await withCfg(ipc, String, async (cfg) => {
    try {
      await cfg.killNode(id, KILL_REASON);
      return { exit: 0 };
    } catch (error) {
      return failed(`Could not kill node (error = ${errorName(error)})`);
    }
  });
  return { ...result, out };
}

async function shutDown(
  cfg: CfgClient,
  force: boolean,
  pause: (ms: number) => Promise<void>,
): Promise<ToolResult> {
  const out = "Shutting down corosync\n";
  for (let left = TRIES; ; left--) {
    try {
      await cfg.tryShutdown(force ? CfgShutdown.regardless : CfgShutdown.ask);
      return { exit: 0, out };
    } catch (error) {
      const again = error instanceof CorosyncError && error.code === CsError.tryAgain;
      if (!again || left === 0) {
        return { exit: 1, out, err: `Could not shutdown (error = ${errorName(error)})\n` };
      }
      await pause(500);
    }
  }
}

async function showAddresses(cfg: CfgClient, id: number): Promise<ToolResult> {
  const addresses = await cfg.nodeAddresses(id);
  if (addresses.length === 0) return failed(`Could not get node address for nodeid ${id}`);
  return { exit: 0, out: `${addresses.join(" ")}\n` };
}

async function withBoth(
  ipc: IpcTransport,
  show: (cfg: CfgClient, cmap: CmapClient) => Promise<string>,
): Promise<ToolResult> {
  return withCfg(ipc, String, async (cfg) => {
    const cmap = await connectCmap(ipc);
    return { exit: 0, out: await show(cfg, cmap) };
  });
}

/** @param shown how the code of a failed connection is told: some actions name it, others give the number. */
async function withCfg(
  ipc: IpcTransport,
  shown: (code: number, name: string) => string,
  act: (cfg: CfgClient) => Promise<ToolResult>,
): Promise<ToolResult> {
  const cfg = await connected(
    () => connectCfg(ipc),
    (name, code) => `${INIT} ${shown(code, name)}`,
  );
  return isResult(cfg) ? cfg : act(cfg);
}

const byName = (_code: number, name: string) => name;

async function reload(ipc: IpcTransport): Promise<ToolResult> {
  const result = await withCfg(ipc, byName, async (cfg) => {
    try {
      await cfg.reload();
      return { exit: 0, out: "Done\n" };
    } catch (error) {
      const err = `Could not reload configuration. Error ${errorName(error)}\n`;
      return { exit: errorCode(error), err };
    }
  });
  return { ...result, out: `Reloading corosync.conf...\n${result.out ?? ""}` };
}

const ACTIONS = ["status", "nodes", "reload", "reopen", "kill", "address", "shutdown"];

const cfgtool: Tool = defineTool({
  name: "corosync-cfgtool",
  summary: "show and control what runs in corosync",
  parsing: "getopt",
  usage: "[[-b] -s] [-n] [-R] [-L] [-k NODEID] [-a NODEID] [-H [--force]]",
  options: [
    { key: "status", short: ["s"], kind: "flag", help: "Show the links of this node" },
    { key: "nodes", short: ["n"], kind: "flag", help: "Show the other nodes and their links" },
    { key: "brief", short: ["b"], kind: "flag", help: "With -s: one letter for each node" },
    {
      key: "link",
      short: ["i"],
      kind: "value",
      value: "ADDRESS",
      help: "With -s: only the link of this address or number",
    },
    { key: "reload", short: ["R"], kind: "flag", help: "All nodes read corosync.conf again" },
    { key: "reopen", short: ["L"], kind: "flag", help: "Open the log files anew" },
    { key: "kill", short: ["k"], kind: "value", value: "NODEID", help: "End corosync on a node" },
    {
      key: "address",
      short: ["a"],
      kind: "value",
      value: "NODEID",
      help: "Show the addresses of a node",
    },
    { key: "shutdown", short: ["H"], kind: "flag", help: "End corosync on this node cleanly" },
    {
      key: "force",
      long: ["force"],
      kind: "flag",
      help: "With -H: even if a program that uses corosync objects",
    },
    // The last action counts, so -h is one of them.
    { key: "usage", short: ["h"], kind: "flag", help: "Show this help and exit" },
    { key: "nothing", short: ["r"], kind: "flag", help: "Accepted, without effect", hidden: true },
  ],
  run: async (options, session): Promise<ToolResult> => {
    const { ipc } = session;
    const nodeIds = options.order.filter(({ key }) => key === "kill" || key === "address");
    if (nodeIds.some(({ value }) => wholeNumber(value, 1) === undefined)) {
      return failed("The nodeid was not valid, try a positive number");
    }
    const action = lastAction(options, [...ACTIONS, "usage"]);
    const id = Number(action?.value);
    switch (action?.key) {
      case "status": {
        const wanted = options.value("link");
        return withBoth(ipc, (cfg, cmap) => showLinks(cfg, cmap, options.flag("brief"), wanted));
      }
      case "nodes":
        return withBoth(ipc, showNodes);
      case "reload":
        return reload(ipc);
      case "reopen":
        return withCfg(ipc, byName, async (cfg) => {
          await cfg.reopenLogs();
          return { exit: 0 };
        });
      case "kill":
        return killNode(ipc, id);
      case "address":
        return withCfg(ipc, String, (cfg) => showAddresses(cfg, id));
      case "shutdown":
        return withCfg(ipc, String, (cfg) => shutDown(cfg, options.flag("force"), session.sleep));
      default:
        return { exit: 0, out: helpText(cfgtool) };
    }
  },
});

export default cfgtool;
