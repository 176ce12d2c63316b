/**
 * corosync-keygen: makes the ring's key. 1024 bits, as the seed shows (Differs: corosync 3 makes 2048; both accept keys
 * of 128 to 4096 bytes), from the kernel's non-blocking source, so it never waits for entropy.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { limits } from "../../lib/base/limits.ts";
import { defineTool, type ToolResult } from "../../lib/cli/tool.ts";
import { diskErrorCode } from "../../lib/runtime/disk.ts";
import { entropyBytes } from "../../lib/runtime/entropy.ts";
import { writeKeyFile } from "./key-file.ts";

const DEFAULT_FILE = "/etc/corosync/authkey";
const DEFAULT_SOURCE = "/dev/urandom";
const DEFAULT_BYTES = 128;
const MINIMUM_BYTES = limits.ringKeyMinimumBytes;
const MAXIMUM_BYTES = limits.ringKeyMaximumBytes;

/** Exit codes of the original: wrong use, and what the system refuses. */
const EXIT_USE = 1;
const EXIT_SYSTEM = 2;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "No such file or directory",
  EACCES: "Permission denied",
  EPERM: "Operation not permitted",
  EISDIR: "Is a directory",
  ENOTDIR: "Not a directory",
  EROFS: "Read-only file system",
  ENOSPC: "No space left on device",
};

function reason(error: unknown): string {
  const code = diskErrorCode(error);
  return REASONS[code] ?? code;
}

/** Reads exactly `count` bytes of a device or file; throws when there are fewer. */
function readSource(path: string, count: number): Uint8Array {
  const fd = openSync(path, "r");
  try {
    const bytes = new Uint8Array(count);
    let have = 0;
    while (have < count) {
      const read = readSync(fd, bytes, have, count - have, null);
      if (read === 0) throw new Error(`it ends after ${have} bytes`);
      have += read;
    }
    return bytes;
  } finally {
    closeSync(fd);
  }
}

export default defineTool({
  name: "corosync-keygen",
  summary: "make the key with which the ring is protected",
  parsing: "getopt",
  misuseOutput: "Error parsing command line options.\n",
  usage: "[-k FILE] [-s BYTES] [-r DEVICE] [-l]",
  options: [
    {
      key: "file",
      short: ["k"],
      long: ["key-file"],
      kind: "value",
      value: "FILE",
      help: `Write the key to FILE instead of ${DEFAULT_FILE}`,
    },
    {
      key: "source",
      short: ["r"],
      long: ["random-file"],
      kind: "value",
      value: "DEVICE",
      help: `Source of randomness; default ${DEFAULT_SOURCE}`,
    },
    {
      key: "less-secure",
      short: ["l"],
      long: ["less-secure"],
      kind: "flag",
      help: "Accepted, without effect: the source never blocks",
    },
    {
      key: "size",
      short: ["s"],
      long: ["size"],
      kind: "value",
      value: "BYTES",
      help: `Length of the key, ${MINIMUM_BYTES} to ${MAXIMUM_BYTES} bytes; default ${DEFAULT_BYTES}`,
    },
    { key: "help", short: ["h"], long: ["help"], kind: "flag", help: "Show this help and exit" },
  ],
  run: async (options): Promise<ToolResult> => {
    const file = options.value("file") ?? DEFAULT_FILE;
    const source = options.value("source") ?? DEFAULT_SOURCE;
    const size = options.value("size") ?? String(DEFAULT_BYTES);
    const bytes = /^\d+$/.test(size) ? Number(size) : 0;
    if (bytes < MINIMUM_BYTES || bytes > MAXIMUM_BYTES) {
      const range = `<${MINIMUM_BYTES},${MAXIMUM_BYTES}>`;
      return {
        exit: EXIT_USE,
        err: `corosync-keygen: Unsupported key size (supported ${range})\n`,
      };
    }
    const start =
      "Corosync Cluster Engine Authentication key generator.\n" +
      `Gathering ${bytes * 8} bits for key from ${source}.\n`;
    const stop = (exit: number, text: string): ToolResult => ({
      exit,
      out: start,
      err: `corosync-keygen: ${text}\n`,
    });
    let key: Uint8Array;
    try {
      key = source === DEFAULT_SOURCE ? entropyBytes(bytes) : readSource(source, bytes);
    } catch (error) {
      if (error instanceof Error && !("code" in error)) {
        return stop(EXIT_SYSTEM, `Could not read ${source}: ${error.message}`);
      }
      return stop(EXIT_USE, `Failed to open random source: ${reason(error)}`);
    }
    try {
      writeKeyFile(file, key);
    } catch (error) {
      return stop(EXIT_SYSTEM, `Could not create ${file}: ${reason(error)}`);
    }
    return { exit: 0, out: `${start}Writing corosync key to ${file}.\n` };
  },
});
