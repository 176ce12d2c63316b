/**
 * Connections to libqb services (spec/ipc/ipc.md sections 1.2 to 1.6): IpcTransport of lib/client/transport.ts for both
 * types. The server picks the type.
 *
 * Responses in shared memory come without any wake-up, so somebody has to look. "blocking" waits on the semaphore in short
 * slices and lets the event loop run between them: right for a tool. "polling" never blocks: it looks at once, then with
 * setTimeout of 0 to 2 ms: right for a daemon. Events wake both through the stream socket.
 */

import { isRejection } from "../base/error.ts";
import { limits } from "../base/limits.ts";
import {
  type IpcConnection,
  IpcError,
  type IpcPeer,
  type IpcTransport,
} from "../client/transport.ts";
import {
  decodeSetupResponse,
  encodeSetupRequest,
  encodeSocketAddress,
  SETUP_RESPONSE_BYTES,
  type SetupResponse,
} from "../wire/ipc/setup.ts";
import { diskErrorCode } from "./disk-error.ts";
import { isThere } from "./ffi/file.ts";
import { Errno, SystemError } from "./ffi/libc.ts";
import { closeFd, connectStream, peerCredentials, sendMessage } from "./ffi/socket.ts";
import type { ClientChannel } from "./ipc-client-channel.ts";
import { openClientRings } from "./ipc-client-shm.ts";
import { openClientDatagrams } from "./ipc-client-socket.ts";

export interface IpcClientOptions {
  /** How to wait for responses; default "blocking". */
  readonly waiting?: "blocking" | "polling";
}

/** What corosync's client libraries ask for. */
const DEFAULT_MESSAGE_BYTES = 1024 * 1024;
const DEFAULT_TIMEOUT_MS = 30_000;
const SETUP_TIMEOUT_MS = 10_000;
const SETUP_ATTEMPTS = 10;
const SETUP_RETRY_MS = 100;
/** How long a tool tries a full or flow-controlled request channel before `send` rejects with "again". */
const SEND_PATIENCE_MS = 10_000;
/** Responses kept of a peer that is gone; more than one is never owed. */
const LAST_WORDS = 16;
const SPINS = 200;
const BLOCK_SLICE_MS = 20;
/** Turns of the event loop before a polling client sleeps; most answers come within them. */
const IMMEDIATE_ROUNDS = 20;
const POLL_LAST_MS = 2;
const FORCE_FILE_SOCKETS = "/etc/libqb/force-filesystem-sockets";

interface StreamSocket {
  write(data: Uint8Array): number;
  flush(): void;
  terminate(): void;
}

class Connection implements IpcConnection {
  onEvent: ((message: Uint8Array) => void) | undefined;
  onClose: (() => void) | undefined;
  readonly #waiting: "blocking" | "polling";
  readonly #service: string;
  #socket: StreamSocket | undefined;
  #server: IpcPeer = { pid: 0, uid: -1, gid: -1 };
  #maxMessageBytes = 0;
  #channel: ClientChannel | undefined;
  #closed = false;
  /** Bytes of the setup answer; undefined afterwards. */
  #setup: Uint8Array[] | undefined = [];
  #setupDone: ((answer: SetupResponse | IpcError) => void) | undefined;
  /** Wake-up bytes that the stream socket did not take. */
  #owed = 0;
  /** Requests go one after the other, as responses carry nothing that would tell them apart. */
  #turn: Promise<unknown> = Promise.resolve();
  #wakeWaiter: (() => void) | undefined;
  /** Responses that were there when the peer went: a daemon may answer as its last act. */
  readonly #lastWords: Uint8Array[] = [];

  constructor(service: string, waiting: "blocking" | "polling") {
    this.#service = service;
    this.#waiting = waiting;
  }

  get server(): IpcPeer {
    return this.#server;
  }

  get maxMessageBytes(): number {
    return this.#maxMessageBytes;
  }

  /** Connects, exchanges setup, opens the channels. */
  async open(wish: number): Promise<void> {
    const fd = this.#connect();
    // At once, so that the daemon makes the channels meanwhile.
    if (sendMessage(fd, encodeSetupRequest(wish)) !== 0) {
      closeFd(fd);
      throw this.#error("closed", "closed the connection");
    }
    this.#server = peerCredentials(fd);
    const answered = new Promise<SetupResponse | IpcError>((resolve) => {
      this.#setupDone = resolve;
    });
    this.#socket = await adoptStream(fd, {
      data: (data) => this.#onData(data),
      drain: () => this.#payWakes(),
      close: () => this.#onPeerGone(),
    });
    const timer = setTimeout(
      () => this.#setupDone?.(this.#error("timeout", "does not answer")),
      SETUP_TIMEOUT_MS,
    );
    const answer = await answered;
    clearTimeout(timer);
    this.#setupDone = undefined;
    if (answer instanceof IpcError) throw answer;
    this.#openChannel(answer);
  }

  async send(message: Uint8Array): Promise<void> {
    // A daemon waits as long as its peer lives: a ring in trouble is busy, not gone.
    const patience = this.#waiting === "blocking" ? SEND_PATIENCE_MS : Number.POSITIVE_INFINITY;
    const deadline = performance.now() + patience;
    for (let delay = 0; ; delay = Math.min(delay + 1, POLL_LAST_MS)) {
      if (this.#closed) throw this.#error("closed", "connection is closed");
      const result = this.#channel!.send(message);
      if (result === "written") break;
      if (result === "broken") throw this.#fail("protocol", "damaged the request channel");
      if (result === "too-large") {
        throw this.#error(
          "protocol",
          `takes ${this.#maxMessageBytes} bytes, not ${message.length}`,
        );
      }
      if (performance.now() > deadline) throw this.#error("again", "stays busy");
      await Bun.sleep(delay);
    }
    if (this.#channel!.wakesByStream) {
      this.#owed++;
      this.#payWakes();
    }
  }

  request(message: Uint8Array, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<Uint8Array> {
    return this.#inTurn(async () => {
      await this.send(message);
      return this.#response(timeoutMs);
    });
  }

  receive(timeoutMs = DEFAULT_TIMEOUT_MS): Promise<Uint8Array> {
    return this.#inTurn(() => this.#response(timeoutMs));
  }

  #inTurn(action: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const answer = this.#turn.then(action);
    this.#turn = answer.catch(() => {});
    return answer;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#channel?.close();
    this.#channel = undefined;
    this.#socket?.terminate();
    this.#wakeWaiter?.();
  }

  #connect(): number {
    const asFile = isThere(FORCE_FILE_SOCKETS);
    const address = asFile
      ? encodeSocketAddress(`/tmp/${this.#service}`, "file")
      : encodeSocketAddress(this.#service, "abstract");
    if (address === undefined) throw this.#error("refused", "name is too long");
    try {
      return connectStream(address);
    } catch (error) {
      const code = error instanceof SystemError ? error.errno : 0;
      if (code === Errno.EAGAIN) throw this.#error("again", "has a full backlog");
      throw new IpcError("refused", notRunning(this.#service));
    }
  }

  #onData(data: Uint8Array): void {
    if (this.#setup === undefined) {
      this.#drainEvents();
      return;
    }
    this.#setup.push(new Uint8Array(data));
    const whole = Buffer.concat(this.#setup);
    if (whole.length < SETUP_RESPONSE_BYTES) return;
    this.#setup = undefined;
    const answer = decodeSetupResponse(new Uint8Array(whole.subarray(0, SETUP_RESPONSE_BYTES)));
    this.#setupDone?.(isRejection(answer) ? this.#error("protocol", answer.text) : answer);
    // Wake-up bytes of first events that came in the same read.
    if (whole.length > SETUP_RESPONSE_BYTES) setTimeout(() => this.#drainEvents(), 0);
  }

  #openChannel(answer: SetupResponse): void {
    if (answer.error === -Errno.EAGAIN) throw this.#error("again", "is not ready yet");
    if (answer.error === -Errno.EACCES || answer.error === -Errno.EPERM) {
      throw this.#error("denied", "refuses this user: use root or a member of group haclient");
    }
    if (answer.error !== 0) throw this.#error("refused", `refuses: errno ${-answer.error}`);
    if (answer.maxMessageBytes > limits.ipcMessageBytes) {
      throw this.#error("protocol", `wants messages of ${answer.maxMessageBytes} bytes`);
    }
    this.#maxMessageBytes = answer.maxMessageBytes;
    try {
      this.#channel =
        answer.type === "shm"
          ? openClientRings(answer)
          : openClientDatagrams(answer, {
              onEvent: (message) => this.onEvent?.(message),
              onResponse: () => this.#wakeWaiter?.(),
            });
    } catch (error) {
      const code = diskErrorCode(error);
      throw this.#error(code === "EACCES" ? "denied" : "protocol", `channels: ${code}`);
    }
    if (this.#closed) {
      this.#channel.close();
      throw this.#error("closed", "went away");
    }
  }

  #payWakes(): void {
    if (this.#closed || this.#owed === 0) return;
    const written = this.#socket!.write(new Uint8Array(Math.min(this.#owed, 4096)));
    this.#owed -= Math.max(0, written);
    this.#socket!.flush();
  }

  #drainEvents(): void {
    for (;;) {
      if (this.#closed || this.#channel === undefined) return;
      const message = this.#channel.takeEvent();
      if (message === "empty") return;
      if (message === "broken") {
        this.#fail("protocol", "damaged the event channel");
        return;
      }
      this.onEvent?.(message);
    }
  }

  async #response(timeoutMs: number): Promise<Uint8Array> {
    const deadline = performance.now() + timeoutMs;
    for (let round = 0; ; round++) {
      const last = this.#lastWords.shift();
      if (last !== undefined) return last;
      if (this.#closed) throw this.#error("closed", "went away");
      const channel = this.#channel!;
      const message =
        this.#waiting === "blocking"
          ? channel.takeResponse(1, BLOCK_SLICE_MS)
          : channel.takeResponse(round === 0 ? SPINS : 1, 0);
      if (message === "broken") throw this.#fail("protocol", "damaged the response channel");
      if (message !== "empty") return message;
      const left = deadline - performance.now();
      // A late answer would be taken for the next one's, so the connection cannot go on.
      if (left <= 0) throw this.#fail("timeout", `does not answer within ${timeoutMs} ms`);
      await this.#pause(channel, round, left);
    }
  }

  /** Lets the event loop run, so that events arrive and the end of the peer is seen. */
  #pause(channel: ClientChannel, round: number, leftMs: number): Promise<void> {
    if (channel.wakesByStream && (this.#waiting === "blocking" || round < IMMEDIATE_ROUNDS)) {
      return new Promise((resolve) => setImmediate(resolve));
    }
    const delay = channel.wakesByStream
      ? Math.min((round - IMMEDIATE_ROUNDS) >> 3, POLL_LAST_MS)
      : leftMs;
    return new Promise((resolve) => {
      const timer = setTimeout(done, delay);
      this.#wakeWaiter = done;
      function done(): void {
        clearTimeout(timer);
        resolve();
      }
    });
  }

  #onPeerGone(): void {
    this.#setupDone?.(this.#error("closed", "closed the connection"));
    if (this.#closed) return;
    // What the peer sent before it went is still in the rings.
    this.#drainEvents();
    for (let left = LAST_WORDS; left > 0; left--) {
      const message = this.#channel?.takeResponse(1, 0) ?? "empty";
      if (typeof message === "string") break;
      this.#lastWords.push(message);
    }
    this.close();
    this.onClose?.();
  }

  #fail(code: IpcError["code"], text: string): IpcError {
    const wasOpen = !this.#closed;
    this.close();
    if (wasOpen) this.onClose?.();
    return this.#error(code, text);
  }

  #error(code: IpcError["code"], text: string): IpcError {
    return new IpcError(code, `IPC service ${this.#service} ${text}`);
  }
}

/** Services of the ring's daemon; all others are the manager's. */
const RING_SERVICES: ReadonlySet<string> = new Set(["cfg", "cmap", "cpg", "quorum", "votequorum"]);

/** Words for a service that nobody serves: which daemon is missing. */
function notRunning(service: string): string {
  const daemon = RING_SERVICES.has(service) ? "corosync" : "pacemakerd";
  return `${daemon} is not running on this host (nobody serves IPC ${service})`;
}

/** Bun.connect on a connected socket of ours (its type package lacks `fd`). Bun owns the descriptor afterwards. */
async function adoptStream(
  fd: number,
  handlers: { data(data: Uint8Array): void; drain(): void; close(): void },
): Promise<StreamSocket> {
  const connect = Bun.connect as unknown as (options: {
    fd: number;
    socket: {
      data(socket: unknown, data: Uint8Array): void;
      drain(): void;
      close(): void;
      error(): void;
    };
  }) => Promise<StreamSocket>;
  try {
    return await connect({
      fd,
      socket: {
        data: (_socket, data) => handlers.data(data),
        drain: handlers.drain,
        close: handlers.close,
        error: handlers.close,
      },
    });
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

/** The real transport of this machine. */
export function ipcTransport(options: IpcClientOptions = {}): IpcTransport {
  return {
    async connect(service, wanted = {}) {
      const wish = Math.max(wanted.maxMessageBytes ?? DEFAULT_MESSAGE_BYTES, SETUP_RESPONSE_BYTES);
      for (let attempt = 1; ; attempt++) {
        const connection = new Connection(service, options.waiting ?? "blocking");
        try {
          await connection.open(wish);
          return connection;
        } catch (error) {
          connection.close();
          const busy = error instanceof IpcError && error.code === "again";
          if (!busy || attempt === SETUP_ATTEMPTS) throw error;
          await Bun.sleep(SETUP_RETRY_MS);
        }
      }
    },
  };
}
