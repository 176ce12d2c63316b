/**
 * A libqb server (spec/ipc/ipc.md sections 1.1 to 1.6): listens for the services of one daemon, carries out the setup
 * exchange, and turns channels into the events and effects of lib/wire/ipc/front-door.ts.
 *
 * A client may be hostile or dead: it is believed in nothing, waits for nobody, and costs bounded memory. What breaks a rule
 * is dropped, with a reason in the log; nothing here throws into the daemon.
 */
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { isRejection } from "../base/error.ts";
import { limits } from "../base/limits.ts";
import type { FrontDoorEffect, FrontDoorEvent } from "../wire/ipc/front-door.ts";
import { DISCONNECT_ID, messageId, messageSize, REQUEST_HEADER_BYTES } from "../wire/ipc/header.ts";
import {
  decodeSetupRequest,
  encodeSetupRefusal,
  encodeSetupResponse,
  encodeSocketAddress,
  type IpcType,
  SETUP_REQUEST_BYTES,
  SETUP_RESPONSE_BYTES,
} from "../wire/ipc/setup.ts";
import { diskErrorCode, removeFile } from "./disk.ts";
import { Errno, SystemError } from "./ffi/libc.ts";
import { listenStream, type PeerCredentials, peerCredentials } from "./ffi/socket.ts";
import {
  type ChannelAccess,
  type ChannelRequest,
  handOver,
  makeChannelFolder,
  removeChannelFolder,
  type ServerChannel,
} from "./ipc-channel.ts";
import { openShmChannel } from "./ipc-channel-shm.ts";
import { openDatagramChannel } from "./ipc-channel-socket.ts";
import { adoptListener, descriptorOf, sweepDeadServers } from "./ipc-listener.ts";

export interface IpcServerOptions {
  readonly services: readonly string[];
  /** How clients are served; default shared memory, which Debian's pacemakerd requires. */
  readonly type?: IpcType;
  /** Messages of at least this size fit every connection, whatever the client wished. */
  readonly minimumMessageBytes?: number;
  /** May this client in? 0, or a negative errno: -13 no, -11 not ready yet. Default: root and our own user only. */
  readonly authorize?: (service: string, client: PeerCredentials) => number;
  /** Owner and mode of the client's files; default the client's own, 0600. */
  readonly access?: (client: PeerCredentials) => ChannelAccess;
  readonly onEvent: (event: FrontDoorEvent) => void;
  /** One line about a refused or dropped client. */
  readonly log?: (text: string) => void;
  /** Where connections get their folders. */
  readonly folder?: string;
}

export interface IpcServer {
  /** Carries out an effect of the core. Effects for clients that are gone are dropped silently. */
  perform(effect: FrontDoorEffect): void;
  readonly clients: number;
  /**
   * Messages of this size will travel: connections to these services from now on hold them. Sizes already seen count by
   * themselves, so this is for what comes another way.
   */
  expect(services: readonly string[], messageBytes: number): void;
  /** Drops all clients, closes the listeners, removes all files. No events follow. */
  close(): void;
}

const LISTEN_BACKLOG = 128;
/** A client's wish is never below this: the setup response itself has to fit (spec 1.2). */
const MINIMUM_MESSAGE_BYTES = SETUP_RESPONSE_BYTES;
const FORCE_FILE_SOCKETS = "/etc/libqb/force-filesystem-sockets";
const SOCKET_FOLDER = "/tmp";
/** Room to grow over the largest message seen: the next CIB is a little larger than the last. */
const GROWTH = 1.5;
const FLUSH_FIRST_MS = 1;
const FLUSH_LAST_MS = 100;

/** One stream socket. `client` is 0 until the setup exchange is done. */
interface Connection {
  readonly service: string;
  readonly socket: Bun.Socket<Connection>;
  client: number;
  channel: ServerChannel | undefined;
  folder: string | undefined;
  maxMessageBytes: number;
  /** Bytes of the setup exchange: received ones before, unsent ones after the answer. */
  received: Uint8Array;
  unsent: Uint8Array;
  /** Refused: closed as soon as the answer is out. */
  refused: boolean;
  setupTimer: NodeJS.Timeout | undefined;
  closed: boolean;
  reading: boolean;
  /** Wake-up bytes not yet written. */
  wakes: number;
  wakesScheduled: boolean;
  readonly backlog: { readonly channel: "response" | "event"; readonly message: Uint8Array }[];
  backlogBytes: number;
  flushTimer: NodeJS.Timeout | undefined;
  flushMs: number;
}

class Server implements IpcServer {
  readonly #options: IpcServerOptions;
  readonly #folder: string;
  readonly #listeners: { stop(close: boolean): void }[] = [];
  readonly #socketFiles: string[] = [];
  readonly #clients = new Map<number, Connection>();
  readonly #pending = new Set<Connection>();
  readonly #flow = new Map<string, 0 | 1 | 2>();
  /** Largest message seen or expected, by service. */
  readonly #largest = new Map<string, number>();
  #nextClient = 1;
  #closed = false;

  constructor(options: IpcServerOptions) {
    this.#options = options;
    this.#folder = options.folder ?? "/dev/shm";
    sweepDeadServers(this.#folder);
    try {
      for (const service of options.services) this.#listen(service);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get clients(): number {
    return this.#clients.size;
  }

  perform(effect: FrontDoorEffect): void {
    if (effect.kind === "flow-control") {
      this.#flow.set(effect.service, effect.level);
      for (const connection of this.#clients.values()) {
        if (connection.service === effect.service) connection.channel?.setFlow(effect.level);
      }
      return;
    }
    const connection = this.#clients.get(effect.client);
    if (connection === undefined) return;
    if (effect.kind === "drop-client") this.#end(connection, undefined);
    else this.#send(connection, effect.kind === "respond" ? "response" : "event", effect.message);
  }

  expect(services: readonly string[], messageBytes: number): void {
    for (const service of services) {
      if (messageBytes > (this.#largest.get(service) ?? 0)) {
        this.#largest.set(service, messageBytes);
      }
    }
  }

  close(): void {
    this.#closed = true;
    for (const listener of this.#listeners) listener.stop(false);
    for (const connection of [...this.#pending, ...this.#clients.values()]) {
      this.#end(connection, undefined);
    }
    for (const path of this.#socketFiles) removeFile(path);
  }

  #listen(service: string): void {
    const asFile = existsSync(FORCE_FILE_SOCKETS);
    const name = asFile ? `${SOCKET_FOLDER}/${service}` : service;
    const address = encodeSocketAddress(name, asFile ? "file" : "abstract");
    if (address === undefined) throw new Error(`service name too long: ${service}`);
    if (asFile) removeFile(name);
    const fd = listenStream(address, LISTEN_BACKLOG);
    if (asFile) {
      chmodSync(name, 0o777);
      this.#socketFiles.push(name);
    }
    const listener = adoptListener<Connection>(fd, {
      open: (socket) => this.#accept(service, socket),
      data: (socket, data) => this.#onData(socket.data, data),
      drain: (socket) => this.#onDrain(socket.data),
      close: (socket) => this.#end(socket.data, undefined),
      error: (socket) => this.#end(socket.data, undefined),
    });
    this.#listeners.push(listener);
  }

  #accept(service: string, socket: Bun.Socket<Connection>): void {
    const connection: Connection = {
      service,
      socket,
      client: 0,
      channel: undefined,
      folder: undefined,
      maxMessageBytes: 0,
      received: new Uint8Array(0),
      unsent: new Uint8Array(0),
      refused: false,
      setupTimer: undefined,
      closed: false,
      reading: false,
      wakes: 0,
      wakesScheduled: false,
      backlog: [],
      backlogBytes: 0,
      flushTimer: undefined,
      flushMs: FLUSH_FIRST_MS,
    };
    socket.data = connection;
    this.#pending.add(connection);
    if (this.#closed) {
      this.#end(connection, undefined);
      return;
    }
    // The oldest goes: an honest client finishes at once, and a closed one is often not noticed yet.
    const pending = [...this.#pending].filter((other) => other.service === service);
    if (pending.length > limits.ipcPendingSetups) {
      this.#end(pending[0], "too many unfinished connections");
    }
    connection.setupTimer = setTimeout(
      () => this.#end(connection, "setup not finished in time"),
      limits.ipcSetupMs,
    );
  }

  #onData(connection: Connection, data: Uint8Array): void {
    if (connection.closed || connection.refused) return;
    if (connection.client !== 0) {
      if (connection.channel?.wakesByStream === true) this.#readRequests(connection);
      return;
    }
    const received = new Uint8Array(connection.received.length + data.length);
    received.set(connection.received);
    received.set(data, connection.received.length);
    connection.received = received;
    if (received.length >= SETUP_REQUEST_BYTES) this.#answerSetup(connection);
  }

  #answerSetup(connection: Connection): void {
    const request = decodeSetupRequest(connection.received);
    if (isRejection(request)) {
      this.#end(connection, request.text);
      return;
    }
    let client: PeerCredentials;
    let error: number;
    try {
      client = peerCredentials(descriptorOf(connection.socket));
      error = this.#admit(connection, client, request.maxMessageBytes);
    } catch (failure) {
      this.#end(connection, `no credentials: ${String(failure)}`);
      return;
    }
    if (error !== 0) {
      connection.refused = true;
      this.#options.log?.(
        `${connection.service}: refused pid ${client.pid} uid ${client.uid}: errno ${-error}`,
      );
      connection.unsent = encodeSetupRefusal(error);
      this.#onDrain(connection);
      return;
    }
    this.#finishSetup(connection, client);
  }

  /** Checks rights and limits and makes the channel. 0, or a negative errno. */
  #admit(connection: Connection, client: PeerCredentials, wish: number): number {
    const { service } = connection;
    const refused = (this.#options.authorize ?? onlyOwnUser)(service, client);
    if (refused !== 0) return refused;
    let count = 0;
    for (const other of this.#clients.values()) if (other.service === service) count++;
    if (count >= limits.ipcClientsPerService) return -Errno.EMFILE;
    if (wish > limits.ipcMessageBytes) return -Errno.ENOMEM;
    const maxMessageBytes = this.#messageBytes(service, wish);
    connection.maxMessageBytes = maxMessageBytes;
    const access = this.#options.access?.(client) ?? {
      uid: client.uid,
      gid: client.gid,
      mode: 0o600,
    };
    try {
      const descriptor = descriptorOf(connection.socket);
      const folder = makeChannelFolder(this.#folder, client, descriptor);
      connection.folder = folder;
      const wanted = { service, folder, maxMessageBytes, access };
      connection.channel = this.#openChannel(connection, wanted);
      handOver(folder, access);
      connection.channel.setFlow(this.#flow.get(service) ?? 0);
      connection.unsent = encodeSetupResponse({
        error: 0,
        type: this.#options.type ?? "shm",
        maxMessageBytes,
        paths: connection.channel.paths,
      });
      return 0;
    } catch (error) {
      this.#options.log?.(`${service}: no channel for pid ${client.pid}: ${String(error)}`);
      return -errorNumber(error);
    }
  }

  /** What a connection holds: the client's wish, or more where larger messages are at home. */
  #messageBytes(service: string, wish: number): number {
    const minimum = this.#options.minimumMessageBytes ?? MINIMUM_MESSAGE_BYTES;
    const grown = Math.ceil((this.#largest.get(service) ?? 0) * GROWTH);
    const room = Math.min(Math.max(minimum, grown, MINIMUM_MESSAGE_BYTES), limits.ipcMessageBytes);
    return Math.max(wish, room);
  }

  #openChannel(connection: Connection, request: ChannelRequest): ServerChannel {
    if (this.#options.type !== "socket") return openShmChannel(request);
    return openDatagramChannel(request, (message) => {
      if (!connection.closed && connection.client !== 0) this.#onRequest(connection, message);
    });
  }

  #finishSetup(connection: Connection, client: PeerCredentials): void {
    clearTimeout(connection.setupTimer);
    this.#pending.delete(connection);
    connection.client = this.#nextClient++;
    connection.received = new Uint8Array(0);
    this.#clients.set(connection.client, connection);
    this.#options.onEvent({
      kind: "client-connected",
      service: connection.service,
      client: connection.client,
      uid: client.uid,
      gid: client.gid,
      pid: client.pid,
      processName: processName(client.pid),
    });
    this.#onDrain(connection);
  }

  /** Takes what the ring holds, in turns, so that one busy client cannot starve the others. */
  #readRequests(connection: Connection): void {
    if (connection.reading) return;
    for (let taken = 0; taken < limits.ipcRequestsPerTurn; taken++) {
      if (connection.closed) return;
      const message = connection.channel!.take();
      if (message === "empty") return;
      if (message === "broken") {
        this.#end(connection, "request ring damaged");
        return;
      }
      this.#onRequest(connection, message);
    }
    connection.reading = true;
    setImmediate(() => {
      connection.reading = false;
      if (!connection.closed) this.#readRequests(connection);
    });
  }

  #onRequest(connection: Connection, message: Uint8Array): void {
    this.expect([connection.service], message.length);
    const size = message.length < REQUEST_HEADER_BYTES ? -1 : messageSize(message);
    if (size < REQUEST_HEADER_BYTES || size > message.length) {
      this.#end(connection, `message of ${message.length} bytes names a size of ${size}`);
      return;
    }
    const id = messageId(message);
    if (id < 0) {
      this.#end(connection, id === DISCONNECT_ID ? undefined : `message with reserved id ${id}`);
      return;
    }
    const whole = size === message.length ? message : message.subarray(0, size);
    this.#options.onEvent({ kind: "client-request", client: connection.client, message: whole });
  }

  #send(connection: Connection, kind: "response" | "event", message: Uint8Array): void {
    this.expect([connection.service], message.length);
    if (message.length > connection.maxMessageBytes) {
      const room = connection.maxMessageBytes;
      this.#end(connection, `${kind} of ${message.length} bytes does not fit ${room}`);
      return;
    }
    if (!connection.backlog.some((waiting) => waiting.channel === kind)) {
      const result = this.#write(connection, kind, message);
      if (result !== "again") return;
    }
    connection.backlog.push({ channel: kind, message });
    connection.backlogBytes += message.length;
    if (
      connection.backlog.length > limits.ipcBacklogMessages ||
      connection.backlogBytes > limits.ipcBacklogBytes
    ) {
      this.#end(connection, `does not read: ${connection.backlog.length} messages wait`);
      return;
    }
    this.#scheduleFlush(connection);
  }

  #write(connection: Connection, kind: "response" | "event", message: Uint8Array): string {
    const channel = connection.channel!;
    const result = kind === "response" ? channel.respond(message) : channel.sendEvent(message);
    if (result === "broken") this.#end(connection, `${kind} channel damaged`);
    if (result === "written" && kind === "event" && channel.wakesByStream) {
      connection.wakes++;
      this.#scheduleWakes(connection);
    }
    return result;
  }

  #scheduleFlush(connection: Connection): void {
    connection.flushTimer ??= setTimeout(() => {
      connection.flushTimer = undefined;
      this.#flush(connection);
    }, connection.flushMs);
  }

  /** Tries the backlog again; a full response channel does not hold back events, nor the other way round. */
  #flush(connection: Connection): void {
    const full = new Set<string>();
    const waiting = connection.backlog.splice(0);
    for (const entry of waiting) {
      if (connection.closed) return;
      if (full.has(entry.channel)) connection.backlog.push(entry);
      else if (this.#write(connection, entry.channel, entry.message) === "again") {
        full.add(entry.channel);
        connection.backlog.push(entry);
      } else connection.backlogBytes -= entry.message.length;
    }
    if (connection.closed || connection.backlog.length === 0) {
      connection.flushMs = FLUSH_FIRST_MS;
      return;
    }
    const stuck = connection.backlog.length === waiting.length;
    connection.flushMs = stuck ? Math.min(connection.flushMs * 2, FLUSH_LAST_MS) : FLUSH_FIRST_MS;
    this.#scheduleFlush(connection);
  }

  /** One byte for each event, all of a turn in one write. */
  #scheduleWakes(connection: Connection): void {
    if (connection.wakesScheduled) return;
    connection.wakesScheduled = true;
    queueMicrotask(() => {
      connection.wakesScheduled = false;
      if (!connection.closed) this.#onDrain(connection);
    });
  }

  /** The stream socket takes bytes: the rest of the setup answer first, then wake-ups. */
  #onDrain(connection: Connection): void {
    if (connection.closed) return;
    if (connection.unsent.length > 0) {
      const written = Math.max(0, connection.socket.write(connection.unsent));
      connection.unsent = connection.unsent.subarray(written);
      connection.socket.flush();
      if (connection.unsent.length > 0) return;
      if (connection.refused) this.#end(connection, undefined);
    }
    if (connection.wakes > 0 && !connection.closed) {
      const bytes = new Uint8Array(Math.min(connection.wakes, 4096));
      connection.wakes -= Math.max(0, connection.socket.write(bytes));
      connection.socket.flush();
    }
  }

  /** Takes a connection down, whatever state it is in. `reason` is logged. Safe to call twice. */
  #end(connection: Connection | undefined, reason: string | undefined): void {
    if (connection === undefined || connection.closed) return;
    connection.closed = true;
    clearTimeout(connection.setupTimer);
    clearTimeout(connection.flushTimer);
    this.#pending.delete(connection);
    if (reason !== undefined) this.#options.log?.(`${connection.service}: dropped: ${reason}`);
    connection.channel?.close();
    connection.channel = undefined;
    connection.backlog.length = 0;
    if (connection.folder !== undefined) {
      removeChannelFolder(connection.folder);
    }
    connection.socket.end();
    if (this.#clients.delete(connection.client) && !this.#closed) {
      this.#options.onEvent({ kind: "client-gone", client: connection.client });
    }
  }
}

function onlyOwnUser(_service: string, client: PeerCredentials): number {
  return client.uid === 0 || client.uid === process.geteuid!() ? 0 : -Errno.EACCES;
}

/** As the kernel calls the process; empty when it is gone or not to be seen. */
function processName(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trimEnd();
  } catch {
    return "";
  }
}

/** The errno an error of the file system or of a call of ours stands for. */
function errorNumber(error: unknown): number {
  if (error instanceof SystemError) return error.errno;
  const known: Readonly<Record<string, number>> = Errno;
  return known[diskErrorCode(error)] ?? Errno.ENOMEM;
}

/** Starts serving. Throws SystemError (EADDRINUSE when another server of that name runs in this network namespace). */
export function serveIpc(options: IpcServerOptions): IpcServer {
  return new Server(options);
}
