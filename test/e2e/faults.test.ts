/**
 * Faults on real hosts (issue 2, bars): standby, a host without power, a cut link, a lost quorum and its return, corosync and
 * pacemakerd killed alone (HOUSE, safety rules 9 and 10). After each the cluster settles by itself, and no address is ever on
 * two hosts outside a partition.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { VIRTUAL_ADDRESS } from "../../lib/lab/spec.ts";
import {
  allOnline,
  makeService,
  servedBy,
  settledHolder,
  startNodes,
  status,
  Watch,
} from "./cluster.ts";
import { Lab, until, whyNot } from "./hosts.ts";

const skip = whyNot();
if (skip !== undefined) console.log(`e2e skipped: ${skip}`);

setDefaultTimeout(90_000);

/** Tools that change the configuration; each says when that happens without quorum. */
const WRITERS = [
  "crm_attribute -n cluster-delay -v 77s",
  "crm configure property migration-limit=7",
  'cibadmin -M -o crm_config -X \'<nvpair id="cib-bootstrap-options-migration-limit" value="8"/>\'',
  "crm_resource -r webip -m -p resource-stickiness -v 5",
  "crm_standby -v on -N server8",
  "crm_standby -D -N server8",
  "crm node maintenance server8",
  "crm node ready server8",
];

describe.skipIf(skip !== undefined)("faults", () => {
  let lab: Lab;
  let watch: Watch;
  let holder = "";
  const others = () => lab.hosts.filter((h) => h !== holder);

  beforeAll(async () => {
    lab = Lab.open(`faults${process.pid}`);
    holder = await makeService(lab);
    watch = new Watch(lab);
  });

  test("standby of the holder: the service moves, and stays when the node is back", async () => {
    const was = holder;
    await lab.must(was, "crm node standby");
    holder = await settledHolder(lab, (h) => h !== was);
    await lab.must(was, `crm node online ${was}`);
    await allOnline(lab, was);
    await Bun.sleep(1000);
    expect(await lab.holders(VIRTUAL_ADDRESS)).toEqual([holder]);
  });

  test("a power cut of the holder: another host takes over; the host comes back", async () => {
    const was = holder;
    lab.verb("kill", was);
    holder = await settledHolder(lab, (h) => h !== was);
    lab.verb("start", was);
    await startNodes(lab, [was]);
    for (const host of lab.hosts) await allOnline(lab, host);
    expect(await lab.holders(VIRTUAL_ADDRESS)).toEqual([holder]);
  });

  test("the holder's link is cut: it stops its resources, the majority starts them; healing leaves one", async () => {
    const was = holder;
    watch.pause();
    lab.verb("partition", `${others().join(",")}/${was}`);
    await until("the cut host drops the address", 30_000, async () =>
      (await lab.holders(VIRTUAL_ADDRESS)).includes(was) ? undefined : true,
    );
    holder = await settledHolder(lab, (h) => h !== was);
    expect(await status(lab, was)).toContain("partition WITHOUT quorum");
    for (const line of WRITERS) {
      const done = await lab.sh(was, line);
      expect({ line, exit: done.exit, told: done.stderr.split("\n").length }).toEqual({
        line,
        exit: 0,
        told: 2,
      });
      expect(done.stderr).toMatch(/^\w+: changed without quorum: /);
    }
    const agreed = await lab.sh(holder, "crm_attribute -n migration-limit -v 3");
    expect(agreed).toMatchObject({ exit: 0, stderr: "" });
    lab.verb("heal");
    watch.resume();
    for (const host of lab.hosts) await allOnline(lab, host);
    expect(await settledHolder(lab)).toBe(holder);
    // What lost the merge is gone from the configuration, named in the log, and kept in the history (rule 5).
    const properties = await lab.must(was, "crm configure show");
    expect(properties).toContain(`migration-limit="3"`);
    expect(properties).not.toContain(`cluster-delay="77s"`);
    const log = await lab.must(was, "cat /var/log/cluster/corosync.log");
    expect(log).toMatch(
      /changed without quorum, lost the merge against .*\/var\/lib\/pacemaker\/cib/,
    );
    const kept = await lab.must(was, "grep -l 77s /var/lib/pacemaker/cib/cib-*.raw");
    expect(kept).toContain("cib-");
  });

  test("two of three lose power: without quorum the resources stop", async () => {
    const [first, second] = others();
    const alone = holder;
    lab.verb("kill", first!);
    lab.verb("kill", second!);
    await until("the lone host has no quorum", 30_000, async () =>
      (await status(lab, alone)).includes("partition WITHOUT quorum") ? true : undefined,
    );
    await until("the address is gone", 30_000, async () =>
      (await lab.holders(VIRTUAL_ADDRESS)).length === 0 ? true : undefined,
    );
    expect(await servedBy(lab)).toBeUndefined();
  });

  test("all return: the service is back, on one host", async () => {
    const back = others();
    for (const host of back) lab.verb("start", host);
    await startNodes(lab, back);
    for (const host of lab.hosts) await allOnline(lab, host);
    holder = await settledHolder(lab);
  });

  test("pacemakerd killed alone: it comes back and adopts what runs; the address never leaves (rule 9)", async () => {
    const pid = (await lab.must(holder, "pgrep -o -f '[/ ]pacemakerd( |$)'")).trim();
    await lab.must(holder, `kill -9 ${pid}`);
    const end = performance.now() + 5000;
    while (performance.now() < end) {
      expect(await lab.holders(VIRTUAL_ADDRESS)).toEqual([holder]);
      await Bun.sleep(100);
    }
    for (const host of lab.hosts) await allOnline(lab, host);
    const again = (await lab.must(holder, "pgrep -o -f '[/ ]pacemakerd( |$)'")).trim();
    expect(again).not.toBe(pid);
    expect(await settledHolder(lab)).toBe(holder);
  });

  test("corosync killed alone: its resources stop at once, another host takes over (rule 10)", async () => {
    const was = holder;
    await lab.must(was, "kill -9 $(cat /run/corosync.pid)");
    await until("the resources stop", 10_000, async () =>
      (await lab.holders(VIRTUAL_ADDRESS)).includes(was) ? undefined : true,
    );
    holder = await settledHolder(lab, (h) => h !== was);
    await startNodes(lab, [was]);
    for (const host of lab.hosts) await allOnline(lab, host);
    expect(await lab.holders(VIRTUAL_ADDRESS)).toEqual([holder]);
  });

  test("service corosync stop: resources move first, the node leaves cleanly", async () => {
    const was = holder;
    await lab.must(was, "service corosync stop");
    expect(await lab.holders(VIRTUAL_ADDRESS)).not.toContain(was);
    holder = await settledHolder(lab, (h) => h !== was);
    expect(await status(lab, holder)).toContain(`OFFLINE: [ ${was} ]`);
  });

  test("a reloadable parameter is reloaded, another restarts the resource; alerts tell of it", async () => {
    const [host] = lab.hosts;
    const heard = "/var/lib/pacemaker/alerts.log";
    const script = `printf '#!/bin/sh\\necho "$(id -un) $CRM_alert_task $CRM_alert_desc" >> ${heard}\\n'`;
    for (const one of lab.hosts) {
      await lab.must(
        one,
        `${script} > /var/lib/pacemaker/alert; chmod 755 /var/lib/pacemaker/alert`,
      );
      await lab.must(one, `touch ${heard}; chmod 666 ${heard}`);
    }
    const alerts = '<alerts><alert id="file" path="/var/lib/pacemaker/alert"/></alerts>';
    await lab.must(host!, `cibadmin -M --allow-create -o configuration -X '${alerts}'`);
    const made =
      "primitive d ocf:pacemaker:Dummy params fake=one state=/run/d.state op monitor interval=10s timeout=20s";
    await lab.must(host!, `crm configure ${made}`);
    const ran = (line: string) => lab.must(host!, `crm_resource -r d -W; ${line}`);
    await until("d runs", 20_000, async () =>
      (await ran("true")).includes("is running on") ? true : undefined,
    );
    const log = async () =>
      (
        await Promise.all(lab.hosts.map((h) => lab.must(h, "cat /var/log/cluster/corosync.log")))
      ).join("");
    const count = async (word: string) => (await log()).split(` ${word} operation d_`).length - 1;
    await lab.must(host!, "crm_resource -r d -p fake -v two");
    await until("d is reloaded", 20_000, async () =>
      (await count("Initiating reload-agent")) === 1 ? true : undefined,
    );
    expect(await count("Initiating stop")).toBe(0);
    await lab.must(host!, "crm_resource -r d -p state -v /run/d2.state");
    await until("d is restarted", 20_000, async () =>
      (await count("Initiating stop")) === 1 && (await count("Initiating start")) === 2
        ? true
        : undefined,
    );
    // Alerts tell of each operation, and run as the manager's user.
    await until("the alerts are heard", 10_000, async () => {
      const all = await Promise.all(lab.hosts.map((one) => lab.must(one, `cat ${heard}`)));
      const lines = all.join("").split("\n");
      const words = ["start OK", "reload-agent OK", "stop OK"];
      return words.every((word) => lines.includes(`hacluster ${word}`)) ? true : undefined;
    });
    await lab.must(host!, "crm configure property stop-all-resources=true");
  });

  test("no address was on two hosts at once", async () => {
    await watch.stop();
    expect(watch.doubles).toEqual([]);
  });

  afterAll(async () => {
    await watch?.stop();
    if (process.env["KEEP_LAB"] === undefined) lab?.down();
  });
});
