/** The sort queue against an obvious one: a map of what is held, with the same window. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { SortQueue, type Stored, sortQueueSlots } from "../../../lib/totem/sort-queue.ts";
import { storedMessage } from "../support/stored-message.ts";

const step = fc.record({
  what: fc.constantFrom("add", "add", "add", "release", "miss", "reset"),
  distance: fc.oneof(fc.integer({ min: -3, max: 40 }), fc.integer({ min: 200, max: 20_000 })),
});

test("holds, releases and counts misses like a plain map, also where numbers wrap", () => {
  fc.assert(
    fc.property(
      fc.constantFrom<number>(0, 0xffffff00),
      fc.array(step, { maxLength: 60 }),
      (base, steps) => {
        const queue = new SortQueue();
        queue.reset(base);
        let released = base;
        const held = new Map<number, Stored>();
        const misses = new Map<number, number>();
        for (const { what, distance } of steps) {
          const seq = (released + distance) >>> 0;
          const inside = distance >= 1 && distance <= sortQueueSlots;
          if (what === "add") {
            const item = storedMessage(seq);
            expect(queue.add(item)).toBe(inside && !held.has(seq));
            if (inside && !held.has(seq)) held.set(seq, item);
          } else if (what === "miss" && inside) {
            misses.set(seq, (misses.get(seq) ?? 0) + 1);
            expect(queue.countMiss(seq)).toBe(misses.get(seq) ?? 0);
          } else if (what === "release") {
            queue.release(seq);
            for (let gone = released; inside && gone !== seq; ) {
              gone = (gone + 1) >>> 0;
              held.delete(gone);
              misses.delete(gone);
            }
            if (inside) released = seq;
          } else if (what === "reset") {
            queue.reset(seq);
            released = seq;
            held.clear();
            misses.clear();
          }
          expect(queue.released).toBe(released);
          for (const near of [-1, 0, 1, 2, distance, distance + 256]) {
            const number = (released + near) >>> 0;
            expect(queue.get(number)).toBe(held.get(number));
          }
        }
      },
    ),
  );
});
