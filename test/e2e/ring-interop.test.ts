/**
 * One ring of our corosync and Debian's (issue 4, bar "One ring with the original"): network namespaces `rg-…` on a bridge.
 * Ours as representative and not, over udpu and udp; the original's quorumtool counts three votes; messages of process
 * groups arrive once, complete, in one order, with loss too; each node is killed and comes back.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const binary = join(import.meta.dir, "../../dist/corosync");
const original = "/usr/sbin/corosync";
const bun = join(import.meta.dir, "../../node_modules/.bin/bun");

function whyNot(): string | undefined {
  if (process.getuid?.() !== 0) return "network namespaces need root";
  for (const path of [binary, original]) if (!existsSync(path)) return `${path} is missing`;
  if (Bun.which("ip") === null || Bun.which("nsenter") === null) return "ip or nsenter is missing";
  return undefined;
}

const skip = whyNot();
if (skip !== undefined) console.log(`e2e of ring interoperation skipped: ${skip}`);

setDefaultTimeout(120_000);

type Kind = "ours" | "original";
type Transport = "udp" | "udpu";

function sh(...argv: readonly string[]): string {
  const done = Bun.spawnSync([...argv], { stdout: "pipe", stderr: "pipe" });
  if (done.exitCode !== 0) throw new Error(`${argv.join(" ")}: ${done.stderr.toString()}`);
  return done.stdout.toString();
}

function configuration(transport: Transport, count: number): string {
  const nodes = Array.from({ length: count }, (_, index) => index + 1).map(
    (id) => `  node {\n    ring0_addr: 10.77.0.${id}\n    nodeid: ${id}\n    name: n${id}\n  }\n`,
  );
  const group = "  interface {\n    bindnetaddr: 10.77.0.0\n    mcastaddr: 239.192.7.7\n  }\n";
  return `totem {
  version: 2
  cluster_name: rings
  transport: ${transport}
  token: 2500
${transport === "udp" ? group : ""}}
nodelist {
${nodes.join("")}}
quorum {
  provider: corosync_votequorum
}
logging {
  to_stderr: yes
  to_syslog: no
}
`;
}

/** Three hosts on a bridge of their own, each with its own /run, /dev/shm, /etc/corosync and state. */
class Hosts {
  private readonly id = `rg-${(process.pid % 46_656).toString(36)}`;
  private readonly folder = mkdtempSync(join(tmpdir(), "rings-"));
  private readonly daemons = new Map<number, Bun.Subprocess>();
  private readonly bridge = `${this.id}-br`;

  constructor(
    readonly count: number,
    transport: Transport,
  ) {
    writeFileSync(join(this.folder, "corosync.conf"), configuration(transport, count));
    sh("ip", "link", "add", this.bridge, "type", "bridge", "mcast_snooping", "0");
    sh("ip", "link", "set", this.bridge, "up");
    for (let host = 1; host <= count; host++) {
      const space = this.space(host);
      sh("ip", "netns", "add", space);
      sh(
        "ip",
        "link",
        "add",
        this.link(host),
        "type",
        "veth",
        "peer",
        "name",
        "eth0",
        "netns",
        space,
      );
      sh("ip", "link", "set", this.link(host), "master", this.bridge, "up");
      sh("ip", "-n", space, "address", "add", `10.77.0.${host}/24`, "brd", "+", "dev", "eth0");
      sh("ip", "-n", space, "link", "set", "eth0", "up");
      sh("ip", "-n", space, "link", "set", "lo", "up");
      mkdirSync(join(this.folder, `${host}/state`), { recursive: true });
    }
  }

  start(host: number, kind: Kind): void {
    const folder = join(this.folder, String(host));
    const script = [
      "mount --make-rprivate /",
      "mount -t tmpfs none /run && mkdir -p /run/corosync /run/lock",
      "mount -t tmpfs none /dev/shm",
      "mount -t tmpfs none /etc/corosync",
      `mount --bind ${folder}/state /var/lib/corosync`,
      `cp ${this.folder}/corosync.conf /etc/corosync/`,
      `exec ${kind === "ours" ? binary : original} -f`,
    ].join(" && ");
    const space = ["ip", "netns", "exec", this.space(host), "unshare", "-m", "-u", "-i"];
    const log = Bun.file(join(folder, "log"));
    this.daemons.set(
      host,
      Bun.spawn([...space, "sh", "-c", script], { stdin: "ignore", stdout: log, stderr: log }),
    );
  }

  async kill(host: number): Promise<void> {
    const daemon = this.daemons.get(host);
    daemon?.kill("SIGKILL");
    await daemon?.exited;
    this.daemons.delete(host);
  }

  /** A command on a host, in the same mounts as its daemon. */
  command(host: number, ...argv: readonly string[]): readonly string[] {
    const pid = this.daemons.get(host)?.pid;
    return ["nsenter", "-t", String(pid), "-m", "-n", "-u", "-i", ...argv];
  }

  votes(host: number): number {
    const done = Bun.spawnSync([...this.command(host, "corosync-quorumtool", "-s")]);
    return Number(/Total votes: +(\d+)/.exec(done.stdout.toString())?.[1] ?? 0);
  }

  async untilVotes(host: number, votes: number): Promise<void> {
    const deadline = performance.now() + 30_000;
    while (this.votes(host) !== votes) {
      if (performance.now() > deadline)
        throw new Error(`host ${host} never counted ${votes} votes`);
      await Bun.sleep(200);
    }
  }

  /** This many datagrams of a hundred are lost at each host; 0 ends it. */
  lose(percent: number): void {
    for (let host = 1; host <= this.count; host++) {
      const nft = (rule: string) => sh("ip", "netns", "exec", this.space(host), "nft", rule);
      nft("add table inet loss");
      nft("delete table inet loss");
      if (percent === 0) continue;
      nft("add table inet loss");
      nft("add chain inet loss input { type filter hook input priority 0; }");
      nft(`add rule inet loss input udp dport 5404-5405 numgen random mod 100 < ${percent} drop`);
    }
  }

  cut(host: number, apart: boolean): void {
    sh("ip", "link", "set", this.link(host), apart ? "down" : "up");
  }

  /** Every host sends; what each received. */
  async exchange(messages: number, largest: number): Promise<readonly string[]> {
    const peer = join(import.meta.dir, "ring-peer.ts");
    const hosts = Array.from({ length: this.count }, (_, index) => index + 1);
    return Promise.all(
      hosts.map(async (host) => {
        const words = [bun, peer, String(this.count), String(messages), String(largest)];
        const child = Bun.spawn([...this.command(host, ...words)], { stderr: "inherit" });
        return (await new Response(child.stdout).text()).trim();
      }),
    );
  }

  async close(): Promise<void> {
    for (const host of [...this.daemons.keys()]) await this.kill(host);
    for (let host = 1; host <= this.count; host++) sh("ip", "netns", "delete", this.space(host));
    sh("ip", "link", "delete", this.bridge);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private space(host: number): string {
    return `${this.id}-${host}`;
  }

  private link(host: number): string {
    return `${this.id}-v${host}`;
  }
}

interface Case {
  readonly transport: Transport;
  readonly kinds: readonly Kind[];
  readonly lossPercent: number;
}

const cases: readonly Case[] = [
  { transport: "udpu", kinds: ["ours", "original", "original"], lossPercent: 5 },
  { transport: "udp", kinds: ["original", "ours", "ours"], lossPercent: 20 },
];

for (const { transport, kinds, lossPercent } of cases) {
  describe.skipIf(skip !== undefined)(`${kinds.join(", ")} over ${transport}`, () => {
    let hosts: Hosts;
    const an = kinds.indexOf("original") + 1;
    const ours = kinds.indexOf("ours") + 1;

    const expectSame = (results: readonly string[], messages: number) => {
      const first = JSON.parse(results[0] ?? "{}");
      expect(first).toMatchObject({ received: messages * kinds.length, inOrder: true });
      for (const result of results) expect(JSON.parse(result)).toEqual(first);
    };

    beforeAll(async () => {
      hosts = new Hosts(kinds.length, transport);
      for (const [index, kind] of kinds.entries()) hosts.start(index + 1, kind);
      await hosts.untilVotes(an, kinds.length);
    });

    test("all votes are counted, by both kinds", async () => {
      await hosts.untilVotes(ours, kinds.length);
      expect(hosts.votes(an)).toBe(kinds.length);
    });

    test("messages arrive once, complete, in one order", async () => {
      expectSame(await hosts.exchange(150, 20_000), 150);
    });

    test(`and so they do when ${lossPercent} % of all datagrams are lost`, async () => {
      hosts.lose(lossPercent);
      try {
        expectSame(await hosts.exchange(100, 1000), 100);
      } finally {
        hosts.lose(0);
      }
      await hosts.untilVotes(an, kinds.length);
    });

    for (const kind of ["ours", "original"] as const) {
      test(`one of ${kind} is killed and comes back`, async () => {
        const victim = kinds.indexOf(kind) + 1;
        const witness = kinds.lastIndexOf(kind === "ours" ? "original" : "ours") + 1;
        await hosts.kill(victim);
        await hosts.untilVotes(witness, kinds.length - 1);
        hosts.start(victim, kind);
        await hosts.untilVotes(witness, kinds.length);
      });
    }

    test("a cut link divides the ring, healing unites it", async () => {
      hosts.cut(ours, true);
      await hosts.untilVotes(an, kinds.length - 1);
      hosts.cut(ours, false);
      await hosts.untilVotes(an, kinds.length);
      await hosts.untilVotes(ours, kinds.length);
    });

    afterAll(async () => {
      await hosts?.close();
    });
  });
}
