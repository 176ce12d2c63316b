/** Chance from the operating system. Cores get theirs as a seed. */
import { randomBytes } from "node:crypto";

export function entropyBytes(count: number): Uint8Array {
  return new Uint8Array(randomBytes(count));
}

/** A random UUID, as clients of the CIB name themselves. */
export function randomUuid(): string {
  return crypto.randomUUID();
}

/** A seed for lib/base/prng.ts: 32 bits. */
export function randomSeed(): number {
  return randomBytes(4).readUInt32LE(0);
}
