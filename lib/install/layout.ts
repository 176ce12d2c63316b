/**
 * Where an installation puts what (issue 2, "The binary"): the binary once, a link for each traditional tool, the LSB script or
 * systemd units, the example configuration and the daemons' folders with the modes the originals use.
 */
import { exampleConfiguration } from "./example.ts";
import { corosyncInitScript, corosyncUnit, pacemakerUnit } from "./init-script.ts";
import type { InstallStep } from "./steps.ts";

/** Members of this group may use the manager's IPC and read its files, as with the original. */
export const CLUSTER_GROUP = "haclient";

export interface InstallOptions {
  /** Programs go to PREFIX/sbin, the binary to PREFIX/lib/quorate. */
  readonly prefix: string;
  /** Staging folder put before every path; "" installs on this machine. */
  readonly root: string;
  readonly init: "systemd" | "sysv" | "both" | "none";
  /** Names of the links. */
  readonly tools: readonly string[];
  /** The running binary; undefined when the programs are in place already (the lab binds them into its hosts). */
  readonly binary: string | undefined;
  /** Folder of the programs when it is not PREFIX/sbin. */
  readonly programs?: string;
}

/** Folders of the daemons. */
const folders: readonly {
  readonly path: string;
  readonly mode: number;
  readonly group?: string;
  readonly removal: "empty" | "data";
}[] = [
  { path: "/etc/corosync", mode: 0o755, removal: "empty" },
  { path: "/etc/corosync/service.d", mode: 0o755, removal: "empty" },
  { path: "/etc/corosync/uidgid.d", mode: 0o755, removal: "empty" },
  { path: "/etc/pacemaker", mode: 0o750, group: CLUSTER_GROUP, removal: "empty" },
  { path: "/var/lib/corosync", mode: 0o755, removal: "data" },
  { path: "/var/log/cluster", mode: 0o755, removal: "data" },
  { path: "/var/log/corosync", mode: 0o755, removal: "data" },
  { path: "/var/lib/pacemaker", mode: 0o750, group: CLUSTER_GROUP, removal: "data" },
  { path: "/var/lib/pacemaker/cib", mode: 0o750, group: CLUSTER_GROUP, removal: "data" },
  { path: "/var/lib/pacemaker/cores", mode: 0o750, group: CLUSTER_GROUP, removal: "data" },
  { path: "/var/lib/pacemaker/pengine", mode: 0o750, group: CLUSTER_GROUP, removal: "data" },
  { path: "/var/lib/pacemaker/blackbox", mode: 0o750, group: CLUSTER_GROUP, removal: "data" },
  { path: "/var/log/pacemaker", mode: 0o770, group: CLUSTER_GROUP, removal: "data" },
];

/** The whole installation, in order. */
export function installSteps(options: InstallOptions): readonly InstallStep[] {
  const programs = options.programs ?? `${options.prefix}/sbin`;
  const at = (path: string) => `${options.root}${path}`;
  const steps: InstallStep[] = [{ kind: "group", name: CLUSTER_GROUP }];
  if (options.binary !== undefined) {
    const home = `${options.prefix}/lib/quorate`;
    steps.push(
      { kind: "directory", path: at(home), mode: 0o755, removal: "empty" },
      { kind: "copy", from: options.binary, path: at(`${home}/quorate`), mode: 0o755 },
      { kind: "directory", path: at(programs), mode: 0o755, removal: "never" },
    );
    for (const name of ["quorate", ...options.tools]) {
      steps.push({ kind: "link", path: at(`${programs}/${name}`), target: `${home}/quorate` });
    }
  }
  for (const folder of folders) steps.push({ kind: "directory", ...folder, path: at(folder.path) });
  steps.push({
    kind: "file",
    path: at("/etc/corosync/corosync.conf.example"),
    mode: 0o644,
    text: exampleConfiguration({ network: "192.168.1.0" }),
  });
  if (options.init === "sysv" || options.init === "both") {
    steps.push(
      { kind: "directory", path: at("/etc/init.d"), mode: 0o755, removal: "never" },
      {
        kind: "file",
        path: at("/etc/init.d/corosync"),
        mode: 0o755,
        text: corosyncInitScript(programs),
      },
    );
  }
  if (options.init === "systemd" || options.init === "both") {
    const units = "/etc/systemd/system";
    steps.push(
      { kind: "directory", path: at(units), mode: 0o755, removal: "never" },
      {
        kind: "file",
        path: at(`${units}/corosync.service`),
        mode: 0o644,
        text: corosyncUnit(programs),
      },
      {
        kind: "file",
        path: at(`${units}/pacemaker.service`),
        mode: 0o644,
        text: pacemakerUnit(programs),
      },
    );
  }
  return steps;
}
