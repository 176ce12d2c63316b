/**
 * A lab as an end-to-end test sees it: made by the compiled binary (`dist/quorate lab up`), its hosts entered directly, so that
 * a look at a host costs milliseconds.
 */
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { readyFile } from "../../lib/lab/boot.ts";
import { hostPath, type LabSpec } from "../../lib/lab/spec.ts";
import { enterCommand, type NamespaceSet } from "../../lib/runtime/namespace.ts";
import { Conversation } from "./conversation.ts";

export const ROOT = resolve(import.meta.dir, "../..");
export const BINARY = resolve(ROOT, "dist/quorate");

export interface Output {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, as a terminal would show them. */
  readonly text: string;
}

/** The machine in front of the hosts. */
export const OUTSIDE = "outside";

const COMMAND_MS = 60_000;

/** Why this machine cannot run end-to-end tests; undefined when it can. */
export function whyNot(): string | undefined {
  if (!existsSync(BINARY)) return `${BINARY} is missing; \`npm run build\` makes it`;
  const trial = Bun.spawnSync([
    BINARY,
    "lab",
    "up",
    "1",
    "-q",
    "--bare",
    "--name",
    `try${process.pid}`,
  ]);
  if (trial.exitCode !== 0) return trial.stderr.toString().trim();
  Bun.spawnSync([BINARY, "lab", "down", "--name", `try${process.pid}`]);
  return undefined;
}

export class Lab {
  readonly hosts: readonly string[];
  private readonly set: NamespaceSet;
  private readonly path: string;

  private constructor(
    readonly name: string,
    readonly id: string,
    readonly spec: LabSpec,
  ) {
    this.hosts = spec.hosts.map((h) => h.name);
    this.path = hostPath(spec);
    this.set = {
      id,
      unprivileged: spec.unprivileged,
      readyFile: (host) => readyFile(spec, host),
    };
  }

  /** `quorate lab up` with these words. */
  static open(name: string, ...words: readonly string[]): Lab {
    const done = Bun.spawnSync([BINARY, "lab", "up", "-q", "--name", name, ...words], {
      stdin: "ignore",
    });
    if (done.exitCode !== 0) throw new Error(`lab up: ${done.stderr.toString()}`);
    return Lab.attach(name);
  }

  /** A lab that stands already. */
  static attach(name: string): Lab {
    const home =
      process.getuid?.() === 0
        ? `/run/quorate-lab/${name}`
        : `${process.env["HOME"]}/.quorate/lab/${name}`;
    const { id, spec } = JSON.parse(readFileSync(`${home}/lab.json`, "utf8")) as {
      id: string;
      spec: LabSpec;
    };
    return new Lab(name, id, spec);
  }

  /** `quorate lab VERB …` for this lab; throws when it fails. */
  verb(...words: readonly string[]): void {
    const done = Bun.spawnSync([BINARY, "lab", "-q", "--name", this.name, ...words], {
      stdin: "ignore",
    });
    if (done.exitCode !== 0) throw new Error(`lab ${words.join(" ")}: ${done.stderr.toString()}`);
  }

  down(): void {
    this.verb("down");
  }

  private enter(host: string, argv: readonly string[]): readonly string[] {
    const inside = ["sh", "-c", 'cd 2> /dev/null || cd /; exec "$@"', "sh", ...argv];
    return enterCommand(this.set, host === OUTSIDE ? undefined : host, inside);
  }

  private env(): Record<string, string> {
    return {
      PATH: this.path,
      HOME: "/root",
      USER: "root",
      SHELL: "/bin/sh",
      LANG: "C.UTF-8",
      TERM: "xterm",
    };
  }

  /** Runs a line of shell on a host. */
  async sh(host: string, line: string, stdin?: string): Promise<Output> {
    const child = Bun.spawn([...this.enter(host, ["bash", "-c", line])], {
      env: this.env(),
      stdin: stdin === undefined ? "ignore" : new TextEncoder().encode(stdin),
      stdout: "pipe",
      stderr: "pipe",
      timeout: COMMAND_MS,
      killSignal: "SIGKILL",
    });
    const [stdout, stderr, exit] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    return { exit, stdout, stderr, text: stderr + stdout };
  }

  /** Like `sh`, but a failure is an error with all that was said. */
  async must(host: string, line: string): Promise<string> {
    const done = await this.sh(host, line);
    if (done.exit !== 0) {
      throw new Error(`${host}# ${line}\nexit ${done.exit}\n${done.stdout}${done.stderr}`);
    }
    return done.stdout;
  }

  /** Starts a program on a terminal of its own. */
  talk(host: string, ...argv: readonly string[]): Conversation {
    return new Conversation(this.enter(host, argv), this.env());
  }

  /** Hosts that have this address now. */
  async holders(address: string): Promise<readonly string[]> {
    const line = "ip -o -4 addr show 2>/dev/null || true";
    const all = await Promise.all(
      this.hosts.map(async (host) => {
        try {
          return [host, (await this.sh(host, line)).stdout] as const;
        } catch {
          return [host, ""] as const; // it has no power
        }
      }),
    );
    return all.filter(([, text]) => text.includes(` ${address}/`)).map(([host]) => host);
  }
}

/** Waits until `look` returns something else than undefined; the error carries what `describe` says at the end. */
export async function until<T>(
  what: string,
  limitMs: number,
  look: () => Promise<T | undefined>,
  describe?: () => Promise<string>,
): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) {
      const detail = describe === undefined ? "" : `\n${await describe()}`;
      throw new Error(`not within ${limitMs} ms: ${what}${detail}`);
    }
    await Bun.sleep(100);
  }
}
