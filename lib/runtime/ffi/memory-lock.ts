/**
 * Keeps the program's code in memory, so that a machine short of memory does not have to read it from disk before the token can
 * go on. Only pages that stand in files are locked, and only once they are used (mlock2, MLOCK_ONFAULT): JavaScriptCore
 * reserves 6 GB, which mlockall would try to fill, and with MCL_ONFAULT it could never give freed pages back (measured: 279 MB
 * instead of 41 after the same work). The heap itself is touched at every token and every collection.
 */
import { readFileSync } from "node:fs";
import { openLibc } from "./libc.ts";

const libc = openLibc({
  mlock2: { args: ["u64", "u64", "u32"], returns: "i32" },
});

const MLOCK_ONFAULT = 1;
/** `from-to rights offset device inode path`; a path that begins with a slash is a file. */
const MAPPING = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ [1-9]\d* +(\/\S.*)$/;

export interface FileMapping {
  readonly from: bigint;
  readonly bytes: bigint;
}

/**
 * The mappings of programs and libraries among the lines of /proc/self/maps. Those that others may write to (rings of IPC
 * clients in /dev/shm) are not the program's.
 */
export function programMappings(maps: string): readonly FileMapping[] {
  return maps.split("\n").flatMap((line) => {
    const [, from = "", to = "", rights = "", path = ""] = MAPPING.exec(line) ?? [];
    if (from === "" || rights.endsWith("s") || path.endsWith("(deleted)")) return [];
    const start = BigInt(`0x${from}`);
    return [{ from: start, bytes: BigInt(`0x${to}`) - start }];
  });
}

/** Locks them. False when the system does not allow it. */
export function lockProgram(): boolean {
  const mappings = programMappings(readFileSync("/proc/self/maps", "utf8"));
  return mappings.every(({ from, bytes }) => libc.mlock2(from, bytes, MLOCK_ONFAULT) === 0);
}
