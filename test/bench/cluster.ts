/**
 * A cluster's life beside Debian's originals (issue 2, bars): three like hosts, the same corosync.conf (nodelist, udpu), the
 * same address; what a person and a service wait for.
 */
import { VIRTUAL_ADDRESS } from "../../lib/lab/spec.ts";
import { Lab, until } from "../e2e/hosts.ts";
import { ensurePackages } from "../packages.ts";
import { median, printTable } from "./table.ts";

const LIMIT_MS = 120_000;
const STANDBY_TURNS = 3;
const ARRIVAL_S = 20;
const seconds = (from: number) => (performance.now() - from) / 1000;

interface Figures {
  readonly start: number;
  readonly crmStatus: number;
  readonly crmMon: number;
  readonly standby: number;
  readonly powerCut: number;
  readonly memory: number;
}

async function online(lab: Lab): Promise<void> {
  const line = `Online: [ ${lab.hosts.join(" ")} ]`;
  await until(line, LIMIT_MS, async () => {
    const text = (await lab.sh(lab.hosts[0]!, "crm_mon -1")).stdout;
    return text.includes(line) && !text.includes("Current DC: NONE") ? true : undefined;
  });
}

async function holder(lab: Lab, wanted: (h: string) => boolean = () => true): Promise<string> {
  return await until(`${VIRTUAL_ADDRESS} on a host`, LIMIT_MS, async () => {
    const [one, two] = await lab.holders(VIRTUAL_ADDRESS);
    return one !== undefined && two === undefined && wanted(one) ? one : undefined;
  });
}

/** Median seconds of a command, by the first host's own clock: the way into the host is not the tool's. */
async function timed(lab: Lab, command: string, turns: number): Promise<number> {
  const runs: number[] = [];
  for (let turn = 0; turn < turns; turn++) {
    const line = `from=$EPOCHREALTIME; ${command} > /dev/null && echo $from $EPOCHREALTIME`;
    const [from, to] = (await lab.must(lab.hosts[0]!, line)).split(" ").map(Number);
    runs.push(to! - from!);
  }
  return median(runs);
}

/**
 * When a host gets the address, in seconds since 1970 by the kernel's own word; a look now and then would round it up.
 * Rejects when it does not in ARRIVAL_S.
 */
async function arrival(lab: Lab, host: string): Promise<number> {
  const line = `exec 3< <(exec env TZ=UTC timeout ${ARRIVAL_S} ip -ts -o monitor address); grep -m1 ': .* inet ${VIRTUAL_ADDRESS}/' <&3`;
  const [, stamp] = /^\[(.*?)\]/.exec((await lab.sh(host, line)).stdout) ?? [];
  if (stamp === undefined) throw new Error(`${VIRTUAL_ADDRESS} did not come to ${host}`);
  return Date.parse(`${stamp}Z`) / 1000;
}

/** Median seconds from the command that puts the holder into standby to its address on another host. */
async function standbyTime(lab: Lab): Promise<number> {
  const runs: number[] = [];
  for (let turn = 0; turn < STANDBY_TURNS; turn++) {
    const was = await holder(lab);
    const others = lab.hosts.filter((host) => host !== was);
    const arrived = Promise.any(others.map((host) => arrival(lab, host)));
    await Bun.sleep(500);
    const from = await lab.must(was, `echo $EPOCHREALTIME; crm_standby -N ${was} -v on >&2`);
    runs.push((await arrived) - Number(from));
    await lab.must(was, `crm_standby -N ${was} -D`);
    await Bun.sleep(3000);
  }
  return median(runs);
}

/** Resident memory of the daemons of one node, in MB; pages shared by several count in each, as `ps` shows it. */
async function memory(lab: Lab): Promise<number> {
  const list = await lab.must(lab.hosts[0]!, "ps -eo rss=,args=");
  const daemons = list.split("\n").filter((l) => /corosync|pacemaker/.test(l) && !/ps -eo/.test(l));
  return daemons.reduce((sum, line) => sum + Number.parseInt(line, 10), 0) / 1024;
}

async function measure(stack: "quorate" | "original"): Promise<Figures> {
  const lab = Lab.open(`bench-${stack}`, "--stack", stack, "--transport", "udpu");
  try {
    const from = performance.now();
    const begin =
      stack === "original"
        ? "service corosync start && service pacemaker start"
        : "service corosync start";
    await Promise.all(lab.hosts.map((host) => lab.must(host, begin)));
    await online(lab);
    const start = seconds(from);
    const first = lab.hosts[0]!;
    await lab.must(first, "crm configure property stonith-enabled=false");
    await lab.must(
      first,
      `crm configure primitive vip ocf:heartbeat:IPaddr2 params ip=${VIRTUAL_ADDRESS} op monitor interval=10s`,
    );
    await holder(lab);
    const crmStatus = await timed(lab, "crm status", 9);
    const crmMon = await timed(lab, "crm_mon -1", 9);
    const used = await memory(lab);
    const standby = await standbyTime(lab);
    const next = await holder(lab);
    const cutFrom = performance.now();
    lab.verb("kill", next);
    await holder(lab, (h) => h !== next);
    return { start, crmStatus, crmMon, standby, powerCut: seconds(cutFrom), memory: used };
  } finally {
    lab.down();
  }
}

export async function run(): Promise<void> {
  for (const note of ensurePackages({ originals: true })) console.log(note);
  const original = Bun.which("pacemakerd") === null ? undefined : await measure("original");
  const ours = await measure("quorate");
  printTable([
    {
      what: "first start of three nodes, all online",
      unit: "s",
      original: original?.start,
      ours: ours.start,
      limit: 5,
    },
    {
      what: "crm status",
      unit: "s",
      original: original?.crmStatus,
      ours: ours.crmStatus,
      goal: 0.1,
    },
    { what: "crm_mon -1", unit: "s", original: original?.crmMon, ours: ours.crmMon },
    {
      what: "standby, address on the next host",
      unit: "s",
      original: original?.standby,
      ours: ours.standby,
      goal: 0.5,
    },
    {
      what: "kill -9 of a host, address on another",
      unit: "s",
      original: original?.powerCut,
      ours: ours.powerCut,
      goal: 1,
    },
    {
      what: "resident memory of a node's daemons",
      unit: "MB",
      original: original?.memory,
      ours: ours.memory,
      goal: 1,
    },
  ]);
}
