/**
 * Hosts of a ring without a lab: network namespaces `rg-…` on a bridge, each with its own /run, /dev/shm, /etc/corosync and
 * state, running our corosync or Debian's in the foreground. For tests and benches of the ring alone.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const binary = join(import.meta.dir, "../../dist/corosync");
const original = "/usr/sbin/corosync";
/** What starts our daemon; RING_DAEMON names another command, e.g. one that runs it under a profiler. */
const ours = process.env["RING_DAEMON"] ?? binary;

/** Why this machine cannot have such hosts; undefined when it can. */
export function whyNoRing(): string | undefined {
  if (process.getuid?.() !== 0) return "network namespaces need root";
  for (const path of [binary, original]) if (!existsSync(path)) return `${path} is missing`;
  if (Bun.which("ip") === null || Bun.which("nsenter") === null) return "ip or nsenter is missing";
  return undefined;
}

export type Kind = "ours" | "original";
/** `secure` is knet with aes256 and sha256. */
export type Transport = "udp" | "udpu" | "knet" | "secure";

export type Family = "ipv4" | "ipv6";
/** What a host's number is put behind. */
const NETWORKS: Readonly<Record<Family, string>> = { ipv4: "10.77.0.", ipv6: "fd77::" };

function sh(...argv: readonly string[]): string {
  const done = Bun.spawnSync([...argv], { stdout: "pipe", stderr: "pipe" });
  if (done.exitCode !== 0) throw new Error(`${argv.join(" ")}: ${done.stderr.toString()}`);
  return done.stdout.toString();
}

/**
 * Their corosync.conf: `token` in milliseconds; `patient` where ring and links must outlast lost datagrams; `lossy` as an
 * administrator sets a line up that loses every fifth datagram.
 *
 * Pings of `patient`: at 20 % each way a pong comes back with 0.64; 40 pings in a timeout all fail with 0.36^40 < 10^-17.
 * Token of `lossy`: three nodes have (5000 + 650) / 80.2 = 70 ms between repetitions, the shortest round figure whose hold
 * timer (0.8 * 70 - 10 = 46 ms) is above the 30 ms that corosync asks for; a rotation loses 3 * 0.25 repetitions on average,
 * 53 ms, and is given up after about 80. Its netmtu keeps a ring's datagram in one packet, encrypted too: by default what
 * waits for the token is packed into 64 KiB, and of their 46 packets all arrive with 0.8^46 < 10^-4, whoever sends.
 */
function configuration(
  transport: Transport,
  count: number,
  token: number,
  patient: boolean,
  lossy: boolean,
  family: Family,
) {
  const nodes = Array.from({ length: count }, (_, index) => index + 1).map(
    (id) =>
      `  node {\n    ring0_addr: ${NETWORKS[family]}${id}\n    nodeid: ${id}\n    name: n${id}\n  }\n`,
  );
  const name = transport === "secure" ? "knet" : transport;
  // With corosync's own timers a link over knet is taken for down when a few pings in a row are lost, and at 20 % of loss
  // one token in 3000 is, with its four repetitions: memberships change in the middle of the messages.
  const repetitions = lossy
    ? "  token_retransmits_before_loss_const: 80\n  netmtu: 1300\n"
    : "  token_retransmits_before_loss_const: 10\n";
  const pings =
    "  interface {\n    linknumber: 0\n    knet_ping_interval: 100\n    knet_ping_timeout: 4000\n  }\n";
  const crypto = "  crypto_cipher: aes256\n  crypto_hash: sha256\n";
  const group =
    family === "ipv6"
      ? "  ip_version: ipv6\n"
      : "  interface {\n    bindnetaddr: 10.77.0.0\n    mcastaddr: 239.192.7.7\n  }\n";
  return `totem {
  version: 2
  cluster_name: rings
  transport: ${name}
  token: ${token}
${patient ? repetitions : ""}${name === "knet" && patient ? pings : ""}${transport === "secure" ? crypto : ""}${transport === "udp" ? group : ""}}
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

/** Sets of hosts that this process has made: several may stand at once. */
let made = 0;

/** Hosts on a bridge of their own, each with its own /run, /dev/shm, /etc/corosync and state. */
export class Hosts {
  private readonly id = `rg-${(process.pid % 46_656).toString(36)}${made++ % 10}`;
  private readonly folder = mkdtempSync(join(tmpdir(), "rings-"));
  private readonly daemons = new Map<number, Bun.Subprocess>();
  private readonly bridge = `${this.id}-br`;
  /** What every daemon has started with. */
  readonly configuration: string;

  constructor(
    readonly count: number,
    transport: Transport,
    {
      lossy = false,
      token = lossy ? 5000 : 2500,
      patient = true,
      family = "ipv4",
    }: {
      readonly lossy?: boolean;
      readonly token?: number;
      readonly patient?: boolean;
      readonly family?: Family;
    } = {},
  ) {
    this.configuration = configuration(transport, count, token, patient, lossy, family);
    writeFileSync(join(this.folder, "corosync.conf"), this.configuration);
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
      sh("ip", "-n", space, "address", "add", `fd77::${host}/64`, "dev", "eth0", "nodad");
      // A second network on the same wire, for what is added to a running ring.
      sh("ip", "-n", space, "address", "add", `10.78.0.${host}/24`, "brd", "+", "dev", "eth0");
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
      `exec ${kind === "ours" ? ours : original} -f`,
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

  /** The daemon's process, as this machine numbers it. */
  pid(host: number): number {
    return this.daemons.get(host)?.pid ?? 0;
  }

  /** A command on a host, in the same mounts as its daemon. */
  command(host: number, ...argv: readonly string[]): readonly string[] {
    return ["nsenter", "-t", String(this.pid(host)), "-m", "-n", "-u", "-i", ...argv];
  }

  /** Runs a command there: what it printed, and its exit code. */
  run(host: number, ...argv: readonly string[]): { readonly text: string; readonly exit: number } {
    const done = Bun.spawnSync([...this.command(host, ...argv)], {
      stdin: "ignore",
      stderr: "pipe",
      timeout: 10_000,
    });
    return { text: `${done.stdout}${done.stderr}`, exit: done.exitCode };
  }

  /** Gives every daemon that runs another corosync.conf, to be read again. */
  configure(text: string): void {
    for (const host of this.daemons.keys()) {
      const { exitCode } = Bun.spawnSync(
        [...this.command(host, "sh", "-c", "cat > /etc/corosync/corosync.conf")],
        { stdin: new TextEncoder().encode(text) },
      );
      if (exitCode !== 0) throw new Error(`host ${host} has no new corosync.conf`);
    }
  }

  /** What a host's daemon has said so far. */
  log(host: number): string {
    return readFileSync(join(this.folder, `${host}/log`), "utf8");
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
  logs(): string {
    return Array.from({ length: this.count }, (_, index) => {
      return `--- ${index + 1}\n${this.log(index + 1)
        .split("\n")
        .slice(-12)
        .join("\n")}`;
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
