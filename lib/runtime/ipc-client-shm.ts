/** The client's end in shared memory (spec/ipc/ipc.md section 1.4). The server made the files; we open what it names. */
import { limits } from "../base/limits.ts";
import {
  RING_HEADER,
  type RingMemory,
  RingReader,
  RingWriter,
  ringDataBytes,
} from "../wire/ipc/ring.ts";
import type { SetupResponse } from "../wire/ipc/setup.ts";
import { MappedFile, type SharedSemaphore } from "./ffi/memory.ts";
import { type ClientChannel, isHeldBack } from "./ipc-client-channel.ts";

const HEADER_MAXIMUM_BYTES = 64 * 1024;
const REF_COUNT = RING_HEADER.refCount >> 2;
const FLOW_CONTROL = RING_HEADER.userData >> 2;

interface OpenRing {
  readonly header: MappedFile;
  readonly data: MappedFile;
  readonly memory: RingMemory & { readonly semaphore: SharedSemaphore };
}

function openRing(base: string, minimumHeaderBytes: number): OpenRing {
  // A string without a slash gets the original's default folder.
  const path = base.includes("/") ? base : `/dev/shm/qb-${base}`;
  const header = MappedFile.open(`${path}-header`, minimumHeaderBytes, HEADER_MAXIMUM_BYTES);
  try {
    const field = header.view(RING_HEADER.dataPath, RING_HEADER.pathBytes);
    const end = field.indexOf(0);
    const dataPath = new TextDecoder().decode(field.subarray(0, end < 0 ? field.length : end));
    const words = header.words();
    const wanted = words[RING_HEADER.wordSize >> 2]! * 4;
    const data = MappedFile.open(dataPath, wanted, ringDataBytes(limits.ipcMessageBytes));
    const semaphore = header.semaphore(RING_HEADER.semaphore, false);
    Atomics.add(words, REF_COUNT, 1);
    return { header, data, memory: { header: words, data: data.view(0, wanted), semaphore } };
  } catch (error) {
    header.close();
    throw error;
  }
}

class RingChannel implements ClientChannel {
  readonly wakesByStream = true;
  readonly #rings: OpenRing[] = [];
  readonly #maxMessageBytes: number;
  readonly #base: string;
  readonly #writer: RingWriter;
  readonly #responses: RingReader;
  readonly #events: RingReader;

  constructor(answer: SetupResponse) {
    this.#maxMessageBytes = answer.maxMessageBytes;
    this.#base = answer.paths[0];
    const minimums = [RING_HEADER.userData + 4, RING_HEADER.minimumBytes, RING_HEADER.minimumBytes];
    try {
      for (const [i, path] of answer.paths.entries())
        this.#rings.push(openRing(path, minimums[i]!));
    } catch (error) {
      this.close();
      throw error;
    }
    const [request, response, event] = this.#rings;
    this.#writer = new RingWriter(request!.memory);
    this.#responses = new RingReader(response!.memory, answer.maxMessageBytes);
    this.#events = new RingReader(event!.memory, answer.maxMessageBytes);
  }

  send(message: Uint8Array): "written" | "again" | "too-large" | "broken" {
    if (message.length > this.#maxMessageBytes) return "too-large";
    const { header } = this.#rings[0]!.memory;
    if (isHeldBack(Atomics.load(header, FLOW_CONTROL), this.#base, message)) return "again";
    return this.#writer.write(message);
  }

  takeResponse(spins: number, blockMs: number): Uint8Array | "empty" | "broken" {
    for (let i = 0; i < spins; i++) {
      const message = this.#responses.read();
      if (message !== "empty") return message;
    }
    if (blockMs <= 0) return "empty";
    const semaphore = this.#rings[1]!.memory.semaphore;
    return semaphore.waitBlocking(blockMs) ? this.#responses.take() : "empty";
  }

  takeEvent(): Uint8Array | "empty" | "broken" {
    return this.#events.read();
  }

  close(): void {
    for (const ring of this.#rings) {
      ring.header.close();
      ring.data.close();
    }
    this.#rings.length = 0;
  }
}

/** Opens the rings that the setup answer names. Throws when they are not there, too small, or not ours to open. */
export function openClientRings(answer: SetupResponse): ClientChannel {
  return new RingChannel(answer);
}
