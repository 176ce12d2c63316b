/**
 * The load of the ring's bench, run inside a host on whatever corosync runs there: the same client for ours and the original.
 *
 * `send SECONDS PID,… SIZE …` multicasts messages of each size as fast as the daemon takes them and counts those that come
 * back, with the processor time of the daemons meanwhile. `kill PID MEMBERS` kills a daemon and waits for the membership
 * without it. Prints one line of JSON.
 */
import { readFileSync } from "node:fs";
import type { IpcConnection } from "../../lib/client/transport.ts";
import { ipcTransport } from "../../lib/runtime/ipc-client.ts";
import { messageId } from "../../lib/wire/ipc/header.ts";
import { decodeCpgEvent, encodeCpgRequest } from "../../lib/wire/ipc/services-cpg.ts";

/** Event id of a delivered message; its payload's header. */
const DELIVER = 5;
const WARM_UP_MS = 700;
const PATIENCE_MS = 30_000;
const TICKS_PER_SECOND = 100;

/** Processor seconds that each process has used, user and system. */
export function cpuSeconds(pids: readonly number[]): readonly number[] {
  return pids.map((pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [user = 0, system = 0] = stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .slice(11, 13)
      .map(Number);
    return (user + system) / TICKS_PER_SECOND;
  });
}

async function patiently<T>(action: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await action();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await Bun.sleep(50);
    }
  }
}

/** Joins a group and hands over its events; `withRing` asks for the ring's memberships too. */
async function join(withRing: boolean, onEvent: (message: Uint8Array) => void) {
  const connection = await patiently(() => ipcTransport({ waiting: "polling" }).connect("cpg"));
  connection.onEvent = onEvent;
  const flags = withRing ? 1 : 0;
  const words = encodeCpgRequest({ op: "join", group: "bench", pid: process.pid, flags });
  await patiently(async () => {
    const answer = await connection.request(words);
    if (new DataView(answer.buffer, answer.byteOffset).getInt32(16, true) !== 1) throw new Error();
  });
  return connection;
}

/** What one size brought. */
export interface LoadResult {
  readonly bytes: number;
  readonly messages: number;
  readonly seconds: number;
  readonly daemonSeconds: readonly number[];
}

async function sendSize(
  connection: IpcConnection,
  bytes: number,
  seconds: number,
  pids: readonly number[],
  received: () => number,
): Promise<LoadResult> {
  const message = encodeCpgRequest({ op: "multicast", data: new Uint8Array(bytes).fill(0x5a) });
  const before = received();
  let sent = 0;
  const sendUntil = async (end: number) => {
    while (performance.now() < end) {
      for (let burst = 0; burst < 16; burst++) await connection.send(message);
      sent += 16;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await sendUntil(performance.now() + WARM_UP_MS);
  const startedAt = performance.now();
  const startCount = received();
  const startCpu = cpuSeconds(pids);
  await sendUntil(startedAt + seconds * 1000);
  const messages = received() - startCount;
  const took = (performance.now() - startedAt) / 1000;
  const daemonSeconds = cpuSeconds(pids).map((total, index) => total - startCpu[index]!);
  const deadline = performance.now() + PATIENCE_MS;
  while (received() - before < sent && performance.now() < deadline) await Bun.sleep(5);
  if (received() - before !== sent) throw new Error(`${received() - before} of ${sent} came back`);
  return { bytes, messages, seconds: took, daemonSeconds };
}

async function send(seconds: number, pids: readonly number[], sizes: readonly number[]) {
  let delivered = 0;
  const connection = await join(false, (message) => {
    if (messageId(message) === DELIVER) delivered++;
  });
  const results: LoadResult[] = [];
  for (const size of sizes) {
    results.push(await sendSize(connection, size, seconds, pids, () => delivered));
  }
  return results;
}

async function kill(pid: number, members: number): Promise<{ readonly milliseconds: number }> {
  let present = 0;
  let changed = () => {};
  await join(true, (message) => {
    const event = decodeCpgEvent(message);
    if (event?.event !== "ring") return;
    present = event.members.length;
    changed();
  });
  const until = async (wanted: number) => {
    while (present !== wanted) await new Promise<void>((resolve) => (changed = resolve));
  };
  await until(members);
  const from = performance.now();
  process.kill(pid, "SIGKILL");
  await until(members - 1);
  return { milliseconds: performance.now() - from };
}

if (import.meta.main) {
  const [verb, first = "", second = "", ...sizes] = process.argv.slice(2);
  const result =
    verb === "send"
      ? await send(Number(first), second.split(",").map(Number), sizes.map(Number))
      : await kill(Number(first), Number(second));
  console.log(JSON.stringify(result));
  process.exit(0);
}
