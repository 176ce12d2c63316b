/** What corosync's tools have in common: how errors of services read, and names of nodes. */
import { reverse } from "node:dns/promises";
import type { ParsedOptions, ToolResult } from "../../lib/cli/tool.ts";
import type { CfgClient } from "../../lib/client/cfg.ts";
import type { CmapClient } from "../../lib/client/cmap.ts";
import { CorosyncError } from "../../lib/client/corosync.ts";
import { IpcError } from "../../lib/client/transport.ts";
import { CsError } from "../../lib/wire/ipc/cs-error.ts";

const NAMES = new Map<number, string>(
  Object.entries(CsError).map(([name, code]) => [
    code,
    name === "invalidParameter"
      ? "CS_ERR_INVALID_PARAM"
      : `CS_ERR_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`,
  ]),
);

/** What the original's library makes of a connection that fails. */
const CONNECTION_CODES: Readonly<Record<IpcError["code"], CsError>> = {
  refused: CsError.notExist,
  denied: CsError.access,
  again: CsError.tryAgain,
  closed: CsError.library,
  timeout: CsError.library,
  protocol: CsError.library,
};

/** The code of a failed call. Throws what is neither the service's nor the connection's error. */
export function errorCode(error: unknown): number {
  if (error instanceof CorosyncError) return error.code;
  if (error instanceof IpcError) return CONNECTION_CODES[error.code];
  throw error;
}

/** CS_ERR_NOT_EXIST and its like. */
export function errorName(error: unknown): string {
  const code = errorCode(error);
  return NAMES.get(code) ?? String(code);
}

/** A failed tool: one line on stderr, exit code 1 as with the originals. */
export function failed(text: string): ToolResult {
  return { exit: 1, err: `${text}\n` };
}

/** Connects, or fails with the tool's own words. */
export async function connected<T>(
  connect: () => Promise<T>,
  words: (name: string, code: number) => string,
): Promise<T | ToolResult> {
  try {
    return await connect();
  } catch (error) {
    return failed(words(errorName(error), errorCode(error)));
  }
}

/** A positive number, or one of zero too, as the original reads them; undefined for anything else. */
export function wholeNumber(word: string, least: 0 | 1): number | undefined {
  const value = Number(word);
  return /^\d+$/.test(word) && value >= least && value <= 0x7fffffff ? value : undefined;
}

/** The last of these options on the command line, with its value: the originals do what was said last. */
export function lastAction(
  options: ParsedOptions,
  keys: readonly string[],
): { readonly key: string; readonly value: string } | undefined {
  return options.order.findLast(({ key }) => keys.includes(key));
}

export function isResult(value: object): value is ToolResult {
  return "exit" in value;
}

/** nodelist.node.N of the configuration map, by node id. */
export async function listedNodes(
  cmap: CmapClient,
): Promise<ReadonlyMap<number, { readonly name: string | undefined; readonly address: string }>> {
  const nodes = new Map<number, { name: string | undefined; address: string }>();
  for (const key of await cmap.keys("nodelist.node.")) {
    const path = /^(nodelist\.node\.\d+\.)ring0_addr$/.exec(key)?.[1];
    if (path === undefined) continue;
    const id = await cmap.getNumber(`${path}nodeid`);
    const address = await cmap.getString(key);
    if (id === undefined || address === undefined) continue;
    nodes.set(id, { name: await cmap.getString(`${path}name`), address });
  }
  return nodes;
}

/** The host's name for an address; the address itself when it has none. */
export async function hostNameOf(address: string): Promise<string> {
  const names = await reverse(address).catch(() => []);
  return names[0] ?? address;
}

/** The best name of a node: from the nodelist, from the address book of this host, or its address. */
export async function nodeName(
  nodeId: number,
  cmap: CmapClient,
  cfg: CfgClient,
  plainAddress: boolean,
): Promise<string> {
  const listed = (await listedNodes(cmap)).get(nodeId);
  if (listed?.name !== undefined && !plainAddress) return listed.name;
  const address = (await cfg.nodeAddresses(nodeId))[0] ?? listed?.address;
  if (address === undefined) return "";
  return plainAddress ? address : hostNameOf(address);
}
