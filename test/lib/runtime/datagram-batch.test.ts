import { expect, test } from "bun:test";
import { openUdp, type UdpSocket } from "../../../lib/runtime/udp.ts";

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 4000;
  while (!condition() && performance.now() < deadline) await Bun.sleep(2);
  expect(condition()).toBe(true);
}

async function receiver(into: Uint8Array[]): Promise<UdpSocket> {
  const onMessage = (data: Uint8Array) => into.push(data.slice());
  return openUdp({ address: "127.0.0.1", port: 0, bufferBytes: 1 << 20, onMessage });
}

/** Equal sizes that the kernel cuts from one buffer, with shorter, longer and empty ones between them. */
const sizes = [
  1400,
  1400,
  1400,
  700,
  1400,
  1400,
  9000,
  1400,
  0,
  0,
  1,
  1,
  1400,
  ...Array(80).fill(900),
];

test("datagrams sent together arrive one by one, complete, in order, at each destination", async () => {
  const [one, two]: [Uint8Array[], Uint8Array[]] = [[], []];
  const [a, b] = [await receiver(one), await receiver(two)];
  const sender = await receiver([]);
  const sent = sizes.map((size, index) => new Uint8Array(size).fill(index));
  for (const data of sent) for (const to of [a, b]) sender.sendSoon(data, "127.0.0.1", to.port);
  await until(() => one.length === sent.length && two.length === sent.length);
  expect(one).toEqual(sent);
  expect(two).toEqual(sent);
  for (const socket of [a, b, sender]) socket.close();
});

test("what one socket sends at once comes behind what another was given before", async () => {
  const received: Uint8Array[] = [];
  const to = await receiver(received);
  const [one, two] = [await receiver([]), await receiver([])];
  for (let i = 0; i < 5; i++) one.sendSoon(new Uint8Array([i]), "127.0.0.1", to.port);
  expect(two.send(new Uint8Array([5]), "127.0.0.1", to.port)).toBe(true);
  to.drain();
  expect(received.map(([first]) => first)).toEqual([0, 1, 2, 3, 4, 5]);
  for (const socket of [to, one, two]) socket.close();
});
