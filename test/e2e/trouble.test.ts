/**
 * Trouble that is no fault of the network (issue 2, bad input): tools without a daemon, tools as a user without rights, a wrong
 * corosync.conf, a disk that takes nothing. Each is answered in words; nothing crashes, nothing hangs, nothing is half done.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { allOnline, startNodes, status } from "./cluster.ts";
import { Lab, until, whyNot } from "./hosts.ts";

const skip = whyNot();
if (skip !== undefined) console.log(`e2e skipped: ${skip}`);
setDefaultTimeout(90_000);

const READERS = [
  "crm_mon -1",
  "crm status",
  "crm configure show",
  "cibadmin -Q",
  "crm_verify -L",
  "crm_node -l",
  "crm_resource -L",
  "corosync-cfgtool -s",
  "corosync-quorumtool -s",
  "corosync-cmapctl",
];

/** What a crash of our own code would show. */
const CRASH = /\bat .*:\d+:\d+|TypeError|ReferenceError|undefined is not|panic/;

const FOLDER = "/var/lib/pacemaker/cib";
/** The CIB's folder becomes a disk of its own, so small that it is soon full. */
const SMALL_DISK =
  `service corosync stop > /dev/null; cp -a ${FOLDER} /root/cib; ` +
  `mount -t tmpfs -o size=512k,mode=750 small ${FOLDER}; cp -a /root/cib/. ${FOLDER}; service corosync start`;
const FILL = `dd if=/dev/zero of=${FOLDER}/fill bs=1k`;

describe.skipIf(skip !== undefined)("trouble", () => {
  let lab: Lab;

  beforeAll(() => {
    lab = Lab.open(`trouble${process.pid}`);
  });

  test("no daemon: every tool says so and ends with an error", async () => {
    const answers = await Promise.all(
      READERS.map(async (line) => [line, await lab.sh("server6", `timeout 20 ${line}`)] as const),
    );
    for (const [line, done] of answers) {
      expect({ line, failed: done.exit !== 0 && done.exit !== 124 }).toEqual({
        line,
        failed: true,
      });
      expect({ line, said: done.stderr.trim() !== "" }).toEqual({ line, said: true });
      expect(done.text).not.toMatch(CRASH);
    }
  });

  test("a wrong corosync.conf: file, line, what is wrong; nothing is started", async () => {
    const edit =
      "cd /etc/corosync; cp corosync.conf good; sed 's/version: 2 /version: 3 /' good > corosync.conf";
    const done = await lab.sh("server6", `${edit}; service corosync start; mv good corosync.conf`);
    expect(done.text).toMatch(/\/etc\/corosync\/corosync\.conf:\d+/);
    expect(done.text).toContain("[FAILED]");
    expect((await lab.sh("server6", "pgrep -f '[/ ]corosync( |$)'")).exit).toBe(1);
  });

  test("an ordinary user starts nothing, reads nothing, changes nothing", async () => {
    await startNodes(lab);
    await allOnline(lab, "server6");
    const user = "setpriv --reuid 65534 --regid 65534 --clear-groups timeout 20";
    const words = [
      ...READERS,
      "crm configure property a=b",
      "corosync-keygen",
      "corosync",
      "pacemakerd",
    ];
    for (const line of words) {
      const done = await lab.sh("server6", `${user} ${line}`);
      expect({ line, failed: done.exit !== 0 && done.exit !== 124 }).toEqual({
        line,
        failed: true,
      });
      expect(done.text).not.toMatch(CRASH);
    }
    expect(await lab.must("server6", "cibadmin -Q")).not.toContain('name="a"');
  });

  test("a second start is no second daemon", async () => {
    const pid = await lab.must("server6", "cat /run/corosync.pid");
    const second = await lab.sh("server6", "corosync");
    expect(second.exit).not.toBe(0);
    expect((await lab.must("server6", "service corosync start")).trim()).toContain("[  OK  ]");
    expect(await lab.must("server6", "cat /run/corosync.pid")).toBe(pid);
  });

  test("one full disk: the others go on, that node says so, and catches up when there is room", async () => {
    await lab.must("server7", SMALL_DISK);
    await allOnline(lab, "server7");
    await lab.sh("server7", FILL);
    for (const [host, seconds] of [
      ["server6", 61],
      ["server7", 62],
      ["server8", 63],
    ] as const) {
      const from = performance.now();
      await lab.must(host, `timeout 20 crm configure property cluster-delay=${seconds}s`);
      expect(performance.now() - from).toBeLessThan(8000);
    }
    const log = await lab.must("server7", "cat /var/log/cluster/corosync.log");
    expect(log).toMatch(/ERROR: .*\/var\/lib\/pacemaker\/cib\/.*ENOSPC.*Make room/);
    expect(await status(lab, "server7")).toContain("Online: [ server6 server7 server8 ]");
    expect(await lab.must("server8", `cat ${FOLDER}/cib.xml`)).toContain("63s");
    await lab.must("server7", `rm ${FOLDER}/fill`);
    await until("server7 has it on disk", 10_000, async () =>
      (await lab.must("server7", `cat ${FOLDER}/cib.xml`)).includes("63s") ? true : undefined,
    );
  });

  test("two of three disks full: a change is refused in words at once, and goes through when there is room", async () => {
    await lab.must("server8", SMALL_DISK);
    await allOnline(lab, "server8");
    for (const host of ["server7", "server8"]) await lab.sh(host, FILL);
    for (const seconds of [71, 72]) {
      const from = performance.now();
      const line = `timeout 20 crm configure property cluster-delay=${seconds}s`;
      const refused = await lab.sh("server6", line);
      expect(performance.now() - from).toBeLessThan(8000);
      expect(refused.exit).toBe(1);
      expect(refused.text).toContain("No space left on device");
      expect(refused.stderr).toMatch(/in memory but not durable: server7 and server8 cannot write/);
    }
    for (const host of ["server7", "server8"]) await lab.must(host, `rm ${FOLDER}/fill`);
    await until("the change goes through", 20_000, async () => {
      const done = await lab.sh("server6", "timeout 20 crm configure property cluster-delay=62s");
      return done.exit === 0 ? true : undefined;
    });
    for (const host of lab.hosts) {
      await until(`${host} has it on disk`, 10_000, async () => {
        const text = await lab.must(host, `cat ${FOLDER}/cib.xml`);
        return text.includes("62s") ? true : undefined;
      });
    }
  });

  test("a damaged CIB on one disk: its backup or its peers serve, and a line says so", async () => {
    await lab.must("server8", `service corosync stop > /dev/null; echo '<cib' > ${FOLDER}/cib.xml`);
    await startNodes(lab, ["server8"]);
    await allOnline(lab, "server8");
    expect(await lab.must("server8", "cibadmin -Q")).toContain("62s");
    expect(await lab.must("server8", "grep ERROR /var/log/cluster/corosync.log")).toContain(
      "cib.xml",
    );
  });

  test("cibadmin -E: each node tells its status again by itself, at once (HOUSE rule 3)", async () => {
    await lab.must("server6", "cibadmin -E --force");
    await until("all nodes have told their status", 3000, async () => {
      const text = await lab.must("server6", "cibadmin -Q -o status");
      return lab.hosts.every((host) => text.includes(`<lrm id="${host}">`)) ? true : undefined;
    });
    expect(await status(lab, "server7")).toContain("Online: [ server6 server7 server8 ]");
  });

  afterAll(() => {
    if (process.env["KEEP_LAB"] === undefined) lab?.down();
  });
});
