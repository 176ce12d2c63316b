/** totempg: whatever is packed is assembled again, through changes of the ring too. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Assembly } from "../../../lib/totem/assembly.ts";
import { PackQueue, payloadBytes } from "../../../lib/totem/pack.ts";
import { mcastHeaderBytes } from "../../../lib/wire/totem.ts";
import { decodePacket, encodeGrouped, encodePacket } from "../../../lib/wire/totempg.ts";

const mtu = 1500;

function message(fill: number, bytes: number): Uint8Array {
  return encodeGrouped("a", new Uint8Array(bytes).fill(fill));
}

/** The next packet, without the room before it that is for the header of an mcast. */
function take(queue: PackQueue): Uint8Array | undefined {
  return queue.take(mtu)?.subarray(mcastHeaderBytes);
}

function packets(queue: PackQueue): Uint8Array[] {
  const all: Uint8Array[] = [];
  for (let packet = take(queue); packet !== undefined; packet = take(queue)) all.push(packet);
  return all;
}

describe("packing", () => {
  test("small messages share a packet", () => {
    const queue = new PackQueue();
    for (const fill of [1, 2, 3]) queue.push(message(fill, 32));
    const all = packets(queue);
    expect(all).toHaveLength(1);
    expect(decodePacket(all[0]!)?.parts.map((part) => part.length)).toEqual([37, 37, 37]);
    expect(queue.bytes).toBe(0);
  });

  test("a large message is cut as the originals cut it: 1400 bytes each, numbered from 1", () => {
    const queue = new PackQueue();
    queue.push(message(1, 4000 - 5));
    const all = packets(queue).map((packet) => decodePacket(packet)!);
    expect(all.map((packet) => packet.parts[0]?.length)).toEqual([1400, 1400, 1200]);
    expect(all.map((packet) => [packet.fragmented, packet.continuation])).toEqual([
      [1, 0],
      [2, 1],
      [0, 2],
    ]);
    expect(payloadBytes(mtu)).toBe(1410);
  });

  test("fragment numbers wrap from 255 to 1 and start again after a whole message", () => {
    const queue = new PackQueue();
    queue.push(message(1, 1400 * 257));
    queue.push(message(2, 2000));
    const numbers = packets(queue).map((packet) => decodePacket(packet)!.fragmented);
    expect(numbers.slice(253, 258)).toEqual([254, 255, 1, 2, 1]);
  });
});

describe("assembly", () => {
  test("gives back every message, of any size, in order", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9000 }), { maxLength: 20 }), (sizes) => {
        const queue = new PackQueue();
        const sent = sizes.map((bytes, index) => message(index, bytes));
        for (const item of sent) queue.push(item);
        const assembly = new Assembly();
        const received = packets(queue).flatMap((packet) => [...assembly.receive(packet)!]);
        expect(received.map((item) => Buffer.from(item).toString("hex"))).toEqual(
          sent.map((item) => Buffer.from(item).toString("hex")),
        );
      }),
    );
  });

  test("messages of sync may interrupt one that waits for the end of sync", () => {
    const queue = new PackQueue();
    const sync = new PackQueue();
    queue.push(message(1, 3000));
    sync.push(message(2, 3000));
    const assembly = new Assembly();
    const order = [take(queue), take(sync), take(sync), take(sync)];
    order.push(take(queue), take(queue));
    const received = order.flatMap((packet) => [...assembly.receive(packet!)!]);
    expect(received.map((item) => item.at(-1))).toEqual([2, 1]);
  });

  test("a message that new members saw only the end of starts again for all", () => {
    const queue = new PackQueue();
    queue.push(message(1, 3000));
    const old = new Assembly();
    const fresh = new Assembly();
    expect(old.receive(take(queue)!)).toEqual([]);
    queue.restartInterrupted();
    const rest = packets(queue);
    for (const assembly of [old, fresh]) {
      const received = rest.flatMap((packet) => [...assembly.receive(packet)!]);
      expect(received.map((item) => item.length)).toEqual([3005]);
    }
  });

  test("a continuation of something unknown is dropped, what follows is kept", () => {
    const assembly = new Assembly();
    const parts = [new Uint8Array(3), message(7, 1)];
    expect(assembly.receive(encodePacket({ fragmented: 0, continuation: 4, parts }))).toHaveLength(
      1,
    );
  });

  test("a message beyond the limit is given up", () => {
    const assembly = new Assembly();
    let fragment = 0;
    const part = new Uint8Array(60_000);
    for (let count = 0; count < 40; count++) {
      const continuation = fragment;
      fragment = (fragment % 255) + 1;
      const packet = encodePacket({ fragmented: fragment, continuation, parts: [part] });
      expect(assembly.receive(packet)).toEqual([]);
    }
    const end = encodePacket({ fragmented: 0, continuation: fragment, parts: [part] });
    expect(assembly.receive(end)).toEqual([]);
  });

  test("a packet whose lengths do not add up is refused", () => {
    expect(
      new Assembly().receive(new Uint8Array([0, 0, 0, 0, 0, 0, 1, 0, 9, 0, 1])),
    ).toBeUndefined();
  });
});
