/** Node attributes (spec/ipc/ipc.md section 3.5): what a node is or measures, transient or private. */

import { attr, childrenOf, element, type XmlElement } from "../xml/node.ts";
import {
  ackStatus,
  type ClientHost,
  checkLegacy,
  connectManager,
  ManagerError,
  type PacemakerConnection,
} from "./pacemaker.ts";

/** One value, on one node. */
export interface AttributeValue {
  readonly host: string;
  readonly value: string;
}

export interface AttributeUpdate {
  /** Exactly one of name and pattern. */
  readonly name?: string;
  /** Extended regular expression over names. */
  readonly pattern?: string;
  /** Undefined deletes. `NAME++` and `NAME+=N` count. */
  readonly value?: string;
  /** Default: the local node. */
  readonly host?: string;
  readonly hostId?: string;
  /** Text as given ("5s"). */
  readonly dampening?: string;
  readonly set?: string;
  /** "status" is the default; "utilization" is the other. */
  readonly section?: string;
  readonly isPrivate?: boolean;
  readonly isRemote?: boolean;
  readonly user?: string;
  /** "both": value and dampening; "delay": dampening only. */
  readonly task?: "update" | "update-both" | "update-delay";
  /** When to answer: at once, when this node, or when all nodes have it. */
  readonly sync?: "local" | "cluster";
}

/** Result of a write: the manager has taken it and will carry it out. */
const STATUS_TAKEN = 112;

export class AttributesClient {
  readonly connection: PacemakerConnection;

  constructor(connection: PacemakerConnection) {
    this.connection = connection;
  }

  /** Values of one attribute, on one node or on all. Throws ManagerError (ENXIO) when it does not exist. */
  async query(name: string, host?: string): Promise<readonly AttributeValue[]> {
    const answer = await this.#request({ task: "query", attr_name: name, attr_host: host });
    if (ackStatus(answer) !== undefined || attr(answer, "attr_name") === undefined) {
      throw new ManagerError(ENXIO);
    }
    return childrenOf(answer, "node").map((node) => ({
      host: attr(node, "attr_host") ?? "",
      value: attr(node, "attr_value") ?? "",
    }));
  }

  /** Sets or deletes. Throws ManagerError when the manager refuses. */
  async update(update: AttributeUpdate): Promise<void> {
    const answer = await this.#request({
      task: update.task ?? "update",
      attr_name: update.name,
      attr_regex: update.pattern,
      attr_value: update.value,
      attr_host: update.host,
      attr_host_id: update.hostId,
      attr_dampening: update.dampening,
      attr_set: update.set,
      attr_section: update.section,
      attr_user: update.user,
      attr_is_remote: update.isRemote === true ? "1" : "0",
      attr_is_private: update.isPrivate === true ? "1" : "0",
      attr_sync_point: update.sync,
    });
    checkAck(answer);
  }

  /** Writes all attributes to the CIB again. */
  async refresh(): Promise<void> {
    checkAck(await this.#request({ task: "refresh" }));
  }

  /** Forgets fail counts of a resource's operation, on one node or all. */
  async clearFailures(filter: {
    readonly host?: string;
    readonly resource?: string;
    readonly operation?: string;
    readonly interval?: string;
    readonly user?: string;
  }): Promise<void> {
    const answer = await this.#request({
      task: "clear-failure",
      attr_host: filter.host,
      attr_resource: filter.resource,
      attr_clear_operation: filter.operation,
      attr_clear_interval: filter.interval,
      attr_user: filter.user,
      attr_is_remote: "0",
    });
    checkAck(answer);
  }

  /** Forgets a node; nothing answers. */
  async removePeer(host: string | undefined, hostId?: string): Promise<void> {
    await this.connection.post(
      this.#message({ task: "peer-remove", attr_host: host, attr_host_id: hostId }),
    );
  }

  close(): void {
    this.connection.close();
  }

  #request(attrs: Readonly<Record<string, string | undefined>>): Promise<XmlElement> {
    return this.connection.request(this.#message(attrs));
  }

  #message(attrs: Readonly<Record<string, string | undefined>>): XmlElement {
    const src = this.connection.host.program;
    return element("create_attrd_op", { t: "attrd", src, ...attrs });
  }
}

const ENXIO = 6;

function checkAck(answer: XmlElement): void {
  const status = ackStatus(answer) ?? 0;
  if (status !== STATUS_TAKEN) checkLegacy(status);
}

/** Connects; there is nothing to register. Rejects with IpcError. */
export async function connectAttributes(host: ClientHost): Promise<AttributesClient> {
  return new AttributesClient(await connectManager(host, "attrd"));
}
