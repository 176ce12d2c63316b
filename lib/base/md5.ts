/**
 * MD5 (RFC 1321) over UTF-8 text, in the streaming form: digests of CIBs and of operation parameters
 * (spec/outputs-and-tools.md D3). Not for security; the wire and the files fix the algorithm.
 */

/** How far each of the 64 steps rotates: four numbers a round, repeated. */
const SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];

/** floor(2^32 × |sin(step + 1)|), written out: to compute them takes longer than a digest. */
const SINES = new Int32Array([
  0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
  0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
  0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
  0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
  0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
  0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
  0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
  0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
]);

const DIGITS = "0123456789abcdef";

/** Feed it text or bytes in pieces; `hex` ends it. */
export class Md5 {
  readonly #state = Int32Array.from([0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476]);
  readonly #block = new Uint8Array(64);
  readonly #words = new Int32Array(16);
  readonly #encoder = new TextEncoder();
  #filled = 0;
  #length = 0;

  /** Adds text (as UTF-8) or bytes. */
  update(data: string | Uint8Array): this {
    const bytes = typeof data === "string" ? this.#encoder.encode(data) : data;
    this.#length += bytes.length;
    let at = 0;
    if (this.#filled > 0) {
      const take = Math.min(64 - this.#filled, bytes.length);
      this.#block.set(bytes.subarray(0, take), this.#filled);
      this.#filled += take;
      at = take;
      if (this.#filled === 64) this.#transform(this.#block, 0);
      else return this;
      this.#filled = 0;
    }
    for (; at + 64 <= bytes.length; at += 64) this.#transform(bytes, at);
    this.#block.set(bytes.subarray(at), 0);
    this.#filled = bytes.length - at;
    return this;
  }

  /** The digest as 32 lower-case hexadecimal digits. The object must not be used afterwards. */
  hex(): string {
    const bits = this.#length * 8;
    const block = this.#block;
    block[this.#filled] = 0x80;
    block.fill(0, this.#filled + 1);
    if (this.#filled >= 56) {
      this.#transform(block, 0);
      block.fill(0);
    }
    for (let i = 0; i < 8; i++) block[56 + i] = Math.floor(bits / 2 ** (8 * i)) & 255;
    this.#transform(block, 0);
    let text = "";
    for (const word of this.#state) {
      for (let shift = 0; shift < 32; shift += 8) {
        text += DIGITS[(word >>> (shift + 4)) & 15]! + DIGITS[(word >>> shift) & 15]!;
      }
    }
    return text;
  }

  #transform(bytes: Uint8Array, offset: number): void {
    const words = this.#words;
    for (let i = 0; i < 16; i++) {
      const at = offset + i * 4;
      words[i] =
        bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    }
    const state = this.#state;
    let a = state[0]!;
    let b = state[1]!;
    let c = state[2]!;
    let d = state[3]!;
    for (let i = 0; i < 64; i++) {
      let mix: number;
      let word: number;
      if (i < 16) {
        mix = (b & c) | (~b & d);
        word = i;
      } else if (i < 32) {
        mix = (d & b) | (~d & c);
        word = (5 * i + 1) & 15;
      } else if (i < 48) {
        mix = b ^ c ^ d;
        word = (3 * i + 5) & 15;
      } else {
        mix = c ^ (b | ~d);
        word = (7 * i) & 15;
      }
      const sum = (a + mix + SINES[i]! + words[word]!) | 0;
      const shift = SHIFTS[((i >> 4) << 2) | (i & 3)]!;
      a = d;
      d = c;
      c = b;
      b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0;
    }
    state[0] = (state[0]! + a) | 0;
    state[1] = (state[1]! + b) | 0;
    state[2] = (state[2]! + c) | 0;
    state[3] = (state[3]! + d) | 0;
  }
}

/** The MD5 of one text or byte string, 32 lower-case hexadecimal digits. */
export function md5Hex(data: string | Uint8Array): string {
  return new Md5().update(data).hex();
}
