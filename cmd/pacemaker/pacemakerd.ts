/**
 * pacemakerd: the manager's daemon. Waits for corosync, then runs lib/pacemakerd until it is told to stop or loses the ring
 * (HOUSE rule 10: exit 102 once all resources are stopped; whoever started it starts it again).
 */
import { flag } from "../../lib/cli/option-makers.ts";
import { defineTool, type Session, type ToolResult } from "../../lib/cli/tool.ts";
import { CorosyncError } from "../../lib/client/corosync.ts";
import { IpcError } from "../../lib/client/transport.ts";
import { selfCommand } from "../../lib/runtime/command-line.ts";
import { isStartedAsDaemon, reportStartup, startDaemon } from "../../lib/runtime/daemonize.ts";
import { dropPidFile, pidOf, takePidFile } from "../../lib/runtime/pidfile.ts";
import { becomeQuietDaemon } from "../../lib/runtime/process-settings.ts";
import { VERSION } from "../version.ts";
import { runManager } from "./manager.ts";
import { openManagerLog } from "./manager-log.ts";
import { findPlace, type Place } from "./ring-link.ts";

const PID_FILE = "/run/pacemakerd.pid";
const EXIT_RUNNING = 100;
const EXIT_DISCONNECTED = 102;
const START_MS = 60_000;
const RETRY_MS = 200;

/** Corosync's word on who we are, as soon as it can give it. */
async function waitForRing(session: Session, note: (text: string) => void): Promise<Place> {
  for (let tries = 0; ; tries++) {
    try {
      return await findPlace(session.ipc, session.hostName);
    } catch (error) {
      if (!(error instanceof IpcError) && !(error instanceof CorosyncError)) throw error;
      if (tries === 0) note(`Waiting for corosync: ${error.message}`);
      await session.sleep(tries < 50 ? RETRY_MS : 1000);
    }
  }
}

async function runInForeground(session: Session): Promise<ToolResult> {
  becomeQuietDaemon();
  const other = takePidFile(PID_FILE);
  if (other !== undefined) {
    const text = `already running as process ${other}`;
    reportStartup(text);
    return { exit: EXIT_RUNNING, err: `pacemakerd: ${text}\n` };
  }
  const terminal = isStartedAsDaemon() ? () => {} : (text: string) => session.warn(text);
  const log = openManagerLog(session.env, session.hostName, terminal);
  const note = (level: "notice" | "error", text: string) =>
    log.write({ kind: "log", level, subsystem: "pacemakerd", text });
  try {
    const place = await waitForRing(session, (text) => note("notice", text));
    const exit = await runManager({
      ipc: session.ipc,
      place,
      log,
      env: session.env,
      onReady: () => reportStartup(),
    });
    return { exit };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    note("error", text);
    reportStartup(text);
    return { exit: EXIT_DISCONNECTED, err: `pacemakerd: ${text}\n` };
  } finally {
    dropPidFile(PID_FILE);
    log.close();
  }
}

export default defineTool({
  name: "pacemakerd",
  summary: "the manager's daemon",
  usage: "[-f]",
  description:
    "Manages the cluster's resources on this node. Usually corosync or the system's service manager starts it.",
  options: [
    flag("foreground", "f", "Stay in the foreground"),
    flag("features", "F", "Show what it can do"),
    flag("shutdown", "S", "Stop the running manager"),
  ],
  run: async (options, session) => {
    if (options.flag("features")) {
      return {
        exit: 0,
        out: `Pacemaker (Quorate ${VERSION})\n Supporting v3.16.1: corosync-native\n`,
      };
    }
    const running = pidOf(PID_FILE);
    if (options.flag("shutdown")) {
      if (running !== undefined) process.kill(running, "SIGTERM");
      return { exit: 0 };
    }
    if (session.user.uid !== 0) {
      return { exit: 4, err: "pacemakerd: only root may run pacemakerd\n" };
    }
    if (options.flag("foreground")) return runInForeground(session);
    if (running !== undefined) {
      return { exit: EXIT_RUNNING, err: `pacemakerd: already running as process ${running}\n` };
    }
    const started = await startDaemon([...selfCommand(), "pacemakerd", "-f"], START_MS);
    if (started.exit === 0) return { exit: 0 };
    return { exit: started.exit, err: `pacemakerd: ${started.message}\n` };
  },
});
