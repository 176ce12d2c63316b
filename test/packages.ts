/** Debian packages that end-to-end tests and the demo use; installed where this user may, else named with what they are for. */

interface Need {
  readonly program: string;
  readonly debianPackage: string;
  readonly purpose: string;
}

const needs: readonly Need[] = [
  { program: "ip", debianPackage: "iproute2", purpose: "the lab's network and the address agents" },
  {
    program: "apache2",
    debianPackage: "apache2-bin",
    purpose: "the real web server of the walkthrough",
  },
  { program: "curl", debianPackage: "curl", purpose: "a look at the page" },
  { program: "pgrep", debianPackage: "procps", purpose: "finding daemons to kill" },
  { program: "nft", debianPackage: "nftables", purpose: "loss of datagrams" },
];

/** The originals, as partners of our daemons in interoperability tests. */
const originals: readonly Need[] = [
  { program: "corosync", debianPackage: "corosync", purpose: "tests beside the original ring" },
  {
    program: "pacemakerd",
    debianPackage: "pacemaker",
    purpose: "tests beside the original manager",
  },
  { program: "crm", debianPackage: "crmsh", purpose: "tests beside the original shell" },
];

const PATH = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;
const APT_MS = 240_000;

const absent = (list: readonly Need[]) =>
  list.filter((n) => Bun.which(n.program, { PATH }) === null);

/** Installs without letting any service start on this machine. */
function install(packages: readonly string[]): boolean {
  const script = `set -e
export DEBIAN_FRONTEND=noninteractive
guard=/usr/sbin/policy-rc.d
[ -e $guard ] || { printf '#!/bin/sh\\nexit 101\\n' > $guard; chmod 755 $guard; trap "rm -f $guard" EXIT; }
apt-get install -y -q --no-install-recommends "$@" || { apt-get update -q && apt-get install -y -q --no-install-recommends "$@"; }`;
  const done = Bun.spawnSync(["sh", "-c", script, "sh", ...packages], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
    timeout: APT_MS,
  });
  return done.exitCode === 0;
}

/** Makes the programs available. Returns a line for each that is still missing. */
export function ensurePackages(options: { readonly originals: boolean }): readonly string[] {
  const wanted = options.originals ? [...needs, ...originals] : needs;
  const missing = absent(wanted);
  if (missing.length === 0) return [];
  const mayInstall = process.getuid?.() === 0 && Bun.which("apt-get", { PATH }) !== null;
  if (mayInstall) install(missing.map((n) => n.debianPackage));
  return absent(wanted).map(
    (n) => `${n.program} (package ${n.debianPackage}) is missing: no ${n.purpose}`,
  );
}
