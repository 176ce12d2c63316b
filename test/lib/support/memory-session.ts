/** A session without a machine: files in a map, no daemons; for tests of tools. */

import { CrmError } from "../../../lib/base/error.ts";
import { parseOptions, withCommonOptions } from "../../../lib/cli/options.ts";
import type { Session, Tool } from "../../../lib/cli/tool.ts";
import { IpcError } from "../../../lib/client/transport.ts";
import { textOf } from "../../../lib/render/byte-text.ts";

/** What a tool said. */
export interface Said {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** Files, environment and time that tools of one test share. */
export class MemoryHost {
  readonly files = new Map<string, string>();
  readonly env: Record<string, string | undefined> = {};
  nowMs = 1_600_000_000_000;
  stdin = "";
  /** Why every connection fails. */
  refusal: "refused" | "denied" = "refused";
  #warned = "";

  /** Runs a tool on its words. */
  async run(tool: Tool, ...words: readonly string[]): Promise<Said> {
    this.#warned = "";
    try {
      const options = parseOptions(withCommonOptions(tool.options), words);
      const result = await tool.run(options, this.session(tool.name));
      const err = this.#warned + (result.err ?? "");
      return { exit: result.exit, out: result.out ?? "", err };
    } catch (error) {
      if (!(error instanceof CrmError)) throw error;
      return { exit: error.exit, out: "", err: `${tool.name}: ${error.message}\n` };
    }
  }

  session(program: string): Session {
    const missing = (path: string) => new CrmError(`${path}: No such file or directory`, 66);
    return {
      program,
      env: this.env,
      user: { uid: 0, gid: 0, name: "root" },
      hostName: "node1",
      pid: 4711,
      columns: undefined,
      now: () => this.nowMs,
      sleep: async () => {},
      readStdin: async () => new TextEncoder().encode(this.stdin),
      readFile: async (path) => {
        const text = this.files.get(path);
        if (text === undefined) throw missing(path);
        return new TextEncoder().encode(text);
      },
      writeFile: async (path, data) => {
        this.files.set(path, typeof data === "string" ? data : new TextDecoder().decode(data));
      },
      writePieces: async (path, pieces) => {
        this.files.set(path, textOf(pieces));
      },
      exists: (path) => this.files.has(path),
      listFolder: async (path) =>
        [...this.files.keys()]
          .filter((name) => name.startsWith(`${path}/`))
          .map((name) => name.slice(path.length + 1))
          .sort(),
      removeFile: async (path) => {
        if (!this.files.delete(path)) throw missing(path);
      },
      print: () => {},
      warn: (text) => {
        this.#warned += text;
      },
      ipc: {
        connect: async (service) => {
          throw new IpcError(this.refusal, `no connection to ${service}`);
        },
      },
      runProgram: async () => ({ exit: 127, stdout: "", stderr: "" }),
    };
  }
}
