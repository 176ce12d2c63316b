/** Files, programs and the clock for the shell: pipes for filter, the editor with the person's terminal. */
import { CrmError } from "../../lib/base/error.ts";
import type { Session } from "../../lib/cli/tool.ts";
import type { HostPort } from "../../lib/crm/ports.ts";
import { nodeFs, nodeOs, nodePath } from "../../lib/runtime/builtin.ts";

/** A filter may be slow, but not endless. */
const PIPE_TIMEOUT_MS = 60_000;

export class ShellHost implements HostPort {
  readonly env: Readonly<Record<string, string | undefined>>;

  constructor(private readonly session: Session) {
    this.env = session.env;
  }

  get hostName(): string {
    return this.session.hostName;
  }

  now(): number {
    return this.session.now();
  }

  sleep(ms: number): Promise<void> {
    return this.session.sleep(ms);
  }

  async readText(path: string): Promise<string> {
    const data = path === "-" ? await this.session.readStdin() : await this.session.readFile(path);
    return new TextDecoder().decode(data);
  }

  async writeText(path: string, text: string): Promise<void> {
    try {
      nodeFs().mkdirSync(nodePath().dirname(path), { recursive: true });
    } catch {
      // The write that follows tells what is wrong.
    }
    await this.session.writeFile(path, text);
  }

  async pipe(command: string, input: string): Promise<string> {
    const done = await this.session.runProgram(["/bin/sh", "-c", command], {
      stdin: input,
      timeoutMs: PIPE_TIMEOUT_MS,
    });
    if (done.exit === 0) return done.stdout;
    throw new CrmError(`${command}: exit status ${done.exit} ${done.stderr.trim()}`.trimEnd());
  }

  async edit(text: string, suffix: string, editor: string): Promise<string | undefined> {
    const { join } = nodePath();
    const folder = nodeFs().mkdtempSync(join(nodeOs().tmpdir(), "crm-"));
    const file = join(folder, `edit${suffix}`);
    try {
      await this.session.writeFile(file, text, 0o600);
      const { spawn } = await import("node:child_process");
      const exit = await new Promise<number | null>((resolve, reject) => {
        const child = spawn("/bin/sh", ["-c", `${editor} "$1"`, "sh", file], { stdio: "inherit" });
        child.on("error", reject);
        child.on("exit", (code) => resolve(code));
      });
      if (exit !== 0) return undefined;
      return new TextDecoder().decode(await this.session.readFile(file));
    } finally {
      nodeFs().rmSync(folder, { recursive: true, force: true });
    }
  }
}
