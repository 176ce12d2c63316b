/**
 * Faults of a lab, as steps: partitions (each group of hosts gets a bridge of its own; no firewall needed), cut and mended
 * cables, hosts that lose their power. The lab's own address (outside) stays with the first group.
 */
import { CrmError } from "../base/error.ts";
import { Exit } from "../base/exit.ts";
import { cable } from "./boot.ts";
import { hostNamed, type LabHost, type LabSpec } from "./spec.ts";
import type { LabStep } from "./steps.ts";

/** Reads `server6,server7/server8`; hosts that are not named are one further group. */
export function parseGroups(
  spec: Pick<LabSpec, "hosts">,
  text: string,
): readonly (readonly LabHost[])[] {
  const groups = text.split("/").map((g) =>
    g
      .split(",")
      .filter((n) => n !== "")
      .map((n) => hostNamed(spec, n)),
  );
  const named = groups.flat();
  for (const host of named) {
    if (named.filter((h) => h === host).length > 1) {
      throw new CrmError(`${host.name} is in two groups of "${text}"`, Exit.usage);
    }
  }
  const rest = spec.hosts.filter((h) => !named.includes(h));
  const all = [...groups, rest].filter((g) => g.length > 0);
  if (all.length < 2) {
    throw new CrmError(`"${text}" leaves all hosts together; write A,B/C`, Exit.usage);
  }
  return all;
}

/** Moves each group's cables to a bridge of its own: lab0, lab1, … */
export function partitionSteps(groups: readonly (readonly LabHost[])[]): readonly LabStep[] {
  const lines = groups.flatMap((group, at) => [
    ...(at === 0
      ? []
      : [
          `ip link show lab${at} > /dev/null 2>&1 || ip link add lab${at} type bridge mcast_snooping 0`,
          `ip link set lab${at} up`,
        ]),
    ...group.map(
      (h) =>
        `! ip link show ${cable(h)} > /dev/null 2>&1 || ip link set ${cable(h)} master lab${at}`,
    ),
  ]);
  const names = groups.map((g) => g.map((h) => h.name).join(" ")).join(" | ");
  return [
    { kind: "script", title: `split: ${names}`, place: { at: "lab" }, script: lines.join("\n") },
  ];
}

/** All cables on one bridge again, and up. */
export function healSteps(spec: Pick<LabSpec, "hosts">): readonly LabStep[] {
  const lines = spec.hosts.map(
    (h) => `! ip link show ${cable(h)} > /dev/null 2>&1 || ip link set ${cable(h)} up master lab0`,
  );
  return [
    { kind: "script", title: "heal the network", place: { at: "lab" }, script: lines.join("\n") },
  ];
}

/** Pulls (or plugs in again) the cable of one host: its eth0 loses the carrier. */
export function cableSteps(host: LabHost, state: "down" | "up"): readonly LabStep[] {
  return [
    {
      kind: "script",
      title: state === "down" ? `pull the cable of ${host.name}` : `plug in ${host.name}`,
      place: { at: "lab" },
      script: `ip link set ${cable(host)} ${state}`,
    },
  ];
}

/** A power cut: everything on the host ends at once; its disk stays. */
export function killSteps(host: LabHost): readonly LabStep[] {
  return [
    {
      kind: "kill",
      title: `cut the power of ${host.name}`,
      place: { at: "host", host: host.name },
    },
  ];
}
