/**
 * How a tool is written (HOUSE section 7): a table of options, a `run` that gets typed options and a Session and returns
 * data or text and an exit code. cmd/main.ts alone touches stdout, stderr and the exit code.
 */
import type { ExitCode } from "../base/exit.ts";
import type { IpcTransport } from "../client/transport.ts";

/** The world as a tool may see it; cmd/dispatch.ts builds the real one, tests and the simulator their own. */
export interface Session {
  /** The name the tool was called by. */
  readonly program: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly user: { readonly uid: number; readonly gid: number; readonly name: string };
  readonly hostName: string;
  readonly pid: number;
  /** Columns of the terminal; undefined when stdout is none. */
  readonly columns: number | undefined;
  /** Epoch milliseconds. */
  now(): number;
  sleep(ms: number): Promise<void>;
  readStdin(): Promise<Uint8Array>;
  /** Rejects with CrmError naming the path. */
  readFile(path: string): Promise<Uint8Array>;
  writeFile(path: string, data: Uint8Array | string, mode?: number): Promise<void>;
  /** Writes a long file; each piece is used before the next is asked for. Rejects with CrmError naming the path. */
  writePieces(path: string, pieces: Iterable<Uint8Array>): Promise<void>;
  exists(path: string): boolean;
  /** Names in a folder, sorted. Rejects with CrmError naming the path. */
  listFolder(path: string): Promise<readonly string[]>;
  /** Removes a file. Rejects with CrmError naming the path. */
  removeFile(path: string): Promise<void>;
  /** Prints at once. For tools that stay; the others return their output. */
  print(text: string): void;
  warn(text: string): void;
  readonly ipc: IpcTransport;
  /** Runs a program and waits; for agents' meta-data and the like. */
  runProgram(
    argv: readonly string[],
    options?: {
      readonly env?: Readonly<Record<string, string>>;
      readonly stdin?: string;
      readonly timeoutMs?: number;
    },
  ): Promise<{ readonly exit: number; readonly stdout: string; readonly stderr: string }>;
}

/** One option. `short` without dash; several long names may mean the same. */
export interface OptionSpec {
  /** Key in the parsed result. */
  readonly key: string;
  readonly long?: readonly string[];
  readonly short?: readonly string[];
  /** flag: present or not; count: how often; value: one value, last wins; list: all values; optional: value may be missing ("" then). */
  readonly kind: "flag" | "count" | "value" | "list" | "optional";
  /** Name of the value in the help. */
  readonly value?: string;
  readonly help: string;
  readonly group?: string;
  readonly hidden?: boolean;
}

/** Parsed options in the order given; `order` keeps repeats and their sequence. */
export interface ParsedOptions {
  flag(key: string): boolean;
  count(key: string): number;
  value(key: string): string | undefined;
  list(key: string): readonly string[];
  readonly order: readonly { readonly key: string; readonly value: string }[];
  readonly positionals: readonly string[];
  /** All words as typed; for the request attribute of XML answers. */
  readonly words: readonly string[];
}

export interface ToolResult {
  readonly exit: ExitCode;
  /** Whole text for stdout and stderr, newlines included. */
  readonly out?: string;
  readonly err?: string;
}

export interface Tool {
  readonly name: string;
  readonly summary: string;
  /** After "Usage: NAME ". */
  readonly usage: string;
  readonly description?: string;
  readonly options: readonly OptionSpec[];
  /**
   * "strict": unknown options exit 64. "getopt": they exit 1, in the C library's words, as corosync's tools do.
   * "pass": everything is a positional (crm, agents).
   */
  readonly parsing?: "strict" | "getopt" | "pass";
  /** On stdout when the options cannot be parsed; "help" is the tool's help. */
  readonly misuseOutput?: string;
  run(options: ParsedOptions, session: Session): Promise<ToolResult>;
}

/** Identity with a type: every cmd/ file's default export is made by it. */
export function defineTool(tool: Tool): Tool {
  return tool;
}
