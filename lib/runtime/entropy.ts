/** Chance from the operating system. Cores get theirs as a seed. */
import { randomBytes } from "node:crypto";

export function entropyBytes(count: number): Uint8Array {
  return new Uint8Array(randomBytes(count));
}
