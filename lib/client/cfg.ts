/** corosync's control service: links, nodes, shutdown, reload (spec/ipc/ipc.md section 2.5). */
import { messageId } from "../wire/ipc/header.ts";
import {
  type CfgRequest,
  cfgResponseIdOf,
  decodeCfgAddresses,
  decodeCfgLocal,
  decodeCfgNodeStatus,
  decodeCfgRingStatus,
  decodeCfgTestShutdown,
  encodeCfgRequest,
  type NodeStatus,
  type RingStatus,
} from "../wire/ipc/services-cfg.ts";
import { exchange, exchangeOk } from "./corosync.ts";
import type { IpcConnection, IpcTransport } from "./transport.ts";

const NODE_STATUS_VERSION = 1;

/** How firmly to ask for corosync's end. */
export const CfgShutdown = { ask: 0, regardless: 1, immediate: 2 } as const;

export class CfgClient {
  readonly connection: IpcConnection;
  /** Somebody asks whether corosync may stop; answer with `replyToShutdown`. Needs `track`. */
  onTestShutdown: ((flags: number) => void) | undefined;

  constructor(connection: IpcConnection) {
    this.connection = connection;
    connection.onEvent = (message) => {
      const flags = decodeCfgTestShutdown(message);
      if (flags !== undefined) this.onTestShutdown?.(flags);
    };
  }

  async localNodeId(): Promise<number> {
    return decodeCfgLocal(await this.#exchangeOk({ op: "local" }));
  }

  async ringStatus(): Promise<readonly RingStatus[]> {
    return decodeCfgRingStatus(await this.#exchangeOk({ op: "ring-status" }));
  }

  /** Links to one node; undefined when corosync does not know it. */
  async nodeStatus(nodeId: number): Promise<NodeStatus | undefined> {
    const request = { op: "node-status", nodeId, version: NODE_STATUS_VERSION } as const;
    return decodeCfgNodeStatus(await this.#exchange(request));
  }

  /** Addresses of a node; empty when corosync does not know it. */
  async nodeAddresses(nodeId: number): Promise<readonly string[]> {
    return decodeCfgAddresses(await this.#exchange({ op: "node-addresses", nodeId }));
  }

  async reenableRings(): Promise<void> {
    await this.#exchangeOk({ op: "ring-reenable" });
  }

  async killNode(nodeId: number, reason: string): Promise<void> {
    await this.#exchangeOk({ op: "kill-node", nodeId, reason });
  }

  /** Asks corosync to end; the answer comes when all trackers have said yes or one no (CorosyncError busy). */
  async tryShutdown(flags: number): Promise<void> {
    await this.#exchangeOk({ op: "try-shutdown", flags });
  }

  async replyToShutdown(yes: boolean): Promise<void> {
    await this.#exchangeOk({ op: "reply-to-shutdown", yes });
  }

  async reload(): Promise<void> {
    await this.#exchangeOk({ op: "reload" });
  }

  async reopenLogs(): Promise<void> {
    await this.#exchangeOk({ op: "reopen-logs" });
  }

  async track(): Promise<void> {
    await this.#exchangeOk({ op: "track", flags: 0 });
  }

  async untrack(): Promise<void> {
    await this.#exchangeOk({ op: "untrack" });
  }

  close(): void {
    this.connection.close();
  }

  #exchange(request: CfgRequest): Promise<Uint8Array> {
    const bytes = encodeCfgRequest(request);
    const id = cfgResponseIdOf(messageId(bytes));
    return exchange(this.connection, `cfg ${request.op}`, bytes, id);
  }

  #exchangeOk(request: CfgRequest): Promise<Uint8Array> {
    const bytes = encodeCfgRequest(request);
    const id = cfgResponseIdOf(messageId(bytes));
    return exchangeOk(this.connection, `cfg ${request.op}`, bytes, id);
  }
}

export async function connectCfg(ipc: IpcTransport): Promise<CfgClient> {
  return new CfgClient(await ipc.connect("cfg"));
}
