/**
 * knet's crypto around whole packets (spec/totem/totem-wire.md section 9, "Crypto"):
 * IV (16 random bytes), AES-CBC of the packet, HMAC over both. The cipher's key is the head of the key file, the HMAC's key
 * the whole of it. With a hash alone: packet, HMAC. There is no protection against replay: the ring above bears it.
 *
 * A cipher object costs more than the packet it codes, so one of each kind lives as long as the seal and codes the packets as
 * one chain of blocks. Coding: a random block goes in before each packet; what comes out for it is the encryption of an
 * unpredictable block, and the next blocks are AES-CBC with just that as IV. Decoding: the IV goes in as a block, and what
 * comes out for it is thrown away.
 */
import { createCipheriv, createDecipheriv, timingSafeEqual } from "node:crypto";

export type Cipher = "none" | "aes128" | "aes192" | "aes256";
export type Hash = "none" | "md5" | "sha1" | "sha256" | "sha384" | "sha512";

export interface Seal {
  /** Largest packet that fits into a datagram of so many bytes once it is sealed. */
  room(datagramBytes: number): number;
  /** The same packet given again in a row, for another peer, gives the same datagram. */
  seal(packet: Uint8Array): Uint8Array;
  /** Undefined when the datagram was not sealed with our key, or was altered. */
  open(datagram: Uint8Array): Uint8Array | undefined;
}

const IV_BYTES = 16;
const BLOCK_BYTES = 16;
const KEY_BYTES = { aes128: 16, aes192: 24, aes256: 32 } as const;
const HASH_BYTES = { none: 0, md5: 16, sha1: 20, sha256: 32, sha384: 48, sha512: 64 } as const;
/** Random bytes are drawn in stocks of so many. */
const STOCK_BYTES = 4096;

/** Packets as they are. */
const clear: Seal = {
  room: (datagramBytes) => datagramBytes,
  seal: (packet) => packet,
  open: (datagram) => datagram,
};

/** HMAC with one key, which is prepared once. */
class Authenticator {
  readonly bytes: number;
  readonly #prepared: Bun.CryptoHasher;
  /** Bun writes no HMAC into less than 64 bytes; its head is what counts. */
  readonly #digest = new Uint8Array(64);
  readonly #found: Uint8Array;

  constructor(hash: Exclude<Hash, "none">, key: Uint8Array) {
    this.bytes = HASH_BYTES[hash];
    this.#prepared = new Bun.CryptoHasher(hash, key);
    this.#found = this.#digest.subarray(0, this.bytes);
  }

  /** Writes the HMAC of `datagram` but its last bytes into these. */
  sign(datagram: Uint8Array): void {
    const end = datagram.length - this.bytes;
    this.#prepared.copy().update(datagram.subarray(0, end)).digest(this.#digest);
    datagram.set(this.#found, end);
  }

  /** The datagram without its HMAC, a view; undefined when that is wrong. */
  verify(datagram: Uint8Array): Uint8Array | undefined {
    const end = datagram.length - this.bytes;
    if (end <= 0) return undefined;
    const body = datagram.subarray(0, end);
    this.#prepared.copy().update(body).digest(this.#digest);
    return timingSafeEqual(this.#found, datagram.subarray(end)) ? body : undefined;
  }
}

/** AES-CBC of packet after packet with one key. */
class ChainedCipher {
  readonly #coding;
  readonly #decoding;
  readonly #stock = new Uint8Array(STOCK_BYTES);
  #drawn = STOCK_BYTES;
  #input = new Uint8Array(2048);

  constructor(cipher: Exclude<Cipher, "none">, key: Uint8Array) {
    const keyBytes = KEY_BYTES[cipher];
    const name = `aes-${keyBytes * 8}-cbc`;
    const cipherKey = key.subarray(0, keyBytes);
    const start = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    this.#coding = createCipheriv(name, cipherKey, start).setAutoPadding(false);
    this.#decoding = createDecipheriv(name, cipherKey, start).setAutoPadding(false);
  }

  /** IV and code of `packet`, padded as PKCS #7 says. */
  encode(packet: Uint8Array): Uint8Array {
    const padding = BLOCK_BYTES - (packet.length % BLOCK_BYTES);
    const end = IV_BYTES + packet.length + padding;
    if (end > this.#input.length) this.#input = new Uint8Array(2 * end);
    const input = this.#input;
    if (this.#drawn === STOCK_BYTES) {
      crypto.getRandomValues(this.#stock);
      this.#drawn = 0;
    }
    input.set(this.#stock.subarray(this.#drawn, this.#drawn + IV_BYTES));
    this.#drawn += IV_BYTES;
    input.set(packet, IV_BYTES);
    input.fill(padding, end - padding, end);
    return this.#coding.update(input.subarray(0, end));
  }

  /** The packet behind IV and code; undefined when these cannot come from `encode`. */
  decode(body: Uint8Array): Uint8Array | undefined {
    if (body.length < IV_BYTES + BLOCK_BYTES || body.length % BLOCK_BYTES !== 0) return undefined;
    const output = this.#decoding.update(body);
    const padding = output[output.length - 1] ?? 0;
    if (padding < 1 || padding > BLOCK_BYTES) return undefined;
    for (let back = 2; back <= padding; back++) {
      if (output[output.length - back] !== padding) return undefined;
    }
    return output.subarray(IV_BYTES, output.length - padding);
  }
}

/** Throws when the key is too short for the cipher, or when a cipher is wanted without a hash. */
export function makeSeal(cipher: Cipher, hash: Hash, key: Uint8Array): Seal {
  if (cipher === "none" && hash === "none") return clear;
  if (hash === "none") throw new Error(`cipher ${cipher} needs a hash`);
  if (cipher !== "none" && key.length < KEY_BYTES[cipher]) {
    throw new Error(`${cipher} needs a key of ${KEY_BYTES[cipher]} bytes`);
  }
  const authenticator = new Authenticator(hash, key);
  const chain = cipher === "none" ? undefined : new ChainedCipher(cipher, key);
  const hashBytes = authenticator.bytes;
  let last: { readonly packet: Uint8Array; readonly datagram: Uint8Array } | undefined;
  return {
    room: (datagramBytes) => {
      if (chain === undefined) return datagramBytes - hashBytes;
      const blocks = Math.floor((datagramBytes - IV_BYTES - hashBytes) / BLOCK_BYTES);
      return blocks * BLOCK_BYTES - 1;
    },
    seal: (packet) => {
      if (last?.packet === packet) return last.datagram;
      const body = chain === undefined ? packet : chain.encode(packet);
      const datagram = new Uint8Array(body.length + hashBytes);
      datagram.set(body);
      authenticator.sign(datagram);
      last = { packet, datagram };
      return datagram;
    },
    open: (datagram) => {
      const body = authenticator.verify(datagram);
      return body === undefined || chain === undefined ? body : chain.decode(body);
    },
  };
}
