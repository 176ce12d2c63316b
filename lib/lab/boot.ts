/**
 * How a lab and its hosts come up. Everything lives in one outer container (mount, network, pid, UTS, IPC namespaces; a user
 * namespace too for an ordinary user) whose end takes all with it, so nothing shows on the machine. A host is a container
 * inside: its own root (the machine's /usr read-only, /etc a copy, /var /dev /run of its own), its own network and name.
 *
 * A host's disk (DISK/HOST) lives in memory of the outer container and survives `kill HOST`, as a disk survives a power cut;
 * /run, /dev/shm and /tmp do not.
 */
import { installSteps } from "../install/layout.ts";
import type { InstallStep } from "../install/steps.ts";
import { hostsFile, labConfiguration, webFiles } from "./configuration.ts";
import {
  BINARY_FOLDER,
  type LabHost,
  type LabSpec,
  NETWORK,
  OUTSIDE_ADDRESS,
  PROGRAMS,
} from "./spec.ts";
import { command, type LabStep, word, writeFile } from "./steps.ts";

/** Folder of the disks, seen in the outer container only. */
function disk(spec: LabSpec): string {
  return `${spec.home}/disk`;
}

/** Interface name of a host's cable in the outer container (15 characters at most). */
export function cable(host: LabHost): string {
  return host.name;
}

/** File on the lab's disk folder that a container makes when it is up: READY, READY.server6, … */
const READY = "ready";

/** Where the lab is seen to be up, or a host. */
export function readyFile(spec: Pick<LabSpec, "home">, host?: string): string {
  return `${spec.home}/disk/${READY}${host === undefined ? "" : `.${host}`}`;
}

/** The end of a boot script: pid 1 becomes a short one that reaps whatever is orphaned, until it is killed. */
const REAP =
  'exec sh -c \'sleep infinity & while kill -0 $! 2> /dev/null; do wait; done\' "$0" "$@"';

/** Addresses are usable at once; there is nobody to collide with. */
const NO_ADDRESS_DETECTION = "sysctl -qw net.ipv6.conf.default.accept_dad=0 2>/dev/null || :";

/** The script of the lab's pid 1: memory for the disks, the bridge, the address outside. */
function bootLab(spec: LabSpec): string {
  return [
    "umask 022",
    command("mount", "-t", "tmpfs", "-o", "mode=755", "quorate-lab", disk(spec)),
    command("mkdir", ...spec.hosts.map((h) => `${disk(spec)}/${h.name}`)),
    "mount -t sysfs sysfs /sys 2>/dev/null || :",
    "ip link set lo up",
    "ip link add lab0 type bridge mcast_snooping 0",
    NO_ADDRESS_DETECTION,
    `ip addr add ${OUTSIDE_ADDRESS}/${NETWORK.bits} brd ${NETWORK.broadcast} dev lab0`,
    "ip link set lab0 up",
    "exec < /dev/null > /dev/null 2>&1",
    command("touch", `${disk(spec)}/${READY}`),
    REAP,
  ].join("\n");
}

/** The device nodes programs expect; bound from the machine where nodes may not be made. */
const devices = `mount -t tmpfs -o mode=755 dev $R/dev
mkdir $R/dev/pts $R/dev/shm $R/dev/.nodes
node() {
    mknod -m 666 $R/dev/$1 c $2 $3 2>/dev/null && return
    touch $R/dev/.nodes/$1
    mount --bind /dev/$1 $R/dev/.nodes/$1
    ln -s .nodes/$1 $R/dev/$1
}
node null 1 3; node zero 1 5; node full 1 7; node random 1 8; node urandom 1 9; node tty 5 0
ln -s pts/ptmx $R/dev/ptmx
ln -s /proc/self/fd $R/dev/fd
ln -s fd/0 $R/dev/stdin; ln -s fd/1 $R/dev/stdout; ln -s fd/2 $R/dev/stderr
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts $R/dev/pts
mount -t tmpfs -o mode=1777 shm $R/dev/shm`;

/** First boot of a disk: the tree below /, with /etc as a copy of the machine's. */
function formatDisk(spec: LabSpec): string {
  const wiped =
    spec.stack === "quorate"
      ? "rm -rf $R/etc/corosync $R/etc/pacemaker $R/etc/init.d/corosync $R/etc/init.d/pacemaker* " +
        "$R/etc/default/corosync $R/etc/default/pacemaker $R/etc/sysconfig/pacemaker"
      : ":";
  // An ordinary user has one id here: other accounts would be owners that no file can have.
  const accounts = spec.unprivileged
    ? "sed -i '/^[^:]*:[^:]*:0:/!d' $R/etc/passwd $R/etc/group; echo haclient:x:0: >> $R/etc/group"
    : ":";
  return `mkdir -p $R/proc $R/sys $R/dev $R/run $R/tmp $R/root $R/home $R/opt $R/mnt $R/srv $R${PROGRAMS} $R${BINARY_FOLDER}
mkdir -p $R/var/lib $R/var/log $R/var/cache $R/var/spool $R/var/www/html $R/var/tmp
chmod 700 $R/root; chmod 1777 $R/var/tmp
ln -s /run $R/var/run; ln -s /run/lock $R/var/lock
for d in /bin /sbin /lib /lib32 /lib64 /libx32; do [ ! -L $d ] || ln -s "$(readlink $d)" $R$d; done
cp -a /etc $R/ 2>/dev/null || :
rm -rf $R/etc/network $R/etc/cron* $R/etc/resolv.conf $R/etc/mtab
${wiped}
${accounts}
touch $R/.formatted`;
}

/** The machine's programs and libraries, read-only. */
function systemMounts(spec: LabSpec): string {
  const lines = [
    "for d in /usr /bin /sbin /lib /lib32 /lib64 /libx32 /nix /gnu; do",
    "    [ -d $d ] && [ ! -L $d ] || continue",
    "    mkdir -p $R$d; mount --rbind $d $R$d; mount -o remount,bind,ro $R$d 2>/dev/null || :",
    "done",
    ...(spec.binaryFolder === undefined
      ? []
      : [
          `mount --rbind ${word(spec.binaryFolder)} $R${BINARY_FOLDER}`,
          `mount -o remount,bind,ro $R${BINARY_FOLDER} 2>/dev/null || :`,
        ]),
  ];
  for (const path of spec.binds) {
    lines.push(`mkdir -p $R${word(path)}`, `mount --rbind ${word(path)} $R${word(path)}`);
  }
  if (spec.stack === "quorate") {
    // Agents installed on this machine would win over ours; the lab shows ours.
    lines.push("[ ! -d $R/usr/lib/ocf ] || mount -t tmpfs -o mode=755,size=16m ocf $R/usr/lib/ocf");
  }
  return lines.join("\n");
}

/** The script of a host's pid 1: builds its root, moves into it, says that it is ready. */
function bootHost(spec: LabSpec, host: LabHost): string {
  return `umask 022
R=${word(`${disk(spec)}/${host.name}`)}
hostname ${host.name}
mount --bind $R $R
[ -e $R/.formatted ] || {
${formatDisk(spec)}
}
${systemMounts(spec)}
mount -t proc proc $R/proc
mount -t sysfs sysfs $R/sys 2>/dev/null || mount --rbind /sys $R/sys
mount -t tmpfs -o mode=755 run $R/run
mount -t tmpfs -o mode=1777 tmp $R/tmp
${devices}
mkdir -p $R/run/lock $R/.before
cd $R
pivot_root . .before
cd /
ip link set lo up
touch /.before${word(readyFile(spec, host.name))}
exec < /dev/null > /dev/null 2>&1
umount -l /.before
rmdir /.before
${NO_ADDRESS_DETECTION}
${REAP}`;
}

/** One step of an installation as shell commands. */
function installCommand(step: InstallStep): string {
  switch (step.kind) {
    case "group":
      return `grep -q '^${step.name}:' /etc/group || echo '${step.name}:x:799:' >> /etc/group`;
    case "directory": {
      const made = `${command("mkdir", "-p", step.path)}\n${command("chmod", step.mode.toString(8), step.path)}`;
      if (step.group === undefined) return made;
      return `${made}\n${command("chgrp", step.group, step.path)} 2>/dev/null || :`;
    }
    case "file":
      return writeFile(step.path, step.text, step.mode);
    case "copy":
      return command("install", "-m", step.mode.toString(8), step.from, step.path);
    case "link":
      return command("ln", "-sfn", step.target, step.path);
  }
}

/** Minimal `service` for machines without Debian's init-system-helpers. */
const serviceCommand = `#!/bin/sh
[ -x "/etc/init.d/$1" ] || { echo "$1: unrecognized service" >&2; exit 1; }
name=$1; shift
exec "/etc/init.d/$name" "$@"
`;

/** Debian's own folders, when the hosts run the originals. */
const originalFolders = `mkdir -p /var/lib/corosync /var/log/corosync /var/log/cluster /etc/corosync
mkdir -p /var/lib/pacemaker/cib /var/lib/pacemaker/cores /var/lib/pacemaker/pengine /var/lib/pacemaker/blackbox
mkdir -p /var/log/pacemaker /var/log/crmsh
chown -R hacluster:haclient /var/lib/pacemaker /var/log/pacemaker 2>/dev/null || :
chmod 750 /var/lib/pacemaker /var/lib/pacemaker/*; chmod 770 /var/log/pacemaker`;

/** What a host gets once, after its first boot. */
function furnish(spec: LabSpec, host: LabHost, key: string): string {
  const lines = [
    writeFile("/etc/hosts", hostsFile(spec), 0o644),
    writeFile("/etc/hostname", `${host.name}\n`, 0o644),
    "mkdir -p /etc/httpd",
    ...webFiles(host.name).map(([path, mode, text]) => writeFile(path, text, mode)),
    ...(spec.unprivileged
      ? []
      : ["[ ! -e /usr/lib/apache2/modules/mod_mpm_prefork.so ] || touch /etc/httpd/use-apache"]),
    "[ -x /usr/sbin/service ] || {",
    "mkdir -p /opt/lab/bin",
    writeFile("/opt/lab/bin/service", serviceCommand, 0o755),
    "}",
    `for t in ${["quorate", ...spec.tools].join(" ")}; do ln -sfn ${BINARY_FOLDER}/quorate ${PROGRAMS}/$t; done`,
    spec.stack === "original"
      ? originalFolders
      : installSteps({
          prefix: "/opt/quorate",
          programs: PROGRAMS,
          root: "",
          init: "sysv",
          tools: [],
          binary: undefined,
        })
          .map(installCommand)
          .join("\n"),
  ];
  if (!spec.bare) {
    lines.push(
      writeFile("/etc/corosync/corosync.conf", labConfiguration(spec), 0o644),
      `printf %s ${word(key)} | base64 -d > /etc/corosync/authkey`,
      "chmod 400 /etc/corosync/authkey",
    );
  }
  return lines.join("\n");
}

/** The cable from a host to the bridge. `HOST_PID` is the host's pid 1 as the outer container counts. */
function plugIn(host: LabHost): string {
  return [
    `ip link del ${cable(host)} 2>/dev/null || :`,
    `ip link add ${cable(host)} type veth peer name eth0 address ${host.mac} netns $HOST_PID`,
    `ip link set ${cable(host)} master lab0`,
    `ip link set ${cable(host)} up`,
  ].join("\n");
}

function networkOf(host: LabHost): string {
  return [
    `ip addr add ${host.address}/${NETWORK.bits} brd ${NETWORK.broadcast} dev eth0`,
    "ip link set eth0 up",
    `ip route add default via ${OUTSIDE_ADDRESS}`,
  ].join("\n");
}

/** A host from its disk: boot, cable, address. */
export function startHostSteps(spec: LabSpec, host: LabHost): readonly LabStep[] {
  return [
    {
      // Before the boot, so that nobody enters a host that has not moved into its own root yet.
      kind: "script",
      title: `forget the last boot of ${host.name}`,
      place: { at: "lab" },
      script: command("rm", "-f", readyFile(spec, host.name)),
    },
    {
      kind: "boot",
      title: `boot ${host.name}`,
      place: { at: "host", host: host.name },
      script: bootHost(spec, host),
    },
    {
      kind: "script",
      title: `plug ${host.name} into the bridge`,
      place: { at: "lab", peer: host.name },
      script: plugIn(host),
    },
    {
      kind: "script",
      title: `give ${host.name} its address ${host.address}`,
      place: { at: "host", host: host.name },
      script: networkOf(host),
    },
  ];
}

/** The whole lab. `key` is the ring's key in base64 (128 bytes), the same on all hosts. */
export function upSteps(spec: LabSpec, key: string): readonly LabStep[] {
  return [
    {
      kind: "script",
      title: `make ${spec.home}`,
      place: { at: "machine" },
      script: command("mkdir", "-p", disk(spec)),
    },
    { kind: "boot", title: "open the lab", place: { at: "lab" }, script: bootLab(spec) },
    ...spec.hosts.flatMap((host): readonly LabStep[] => [
      ...startHostSteps(spec, host),
      {
        kind: "script",
        title: `furnish ${host.name}`,
        place: { at: "host", host: host.name },
        script: furnish(spec, host, key),
      },
    ]),
  ];
}

/** Everything away: ending the outer container ends all processes and mounts; then its folder goes. */
export function downSteps(spec: Pick<LabSpec, "home" | "name">): readonly LabStep[] {
  return [
    { kind: "kill", title: `end the lab "${spec.name}"`, place: { at: "lab" } },
    {
      kind: "script",
      title: `remove ${spec.home}`,
      place: { at: "machine" },
      script: `rmdir ${word(`${spec.home}/disk`)} 2>/dev/null || :\nrm -f ${word(`${spec.home}/lab.json`)}\nrmdir ${word(spec.home)}`,
    },
  ];
}
