/**
 * What a lab is made of: its hosts, their addresses, which programs and which configuration they get. The default is the
 * seed's: server6, server7, server8 at 172.25.12.6 to .8 (seed/walkthrough.txt, "Machines and software").
 */
import { CrmError } from "../base/error.ts";
import { Exit } from "../base/exit.ts";

export interface LabHost {
  readonly name: string;
  readonly address: string;
  readonly mac: string;
  /** Last number of the address: node id in the nodelist form. */
  readonly number: number;
}

export interface LabSpec {
  /** Several labs may stand side by side; each has its own network. */
  readonly name: string;
  readonly hosts: readonly LabHost[];
  /** Whose programs come first on the hosts' PATH, and whose agents they see. */
  readonly stack: "quorate" | "original";
  /** legacy = the seed's corosync.conf; nodelist = corosync 3's. */
  readonly form: "legacy" | "nodelist";
  readonly transport: "udp" | "udpu" | "knet";
  /** knet only: encrypted with the lab's key. */
  readonly secauth: boolean;
  /** No corosync.conf and no key: what the walkthrough starts from. */
  readonly bare: boolean;
  /** Folder that holds the binary `quorate`; the hosts see it as BINARY_FOLDER. A new build shows at once. */
  readonly binaryFolder: string | undefined;
  /** Names of the links in PROGRAMS. */
  readonly tools: readonly string[];
  /** Further folders of the machine that the hosts see, read-only, under their own path. */
  readonly binds: readonly string[];
  /** Folder on the machine that holds the lab. */
  readonly home: string;
  /** True when an ordinary user runs it: one user id inside, no device nodes. */
  readonly unprivileged: boolean;
}

/** Where the hosts see the binary, and where its links are. */
export const BINARY_FOLDER = "/opt/quorate/lib";
export const PROGRAMS = "/opt/quorate/bin";

/** PATH on a host: ours first, or the machine's only. */
export function hostPath(spec: Pick<LabSpec, "stack">): string {
  const system = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/lab/bin";
  return spec.stack === "quorate" ? `${PROGRAMS}:${system}` : system;
}

/** The network of the seed. */
export const NETWORK = { prefix: "172.25.12", bits: 24, broadcast: "172.25.12.255" } as const;

/** The lab's own address on the bridge: the seed's machine that serves the packages. */
export const OUTSIDE_ADDRESS = `${NETWORK.prefix}.250`;

/** The virtual address of the seed. */
export const VIRTUAL_ADDRESS = `${NETWORK.prefix}.200`;

/** Hosts of a lab at most: names stay one or two digits and addresses clear of the virtual ones. */
const HOSTS_MAX = 16;

const seedMacs: Readonly<Record<number, string>> = {
  6: "52:54:00:0b:8f:1f",
  8: "52:54:00:3e:fb:19",
};

/** server6, server7, … */
export function labHosts(count: number): readonly LabHost[] {
  if (!Number.isInteger(count) || count < 1 || count > HOSTS_MAX) {
    throw new CrmError(`a lab has 1 to ${HOSTS_MAX} hosts, not ${count}`, Exit.usage);
  }
  return Array.from({ length: count }, (_, at) => {
    const number = 6 + at;
    const hex = number.toString(16).padStart(2, "0");
    return {
      name: `server${number}`,
      address: `${NETWORK.prefix}.${number}`,
      mac: seedMacs[number] ?? `52:54:00:ac:19:${hex}`,
      number,
    };
  });
}

/** The host of this name; a CrmError that lists the names otherwise. */
export function hostNamed(spec: Pick<LabSpec, "hosts">, name: string): LabHost {
  const found = spec.hosts.find((h) => h.name === name);
  if (found !== undefined) return found;
  const names = spec.hosts.map((h) => h.name).join(", ");
  throw new CrmError(`there is no host "${name}" in this lab; it has ${names}`, Exit.noHost);
}
