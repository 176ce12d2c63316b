/** The world as cmd/dispatch.ts shows it to a tool: the real `Session` of lib/cli/tool.ts. */
import { CrmError } from "../base/error.ts";
import { Exit } from "../base/exit.ts";
import { lazy } from "../base/lazy.ts";
import type { Session } from "../cli/tool.ts";
import type { IpcTransport } from "../client/transport.ts";
import { nodeFs, nodeOs } from "./builtin.ts";
import { epochMs, sleepMs } from "./clock.ts";
import { diskErrorCode } from "./disk-error.ts";
import { isThere, readFileBytes, writeFileBytes, writeFilePieces } from "./ffi/file.ts";
import { writeAll } from "./output.ts";
import { terminalColumns } from "./terminal.ts";

const REASONS: Readonly<Record<string, readonly [string, number]>> = {
  ENOENT: ["No such file or directory", Exit.noInput],
  EACCES: ["Permission denied", Exit.insufficientPrivileges],
  EPERM: ["Operation not permitted", Exit.insufficientPrivileges],
  ENOTDIR: ["Not a directory", Exit.ioError],
  EISDIR: ["Is a directory", Exit.ioError],
  ENOSPC: ["No space left on device", Exit.ioError],
  EROFS: ["Read-only file system", Exit.cannotCreate],
};

function fileError(path: string, error: unknown): CrmError {
  const code = diskErrorCode(error);
  const [text, exit] = REASONS[code] ?? [code, Exit.ioError];
  return new CrmError(`${path}: ${text}`, exit);
}

/** Signals by number, for the shells' 128 + N. */
const SIGNAL_EXIT = 128;
const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
};
const EXIT_NOT_FOUND = 127;
const EXIT_NOT_EXECUTABLE = 126;

/** The name is looked up when asked for. */
function currentUser(): Session["user"] {
  const uid = process.geteuid!();
  const gid = process.getegid!();
  const name = lazy(() => {
    try {
      return nodeOs().userInfo().username;
    } catch {
      // A uid without an entry in the user database.
      return uid === 0 ? "root" : String(uid);
    }
  });
  return {
    uid,
    gid,
    get name() {
      return name();
    },
  };
}

/** Sockets and shared memory come with the first connection: many tools only read a file, and end sooner without them. */
function lazyTransport(): IpcTransport {
  let opened: IpcTransport | undefined;
  return {
    async connect(service, wanted) {
      if (opened === undefined) {
        const { ipcTransport } = await import("./ipc-client.ts");
        opened = ipcTransport({ waiting: "blocking" });
      }
      return await opened.connect(service, wanted);
    },
  };
}

/**
 * Builds the session of this process. `program` is the name the tool was called by. What takes long to find out (node:os is
 * not loaded before) is found out when a tool asks.
 */
export function realSession(program: string): Session {
  const hostName = lazy(() => nodeOs().hostname());
  const columns = lazy(terminalColumns);
  return {
    program,
    env: process.env,
    user: currentUser(),
    get hostName() {
      return hostName();
    },
    pid: process.pid,
    get columns() {
      return columns();
    },
    now: epochMs,
    sleep: sleepMs,
    readStdin: () => Bun.stdin.bytes(),
    async readFile(path) {
      const bytes = readFileBytes(path);
      if (bytes !== undefined) return bytes;
      try {
        return new Uint8Array(nodeFs().readFileSync(path));
      } catch (error) {
        throw fileError(path, error);
      }
    },
    async writeFile(path, data, mode) {
      const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
      if (writeFileBytes(path, bytes, mode)) return;
      try {
        nodeFs().writeFileSync(path, bytes, mode === undefined ? {} : { mode });
      } catch (error) {
        throw fileError(path, error);
      }
    },
    async writePieces(path, pieces) {
      try {
        if (writeFilePieces(path, pieces)) return;
        nodeFs().writeFileSync(path, "");
        for (const piece of pieces) nodeFs().appendFileSync(path, piece);
      } catch (error) {
        throw fileError(path, error);
      }
    },
    exists: isThere,
    async listFolder(path) {
      try {
        return nodeFs().readdirSync(path).sort();
      } catch (error) {
        throw fileError(path, error);
      }
    },
    async removeFile(path) {
      try {
        nodeFs().unlinkSync(path);
      } catch (error) {
        throw fileError(path, error);
      }
    },
    print: (text) => writeAll(1, text),
    warn: (text) => writeAll(2, text),
    ipc: lazyTransport(),
    async runProgram(argv, options = {}) {
      const env = options.env === undefined ? undefined : { ...definedEnv(), ...options.env };
      const { runProgram } = await import("./spawn.ts");
      const result = await runProgram({
        argv,
        ...(env === undefined ? {} : { env }),
        ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
        ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
      }).done;
      const unstarted = result.error === "EACCES" ? EXIT_NOT_EXECUTABLE : EXIT_NOT_FOUND;
      const signalled = SIGNAL_EXIT + (SIGNAL_NUMBERS[result.signal ?? ""] ?? 0);
      const exit = result.exit ?? (result.signal === undefined ? unstarted : signalled);
      const stderr = result.error === undefined ? result.stderr : `${argv[0]}: ${result.error}\n`;
      return { exit, stdout: result.stdout, stderr };
    },
  };
}

function definedEnv(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((e): e is [string, string] => e[1] !== undefined),
  );
}
