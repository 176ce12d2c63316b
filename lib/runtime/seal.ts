/**
 * knet's crypto around whole packets (spec/totem/totem-wire.md section 9, "Crypto"):
 * IV (16 random bytes), AES-CBC of the packet, HMAC over both. The cipher's key is the head of the key file, the HMAC's key
 * the whole of it. With a hash alone: packet, HMAC. There is no protection against replay: the ring above bears it.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";

export type Cipher = "none" | "aes128" | "aes192" | "aes256";
export type Hash = "none" | "md5" | "sha1" | "sha256" | "sha384" | "sha512";

export interface Seal {
  /** Largest packet that fits into a datagram of so many bytes once it is sealed. */
  room(datagramBytes: number): number;
  seal(packet: Uint8Array): Uint8Array;
  /** Undefined when the datagram was not sealed with our key, or was altered. */
  open(datagram: Uint8Array): Uint8Array | undefined;
}

const IV_BYTES = 16;
const BLOCK_BYTES = 16;
const KEY_BYTES = { aes128: 16, aes192: 24, aes256: 32 } as const;
const HASH_BYTES = { none: 0, md5: 16, sha1: 20, sha256: 32, sha384: 48, sha512: 64 } as const;

/** Packets as they are. */
const clear: Seal = {
  room: (datagramBytes) => datagramBytes,
  seal: (packet) => packet,
  open: (datagram) => datagram,
};

/** Throws when the key is too short for the cipher, or when a cipher is wanted without a hash. */
export function makeSeal(cipher: Cipher, hash: Hash, key: Uint8Array): Seal {
  if (cipher === "none" && hash === "none") return clear;
  if (hash === "none") throw new Error(`cipher ${cipher} needs a hash`);
  const hashBytes = HASH_BYTES[hash];
  const hmac = (data: Uint8Array) => createHmac(hash, key).update(data).digest();
  const authenticated = (datagram: Uint8Array): Uint8Array | undefined => {
    if (datagram.length <= hashBytes) return undefined;
    const body = datagram.subarray(0, datagram.length - hashBytes);
    return timingSafeEqual(hmac(body), datagram.subarray(body.length)) ? body : undefined;
  };
  if (cipher === "none") {
    return {
      room: (datagramBytes) => datagramBytes - hashBytes,
      seal: (packet) => Buffer.concat([packet, hmac(packet)]),
      open: authenticated,
    };
  }
  const keyBytes = KEY_BYTES[cipher];
  if (key.length < keyBytes) throw new Error(`${cipher} needs a key of ${keyBytes} bytes`);
  const cipherKey = key.subarray(0, keyBytes);
  const name = `aes-${keyBytes * 8}-cbc`;
  return {
    room: (datagramBytes) => {
      const blocks = Math.floor((datagramBytes - IV_BYTES - hashBytes) / BLOCK_BYTES);
      return blocks * BLOCK_BYTES - 1;
    },
    seal: (packet) => {
      const iv = randomBytes(IV_BYTES);
      const coding = createCipheriv(name, cipherKey, iv);
      const body = Buffer.concat([iv, coding.update(packet), coding.final()]);
      return Buffer.concat([body, hmac(body)]);
    },
    open: (datagram) => {
      const body = authenticated(datagram);
      if (body === undefined || body.length < IV_BYTES + BLOCK_BYTES) return undefined;
      try {
        const decoding = createDecipheriv(name, cipherKey, body.subarray(0, IV_BYTES));
        return Buffer.concat([decoding.update(body.subarray(IV_BYTES)), decoding.final()]);
      } catch {
        return undefined;
      }
    },
  };
}
