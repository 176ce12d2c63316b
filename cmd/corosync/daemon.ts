/**
 * Runs the first process on the real machine: sockets, IPC servers, log files, signals and child processes around the
 * core of lib/corosync. Decides nothing.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { LogEffect } from "../../lib/base/core.ts";
import { isRejection } from "../../lib/base/error.ts";
import type { CorosyncConfig } from "../../lib/conf/config.ts";
import type {
  CorosyncEffect,
  CorosyncEvent,
  StartProcess,
  StopProcess,
} from "../../lib/corosync/api.ts";
import { Corosync, SERVICES } from "../../lib/corosync/corosync.ts";
import { SCHEDULE_MISS_SHARE } from "../../lib/corosync/log-lines.ts";
import type { Place } from "../../lib/corosync/place.ts";
import { expectedVotesPath, ringIdPath, timersOf } from "../../lib/corosync/settings.ts";
import { epochMs, monotonicMs } from "../../lib/runtime/clock.ts";
import { selfCommand } from "../../lib/runtime/command-line.ts";
import { makeFolder, readWhole } from "../../lib/runtime/disk.ts";
import { Errno, SystemError } from "../../lib/runtime/ffi/libc.ts";
import { lockProgram } from "../../lib/runtime/ffi/memory-lock.ts";
import { moveToRootGroup, runOrdinary, runRealtime } from "../../lib/runtime/ffi/scheduling.ts";
import { type Host, runCore } from "../../lib/runtime/host.ts";
import { interfaceAddresses } from "../../lib/runtime/interfaces.ts";
import { type IpcServer, serveIpc } from "../../lib/runtime/ipc-server.ts";
import { onSignals } from "../../lib/runtime/signals.ts";
import { FieldReader } from "../../lib/wire/fields.ts";
import { openKnet } from "./knet.ts";
import { type LogSinks, openLogSinks } from "./log-sinks.ts";
import { openTransport, type Transport } from "./transport.ts";

export interface DaemonOptions {
  readonly config: CorosyncConfig;
  readonly place: Place;
  readonly hostName: string;
  readonly version: string;
  /** Reads corosync.conf again, addresses resolved; what is wrong is text. */
  readonly reload: () => Promise<{
    readonly config: CorosyncConfig | undefined;
    readonly problems: readonly string[];
  }>;
  /** Writes to stderr; undefined in the background. */
  readonly terminal: ((text: string) => void) | undefined;
  /** Called when services are open and the ring is starting. */
  readonly onReady: () => void;
}

/** Errno words of the IPC setup: not allowed, not ready yet. */
const EACCES = -13;
const EAGAIN = -11;
/** The first bind comes this long after the start, as with the originals. */
const FIRST_BIND_MS = 100;
const STATE_FILE_BYTES = 64;

function storedNumber(path: string | undefined, bytes: 4 | 8): number | undefined {
  if (path === undefined) return undefined;
  const data = readWhole(path, STATE_FILE_BYTES);
  if (data === undefined || isRejection(data) || data.length !== bytes) return undefined;
  const reader = new FieldReader(data);
  return bytes === 8 ? reader.count(0) : reader.u32(0);
}

/** Child processes by name. */
class Children {
  private readonly running = new Map<string, ChildProcess>();
  private readonly post: (event: CorosyncEvent) => void;

  constructor(post: (event: CorosyncEvent) => void) {
    this.post = post;
  }

  start({ name, args, env }: StartProcess): void {
    const [program = "", ...words] = [...selfCommand(), name, ...args];
    const child = spawn(program, words, {
      detached: true,
      stdio: "ignore",
      env: { ...process.env, ...env },
    });
    let over = false;
    const end = (exit: number | undefined, signal: string | undefined) => {
      if (over) return;
      over = true;
      this.running.delete(name);
      this.post({ kind: "process-exited", name, pid: child.pid ?? 0, exit, signal });
    };
    child.on("error", (error) => end(undefined, error.message));
    child.on("exit", (exit, signal) => end(exit ?? undefined, signal ?? undefined));
    this.running.set(name, child);
    if (child.pid !== undefined) this.post({ kind: "process-started", name, pid: child.pid });
  }

  stop({ name, signal }: StopProcess): void {
    this.running.get(name)?.kill(signal);
  }
}

/**
 * Looks every `everyMs` whether the node's address is still there; two looks must agree before it counts. New threads are
 * put into the realtime class on this occasion.
 */
function watchMachine(
  address: string | undefined,
  everyMs: number,
  changed: (up: boolean) => void,
  scheduling: CorosyncConfig["scheduling"],
): NodeJS.Timeout {
  let up = true;
  let before = true;
  return setInterval(() => {
    if (scheduling.realtime) runRealtime(scheduling.priority ?? "max");
    if (address === undefined) return;
    const now = interfaceAddresses().some((a) => a.address === address);
    if (now === before && now !== up) {
      up = now;
      changed(up);
    }
    before = now;
  }, everyMs);
}

/** Looks how late its own timer comes: later than most of the token's timeout means that the process did not run. */
function watchSchedule(tokenMs: () => number, missed: (delayMs: number) => void): () => void {
  let before = monotonicMs();
  let timer: NodeJS.Timeout;
  const look = () => {
    const now = monotonicMs();
    const delayMs = now - before;
    before = now;
    if (delayMs > tokenMs() * SCHEDULE_MISS_SHARE) missed(delayMs);
    timer = setTimeout(look, tokenMs() / 3);
  };
  timer = setTimeout(look, tokenMs() / 3);
  return () => clearTimeout(timer);
}

/** Code in memory, the realtime class, as far as configured and allowed; what was not allowed, one line each. */
function takePrecedence({
  realtime,
  priority,
  rootGroup,
}: CorosyncConfig["scheduling"]): readonly string[] {
  const warnings: string[] = [];
  if (!lockProgram()) {
    warnings.push(
      "Could not lock the program in memory: a machine short of it may delay the token",
    );
  }
  if (rootGroup === "yes" && !moveToRootGroup()) {
    warnings.push("Could not move to the root control group");
  }
  if (realtime) {
    const run = () => runRealtime(priority ?? "max");
    if (!run() && !(rootGroup === "auto" && moveToRootGroup() && run())) {
      warnings.push("Could not set SCHED_RR: a busy machine may delay the token");
    }
  } else if (priority !== undefined && !runOrdinary(priority)) {
    warnings.push(`Could not set priority ${priority}`);
  }
  return warnings;
}

/** Puts what was attempted before the system's words. */
async function explained<T>(what: string, attempt: () => T | Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    const taken = error instanceof SystemError && error.errno === Errno.EADDRINUSE;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${what}: ${taken ? "another corosync runs here" : reason}`);
  }
}

function coreOf(options: DaemonOptions, transport: () => Transport | undefined): Corosync {
  const { config, place, hostName, version } = options;
  return new Corosync({
    config: { ...config, nodes: place.nodes },
    nodeId: place.nodeId,
    address: place.address,
    hostName,
    version,
    storedRingSeq: storedNumber(ringIdPath(config, place.nodeId), 8) ?? 0,
    storedExpectedVotes: storedNumber(expectedVotesPath(config), 4),
    addressOf: (nodeId) => transport()?.addressOf(nodeId),
    linksOf: (nodeId) => transport()?.linksOf(nodeId),
    transportStatistics: () => transport()?.statistics() ?? new Map(),
  });
}

/** Admits clients as the core says, and not before the first synchronisation is complete. */
function serve(
  core: Corosync,
  config: CorosyncConfig,
  onEvent: (event: CorosyncEvent) => void,
  log: (text: string) => void,
): IpcServer {
  return serveIpc({
    services: SERVICES,
    type: config.ipcType,
    authorize: (_service, { uid, gid }) => {
      if (!core.ready) return EAGAIN;
      return core.mayConnect(uid, gid) ? 0 : EACCES;
    },
    onEvent,
    log,
  });
}

/** SIGTERM and its like end the daemon cleanly, SIGHUP opens the log files anew. Returns how to stop listening. */
function listenForSignals(post: (event: CorosyncEvent) => void, logs: LogSinks): () => void {
  const terminate = (signal: string) => () =>
    post({ kind: "terminate", reason: `Node was shut down by a signal (${signal})` });
  return onSignals({
    SIGTERM: terminate("SIGTERM"),
    SIGINT: terminate("SIGINT"),
    SIGQUIT: terminate("SIGQUIT"),
    SIGHUP: () => logs.reopen(),
  });
}

/** Runs the daemon to its end; the exit code. Rejects when sockets or log files cannot be opened. */
export async function runDaemon(options: DaemonOptions): Promise<number> {
  const { config, place, hostName } = options;
  const { port } = config.totem.interface;
  makeFolder(config.stateDirectory, 0o700);
  const logs = await explained("cannot open the log file", () =>
    openLogSinks(config, hostName, options.terminal),
  );
  const log = (record: LogEffect) => logs.write(record);
  const say = (level: LogEffect["level"], subsystem: string, text: string) =>
    log({ kind: "log", level, subsystem, text });
  let host: Host<CorosyncEvent> | undefined;
  let transport: Transport | undefined;
  const post = (event: CorosyncEvent) => host?.post(event);
  const core = coreOf(options, () => transport);
  const server = await explained("cannot serve clients", () =>
    serve(core, config, post, (text) => say("debug", "QB", text)),
  );
  const children = new Children(post);
  const door = (effect: Parameters<IpcServer["perform"]>[0]) => server.perform(effect);
  host = runCore<CorosyncEvent, CorosyncEffect>(
    core,
    {
      log,
      send: (effect) => transport?.send(effect),
      respond: door,
      "send-event": door,
      "drop-client": door,
      "flow-control": door,
      "start-process": (effect) => children.start(effect),
      "stop-process": (effect) => children.stop(effect),
      "read-configuration": () => {
        options.reload().then(
          (read) => post({ kind: "configuration-read", ...read }),
          (error) => {
            const problems = [String(error)];
            post({ kind: "configuration-read", config: undefined, problems });
          },
        );
      },
      "use-configuration": ({ config: next }) => {
        const complain = (what: string) => (error: unknown) =>
          say("error", "CFG", `${what}: ${error instanceof Error ? error.message : String(error)}`);
        try {
          logs.use(next);
        } catch (error) {
          complain("cannot open the log file; the old one stays")(error);
        }
        transport?.update(next).catch(complain("not everything of the configuration is in use"));
      },
      "crypto-phase": ({ phase }) => transport?.cryptoPhase(phase),
      "reopen-logs": () => logs.reopen(),
    },
    { onError: (error) => say("crit", "MAIN", `internal error: ${String(error)}`) },
  );
  const dropSignals = listenForSignals(post, logs);
  let watch: NodeJS.Timeout | undefined;
  const dropSchedule = watchSchedule(
    () => core.tokenMs,
    (delayMs) => post({ kind: "not-scheduled", delayMs, atEpochMs: epochMs() }),
  );
  try {
    host.post({ kind: "start" });
    for (const text of takePrecedence(config.scheduling)) say("warning", "MAIN", text);
    const complain = (error: Error) => say("debug", "TOTEM", `socket: ${error.message}`);
    const receive = (data: Uint8Array) => post({ kind: "datagram", data });
    const open = config.totem.transport === "knet" ? openKnet : openTransport;
    transport = await explained(`cannot open UDP sockets on ${place.address} port ${port}`, () =>
      open(config, place, receive, complain, log, () => post({ kind: "key-prepared" })),
    );
    options.onReady();
    const up = (isUp: boolean) => post({ kind: "interface", up: isUp, address: place.address });
    setTimeout(() => up(true), FIRST_BIND_MS);
    watch = watchMachine(
      // knet knows by itself which of its links are up.
      config.totem.transport === "knet" ? undefined : place.address,
      timersOf(config).downcheckMs,
      up,
      config.scheduling,
    );
    return await host.done;
  } catch (error) {
    say("error", "MAIN", error instanceof Error ? error.message : String(error));
    throw error;
  } finally {
    clearInterval(watch);
    dropSignals();
    dropSchedule();
    host.stop();
    server.close();
    transport?.close();
  }
}
