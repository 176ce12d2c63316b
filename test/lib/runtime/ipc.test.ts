/** Our server and our client over real sockets and shared memory, and clients that mean harm. */
import { afterEach, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { limits } from "../../../lib/base/limits.ts";
import type { IpcConnection, IpcError } from "../../../lib/client/transport.ts";
import { MappedFile } from "../../../lib/runtime/ffi/memory.ts";
import { closeFd, connectStream } from "../../../lib/runtime/ffi/socket.ts";
import { ipcTransport } from "../../../lib/runtime/ipc-client.ts";
import { isHeldBack } from "../../../lib/runtime/ipc-client-channel.ts";
import { sweepDeadServers } from "../../../lib/runtime/ipc-listener.ts";
import {
  type IpcServer,
  type IpcServerOptions,
  serveIpc,
} from "../../../lib/runtime/ipc-server.ts";
import type { FrontDoorEvent } from "../../../lib/wire/ipc/front-door.ts";
import { newRequest, newResponse } from "../../../lib/wire/ipc/header.ts";
import { RING_HEADER } from "../../../lib/wire/ipc/ring.ts";
import {
  decodeSetupResponse,
  encodeSetupRequest,
  encodeSocketAddress,
  type SetupResponse,
} from "../../../lib/wire/ipc/setup.ts";

const SERVICE = `quorate-test-${process.pid}`;
/** Smallest message size there is: keeps a connection's memory small. */
const SMALL = { maxMessageBytes: 12328 };
const EVENTS = 9;
const SILENT = 8;

let server: IpcServer | undefined;
let seen: FrontDoorEvent[] = [];
let dropped: string[] = [];

/** Answers a request with its own bytes behind a response header; id 9 sends five events too, id 8 nothing at all. */
function serve(options: Partial<IpcServerOptions> = {}): IpcServer {
  seen = [];
  dropped = [];
  server = serveIpc({
    services: [SERVICE],
    log: (text) => dropped.push(text),
    onEvent: (event) => {
      if (event.kind !== "client-request") {
        seen.push(event);
        return;
      }
      const { client, message } = event;
      const id = message[0]!;
      if (id === SILENT) return;
      const { bytes } = newResponse(id, 24 + message.length, 1);
      bytes.set(message, 24);
      for (let i = 0; id === EVENTS && i < 5; i++) {
        server!.perform({ kind: "send-event", client, message: newResponse(i, 24, 1).bytes });
      }
      server!.perform({ kind: "respond", client, message: bytes });
    },
    ...options,
  });
  return server;
}

afterEach(() => {
  server?.close();
  server = undefined;
  expect(folders()).toEqual([]);
});

const connect = (waiting: "blocking" | "polling" = "polling") =>
  ipcTransport({ waiting }).connect(SERVICE, SMALL);
const folders = () => readdirSync("/dev/shm").filter((f) => f.startsWith(`qb-${process.pid}-`));
const descriptors = () => readdirSync("/proc/self/fd").length;

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 4000;
  while (!condition() && performance.now() < deadline) await Bun.sleep(2);
  expect(condition()).toBe(true);
}

async function codeOf(action: Promise<unknown>): Promise<string> {
  try {
    await action;
    return "none";
  } catch (error) {
    return (error as IpcError).code;
  }
}

for (const type of ["shm", "socket"] as const) {
  for (const waiting of ["blocking", "polling"] as const) {
    test(`${type}, ${waiting}: requests, responses and events in order`, async () => {
      serve({ type });
      const client = await connect(waiting);
      expect(client.server).toEqual({
        pid: process.pid,
        uid: process.geteuid!(),
        gid: process.getegid!(),
      });
      const events: number[] = [];
      client.onEvent = (message) => events.push(message[0]!);
      for (let size = 16; size < 12000; size += 531) {
        const { bytes } = newRequest(1, size);
        bytes.fill(size & 0xff, 16);
        const answer = await client.request(bytes);
        expect(Buffer.compare(answer.subarray(24), bytes)).toBe(0);
      }
      const answers = await Promise.all(
        [3, 4, 5].map((id) => client.request(newRequest(id, 16).bytes)),
      );
      expect(answers.map((a) => a[0]!)).toEqual([3, 4, 5]);
      await client.request(newRequest(EVENTS, 16).bytes);
      await until(() => events.length === 5);
      expect(events).toEqual([0, 1, 2, 3, 4]);
      client.close();
      await until(() => server!.clients === 0);
      expect(seen.map((e) => e.kind)).toEqual(["client-connected", "client-gone"]);
    });
  }

  test(`${type}: a client that is dropped and a server that ends are noticed`, async () => {
    serve({ type });
    const first = await connect();
    const second = await connect();
    let closed = 0;
    first.onClose = () => closed++;
    second.onClose = () => closed++;
    const waiting = codeOf(first.request(newRequest(SILENT, 16).bytes));
    await Bun.sleep(5);
    server!.perform({ kind: "drop-client", client: 1 });
    expect(await waiting).toBe("closed");
    server!.close();
    await until(() => closed === 2);
    expect(await codeOf(second.send(newRequest(1, 16).bytes))).toBe("closed");
  });

  test(`${type}: a connection keeps no descriptor, no memory file`, async () => {
    serve({ type });
    const once = async () => {
      const client = await connect();
      await client.request(newRequest(1, 16).bytes);
      client.close();
    };
    await once();
    await until(() => server!.clients === 0);
    const before = descriptors();
    for (let i = 0; i < 500; i++) await once();
    await until(() => server!.clients === 0);
    await until(() => descriptors() <= before + 2);
    expect(folders()).toEqual([]);
  }, 90_000);
}

test("an answer that is a server's last act is still received", async () => {
  serve({
    onEvent: (event) => {
      if (event.kind !== "client-request") return;
      const { client } = event;
      setTimeout(() => {
        server!.perform({ kind: "respond", client, message: newResponse(1, 24, 1).bytes });
        server!.close();
      }, 10);
    },
  });
  const client = await connect("polling");
  expect((await client.request(newRequest(1, 16).bytes)).length).toBe(24);
  expect(await codeOf(client.request(newRequest(1, 16).bytes))).toBe("closed");
});

test("nobody serves, not allowed, not ready: three different words", async () => {
  expect(await codeOf(connect())).toBe("refused");
  let verdict = -13;
  serve({ authorize: () => verdict });
  expect(await codeOf(connect())).toBe("denied");
  verdict = -11;
  setTimeout(() => {
    verdict = 0;
  }, 120);
  const client = await connect();
  client.close();
  expect(dropped.length).toBeGreaterThan(1);
});

test("flow control holds requests back until it is lifted", async () => {
  serve();
  const client = await connect();
  server!.perform({ kind: "flow-control", service: SERVICE, level: 1 });
  let answered = false;
  const answer = client.request(newRequest(1, 16).bytes).then(() => {
    answered = true;
  });
  await Bun.sleep(20);
  expect(answered).toBe(false);
  server!.perform({ kind: "flow-control", service: SERVICE, level: 0 });
  await answer;
  client.close();
});

test("level 2 of flow control holds back what cpg multicasts, and nothing else", () => {
  const request = (id: number) => newRequest(id, 16).bytes;
  const [cpg, cmap] = ["/dev/shm/qb-1/qb-request-cpg", "/dev/shm/qb-1/qb-request-cmap"];
  expect([1, 2, 12].map((id) => isHeldBack(0, cpg, request(id)))).toEqual([false, false, false]);
  expect([1, 2, 12].map((id) => isHeldBack(1, cpg, request(id)))).toEqual([true, true, true]);
  expect([1, 2, 12].map((id) => isHeldBack(2, cpg, request(id)))).toEqual([false, true, true]);
  expect([1, 2, 12].map((id) => isHeldBack(2, cmap, request(id)))).toEqual([false, false, false]);
});

test("a server's minimum beats the client's wish; too large a wish is refused", async () => {
  serve({ minimumMessageBytes: 65536 });
  const client = await connect();
  expect(client.maxMessageBytes).toBe(65536);
  expect(await codeOf(client.send(new Uint8Array(65537)))).toBe("protocol");
  client.close();
  const wish = { maxMessageBytes: limits.ipcMessageBytes + 1 };
  expect(await codeOf(ipcTransport().connect(SERVICE, wish))).toBe("refused");
});

test("messages grow: what did not fit once fits the next connection", async () => {
  serve();
  const client = await connect();
  const closed = new Promise<void>((resolve) => {
    client.onClose = resolve;
  });
  server!.perform({ kind: "send-event", client: 1, message: newResponse(1, 100_000, 1).bytes });
  await closed;
  expect(dropped.at(-1)).toContain("does not fit");
  const next = await connect();
  expect(next.maxMessageBytes).toBe(150_000);
  server!.expect([SERVICE], 200_000);
  const last = await connect();
  expect(last.maxMessageBytes).toBe(300_000);
  next.close();
  last.close();
});

test("a client that never reads events costs bounded memory and is dropped", async () => {
  serve();
  const idle = await openRaw();
  await until(() => server!.clients === 1);
  for (let i = 0; i <= limits.ipcBacklogMessages + 2000 && server!.clients === 1; i++) {
    server!.perform({ kind: "send-event", client: 1, message: newResponse(i, 24, 1).bytes });
  }
  expect(server!.clients).toBe(0);
  expect(dropped.at(-1)).toContain("does not read");
  idle.close();
});

test("events that did not fit at once arrive later, in order", async () => {
  serve();
  const client = await connect();
  const events: number[] = [];
  client.onEvent = (message) => events.push(message[0]! + 256 * message[24]!);
  for (let i = 0; i < 200; i++) {
    const { bytes } = newResponse(i & 0xff, 1000, 1);
    bytes[24] = i >> 8;
    server!.perform({ kind: "send-event", client: 1, message: bytes });
  }
  await until(() => events.length === 200);
  expect(events).toEqual(Array.from({ length: 200 }, (_, i) => i));
  client.close();
});

const hostileRequests: readonly (readonly [string, Uint8Array])[] = [
  ["shorter than a header", new Uint8Array(12)],
  ["empty", new Uint8Array(0)],
  ["size above its length", withSize(16, 17)],
  ["size below a header", withSize(16, 15)],
  ["negative size", withSize(16, -1)],
  ["id authenticate", newRequest(-1, 24).bytes],
  ["id new event socket", newRequest(-2, 16).bytes],
  ["id disconnect", newRequest(-3, 16).bytes],
  ["id of the least number", newRequest(-0x80000000, 16).bytes],
];

function withSize(length: number, size: number): Uint8Array {
  const message = newRequest(1, length);
  message.view.setInt32(8, size, true);
  return message.bytes;
}

for (const [what, message] of hostileRequests) {
  test(`a request that is hostile (${what}) ends its client only`, async () => {
    serve();
    const good = await connect();
    const bad = await connect();
    await bad.send(message).catch(() => {});
    await until(() => server!.clients === 1);
    expect((await good.request(newRequest(1, 16).bytes)).length).toBe(40);
    good.close();
    await until(() => server!.clients === 0);
    expect(seen.filter((e) => e.kind === "client-gone").length).toBe(2);
  });
}

/** A client by hand: the setup is done, the rings are ours to damage. */
interface RawClient {
  readonly setup: SetupResponse;
  wake(): void;
  close(): void;
}

async function openRaw(first: Uint8Array = encodeSetupRequest(12328)): Promise<RawClient> {
  const fd = connectStream(encodeSocketAddress(SERVICE, "abstract")!);
  const chunks: Uint8Array[] = [];
  let ended = false;
  const connectFd = Bun.connect as unknown as (options: object) => Promise<Bun.Socket>;
  const socket = await connectFd({
    fd,
    socket: {
      data: (_: unknown, data: Uint8Array) => void chunks.push(new Uint8Array(data)),
      close: () => {
        ended = true;
      },
    },
  });
  socket.write(first);
  await until(() => ended || chunks.reduce((sum, c) => sum + c.length, 0) >= 12328);
  const setup = decodeSetupResponse(new Uint8Array(Buffer.concat(chunks)).subarray(0, 12328));
  return {
    setup: setup as SetupResponse,
    wake: () => void socket.write(new Uint8Array(1)),
    close: () => socket.terminate(),
  };
}

test("a first message that is no setup is answered by nothing", async () => {
  serve();
  for (const first of [new Uint8Array(24), encodeSetupRequest(1).fill(0xff, 0, 16)]) {
    const raw = await openRaw(first);
    expect(raw.setup).toMatchObject({ rejected: true });
    raw.close();
  }
  expect(seen).toEqual([]);
  expect(folders()).toEqual([]);
});

test("connecting and closing without a word is harmless", async () => {
  serve();
  for (let i = 0; i < 200; i++) closeFd(connectStream(encodeSocketAddress(SERVICE, "abstract")!));
  await Bun.sleep(20);
  const client = await connect();
  await client.request(newRequest(1, 16).bytes);
  client.close();
  await until(() => server!.clients === 0);
  expect(seen.map((e) => e.kind)).toEqual(["client-connected", "client-gone"]);
});

const damages: readonly (readonly [string, (raw: RawClient) => void])[] = [
  ["cuts its request data", (raw) => truncateSync(`${raw.setup.paths[0]}-data`, 0)],
  ["cuts its request header", (raw) => truncateSync(`${raw.setup.paths[0]}-header`, 0)],
  ["cuts its response header", (raw) => truncateSync(`${raw.setup.paths[1]}-header`, 100)],
  ["cuts its event data", (raw) => truncateSync(`${raw.setup.paths[2]}-data`, 4096)],
  ["writes nonsense into every header", fillHeaders],
  ["raises the semaphore without a message", raiseSemaphore],
];

function fillHeaders(raw: RawClient): void {
  for (const path of raw.setup.paths) {
    const header = MappedFile.open(`${path}-header`, RING_HEADER.minimumBytes, 1 << 16);
    header.view(0, RING_HEADER.semaphore).fill(0xee);
    header.close();
  }
  raiseSemaphore(raw);
}

function raiseSemaphore(raw: RawClient): void {
  const path = `${raw.setup.paths[0]}-header`;
  const header = MappedFile.open(path, RING_HEADER.minimumBytes, 1 << 16);
  header.semaphore(RING_HEADER.semaphore, false).post();
  header.close();
}

for (const [what, damage] of damages) {
  test(`a client that ${what} is dropped and hurts nobody`, async () => {
    serve();
    const raw = await openRaw();
    const good = await connect();
    damage(raw);
    raw.wake();
    await Bun.sleep(5);
    // Whatever was damaged, an answer and an event to that client must not hurt either.
    server!.perform({ kind: "respond", client: 1, message: newResponse(1, 24, 1).bytes });
    server!.perform({ kind: "send-event", client: 1, message: newResponse(1, 24, 1).bytes });
    await until(() => server!.clients === 1);
    expect(dropped.some((text) => text.includes("damaged"))).toBe(true);
    expect((await good.request(newRequest(1, 16).bytes)).length).toBe(40);
    good.close();
    raw.close();
  });
}

test("one busy client does not starve another", async () => {
  serve();
  const busy = await connect();
  const calm = await connect();
  let stop = false;
  const flood = (async () => {
    while (!stop) await busy.send(newRequest(SILENT, 16).bytes);
  })();
  const worst = await slowest(calm, 20);
  stop = true;
  await flood;
  expect(worst).toBeLessThan(3000);
  busy.close();
  calm.close();
});

async function slowest(client: IpcConnection, times: number): Promise<number> {
  let worst = 0;
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    await client.request(newRequest(1, 16).bytes);
    worst = Math.max(worst, performance.now() - start);
  }
  return worst;
}

test("what a killed server left is swept, what a living one or a stranger has stays", () => {
  serve();
  const script = "d=/dev/shm/qb-$$-1-1-abcdef; mkdir $d; touch $d/qb-event-cmap-data; echo $$";
  const dead = Bun.spawnSync(["/bin/sh", "-c", script]).stdout.toString().trim();
  const strange = Bun.spawnSync(["/bin/sh", "-c", script.replace("qb-event-cmap-data", "other")])
    .stdout.toString()
    .trim();
  const own = `/dev/shm/qb-${process.pid}-1-1-abcdef`;
  mkdirSync(own);
  sweepDeadServers("/dev/shm");
  expect(existsSync(`/dev/shm/qb-${dead}-1-1-abcdef`)).toBe(false);
  expect(existsSync(`/dev/shm/qb-${strange}-1-1-abcdef/other`)).toBe(true);
  expect(existsSync(own)).toBe(true);
  rmSync(own, { recursive: true });
  rmSync(`/dev/shm/qb-${strange}-1-1-abcdef`, { recursive: true });
});

test("a client that puts a link in the place of its folder loses nothing but its own", async () => {
  serve();
  const victim = mkdtempSync(join(tmpdir(), "quorate-victim-"));
  writeFileSync(join(victim, "precious"), "x");
  const raw = await openRaw();
  const folder = dirname(raw.setup.paths[0]);
  renameSync(folder, `${folder}-moved`);
  symlinkSync(victim, folder);
  raw.close();
  await until(() => server!.clients === 0);
  expect(readFileSync(join(victim, "precious"), "utf8")).toBe("x");
  for (const path of [folder, `${folder}-moved`, victim]) rmSync(path, { recursive: true });
});

test("files of another user's connection are that user's alone", async () => {
  if (process.geteuid!() !== 0) {
    console.log("skipped: only root can hand files over");
    return;
  }
  serve({ access: () => ({ uid: 12345, gid: 54321, mode: 0o660 }) });
  const raw = await openRaw();
  const folder = dirname(raw.setup.paths[0]);
  for (const path of [folder, ...readdirSync(folder).map((name) => join(folder, name))]) {
    const { uid, gid, mode } = statSync(path);
    expect([uid, gid, mode & 0o777]).toEqual([12345, 54321, path === folder ? 0o770 : 0o660]);
  }
  raw.close();
});
