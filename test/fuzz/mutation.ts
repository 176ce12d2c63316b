/** Altered bytes: what a hostile or broken sender makes of real datagrams. Same draws, same bytes. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Prng } from "../../lib/base/prng.ts";

const captures = join(import.meta.dir, "../../../shared/spec/totem/captures/hex");

export interface Fixture {
  readonly name: string;
  readonly data: Uint8Array;
}

/** Datagrams and messages captured from the originals, by name; none where they are not at hand. */
export function readFixtures(): readonly Fixture[] {
  if (!existsSync(captures)) {
    console.log("fuzz: ../shared has no captures; only datagrams of our own making are altered");
    return [];
  }
  return readdirSync(captures)
    .sort()
    .map((file) => {
      const text = readFileSync(join(captures, file), "utf8").replace(/\s/g, "");
      return { name: file, data: Uint8Array.from(Buffer.from(text, "hex")) };
    });
}

const extremes = [
  0, 1, 2, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
];

/** The bytes with some of them changed, cut off, put in, or exchanged for those of another; at times as they are. */
export function mutate(prng: Prng, original: Uint8Array, other: Uint8Array): Uint8Array {
  let data = original.slice();
  for (let count = prng.pick([0, 1, 1, 2, 5]); count > 0 && data.length > 4; count--) {
    const at = prng.below(data.length);
    switch (prng.below(6)) {
      case 0:
        data[at] = prng.below(256);
        break;
      case 1:
        data[at] = (data[at] ?? 0) ^ (1 << prng.below(8));
        break;
      case 2:
        new DataView(data.buffer).setUint32(
          Math.min(at, data.length - 4),
          prng.chance(0.5) ? prng.pick(extremes) : prng.below(64),
          prng.chance(0.9),
        );
        break;
      case 3:
        data = data.slice(0, at);
        break;
      case 4:
        data = Uint8Array.from([
          ...data.subarray(0, at),
          ...other.subarray(0, 64),
          ...data.subarray(at),
        ]);
        break;
      default:
        data.set(other.subarray(0, data.length - at), at);
    }
  }
  return data;
}
