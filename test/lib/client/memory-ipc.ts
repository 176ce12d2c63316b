/** IPC in memory for tests of clients and tools: services answer from functions, every request is kept. */
import { isRejection } from "../../../lib/base/error.ts";
import type { Session } from "../../../lib/cli/tool.ts";
import { type IpcConnection, IpcError, type IpcTransport } from "../../../lib/client/transport.ts";
import {
  decodePacemakerFrame,
  encodePacemakerFrame,
  PacemakerFlag,
} from "../../../lib/wire/ipc/pacemaker.ts";
import type { XmlElement } from "../../../lib/xml/node.ts";
import { parseXml } from "../../../lib/xml/parse.ts";

/** What a service does with a message: the responses it gives, and events before or after them. */
export interface Answer {
  readonly responses?: readonly Uint8Array[];
  readonly events?: readonly Uint8Array[];
  /** The service goes away instead. */
  readonly gone?: boolean;
}

export type Service = (message: Uint8Array) => Answer;

class MemoryConnection implements IpcConnection {
  readonly server = { pid: 1, uid: 0, gid: 0 };
  onEvent: ((message: Uint8Array) => void) | undefined;
  onClose: (() => void) | undefined;
  #open = true;
  readonly #responses: Uint8Array[] = [];

  constructor(
    private readonly service: Service,
    readonly maxMessageBytes: number,
  ) {}

  async send(message: Uint8Array): Promise<void> {
    if (!this.#open) throw new IpcError("closed", "closed");
    const { responses = [], events = [], gone = false } = this.service(message);
    this.#responses.push(...responses);
    for (const event of events) queueMicrotask(() => this.onEvent?.(event));
    if (!gone) return;
    this.#open = false;
    queueMicrotask(() => this.onClose?.());
  }

  async request(message: Uint8Array): Promise<Uint8Array> {
    await this.send(message);
    return this.receive();
  }

  async receive(): Promise<Uint8Array> {
    const next = this.#responses.shift();
    if (next === undefined) throw new IpcError("timeout", "no response");
    return next;
  }

  close(): void {
    this.#open = false;
  }
}

/** A transport to these services; any other name is refused. `connects` collects what was connected to. */
export function memoryIpc(
  services: Readonly<Record<string, Service>>,
  connects: string[] = [],
): IpcTransport {
  return {
    async connect(name, options = {}) {
      const service = services[name];
      if (service === undefined) throw new IpcError("refused", `nobody serves ${name}`);
      connects.push(name);
      return new MemoryConnection(service, options.maxMessageBytes ?? 1024 * 1024);
    },
  };
}

/** XML answers of a manager's service: `response` for requests that want one, `events` always. */
export interface ManagerAnswer {
  readonly response?: string;
  readonly events?: readonly string[];
  /** A second response to an earlier request goes first, as Pacemaker 2.1.5 does it. */
  readonly stale?: string;
}

/** A service of the manager. `seen` collects the requests. */
export function managerService(
  answer: (request: XmlElement) => ManagerAnswer,
  seen: XmlElement[] = [],
): Service {
  return (message) => {
    const frame = decodePacemakerFrame(message);
    if (isRejection(frame)) throw new Error(frame.text);
    const request = parseXml(frame.text);
    seen.push(request);
    const { response, events = [], stale } = answer(request);
    const encode = (text: string, id: number, flags: number) =>
      encodePacemakerFrame({ id, flags, text });
    const wanted = (frame.flags & PacemakerFlag.response) !== 0;
    return {
      responses: [
        ...(stale === undefined ? [] : [encode(stale, 0, 0)]),
        ...(wanted && response !== undefined ? [encode(response, frame.id, 0)] : []),
      ],
      events: events.map((text, i) => encode(text, 1000 + i, PacemakerFlag.event)),
    };
  };
}

/** A session around a transport; whatever a test does not give throws when it is used. */
export function memorySession(ipc: IpcTransport, given: Partial<Session> = {}): Session {
  const unused = () => {
    throw new Error("this test has no such thing");
  };
  return {
    program: "tool",
    env: {},
    user: { uid: 0, gid: 0, name: "root" },
    hostName: "node1",
    pid: 4711,
    columns: undefined,
    now: () => 0,
    sleep: (ms) => Bun.sleep(ms),
    readStdin: unused,
    readFile: unused,
    writeFile: unused,
    writePieces: unused,
    removeFile: unused,
    exists: () => false,
    listFolder: async () => [],
    print: unused,
    warn: unused,
    ipc,
    runProgram: unused,
    ...given,
  };
}
