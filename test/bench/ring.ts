/**
 * The ring beside Debian's corosync (issue 4, bench bar): three hosts on a bridge, one client on the first of them that sends
 * what the daemon takes. Messages of four sizes over udpu and over knet with aes256 and sha256; processor time per message of
 * all three daemons; from kill -9 of a node to the membership without it; processor time of an idle ring.
 *
 * The client runs in the realtime class, below the daemons, so that other work on the machine does not count.
 */
import { join } from "node:path";
import { Hosts, type Kind, type Transport, whyNoRing } from "../e2e/ring-hosts.ts";
import { ensurePackages } from "../packages.ts";
import { cpuSeconds, type LoadResult } from "./ring-load.ts";
import { type Measure, printTable } from "./table.ts";

const SIZES = [64, 1600, 8192, 65_536];
const SECONDS = Number(process.env["BENCH_SECONDS"] ?? 3);
const IDLE_MS = 10_000;
/** After a start the ring and its links settle for so long. */
const SETTLE_MS = 3000;
const TOKEN_MS = 1000;
const COUNT = 3;
const bun = join(import.meta.dir, "../../node_modules/.bin/bun");
const loadProgram = join(import.meta.dir, "ring-load.ts");

interface Figures {
  readonly loads: readonly LoadResult[];
  /** Milliseconds of processor time per second, of one idle daemon. */
  readonly idle: number;
  readonly kill: number | undefined;
}

async function load<T>(hosts: Hosts, ...words: readonly (string | number)[]): Promise<T> {
  const realtime = ["chrt", "-r", "1"];
  const argv = hosts.command(1, ...realtime, bun, loadProgram, ...words.map(String));
  const child = Bun.spawn([...argv], { stderr: "inherit" });
  const text = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(`the load failed\n${hosts.logs()}`);
  return JSON.parse(text) as T;
}

async function idleUse(pids: readonly number[]): Promise<number> {
  const before = cpuSeconds(pids);
  const from = performance.now();
  await Bun.sleep(IDLE_MS);
  const used = cpuSeconds(pids).reduce((sum, now, index) => sum + now - before[index]!, 0);
  return (used * 1e6) / (performance.now() - from) / pids.length;
}

async function measure(kind: Kind, transport: Transport): Promise<Figures> {
  const hosts = new Hosts(COUNT, transport, { token: TOKEN_MS, patientPings: false });
  try {
    const all = Array.from({ length: COUNT }, (_, index) => index + 1);
    for (const host of all) hosts.start(host, kind);
    for (const host of all) await hosts.untilVotes(host, COUNT);
    await Bun.sleep(SETTLE_MS);
    const pids = all.map((host) => hosts.pid(host));
    const idle = await idleUse(pids);
    const loads = await load<LoadResult[]>(hosts, "send", SECONDS, pids.join(","), ...SIZES);
    const kill = await load<{ milliseconds: number }>(hosts, "kill", hosts.pid(COUNT), COUNT);
    return { loads, idle, kill: kill.milliseconds };
  } finally {
    await hosts.close();
  }
}

/** Rows of one transport. */
function rows(
  name: string,
  goal: number,
  ours: Figures,
  original: Figures | undefined,
): readonly Measure[] {
  const perSecond = (result: LoadResult | undefined) => result && result.messages / result.seconds;
  const megabytes = (result: LoadResult | undefined) =>
    result && (result.messages * result.bytes) / result.seconds / 1e6;
  const cost = (result: LoadResult | undefined) =>
    result && (result.daemonSeconds.reduce((sum, each) => sum + each, 0) / result.messages) * 1e6;
  const throughput = SIZES.flatMap((bytes, index): readonly Measure[] => {
    const [mine, theirs] = [ours.loads[index], original?.loads[index]];
    const figure = bytes < 1024 ? perSecond : megabytes;
    return [
      {
        what: `${name}: messages of ${bytes} bytes`,
        unit: bytes < 1024 ? "msg/s" : "MB/s",
        original: figure(theirs),
        ours: figure(mine),
        atLeast: goal,
      },
      {
        what: `${name}: … processor time of all daemons, a message`,
        unit: "µs",
        original: cost(theirs),
        ours: cost(mine),
      },
    ];
  });
  return [
    ...throughput,
    {
      what: `${name}: from kill -9 to the membership without the node`,
      unit: "ms",
      original: original?.kill,
      ours: ours.kill,
      goal: 1,
    },
    {
      what: `${name}: processor time of an idle daemon, a second`,
      unit: "ms",
      original: original?.idle,
      ours: ours.idle,
      goal: 2,
    },
  ];
}

/** `BENCH_RING=udpu` or `secure` measures that transport alone. */
export async function run(): Promise<void> {
  for (const note of ensurePackages({ originals: true })) console.log(note);
  const reason = whyNoRing();
  if (reason !== undefined) {
    console.log(`the ring's bench is skipped: ${reason}`);
    return;
  }
  const only = process.env["BENCH_RING"];
  const plan = [
    { transport: "udpu", name: "udpu", goal: 0.7 },
    { transport: "secure", name: "knet aes256/sha256", goal: 1 },
  ] as const;
  const measures: Measure[] = [];
  for (const { transport, name, goal } of plan) {
    if (only !== undefined && only !== transport) continue;
    const ours = await measure("ours", transport);
    const original =
      process.env["BENCH_OURS"] === undefined ? await measure("original", transport) : undefined;
    measures.push(...rows(name, goal, ours, original));
  }
  printTable(measures);
}
