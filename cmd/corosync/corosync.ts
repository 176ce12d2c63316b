/**
 * corosync: the ring's daemon. Reads and checks corosync.conf, refuses with file:line what it does not understand (exit 8,
 * nothing started), then goes to the background, or stays with -f. All the rest is in daemon.ts and lib/corosync.
 */
import { lookup } from "node:dns/promises";
import { existsSync } from "node:fs";
import { isRejection } from "../../lib/base/error.ts";
import { canonicalIp, isIpv4, isIpv6 } from "../../lib/base/ip-address.ts";
import { limits } from "../../lib/base/limits.ts";
import { defineTool, type Session, type ToolResult } from "../../lib/cli/tool.ts";
import { type CorosyncConfig, problemText, readConfig } from "../../lib/conf/config.ts";
import type { IpVersion } from "../../lib/conf/totem.ts";
import { type Place, placeOf } from "../../lib/corosync/place.ts";
import { ringIdPath } from "../../lib/corosync/settings.ts";
import { selfCommand } from "../../lib/runtime/command-line.ts";
import { isStartedAsDaemon, reportStartup, startDaemon } from "../../lib/runtime/daemonize.ts";
import { readWhole } from "../../lib/runtime/disk.ts";
import { interfaceAddresses } from "../../lib/runtime/interfaces.ts";
import { dropPidFile, pidOf, takePidFile } from "../../lib/runtime/pidfile.ts";
import { becomeBusyDaemon } from "../../lib/runtime/process-settings.ts";
import { VERSION } from "../version.ts";
import { allowedAccounts } from "./accounts.ts";
import { runDaemon } from "./daemon.ts";
import { readKey } from "./knet.ts";

const DEFAULT_FILE = "/etc/corosync/corosync.conf";
const PID_FILE = "/run/corosync.pid";
/** Exit codes of the originals. */
const EXIT_CONFIG = 8;
const EXIT_RUNNING = 18;
const EXIT_NOT_ROOT = 3;
const EXIT_START = 15;
const START_MS = 30_000;

interface Loaded {
  readonly config: CorosyncConfig;
  readonly place: Place;
  /** Warnings, one line each. */
  readonly warnings: readonly string[];
}

/** Families in the order in which they are asked for. */
const FAMILIES: Readonly<Record<IpVersion, readonly (4 | 6)[]>> = {
  ipv4: [4],
  ipv6: [6],
  "ipv4-6": [4, 6],
  "ipv6-4": [6, 4],
};

/** Host names of the nodelist (or bindnetaddr) to addresses; addresses to their one spelling. */
async function resolver(
  names: readonly string[],
  version: IpVersion,
): Promise<(name: string) => string | undefined> {
  const known = new Map<string, string>();
  for (const name of names) {
    if (isIpv4(name) || isIpv6(name)) known.set(name, canonicalIp(name));
    for (const family of FAMILIES[version]) {
      if (known.has(name)) break;
      const found = await lookup(name, { family }).catch(() => undefined);
      if (found !== undefined) known.set(name, canonicalIp(found.address));
    }
  }
  return (name) => known.get(name);
}

/** Reads the file and finds this node's place; lines of what is wrong otherwise. */
async function load(file: string): Promise<Loaded | readonly string[]> {
  const data = readWhole(file, limits.configurationBytes);
  if (data === undefined) return [`Can't read file ${file}: No such file or directory`];
  if (isRejection(data)) return [data.text];
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(data);
  } catch {
    return [`${file}: the file is not UTF-8 text`];
  }
  const { config, problems } = readConfig(text, file);
  const lines = problems.map((problem) => problemText(file, problem));
  if (config === undefined) return lines;
  const { interface: net, knet, transport } = config.totem;
  if (transport === "knet" && knet.keyFile !== undefined) {
    const key = readKey(knet.keyFile);
    if (typeof key === "string") return [...lines, key];
  }
  const names = config.nodes.flatMap((node) => node.links);
  names.push(net.bindNetAddress);
  const addresses = interfaceAddresses().map((a) => ({ ...a, interfaceName: a.name }));
  const used = (nodeId: number) => existsSync(ringIdPath(config, nodeId));
  const place = placeOf(
    config,
    addresses,
    await resolver(
      names.filter((n) => n !== undefined),
      config.totem.ipVersion,
    ),
    used,
  );
  if (isRejection(place)) return [...lines, place.text];
  try {
    const allowed = allowedAccounts(config);
    return { config: { ...config, allowed }, place, warnings: lines };
  } catch (error) {
    return [...lines, error instanceof Error ? error.message : String(error)];
  }
}

function failure(exit: number, lines: readonly string[]): ToolResult {
  return { exit, err: lines.map((line) => `corosync: ${line}\n`).join("") };
}

/** The command an administrator typed: starts the daemon and waits until it is ready. */
async function startInBackground(file: string, warnings: readonly string[]): Promise<ToolResult> {
  const argv = [...selfCommand(), "corosync", "-f", "-c", file];
  const started = await startDaemon(argv, START_MS);
  const lines = started.exit === 0 ? warnings : [...warnings, started.message];
  return failure(started.exit === 0 ? 0 : EXIT_START, lines);
}

async function runInForeground(loaded: Loaded, session: Session): Promise<ToolResult> {
  becomeBusyDaemon();
  const { config, place } = loaded;
  const background = isStartedAsDaemon();
  const other = takePidFile(PID_FILE);
  if (other !== undefined) {
    const text = `already running as process ${other}`;
    reportStartup(text);
    return failure(EXIT_RUNNING, [text]);
  }
  try {
    const exit = await runDaemon({
      config,
      place,
      hostName: session.hostName,
      version: VERSION,
      reload: async () => {
        const read = await load(config.file);
        if (!("config" in read)) return { config: undefined, problems: read };
        return { config: { ...read.config, nodes: read.place.nodes }, problems: [] };
      },
      terminal: background ? undefined : (text) => session.warn(text),
      onReady: () => reportStartup(),
    });
    return { exit };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    reportStartup(text);
    return failure(EXIT_START, [text]);
  } finally {
    dropPidFile(PID_FILE);
  }
}

export default defineTool({
  name: "corosync",
  summary: "the ring's daemon",
  usage: "[-f] [-c FILE] [-t] [-v]",
  description:
    "Joins this host to the ring that corosync.conf describes. Without -f it goes to the background and returns when it is ready.",
  options: [
    { key: "file", short: ["c"], kind: "value", value: "FILE", help: "Configuration file" },
    { key: "foreground", short: ["f"], kind: "flag", help: "Stay in the foreground" },
    { key: "test", short: ["t"], kind: "flag", help: "Test the configuration and exit" },
    {
      key: "engine",
      long: ["version"],
      short: ["v"],
      kind: "flag",
      help: "Show the version and exit",
    },
  ],
  run: async (options, session) => {
    if (options.flag("engine")) {
      return { exit: 0, out: `Corosync Cluster Engine, version '${VERSION}' (Quorate)\n` };
    }
    const file = options.value("file") ?? session.env["COROSYNC_MAIN_CONFIG_FILE"] ?? DEFAULT_FILE;
    const loaded = await load(file);
    if (!("config" in loaded)) {
      reportStartup(loaded.join("; "));
      return failure(EXIT_CONFIG, loaded);
    }
    if (options.flag("test")) return failure(0, loaded.warnings);
    if (session.user.uid !== 0) return failure(EXIT_NOT_ROOT, ["only root may run corosync"]);
    if (options.flag("foreground")) return runInForeground(loaded, session);
    const other = pidOf(PID_FILE);
    if (other !== undefined) return failure(EXIT_RUNNING, [`already running as process ${other}`]);
    return startInBackground(file, loaded.warnings);
  },
});
