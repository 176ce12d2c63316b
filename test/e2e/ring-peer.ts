/**
 * Run inside a host of ring-interop.test.ts: joins a process group on whatever corosync runs there, waits for all peers,
 * multicasts, and prints what arrived as one line of JSON. Arguments: peers, messages, largest message in bytes.
 */
import { CpgClient } from "../../lib/client/cpg.ts";
import { ipcTransport } from "../../lib/runtime/ipc-client.ts";

const [peers = 3, messages = 100, largest = 1000] = process.argv.slice(2).map(Number);
const patienceMs = process.env["INTEROP"] === "full" ? 300_000 : 50_000;
/** Nobody sends further ahead of the slowest peer: a client that falls behind by 64 MiB is dropped by its daemon. */
const mostAhead = 150;
const deadline = performance.now() + patienceMs;

async function patiently<T>(action: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await action();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await Bun.sleep(50);
    }
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition() && performance.now() < deadline) await Bun.sleep(10);
}

const client = await patiently(async () => new CpgClient(await ipcTransport().connect("cpg")));
const order = new Bun.CryptoHasher("sha256");
const bySender = new Map<number, number>();
let received = 0;
let inOrder = true;
let members = 0;
client.onEvent = (event) => {
  if (event.event === "configuration") members = event.members.length;
  if (event.event !== "deliver") return;
  received++;
  const number = new DataView(event.data.buffer, event.data.byteOffset).getUint32(0, true);
  inOrder &&= number === (bySender.get(event.nodeId) ?? 0);
  bySender.set(event.nodeId, number + 1);
  order.update(`${event.nodeId} ${event.data.length} `).update(event.data);
};
await patiently(() => client.join("ring-peer", process.pid));
await until(() => members === peers);
/** How many messages of every peer have arrived here. */
const ofSlowest = () => (bySender.size < peers ? 0 : Math.min(...bySender.values()));
for (let number = 0; number < messages; number++) {
  await until(() => number - ofSlowest() < mostAhead);
  const data = new Uint8Array(4 + ((number * 7919) % largest)).fill(number);
  new DataView(data.buffer).setUint32(0, number, true);
  await patiently(() => client.multicast(data));
  if (number % 16 === 0) await Bun.sleep(0);
}
await until(() => received === peers * messages);
// Nobody leaves while another still waits: the last messages would be cut off with its node's membership.
await Bun.sleep(300);
console.log(JSON.stringify({ received, inOrder, order: order.digest("hex") }));
process.exit(0);
