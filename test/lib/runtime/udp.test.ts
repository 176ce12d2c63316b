import { expect, test } from "bun:test";
import { interfaceAddresses } from "../../../lib/runtime/interfaces.ts";
import { openUdp, type UdpSocket } from "../../../lib/runtime/udp.ts";

const GROUP = "239.192.77.77";

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 4000;
  while (!condition() && performance.now() < deadline) await Bun.sleep(2);
  expect(condition()).toBe(true);
}

async function open(
  received: string[],
  options: Partial<Parameters<typeof openUdp>[0]> = {},
): Promise<UdpSocket> {
  return openUdp({
    address: "127.0.0.1",
    port: 0,
    onMessage: (data, address) => received.push(`${address} ${Buffer.from(data).toString()}`),
    ...options,
  });
}

const bytes = (text: string) => new TextEncoder().encode(text);

test("unicast arrives with the sender's address", async () => {
  const received: string[] = [];
  const to = await open(received, { bufferBytes: 1 << 20 });
  const from = await open([]);
  expect(from.send(bytes("hello"), "127.0.0.1", to.port)).toBe(true);
  await until(() => received.length === 1);
  expect(received).toEqual(["127.0.0.1 hello"]);
  from.close();
  to.close();
});

const outside = interfaceAddresses().find((a) => a.family === "ipv4" && !a.loopback);

test("a group's member hears it; the sender's loop decides about this host", async () => {
  // On the loopback interface every multicast comes back, whatever was asked for.
  const from = outside?.address ?? "127.0.0.1";
  const received: string[] = [];
  const member = await open(received, {
    address: GROUP,
    join: [{ group: GROUP, interfaceAddress: from }],
  });
  const sender = { address: from, multicastFrom: from };
  const silent = await open([], { ...sender, loop: false });
  const looping = await open([], { ...sender, loop: true, ttl: 1 });
  if (outside !== undefined) silent.send(bytes("not here"), GROUP, member.port);
  looping.send(bytes("here"), GROUP, member.port);
  await until(() => received.length > 0);
  expect(received).toEqual([`${from} here`]);
  for (const socket of [member, silent, looping]) socket.close();
});

test("drain hands over what waits before the event loop does", async () => {
  const received: string[] = [];
  const to = await open(received);
  const from = await open([]);
  for (let i = 0; i < 5; i++) from.send(bytes(`${i}`), "127.0.0.1", to.port);
  to.drain();
  expect(received).toEqual([0, 1, 2, 3, 4].map((i) => `127.0.0.1 ${i}`));
  to.drain();
  await Bun.sleep(5);
  expect(received.length).toBe(5);
  from.close();
  to.close();
});

test("an address that is not ours is refused, one that cannot be reached is a lost datagram", async () => {
  expect(await open([], { address: "192.0.2.1" }).catch(() => "refused")).toBe("refused");
  const errors: Error[] = [];
  const socket = await open([], { onError: (error) => errors.push(error) });
  expect(typeof socket.send(bytes("x"), "192.0.2.1", 9)).toBe("boolean");
  socket.close();
});

test("a peer whose port is closed costs the living ones nothing", async () => {
  const received: string[] = [];
  const alive = await open(received);
  const closed = await open([]);
  const dead = closed.port;
  closed.close();
  const from = await open([]);
  for (let i = 0; i < 20; i++) {
    expect(from.send(bytes("x"), "127.0.0.1", dead)).toBe(true);
    await Bun.sleep(1);
    expect(from.send(bytes(String(i)), "127.0.0.1", alive.port)).toBe(true);
  }
  await until(() => received.length === 20);
  from.close();
  alive.close();
});

test("interfaces come with netmask and prefix", () => {
  const loopback = interfaceAddresses().find((a) => a.address === "127.0.0.1");
  expect(loopback).toMatchObject({
    family: "ipv4",
    netmask: "255.0.0.0",
    prefix: 8,
    loopback: true,
  });
});
