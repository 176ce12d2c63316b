/** An installation and its inverse, on a folder of its own (lib/install, cmd/quorate/files.ts). */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { carryOutInstall, carryOutRemoval } from "../../../cmd/quorate/files.ts";
import { type InstallOptions, installSteps } from "../../../lib/install/layout.ts";
import { inverse } from "../../../lib/install/steps.ts";

const base = mkdtempSync(join(tmpdir(), "quorate-install-"));
const binary = join(base, "binary");
const root = join(base, "root");
afterAll(() => rmSync(base, { recursive: true }));

const options: InstallOptions = {
  prefix: "/usr/local",
  root,
  init: "both",
  tools: ["crm", "crm_mon", "corosync"],
  binary,
};

/** Groups are the machine's; a test leaves them alone. */
const steps = installSteps(options).filter((s) => s.kind !== "group");

function tree(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
}

describe("install, then uninstall", () => {
  beforeAll(() => {
    mkdirSync(root);
    writeFileSync(binary, "#!/bin/sh\n");
    carryOutInstall(steps);
  });

  test("links lead to the one binary", () => {
    for (const name of ["quorate", "crm", "crm_mon", "corosync"]) {
      const link = join(root, "usr/local/sbin", name);
      expect(readlinkSync(link)).toBe("/usr/local/lib/quorate/quorate");
    }
    expect(statSync(join(root, "usr/local/lib/quorate/quorate")).mode & 0o777).toBe(0o755);
  });

  test("folders have the modes of the originals", () => {
    const modes = Object.fromEntries(
      ["etc/corosync", "var/lib/corosync", "var/lib/pacemaker/cib", "var/log/pacemaker"].map(
        (p) => [p, (statSync(join(root, p)).mode & 0o777).toString(8)],
      ),
    );
    expect(modes).toEqual({
      "etc/corosync": "755",
      "var/lib/corosync": "755",
      "var/lib/pacemaker/cib": "750",
      "var/log/pacemaker": "770",
    });
  });

  test("the LSB script names the programs and is a good script", () => {
    const script = join(root, "etc/init.d/corosync");
    expect(statSync(script).mode & 0o777).toBe(0o755);
    expect(readFileSync(script, "utf8")).toContain("daemon=/usr/local/sbin/corosync");
    expect(Bun.spawnSync(["sh", "-n", script]).exitCode).toBe(0);
    const usage = Bun.spawnSync(["sh", script, "dance"]);
    expect(usage.exitCode).toBe(2);
  });

  test("a second install changes nothing", () => {
    const before = tree(root);
    expect(carryOutInstall(steps)).toEqual([]);
    expect(tree(root)).toEqual(before);
  });

  test("what is no link of ours is left alone and named", () => {
    const own = join(root, "usr/local/sbin/crm");
    rmSync(own);
    writeFileSync(own, "somebody's");
    expect(carryOutInstall(steps).join()).toContain("usr/local/sbin/crm is there already");
    expect(lstatSync(own).isFile()).toBe(true);
    rmSync(own);
    carryOutInstall(steps);
  });

  test("uninstall keeps what was changed and what holds data, and says so", () => {
    appendFileSync(join(root, "etc/corosync/corosync.conf.example"), "# mine\n");
    writeFileSync(join(root, "var/lib/pacemaker/cib/cib.xml"), "<cib/>");
    const notes = carryOutRemoval(inverse(steps, false)).join("\n");
    expect(notes).toContain("corosync.conf.example was changed; it stays");
    expect(notes).toContain("var/lib/pacemaker/cib is not empty; it stays");
    expect(existsSync(join(root, "usr/local/sbin/crm_mon"))).toBe(false);
    expect(existsSync(join(root, "etc/init.d/corosync"))).toBe(false);
    expect(existsSync(join(root, "var/log/pacemaker"))).toBe(false);
  });

  test("purge takes the data too; folders of the system stay", () => {
    rmSync(join(root, "etc/corosync/corosync.conf.example"));
    carryOutRemoval(inverse(steps, true));
    expect(tree(root)).toEqual([
      "etc",
      "etc/init.d",
      "etc/systemd",
      "etc/systemd/system",
      "usr",
      "usr/local",
      "usr/local/lib",
      "usr/local/sbin",
      "var",
      "var/lib",
      "var/log",
    ]);
  });
});

test("only what is asked for: --sysv writes no unit, --systemd no script", () => {
  const paths = (init: InstallOptions["init"]) =>
    installSteps({ ...options, init }).flatMap((s) => (s.kind === "file" ? [s.path] : []));
  expect(paths("sysv").filter((p) => p.endsWith(".service"))).toEqual([]);
  expect(paths("systemd").filter((p) => p.includes("init.d"))).toEqual([]);
});
