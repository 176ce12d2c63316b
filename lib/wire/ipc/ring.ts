/**
 * libqb's ring in shared memory as arithmetic over byte views (spec/ipc/ipc.md section 1.4). One side writes, the other
 * reads. Each side believes its own position only and keeps it privately; whatever the peer may change is checked.
 *
 * A chunk is two words (length in bytes, magic) and the payload, rounded up to words. Nothing here needs the double mapping
 * of the original: payloads that wrap are copied in two parts, which gives the same bytes.
 */

/** Fields of the header file; offsets in bytes. */
export const RING_HEADER = {
  writePoint: 0,
  readPoint: 4,
  wordSize: 8,
  headerPath: 12,
  dataPath: 4108,
  pathBytes: 4096,
  refCount: 8204,
  semaphore: 8208,
  userData: 8240,
  /** Length of the file as servers make it. */
  fileBytes: 8252,
  /** Shortest length that holds all but the user data; clients cut response and event rings to it. */
  minimumBytes: 8248,
} as const;

const MAGIC_ALLOCATED = 0xa110ced0 | 0;
const MAGIC_COMMITTED = 0xa1a1a1a1 | 0;
const MAGIC_DEAD = 0xd0d0d0d0 | 0;
const CHUNK_HEADER_WORDS = 2;
/** What the original keeps free beside a payload: chunk header and one word. */
const CHUNK_MARGIN_BYTES = 12;
const PAGE_BYTES = 4096;

/** The semaphore that counts committed chunks; lib/runtime/ffi makes it from the header file, tests from a number. */
export interface RingSemaphore {
  /** Takes one without waiting; false when the count is 0. */
  tryWait(): boolean;
  post(): void;
  value(): number;
}

/** One ring. `header` covers at least `minimumBytes`; `data` is the data file, mapped once. */
export interface RingMemory {
  readonly header: Int32Array;
  readonly data: Uint8Array;
  readonly semaphore: RingSemaphore;
}

/** Length of the data file for messages up to `maxMessageBytes`. */
export function ringDataBytes(maxMessageBytes: number): number {
  return Math.ceil((maxMessageBytes + CHUNK_MARGIN_BYTES + 1) / PAGE_BYTES) * PAGE_BYTES;
}

/** Free words between write and read point, as the original counts them. */
function freeWords(write: number, read: number, words: number, semaphore: RingSemaphore): number {
  if (write > read) return read - write + words - 1;
  if (write < read) return read - write - 1;
  return semaphore.value() > 0 ? 0 : words;
}

/** Word views and copies that wrap at the end of the data. */
class RingWords {
  readonly words: number;
  readonly #data: Uint8Array;
  readonly #ints: Int32Array;

  constructor(data: Uint8Array) {
    this.words = data.length >>> 2;
    this.#data = data;
    this.#ints = new Int32Array(data.buffer, data.byteOffset, this.words);
  }

  load(at: number): number {
    return Atomics.load(this.#ints, at % this.words);
  }

  store(at: number, value: number): void {
    Atomics.store(this.#ints, at % this.words, value);
  }

  /** Copies `bytes` to word `at` on, wrapping. */
  write(at: number, bytes: Uint8Array): void {
    const start = (at % this.words) * 4;
    const first = Math.min(bytes.length, this.#data.length - start);
    if (first === bytes.length) {
      this.#data.set(bytes, start);
      return;
    }
    this.#data.set(bytes.subarray(0, first), start);
    this.#data.set(bytes.subarray(first), 0);
  }

  /** A copy of `length` bytes from word `at` on, wrapping. */
  read(at: number, length: number): Uint8Array {
    const start = (at % this.words) * 4;
    const first = Math.min(length, this.#data.length - start);
    if (first === length) return this.#data.slice(start, start + length);
    const bytes = new Uint8Array(length);
    bytes.set(this.#data.subarray(start, start + first), 0);
    bytes.set(this.#data.subarray(0, length - first), first);
    return bytes;
  }

  after(at: number, length: number): number {
    return (at + CHUNK_HEADER_WORDS + Math.ceil(length / 4)) % this.words;
  }
}

const WRITE_POINT = RING_HEADER.writePoint >> 2;
const READ_POINT = RING_HEADER.readPoint >> 2;

/** "again": no room now. "broken": the peer wrote nonsense into the header; drop it. */
export type RingWriteResult = "written" | "again" | "broken";

/** The writing side of a ring. */
export class RingWriter {
  readonly #memory: RingMemory;
  readonly #words: RingWords;
  #writePoint: number;

  /** Continues at the write point in memory when it is sane, so that both ends of a new ring agree on 0. */
  constructor(memory: RingMemory) {
    this.#memory = memory;
    this.#words = new RingWords(memory.data);
    const stored = Atomics.load(memory.header, WRITE_POINT) >>> 0;
    this.#writePoint = stored < this.#words.words ? stored : 0;
  }

  /** Puts one chunk in, if there is room for it. */
  write(payload: Uint8Array): RingWriteResult {
    const { header, semaphore } = this.#memory;
    const words = this.#words;
    const readPoint = Atomics.load(header, READ_POINT) >>> 0;
    if (readPoint >= words.words) return "broken";
    const free = freeWords(this.#writePoint, readPoint, words.words, semaphore) * 4;
    if (free < payload.length + CHUNK_MARGIN_BYTES) return "again";
    const at = this.#writePoint;
    words.store(at, 0);
    words.store(at + 1, MAGIC_ALLOCATED);
    words.write(at + CHUNK_HEADER_WORDS, payload);
    words.store(at, payload.length);
    this.#writePoint = words.after(at, payload.length);
    Atomics.store(header, WRITE_POINT, this.#writePoint);
    words.store(at + 1, MAGIC_COMMITTED);
    semaphore.post();
    return "written";
  }
}

/** "empty": nothing there. "broken": wrong magic or a length that cannot be; drop the peer. */
export type RingReadResult = Uint8Array | "empty" | "broken";

/** The reading side of a ring. */
export class RingReader {
  readonly #memory: RingMemory;
  readonly #words: RingWords;
  readonly #maxMessageBytes: number;
  #readPoint: number;

  constructor(memory: RingMemory, maxMessageBytes: number) {
    this.#memory = memory;
    this.#words = new RingWords(memory.data);
    this.#maxMessageBytes = Math.min(maxMessageBytes, memory.data.length - CHUNK_MARGIN_BYTES);
    const stored = Atomics.load(memory.header, READ_POINT) >>> 0;
    this.#readPoint = stored < this.#words.words ? stored : 0;
  }

  /** Takes the next chunk, if the semaphore says that there is one. */
  read(): RingReadResult {
    return this.#memory.semaphore.tryWait() ? this.take() : "empty";
  }

  /** Takes the next chunk after the caller has taken the semaphore itself (a blocking wait). */
  take(): Uint8Array | "broken" {
    const words = this.#words;
    const at = this.#readPoint;
    if (words.load(at + 1) !== MAGIC_COMMITTED) return "broken";
    const length = words.load(at);
    if (length < 0 || length > this.#maxMessageBytes) return "broken";
    const payload = words.read(at + CHUNK_HEADER_WORDS, length);
    words.store(at, 0);
    words.store(at + 1, MAGIC_DEAD);
    this.#readPoint = words.after(at, length);
    Atomics.store(this.#memory.header, READ_POINT, this.#readPoint);
    return payload;
  }
}
