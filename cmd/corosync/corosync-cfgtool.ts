/** corosync-cfgtool: links, nodes, reload, shutdown; texts and exit codes of the original. */
import { defineTool, type ParsedOptions, type ToolResult } from "../../lib/cli/tool.ts";
import { type CfgClient, CfgShutdown, connectCfg } from "../../lib/client/cfg.ts";
import { type CmapClient, connectCmap } from "../../lib/client/cmap.ts";
import { CorosyncError } from "../../lib/client/corosync.ts";
import type { IpcTransport } from "../../lib/client/transport.ts";
import { CsError } from "../../lib/wire/ipc/cs-error.ts";
import { connected, errorName, failed, isResult, listedNodes } from "./service-error.ts";

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
  // The original shows link 0 only where a node speaks of itself; the others tell which links there are.
  const links = Array.from({ length: LINKS }, (_, number) =>
    nodes
      .toSorted((a, b) => Number(a.id === local) - Number(b.id === local))
      .map(({ status }) => status?.links[number])
      .find((link) => link?.enabled === true),
  );
  const ring = (await cfg.ringStatus())[0]?.name ?? "";
  const name = await protocol(cmap);
  let text = await heading(cfg, cmap);
  for (const [number, link] of links.entries()) {
    if (link === undefined) continue;
    const address = name === "" ? ring : link.source;
    if (wanted !== undefined && wanted !== String(number) && wanted !== address) continue;
    let codes = "";
    let lines = "";
    for (const { id, status } of nodes) {
      const up = status?.links[number]?.connected === true;
      const word = id === local ? "localhost" : up ? "connected" : "disconnected";
      codes += id === local ? "n" : up ? "3" : "1";
      lines += `\t\tnodeid: ${String(id).padStart(10)}:\t${word}\n`;
    }
    const status = brief ? `\tstatus\t= ${codes}\n` : `\tstatus:\n${lines}`;
    text += `LINK ID ${number} ${name}\n\taddr\t= ${address}\n${status}`;
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

async function killNode(cfg: CfgClient, value: string): Promise<ToolResult> {
  const id = Number(value);
  if (!Number.isInteger(id) || id <= 0) return failed(`The nodeid was not valid: ${value}`);
  try {
    await cfg.killNode(id, KILL_REASON);
    return { exit: 0, out: `Killing node ${id}\n` };
  } catch (error) {
    const err = `Could not kill node (error = ${errorName(error)})\n`;
    return { exit: 1, out: `Killing node ${id}\n`, err };
  }
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

async function showAddresses(cfg: CfgClient, value: string): Promise<ToolResult> {
  const addresses = await cfg.nodeAddresses(Number(value));
  if (addresses.length === 0) return failed(`Could not get node address for nodeid ${value}`);
  return { exit: 0, out: `${addresses.join(" ")}\n` };
}

async function withBoth(
  ipc: IpcTransport,
  show: (cfg: CfgClient, cmap: CmapClient) => Promise<string>,
): Promise<ToolResult> {
  const cfg = await connected(
    () => connectCfg(ipc),
    () => `${INIT} 2`,
  );
  if (isResult(cfg)) return cfg;
  const cmap = await connectCmap(ipc);
  return { exit: 0, out: await show(cfg, cmap) };
}

async function withCfg(
  ipc: IpcTransport,
  act: (cfg: CfgClient) => Promise<ToolResult>,
): Promise<ToolResult> {
  const cfg = await connected(
    () => connectCfg(ipc),
    (code) => `${INIT} ${code}`,
  );
  return isResult(cfg) ? cfg : act(cfg);
}

function isAsked(options: ParsedOptions): boolean {
  const flags = ["status", "nodes", "reload", "reopen", "shutdown"].some((k) => options.flag(k));
  return flags || ["kill", "address"].some((k) => options.value(k) !== undefined);
}

export default defineTool({
  name: "corosync-cfgtool",
  summary: "show and control what runs in corosync",
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
    { key: "help", short: ["h"], long: ["help"], kind: "flag", help: "Show this help and exit" },
  ],
  run: async (options, session): Promise<ToolResult> => {
    const { ipc } = session;
    if (!isAsked(options)) {
      return { exit: 0, out: "corosync-cfgtool: nothing to do; see corosync-cfgtool -h\n" };
    }
    if (options.flag("status")) {
      const wanted = options.value("link");
      const brief = options.flag("brief");
      return withBoth(ipc, (cfg, cmap) => showLinks(cfg, cmap, brief, wanted));
    }
    if (options.flag("nodes")) return withBoth(ipc, showNodes);
    if (options.flag("reload")) {
      const start = "Reloading corosync.conf...\n";
      const result = await withCfg(ipc, async (cfg) => {
        await cfg.reload();
        return { exit: 0, out: "Done\n" };
      });
      return { ...result, out: `${start}${result.out ?? ""}` };
    }
    const kill = options.value("kill");
    const address = options.value("address");
    return withCfg(ipc, async (cfg) => {
      if (kill !== undefined) return killNode(cfg, kill);
      if (address !== undefined) return showAddresses(cfg, address);
      if (options.flag("shutdown")) return shutDown(cfg, options.flag("force"), session.sleep);
      await cfg.reopenLogs();
      return { exit: 0 };
    });
  },
});
