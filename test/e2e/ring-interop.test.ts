/**
 * One ring of our corosync and Debian's (issue 4, bar "One ring with the original"): network namespaces `rg-…` on a bridge.
 * Ours as representative and not, over udpu, udp, knet and encrypted knet; the original's quorumtool counts three votes;
 * messages of process groups arrive once, complete, in one order, with loss too; nodes are killed and come back.
 *
 * The suite sends some hundreds of messages, so that a busy machine with two cores is through in 100 s. `npm run interop`
 * sets INTEROP=full: the bar, 10,002 messages of up to 64 KiB without loss, 1002 of up to 8 KiB at 5 %, 300 of up
 * to 1 KiB at 20 %, in every row, and every node is killed once.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

const isFull = process.env["INTEROP"] === "full";
setDefaultTimeout(isFull ? 600_000 : 60_000);

type Kind = "ours" | "original";
/** `secure` is knet with aes256 and sha256. */
type Transport = "udp" | "udpu" | "knet" | "secure";

/** Messages per node and the largest of them, for each percentage of loss. */
const loads: Readonly<Record<number, { readonly messages: number; readonly largest: number }>> =
  isFull
    ? {
        0: { messages: 3334, largest: 65_532 },
        5: { messages: 334, largest: 8188 },
        20: { messages: 100, largest: 1020 },
      }
    : {
        0: { messages: 75, largest: 65_532 },
        5: { messages: 40, largest: 8188 },
        20: { messages: 20, largest: 1020 },
      };

function sh(...argv: readonly string[]): string {
  const done = Bun.spawnSync([...argv], { stdout: "pipe", stderr: "pipe" });
  if (done.exitCode !== 0) throw new Error(`${argv.join(" ")}: ${done.stderr.toString()}`);
  return done.stdout.toString();
}

function configuration(transport: Transport, count: number): string {
  const nodes = Array.from({ length: count }, (_, index) => index + 1).map(
    (id) => `  node {\n    ring0_addr: 10.77.0.${id}\n    nodeid: ${id}\n    name: n${id}\n  }\n`,
  );
  const name = transport === "secure" ? "knet" : transport;
  // With corosync's own timers a link over knet is taken for down when a few pings in a row are lost.
  const pings =
    "  interface {\n    linknumber: 0\n    knet_ping_interval: 100\n    knet_ping_timeout: 4000\n  }\n";
  const crypto = "  crypto_cipher: aes256\n  crypto_hash: sha256\n";
  const group = "  interface {\n    bindnetaddr: 10.77.0.0\n    mcastaddr: 239.192.7.7\n  }\n";
  return `totem {
  version: 2
  cluster_name: rings
  transport: ${name}
  token: 2500
${name === "knet" ? pings : ""}${transport === "secure" ? crypto : ""}${transport === "udp" ? group : ""}}
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

const key = Uint8Array.from({ length: 256 }, (_, index) => (index * 167 + 13) & 0xff);

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
    writeFileSync(join(this.folder, "authkey"), key, { mode: 0o400 });
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
      `cp -p ${this.folder}/corosync.conf ${this.folder}/authkey /etc/corosync/`,
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
        throw new Error(`host ${host} never counted ${votes} votes\n${this.logs()}`);
      await Bun.sleep(200);
    }
  }

  /** The last lines that every daemon said. */
  private logs(): string {
    return Array.from({ length: this.count }, (_, index) => {
      const text = readFileSync(join(this.folder, `${index + 1}/log`), "utf8");
      return `--- ${index + 1}\n${text.split("\n").slice(-12).join("\n")}`;
    }).join("\n");
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
        const text = (await new Response(child.stdout).text()).trim();
        if ((await child.exited) !== 0)
          throw new Error(`the peer on ${host} failed\n${this.logs()}`);
        return text;
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

// The lowest node id is the ring's representative. Over knet with corosync's own ping timers three originals among
// themselves lose messages with their memberships too (40 of 120 arrived at 20 %, none at 5 % encrypted).
const cases: readonly Case[] = [
  { transport: "udpu", kinds: ["ours", "original", "original"], lossPercent: 5 },
  { transport: "udp", kinds: ["original", "ours", "ours"], lossPercent: 20 },
  { transport: "knet", kinds: ["original", "original", "ours"], lossPercent: 5 },
  { transport: "secure", kinds: ["ours", "original", "ours"], lossPercent: 5 },
  ...(isFull
    ? ([
        { transport: "udpu", kinds: ["original", "ours", "ours"], lossPercent: 20 },
        { transport: "udp", kinds: ["ours", "original", "original"], lossPercent: 5 },
        { transport: "knet", kinds: ["ours", "ours", "original"], lossPercent: 5 },
        { transport: "secure", kinds: ["original", "original", "ours"], lossPercent: 5 },
      ] as const)
    : []),
];

for (const [row, { transport, kinds, lossPercent }] of cases.entries()) {
  describe.skipIf(skip !== undefined)(`${kinds.join(", ")} over ${transport}`, () => {
    let hosts: Hosts;
    const an = kinds.indexOf("original") + 1;
    const ours = kinds.indexOf("ours") + 1;

    const expectSame = (results: readonly string[], messages: number) => {
      const first = JSON.parse(results[0] ?? "{}");
      expect(first).toMatchObject({ received: messages * kinds.length, inOrder: true });
      for (const result of results) expect(JSON.parse(result)).toEqual(first);
    };

    const expectExchange = async (percent: number) => {
      const { messages, largest } = loads[percent]!;
      expectSame(await hosts.exchange(messages, largest), messages);
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
      await expectExchange(0);
    });

    test(`and so they do when ${lossPercent} % of all datagrams are lost`, async () => {
      hosts.lose(lossPercent);
      try {
        await expectExchange(lossPercent);
      } finally {
        hosts.lose(0);
      }
      await hosts.untilVotes(an, kinds.length);
    });

    const victims = isFull ? kinds.map((_, index) => index + 1) : [row % 2 === 0 ? ours : an];
    for (const victim of victims) {
      const kind = kinds[victim - 1]!;
      test(`node ${victim}, ${kind}, is killed and comes back`, async () => {
        const witness = kind === "ours" ? an : ours;
        await hosts.kill(victim);
        await hosts.untilVotes(witness, kinds.length - 1);
        hosts.start(victim, kind);
        await hosts.untilVotes(witness, kinds.length);
        await hosts.untilVotes(victim, kinds.length);
      });
    }

    test.skipIf(!isFull && row === 1)(
      "a cut link divides the ring, healing unites it",
      async () => {
        hosts.cut(ours, true);
        await hosts.untilVotes(an, kinds.length - 1);
        hosts.cut(ours, false);
        await hosts.untilVotes(an, kinds.length);
        await hosts.untilVotes(ours, kinds.length);
      },
    );

    afterAll(async () => {
      await hosts?.close();
    });
  });
}
