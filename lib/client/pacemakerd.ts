/** The launcher (spec/ipc/ipc.md section 3.4): is the manager up, and may it go. */
import { attr } from "../xml/node.ts";
import { nodeAttrs } from "./controller.ts";
import {
  type ClientHost,
  connectManager,
  dataOf,
  EVENT_TIMEOUT_MS,
  envelope,
  type PacemakerConnection,
} from "./pacemaker.ts";

/** States of a ping in words (spec/outputs-and-tools B2.1). */
export const LAUNCHER_STATES: Readonly<Record<string, string>> = {
  init: "Initializing pacemaker",
  starting_daemons: "Pacemaker daemons are starting",
  wait_for_ping: "Waiting for startup trigger from SBD",
  running: "Pacemaker is running",
  shutting_down: "Pacemaker daemons are shutting down",
  shutdown_complete: "Pacemaker daemons are shut down (reporting to SBD)",
};

export interface LauncherAnswer {
  readonly subsystem: string;
  /** init, starting_daemons, wait_for_ping, running, shutting_down, shutdown_complete. */
  readonly state: string;
  /** Epoch seconds; undefined when it never was heard of. */
  readonly updated: number | undefined;
  readonly result: string;
}

export class LauncherClient {
  readonly connection: PacemakerConnection;

  constructor(connection: PacemakerConnection) {
    this.connection = connection;
  }

  async ping(timeoutMs = EVENT_TIMEOUT_MS): Promise<LauncherAnswer> {
    const { host } = this.connection;
    const from = `${host.pid}_${host.program}`;
    const { xml, reference } = envelope(host, { task: "ping", to: "pacemakerd", from });
    const answer = this.connection.waitFor(
      (event) => attr(event, "reference") === reference,
      timeoutMs,
    );
    // The response only says that the answer follows as an event.
    await this.connection.request(xml, timeoutMs);
    const data = dataOf(await answer, "crm_xml");
    const stamp = data === undefined ? undefined : attr(data, "crm-timestamp");
    return {
      subsystem: (data && attr(data, "crm_subsystem")) ?? "",
      state: (data && attr(data, "pacemakerd_state")) ?? "",
      updated: stamp === undefined ? undefined : Number(stamp),
      result: (data && attr(data, "result")) ?? "",
    };
  }

  /** Asks for an orderly end of the manager. */
  async quit(): Promise<void> {
    const { host } = this.connection;
    const from = `${host.pid}_${host.program}`;
    await this.connection.request(envelope(host, { task: "quit", to: "pacemakerd", from }).xml);
  }

  /** Forgets a node; nothing answers. */
  async removeNodeCache(name: string | undefined, id: string | undefined): Promise<void> {
    const { host } = this.connection;
    const attrs = nodeAttrs(name, id);
    const fields = { task: "rm_node_cache", to: "pacemakerd", from: host.program, attrs };
    await this.connection.post(envelope(host, fields).xml);
  }

  close(): void {
    this.connection.close();
  }
}

/** Connects; there is nothing to register. Rejects with IpcError. */
export async function connectLauncher(host: ClientHost): Promise<LauncherClient> {
  return new LauncherClient(await connectManager(host, "pacemakerd"));
}
