/**
 * Runs the transcripts of the reference command-line suite (../shared/data/tools) against our tools, in this process: what
 * each command prints and its exit code, after the normalisation that spec/outputs-and-tools.md D0.5 describes.
 */

import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { applets } from "../../cmd/applets.ts";
import { CrmError } from "../../lib/base/error.ts";
import { exitCode } from "../../lib/base/result-code.ts";
import { emptyCib } from "../../lib/cib/empty.ts";
import { helpText } from "../../lib/cli/help.ts";
import { parseOptions, withCommonOptions } from "../../lib/cli/options.ts";
import type { Session, Tool, ToolResult } from "../../lib/cli/tool.ts";
import { IpcError } from "../../lib/client/transport.ts";
import { textOf } from "../../lib/render/byte-text.ts";
import { writeXml } from "../../lib/xml/write.ts";

/** One entry of manifest.json. */
interface Entry {
  readonly type: string;
  readonly desc?: string;
  readonly cmd?: string | readonly string[];
  readonly rc?: number;
  readonly stdin?: string | { readonly file: string };
  readonly env?: Readonly<Record<string, string | null>>;
  readonly setup?: string | readonly string[] | { readonly call: string };
  readonly teardown?: string | readonly string[];
  readonly update_cib?: boolean;
  readonly tests?: readonly Entry[];
  readonly create?: boolean;
  readonly create_empty?: boolean;
  readonly validate_with?: string;
  readonly cib_gen?: { readonly call: string; readonly args: readonly string[] };
}

type Env = Record<string, string | undefined>;

/** What came of one transcript. */
export interface CaseResult {
  readonly group: string;
  readonly tool: string;
  readonly desc: string;
  readonly passed: boolean;
  readonly expected: string;
  readonly actual: string;
}

const SHADOW = "cts-cli";

/** Splits a command into words as a shell would, with $CTS_CLI_DATA and pipes. */
export function shellWords(text: string): readonly (readonly string[])[] {
  const stages: string[][] = [[]];
  let word: string | undefined;
  let quote = "";
  const push = (): void => {
    if (word !== undefined) stages.at(-1)!.push(word);
    word = undefined;
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (quote !== "") {
      if (c === quote) quote = "";
      else if (c === "\\" && quote === '"' && /["\\$`]/.test(text[i + 1] ?? "")) word += text[++i]!;
      else word += c;
    } else if (c === "'" || c === '"') {
      quote = c;
      word ??= "";
    } else if (c === "\\") word = (word ?? "") + (text[++i] ?? "");
    else if (/\s/.test(c)) push();
    else if (c === "|") {
      push();
      stages.push([]);
    } else word = (word ?? "") + c;
  }
  push();
  return stages;
}

async function runTool(tool: Tool, args: readonly string[], session: Session): Promise<ToolResult> {
  try {
    const options = parseOptions(withCommonOptions(tool.options), args);
    if (options.flag("help")) return { exit: 0, out: helpText(tool) };
    return await tool.run(options, session);
  } catch (error) {
    if (error instanceof CrmError) {
      return { exit: error.exit, err: `${tool.name}: ${error.message}\n` };
    }
    if (error instanceof IpcError) return { exit: 102, err: `${tool.name}: ${error.message}\n` };
    return { exit: 70, err: `${tool.name}: ${error instanceof Error ? error.stack : error}\n` };
  }
}

export class ToolsRunner {
  readonly results: CaseResult[] = [];
  readonly #data: string;
  readonly #folder: string;
  readonly #manifest: Readonly<Record<string, readonly Entry[]>>;
  #expected: ReadonlyMap<string, string[]> = new Map();
  #group = "";
  /** What the transcripts slept: the tools' clock is ahead by it, nobody waits. */
  #sleptMs = 0;

  constructor(data: string) {
    this.#data = data;
    this.#folder = mkdtempSync(`${tmpdir()}/quorate-tools-`);
    mkdirSync(`${this.#folder}/shadow`);
    this.#manifest = JSON.parse(readFileSync(`${data}/manifest.json`, "utf8"));
  }

  get groups(): readonly string[] {
    return Object.keys(this.#manifest);
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async runGroup(group: string): Promise<void> {
    this.#group = group;
    const text = readFileSync(`${this.#data}/regression.${group}.exp`, "utf8");
    this.#expected = readExpected(text);
    const env: Env = { CIB_shadow_dir: `${this.#folder}/shadow`, PCMK_stderr: "1" };
    for (const entry of this.#manifest[group] ?? []) await this.#run(entry, env);
  }

  #expand(text: string): string {
    return text.replaceAll("$CTS_CLI_DATA", this.#data);
  }

  #withEnv(env: Env, more: Entry["env"]): Env {
    const result = { ...env };
    for (const [name, value] of Object.entries(more ?? {})) {
      result[name] = value === null ? undefined : this.#expand(value);
    }
    return result;
  }

  async #run(entry: Entry, outer: Env): Promise<void> {
    if (entry.tests !== undefined) return this.#runGroupEntry(entry, outer);
    const env = this.#withEnv(outer, entry.env);
    let stdin = "";
    if (typeof entry.stdin === "string") stdin = entry.stdin;
    else if (entry.stdin !== undefined) {
      stdin = readFileSync(this.#expand(entry.stdin.file), "utf8");
    }
    if (entry.type === "AclTest") stdin = await this.#aclInput(entry, env);
    else await this.#commands(entry.setup, env);
    const cmd = typeof entry.cmd === "string" ? entry.cmd : (entry.cmd ?? []).join(" ");
    const steps = cmd.split(" && ");
    const last = steps.pop() ?? "";
    await this.#commands(steps, env);
    const tool = shellWords(last)[0]?.[0] ?? "";
    const result = await this.#command(last, env, stdin);
    let actual = (result.err ?? "") + (result.out ?? "");
    if (entry.update_cib === true) {
      const cib = await this.#command("cibadmin -Q", { ...env, CIB_user: "root" }, "");
      actual += `=#=#=#= Current cib after: ${entry.desc} =#=#=#=\n${cib.out ?? ""}`;
    }
    actual += `=#=#=#= End: ${exitCode(result.exit).text} (${result.exit})\n`;
    const expected = this.#expected.get(entry.desc ?? "")?.shift() ?? "(no transcript)";
    const normal = normalize(actual, this.#data, this.#folder);
    this.results.push({
      group: this.#group,
      tool,
      desc: entry.desc ?? "",
      passed: sameText(normal, expected),
      expected,
      actual: normal,
    });
    await this.#commands(entry.teardown, env);
  }

  async #runGroupEntry(entry: Entry, outer: Env): Promise<void> {
    let env = outer;
    if (entry.type === "ShadowTestGroup") {
      env = { ...env, CIB_shadow: SHADOW };
      const path = `${this.#folder}/shadow/shadow.${SHADOW}`;
      if (entry.create !== false) {
        const options = entry.validate_with === undefined ? {} : { schema: entry.validate_with };
        if (entry.create_empty !== false) writeFileSync(path, writeXml(emptyCib(options).root));
      } else rmSync(path, { force: true });
    }
    if (entry.cib_gen !== undefined) {
      const copy = `${this.#folder}/copy.xml`;
      writeFileSync(copy, readFileSync(this.#expand(entry.cib_gen.args[0] ?? "")));
      env = { ...env, CIB_file: copy };
    }
    env = this.#withEnv(env, entry.env);
    if (typeof entry.setup === "object" && "call" in entry.setup) {
      // Deletes defaults that a build may put into an empty shadow copy; what is left is one epoch more.
      const path = `${this.#folder}/shadow/shadow.${SHADOW}`;
      writeFileSync(path, readFileSync(path, "utf8").replace(' epoch="0"', ' epoch="1"'));
    } else {
      await this.#commands(entry.setup as string | readonly string[] | undefined, env);
    }
    for (const test of entry.tests ?? []) await this.#run(test, env);
    if (entry.type === "ShadowTestGroup") {
      rmSync(`${this.#folder}/shadow/shadow.${SHADOW}`, { force: true });
    }
  }

  /** The current CIB, changed by root, is what the user tries to put in its place. */
  async #aclInput(entry: Entry, env: Env): Promise<string> {
    const root: Env = { ...env, CIB_user: "root" };
    const copy = `${this.#folder}/acl.xml`;
    const current = await this.#command("cibadmin -Q", root, "");
    writeFileSync(copy, current.out ?? "");
    const onCopy: Env = { ...root, CIB_shadow: undefined, CIB_file: copy };
    await this.#commands(entry.setup, onCopy);
    return (await this.#command("cibadmin -Q", onCopy, "")).out ?? "";
  }

  async #commands(setup: Entry["setup"], env: Env): Promise<void> {
    if (setup === undefined || (typeof setup === "object" && !Array.isArray(setup))) return;
    const lines = typeof setup === "string" ? [setup] : (setup as readonly string[]);
    for (const cmd of lines.flatMap((line) => line.split(" && "))) {
      // The shadow copy that an export names is the one that CIB_shadow already means.
      if (!cmd.startsWith("export ")) await this.#command(cmd, env, "");
    }
  }

  async #command(cmd: string, env: Env, stdin: string): Promise<ToolResult> {
    let input = stdin;
    let err = "";
    let result: ToolResult = { exit: 0 };
    for (const words of shellWords(cmd.replaceAll("$CTS_CLI_DATA", this.#data))) {
      const [name = "", ...args] = words;
      result = await this.#stage(name, args, env, input);
      input = result.out ?? "";
      err += result.err ?? "";
    }
    return { ...result, err };
  }

  async #stage(
    name: string,
    args: readonly string[],
    env: Env,
    stdin: string,
  ): Promise<ToolResult> {
    if (name === "sleep") {
      this.#sleptMs += Number(args[0]) * 1000;
      return { exit: 0 };
    }
    if (name === "grep" || name === "sed") {
      const done = spawnSync(name, args, { input: stdin, encoding: "utf8" });
      return { exit: done.status ?? 1, out: done.stdout, err: done.stderr };
    }
    const applet = applets[name];
    if (applet === undefined) return { exit: 127, err: `${name}: not there yet\n` };
    const tool = (await applet.load()).default;
    const session = fileSession(name, env, stdin, this.#sleptMs);
    const result = await runTool(tool, args, session.session);
    const out = session.printed() + (result.out ?? "");
    return { ...result, out, err: session.warned() + (result.err ?? "") };
  }
}

/** A session on real files without any daemon. */
function fileSession(program: string, env: Env, stdin: string, sleptMs: number) {
  let printed = "";
  let warned = "";
  const missing = (path: string) => new CrmError(`${path}: No such file or directory`, 66);
  const session: Session = {
    program,
    env,
    user: { uid: 0, gid: 0, name: "root" },
    hostName: "localhost",
    pid: 1,
    columns: undefined,
    now: () => Date.now() + sleptMs,
    sleep: async () => {},
    readStdin: async () => new TextEncoder().encode(stdin),
    readFile: async (path) => {
      if (!existsSync(path)) throw missing(path);
      return new Uint8Array(readFileSync(path));
    },
    writeFile: async (path, data) => writeFileSync(path, data),
    writePieces: async (path, pieces) => writeFileSync(path, textOf(pieces)),
    exists: existsSync,
    listFolder: async (path) => readdirSync(path).sort(),
    removeFile: async (path) => {
      if (!existsSync(path)) throw missing(path);
      unlinkSync(path);
    },
    print: (text) => {
      printed += text;
    },
    warn: (text) => {
      warned += text;
    },
    ipc: {
      connect: async () => {
        throw new IpcError("refused", "no daemon in this test");
      },
    },
    runProgram: async ([file = "", ...args], options) => {
      const env = { ...options?.env, PATH: process.env["PATH"] };
      const done = spawnSync(file, args, { env, encoding: "utf8" });
      return { exit: done.status ?? 127, stdout: done.stdout, stderr: done.stderr };
    },
  };
  return { session, printed: () => printed, warned: () => warned };
}

/** desc → what the transcripts of this description hold, in order, with their last line in our own form. */
function readExpected(text: string): ReadonlyMap<string, string[]> {
  const result = new Map<string, string[]>();
  const blocks =
    /^=#=#=#= Begin test: (.*) =#=#=#=\n([\s\S]*?)^=#=#=#= End test: \1 - (.*) \((\d+)\) =#=#=#=$/gm;
  for (const [, desc = "", body = "", status, rc] of text.matchAll(blocks)) {
    const list = result.get(desc) ?? [];
    list.push(`${body}=#=#=#= End: ${status} (${rc})\n`);
    result.set(desc, list);
  }
  return result;
}

const REPLACEMENTS: readonly (readonly [RegExp, string])[] = [
  [/Created new pacemaker-[\d.]+ configuration/g, "Created new pacemaker configuration"],
  [/Device not configured/g, "No such device or address"],
  [/(Injecting attribute last-failure-ping#monitor_10000=)\d*/g, "$1"],
  [/^Entity: line \d+: /gm, ""],
  [/(Last change:|Last updated:|Migration will take effect until:) .*/g, "$1"],
  [/(\* Possible values.*: .*)\(default: [^)]*\)/g, "$1(default: )"],
  [/-X '.*'/g, "-X '...'"],
  [/ api-version="[^"]*"/g, ' api-version="X"'],
  [/^.*\((unpack_[^@]*)@[^)]*\)/gm, "$1"],
  [/\(([^()@\s]+)@[^)]*\)/g, "$1"],
  [/(<change-attr name="(?:crm_feature_set|validate-with)" .* value=")[^"]*/g, "$1"],
  [/ cib-last-written="[^"]*"/g, ""],
  [/crm_feature_set="[^"]*" /g, ""],
  [/@crm_feature_set=[^,]*, /g, ""],
  [/@validate-with=pacemaker-[^,]*,/g, ""],
  [/ validate-with="[^"]*"/g, ""],
  [/ default="[^"]*"/g, ' default=""'],
  [/ version="[^"]*"/g, ' version=""'],
  [/ (start|end)="\d[^"]*"/g, ' $1=""'],
  // The reference takes away all of the line's attributes.
  [/(last_change|last_update) time=".*"/g, '$1 time=""'],
  [/ last-rc-change=(['"])[^'"]*\1,?/g, ""],
  [/^.*Relax-NG validity error : /gm, ""],
  [/request=".*(cibadmin|crm_\w+|crmadmin|iso8601) /g, 'request="$1 '],
  [/\(version .*\)/g, "(version)"],
];

/** What the original's runner does to both sides before it compares. */
function normalize(text: string, data: string, folder: string): string {
  let result = text
    .replaceAll(data, "CTS_CLI_DATA")
    .replaceAll(`${folder}/shadow`, "/tmp/cts-cli.shadow");
  for (const [pattern, by] of REPLACEMENTS) result = result.replace(pattern, by);
  return result;
}

/** diff -wu ignores blanks; so do we. */
function sameText(a: string, b: string): boolean {
  const lines = (text: string): string =>
    text
      .split("\n")
      .map((line) => line.replace(/\s+/g, ""))
      .join("\n")
      .trimEnd();
  return lines(a) === lines(normalize(b, "CTS_CLI_DATA", "/nowhere"));
}
