/** The lab itself: hosts that are hosts, faults that are faults, and a machine that is afterwards as it was before. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chownSync, copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BINARY, Lab, OUTSIDE, until, whyNot } from "./hosts.ts";
import { machine } from "./machine.ts";

const skip = whyNot();
if (skip !== undefined) console.log(`e2e skipped: ${skip}`);

setDefaultTimeout(60_000);
/** nobody, on every Linux */
const ORDINARY = 65534;

describe.skipIf(skip !== undefined)("a lab", () => {
  const before = machine();
  let lab: Lab;

  beforeAll(() => {
    lab = Lab.open(`lab${process.pid}`);
  });

  const reaches = async (from: string, to: string) =>
    (await lab.sh(from, `ping -c 1 -W 1 ${to}`)).exit === 0;

  test("hosts have their names, addresses and files", async () => {
    for (const host of lab.spec.hosts) {
      expect(await lab.must(host.name, "uname -n")).toBe(`${host.name}\n`);
      expect(await lab.must(host.name, "ip -4 addr show eth0")).toContain(
        `inet ${host.address}/24 brd 172.25.12.255 scope global eth0`,
      );
    }
    expect(await lab.must("server6", "stat -c %a /etc/corosync/authkey")).toBe("400\n");
    expect(await lab.must("server6", "command -v crm_mon")).toBe("/opt/quorate/bin/crm_mon\n");
  });

  test("hosts reach each other and the outside by name and multicast", async () => {
    expect(await reaches("server6", "server8")).toBe(true);
    expect(await reaches(OUTSIDE, "172.25.12.7")).toBe(true);
    const heard = lab.sh(
      "server8",
      "timeout 5 bash -c 'ip maddr add 33:33:00:00:00:99 dev eth0; cat /proc/net/igmp'",
    );
    expect((await heard).stdout).toContain("eth0");
  });

  test("/dev is the host's own: the page's random trick harms nobody", async () => {
    await lab.must("server6", "mv /dev/random /dev/random.bak && ln -s /dev/urandom /dev/random");
    expect((await lab.sh("server7", "test -L /dev/random")).exit).toBe(1);
    expect(existsSync("/dev/random.bak")).toBe(false);
  });

  test("the machine's programs are out of reach for writing", async () => {
    expect((await lab.sh("server6", "touch /usr/bin/quorate-was-here")).exit).not.toBe(0);
  });

  test("a partition parts, and heal heals", async () => {
    lab.verb("partition", "server6,server7/server8");
    expect(await reaches("server6", "server7")).toBe(true);
    expect(await reaches("server6", "server8")).toBe(false);
    lab.verb("heal");
    expect(await reaches("server6", "server8")).toBe(true);
  });

  test("a pulled cable takes the carrier away", async () => {
    lab.verb("cut", "server7");
    expect(await lab.must("server7", "ip link show eth0")).toContain("NO-CARRIER");
    lab.verb("mend", "server7");
    await until("server7 answers", 5000, async () =>
      (await reaches("server6", "server7")) ? true : undefined,
    );
  });

  test("a power cut ends all at once; the disk stays, /run does not", async () => {
    await lab.must(
      "server8",
      "echo kept > /var/lib/kept; echo lost > /run/lost; setsid sleep 1000 > /dev/null 2>&1 &",
    );
    lab.verb("kill", "server8");
    expect(await reaches("server6", "server8")).toBe(false);
    lab.verb("start", "server8");
    expect(await lab.must("server8", "cat /var/lib/kept; ls /run; ps ax")).not.toContain("lost");
    expect(await lab.must("server8", "cat /var/lib/kept")).toBe("kept\n");
    expect(await reaches("server6", "server8")).toBe(true);
  });

  test("orphans are reaped", async () => {
    await lab.must("server6", "(sleep 0.1 &) ; true");
    await Bun.sleep(400);
    expect(await lab.must("server6", "ps -eo stat")).not.toContain("Z");
  });

  test("exec hands the exit code on", () => {
    const words = ["lab", "--name", lab.name, "exec", "server6", "sh", "-c", "exit 42"];
    expect(Bun.spawnSync([BINARY, ...words]).exitCode).toBe(42);
  });

  test("httpd: LSB codes, and a page that names its host", async () => {
    const codes = await lab.must(
      "server6",
      "for a in status start start status; do service httpd $a > /dev/null; echo $?; done",
    );
    expect(codes).toBe("3\n0\n0\n0\n");
    expect((await lab.sh(OUTSIDE, "curl -s http://172.25.12.6/")).stdout).toContain("server6");
    expect(
      await lab.must("server6", "service httpd stop > /dev/null; service httpd status; echo $?"),
    ).toContain("3");
  });

  test("install puts a working cluster stack on a host; uninstall takes it away", async () => {
    const list = "cd /; find etc opt usr/local var -xdev | sort";
    const were = await lab.must("server7", `rm /etc/init.d/corosync; ${list}`);
    const said = await lab.must("server7", "quorate install --sysv --prefix /opt/site");
    expect(said).toContain("tools in /opt/site/sbin");
    expect(await lab.must("server7", "readlink /opt/site/sbin/crm_mon")).toBe(
      "/opt/site/lib/quorate/quorate\n",
    );
    expect(await lab.must("server7", "/opt/site/sbin/crm_mon --version")).toContain("crm_mon");
    expect(await lab.must("server7", "service corosync start")).toContain("[  OK  ]");
    expect(await lab.must("server7", "readlink /proc/$(cat /run/corosync.pid)/exe")).toBe(
      "/opt/site/lib/quorate/quorate\n",
    );
    await lab.must("server7", "service corosync stop");
    await lab.must("server7", "quorate uninstall --prefix /opt/site");
    const left = new Set((await lab.must("server7", list)).split("\n"));
    for (const path of were.split("\n")) left.delete(path);
    const own = [...left].filter((p) => !/^(var\/(lib|log)\/|opt\/site(\/(lib|sbin))?$)/.test(p));
    expect(own).toEqual([]);
  });

  test("wrong words are answered", () => {
    const say = (...words: string[]) => {
      const done = Bun.spawnSync([BINARY, "lab", "--name", lab.name, ...words]);
      return [done.exitCode, done.stderr.toString()] as const;
    };
    expect(say("dance")[1]).toContain('"dance" is no command of the lab');
    expect(say("kill", "server9")[1]).toContain("it has server6, server7, server8");
    expect(say("up")[1]).toContain("is up already");
    expect(say("start", "server6")[1]).toContain("runs already");
    expect(Bun.spawnSync([BINARY, "lab", "--name", "nowhere", "status"]).exitCode).not.toBe(0);
  });

  afterAll(() => {
    lab?.down();
    expect(machine([lab.id])).toEqual(before);
  });
});

const ordinary = process.getuid?.() === 0 && Bun.which("setpriv") !== null;

describe.skipIf(skip !== undefined || !ordinary)("as an ordinary user", () => {
  test("a lab comes and goes, or it says what is missing", () => {
    const home = mkdtempSync(join(tmpdir(), "quorate-user-"));
    chownSync(home, ORDINARY, ORDINARY);
    // The checkout may lie where only root can read.
    const binary = join(home, "quorate");
    copyFileSync(BINARY, binary);
    const id = String(ORDINARY);
    const user = ["setpriv", "--reuid", id, "--regid", id, "--clear-groups"];
    const run = (...words: string[]) =>
      Bun.spawnSync([...user, binary, "lab", "-q", ...words], {
        env: { ...process.env, HOME: home },
        stdin: "ignore",
      });
    const up = run("up", "2");
    if (up.exitCode !== 0) {
      expect(up.stderr.toString()).toContain("this machine lacks");
    } else {
      const seen = run("exec", "server6", "sh", "-c", "uname -n; ping -c 1 -W 1 server7");
      expect(seen.stdout.toString()).toContain("server6\n");
      expect(seen.exitCode).toBe(0);
      expect(run("down").exitCode).toBe(0);
    }
    expect(existsSync(join(home, ".quorate"))).toBe(false);
    rmSync(home, { recursive: true });
  });
});
