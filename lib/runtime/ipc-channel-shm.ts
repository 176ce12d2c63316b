/** The server's end in shared memory: three rings of two files each (spec/ipc/ipc.md section 1.4). */
import {
  RING_HEADER,
  type RingMemory,
  RingReader,
  RingWriter,
  ringDataBytes,
} from "../wire/ipc/ring.ts";
import { MappedFile } from "./ffi/memory.ts";
import type { ChannelRequest, ChannelResult, ServerChannel } from "./ipc-channel.ts";

const HEADER_MINIMUM = RING_HEADER.minimumBytes;

/** Both files of one ring, made by us and handed to the client. */
class ServerRing {
  readonly header: MappedFile;
  readonly data: MappedFile;
  readonly memory: RingMemory;
  #askedNow = false;

  constructor(base: string, request: ChannelRequest) {
    const headerPath = `${base}-header`;
    const dataPath = `${base}-data`;
    this.header = MappedFile.create(headerPath, RING_HEADER.fileBytes);
    try {
      this.data = MappedFile.create(dataPath, ringDataBytes(request.maxMessageBytes));
    } catch (error) {
      this.header.close();
      throw error;
    }
    const words = this.header.words();
    words[RING_HEADER.wordSize >> 2] = this.data.bytes >>> 2;
    words[RING_HEADER.refCount >> 2] = 1;
    writeText(this.header, RING_HEADER.headerPath, headerPath);
    writeText(this.header, RING_HEADER.dataPath, dataPath);
    const semaphore = this.header.semaphore(RING_HEADER.semaphore, true);
    this.memory = { header: words, data: this.data.view(), semaphore };
    for (const file of [this.header, this.data]) file.giveTo(request.access);
  }

  /**
   * False when the client cut one of the files: touching them would kill this process. The system is asked once for all
   * accesses of a callback of the event loop.
   */
  intact(): boolean {
    if (this.#askedNow) return true;
    if (!this.header.intact(HEADER_MINIMUM) || !this.data.intact()) return false;
    this.#askedNow = true;
    queueMicrotask(() => {
      this.#askedNow = false;
    });
    return true;
  }

  close(): void {
    this.#askedNow = false;
    this.header.close();
    this.data.close();
  }
}

function writeText(file: MappedFile, offset: number, text: string): void {
  new TextEncoder().encodeInto(text, file.view(offset, RING_HEADER.pathBytes - 1));
}

class ShmChannel implements ServerChannel {
  readonly paths: readonly [string, string, string];
  readonly wakesByStream = true;
  readonly #rings: ServerRing[] = [];
  readonly #request: ServerRing;
  readonly #response: ServerRing;
  readonly #event: ServerRing;
  readonly #reader: RingReader;
  readonly #responses: RingWriter;
  readonly #events: RingWriter;

  constructor(request: ChannelRequest) {
    const base = (channel: string) => `${request.folder}/qb-${channel}-${request.service}`;
    this.paths = [base("request"), base("response"), base("event")];
    try {
      for (const path of this.paths) this.#rings.push(new ServerRing(path, request));
    } catch (error) {
      this.close();
      throw error;
    }
    const [req, res, ev] = this.#rings;
    this.#request = req!;
    this.#response = res!;
    this.#event = ev!;
    this.#reader = new RingReader(req!.memory, request.maxMessageBytes);
    this.#responses = new RingWriter(res!.memory);
    this.#events = new RingWriter(ev!.memory);
  }

  take(): Uint8Array | "empty" | "broken" {
    return this.#request.intact() ? this.#reader.read() : "broken";
  }

  respond(message: Uint8Array): ChannelResult {
    return this.#response.intact() ? this.#responses.write(message) : "broken";
  }

  sendEvent(message: Uint8Array): ChannelResult {
    return this.#event.intact() ? this.#events.write(message) : "broken";
  }

  setFlow(level: 0 | 1 | 2): void {
    if (!this.#request.intact()) return;
    Atomics.store(this.#request.memory.header, RING_HEADER.userData >> 2, level);
  }

  close(): void {
    for (const ring of this.#rings) ring.close();
    this.#rings.length = 0;
  }
}

/** Makes the six files. Throws SystemError (ENOSPC, EMFILE) when the system has no room. */
export function openShmChannel(request: ChannelRequest): ServerChannel {
  return new ShmChannel(request);
}
