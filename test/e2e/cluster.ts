/** A cluster ready for faults: three nodes, an address and a web server together; and looks at it. */
import { VIRTUAL_ADDRESS } from "../../lib/lab/spec.ts";
import { type Lab, OUTSIDE, until } from "./hosts.ts";

/** Batch commands that make the walkthrough's end state. */
const SERVICE = [
  "property stonith-enabled=false",
  "primitive webip IPaddr params ip=172.25.12.200 op monitor interval=10s timeout=20s",
  "primitive webserver lsb:httpd op monitor interval=30s timeout=15s",
  "colocation apache inf: webserver webip",
  "order webip_before_webserver mandatory: webip webserver",
];

const START_MS = 60_000;

/** Starts corosync on these hosts, side by side. */
export async function startNodes(lab: Lab, hosts: readonly string[] = lab.hosts): Promise<void> {
  await Promise.all(hosts.map((host) => lab.must(host, "service corosync start")));
}

/** `crm_mon -1` on a host; "" while it cannot say. */
export async function status(lab: Lab, host: string): Promise<string> {
  return (await lab.sh(host, "crm_mon -1")).stdout;
}

/** Waits until `host` sees exactly these nodes online, with a controller. */
export async function allOnline(
  lab: Lab,
  host: string,
  nodes: readonly string[] = lab.hosts,
  limitMs = START_MS,
): Promise<void> {
  const line = `Online: [ ${nodes.join(" ")} ]`;
  await until(
    `${host} sees ${line}`,
    limitMs,
    async () => {
      const text = await status(lab, host);
      return text.includes(line) && !text.includes("Current DC: NONE") ? true : undefined;
    },
    () => status(lab, host),
  );
}

/** Starts the nodes and configures the service; resolves with its holder. */
export async function makeService(lab: Lab): Promise<string> {
  await startNodes(lab);
  await allOnline(lab, lab.hosts[0]!);
  for (const line of SERVICE) await lab.must(lab.hosts[0]!, `crm configure ${line}`);
  return await settledHolder(lab);
}

/** The page outside: which host it names; undefined while nobody answers. */
export async function servedBy(lab: Lab): Promise<string | undefined> {
  const done = await lab.sh(OUTSIDE, `curl -s --max-time 1 http://${VIRTUAL_ADDRESS}/`);
  return /comes from (server\d+)/.exec(done.stdout)?.[1];
}

/** Waits until one host alone has the address and its page is served; that host. */
export async function settledHolder(
  lab: Lab,
  wanted: (host: string) => boolean = () => true,
  limitMs = 30_000,
): Promise<string> {
  return await until(
    "one holder serves the page",
    limitMs,
    async () => {
      const [holder, second] = await lab.holders(VIRTUAL_ADDRESS);
      if (holder === undefined || second !== undefined || !wanted(holder)) return undefined;
      return (await servedBy(lab)) === holder ? holder : undefined;
    },
    async () => {
      const holders = (await lab.holders(VIRTUAL_ADDRESS)).join(" ") || "nobody";
      const views = await Promise.all(
        lab.hosts.map(async (h) => `--- ${h}\n${await status(lab, h).catch(() => "no power")}`),
      );
      return `the address is on: ${holders}\n${views.join("\n")}`;
    },
  );
}

/** Looks again and again whether the address is on two hosts at once. */
export class Watch {
  readonly doubles: string[] = [];
  private running = true;
  private paused = false;
  private readonly loop: Promise<void>;

  constructor(lab: Lab) {
    this.loop = this.look(lab);
  }

  private async look(lab: Lab): Promise<void> {
    while (this.running) {
      if (!this.paused) {
        const holders = await lab.holders(VIRTUAL_ADDRESS);
        if (holders.length > 1 && !this.paused) this.doubles.push(holders.join(" and "));
      }
      await Bun.sleep(200);
    }
  }

  /** While the network is split, two parts may see things differently for a moment. */
  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  async stop(): Promise<void> {
    this.running = false;
    await this.loop;
  }
}
