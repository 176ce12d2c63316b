/** Types to a program on a terminal and reads what it answers, as a person at a shell would. */

const ANSWER_MS = 30_000;
/** A prompt counts when nothing follows it for this long. */
const QUIET_MS = 40;

/** What a terminal would do with colours, cursor moves and the like: nothing that matters here. */
export function plain(text: string): string {
  return text
    .replaceAll(/\x1b\[[0-9;?]*[a-zA-Z]/g, "")
    .replaceAll(/\x1b\][^\x07]*\x07/g, "")
    .replaceAll("\r", "");
}

export class Conversation {
  private buffer = "";
  /** The text the last prompt matched. */
  prompt = "";
  private lastMs = performance.now();
  private readonly child: Bun.Subprocess;

  constructor(argv: readonly string[], env: Record<string, string>) {
    const decoder = new TextDecoder();
    this.child = Bun.spawn([...argv], {
      env,
      terminal: {
        cols: 200,
        rows: 50,
        data: (_terminal, data) => {
          this.buffer += decoder.decode(data, { stream: true });
          this.lastMs = performance.now();
        },
      },
    });
  }

  /** Waits for text that ends with `prompt`; returns what came before it since the last call. */
  async expect(prompt: RegExp): Promise<string> {
    const end = performance.now() + ANSWER_MS;
    for (;;) {
      const text = plain(this.buffer);
      const found = prompt.exec(text);
      const quiet = performance.now() - this.lastMs > QUIET_MS;
      if (quiet && found !== null && found.index + found[0].length === text.length) {
        this.buffer = "";
        this.prompt = found[0];
        return text.slice(0, found.index);
      }
      if (performance.now() > end || (this.child.exitCode !== null && quiet)) {
        throw new Error(`waited for ${prompt}; the terminal shows:\n${text}`);
      }
      await Bun.sleep(5);
    }
  }

  /** Types one line and waits for the next prompt; what was printed in between, the echo left out. */
  async type(line: string, prompt: RegExp): Promise<string> {
    this.press(`${line}\r`);
    const text = await this.expect(prompt);
    const echo = text.indexOf("\n");
    return echo < 0 ? "" : text.slice(echo + 1);
  }

  /** Keys as they are: "\t", "\x03". */
  press(keys: string): void {
    this.child.terminal?.write(keys);
  }

  /** All that is on the screen since the last answer. */
  screen(): string {
    return plain(this.buffer);
  }

  /** Waits for the program's end; its exit code. */
  async ended(): Promise<number> {
    const exit = await Promise.race([this.child.exited, Bun.sleep(ANSWER_MS)]);
    if (typeof exit !== "number") {
      this.child.kill("SIGKILL");
      throw new Error(`the program does not end; the terminal shows:\n${this.screen()}`);
    }
    this.child.terminal?.close();
    return exit;
  }
}
