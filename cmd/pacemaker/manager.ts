/**
 * Runs the second process on the real machine: corosync's IPC, the traditional endpoints, agents, disk and log around the
 * core of lib/pacemakerd. Decides nothing.
 */
import { readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { limits } from "../../lib/base/limits.ts";
import type { IpcTransport } from "../../lib/client/transport.ts";
import type {
  PacemakerdConfig,
  PacemakerdEffect,
  PacemakerdEvent,
  StoredState,
} from "../../lib/pacemakerd/api.ts";
import { loadStored } from "../../lib/pacemakerd/cib/store.ts";
import { Pacemakerd } from "../../lib/pacemakerd/pacemakerd.ts";
import { SERVICES } from "../../lib/pacemakerd/services/front-door.ts";
import { epochMs } from "../../lib/runtime/clock.ts";
import { type DurableOptions, makeFolder, readWhole } from "../../lib/runtime/disk.ts";
import { entropyBytes } from "../../lib/runtime/entropy.ts";
import { type Host, runCore } from "../../lib/runtime/host.ts";
import { serveIpc } from "../../lib/runtime/ipc-server.ts";
import { onSignals, onUncaught } from "../../lib/runtime/signals.ts";
import { zoneOffset } from "../../lib/runtime/zone.ts";
import { AgentRunner } from "./agent-runner.ts";
import { ManagerDisk } from "./manager-disk.ts";
import type { ManagerLog } from "./manager-log.ts";
import { allowGroup, type Place, RingLink } from "./ring-link.ts";
import { ScheduleRunner } from "./schedule-runner.ts";

const CIB_FOLDER = "/var/lib/pacemaker/cib";
const FOLDERS = [CIB_FOLDER, "/var/lib/pacemaker/cores", "/var/lib/pacemaker/pengine"];
/** Agents keep their state here and expect the folder to be there. */
const AGENT_FOLDER = "/run/resource-agents";
const CLOCK_MS = 10_000;
/** Services whose messages are as large as the CIB. */
const CIB_SERVICES = ["cib_ro", "cib_rw", "cib_shm"];
const EACCES = -13;
const EXIT_SOFTWARE = 70;
const GROUP = "haclient";
const USER = "hacluster";

interface Accounts {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** uids that belong to the group. */
  readonly members: ReadonlySet<number>;
  readonly names: ReadonlyMap<number, string>;
}

function table(path: string): readonly (readonly string[])[] {
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .map((line) => line.split(":"));
  } catch {
    return [];
  }
}

/** User hacluster and group haclient, where the machine has them. */
function readAccounts(): Accounts {
  const users = table("/etc/passwd");
  const group = table("/etc/group").find((row) => row[0] === GROUP);
  const gid = group?.[2] === undefined ? undefined : Number(group[2]);
  const listed = new Set((group?.[3] ?? "").split(","));
  const members = users
    .filter((row) => listed.has(row[0] ?? "") || (gid !== undefined && Number(row[3]) === gid))
    .map((row) => Number(row[2]));
  const own = users.find((row) => row[0] === USER)?.[2];
  const names = new Map(users.map((row) => [Number(row[2]), row[0] ?? ""] as const));
  return {
    uid: own === undefined ? undefined : Number(own),
    gid,
    members: new Set(members),
    names,
  };
}

function readStored(path: string): Uint8Array | undefined {
  const data = readWhole(path, limits.xmlDocumentBytes);
  return data instanceof Uint8Array ? data : undefined;
}

export interface ManagerOptions {
  readonly ipc: IpcTransport;
  readonly place: Place;
  readonly log: ManagerLog;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onReady: () => void;
}

function agentDefaults(env: ManagerOptions["env"]): Readonly<Record<string, string>> {
  const file = env["QUORATE_LOGFILE"] ?? "/var/log/pacemaker/pacemaker.log";
  return {
    HA_LOGFACILITY: "daemon",
    HA_logfacility: "daemon",
    HA_LOGFILE: file,
    HA_debug: "0",
    PCMK_debug: "0",
    PCMK_logfile: file,
    PCMK_service: "pacemaker-execd",
    PCMK_cluster_type: "corosync",
    HA_cluster_type: "corosync",
    PCMK_mcp: "true",
    HA_mcp: "true",
  };
}

function ownerOf({ uid, gid }: Accounts): DurableOptions {
  return { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
}

function configOf(place: Place, stored: StoredState, accounts: Accounts): PacemakerdConfig {
  return {
    userOf: (uid) => accounts.names.get(uid) ?? `uid ${uid}`,
    nodeId: place.nodeId,
    nodeName: place.nodeName,
    processId: process.pid,
    seed: Buffer.from(entropyBytes(32)).toString("hex"),
    form: place.form,
    ...(place.clusterName === undefined ? {} : { clusterName: place.clusterName }),
    cibFolder: CIB_FOLDER,
    stored,
    cores: cpus().length,
    utcOffsetSeconds: zoneOffset(epochMs() / 1000),
  };
}

/** Runs the manager to its end; the exit code. Rejects when endpoints or the ring cannot be opened. */
export async function runManager(options: ManagerOptions): Promise<number> {
  const { ipc, place, log } = options;
  for (const folder of FOLDERS) makeFolder(folder, 0o750);
  makeFolder(AGENT_FOLDER);
  const say = (level: "error" | "crit" | "warning" | "debug", text: string) =>
    log.write({ kind: "log", level, subsystem: "pacemakerd", text });
  const loaded = loadStored(CIB_FOLDER, readStored);
  for (const text of loaded.errors) say("error", text);
  const accounts = readAccounts();
  const core = new Pacemakerd(configOf(place, loaded, accounts));
  let host: Host<PacemakerdEvent> | undefined;
  const post = (event: PacemakerdEvent) => host?.post(event);
  const disk = new ManagerDisk(ownerOf(accounts), post);
  const isAllowed = (uid: number, gid: number) =>
    uid === 0 || uid === accounts.uid || gid === accounts.gid || accounts.members.has(uid);
  const server = serveIpc({
    services: SERVICES,
    minimumMessageBytes: Number(options.env["PCMK_ipc_buffer"]) || limits.managerMessageBytes,
    authorize: (_service, { uid, gid }) => (isAllowed(uid, gid) ? 0 : EACCES),
    access: ({ uid, gid }) =>
      uid === 0 ? { uid, gid, mode: 0o600 } : { uid, gid: accounts.gid ?? gid, mode: 0o660 },
    onEvent: post,
    log: (text) => say("debug", text),
  });
  const scheduler = new ScheduleRunner();
  const agents = new AgentRunner(post, agentDefaults(options.env));
  const door = (effect: Parameters<typeof server.perform>[0]) => server.perform(effect);
  let link: RingLink | undefined;
  host = runCore<PacemakerdEvent, PacemakerdEffect>(
    disk.watch(core),
    {
      log: (record) => log.write(record),
      persist: (effect) => {
        server.expect(CIB_SERVICES, effect.data?.length ?? 0);
        disk.persist(effect);
      },
      multicast: (effect) => link?.multicast(effect.body),
      run: (effect) => agents.run(effect),
      kill: (effect) => agents.kill(effect.job),
      alert: (effect) => {
        const { uid, gid } = accounts;
        const user = uid === undefined || gid === undefined ? undefined : { uid, gid };
        void agents.alert(effect, user).then((text) => {
          if (text !== undefined) say("warning", text);
        });
      },
      compute: ({ id, cib, now, options: wanted }) =>
        scheduler.run(cib, now, wanted, (result) => post({ kind: "computed", id, result })),
      respond: door,
      "send-event": door,
      "drop-client": door,
      "flow-control": door,
    },
    { onError: (error) => say("crit", `internal error: ${errorText(error)}`) },
  );
  const dropSignals = onSignals({
    SIGTERM: () => post({ kind: "terminate" }),
    SIGINT: () => post({ kind: "terminate" }),
    SIGHUP: () => {},
  });
  onUncaught((error) => {
    say("crit", `internal error: ${errorText(error)}`);
    process.exit(EXIT_SOFTWARE);
  });
  const tellTime = () =>
    post({ kind: "wall-clock", epochMs: epochMs(), loadAverage: loadavg()[0] ?? 0 });
  const clock = setInterval(tellTime, CLOCK_MS);
  try {
    host.post({ kind: "start", epochMs: epochMs() });
    tellTime();
    if (accounts.gid !== undefined) await allowGroup(ipc, accounts.gid);
    link = await RingLink.open(ipc, post);
    link.onBusy = (busy) => {
      for (const service of CIB_SERVICES)
        door({ kind: "flow-control", service, level: busy ? 1 : 0 });
    };
    await link.join(ipc, process.pid);
    options.onReady();
    const code = await host.done;
    await link.farewell();
    return code;
  } finally {
    clearInterval(clock);
    dropSignals();
    host.stop();
    server.close();
    scheduler.close();
    link?.close();
  }
}

function errorText(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
