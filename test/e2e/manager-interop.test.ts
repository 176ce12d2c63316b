/**
 * Managers and corosyncs crossed over, three hosts each. Debian's unmodified pacemakerd on our corosync: a controller is
 * elected, Debian's crm configures, an address moves when its node loses power. Ours on Debian's corosync plays the
 * walkthrough. Both managers in one ring: ours starts nothing.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { Lab, until, whyNot } from "./hosts.ts";
import { playBlock, silent, type World } from "./story.ts";
import { move, remove, stonith, vip } from "./walkthrough/address.ts";
import { currentText, onCurrentStack } from "./walkthrough/current.ts";
import { colocation, order, test as service, webip, webserver } from "./walkthrough/service.ts";

const originals = ["/usr/sbin/corosync", "/usr/sbin/pacemakerd", "/usr/sbin/crm"];

function reason(): string | undefined {
  if (process.getuid?.() !== 0) return "the originals need root";
  const absent = originals.find((path) => !existsSync(path));
  return absent === undefined ? whyNot() : `${absent} is missing`;
}

const skip = reason();
if (skip !== undefined) console.log(`e2e of managers on the other's corosync skipped: ${skip}`);
setDefaultTimeout(90_000);

const address = "172.25.12.200";
const [first, second, third] = ["server6", "server7", "server8"] as const;

/** Starts programs on every host, one after the other; what they say goes to /tmp. */
async function startEverywhere(lab: Lab, ...programs: readonly string[]): Promise<void> {
  const lines = programs.map(
    (program, index) => `setsid ${program} < /dev/null > /tmp/started${index} 2>&1 & sleep 1`,
  );
  await Promise.all(lab.hosts.map((host) => lab.must(host, lines.join("\n"))));
}

async function seen(lab: Lab, host: string, what: RegExp, limitMs: number): Promise<string> {
  const look = async () => (await lab.sh(host, "crm_mon -1")).text;
  return await until(
    `${host} sees ${what}`,
    limitMs,
    async () => {
      const text = await look();
      return what.test(text) ? text : undefined;
    },
    async () => `${await look()}\n${(await lab.sh(host, "tail -n 20 /tmp/started*")).text}`,
  );
}

/** The one host with the address, other than `not`. */
async function holder(lab: Lab, not = ""): Promise<string> {
  return await until(`the address is on one host, not on ${not || "none"}`, 40_000, async () => {
    const [host, other] = await lab.holders(address);
    return host !== undefined && other === undefined && host !== not ? host : undefined;
  });
}

const allOnline = /Online: \[ server6 server7 server8 \]/;
const controller = /Current DC: server[678] .*partition with quorum/;

for (const transport of ["udpu", "knet"] as const) {
  // Debian's manager waits 20 s before it elects; one transport is enough for the suite.
  const isSkipped =
    skip !== undefined || (transport === "knet" && process.env["INTEROP"] !== "full");
  describe.skipIf(isSkipped)(`Debian's pacemakerd on our corosync over ${transport}`, () => {
    let lab: Lab;

    beforeAll(async () => {
      const words = ["--stack", "original", "--form", "nodelist", "--transport", transport];
      lab = Lab.open(`in-d${process.pid}`, ...words);
      await startEverywhere(lab, "/opt/quorate/bin/corosync", "/usr/sbin/pacemakerd");
    });

    test("a controller is elected, all nodes are online", async () => {
      expect(await seen(lab, second, controller, 60_000)).toMatch(/version 2\.1\.5/);
      await seen(lab, third, allOnline, 20_000);
    });

    test("Debian's crm configures, Debian's agent runs", async () => {
      await lab.must(second, "crm configure property stonith-enabled=false");
      const primitive = `crm configure primitive ip ocf:heartbeat:IPaddr2 params ip=${address}`;
      await lab.must(second, `${primitive} op monitor interval=10s`);
      const host = await holder(lab);
      await seen(lab, third, new RegExp(`IPaddr2\\):\\s+Started ${host}`), 20_000);
      expect(await lab.must(third, "cibadmin -Q -o resources")).toContain(address);
    });

    test("its node loses power: the address is on another one", async () => {
      const before = await holder(lab);
      lab.verb("kill", before);
      const after = await holder(lab, before);
      await seen(lab, after, new RegExp(`IPaddr2\\):\\s+Started ${after}`), 20_000);
    });

    afterAll(() => {
      lab?.down();
    });
  });
}

describe.skipIf(skip !== undefined)("our pacemakerd on Debian's corosync", () => {
  let lab: Lab;
  let story: World;
  const ours = "/opt/quorate/bin/pacemakerd";

  beforeAll(async () => {
    lab = Lab.open(`in-q${process.pid}`, "--form", "nodelist", "--transport", "udpu");
    await startEverywhere(lab, "/usr/sbin/corosync", ours);
    story = { lab, facts: {}, dialect: currentText };
  });

  test("all nodes are online", async () => {
    await seen(lab, first, controller, 40_000);
    await seen(lab, third, allOnline, 20_000);
    expect(await lab.must(second, "/usr/sbin/corosync-quorumtool -s || :")).toMatch(
      /Total votes: +3/,
    );
  });

  for (const block of [stonith, vip, move, remove, webip, webserver, colocation, order, service]) {
    test(`walkthrough: ${block.title}`, () => playBlock(onCurrentStack(block), story, silent));
  }

  test("its host is lost: the service moves", async () => {
    const middle = await holder(lab);
    lab.verb("kill", middle);
    const after = await holder(lab, middle);
    await seen(lab, after, new RegExp(`OFFLINE: \\[ ${middle} \\]`), 20_000);
  });

  test("Debian's manager enters the ring: ours starts nothing and says why", async () => {
    const [here] = await lab.holders(address);
    const host = here ?? first;
    const [other] = (await online(lab)).filter((name) => name !== host);
    const folders = "/var/lib/pacemaker/cib /var/lib/pacemaker/pengine /var/log/pacemaker";
    const room = `mkdir -p ${folders}; chown -R hacluster:haclient /var/lib/pacemaker /var/log/pacemaker`;
    await lab.must(other ?? second, "kill -9 $(pgrep -f '[/ ]pacemake[r]d')");
    const line = `${room}; setsid /usr/sbin/pacemakerd`;
    await lab.must(other ?? second, `${line} < /dev/null > /tmp/debian 2>&1 & sleep 2`);
    const said = "Another cluster manager is in this ring";
    await until(
      `${host} says "${said}"`,
      40_000,
      async () => {
        const found = await lab.sh(host, `grep -rhF '${said}' /var/log /tmp/started1 | tail -n 1`);
        return found.stdout.includes(said) ? true : undefined;
      },
      async () => (await lab.sh(host, "tail -n 20 /tmp/started1 /var/log/pacemaker/*.log")).text,
    );
    await lab.sh(host, "crm configure primitive late ocf:heartbeat:Dummy");
    await Bun.sleep(3000);
    expect((await lab.sh(host, "crm_mon -1")).text).not.toMatch(/Dummy\):\s+Started/);
  });

  afterAll(() => {
    lab?.down();
  });
});

/** Hosts of the lab that have power. */
async function online(lab: Lab): Promise<readonly string[]> {
  const answers = await Promise.all(
    lab.hosts.map(async (host) => {
      const done = await lab.sh(host, "true").catch(() => undefined);
      return done?.exit === 0 ? [host] : [];
    }),
  );
  return answers.flat();
}
