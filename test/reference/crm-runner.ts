/**
 * Plays the reference cases of the crm shell (../shared/data/crm) in this process: one CIB in memory, our built-in agents
 * only. Compared as ../shared/tools/reference-crm.mjs does: resulting CIB, `configure show`, last exit code.
 */

import { readFileSync } from "node:fs";
import crm from "../../cmd/crm/crm.ts";
import { CrmError } from "../../lib/base/error.ts";
import { passThrough } from "../../lib/cli/options.ts";
import type { Session } from "../../lib/cli/tool.ts";
import { textOf } from "../../lib/render/byte-text.ts";
import { runProgram } from "../../lib/runtime/spawn.ts";

interface Step {
  readonly argv: readonly string[];
  readonly stdin?: string;
}

/** A case as the data has it. */
export interface CrmCase {
  readonly name: string;
  readonly start: string;
  readonly commands: readonly string[];
  readonly steps: readonly Step[];
  readonly exit_code: number;
  readonly result_cib: string;
  readonly configure_show: string;
  readonly env_dependent?: boolean;
  readonly reference_crashed?: boolean;
  readonly stable?: boolean | null;
  readonly cib_changed?: boolean;
}

export interface CrmData {
  readonly start_cibs: Readonly<Record<string, string>>;
  readonly cases: readonly CrmCase[];
}

const CIB = "/memory/cib.xml";

export function readCases(path: string): CrmData {
  return JSON.parse(readFileSync(path, "utf8"));
}

/** Cases that say something about every implementation. */
export function usableCases(data: CrmData): readonly CrmCase[] {
  return data.cases.filter((c) => !c.env_dependent && !c.reference_crashed && c.stable !== false);
}

/** A session over files in memory; programs (filter) are real. */
export class MemorySession {
  readonly files = new Map<string, string>();
  out = "";
  err = "";
  stdin = "";

  session(): Session {
    const missing = (path: string) => new CrmError(`${path}: No such file or directory`, 66);
    return {
      program: "crm",
      env: { CIB_file: CIB, CIB_shadow_dir: "/memory", HOME: "/memory", OCF_ROOT: "/memory" },
      user: { uid: 0, gid: 0, name: "root" },
      hostName: "node1",
      pid: 1,
      columns: undefined,
      now: () => 1_700_000_000_000,
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
      removeFile: async (path) => {
        this.files.delete(path);
      },
      exists: (path) => this.files.has(path),
      listFolder: async () => [],
      print: (text) => {
        this.out += text;
      },
      warn: (text) => {
        this.err += text;
      },
      ipc: { connect: () => Promise.reject(new CrmError("no cluster in this test")) },
      runProgram: async (argv, options) => {
        const done = await runProgram({ argv, ...options }).done;
        return { exit: done.exit ?? 1, stdout: done.stdout, stderr: done.stderr };
      },
    };
  }

  /** Runs crm once; its exit code. */
  async run(argv: readonly string[], stdin: string | undefined): Promise<number> {
    // Without words the real program would look at this terminal; a script is named instead.
    const args = argv.length === 0 ? ["-f", "-"] : argv;
    this.stdin = stdin ?? "";
    this.out = "";
    this.err = "";
    try {
      const done = await crm.run(passThrough(args), this.session());
      this.out += done.out ?? "";
      this.err += done.err ?? "";
      return done.exit;
    } catch (error) {
      if (!(error instanceof CrmError)) throw error;
      this.err += error.message;
      return error.exit;
    }
  }
}

const UNUSED = new Set([
  "epoch",
  "num_updates",
  "cib-last-written",
  "update-origin",
  "update-client",
  "update-user",
  "dc-uuid",
  "have-quorum",
]);

function canonical(xml: string): string {
  const bare = xml.replace(/<\?[^>]*\?>|<!--[\s\S]*?-->/g, "");
  const pieces = bare.match(/<[^<>]+>/g) ?? [];
  return pieces
    .flatMap((piece) => {
      const parts = /^<(\/?)([\w:.-]+)([\s\S]*?)(\/?)>$/.exec(piece);
      const [slash, name, rest, empty] = parts?.slice(1) ?? ["", piece, "", ""];
      const attrs = [...(rest ?? "").matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)]
        .map((m) => [m[1] ?? "", m[2] ?? m[3] ?? ""] as const)
        .filter(([key]) => name !== "cib" || !UNUSED.has(key))
        .map(([key, value]) => `${key}="${value.replace(/\s+/g, " ").replaceAll("&apos;", "'")}"`)
        .sort()
        .join(" ");
      if (slash) return [`</${name}>`];
      return empty ? [`<${name} ${attrs}>`, `</${name}>`] : [`<${name} ${attrs}>`];
    })
    .join("\n");
}

function text(shown: string): string {
  return shown
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "")
    .join("\n");
}

/** Lines only one side has. */
function difference(want: string, got: string): string {
  const [a, b] = [want.split("\n"), got.split("\n")];
  const lines = [
    ...a.filter((line) => !b.includes(line)).map((line) => `    - ${line}`),
    ...b.filter((line) => !a.includes(line)).map((line) => `    + ${line}`),
  ];
  return lines.slice(0, 12).join("\n");
}

/**
 * Plays one case; what differs from the reference, "" when nothing does. Our text is 1.2.6's, so the shown configuration is
 * compared with that version's data only.
 */
export async function playCase(data: CrmData, c: CrmCase, compareShow: boolean): Promise<string> {
  const memory = new MemorySession();
  memory.files.set(CIB, data.start_cibs[c.start] ?? "");
  const fill = (s: string) => s.replaceAll("$WORK", "/memory/w").replaceAll("$TMP", "/memory/t");
  let exit = 0;
  let err = "";
  for (const step of c.steps) {
    const stdin = step.stdin === undefined ? undefined : fill(step.stdin);
    exit = await memory.run(step.argv.slice(1).map(fill), stdin);
    err = memory.err;
  }
  const found: string[] = [];
  const after = memory.files.get(CIB) ?? "";
  const [want, got] = [canonical(fill(c.result_cib)), canonical(after)];
  if (want !== got) found.push(`  cib\n${difference(want, got)}`);
  await memory.run(["-D", "plain", "configure", "show"], undefined);
  const [expected, shown] = [text(fill(c.configure_show)), text(memory.out)];
  if (compareShow && expected !== shown) found.push(`  show\n${difference(expected, shown)}`);
  if (exit !== c.exit_code) found.push(`  exit: wanted ${c.exit_code}, got ${exit}`);
  if (found.length === 0) return "";
  return `${c.name}: ${c.commands.join(" | ")}\n${found.join("\n")}\n  said: ${err.slice(0, 400)}`;
}
