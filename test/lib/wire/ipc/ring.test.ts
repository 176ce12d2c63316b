import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  RING_HEADER,
  type RingMemory,
  RingReader,
  RingWriter,
  ringDataBytes,
} from "../../../../lib/wire/ipc/ring.ts";

function newRing(dataBytes: number): RingMemory {
  let count = 0;
  const semaphore = {
    tryWait: () => (count > 0 ? count-- > 0 : false),
    post: () => void count++,
    value: () => count,
  };
  const header = new Int32Array(RING_HEADER.fileBytes >> 2);
  return { header, data: new Uint8Array(dataBytes), semaphore };
}

const payload = (seed: number, length: number) =>
  Uint8Array.from({ length }, (_, i) => (seed * 31 + i) & 0xff);

test("data files are whole pages and hold the largest message", () => {
  expect(ringDataBytes(1024 * 1024)).toBe(1052672);
  expect(ringDataBytes(12328)).toBe(16384);
});

test("what goes in comes out, in order, across any number of wraps", () => {
  const step = fc.oneof(
    fc.record({ write: fc.integer({ min: 0, max: 300 }) }),
    fc.record({ read: fc.integer({ min: 1, max: 5 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const ring = newRing(1024);
      const writer = new RingWriter(ring);
      const reader = new RingReader(ring, 1024);
      const model: Uint8Array[] = [];
      let seed = 0;
      for (const s of steps) {
        if ("write" in s) {
          const bytes = payload(seed++, s.write);
          const result = writer.write(bytes);
          expect(result).not.toBe("broken");
          if (result === "written") model.push(bytes);
          // A ring that holds nothing takes any message that fits at all.
          else expect(model.length).toBeGreaterThan(0);
        } else {
          for (let i = 0; i < s.read; i++) {
            expect(reader.read()).toEqual(model.shift() ?? ("empty" as never));
          }
        }
      }
    }),
    { numRuns: 100 },
  );
});

test("the chunk on the page is libqb's", () => {
  const ring = newRing(4096);
  new RingWriter(ring).write(payload(0, 6));
  const words = new Int32Array(ring.data.buffer);
  expect(words[0]).toBe(6);
  expect(words[1]! >>> 0).toBe(0xa1a1a1a1);
  expect(ring.header[0]).toBe(4);
  new RingReader(ring, 4096).read();
  expect(words[1]! >>> 0).toBe(0xd0d0d0d0);
  expect(ring.header[1]).toBe(4);
});

test("a full ring says so and takes more once it was read", () => {
  const ring = newRing(256);
  const writer = new RingWriter(ring);
  const reader = new RingReader(ring, 256);
  let written = 0;
  while (writer.write(payload(written, 40)) === "written") written++;
  expect(written).toBeGreaterThan(2);
  expect(writer.write(payload(9, 300))).toBe("again");
  expect(reader.read()).toEqual(payload(0, 40));
  expect(writer.write(payload(9, 40))).toBe("written");
});

test("nonsense of the peer is noticed, never followed", () => {
  const lies: ((ring: RingMemory) => void)[] = [
    (ring) => void new Int32Array(ring.data.buffer).fill(-1, 0, 1),
    (ring) => void new Int32Array(ring.data.buffer).fill(0x7fffffff, 0, 1),
    (ring) => void new Int32Array(ring.data.buffer).fill(1025, 0, 1),
    (ring) => void new Int32Array(ring.data.buffer).fill(0, 1, 2),
  ];
  for (const lie of lies) {
    const ring = newRing(1024);
    const reader = new RingReader(ring, 1024);
    new RingWriter(ring).write(payload(1, 8));
    lie(ring);
    expect(reader.read()).toBe("broken");
  }
  const ring = newRing(1024);
  const writer = new RingWriter(ring);
  ring.header[1] = 0x10000000;
  expect(writer.write(payload(1, 8))).toBe("broken");
});

test("a semaphore raised without a chunk is no message", () => {
  const ring = newRing(1024);
  const reader = new RingReader(ring, 1024);
  ring.semaphore.post();
  expect(reader.read()).toBe("broken");
});
