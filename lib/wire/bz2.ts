/**
 * Unpacks bzip2, which Pacemaker's daemons use for messages above their limit (spec/ipc/ipc.md sections 3.1 and 4). We never
 * pack. Written from the format's description: blocks of Huffman-coded move-to-front ranks of a Burrows-Wheeler transform.
 */
import { type Rejection, reject } from "../base/error.ts";

const BLOCK_MAGIC_HIGH = 0x314159;
const BLOCK_MAGIC_LOW = 0x265359;
const END_MAGIC_HIGH = 0x177245;
const END_MAGIC_LOW = 0x385090;
const BLOCK_UNIT = 100_000;
const GROUP_SYMBOLS = 50;
const MAX_CODE_BITS = 20;
const RUN_A = 0;
const RUN_B = 1;
/** Byte repeats: after four equal bytes comes a count. */
const RUN_LENGTH = 4;

class Malformed extends Error {}

function fail(what: string): never {
  throw new Malformed(what);
}

/** Most significant bit first. */
class Bits {
  readonly #bytes: Uint8Array;
  #at = 0;
  #held = 0;
  #count = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Up to 24 bits. */
  take(bits: number): number {
    while (this.#count < bits) {
      if (this.#at >= this.#bytes.length) fail("ends early");
      this.#held = ((this.#held << 8) | this.#bytes[this.#at++]!) & 0x7fffffff;
      this.#count += 8;
    }
    this.#count -= bits;
    return (this.#held >>> this.#count) & ((1 << bits) - 1);
  }

  flag(): boolean {
    return this.take(1) === 1;
  }

  word(): number {
    return this.take(16) * 0x10000 + this.take(16);
  }
}

/** Canonical code: per length the first code and where its symbols start. */
interface Code {
  readonly limit: Int32Array;
  readonly base: Int32Array;
  readonly symbols: Uint16Array;
}

function makeCode(lengths: Uint8Array): Code {
  const limit = new Int32Array(MAX_CODE_BITS + 2).fill(-1);
  const base = new Int32Array(MAX_CODE_BITS + 2);
  const symbols = new Uint16Array(lengths.length);
  let code = 0;
  let index = 0;
  for (let bits = 1; bits <= MAX_CODE_BITS; bits++) {
    base[bits] = index - code;
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol] !== bits) continue;
      symbols[index++] = symbol;
      code++;
    }
    limit[bits] = code - 1;
    code <<= 1;
  }
  return { limit, base, symbols };
}

function readSymbol(bits: Bits, code: Code): number {
  let value = 0;
  for (let length = 1; length <= MAX_CODE_BITS; length++) {
    value = (value << 1) | bits.take(1);
    if (value <= code.limit[length]!) {
      const symbol = code.symbols[value + code.base[length]!];
      return symbol ?? fail("unknown code");
    }
  }
  return fail("unknown code");
}

function readUsedBytes(bits: Bits): Uint8Array {
  const used: number[] = [];
  const ranges = bits.take(16);
  for (let high = 0; high < 16; high++) {
    if ((ranges & (0x8000 >> high)) === 0) continue;
    const row = bits.take(16);
    for (let low = 0; low < 16; low++) {
      if ((row & (0x8000 >> low)) !== 0) used.push(high * 16 + low);
    }
  }
  if (used.length === 0) fail("block without bytes");
  return Uint8Array.from(used);
}

function moveToFront(list: Uint8Array, rank: number): number {
  const value = list[rank]!;
  list.copyWithin(1, 0, rank);
  list[0] = value;
  return value;
}

function readSelectors(bits: Bits, groups: number): Uint8Array {
  const count = bits.take(15);
  if (count === 0) fail("no selectors");
  const order = Uint8Array.from({ length: groups }, (_, i) => i);
  const selectors = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    let rank = 0;
    while (bits.flag()) if (++rank >= groups) fail("bad selector");
    selectors[i] = moveToFront(order, rank);
  }
  return selectors;
}

function readCodes(bits: Bits, groups: number, alphabet: number): Code[] {
  const codes: Code[] = [];
  for (let group = 0; group < groups; group++) {
    const lengths = new Uint8Array(alphabet);
    let length = bits.take(5);
    for (let symbol = 0; symbol < alphabet; symbol++) {
      while (bits.flag()) length += bits.flag() ? -1 : 1;
      if (length < 1 || length > MAX_CODE_BITS) fail("bad code length");
      lengths[symbol] = length;
    }
    codes.push(makeCode(lengths));
  }
  return codes;
}

/** The transformed bytes of one block and how often each value occurs. */
function readTransformed(bits: Bits, blockBytes: number): { bytes: Uint32Array; count: number } {
  const used = readUsedBytes(bits);
  const groups = bits.take(3);
  if (groups < 2 || groups > 6) fail("bad number of codes");
  const selectors = readSelectors(bits, groups);
  const alphabet = used.length + 2;
  const codes = readCodes(bits, groups, alphabet);
  const bytes = new Uint32Array(blockBytes);
  let count = 0;
  let run = 0;
  let runWeight = 1;
  for (let i = 0; ; i++) {
    const selector = selectors[Math.floor(i / GROUP_SYMBOLS)] ?? fail("too few selectors");
    const symbol = readSymbol(bits, codes[selector]!);
    if (symbol === RUN_A || symbol === RUN_B) {
      run += runWeight * (symbol + 1);
      runWeight *= 2;
      if (run > blockBytes) fail("run too long");
      continue;
    }
    if (count + run + 1 > blockBytes && symbol !== alphabet - 1) fail("block too long");
    if (count + run > blockBytes) fail("block too long");
    bytes.fill(used[0]!, count, count + run);
    count += run;
    run = 0;
    runWeight = 1;
    if (symbol === alphabet - 1) return { bytes, count };
    bytes[count++] = moveToFront(used, symbol - 1);
  }
}

/** Undoes the Burrows-Wheeler transform in place: the upper 24 bits of each word become the successor. */
function link(bytes: Uint32Array, count: number): void {
  const starts = new Uint32Array(257);
  for (let i = 0; i < count; i++) starts[bytes[i]! + 1]!++;
  for (let i = 0; i < 256; i++) starts[i + 1]! += starts[i]!;
  for (let i = 0; i < count; i++) {
    const at = starts[bytes[i]! & 0xff]!++;
    bytes[at] = (bytes[at]! & 0xff) | (i << 8);
  }
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24;
  for (let bit = 0; bit < 8; bit++) value = value < 0 ? (value << 1) ^ 0x04c11db7 : value << 1;
  return value;
});

/** Output that grows up to a limit. */
class Output {
  readonly #limit: number;
  #bytes = new Uint8Array(64 * 1024);
  #length = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  repeat(byte: number, times: number): void {
    const end = this.#length + times;
    if (end > this.#limit) fail(`unpacks to more than ${this.#limit} bytes`);
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.fill(byte, this.#length, end);
    this.#length = end;
  }

  result(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

function readBlock(bits: Bits, blockBytes: number, output: Output): number {
  const expected = bits.word();
  if (bits.flag()) fail("randomised blocks are not supported");
  const origin = bits.take(24);
  const { bytes, count } = readTransformed(bits, blockBytes);
  if (origin >= count) fail("bad origin");
  link(bytes, count);
  let at = bytes[origin]! >>> 8;
  let crc = -1;
  let previous = -1;
  let same = 0;
  for (let i = 0; i < count; i++) {
    const word = bytes[at]!;
    at = word >>> 8;
    const byte = word & 0xff;
    const times = same === RUN_LENGTH ? byte : 1;
    const value = same === RUN_LENGTH ? previous : byte;
    for (let k = 0; k < times; k++) crc = (crc << 8) ^ CRC_TABLE[((crc >>> 24) ^ value) & 0xff]!;
    output.repeat(value, times);
    if (same === RUN_LENGTH) {
      same = 0;
      previous = -1;
    } else {
      same = byte === previous ? same + 1 : 1;
      previous = byte;
    }
  }
  if (~crc >>> 0 !== expected) fail("wrong checksum");
  return expected;
}

function unpack(packed: Uint8Array, output: Output): void {
  const bits = new Bits(packed);
  if (bits.take(24) !== 0x425a68) fail("no bzip2 data");
  const level = bits.take(8) - 0x30;
  if (level < 1 || level > 9) fail("bad block size");
  let combined = 0;
  for (;;) {
    const high = bits.take(24);
    const low = bits.take(24);
    if (high === END_MAGIC_HIGH && low === END_MAGIC_LOW) break;
    if (high !== BLOCK_MAGIC_HIGH || low !== BLOCK_MAGIC_LOW) fail("bad block");
    const crc = readBlock(bits, level * BLOCK_UNIT, output);
    combined = ((combined << 1) | (combined >>> 31)) ^ crc;
  }
  if (combined >>> 0 !== bits.word()) fail("wrong checksum");
}

/** Unpacks one bzip2 stream of at most `limitBytes`. Anything else is a Rejection. */
export function unpackBz2(packed: Uint8Array, limitBytes: number): Uint8Array | Rejection {
  const output = new Output(limitBytes);
  try {
    unpack(packed, output);
    return output.result();
  } catch (error) {
    if (error instanceof Malformed) return reject("bz2", `bzip2: ${error.message}`);
    throw error;
  }
}
