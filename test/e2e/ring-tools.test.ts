/**
 * corosync's tools, ours and Debian's 3.1.7 side by side, on a ring of one daemon of each kind: on either daemon both print the
 * same text and end with the same code. Then the ring's configuration is changed while it runs, on both kinds at once.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { Hosts, whyNoRing } from "./ring-hosts.ts";

const skip = whyNoRing();
if (skip !== undefined) console.log(`e2e of the ring's tools skipped: ${skip}`);

setDefaultTimeout(60_000);

const OURS = join(import.meta.dir, "../../dist");
const ORIGINAL = "/usr/sbin";
const [ourHost, theirHost] = [1, 2];

/** What is asked of both; they change nothing, or the same each time. */
const commands = `
cfgtool -s
cfgtool -n -bs
cfgtool -s -n
cfgtool -s -a 2
cfgtool -a x
cfgtool -k 77
cfgtool --bogus
quorumtool -s
quorumtool -s -lp
quorumtool -lH -o n
quorumtool -o q
quorumtool -e 1
quorumtool -v 1 -n 9
cpgtool
cpgtool -z
cmapctl -g totem.token totem.nothing
cmapctl -g
cmapctl -s test.a u8 300
cmapctl -s test.i -- i16 -5
cmapctl -s test.b bin /etc/hostname
cmapctl -s ab u8 1
cmapctl -b test.
cmapctl -D test.
cmapctl nothing.
cmapctl -m stats -s stats.x u8 1
cmapctl -C all
cmapctl -q nodelist.
cmapctl runtime.config.
`
  .trim()
  .split("\n");

describe.skipIf(skip !== undefined)("the tools of corosync", () => {
  let hosts: Hosts;

  beforeAll(async () => {
    hosts = new Hosts(2, "knet", { token: 1000, patient: false });
    hosts.start(ourHost, "ours");
    hosts.start(theirHost, "original");
    await hosts.untilVotes(ourHost, 2);
    await hosts.untilVotes(theirHost, 2);
    // Path MTU discovery has come to its end.
    await Bun.sleep(1000);
  });

  /** With what tells the two apart taken out: folder, and the moment. */
  function run(host: number, folder: string, command: string): string {
    const [tool = "", ...words] = command.split(" ");
    const { text, exit } = hosts.run(host, `${folder}/corosync-${tool}`, ...words);
    const same = text.replaceAll(`${folder}/`, "").replace(/^Date:.*$/m, "Date:");
    return `${command}\n${same}exit ${exit}`;
  }

  for (const [host, daemon] of [
    [ourHost, "our"],
    [theirHost, "Debian's"],
  ] as const) {
    test(`ours and Debian's say the same on ${daemon} daemon`, () => {
      const all = (folder: string) => commands.map((command) => run(host, folder, command));
      expect(all(OURS)).toEqual(all(ORIGINAL));
    });
  }

  test("both daemons have the same keys of statistics, of the same types", () => {
    const keys = (host: number) =>
      hosts
        .run(host, `${ORIGINAL}/corosync-cmapctl`, "-m", "stats")
        .text.replace(/ = .*/g, "")
        .replace(/service0\.\d+\.0x[0-9a-f]+/g, "service0.PID.ID")
        .split("\n");
    expect(keys(ourHost)).toEqual(keys(theirHost));
  });

  const value = (host: number, key: string) =>
    hosts.run(host, `${OURS}/corosync-cmapctl`, "-q", "-g", key).text.trim();

  async function reload(text: string): Promise<void> {
    hosts.configure(text);
    expect(hosts.run(theirHost, `${ORIGINAL}/corosync-cfgtool`, "-R").exit).toBe(0);
    await Bun.sleep(300);
  }

  async function until(what: () => boolean): Promise<void> {
    const deadline = performance.now() + 15_000;
    while (!what()) {
      if (performance.now() > deadline) throw new Error(`it never came\n${hosts.logs()}`);
      await Bun.sleep(200);
    }
  }

  test("a reload changes the token's timeout and the quorum, and names what needs a restart", async () => {
    const text = hosts.configuration
      .replace("token: 1000", "token: 1600")
      .replace("cluster_name: rings", "cluster_name: others")
      .replace("provider: corosync_votequorum", "provider: corosync_votequorum\n  two_node: 1");
    await reload(text);
    for (const host of [ourHost, theirHost]) {
      expect(value(host, "runtime.config.totem.token")).toBe("1600");
      expect(hosts.run(host, "corosync-quorumtool", "-s").text).toContain(
        "2Node Quorate WaitForAll",
      );
      expect(hosts.log(host)).toContain(
        "Modified entry 'totem.cluster_name' in corosync.conf cannot be changed at run-time",
      );
    }
    await reload(hosts.configuration);
    expect(value(ourHost, "runtime.votequorum.two_node")).toBe("0");
  });

  test("a reload brings a second link, and takes it away", async () => {
    const second = hosts.configuration.replace(
      /(ring0_addr: 10\.77\.0\.(\d))/g,
      "$1\n    ring1_addr: 10.78.0.$2",
    );
    await reload(second);
    const links = (host: number) => hosts.run(host, `${OURS}/corosync-cfgtool`, "-n").text;
    await until(() =>
      [ourHost, theirHost].every((host) => links(host).match(/enabled connected/g)?.length === 2),
    );
    await reload(hosts.configuration);
    for (const host of [ourHost, theirHost]) expect(links(host)).not.toContain("10.78.0.");
    expect(hosts.votes(ourHost)).toBe(2);
  });

  test("a file with an error changes nothing and is refused with its code", () => {
    hosts.configure(hosts.configuration.replace("token: 1000", "token: abc"));
    for (const folder of [OURS, ORIGINAL]) {
      expect(run(ourHost, folder, "cfgtool -R")).toBe(
        "cfgtool -R\nReloading corosync.conf...\nCould not reload configuration. Error CS_ERR_INVALID_PARAM\nexit 7",
      );
    }
    expect(value(ourHost, "runtime.config.totem.token")).toBe("1000");
    hosts.configure(hosts.configuration);
  });

  test("a node that is shut down by its tool leaves the ring", async () => {
    expect(run(ourHost, OURS, "cfgtool -H")).toContain("exit 0");
    await hosts.untilVotes(theirHost, 1);
  });

  afterAll(async () => {
    await hosts?.close();
  });
});
