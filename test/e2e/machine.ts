/** What a lab must leave as it was: mounts, network namespaces and links, processes of ours, /dev/shm, /run. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export interface Machine {
  readonly mounts: readonly string[];
  readonly links: readonly string[];
  readonly addresses: string;
  readonly network: string;
  readonly labProcesses: readonly string[];
  readonly sharedMemory: readonly string[];
  readonly run: readonly string[];
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** Processes that belong to these labs, by the labs' ids. */
function labProcesses(labs: readonly string[]): readonly string[] {
  return names("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0");
        return labs.some((id) => words.includes(id)) ? [`${pid} ${words.join(" ")}`] : [];
      } catch {
        return [];
      }
    });
}

/** The machine now. `labs`: ids of the labs whose traces count; others may stand beside them. */
export function machine(labs: readonly string[] = []): Machine {
  return {
    mounts: readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .map((line) => line.split(" ").slice(3, 5).join(" "))
      .sort(),
    links: names("/sys/class/net"),
    addresses: readFileSync("/proc/net/fib_trie", "utf8"),
    network: readlinkSync("/proc/self/ns/net"),
    labProcesses: labProcesses(labs),
    sharedMemory: names("/dev/shm").filter((name) => name.startsWith("qb-")),
    run: names("/run").filter((name) => name !== "quorate-lab"),
  };
}
