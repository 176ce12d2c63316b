/**
 * Events and effects between a daemon's core and its libqb servers. `client` is a number that the runtime gives to each
 * connection and never uses twice. Messages are whole libqb messages, header included (spec/ipc/ipc.md section 1.3).
 */

export interface ClientConnected {
  readonly kind: "client-connected";
  readonly service: string;
  readonly client: number;
  readonly uid: number;
  readonly gid: number;
  readonly pid: number;
  /** Of its process, where that is known; for statistics. */
  readonly processName?: string;
}

export interface ClientRequest {
  readonly kind: "client-request";
  readonly client: number;
  readonly message: Uint8Array;
}

export interface ClientGone {
  readonly kind: "client-gone";
  readonly client: number;
}

export type FrontDoorEvent = ClientConnected | ClientRequest | ClientGone;

/** Message for the client's response channel: exactly one for each request that wants one, in the order of requests. */
export interface Respond {
  readonly kind: "respond";
  readonly client: number;
  readonly message: Uint8Array;
}

/** Message for the client's event channel. The runtime queues within limits and drops a client that does not read. */
export interface SendEvent {
  readonly kind: "send-event";
  readonly client: number;
  readonly message: Uint8Array;
}

export interface DropClient {
  readonly kind: "drop-client";
  readonly client: number;
}

/**
 * 0 open, 1 blocked, 2 blocked for cpg multicasts, open for everything else: the word the client library reads. For all clients
 * of the service.
 */
export interface FlowControl {
  readonly kind: "flow-control";
  readonly service: string;
  readonly level: 0 | 1 | 2;
}

export type FrontDoorEffect = Respond | SendEvent | DropClient | FlowControl;
