/** The fencer (spec/ipc/ipc.md section 3.6): devices, levels, fencing, its history. */
import { fromLegacy } from "../base/result-code.ts";
import { attr, child, childrenOf, element, type XmlElement } from "../xml/node.ts";
import { nodeAttrs } from "./controller.ts";
import {
  ackStatus,
  type ClientHost,
  checkLegacy,
  connectManager,
  EVENT_TIMEOUT_MS,
  envelope,
  ManagerError,
  type PacemakerConnection,
} from "./pacemaker.ts";
import { IpcError } from "./transport.ts";

/** Bits of st_callopt. */
export const FencerOption = {
  verbose: 0x1,
  allowSuicide: 0x2,
  manualAck: 0x8,
  discard: 0x10,
  topology: 0x40,
  local: 0x100,
  /** The target is a ring's node id. */
  ringNodeId: 0x200,
  sync: 0x1000,
  cleanup: 0x80000,
  broadcast: 0x100000,
} as const;

/** What came of a call; `rc` as in lib/base/result-code.ts. */
export interface FencerReply {
  readonly rc: number;
  /** Exit code of the agent or operation. */
  readonly exit: number;
  /** Result status: 0 done, 2 timeout, 4 error, … (spec 3.6); -1 still going on. */
  readonly status: number;
  readonly exitReason: string | undefined;
  readonly output: string;
  readonly data: XmlElement | undefined;
}

export interface FencerCall {
  readonly op: string;
  readonly data?: XmlElement;
  /** FencerOption bits besides sync. */
  readonly options?: number;
  /** Seconds the fencer may take. */
  readonly timeoutSeconds?: number;
  readonly delaySeconds?: number;
}

/** One fencing operation of the past or going on; attributes as the fencer writes them. */
export interface FencingRecord {
  readonly target: string;
  readonly action: string;
  readonly origin: string;
  readonly delegate: string | undefined;
  readonly client: string;
  /** 0 query, 1 executing, 2 done, 3 duplicate, 4 failed. */
  readonly state: number;
  /** Epoch seconds. */
  readonly completed: number;
  readonly exitReason: string | undefined;
}

/** More than the fencer itself takes, so that its own answer comes first. */
const GRACE_SECONDS = 60;

export class FencerClient {
  readonly connection: PacemakerConnection;
  /** Called for each subscribed event: its type and the data. */
  onNotify: ((type: string, data: XmlElement | undefined) => void) | undefined;
  readonly #clientId: string;
  #callId = 1;

  constructor(connection: PacemakerConnection, clientId: string) {
    this.connection = connection;
    this.#clientId = clientId;
    connection.onEvent = (event) => {
      if (attr(event, "t") !== "st_notify") return;
      this.onNotify?.(attr(event, "subt") ?? "", child(event, "st_calldata")?.children[0]);
    };
  }

  /** One synchronous call. Only a lost manager throws (IpcError). */
  async call(call: FencerCall): Promise<FencerReply> {
    const options = (call.options ?? 0) | FencerOption.sync;
    const seconds = call.timeoutSeconds ?? 0;
    const request = element(
      "stonith_command",
      {
        __name__: "stonith_command",
        t: "stonith-ng",
        st_async_id: this.#clientId,
        st_op: call.op,
        st_callid: String(++this.#callId),
        st_callopt: String(options),
        st_timeout: String(seconds),
        st_delay: call.delaySeconds === undefined ? undefined : String(call.delaySeconds),
      },
      call.data === undefined ? [] : [element("st_calldata", {}, [call.data])],
    );
    const timeoutMs = seconds > 0 ? (seconds + GRACE_SECONDS) * 1000 : EVENT_TIMEOUT_MS;
    return readReply(await this.connection.request(request, timeoutMs));
  }

  /** Ids of devices; those that can fence `target` when it is given. */
  async devices(target?: string): Promise<readonly string[]> {
    const data = element("st_device_id", {
      st_target: target,
      st_device_action: target === undefined ? undefined : "off",
    });
    const reply = await this.#ok({ op: "st_query", data, options: FencerOption.allowSuicide });
    if (reply.data === undefined) return [];
    return childrenOf(reply.data, "st_device_id").map((device) => attr(device, "id") ?? "");
  }

  /** Fences `target`; waits until it is done. Throws ManagerError. */
  async fence(request: {
    readonly target: string;
    readonly action: string;
    readonly timeoutSeconds: number;
    readonly toleranceSeconds?: number;
    readonly delaySeconds?: number;
    readonly options?: number;
  }): Promise<FencerReply> {
    const data = element("st_fence", {
      st_target: request.target,
      st_device_action: request.action,
      st_timeout: String(request.timeoutSeconds),
      st_tolerance: String(request.toleranceSeconds ?? 0),
      st_delay: request.delaySeconds === undefined ? undefined : String(request.delaySeconds),
    });
    const { timeoutSeconds, options = 0, delaySeconds } = request;
    return this.call({
      op: "st_fence",
      data,
      options,
      timeoutSeconds,
      ...(delaySeconds === undefined ? {} : { delaySeconds }),
    });
  }

  /** Past and pending operations against `target`, or all; newest first as the fencer has them. */
  async history(target?: string, options = 0): Promise<readonly FencingRecord[]> {
    const data = element("st_device_id", { st_target: target });
    const reply = await this.#ok({ op: "st_fence_history", data, options });
    const list = reply.data;
    if (list === undefined) return [];
    const entries = list.name === "st_history" ? list.children : childrenOf(list, "st_history");
    return entries.map(readRecord);
  }

  /** Asks for events: fencing, history, added and removed devices. */
  async subscribe(type: string): Promise<void> {
    const answer = await this.connection.request(
      element("stonith_command", {
        __name__: "stonith_command",
        t: "stonith-ng",
        st_op: "st_notify",
        st_notify_activate: type,
        st_clientid: this.#clientId,
      }),
    );
    checkLegacy(ackStatus(answer) ?? 0, `subscribe to ${type}`);
  }

  /** Forgets a node; nothing answers. */
  async removeNodeCache(name: string | undefined, id: string | undefined): Promise<void> {
    const { host } = this.connection;
    const attrs = nodeAttrs(name, id);
    const fields = { task: "rm_node_cache", to: "stonith-ng", from: host.program, attrs };
    await this.connection.post(envelope(host, fields).xml);
  }

  close(): void {
    this.connection.close();
  }

  async #ok(call: FencerCall): Promise<FencerReply> {
    const reply = await this.call(call);
    if (reply.rc !== 0) throw new ManagerError(reply.rc);
    return reply;
  }
}

function readReply(answer: XmlElement): FencerReply {
  const number = (name: string) => Number(attr(answer, name) ?? 0);
  return {
    rc: fromLegacy(number("st_rc")),
    exit: number("rc-code"),
    status: number("op-status"),
    exitReason: attr(answer, "exit-reason"),
    output: attr(answer, "st_output") ?? child(answer, "st_output")?.text ?? "",
    data: child(answer, "st_calldata")?.children[0],
  };
}

function readRecord(entry: XmlElement): FencingRecord {
  return {
    target: attr(entry, "st_target") ?? "",
    action: attr(entry, "st_device_action") ?? "",
    origin: attr(entry, "st_origin") ?? "",
    delegate: attr(entry, "st_delegate"),
    client: attr(entry, "st_clientname") ?? "",
    state: Number(attr(entry, "st_state") ?? 0),
    completed: Number(attr(entry, "st_date") ?? 0),
    exitReason: attr(entry, "exit-reason"),
  };
}

/** Connects and registers. Rejects with IpcError. */
export async function connectFencer(host: ClientHost): Promise<FencerClient> {
  const connection = await connectManager(host, "stonith-ng");
  try {
    const answer = await connection.request(
      element("stonith_command", {
        t: "stonith-ng",
        st_op: "register",
        st_clientname: host.program,
      }),
    );
    const id = attr(answer, "st_clientid");
    if (id === undefined) throw new IpcError("protocol", "the fencer gave no client id");
    return new FencerClient(connection, id);
  } catch (error) {
    connection.close();
    throw error;
  }
}
